//! Plans of rollouts.

use super::Writer;
use crate::model::Plan;
use flagstone_core::Weight;
use flagstone_core::layout::{
    FreezeRecord, OffsetRecord, PLAN_STRAIGHT, PlanRecord, PointRecord, Section, StageRecord,
    WindowRecord,
};

impl Writer<'_> {
    pub(super) fn plans(&mut self) {
        for plan in &self.model.plans {
            let record = self.plan(plan);
            self.tables.push(Section::Plans, &record);
        }
    }

    fn plan(&mut self, plan: &Plan) -> PlanRecord {
        let path = text!("/flags/{}/plan", plan.flag);
        let (id_offset, id_len) = self.short_text(&plan.id, &path);
        let (zone_offset, zone_len) = self.short_text(&plan.calendar.zone, &path);
        let (slot, variant) = match self.flag_of(&plan.flag, &path) {
            Some((slot, flag)) => (slot, self.variant_of(flag, &plan.variant, &path)),
            None => (0, 0),
        };
        let ramp = self.points(curve(plan).into_iter());
        let stages = self.tables.count(Section::Stages);
        for stage in &plan.stages {
            let record = StageRecord {
                dwell: stage.dwell,
                share: stage.share.0,
            };
            self.tables.push(Section::Stages, &record);
        }
        let calendar = &plan.calendar;
        let windows = self.tables.count(Section::Windows);
        for window in &calendar.windows {
            let record = WindowRecord {
                days: window.days.into(),
                from: window.from,
                to: window.to,
                reserved: 0,
            };
            self.tables.push(Section::Windows, &record);
        }
        let freezes = self.tables.count(Section::Freezes);
        for freeze in &calendar.freezes {
            let (why_offset, why_len) = self.short_text(&freeze.why, &path);
            let record = FreezeRecord {
                from: freeze.from.0,
                to: freeze.to.0,
                why_offset,
                why_len,
                reserved: 0,
            };
            self.tables.push(Section::Freezes, &record);
        }
        let offsets = self.tables.count(Section::Offsets);
        for offset in &calendar.offsets {
            let record = OffsetRecord {
                at: offset.at.0,
                seconds: offset.seconds,
            };
            self.tables.push(Section::Offsets, &record);
        }
        let goals = self.tables.count(Section::Indices);
        for name in &plan.goals {
            let mut names = self.model.edge.goals.iter();
            match names.position(|goal| goal.name == *name) {
                Some(place) => {
                    self.tables.push_index(Section::Indices, place as u32);
                }
                None => self.error("unknown-goal", &path, text!("there is no goal `{name}`")),
            }
        }
        let goals_count = self.tables.count(Section::Indices) - goals;
        PlanRecord {
            id_offset,
            flag: slot,
            ramp,
            stages,
            windows,
            freezes,
            offsets,
            zone_offset,
            id_len,
            zone_len,
            variant,
            stages_count: self.small(plan.stages.len(), "stages", &path),
            windows_count: self.small(calendar.windows.len(), "windows", &path),
            freezes_count: self.small(calendar.freezes.len(), "freezes", &path),
            offsets_count: self.small(calendar.offsets.len(), "offsets", &path),
            flags: if plan.straight { PLAN_STRAIGHT } else { 0 },
            known_until: calendar.known_until.0,
            goals,
            goals_count: self.small(goals_count as usize, "goals", &path),
            reserved: 0,
        }
    }
}

/// The share over the plan's own time: nothing before 0, everybody at the end, and in between each stage's share from its
/// beginning on, up to that of the next in a step or on a straight line.
fn curve(plan: &Plan) -> Vec<PointRecord> {
    let point = |at, share| PointRecord { at, share };
    let mut points = vec![point(-1, 0)];
    let mut at = 0i64;
    for stage in &plan.stages {
        points.push(point(at, stage.share.0));
        at = at.saturating_add(stage.dwell);
        if !plan.straight {
            points.push(point(at, stage.share.0));
        }
    }
    points.push(point(at, Weight::TOTAL.0));
    points
}
