//! Percentage rollouts.

use super::{Run, Trace};
use crate::bucket::split_bucket;
use crate::context::{AttributeValue, Attributes};
use crate::layout::{
    NONE, PointRecord, RANGE_BACKWARD, RampRecord, RangeRecord, Section, SplitRecord,
};
use crate::snapshot::{AttributeIndex, Snapshot, VariantIndex};
use crate::time::ramp_share;
use crate::units::UnixMillis;

impl<A: Attributes, T: Trace> Run<'_, '_, '_, A, T> {
    /// The variant that a split gives to the unit; inside, `None` if the unit has nothing to be bucketed by.
    pub(super) fn split(&mut self, index: u32) -> Option<Option<VariantIndex>> {
        let snapshot = self.input.snapshot;
        let split = snapshot.record::<SplitRecord>(Section::Splits, index)?;
        let salt = snapshot.data(split.salt_offset, split.salt_len.into())?;
        let by = AttributeIndex(split.by);
        let attributes = self.input.attributes;
        let mut digits = Digits::default();
        let bucket = match attributes.attribute(by) {
            AttributeValue::Text("") => None,
            AttributeValue::Text(unit) => Some(split_bucket(salt, unit)),
            AttributeValue::Number(number) => {
                digits.write(number).map(|unit| split_bucket(salt, unit))
            }
            _ => None,
        };
        let variant = match bucket {
            Some(bucket) => Some(VariantIndex(
                ranges(&snapshot, &split, bucket, self.input.now)?.unwrap_or(split.rest),
            )),
            None => None,
        };
        self.trace.split(index, by, bucket, variant);
        Some(variant)
    }
}

/// The variant that owns a bucket; inside, `None` if none does.
fn ranges(
    snapshot: &Snapshot<'_>,
    split: &SplitRecord,
    bucket: u32,
    now: UnixMillis,
) -> Option<Option<u16>> {
    for range in
        snapshot.records::<RangeRecord>(Section::Ranges, split.ranges, split.ranges_count.into())
    {
        if bucket < range.from || bucket >= range.to {
            continue;
        }
        if range.ramp == NONE {
            return Some(Some(range.variant));
        }
        let ramp = snapshot.record::<RampRecord>(Section::Ramps, range.ramp)?;
        let points = snapshot.records::<PointRecord>(Section::Points, ramp.points, ramp.count);
        let filled = ramp_share(points, now).0.saturating_sub(range.base);
        let place = if range.flags & RANGE_BACKWARD == 0 {
            bucket - range.from
        } else {
            range.to - 1 - bucket
        };
        if place < filled {
            return Some(Some(range.variant));
        }
    }
    Some(None)
}

/// The decimal digits of a whole number.
#[derive(Default)]
struct Digits {
    bytes: [u8; 20],
}

impl Digits {
    /// Writes a number of at most 2 to the power of 53; `None` for greater ones and for fractions.
    fn write(&mut self, number: f64) -> Option<&str> {
        const LIMIT: f64 = 9_007_199_254_740_992.0;
        if !(number.abs() <= LIMIT && number == number as i64 as f64) {
            return None;
        }
        let mut rest = (number as i64).unsigned_abs();
        let mut start = self.bytes.len();
        loop {
            start -= 1;
            *self.bytes.get_mut(start)? = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        if number < 0.0 {
            start -= 1;
            *self.bytes.get_mut(start)? = b'-';
        }
        core::str::from_utf8(self.bytes.get(start..)?).ok()
    }
}

#[cfg(test)]
mod tests;
