//! libFuzzer's entry to [`fuzz::nlri`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::nlri(data));
