//! Plans of rollouts.

use super::{FlagIndex, Snapshot, VariantIndex};
use crate::layout::{
    FreezeRecord, GoalRecord, IndexRecord, OffsetRecord, PLAN_STRAIGHT, PlanRecord, Section,
    StageRecord, WindowRecord,
};

/// The plan of a flag's rollout.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'a> {
    snapshot: Snapshot<'a>,
    record: PlanRecord,
    /// Its id: an entry of the control document is about it if it names the same.
    pub id: &'a str,
    /// The flag.
    pub flag: FlagIndex,
    /// The variant that is rolled out.
    pub variant: VariantIndex,
}

/// What visitors are to reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Goal<'a> {
    /// Its name.
    pub name: &'a str,
    /// The host pattern of its requests; empty for every host.
    pub host: &'a str,
    /// Their path pattern.
    pub path: &'a str,
    /// Their method; empty for every method.
    pub method: &'a str,
    /// The event that their answer reports; empty if a status from 200 to 399 is enough.
    pub event: &'a str,
}

impl<'a> Snapshot<'a> {
    /// The number of goals.
    pub fn goal_count(&self) -> u32 {
        self.count(Section::Goals)
    }

    /// The goal at a position, as [`Plan::goals`] names it.
    pub fn goal(&self, index: u32) -> Option<Goal<'a>> {
        let goal = self.record::<GoalRecord>(Section::Goals, index)?;
        Some(Goal {
            name: self.text(goal.name_offset, goal.name_len.into())?,
            host: self.text(goal.host_offset, goal.host_len.into())?,
            path: self.text(goal.path_offset, goal.path_len.into())?,
            method: self.text(goal.method_offset, goal.method_len.into())?,
            event: self.text(goal.event_offset, goal.event_len.into())?,
        })
    }

    /// The number of plans.
    pub fn plan_count(&self) -> u32 {
        self.count(Section::Plans)
    }

    /// The plan at a position, which is also that of its rollout among an evaluator's
    /// [`rollouts`](crate::Evaluator::rollouts).
    pub fn plan(&self, index: u32) -> Option<Plan<'a>> {
        let record = self.record::<PlanRecord>(Section::Plans, index)?;
        Some(Plan {
            snapshot: *self,
            record,
            id: self.text(record.id_offset, record.id_len.into())?,
            flag: FlagIndex(record.flag),
            variant: VariantIndex(record.variant),
        })
    }

    /// All plans.
    pub fn plans(&self) -> impl Iterator<Item = Plan<'a>> + use<'a> {
        let snapshot = *self;
        (0..self.plan_count()).filter_map(move |index| snapshot.plan(index))
    }
}

impl<'a> Plan<'a> {
    /// Whether a stage's share grows to the next one's, on a straight line.
    pub fn is_straight(&self) -> bool {
        self.record.flags & PLAN_STRAIGHT != 0
    }

    /// The stages, with ascending shares. After the last one everybody is in.
    pub fn stages(&self) -> impl Iterator<Item = StageRecord> + use<'a> {
        let PlanRecord {
            stages,
            stages_count,
            ..
        } = self.record;
        self.snapshot
            .records(Section::Stages, stages, stages_count.into())
    }

    /// When it may grow; at any time if there are none.
    pub fn windows(&self) -> impl Iterator<Item = WindowRecord> + use<'a> {
        let PlanRecord {
            windows,
            windows_count,
            ..
        } = self.record;
        self.snapshot
            .records(Section::Windows, windows, windows_count.into())
    }

    /// When it may not grow, and why.
    pub fn freezes(&self) -> impl Iterator<Item = (FreezeRecord, &'a str)> + use<'a> {
        let snapshot = self.snapshot;
        let PlanRecord {
            freezes,
            freezes_count,
            ..
        } = self.record;
        snapshot
            .records::<FreezeRecord>(Section::Freezes, freezes, freezes_count.into())
            .filter_map(move |freeze| {
                let why = snapshot.text(freeze.why_offset, freeze.why_len.into())?;
                Some((freeze, why))
            })
    }

    /// The name of the windows' zone; empty without windows.
    pub fn zone(&self) -> &'a str {
        self.snapshot
            .text(self.record.zone_offset, self.record.zone_len.into())
            .unwrap_or_default()
    }

    /// What the zone adds to UTC, in ascending time.
    pub fn offsets(&self) -> impl Iterator<Item = OffsetRecord> + use<'a> {
        let PlanRecord {
            offsets,
            offsets_count,
            ..
        } = self.record;
        self.snapshot
            .records(Section::Offsets, offsets, offsets_count.into())
    }

    /// Its goals, by their place in [`Section::Goals`]: up to four, the one that weighs most first.
    pub fn goals(&self) -> impl Iterator<Item = u32> + use<'a> {
        let PlanRecord {
            goals, goals_count, ..
        } = self.record;
        let goals =
            self.snapshot
                .records::<IndexRecord>(Section::Indices, goals, goals_count.into());
        goals.map(|goal| goal.index)
    }

    /// Until when that is known, in Unix milliseconds.
    pub fn known_until(&self) -> i64 {
        self.record.known_until
    }
}
