//! libFuzzer's entry to [`fuzz::destination`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::destination(data));
