//! Percentage rollouts.

use super::{Run, Trace};
use crate::bucket::position;
use crate::context::Attributes;
use crate::decision::Reason;
use crate::layout::{
    Absent, IndexRecord, NONE, NONE16, PlanRecord, PointRecord, RANGE_BACKWARD, RANGE_PLANNED,
    RampRecord, RangeRecord, Section, SplitRecord, rest,
};
use crate::progress::Progress;
use crate::snapshot::{AttributeIndex, Snapshot, VariantIndex};
use crate::time::ramp_share;
use crate::units::{UnixMillis, Weight};

/// What a split gives to a unit.
pub(super) enum Outcome {
    /// A variant.
    Variant(u16),
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
            Some(Some(variant)) => Outcome::Variant(variant),
            Some(None) => match split.rest {
                NONE16 => Outcome::Default(Reason::Split),
                rest::NEXT => Outcome::Next,
                rest::FAIL => return None,
                variant => Outcome::Variant(variant),
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
    #[inline(always)]
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
            (by, place) = self.other_position(split)?;
        }
        let sought = match (place, absent) {
            (None, Absent::First) => Some(0),
            (place, _) => place,
        };
        let found = match sought {
            Some(place) => Some(ranges(
                &snapshot,
                split,
                place,
                self.input.now,
                self.input.rollouts,
            )?),
            None => None,
        };
        let variant = found
            .flatten()
            .or((split.rest < rest::FAIL).then_some(split.rest));
        let variant = variant.filter(|_| found.is_some()).map(VariantIndex);
        self.trace.split(index, by, place, variant);
        Some(found)
    }

    /// The position by the first of the other attributes that gives one, or by none.
    #[inline(never)]
    fn other_position(&self, split: &SplitRecord) -> Option<(AttributeIndex, Option<u64>)> {
        let snapshot = self.input.snapshot;
        let mut by = AttributeIndex(split.by);
        let count = split.others_count.into();
        for other in snapshot.records::<IndexRecord>(Section::Indices, split.others, count) {
            by = AttributeIndex(u16::try_from(other.index).ok()?);
            let place = position(&snapshot, split, self.input.attributes.attribute(by))?;
            if place.is_some() {
                return Some((by, place));
            }
        }
        Some((by, None))
    }
}

/// The variant of the range that a position lies in; inside, `None` if it lies in none.
#[inline]
fn ranges(
    snapshot: &Snapshot<'_>,
    split: &SplitRecord,
    position: u64,
    now: UnixMillis,
    rollouts: &[Progress],
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
        let filled = range_share(snapshot, &range, now, rollouts)?
            .0
            .saturating_sub(range.base);
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

/// The share that a range's ramp or plan says, whose part from the range's base on lies in it. `None` if the bytes make no
/// sense.
pub fn range_share(
    snapshot: &Snapshot<'_>,
    range: &RangeRecord,
    now: UnixMillis,
    rollouts: &[Progress],
) -> Option<Weight> {
    if range.flags & RANGE_PLANNED == 0 {
        ramp(snapshot, range.ramp, now)
    } else {
        plan_share(snapshot, range.ramp, now, rollouts)
    }
}

/// The share of the units that a plan's variant has, by how far its rollout has come. `None` if there is no such plan.
pub fn plan_share(
    snapshot: &Snapshot<'_>,
    plan: u32,
    now: UnixMillis,
    rollouts: &[Progress],
) -> Option<Weight> {
    let record = snapshot.record::<PlanRecord>(Section::Plans, plan)?;
    let progress = rollouts.get(plan as usize).copied();
    let moment = progress.unwrap_or(Progress::NONE).moment(now);
    ramp(snapshot, record.ramp, moment)
}

fn ramp(snapshot: &Snapshot<'_>, index: u32, moment: UnixMillis) -> Option<Weight> {
    let ramp = snapshot.record::<RampRecord>(Section::Ramps, index)?;
    let points = snapshot.records::<PointRecord>(Section::Points, ramp.points, ramp.count);
    Some(ramp_share(points, moment))
}
