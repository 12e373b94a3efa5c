//! GrowthBook's bucketing.

use crate::hash::Fnv1a;
use crate::scratch::Scratch;
use crate::text;

/// The position of a value by hash version 1: thousandths. Source: `hash` of GrowthBook's SDKs.
#[inline]
pub(crate) fn position_v1(seed: &str, value: &str) -> u64 {
    let mut hash = Fnv1a::new();
    hash.update(value);
    hash.update(seed);
    u64::from(hash.finish() % 1000)
}

/// The position of a value by hash version 2: ten-thousandths. The order of seed and value is the other way round, and the
/// hash is hashed again as decimal text.
#[inline]
pub(crate) fn position_v2(seed: &str, value: &str) -> Option<u64> {
    let mut hash = Fnv1a::new();
    hash.update(seed);
    hash.update(value);
    let mut digits = Scratch::<16>::new();
    text::number(hash.finish().into(), &mut digits)?;
    let mut again = Fnv1a::new();
    again.update(digits.text());
    Some(u64::from(again.finish() % 10_000))
}
