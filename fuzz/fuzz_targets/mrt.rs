//! libFuzzer's entry to [`fuzz::mrt`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::mrt(data));
