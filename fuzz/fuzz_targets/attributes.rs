//! libFuzzer's entry to [`fuzz::attributes`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::attributes(data));
