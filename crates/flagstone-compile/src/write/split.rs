//! Percentage rollouts as ranges of buckets.
//!
//! Each variant but the default one owns a slot, a stretch of the million buckets, and fills it from its start. Slots
//! do not depend on shares, so a share that grows only takes buckets that were the default's. A share that is larger
//! than its slot goes on in the slots of others, from their ends; this is allowed where it can displace nobody: with one
//! or two such variants, whose shares meet only when nothing is left between them, and while no other has a share.

use super::Writer;
use super::reads::Reader;
use super::rows;
use crate::model::{Flag, Share, Split};
use crate::slots::{Slots, peak};
use flagstone_core::Weight;
use flagstone_core::hash::Murmur3;
use flagstone_core::layout::{
    Absent, Algorithm, NONE, NONE16, ONE_RANGE, PointRecord, RANGE_BACKWARD, RANGE_PLANNED,
    RampRecord, RangeRecord, Section, SplitRecord,
};

/// What the native hash has come to after the salt: it is the same for every unit.
pub(super) fn native(salt: &str) -> (u32, u32) {
    let mut hash = Murmur3::new(0);
    hash.update(salt.as_bytes());
    (hash.state(), hash.tail())
}

impl Writer<'_> {
    pub(super) fn split(&mut self, flag: &Flag, split: &Split, reader: Reader, path: &str) -> u32 {
        let by = self.read_attribute(&split.by, reader, path);
        let (salt_offset, salt_len) = self.short_text(&flag.key, path);
        let rest = self.default_of(flag, path);
        let slots = Slots::new(flag, split);
        let mut ranges = Vec::new();
        for (key, share) in &split.shares {
            let variant = self.variant_of(flag, key, path);
            if flag.default.as_ref() != Some(key) {
                let ramp = self.ramp(flag, share, path);
                fill(&slots, key, variant, share, ramp, &mut ranges);
            }
        }
        let (ranges, ranges_count, variant) = self.ranges(&ranges, path);
        let (seed, modulus) = native(&flag.key);
        let record = SplitRecord {
            ranges,
            salt_offset,
            seed,
            modulus,
            others: NONE,
            salt_len,
            ranges_count,
            by,
            variant,
            rest,
            algorithm: Algorithm::Native as u8,
            absent: Absent::Default as u8,
        };
        self.tables.push(Section::Splits, &record)
    }

    /// Where a split finds its ranges: the fields `ranges`, `ranges_count` and `variant` of its record.
    pub(super) fn ranges(&mut self, ranges: &[RangeRecord], path: &str) -> (u32, u16, u16) {
        if let [
            RangeRecord {
                from: 0,
                to,
                ramp: NONE,
                base: 0,
                variant,
                flags: 0,
            },
        ] = ranges
            && let Ok(to) = u32::try_from(*to)
        {
            return (to, ONE_RANGE, *variant);
        }
        let count = self.small(ranges.len(), "ranges in one rollout", path);
        (
            self.tables.share(Section::Ranges, &rows(ranges)),
            count,
            NONE16,
        )
    }

    /// The ramp of a share, or the plan.
    fn ramp(&mut self, flag: &Flag, share: &Share, path: &str) -> u32 {
        match share {
            Share::Fixed(_) => NONE,
            Share::Ramp(points) => {
                let points = points.iter().map(|point| PointRecord {
                    at: point.at.0,
                    share: point.share.0,
                });
                self.points(points)
            }
            Share::Planned => {
                let mut plans = self.model.plans.iter();
                match plans.position(|plan| plan.flag == flag.key) {
                    Some(index) => index as u32,
                    None => {
                        self.error("no-plan", path, text!("flag `{}` has no plan", flag.key));
                        0
                    }
                }
            }
        }
    }

    /// A ramp of points.
    pub(super) fn points(&mut self, points: impl Iterator<Item = PointRecord>) -> u32 {
        let first = self.tables.count(Section::Points);
        for point in points {
            self.tables.push(Section::Points, &point);
        }
        let record = RampRecord {
            points: first,
            count: self.tables.count(Section::Points) - first,
        };
        self.tables.push(Section::Ramps, &record)
    }
}

/// The ranges of one variant: its own slot from the start, then the other slots from their ends.
fn fill(
    slots: &Slots<'_>,
    key: &str,
    variant: u16,
    share: &Share,
    ramp: u32,
    ranges: &mut Vec<RangeRecord>,
) {
    let planned = match share {
        Share::Planned => RANGE_PLANNED,
        Share::Fixed(_) | Share::Ramp(_) => 0,
    };
    let Weight(peak) = peak(share);
    let mut base = 0;
    for (own, slot) in slots.in_order_of(key) {
        let size = (slot.end - slot.start).min(peak.saturating_sub(base));
        if size == 0 {
            continue;
        }
        let (from, to) = if own {
            (slot.start, slot.start + size)
        } else {
            (slot.end - size, slot.end)
        };
        let backward = if own { 0 } else { RANGE_BACKWARD };
        ranges.push(RangeRecord {
            from: from.into(),
            to: to.into(),
            ramp,
            base,
            variant,
            flags: planned | backward,
        });
        base += size;
    }
}
