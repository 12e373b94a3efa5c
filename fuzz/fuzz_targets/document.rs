//! Any text as a document of the flag services.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| flagstone_fuzz::document(text));
