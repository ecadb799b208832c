//! libFuzzer's entry to [`fuzz::program_bytes`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::program_bytes(data));
