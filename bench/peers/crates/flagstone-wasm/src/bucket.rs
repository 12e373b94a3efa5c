//! What a rollout of LaunchDarkly's takes, alone.

use std::hint::black_box;

use flagstone_core::launchdarkly_position;

/// Keys of visitors that [`bucket`] takes in turn: a power of two.
const VISITORS: usize = 256;

/// Buckets visitors as LaunchDarkly does, by what its flags' splits call, so many times; gives the sum of their positions. What
/// is hashed has 40 bytes: a prefix of 21, a point, and a key of 18.
#[unsafe(no_mangle)]
pub extern "C" fn bucket(repetitions: u32) -> u64 {
    let prefix = black_box("checkout-button.a1b2c");
    let visitors: [[u8; 18]; VISITORS] = std::array::from_fn(|number| {
        let mut key = *b"u-0123456789abcdef";
        key[17] = b'a' + (number % 16) as u8;
        key[5] = b'a' + (number / 16) as u8;
        key
    });
    let visitors = visitors
        .each_ref()
        .map(|key| std::str::from_utf8(key).unwrap_or_default());
    let mut sum = 0u64;
    for turn in 0..repetitions {
        let unit = visitors[turn as usize % VISITORS];
        sum = sum.wrapping_add(launchdarkly_position(prefix.as_bytes(), unit));
    }
    sum
}
