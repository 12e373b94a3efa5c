//! Decisions as CloudEvents 1.0, with a text for people.

use crate::desk::{phase, reason};
use crate::plans::Planned;
use flagstone_core::UnixMillis;
use flagstone_rollout::PerArm;
use flagstone_rollout::guard::{Activation, Decision, Figures, Metric, Phase, Rollout, Step};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// The event of a decision, in the JSON format of CloudEvents 1.0.
pub fn cloud_event(id: u64, plan: &Planned, rollout: &Rollout, decision: &Decision) -> String {
    let figures = &decision.figures;
    let name = |metric| match metric {
        Metric::Hard => "hard".to_owned(),
        Metric::Soft => "soft".to_owned(),
        Metric::Latency(index) => ["p50", "p90", "p99"]
            .get(usize::from(index))
            .map_or_else(String::new, |name| (*name).to_owned()),
        Metric::Goal(index) => {
            let goal = plan.goals.get(usize::from(index));
            format!("goal {}", goal.map_or("", String::as_str))
        }
    };
    let evidence: serde_json::Map<String, Value> = Metric::ALL
        .into_iter()
        .zip(rollout.guard().plan().weights)
        .zip(figures.evidence.by_metric)
        .filter(|((_, weight), _)| *weight > 0.0)
        .map(|((metric, _), evidence)| (name(metric), number(evidence)))
        .collect();
    let counts = figures.counts;
    json!({
        "specversion": "1.0",
        "id": format!("{id:016x}-{}-{}", decision.at_ms, phase(decision.after)),
        "source": "/flagstone/guard",
        "type": format!("dev.flagstone.rollout.{}", kind(decision)),
        "subject": plan.flag,
        "time": UnixMillis(decision.at_ms).to_string(),
        "datacontenttype": "application/json",
        "data": {
            "text": text(plan, decision),
            "flag": plan.flag,
            "plan": plan.plan,
            "variant": plan.variant,
            "rollout": format!("{id:016x}"),
            "stage": decision.stage,
            "share": plan.ladder.share(decision.stage.into()).map(|share| share.as_f64()),
            "before": place(decision.before),
            "after": place(decision.after),
            "fetches": { "control": counts.fetches.control, "canary": counts.fetches.canary },
            "failures": { "control": counts.failures.control, "canary": counts.failures.canary },
            "goals": goals(plan, &figures.activation),
            "evidence": { "total": number(figures.evidence.total), "by_metric": evidence },
            "prospect": figures.prospect.map(|prospect| json!({
                "base": prospect.base,
                "most": prospect.most,
                "accepted": prospect.accepted,
                "worst_cost": number(prospect.worst_cost),
                "advance": prospect.advance,
            })),
            "sample_ratio": figures.sample_ratio,
            "rate": figures.rate,
            "coverage": figures.coverage,
            "visible": figures.visible,
            "instances": figures.instances,
        },
    })
    .to_string()
}

/// Whom the stage has exposed, and how many of them have reached each goal.
fn goals(plan: &Planned, activation: &Activation) -> Value {
    let arms = |counts: PerArm<u64>| json!({ "control": counts.control, "canary": counts.canary });
    let goals = plan.goals.iter().zip(activation.hits);
    let goals = goals.map(|(name, hits)| (name.clone(), arms(hits)));
    let reached = Value::Object(goals.collect());
    json!({ "exposed": arms(activation.exposed), "reached": reached })
}

/// What is infinite is no JSON number.
fn number(value: f64) -> Value {
    json!(value.min(1e300))
}

fn place(of: Phase) -> Value {
    let why = match of {
        Phase::Held { reason: why, .. } => Some(reason(why)),
        _ => None,
    };
    json!({ "phase": phase(of), "stage": stage_of(of), "reason": why })
}

/// The last word of the event's type.
fn kind(decision: &Decision) -> &'static str {
    match (decision.step, decision.before, decision.after) {
        (Step::Enter(_), ..) => "advanced",
        (Step::RollBack, ..) => "rolledback",
        (_, _, Phase::Complete) => "completed",
        (_, _, Phase::Stopped | Phase::RolledBack) => "stopped",
        (_, Phase::Held { reason: one, .. }, Phase::Held { reason: other, .. }) if one == other => {
            "waiting"
        }
        (_, _, Phase::Held { .. }) => "held",
        // By hand.
        (_, before, Phase::Running { stage }) if stage_of(before) < Some(stage) => "advanced",
        _ => "resumed",
    }
}

const fn stage_of(phase: Phase) -> Option<u8> {
    match phase {
        Phase::Running { stage } | Phase::Held { stage, .. } => Some(stage),
        _ => None,
    }
}

/// A line for a chat.
fn text(plan: &Planned, decision: &Decision) -> String {
    let share = |stage: u8| {
        let share = plan.ladder.share(stage.into());
        share.map_or_else(
            || "100 %".to_owned(),
            |share| format!("{} %", (share.as_f64() * 1e6).round() / 1e4),
        )
    };
    let flag = &plan.flag;
    let failed = said(plan, &decision.figures);
    match (kind(decision), decision.after) {
        ("advanced", Phase::Running { stage }) => {
            format!(
                "{flag}: now {}. {failed} at {}.",
                share(stage),
                share(decision.stage)
            )
        }
        ("rolledback", _) => format!(
            "{flag}: rolled back at {}. {failed}; evidence {}, of 100.",
            share(decision.stage),
            evidence(decision.figures.evidence.total, 0)
        ),
        ("completed", _) => format!("{flag}: complete, everybody has it. {failed}."),
        ("stopped", _) => format!("{flag}: stopped by hand at {}.", share(decision.stage)),
        ("waiting", Phase::Held { reason: why, stage }) => {
            format!(
                "{flag}: held at {} for a day: {}.",
                share(stage),
                reason(why)
            )
        }
        (_, Phase::Held { reason: why, stage }) => {
            format!(
                "{flag}: held at {}: {}. {failed}.",
                share(stage),
                reason(why)
            )
        }
        _ => format!("{flag}: goes on at {}.", share(decision.stage)),
    }
}

/// What the figures say, for the audit line of a step.
pub fn why(plan: &Planned, rollout: &Rollout) -> String {
    let figures = rollout.figures();
    let evidence = evidence(figures.evidence.total, 2);
    format!("evidence {evidence} of 100; {}", said(plan, &figures))
}

/// Evidence in text. It doubles with each further failure, so that a large number tells nobody more than that it is large.
fn evidence(total: f64, decimals: usize) -> String {
    if total > 1e6 {
        "over a million".to_owned()
    } else {
        format!("{total:.decimals$}")
    }
}

/// Failures, and who has reached goals.
fn said(plan: &Planned, figures: &Figures) -> String {
    let counts = figures.counts;
    let Activation { exposed, hits } = figures.activation;
    let mut said = format!(
        "{} of {} canary requests failed, {} of {} stable",
        counts.failures.canary,
        counts.fetches.canary,
        counts.failures.control,
        counts.fetches.control
    );
    for (name, hits) in plan.goals.iter().zip(hits) {
        // Writing to a string does not fail.
        let _ = write!(
            said,
            "; {name} reached by {} of {} canary visitors, {} of {} stable",
            hits.canary, exposed.canary, hits.control, exposed.control
        );
    }
    said
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use super::*;
    use flagstone_rollout::guard::{Hold, Plan, Terms, Watch};
    use flagstone_rollout::{Calendar, Ladder, Timetable};

    #[test]
    fn a_decision_is_told_as_what_it_is() {
        use Phase::{Complete, Held, RolledBack, Running, Stopped};
        let ladder = Ladder::new(&[0.05, 0.5]).unwrap();
        let plan = Planned {
            flag: "checkout".to_owned(),
            plan: "1".to_owned(),
            variant: "treatment".to_owned(),
            ladder,
            timetable: Timetable {
                dwells_ms: vec![60_000, 60_000],
                straight: false,
                calendar: Calendar::default(),
            },
            goals: vec!["order".to_owned()],
        };
        let guard = Plan::new(ladder, Watch::DEFAULT);
        let rollout = Rollout::join(7, guard, Terms::DEFAULT, 0, 0);
        let held = |stage, reason| Held { stage, reason };
        let evidence = held(0, Hold::Evidence);
        let (first, second) = (Running { stage: 0 }, Running { stage: 1 });
        for (before, step, after, kind, text) in [
            (first, Step::Enter(1), second, "advanced", "now 50 %."),
            (
                first,
                Step::Enter(2),
                Running { stage: 2 },
                "advanced",
                "now 100 %.",
            ),
            (
                second,
                Step::RollBack,
                RolledBack,
                "rolledback",
                "rolled back at 5 %.",
            ),
            (
                second,
                Step::Complete,
                Complete,
                "completed",
                "complete, everybody has it.",
            ),
            (
                second,
                Step::Stay,
                Stopped,
                "stopped",
                "stopped by hand at 5 %.",
            ),
            (
                second,
                Step::Stay,
                RolledBack,
                "stopped",
                "stopped by hand at 5 %.",
            ),
            (first, Step::Stay, evidence, "held", "held at 5 %: "),
            (
                held(0, Hold::Stale),
                Step::Stay,
                evidence,
                "held",
                "held at 5 %: ",
            ),
            (
                evidence,
                Step::Stay,
                evidence,
                "waiting",
                "held at 5 % for a day: ",
            ),
            (evidence, Step::Stay, first, "resumed", "goes on at 5 %."),
            (
                held(1, Hold::Manual),
                Step::Stay,
                first,
                "resumed",
                "goes on at 5 %.",
            ),
            (
                held(0, Hold::Manual),
                Step::Stay,
                second,
                "advanced",
                "now 50 %.",
            ),
            (first, Step::Stay, second, "advanced", "now 50 %."),
        ] {
            let decision = Decision {
                at_ms: 0,
                stage: 0,
                before,
                after,
                step,
                figures: rollout.figures(),
            };
            let event = cloud_event(7, &plan, &rollout, &decision);
            let event: Value = serde_json::from_str(&event).unwrap();
            let of = format!("{before:?} {step:?} {after:?}");
            assert_eq!(
                event["type"],
                format!("dev.flagstone.rollout.{kind}"),
                "{of}"
            );
            let found = event["data"]["text"].as_str().unwrap();
            assert!(
                found.starts_with(&format!("checkout: {text}")),
                "{of}: {found}"
            );
            let stage = match before {
                Running { stage } | Held { stage, .. } => stage,
                _ => unreachable!("nothing comes after the end"),
            };
            assert_eq!(event["data"]["before"]["stage"], stage, "{of}");
            let nobody = json!({ "control": 0, "canary": 0 });
            let goals = json!({ "exposed": nobody, "reached": { "order": nobody } });
            assert_eq!(event["data"]["goals"], goals, "{of}");
        }
    }

    #[test]
    fn evidence_is_said_in_digits_while_they_tell_something() {
        let cases = [
            (0.4, 2, "0.40"),
            (612.3, 0, "612"),
            (1e6, 0, "1000000"),
            (1.1e6, 2, "over a million"),
            (f64::INFINITY, 0, "over a million"),
        ];
        for (total, decimals, text) in cases {
            assert_eq!(evidence(total, decimals), text);
        }
    }
}
