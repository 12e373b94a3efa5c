//! Percentage rollouts.

use super::{Evaluator, Run, Trace};
use crate::bucket::{native, position};
use crate::context::{AttributeValue, Attributes};
use crate::layout::{
    Absent, Algorithm, NONE, ONE_RANGE, PlanRecord, PointRecord, RANGE_BACKWARD, RANGE_PLANNED,
    RampRecord, RangeRecord, Section, SplitRecord, rest,
};
use crate::progress::Progress;
use crate::snapshot::{AttributeIndex, Snapshot, VariantIndex};
use crate::time::ramp_share;
use crate::units::{UnixMillis, Weight};

/// What a split gives to a unit.
pub(super) enum Outcome {
    /// A variant; [`NONE16`](crate::layout::NONE16) is the flag's default.
    Variant(u16),
    /// The flag's default, since there is nothing to be bucketed by.
    Default,
    /// Nothing: the next rule decides.
    Next,
    /// The bytes make no sense, or the split says so.
    Error,
}

impl Outcome {
    /// That of a unit in a range of this variant, or in none and with this [`rest`].
    #[inline]
    fn of(variant: u16) -> Self {
        match variant {
            rest::NEXT => Self::Next,
            rest::FAIL => Self::Error,
            variant => Self::Variant(variant),
        }
    }
}

/// What to tell of a variant or a [`rest`].
fn told(variant: u16) -> Option<VariantIndex> {
    (variant < rest::FAIL).then_some(VariantIndex(variant))
}

impl<A: Attributes, T: Trace> Run<'_, '_, '_, A, T> {
    /// What a split gives to the unit.
    #[inline(always)]
    pub(super) fn split(&mut self, snapshot: Snapshot<'_>, index: u32) -> Outcome {
        let Some(split) = snapshot.record::<SplitRecord>(Section::Splits, index) else {
            return Outcome::Error;
        };
        // As a rule it is this, and nothing of it goes through memory.
        let by = AttributeIndex(split.by);
        if split.algorithm == Algorithm::Native as u8
            && let AttributeValue::Text(unit) = self.input.attributes.attribute(by)
            && !unit.is_empty()
        {
            let position = native(split.seed, split.modulus, split.salt_len, unit);
            let variant = match split.ranges_count {
                // Nothing that a processor foresees.
                ONE_RANGE => {
                    let is_inside = position < split.ranges.into();
                    core::hint::select_unpredictable(is_inside, split.variant, split.rest)
                }
                count => match self.variant_of(split.ranges, count, position) {
                    Some(found) => found.unwrap_or(split.rest),
                    None => return Outcome::Error,
                },
            };
            self.trace.split(index, by, Some(position), told(variant));
            return Outcome::of(variant);
        }
        self.any_split(index).unwrap_or(Outcome::Error)
    }

    /// The same for every algorithm and every value. `None` if the bytes make no sense.
    #[inline(never)]
    fn any_split(&mut self, index: u32) -> Option<Outcome> {
        let snapshot = self.input.snapshot;
        let split = snapshot.record::<SplitRecord>(Section::Splits, index)?;
        let absent = Absent::from_code(split.absent)?;
        let found = self.range(index, &split, absent)?;
        Some(match found {
            Some(variant) => Outcome::of(variant.unwrap_or(split.rest)),
            None => match absent {
                Absent::Default => Outcome::Default,
                Absent::Next => Outcome::Next,
                // `range` has put it at position 0.
                Absent::First | Absent::Fail => Outcome::Error,
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
    fn range(
        &mut self,
        index: u32,
        split: &SplitRecord,
        absent: Absent,
    ) -> Option<Option<Option<u16>>> {
        let snapshot = self.input.snapshot;
        let mut by = AttributeIndex(split.by);
        let mut place = position(&snapshot, split, self.input.attributes.attribute(by))?;
        if place.is_none() && split.others != NONE {
            (by, place) = self.other_position(split)?;
        }
        let sought = match (place, absent) {
            (None, Absent::First) => Some(0),
            (place, _) => place,
        };
        let found = match sought {
            Some(place) => Some(match split.ranges_count {
                ONE_RANGE => (place < split.ranges.into()).then_some(split.variant),
                count => self.variant_of(split.ranges, count, place)?,
            }),
            None => None,
        };
        let variant = found.and_then(|found| told(found.unwrap_or(split.rest)));
        self.trace.split(index, by, place, variant);
        Some(found)
    }

    /// The position by the first of the other attributes that gives one, or by none.
    #[inline(never)]
    fn other_position(&self, split: &SplitRecord) -> Option<(AttributeIndex, Option<u64>)> {
        let snapshot = self.input.snapshot;
        let mut by = AttributeIndex(split.by);
        for other in snapshot.others(split) {
            by = AttributeIndex(u16::try_from(other.index).ok()?);
            let place = position(&snapshot, split, self.input.attributes.attribute(by))?;
            if place.is_some() {
                return Some((by, place));
            }
        }
        Some((by, None))
    }
    /// The variant of that of the ranges in which a position lies; inside, `None` if it lies in none.
    #[inline(never)]
    fn variant_of(&self, first: u32, count: u16, position: u64) -> Option<Option<u16>> {
        let Evaluator {
            snapshot,
            now,
            rollouts,
            ..
        } = self.input;
        for range in snapshot.records::<RangeRecord>(Section::Ranges, first, count.into()) {
            if position < range.from || position >= range.to {
                continue;
            }
            if range.ramp == NONE {
                return Some(Some(range.variant));
            }
            let share = range_share(snapshot, &range, *now, rollouts)?;
            let filled = share.0.saturating_sub(range.base);
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
