//! The guard of a rollout: adds the nodes' reports up and says whether the canary does harm.
//!
//! One guard owns a rollout. Reports come in any order and any number of times; every look at the evidence is allowed,
//! and the error budget still is one for the whole rollout.

mod batch;
mod evidence;
pub mod label;
mod plan;
mod rollout;
pub mod slowness;
mod state;
mod store;

use crate::advance;
use crate::ratio;
use crate::report::{INTERVAL_MS, Instances, Report, ReportId, interval};
use crate::{Counts, GOALS, Ladder, PerArm, Units};
use slowness::Baseline;

pub use batch::Took;
pub use evidence::{Evidence, Judged, Stratum};
pub use plan::{METRICS, Metric, Plan, Watch};
pub use rollout::{Decision, Figures, Led, Rollout, Terms};
pub use state::{
    COVERAGE, Facts, Growth, Hold, PATIENCE_MS, Phase, SHORTEST_DWELL_MS, SILENCE_MS, State, Step,
};

/// So many intervals stay open for reports that come late.
const OPEN_INTERVALS: u64 = 6;
/// Strata that are open at once: each interval can belong to two stages.
const OPEN_STRATA: usize = 2 * OPEN_INTERVALS as usize;
/// Latencies of the first moments of a stage, with cold caches, are not compared; milliseconds.
const WARM_UP_MS: i64 = 20_000;
/// Fewer distinct canary units than this cannot roll back by latencies.
const LATENCY_UNITS: u64 = Units::ENOUGH as u64;
/// Strata of which control's failures tell an outage.
const OUTAGE_STRATA: usize = 3;
/// The least failure rate that is an outage, and how many times the stage's own.
const OUTAGE: (f64, f64) = (0.05, 5.0);
/// The traffic of so many intervals is the present traffic: ten minutes.
const RATE_INTERVALS: usize = 60;
/// The latest intervals, whose traffic is compared with that of the others; the very latest, still incomplete, is not.
const LATEST_INTERVALS: usize = 6;
/// Where fewer fetches are expected, their number says nothing about nodes.
const LEAST_EXPECTED: f64 = 100.0;

/// What the evidence says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing against the canary.
    Run,
    /// Enough to wait.
    Hold,
    /// Enough to roll back.
    RollBack,
}

/// The evidence at a moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Assessment {
    /// By metric, in the order of [`Metric::ALL`]; 0 for what is not watched.
    pub by_metric: [f64; METRICS],
    /// All metrics together; a hold from [`Plan::hold`] on.
    pub total: f64,
    /// The same, where latencies count only as far as they may; a rollback from 1/α on.
    pub for_rollback: f64,
    /// What follows.
    pub verdict: Verdict,
}

/// What came of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merged {
    /// It was counted.
    Counted,
    /// It was counted before.
    Repeat,
    /// It is of another rollout.
    OtherRollout,
    /// It is of a stage that this rollout has not entered.
    OtherStage,
}

/// What happened in a stage so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Totals {
    entered_ms: i64,
    fetches: PerArm<u64>,
    hard_requests: PerArm<u64>,
    first_exposures: PerArm<u64>,
    failover_saved: u64,
    activation: Activation,
}

/// Units that were exposed, and how many of them have reached each goal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Activation {
    /// Exposed for the first time, and noted.
    pub exposed: PerArm<u64>,
    /// By goal.
    pub hits: [PerArm<u64>; GOALS],
}

/// A stratum that is still open for reports.
type Open = Report;

/// Fetches and hard failures of control in a stratum, and its stage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Control {
    stage: u8,
    fetches: u64,
    failures: u64,
}

/// The guard of one rollout: about 4 KiB, 1 KiB more for each open stratum, and 32 bytes for each instance that reports.
///
/// If its state is lost, hold the rollout: with evidence from zero under the same rollout the error budget would be spent
/// twice.
///
/// ```
/// use flagstone_rollout::guard::{Guard, Plan, Verdict, Watch, slowness::Baseline};
/// use flagstone_rollout::{Ladder, Report, ReportId, interval};
///
/// let plan = Plan::new(Ladder::DEFAULT, Watch::DEFAULT);
/// let mut guard = Guard::new(7, plan, Baseline::EMPTY, 0);
/// let mut report = Report { rollout: 7, interval: interval(5_000), ..Report::default() };
/// report.arms.control.fetches = 990;
/// report.arms.canary.fetches = 10;
/// report.arms.canary.hard_requests = 5;
/// report.arms.canary.hard = 5;
/// let id = ReportId { instance: 1, sequence: 0 };
/// guard.merge(id, &report, 6_000);
/// guard.merge(id, &report, 6_000); // once more does not count
/// assert_eq!(guard.stage_counts().fetches.canary, 10.0);
/// assert_eq!(guard.assess().verdict, Verdict::RollBack);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Guard {
    rollout: u64,
    plan: Plan,
    /// Of the strata that are closed.
    evidence: Evidence,
    /// Up to the strata that are closed.
    baseline: Baseline,
    /// Ascending by interval and stage.
    open: Vec<Open>,
    stages: [Totals; Ladder::MAX],
    stage: u8,
    /// Of the last closed strata, the latest last.
    recent: [Control; OUTAGE_STRATA],
    /// Fetches by interval, of [`RATE_INTERVALS`] ending with `newest`, the latest last.
    traffic: [u32; RATE_INTERVALS],
    newest: u64,
    last_report_ms: Option<i64>,
    instances: Instances,
    /// The canary's, of all stages.
    units: Units,
}

impl Guard {
    /// Room for so many instances that report; see [`Instances`].
    pub const INSTANCES: usize = 4096;

    /// The guard of a rollout that enters its first stage now. `baseline` are control's latencies from before.
    pub fn new(rollout: u64, plan: Plan, baseline: Baseline, now_ms: i64) -> Self {
        let mut guard = Self {
            rollout,
            plan,
            evidence: Evidence::new(&plan),
            baseline,
            open: Vec::new(),
            stages: [Totals::default(); Ladder::MAX],
            stage: 0,
            recent: [Control::default(); OUTAGE_STRATA],
            traffic: [0; RATE_INTERVALS],
            newest: interval(now_ms),
            last_report_ms: None,
            instances: Instances::new(Self::INSTANCES),
            units: Units::new(),
        };
        guard.enter_stage(0, now_ms);
        guard
    }

    /// Enters a stage; one that there is not, or that lies behind, changes nothing.
    pub fn enter_stage(&mut self, stage: u8, now_ms: i64) {
        if usize::from(stage) < self.plan.ladder.len() && stage >= self.stage {
            self.stage = stage;
            if let Some(totals) = self.stages.get_mut(usize::from(stage)) {
                totals.entered_ms = now_ms;
            }
        }
    }

    /// Adds a report. `now_ms`: the guard's clock, Unix time in milliseconds. Reports of intervals that have been closed
    /// count in the present one.
    pub fn merge(&mut self, id: ReportId, report: &Report, now_ms: i64) -> Merged {
        if report.rollout != self.rollout {
            return Merged::OtherRollout;
        }
        if report.stage > self.stage {
            return Merged::OtherStage;
        }
        self.close(now_ms);
        let now = self.newest;
        if !self.instances.insert(id, now) {
            return Merged::Repeat;
        }
        self.last_report_ms = self.last_report_ms.max(Some(now_ms));
        let is_open = now.saturating_sub(OPEN_INTERVALS - 1) <= report.interval;
        self.units.merge(&report.units);
        let report = Report {
            interval: if is_open {
                report.interval.min(now)
            } else {
                now
            },
            units: Units::new(),
            ..*report
        };
        self.count(&report);
        let key = |open: &Open| (open.interval, open.stage);
        match self.open.binary_search_by_key(&key(&report), key) {
            Ok(index) => {
                if let Some(open) = self.open.get_mut(index) {
                    open.merge(&report);
                }
            }
            Err(index) => self.open.insert(index, report),
        }
        while self.open.len() > OPEN_STRATA {
            self.close_first();
        }
        Merged::Counted
    }

    fn count(&mut self, report: &Report) {
        let (control, canary) = (&report.arms.control, &report.arms.canary);
        if let Some(totals) = self.stages.get_mut(usize::from(report.stage)) {
            for (sums, [control, canary]) in [
                (&mut totals.fetches, [control.fetches, canary.fetches]),
                (
                    &mut totals.hard_requests,
                    [control.hard_requests, canary.hard_requests],
                ),
                (
                    &mut totals.first_exposures,
                    [control.first_exposures, canary.first_exposures],
                ),
            ] {
                sums.control = sums.control.saturating_add(control);
                sums.canary = sums.canary.saturating_add(canary);
            }
            totals.failover_saved = totals.failover_saved.saturating_add(report.failover_saved);
            let Activation { exposed, hits } = &mut totals.activation;
            let hits = hits.iter_mut();
            let reached = control.goal_hits.into_iter().zip(canary.goal_hits);
            for (sum, (control, canary)) in hits
                .zip(reached)
                .chain([(exposed, (control.goal_exposed, canary.goal_exposed))])
            {
                sum.control = sum.control.saturating_add(control);
                sum.canary = sum.canary.saturating_add(canary);
            }
        }
        let age = self.newest.saturating_sub(report.interval) as usize;
        if let Some(count) = self.traffic.iter_mut().rev().nth(age) {
            let fetches = control.fetches.saturating_add(canary.fetches);
            *count = count.saturating_add(fetches.min(u64::from(u32::MAX)) as u32);
        }
    }

    /// Closes the strata of intervals that are over for long enough. Merging does so too. Where the clock turns out to have been
    /// ahead, what it took for the present is closed and its traffic forgotten: until that moment nobody would be missed.
    pub fn close(&mut self, now_ms: i64) {
        self.last_report_ms = self.last_report_ms.min(Some(now_ms));
        if interval(now_ms).saturating_add(OPEN_INTERVALS) < self.newest {
            while !self.open.is_empty() {
                self.close_first();
            }
            self.traffic = [0; RATE_INTERVALS];
            self.newest = interval(now_ms);
        }
        let now = interval(now_ms).max(self.newest);
        let passed = (now - self.newest).min(RATE_INTERVALS as u64) as usize;
        self.traffic.rotate_left(passed);
        for count in self.traffic.iter_mut().rev().take(passed) {
            *count = 0;
        }
        self.newest = now;
        while let Some(first) = self.open.first()
            && first.interval.saturating_add(OPEN_INTERVALS) <= now
        {
            self.close_first();
        }
    }

    fn close_first(&mut self) {
        if self.open.is_empty() {
            return;
        }
        let stratum = self.open.remove(0);
        let (plan, stages) = (&self.plan, &self.stages);
        take(
            &mut self.evidence,
            &mut self.baseline,
            plan,
            stages,
            &stratum,
        );
        self.recent.rotate_left(1);
        if let Some(last) = self.recent.last_mut() {
            *last = Control::of(&stratum);
        }
    }

    /// What all reports so far say, those of open strata included. Every look is allowed.
    pub fn assess(&self) -> Assessment {
        let (mut evidence, mut baseline) = (self.evidence.clone(), self.baseline.clone());
        for stratum in &self.open {
            take(
                &mut evidence,
                &mut baseline,
                &self.plan,
                &self.stages,
                stratum,
            );
        }
        let total = evidence.total(&self.plan);
        let for_rollback = if self.canary_units() < LATENCY_UNITS {
            evidence.total_without_latency(&self.plan)
        } else {
            total
        };
        let mut by_metric = [0.0; METRICS];
        let watched = Metric::ALL.into_iter().zip(self.plan.weights);
        for (slot, (metric, weight)) in by_metric.iter_mut().zip(watched) {
            if weight > 0.0 {
                *slot = evidence.of(metric);
            }
        }
        Assessment {
            by_metric,
            total,
            for_rollback,
            verdict: self.plan.verdict(total, for_rollback),
        }
    }

    /// Distinct canary units of all stages, at least. Where the site names its visitors nobody is known to be new.
    fn canary_units(&self) -> u64 {
        let new = self.stages.iter().map(|stage| stage.first_exposures.canary);
        let new = new.fold(0, u64::saturating_add);
        new.max(self.units.len().into())
    }

    /// The counts of the present stage, for the [rule](advance::Rule::judge) of the next step.
    pub fn stage_counts(&self) -> advance::Stage {
        let totals = self.totals();
        let floats = |counts: PerArm<u64>| PerArm {
            control: counts.control as f64,
            canary: counts.canary as f64,
        };
        advance::Stage {
            fetches: floats(totals.fetches),
            failures: floats(totals.hard_requests),
        }
    }

    /// Units exposed for the first time since the present stage began.
    pub fn exposed(&self) -> PerArm<u64> {
        self.totals().first_exposures
    }

    /// Units that were exposed in the present stage, and how many of them have reached each goal since.
    pub fn activation(&self) -> Activation {
        self.totals().activation
    }

    fn totals(&self) -> Totals {
        let totals = self.stages.get(usize::from(self.stage));
        totals.copied().unwrap_or_default()
    }

    /// The logarithm of the evidence that units do not arrive in the planned shares; see [`ratio::is_mismatch`].
    pub fn sample_ratio(&self) -> f64 {
        let stages = self.plan.ladder.shares().iter().zip(&self.stages);
        stages
            .map(|(share, totals)| {
                let (share, units) = (share.as_f64(), totals.first_exposures);
                ratio::log_evidence(&[(units.canary, share), (units.control, 1.0 - share)])
            })
            .sum()
    }

    /// Whether control fails far more than it did: in the last three strata 5 % or more, and five times as much as in the
    /// stage before them. Where they are all that is known of the stage, it is held against the stages before it.
    pub fn is_outage(&self) -> bool {
        let closed = self.recent.iter().copied();
        let strata = closed.chain(self.open.iter().map(Control::of));
        let all: Vec<_> = strata.collect();
        let last = all.get(all.len().saturating_sub(OUTAGE_STRATA)..);
        let mut sum = Control::default();
        let mut before = self.stages.map(|totals| Control {
            stage: 0,
            fetches: totals.fetches.control,
            failures: totals.hard_requests.control,
        });
        for control in last.unwrap_or_default() {
            sum.add(control);
            if let Some(before) = before.get_mut(usize::from(control.stage)) {
                before.fetches = before.fetches.saturating_sub(control.fetches);
                before.failures = before.failures.saturating_sub(control.failures);
            }
        }
        let of_stage = before.get(usize::from(self.stage)).copied();
        let before = of_stage.filter(|of| of.fetches > 0).unwrap_or_else(|| {
            let mut all = Control::default();
            before.iter().for_each(|control| all.add(control));
            all
        });
        let (least, times) = OUTAGE;
        sum.fetches > 0 && sum.rate() >= least.max(times * before.rate())
    }

    /// The part of the canary's hard failures so far that failover did not repair: 0.02 to 1, and 1 if there were none.
    /// For [`Traffic::visible`](advance::Traffic::visible).
    pub fn visible(&self) -> f64 {
        let (mut failures, mut saved) = (0u64, 0u64);
        for stage in &self.stages {
            failures = failures.saturating_add(stage.hard_requests.canary);
            saved = saved.saturating_add(stage.failover_saved);
        }
        if failures == 0 {
            1.0
        } else {
            (1.0 - saved as f64 / failures as f64).max(advance::LEAST_VISIBLE)
        }
    }

    /// Origin fetches a second that were reported of the last ten minutes, since the first of them: before it the rollout had not
    /// begun, or the guard was not there.
    pub fn rate(&self) -> f64 {
        let silent = self.traffic.iter().take_while(|count| **count == 0).count();
        let first = self.stages.first().map_or(0, |stage| stage.entered_ms);
        let begun = (self.newest - interval(first).min(self.newest) + 1) as f64;
        let intervals = begun.min(RATE_INTERVALS.saturating_sub(silent).max(1) as f64);
        let sum: u64 = self.traffic.iter().map(|count| u64::from(*count)).sum();
        let seconds = intervals * f64::from(INTERVAL_MS) / 1000.0;
        sum as f64 / seconds
    }

    /// The part of the usual traffic that the nodes have reported of the last minute: as much as before it is 1. Also 1
    /// where fewer than a hundred fetches are to be expected.
    pub fn coverage(&self) -> f64 {
        let first = self.stages.first().map_or(0, |stage| stage.entered_ms);
        let known = (self.newest - interval(first).min(self.newest)) as usize;
        let complete = self.traffic.iter().rev().skip(1);
        let sum = |from: usize, to: usize| -> f64 {
            let counts = complete.clone().take(to).skip(from);
            counts.map(|count| f64::from(*count)).sum()
        };
        let usual_intervals = known
            .min(RATE_INTERVALS - 1)
            .saturating_sub(LATEST_INTERVALS);
        let usual = sum(LATEST_INTERVALS, LATEST_INTERVALS + usual_intervals);
        let expected = usual * LATEST_INTERVALS as f64 / usual_intervals.max(1) as f64;
        if expected < LEAST_EXPECTED {
            1.0
        } else {
            sum(0, LATEST_INTERVALS) / expected
        }
    }

    /// When the last report came, in Unix milliseconds.
    pub const fn last_report_ms(&self) -> Option<i64> {
        self.last_report_ms
    }

    /// How many instances have reported in the last six intervals.
    pub fn instances(&self) -> usize {
        self.instances
            .heard_since(self.newest.saturating_sub(OPEN_INTERVALS - 1))
    }

    /// The strata that are still open for reports, in order.
    pub fn open(&self) -> impl Iterator<Item = &Report> {
        self.open.iter()
    }

    /// The plan.
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The present stage, from 0.
    pub const fn stage(&self) -> u8 {
        self.stage
    }
}

impl Plan {
    /// What follows from evidence; what is not a number rolls nothing back.
    pub fn verdict(&self, total: f64, for_rollback: f64) -> Verdict {
        if for_rollback * self.alpha >= 1.0 {
            Verdict::RollBack
        } else if total >= self.hold {
            Verdict::Hold
        } else {
            Verdict::Run
        }
    }
}

/// Takes a stratum into the evidence, and then control's latencies into the baseline.
fn take(
    evidence: &mut Evidence,
    baseline: &mut Baseline,
    plan: &Plan,
    stages: &[Totals; Ladder::MAX],
    stratum: &Open,
) {
    let stage = usize::from(stratum.stage);
    let begin_ms = (stratum.interval as i64).saturating_mul(i64::from(INTERVAL_MS));
    let is_warm = stages
        .get(stage)
        .is_some_and(|totals| begin_ms >= totals.entered_ms.saturating_add(WARM_UP_MS));
    evidence.add(
        plan,
        &Stratum {
            stage,
            arms: &stratum.arms,
            baseline: is_warm.then_some(&*baseline),
        },
    );
    baseline.add(&stratum.arms.control.latency);
}

impl Control {
    fn of(stratum: &Open) -> Self {
        let Counts {
            fetches,
            hard_requests,
            ..
        } = stratum.arms.control;
        Self {
            stage: stratum.stage,
            fetches,
            failures: hard_requests,
        }
    }

    fn add(&mut self, other: &Self) {
        self.fetches = self.fetches.saturating_add(other.fetches);
        self.failures = self.failures.saturating_add(other.failures);
    }

    fn rate(&self) -> f64 {
        if self.fetches == 0 {
            0.0
        } else {
            self.failures as f64 / self.fetches as f64
        }
    }
}

#[cfg(test)]
mod tests;
