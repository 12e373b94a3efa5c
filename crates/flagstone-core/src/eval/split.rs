//! Percentage rollouts.

use super::{Choice, Evaluator, Run, Trace};
use crate::bucket::position;
use crate::context::{AttributeValue, Attributes};
use crate::decision::Reason;
use crate::hash::{Murmur3, reduce};
use crate::layout::{
    Absent, Algorithm, NONE, NONE16, ONE_RANGE, PlanRecord, PointRecord, RANGE_BACKWARD,
    RANGE_PLANNED, RampRecord, RangeRecord, Record, Section, SplitRecord, rest,
};
use crate::progress::Progress;
use crate::snapshot::{AttributeIndex, Snapshot, VariantIndex};
use crate::time::ramp_share;
use crate::units::{UnixMillis, Weight};

/// What a split gives to a unit.
pub(super) enum Outcome {
    /// A variant; [`NONE16`] is the flag's default.
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

/// What a [`SHARE`](crate::layout::SHARE) gives to the targeting key.
pub(super) struct Shared {
    position: u32,
    /// [`NONE16`] is the flag's default.
    variant: u16,
}

impl Shared {
    #[inline(always)]
    fn of(split: &SplitRecord, hash: u32) -> Self {
        let position = reduce(hash, Weight::TOTAL.0);
        // Nothing that a processor foresees.
        let is_inside = position < split.ranges;
        let variant = core::hint::select_unpredictable(is_inside, split.variant, split.rest);
        Self { position, variant }
    }

    /// Tells a listener of it.
    #[inline(always)]
    pub(super) fn tell(&self, split: u32, trace: &mut impl Trace) {
        let by = AttributeIndex::TARGETING_KEY;
        let position = Some(self.position.into());
        trace.split(split, by, position, told(self.variant));
    }

    /// The choice that follows, of the rule at this place.
    #[inline(always)]
    pub(super) fn choice(self, default: u16, rule: u16) -> Choice {
        let is_default = self.variant == NONE16;
        let variant = if is_default { default } else { self.variant };
        Choice::new(variant, rule, Reason::Split)
    }
}

impl<A: Attributes> Evaluator<'_, '_, A> {
    #[inline(always)]
    fn split(&self, split: u32) -> Option<SplitRecord> {
        SplitRecord::read(self.splits.get(split as usize)?)
    }

    /// What a split that is a share gives to the targeting key, once that is prepared; `None` until then. Nothing of it
    /// goes through memory.
    #[inline(always)]
    pub(super) fn share(&self, split: u32) -> Option<Shared> {
        let split = self.split(split)?;
        let hash = self.unit.behind(salted(&split))?;
        Some(Shared::of(&split, hash))
    }

    /// The same also if it is not prepared, which it is from then on. `None` if it is no text, or empty.
    pub(super) fn any_share(&self, split: u32) -> Option<Shared> {
        self.share(split).or_else(|| self.new_share(split))
    }

    #[inline(never)]
    fn new_share(&self, split: u32) -> Option<Shared> {
        let split = self.split(split)?;
        let key = AttributeIndex::TARGETING_KEY;
        match self.attributes.attribute(key) {
            AttributeValue::Text(unit) if !unit.is_empty() => {
                Some(Shared::of(&split, self.hash(&split, key, unit)))
            }
            _ => None,
        }
    }

    /// The hash of a split's salt and a unit. If that is the targeting key, it is prepared from then on.
    fn hash(&self, split: &SplitRecord, by: AttributeIndex, unit: &str) -> u32 {
        let mut hash = salted(split);
        if by == AttributeIndex::TARGETING_KEY {
            self.unit.prepare(hash, unit.as_bytes());
        }
        hash.update(unit.as_bytes());
        hash.finish()
    }
}

/// What the hash of a split by our own algorithm has come to before the unit.
#[inline(always)]
fn salted(split: &SplitRecord) -> Murmur3 {
    Murmur3::resume(split.seed, split.modulus, split.salt_len.into())
}

impl<A: Attributes, T: Trace> Run<'_, '_, '_, A, T> {
    /// What a split gives to the unit.
    #[inline(never)]
    pub(super) fn split(&mut self, index: u32) -> Outcome {
        let shared = self.native_split(index).map(Outcome::of);
        let outcome = shared.or_else(|| self.any_split(index));
        outcome.unwrap_or(Outcome::Error)
    }

    /// What a split by our own algorithm gives to a unit that is text: a variant or a [`rest`]. `None` for all others. The targeting
    /// key is prepared from then on.
    fn native_split(&mut self, index: u32) -> Option<u16> {
        let split = self.input.split(index)?;
        let by = AttributeIndex(split.by);
        let unit = match self.input.attributes.attribute(by) {
            AttributeValue::Text(unit) if !unit.is_empty() => unit,
            _ => return None,
        };
        if split.algorithm != Algorithm::Native as u8 {
            return None;
        }
        let position = reduce(self.input.hash(&split, by, unit), Weight::TOTAL.0);
        let variant = match split.ranges_count {
            ONE_RANGE if position < split.ranges => split.variant,
            ONE_RANGE => split.rest,
            count => {
                let found = self.variant_of(split.ranges, count, position.into())?;
                found.unwrap_or(split.rest)
            }
        };
        self.trace
            .split(index, by, Some(position.into()), told(variant));
        Some(variant)
    }

    /// What a split gives to the unit, for every algorithm and every value. `None` if the bytes make no sense.
    #[inline(never)]
    fn any_split(&mut self, index: u32) -> Option<Outcome> {
        let snapshot = self.input.snapshot;
        let split = snapshot.record::<SplitRecord>(Section::Splits, index)?;
        let absent = Absent::from_code(split.absent)?;
        let found = self.range(index, &split, absent)?;
        Some(match found {
            Some(variant) => Outcome::of(variant.unwrap_or(split.rest)),
            None => match absent {
                // `range` has put at position 0 whom `First` puts there.
                Absent::Default | Absent::First => Outcome::Default,
                Absent::Next => Outcome::Next,
                Absent::Fail => Outcome::Error,
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
            // All those of whom nothing is known would be in the first range together.
            (None, Absent::First) if !self.is_nobody() => Some(0),
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

    /// Whether the unit has no targeting key. Null is that of somebody who is known by another.
    fn is_nobody(&self) -> bool {
        let key = self
            .input
            .attributes
            .attribute(AttributeIndex::TARGETING_KEY);
        matches!(key, AttributeValue::Missing)
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
