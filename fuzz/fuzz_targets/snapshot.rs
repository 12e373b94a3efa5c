//! Any bytes as a snapshot. `cargo run --example seeds` in `fuzz/` writes snapshots to begin with.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| flagstone_fuzz::snapshot(data));
