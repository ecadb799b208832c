//! libFuzzer's entry to [`fuzz::ospf_lsa`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::ospf_lsa(data));
