//! How far the rollouts of a snapshot's plans have come, by a control document.

use crate::configuration::is_cut;
use crate::control::{Control, Rollout};
use flagstone_core::layout::{FreezeRecord, OffsetRecord, WindowRecord};
use flagstone_core::{
    FlagIndex, Plan, Progress, Snapshot, UnixMillis, VariantIndex, hash, plan_share,
};
use flagstone_rollout::{Calendar, Course, Freeze, Offset, Share, State, Timetable, Window};
use std::fmt::Write as _;

/// For each plan of a snapshot its rollout.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Rollouts {
    courses: Vec<Option<Course>>,
    progress: Vec<Progress>,
}

/// A rollout that is under way, as counters and guards know it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Staged {
    /// Stands for flag, plan and attempt; the same on every node, and another one for another attempt.
    pub id: u64,
    /// The stage, from 0.
    pub stage: u8,
    /// The variant that is rolled out.
    pub variant: VariantIndex,
    /// The part of the units that get it now.
    pub share: Share,
}

impl Rollouts {
    /// Finds the plans of a control document's rollouts. Whether one that is under way has none is said too.
    ///
    /// A plan that no entry is about stays as it was `before`, or has not begun.
    pub fn resolve(
        snapshot: &Snapshot<'_>,
        control: &Control,
        before: Option<&Self>,
    ) -> (Self, bool) {
        let mut rollouts = Self::default();
        let mut found = 0;
        for (index, plan) in snapshot.plans().enumerate() {
            let key = snapshot.flag(plan.flag).map_or("", |flag| flag.key());
            let is_meant = |entry: &&Rollout| entry.flag == key && entry.plan == plan.id;
            let entry = control.rollouts.iter().rfind(is_meant);
            let entry =
                entry.and_then(|entry| Some((entry.course, progress(&plan, &entry.course)?)));
            let held = || {
                let before = before?;
                Some(((*before.courses.get(index)?)?, *before.progress.get(index)?))
            };
            if let Some((course, _)) = entry {
                found += usize::from(is_under_way(course));
            }
            let known = entry.or_else(held);
            rollouts.courses.push(known.map(|(course, _)| course));
            let progress = known.map_or(Progress::NONE, |(_, progress)| progress);
            rollouts.progress.push(progress);
        }
        let is_cut = is_cut(snapshot);
        let is_missed = |flag: &str| !is_cut || snapshot.find(flag).is_some();
        let under_way = control
            .rollouts
            .iter()
            .filter(|entry| is_under_way(entry.course) && is_missed(&entry.flag));
        let is_whole = found == under_way.count() && !control.has_bad_rollout;
        (rollouts, is_whole)
    }

    /// How far each has come, for the evaluator.
    pub fn progress(&self) -> &[Progress] {
        &self.progress
    }

    /// The rollout of a flag, if it is under way.
    pub fn staged(
        &self,
        snapshot: &Snapshot<'_>,
        flag: FlagIndex,
        now: UnixMillis,
    ) -> Option<Staged> {
        let mut plans = (0..).zip(snapshot.plans());
        let (index, plan) = plans.find(|(_, plan)| plan.flag == flag)?;
        self.under_way(snapshot, index, &plan, now)
    }

    /// The rollout of the plan at a position, if it is under way.
    pub fn under_way(
        &self,
        snapshot: &Snapshot<'_>,
        index: u32,
        plan: &Plan<'_>,
        now: UnixMillis,
    ) -> Option<Staged> {
        let course = (*self.courses.get(index as usize)?)?;
        if !is_under_way(course) {
            return None;
        }
        let share = plan_share(snapshot, index, now, &self.progress)?;
        let total = flagstone_core::Weight::TOTAL.0;
        let key = snapshot.flag(plan.flag)?.key();
        Some(Staged {
            id: rollout_id(key, plan.id, course.attempt),
            stage: course.stage,
            variant: plan.variant,
            share: Share::of_weights(share.0, total.saturating_sub(share.0))?,
        })
    }
}

fn is_under_way(course: Course) -> bool {
    matches!(course.state, State::Running | State::Paused)
}

/// A number for an attempt of a flag's plan: the [`Staged::id`] on every node, and the rollout of their reports.
pub fn rollout_id(flag: &str, plan: &str, attempt: u32) -> u64 {
    let mut name = String::new();
    // Writing to a string does not fail.
    let _ = write!(name, "{flag}\0{plan}\0{attempt}");
    hash::key(name.as_bytes()) as u64
}

/// Where on its plan's own time a rollout is; `None` if it is under way and the plan has no such stage.
fn progress(plan: &Plan<'_>, course: &Course) -> Option<Progress> {
    let mut begins = 0i64;
    let mut within = None;
    for (number, stage) in (0..).zip(plan.stages()) {
        if number == course.stage {
            within = Some((begins, stage.dwell));
        }
        begins = begins.saturating_add(stage.dwell);
    }
    let (at, dwell) = match course.state {
        State::RolledBack => return Some(Progress::NONE),
        // Where the last stage ends, also if there have been more.
        State::Complete => return Some(Progress::still(begins)),
        State::Running | State::Paused => within?,
    };
    Some(match course.state {
        State::Paused if plan.is_straight() => {
            let dwelt = course.held_ms.saturating_sub(course.since_ms);
            Progress::still(at.saturating_add(dwelt.max(0).min(dwell)))
        }
        State::Running if plan.is_straight() => Progress {
            at,
            since: UnixMillis(course.since_ms),
            until: at.saturating_add(dwell),
        },
        _ => Progress::still(at),
    })
}

/// What a rollout of a plan goes by.
pub fn timetable(plan: &Plan<'_>) -> Timetable {
    let window = |window: WindowRecord| Window {
        days: window.days as u8,
        from: window.from,
        to: window.to,
    };
    let freeze = |(freeze, why): (FreezeRecord, &str)| Freeze {
        from_ms: freeze.from,
        to_ms: freeze.to,
        why: why.to_owned(),
    };
    let offset = |offset: OffsetRecord| Offset {
        at_ms: offset.at,
        seconds: offset.seconds,
    };
    Timetable {
        dwells_ms: plan.stages().map(|stage| stage.dwell).collect(),
        straight: plan.is_straight(),
        calendar: Calendar {
            offsets: plan.offsets().map(offset).collect(),
            known_until_ms: plan.known_until(),
            windows: plan.windows().map(window).collect(),
            freezes: plan.freezes().map(freeze).collect(),
        },
    }
}
