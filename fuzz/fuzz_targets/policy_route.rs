//! libFuzzer's entry to [`fuzz::policy_route`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::policy_route(data));
