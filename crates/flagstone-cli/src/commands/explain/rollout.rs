//! How far the rollout of a flag has come, by the control document.

use flagstone_core::{FlagIndex, Plan, Snapshot};
use flagstone_edge::Control;
use serde::Serialize;

/// The rollout of a flag's plan.
#[derive(Debug, Serialize)]
pub struct Rollout {
    pub plan: String,
    /// As the control document has it; `None` if it has no entry of this plan: the rollout has not begun, or is of another.
    pub entry: Option<Entry>,
    /// The goals by which its guard compares the variants too, the one that weighs most first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub goals: Vec<String>,
}

/// Where it is.
#[derive(Debug, Serialize)]
pub struct Entry {
    pub attempt: u32,
    /// From 0.
    pub stage: u8,
    /// How many the plan has.
    pub stages: usize,
    /// As in the control document: `running` and so on.
    pub state: &'static str,
}

/// The rollout of a flag; `None` if it has no plan.
pub fn rollout(snapshot: &Snapshot<'_>, flag: FlagIndex, control: &Control) -> Option<Rollout> {
    let plan = snapshot.plans().find(|plan| plan.flag == flag)?;
    let key = snapshot.flag(flag)?.key();
    let mut entries = control.rollouts.iter();
    let entry = entries.rfind(|entry| entry.flag == key && entry.plan == plan.id);
    Some(Rollout {
        plan: plan.id.to_owned(),
        entry: entry.map(|entry| Entry {
            attempt: entry.course.attempt,
            stage: entry.course.stage,
            stages: plan.stages().count(),
            state: entry.course.state.word(),
        }),
        goals: goals(snapshot, &plan),
    })
}

fn goals(snapshot: &Snapshot<'_>, plan: &Plan<'_>) -> Vec<String> {
    let goals = plan.goals().filter_map(|goal| snapshot.goal(goal));
    goals.map(|goal| goal.name.to_owned()).collect()
}

impl Rollout {
    /// In words.
    pub fn words(&self) -> String {
        let goals = match self.goals.as_slice() {
            [] => String::new(),
            goals => format!("; goals: {}", goals.join(", ")),
        };
        let place = match &self.entry {
            Some(entry) => format!(
                "plan \"{}\", attempt {}, stage {} of {}, {}",
                self.plan,
                entry.attempt,
                u32::from(entry.stage) + 1,
                entry.stages,
                entry.state
            ),
            None => format!("plan \"{}\", not begun: nobody is in", self.plan),
        };
        place + &goals
    }
}
