//! libFuzzer's entry to [`fuzz::config_source`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::config_source(data));
