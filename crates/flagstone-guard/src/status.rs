//! What a guard says of a rollout: the JSON at `/rollouts/FLAG`, described in `docs/rollout.md`.

use flagstone_edge::decoded;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The key of the flag whose status is at a path; `None` at other paths.
///
/// ```
/// use flagstone_guard::asked;
///
/// assert_eq!(asked("/rollouts/neue%20Kasse").as_deref(), Some("neue Kasse"));
/// assert_eq!(asked("/rollouts"), None);
/// ```
pub fn asked(path: &str) -> Option<Cow<'_, str>> {
    decoded(path.strip_prefix("/rollouts/")?)
}

/// A rollout, at a moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// The flag's key.
    pub flag: String,
    /// The rollout's id, a number of 64 bits, as text.
    pub rollout: String,
    /// `pending`, `running`, `held`, `complete`, `rolled-back` or `stopped`.
    pub phase: String,
    /// Why it is held: `stale`, `outage`, `ceiling`, `srm`, `evidence`, `insufficient`, `lost`, `manual` or `closed`.
    pub reason: Option<String>,
    /// The present stage, from 0.
    pub stage: u8,
    /// The canary's share in each stage.
    pub shares: Vec<f64>,
    /// Unix milliseconds of these figures.
    pub at_ms: i64,
    /// Unix milliseconds when the stage began.
    pub stage_since_ms: i64,
    /// Unix milliseconds of the last report.
    pub last_report_ms: Option<i64>,
    /// Origin fetches of the stage.
    pub fetches: Arms,
    /// Hard failures among them.
    pub failures: Arms,
    /// Visitors whom the stage has exposed, so that they can reach goals.
    #[serde(default)]
    pub exposed: Arms,
    /// The plan's goals, the one that weighs most first.
    #[serde(default)]
    pub goals: Vec<Goal>,
    /// The evidence against the canary; it is rolled back at 100.
    pub evidence: f64,
    /// Origin fetches a second, of the last ten minutes.
    pub rate: f64,
    /// The part of the usual traffic that reports cover.
    pub coverage: f64,
    /// The part of the canary's failures that visitors have seen.
    pub visible: f64,
    /// Nodes that have reported in the last minute.
    pub instances: usize,
    /// The risk budget.
    pub budget: f64,
    /// Seconds from a failure until all nodes follow.
    pub reaction_s: f64,
    /// Distinct units of both variants since the stage began, at some points of time.
    pub reach: Vec<Point>,
}

/// Visitors who have reached a goal, of those whom the stage has exposed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Goal {
    /// Its name.
    pub name: String,
    /// How many.
    pub hits: Arms,
}

/// Something for each variant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Arms {
    /// For control.
    pub control: f64,
    /// For the canary.
    pub canary: f64,
}

/// So many units so long after the stage began.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Seconds.
    pub at_s: f64,
    /// How many.
    pub units: f64,
}
