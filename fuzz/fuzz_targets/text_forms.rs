//! libFuzzer's entry to [`fuzz::text_forms`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::text_forms(data));
