//! libFuzzer's entry to [`fuzz::bmp`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::bmp(data));
