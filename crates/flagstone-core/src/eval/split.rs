//! Percentage rollouts.

use super::{Run, Trace};
use crate::bucket::position;
use crate::context::Attributes;
use crate::decision::Reason;
use crate::layout::{
    Absent, IndexRecord, NONE, NONE16, PointRecord, RANGE_BACKWARD, RampRecord, RangeRecord,
    Section, SplitRecord, rest,
};
use crate::snapshot::{AttributeIndex, Snapshot, VariantIndex};
use crate::time::ramp_share;
use crate::units::UnixMillis;

/// What a split gives to a unit.
pub(super) enum Outcome {
    /// A variant.
    Variant(VariantIndex),
    /// The flag's default.
    Default(Reason),
    /// Nothing: the next rule decides.
    Next,
}

impl<A: Attributes, T: Trace> Run<'_, '_, '_, A, T> {
    /// What a split gives to the unit. `None` if the bytes make no sense or the split says so.
    pub(super) fn split(&mut self, index: u32) -> Option<Outcome> {
        let snapshot = self.input.snapshot;
        let split = snapshot.record::<SplitRecord>(Section::Splits, index)?;
        let absent = Absent::from_code(split.absent)?;
        let found = self.range(index, &split, absent)?;
        Some(match found {
            Some(Some(variant)) => Outcome::Variant(VariantIndex(variant)),
            Some(None) => match split.rest {
                NONE16 => Outcome::Default(Reason::Split),
                rest::NEXT => Outcome::Next,
                rest::FAIL => return None,
                variant => Outcome::Variant(VariantIndex(variant)),
            },
            None => match absent {
                Absent::Default => Outcome::Default(Reason::Default),
                Absent::Next => Outcome::Next,
                // `range` has put it at position 0.
                Absent::First | Absent::Fail => return None,
            },
        })
    }

    /// Whether the unit lies in one of the ranges of a split; inside, `None` if it has nothing to be bucketed by.
    #[inline(never)]
    pub(super) fn lies_in(&mut self, index: u32) -> Option<Option<bool>> {
        let snapshot = self.input.snapshot;
        let split = snapshot.record::<SplitRecord>(Section::Splits, index)?;
        let absent = Absent::from_code(split.absent)?;
        match self.range(index, &split, absent)? {
            None if absent == Absent::Fail => None,
            found => Some(found.map(|range| range.is_some())),
        }
    }

    /// The variant of the range that the unit lies in, `Some(None)` if it is none; inside, `None` if the unit has nothing
    /// to be bucketed by.
    #[inline]
    fn range(
        &mut self,
        index: u32,
        split: &SplitRecord,
        absent: Absent,
    ) -> Option<Option<Option<u16>>> {
        let snapshot = self.input.snapshot;
        let attributes = self.input.attributes;
        let mut by = AttributeIndex(split.by);
        let mut place = position(&snapshot, split, attributes.attribute(by))?;
        if place.is_none() && split.others_count != 0 {
            let others = snapshot.records::<IndexRecord>(
                Section::Indices,
                split.others,
                split.others_count.into(),
            );
            for other in others {
                by = AttributeIndex(u16::try_from(other.index).ok()?);
                place = position(&snapshot, split, attributes.attribute(by))?;
                if place.is_some() {
                    break;
                }
            }
        }
        let sought = match (place, absent) {
            (None, Absent::First) => Some(0),
            (place, _) => place,
        };
        let found = match sought {
            Some(place) => Some(ranges(&snapshot, split, place, self.input.now)?),
            None => None,
        };
        let variant = found
            .flatten()
            .or((split.rest < rest::FAIL).then_some(split.rest));
        let variant = variant.filter(|_| found.is_some()).map(VariantIndex);
        self.trace.split(index, by, place, variant);
        Some(found)
    }
}

/// The variant of the range that a position lies in; inside, `None` if it lies in none.
fn ranges(
    snapshot: &Snapshot<'_>,
    split: &SplitRecord,
    position: u64,
    now: UnixMillis,
) -> Option<Option<u16>> {
    for range in
        snapshot.records::<RangeRecord>(Section::Ranges, split.ranges, split.ranges_count.into())
    {
        if position < range.from || position >= range.to {
            continue;
        }
        if range.ramp == NONE {
            return Some(Some(range.variant));
        }
        let ramp = snapshot.record::<RampRecord>(Section::Ramps, range.ramp)?;
        let points = snapshot.records::<PointRecord>(Section::Points, ramp.points, ramp.count);
        let filled = ramp_share(points, now).0.saturating_sub(range.base);
        let place = if range.flags & RANGE_BACKWARD == 0 {
            position - range.from
        } else {
            range.to - 1 - position
        };
        if place < filled.into() {
            return Some(Some(range.variant));
        }
    }
    Some(None)
}
