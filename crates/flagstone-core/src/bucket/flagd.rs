//! flagd.

use crate::context::AttributeValue;
use crate::hash::{Murmur3, reduce};
use crate::js;
use crate::layout::Algorithm;

/// The position of a unit, of `total`: Murmur3 x86 32-bit of the salt and the unit's text, scaled.
///
/// A targeting key may be of any type and must be true to JavaScript; anything else must be text, and may be empty.
/// Source: `fractional` of flagd, version 2; `@openfeature/flagd-core` 4.0.1, but UTF-8 is hashed as the daemon does it.
pub(super) fn position(
    algorithm: Algorithm,
    salt: &[u8],
    total: u32,
    value: AttributeValue<'_>,
) -> Option<u64> {
    let is_usable = match algorithm {
        Algorithm::FlagdText => matches!(value, AttributeValue::Text(_)),
        _ => js::is_truthy(value),
    };
    let mut hash = Murmur3::new(0);
    hash.update(salt);
    let _ = js::text(value, &mut |piece| {
        hash.update(piece.as_bytes());
        core::ops::ControlFlow::Continue(())
    });
    is_usable.then(|| reduce(hash.finish(), total).into())
}
