//! Plans have stages that grow, and their variant is the one that is planned.

use crate::finding::Finding;
use crate::model::{Flag, Model, Plan, Serve, Share};
use flagstone_core::Weight;

pub(super) fn check(model: &Model, findings: &mut Vec<Finding>) {
    for (index, plan) in model.plans.iter().enumerate() {
        let path = format!("/flags/{}/plan", plan.flag);
        let mut before = model.plans.iter().take(index);
        if before.any(|other| other.flag == plan.flag) {
            let message = format!("flag `{}` has two plans", plan.flag);
            findings.push(Finding::error("duplicate-plan", &path, message));
        }
        if let Some(problem) = problem(plan) {
            findings.push(Finding::error("invalid-plan", &path, problem));
        }
    }
    for flag in &model.flags {
        let plan = model.plans.iter().find(|plan| plan.flag == flag.key);
        let planned = planned(flag);
        let path = format!("/flags/{}/plan", flag.key);
        for variant in &planned {
            if plan.is_some_and(|plan| plan.variant != **variant) {
                let message = format!("the plan is not of variant `{variant}`");
                findings.push(Finding::error("invalid-plan", &path, message));
            }
        }
        if plan.is_some() && planned.is_empty() {
            let message = "no rule of the flag goes by its plan";
            findings.push(Finding::error("invalid-plan", &path, message));
        }
    }
}

fn problem(plan: &Plan) -> Option<String> {
    let mut before = 0;
    let shares = plan.stages.iter().map(|stage| stage.share.0);
    let ascend = shares.into_iter().all(|share| {
        let ascends = share > before && share < Weight::TOTAL.0;
        before = share;
        ascends
    });
    if plan.id.is_empty() || plan.id.len() > Plan::MAX_ID {
        return Some(format!("the id has 1 to {} bytes", Plan::MAX_ID));
    }
    if plan.stages.is_empty() || plan.stages.len() > Plan::MAX_STAGES {
        return Some(format!("a plan has 1 to {} stages", Plan::MAX_STAGES));
    }
    if plan.goals.len() > Plan::MAX_GOALS {
        return Some(format!("a plan has up to {} goals", Plan::MAX_GOALS));
    }
    let is_twice =
        |(index, goal): (usize, &String)| plan.goals.iter().take(index).any(|of| of == goal);
    if plan.goals.iter().enumerate().any(is_twice) {
        return Some("a goal is named once".to_owned());
    }
    if !ascend {
        return Some("the shares of stages ascend, from above 0 to below 100 %".to_owned());
    }
    let most = Plan::MOST_DWELL;
    if !plan
        .stages
        .iter()
        .all(|stage| (Plan::LEAST_DWELL..=most).contains(&stage.dwell))
    {
        return Some("a stage lasts from 30 seconds to a year".to_owned());
    }
    None
}

/// The variants of a flag whose share is planned.
fn planned(flag: &Flag) -> Vec<&String> {
    let splits = flag.rules.iter().filter_map(|rule| match &rule.serve {
        Serve::Split(split) => Some(split),
        _ => None,
    });
    let shares = splits.flat_map(|split| &split.shares);
    let planned = shares.filter(|(_, share)| matches!(share, Share::Planned));
    planned.map(|(variant, _)| variant).collect()
}
