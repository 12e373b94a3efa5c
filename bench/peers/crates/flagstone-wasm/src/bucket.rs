//! What a rollout of LaunchDarkly's takes, alone.

use std::hint::black_box;

use flagstone_core::hash::Sha1;

/// Keys of visitors that [`bucket`] takes in turn: a power of two.
const VISITORS: usize = 256;

/// Buckets visitors as LaunchDarkly does, by the calls that its flags' splits make, so many times; gives the sum of their positions. What
/// is hashed has 40 bytes: a salt of 21 and a point, of which a split has what they come to, and a key of 18.
#[unsafe(no_mangle)]
pub extern "C" fn bucket(repetitions: u32) -> u64 {
    let salt = b"checkout-button.a1b2c.";
    let mut hash = Sha1::new();
    hash.update(salt);
    let kept: Vec<[u8; 4]> = hash.kept().map(u32::to_le_bytes).collect();
    let (len, kept) = black_box((salt.len() as u16, &*kept));
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
        let mut hash = Sha1::new();
        hash.resume(len, kept);
        hash.update(unit.as_bytes());
        sum = sum.wrapping_add(hash.finish() >> 4);
    }
    sum
}
