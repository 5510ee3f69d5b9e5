//! Any parameters at all.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| eastwest_fuzz_texts::document(bytes));
