//! Plans of rollouts.

use crate::layout::{
    FreezeRecord, GoalRecord, IndexRecord, OffsetRecord, PlanRecord, Section, StageRecord,
    WindowRecord,
};
use crate::snapshot::{FlagIndex, Snapshot, VariantIndex, VerifyError};
use crate::units::Weight;

/// The most goals of a plan.
const GOALS: u16 = 4;
/// Minutes of a day.
const DAY: u16 = 24 * 60;

impl Snapshot<'_> {
    pub(super) fn verify_plans(&self) -> Result<(), VerifyError> {
        self.each(Section::Plans, |c, plan: PlanRecord| {
            c.text("id", plan.id_offset, plan.id_len.into())?;
            c.text("zone", plan.zone_offset, plan.zone_len.into())?;
            let flag = self.flag(FlagIndex(plan.flag));
            c.must("flag", flag.is_some())?;
            c.must(
                "variant",
                flag.is_some_and(|flag| flag.variant(VariantIndex(plan.variant)).is_some()),
            )?;
            c.row("ramp", Section::Ramps, plan.ramp)?;
            let count = plan.stages_count.into();
            c.must("stages", count != 0)?;
            c.rows("stages", Section::Stages, plan.stages, count)?;
            let mut before = 0;
            for stage in self.records::<StageRecord>(Section::Stages, plan.stages, count) {
                c.must("stages", stage.share > before)?;
                before = stage.share;
            }
            let count = plan.windows_count.into();
            c.rows("windows", Section::Windows, plan.windows, count)?;
            let count = plan.freezes_count.into();
            c.rows("freezes", Section::Freezes, plan.freezes, count)?;
            let count = plan.offsets_count.into();
            c.rows("offsets", Section::Offsets, plan.offsets, count)?;
            c.must("offsets", count != 0 || plan.windows_count == 0)?;
            let count = plan.goals_count;
            c.must("goals", count <= GOALS)?;
            c.rows("goals", Section::Indices, plan.goals, count.into())?;
            for goal in self.records::<IndexRecord>(Section::Indices, plan.goals, count.into()) {
                c.row("goals", Section::Goals, goal.index)?;
            }
            Ok(())
        })?;
        self.each(Section::Stages, |c, stage: StageRecord| {
            c.must("dwell", stage.dwell > 0)?;
            c.must("share", stage.share < Weight::TOTAL.0)
        })?;
        self.each(Section::Windows, |c, window: WindowRecord| {
            c.must("days", window.days != 0 && window.days < 1 << 7)?;
            c.must("to", window.from < window.to && window.to <= DAY)
        })?;
        self.each(Section::Freezes, |c, freeze: FreezeRecord| {
            c.must("to", freeze.from < freeze.to)?;
            c.text("why", freeze.why_offset, freeze.why_len.into())
        })?;
        self.each(Section::Goals, |c, goal: GoalRecord| {
            c.text("name", goal.name_offset, goal.name_len.into())?;
            c.text("host", goal.host_offset, goal.host_len.into())?;
            c.text("path", goal.path_offset, goal.path_len.into())?;
            c.text("method", goal.method_offset, goal.method_len.into())?;
            c.text("event", goal.event_offset, goal.event_len.into())
        })?;
        self.each(Section::Offsets, |c, offset: OffsetRecord| {
            c.must("seconds", offset.seconds.unsigned_abs() < 24 * 60 * 60)
        })
    }
}
