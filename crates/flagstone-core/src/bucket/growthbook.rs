//! GrowthBook's bucketing.

use crate::context::AttributeValue;
use crate::hash::Fnv1a;
use crate::js;
use crate::layout::Algorithm;
use crate::text;
use core::ops::ControlFlow::Continue;

/// The position of a value. `None` inside if JavaScript does not take it for true: what is 0, empty or false counts as
/// missing. An empty list is truthy, and hashed as the empty text that it is. `None` if the bytes make no sense.
///
/// Source: `getHashAttribute` and `hash` of GrowthBook's SDKs.
pub(crate) fn position(
    algorithm: Algorithm,
    seed: &str,
    value: AttributeValue<'_>,
) -> Option<Option<u64>> {
    if !js::is_truthy(value) {
        return Some(None);
    }
    let position = match algorithm {
        Algorithm::GrowthBookV1 => position_v1(seed, value),
        _ => position_v2(seed, value)?,
    };
    Some(Some(position))
}

/// Hash version 1: thousandths.
pub(super) fn position_v1(seed: &str, value: AttributeValue<'_>) -> u64 {
    let mut hash = Fnv1a::new();
    add(&mut hash, value);
    hash.update(seed);
    u64::from(hash.finish() % 1000)
}

/// Hash version 2: ten-thousandths. The order of seed and value is the other way round, and the hash is hashed again as
/// decimal text.
pub(super) fn position_v2(seed: &str, value: AttributeValue<'_>) -> Option<u64> {
    let mut hash = Fnv1a::new();
    hash.update(seed);
    add(&mut hash, value);
    let digits = text::number(hash.finish().into());
    let mut again = Fnv1a::new();
    again.update(digits.text());
    Some(u64::from(again.finish() % 10_000))
}

fn add(hash: &mut Fnv1a, value: AttributeValue<'_>) {
    let _ = js::text(value, &mut |piece| {
        hash.update(piece);
        Continue(())
    });
}
