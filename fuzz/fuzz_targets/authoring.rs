//! Any text as a `flagstone.toml`.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    flagstone_fuzz::configuration(text, None);
    flagstone_fuzz::configuration(text, Some("production"));
});
