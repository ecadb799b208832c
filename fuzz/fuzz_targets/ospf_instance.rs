//! libFuzzer's entry to [`fuzz::ospf_instance`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::ospf_instance(data));
