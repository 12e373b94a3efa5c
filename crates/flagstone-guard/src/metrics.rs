//! Figures for Prometheus, in its text format.

use crate::{Goal, Status, Taken};
use std::fmt::Write as _;

const PHASES: [&str; 6] = [
    "pending",
    "running",
    "held",
    "complete",
    "rolled-back",
    "stopped",
];

/// A name, what it says, and its value.
type Gauge = (&'static str, &'static str, fn(&Status) -> f64);

/// All figures. `untold` decisions have not been taken by the webhook, if that is known; `problem` says whether something keeps
/// the guard from its work, likewise.
pub fn metrics(
    lines: &Taken,
    untold: Option<u64>,
    problem: Option<bool>,
    statuses: &[Status],
) -> String {
    let mut out = String::new();
    family(
        &mut out,
        "flagstone_guard_lines_total",
        "counter",
        "Lines by what came of them.",
    );
    for (name, count) in [
        ("counted", lines.counted),
        ("repeat", lines.repeats),
        ("other", lines.other),
        ("broken", lines.broken),
        ("passed", lines.passed),
    ] {
        let _ = writeln!(
            out,
            "flagstone_guard_lines_total{{result=\"{name}\"}} {count}"
        );
    }
    for (name, help, value) in [
        (
            "flagstone_guard_untold_decisions",
            "Decisions the webhook has not taken.",
            untold,
        ),
        (
            "flagstone_guard_problem",
            "1 while something keeps the guard from its work; health.json says what.",
            problem.map(u64::from),
        ),
    ] {
        if let Some(value) = value {
            family(&mut out, name, "gauge", help);
            let _ = writeln!(out, "{name} {value}");
        }
    }
    family(
        &mut out,
        "flagstone_rollout_phase",
        "gauge",
        "1 for the phase a rollout is in.",
    );
    for status in statuses {
        for phase in PHASES {
            let is_it = u8::from(status.phase == phase);
            let flag = escape(&status.flag);
            let _ = writeln!(
                out,
                "flagstone_rollout_phase{{flag=\"{flag}\",phase=\"{phase}\"}} {is_it}"
            );
        }
    }
    let gauges: [Gauge; 6] = [
        ("flagstone_rollout_stage", "The stage, from 0.", |status| {
            status.stage.into()
        }),
        ("flagstone_rollout_share", "The canary's share.", share),
        (
            "flagstone_rollout_evidence",
            "Evidence against the canary; a rollback at 100.",
            |status| status.evidence,
        ),
        (
            "flagstone_rollout_requests_per_second",
            "Compared origin fetches.",
            |status| status.rate,
        ),
        (
            "flagstone_rollout_coverage",
            "The part of the usual traffic that is reported.",
            |status| status.coverage,
        ),
        (
            "flagstone_rollout_instances",
            "Nodes that have reported in the last minute.",
            |status| status.instances as f64,
        ),
    ];
    for (name, help, value) in gauges {
        family(&mut out, name, "gauge", help);
        for status in statuses {
            let _ = writeln!(
                out,
                "{name}{{flag=\"{}\"}} {}",
                escape(&status.flag),
                value(status)
            );
        }
    }
    for (name, help, arms) in [
        (
            "flagstone_rollout_stage_fetches",
            "Origin fetches of the stage.",
            (|status: &Status| status.fetches) as fn(&Status) -> _,
        ),
        (
            "flagstone_rollout_stage_failures",
            "Hard failures of the stage.",
            |status| status.failures,
        ),
        (
            "flagstone_rollout_stage_exposed",
            "Visitors whom the stage has exposed, so that they can reach goals.",
            |status| status.exposed,
        ),
    ] {
        family(&mut out, name, "gauge", help);
        for status in statuses {
            let (flag, arms) = (escape(&status.flag), arms(status));
            let _ = writeln!(
                out,
                "{name}{{flag=\"{flag}\",arm=\"control\"}} {}",
                arms.control
            );
            let _ = writeln!(
                out,
                "{name}{{flag=\"{flag}\",arm=\"canary\"}} {}",
                arms.canary
            );
        }
    }
    family(
        &mut out,
        "flagstone_rollout_stage_reached",
        "gauge",
        "Of those, the ones that have reached a goal.",
    );
    for status in statuses {
        for Goal { name, hits } in &status.goals {
            let (flag, goal) = (escape(&status.flag), escape(name));
            for (arm, count) in [("control", hits.control), ("canary", hits.canary)] {
                let _ = writeln!(
                    out,
                    "flagstone_rollout_stage_reached{{flag=\"{flag}\",goal=\"{goal}\",arm=\"{arm}\"}} {count}"
                );
            }
        }
    }
    out
}

/// The part of visitors who have the canary.
fn share(status: &Status) -> f64 {
    match status.phase.as_str() {
        "complete" => 1.0,
        "pending" | "rolled-back" | "stopped" => 0.0,
        _ => {
            let share = status.shares.get(usize::from(status.stage));
            share.copied().unwrap_or(0.0)
        }
    }
}

fn family(out: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}
