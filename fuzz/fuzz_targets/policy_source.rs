//! libFuzzer's entry to [`fuzz::policy_source`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::policy_source(data));
