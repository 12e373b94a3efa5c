//! Who owns which buckets of a native rollout.

use crate::model::{Flag, Share, Split};
use flagstone_core::Weight;
use std::ops::Range;

/// The stretches of buckets that the variants of a flag own in a split.
pub(crate) struct Slots<'f>(Vec<(&'f str, Range<u32>)>);

impl<'f> Slots<'f> {
    /// Equal slots for all variants but the default one, in the order of the flag; or those that are reserved.
    pub(crate) fn new(flag: &'f Flag, split: &Split) -> Self {
        let Weight(total) = Weight::TOTAL;
        let owners: Vec<&str> = flag
            .variants
            .iter()
            .map(|variant| variant.key.as_str())
            .filter(|key| flag.default.as_deref() != Some(*key))
            .collect();
        let count = owners.len() as u64;
        let mut start = 0u32;
        let slots = owners.into_iter().zip(1u64..).map(|(key, number)| {
            let end = if split.reserve.is_empty() {
                (u64::from(total) * number / count) as u32
            } else {
                let size = split
                    .reserve
                    .iter()
                    .find(|(of, _)| of == key)
                    .map_or(0, |(_, size)| size.0);
                total.min(start.saturating_add(size))
            };
            let slot = start..end;
            start = end;
            (key, slot)
        });
        Self(slots.collect())
    }

    /// A variant's own slot (`true`), then the others.
    pub(crate) fn in_order_of(&self, key: &str) -> impl Iterator<Item = (bool, &Range<u32>)> {
        let own = self
            .0
            .iter()
            .filter(move |(of, _)| *of == key)
            .map(|(_, slot)| (true, slot));
        own.chain(
            self.0
                .iter()
                .filter(move |(of, _)| *of != key)
                .map(|(_, slot)| (false, slot)),
        )
    }

    /// How many there are.
    #[cfg(feature = "findings")]
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// The size of a variant's own slot.
    #[cfg(feature = "findings")]
    pub(crate) fn size(&self, key: &str) -> u32 {
        self.in_order_of(key)
            .find(|(own, _)| *own)
            .map_or(0, |(_, slot)| slot.end - slot.start)
    }
}

/// The largest share that a variant ever has.
pub fn peak(share: &Share) -> Weight {
    match share {
        Share::Fixed(weight) => *weight,
        Share::Planned => Weight::TOTAL,
        Share::Ramp(points) => points
            .iter()
            .map(|point| point.share)
            .max()
            .unwrap_or_default(),
    }
}
