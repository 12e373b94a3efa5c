//! The plans of a snapshot, as a guard goes by them.

use flagstone_core::{Plan, Snapshot, Weight};
use flagstone_edge::timetable;
use flagstone_rollout::{Ladder, LadderError, Timetable};
use std::fmt;

/// The plan of a flag's rollout.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// Key of the flag.
    pub flag: String,
    /// The plan's id.
    pub plan: String,
    /// Key of the variant that is rolled out.
    pub variant: String,
    /// The share of each stage.
    pub ladder: Ladder,
    /// When it may take a step.
    pub timetable: Timetable,
    /// The names of its goals, the one that weighs most first.
    pub goals: Vec<String>,
}

/// Why a rollout cannot be led by a guard.
#[derive(Clone, Debug, PartialEq)]
pub enum Unfit {
    /// Its share grows within a stage.
    Straight,
    /// Its shares are no ladder.
    Ladder(LadderError),
    /// It is at a stage, from 0, that its plan has not.
    Stage(u8),
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Straight => f.write_str("its share grows within a stage"),
            Self::Ladder(error) => error.fmt(f),
            Self::Stage(stage) => write!(f, "its plan has no stage {}", u32::from(*stage) + 1),
        }
    }
}

/// The plans of a snapshot, and which of them cannot be led.
pub fn all(snapshot: &Snapshot<'_>) -> (Vec<Planned>, Vec<(String, Unfit)>) {
    let (mut plans, mut unfit) = (Vec::new(), Vec::new());
    for plan in snapshot.plans() {
        let flag = snapshot.flag(plan.flag);
        let key = flag.map_or("", |flag| flag.key()).to_owned();
        let variant = flag.and_then(|flag| flag.variant(plan.variant));
        match ladder(&plan) {
            Ok(ladder) => plans.push(Planned {
                flag: key,
                plan: plan.id.to_owned(),
                variant: variant.map_or("", |variant| variant.key()).to_owned(),
                ladder,
                timetable: timetable(&plan),
                goals: goals(snapshot, &plan),
            }),
            Err(why) => unfit.push((key, why)),
        }
    }
    (plans, unfit)
}

/// The names of a plan's goals, in their order.
pub fn goals(snapshot: &Snapshot<'_>, plan: &Plan<'_>) -> Vec<String> {
    let goals = plan.goals().filter_map(|goal| snapshot.goal(goal));
    goals.map(|goal| goal.name.to_owned()).collect()
}

fn ladder(plan: &Plan<'_>) -> Result<Ladder, Unfit> {
    if plan.is_straight() {
        return Err(Unfit::Straight);
    }
    let shares = plan.stages().map(|stage| stage.share);
    let shares = shares.map(|share| f64::from(share) / f64::from(Weight::TOTAL.0));
    Ladder::new(&shares.collect::<Vec<_>>()).map_err(Unfit::Ladder)
}
