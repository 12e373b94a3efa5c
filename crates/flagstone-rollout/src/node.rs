//! A node's part of a rollout: filter, breaker, failover and counts of one flag, told of each origin fetch once.

use crate::breaker::{Breaker, BreakerOptions, Order, Phase, Seen, Serve};
use crate::failover::Budget;
use crate::report::{GOALS, INTERVAL_MS, interval};
use crate::{
    Arm, Circumstances, Failover, Failure, Ladder, LeftOut, Outcome, PerArm, Report, ReportId,
    Share, UnitFilter, UnitHash, Units, is_event,
};

/// How soon the first event of the canary is reported, in milliseconds.
const URGENT_MS: i64 = 1_000;

/// An origin fetch that has ended, as the node tells it. A failover is not told: control's answer to it is no exposure of
/// control, it is part of the canary's fetch.
#[derive(Clone, Copy, Debug)]
pub struct Fetch {
    /// The stage in which the request was assigned its arm, from 0.
    pub stage: u8,
    /// The arm.
    pub arm: Arm,
    /// Whether it is compared.
    pub circumstances: Circumstances,
    /// How it ended.
    pub outcome: Outcome,
    /// What became of a hard failure of the canary; for control always `None`.
    pub failover: Failover,
    /// The unit; `None` where requests are randomised, of which each is its own unit.
    pub unit: Option<UnitHash>,
    /// From the fetch to the response head, in milliseconds.
    pub latency_ms: u32,
    /// Whether the unit was exposed for the first time since the stage began. That counts also if a cache answered.
    pub first_exposure: bool,
}

impl Fetch {
    /// Whether it is compared, and no failure.
    #[inline]
    fn is_plain(&self) -> bool {
        self.outcome.failure().is_none()
            && self.failover == Failover::None
            && self.circumstances == Circumstances::DRAWN
    }
}

/// What came of telling a fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// It was counted.
    Counted,
    /// It was counted, and the breaker has tripped on it.
    Tripped,
    /// It was not compared, for this reason. Its unit counts all the same if it is new and was
    /// [drawn](Circumstances::is_drawn).
    LeftOut(LeftOut),
    /// Not counted: the breaker is open, or half-open and this unit is none that probes.
    NotClosed,
    /// Not counted: it was assigned in another stage than the node is in now.
    OtherStage,
}

/// What a node holds of one rollout. Fixed size, about 2 KiB; without allocation but for the bytes of a report.
///
/// ```
/// use flagstone_rollout::{
///     Arm, BreakerOptions, Circumstances, Failover, Fetch, Node, Order, Outcome, Serve, Share, Told, UnitHash,
/// };
///
/// let options = BreakerOptions::DEFAULT;
/// let mut node = Node::new(1, 42, 0, Share::new(0.5).unwrap(), 0, u16::MAX);
/// let unit = UnitHash::of("checkout-v2", "user-1");
/// assert_eq!(node.serve(Order::Run, unit, 5), Serve::Canary);
/// let fetch = Fetch {
///     stage: 0,
///     arm: Arm::Canary,
///     circumstances: Circumstances::DRAWN,
///     outcome: Outcome::Status(502),
///     failover: Failover::Saved,
///     unit: Some(unit),
///     latency_ms: 80,
///     first_exposure: true,
/// };
/// assert_eq!(node.tell(&fetch, 85, 0, &options), Told::Counted);
/// // The first event of the canary is reported within a second.
/// assert!(!node.is_due(1_000) && node.is_due(1_085));
/// let (id, report) = node.take_report(1_085).unwrap();
/// assert_eq!((id.sequence, report.arms.canary.hard, report.failover_saved), (0, 1, 1));
/// ```
#[derive(Clone, Debug)]
pub struct Node {
    share: Share,
    hard: UnitFilter,
    soft: UnitFilter,
    breaker: Breaker,
    failovers: Budget,
    /// What has been counted since the last report.
    report: Report,
    /// The canary's units, and how many more of them are noted.
    units: Units,
    room: u8,
    /// Units that were exposed in other stages than the present one, and goals that they reached.
    others: [PerArm<Goals>; Ladder::MAX],
    instance: u64,
    sequence: u32,
    due_ms: i64,
}

/// Units that were exposed, and those of them that reached each goal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Goals {
    exposed: u32,
    hits: [u32; GOALS],
}

impl Node {
    /// A node at the start of its process, or of a rollout: of a rollout's id, the random id of the process, the present
    /// stage and its share. `phase` are 16 random bits, which spread the nodes' reports over the interval.
    pub fn new(
        rollout: u64,
        instance: u64,
        stage: u8,
        share: Share,
        now_ms: i64,
        phase: u16,
    ) -> Self {
        let first = (u64::from(INTERVAL_MS) * u64::from(phase)) >> 16;
        Self {
            share,
            hard: UnitFilter::new(),
            soft: UnitFilter::new(),
            breaker: Breaker::new(now_ms),
            failovers: Budget::FULL,
            report: Report {
                rollout,
                stage,
                ..Report::default()
            },
            units: Units::new(),
            room: Units::ENOUGH,
            others: Default::default(),
            instance,
            sequence: 0,
            due_ms: now_ms.saturating_add(first as i64),
        }
    }

    /// The same, whose first report has this number. A process that forgets rollouts and takes them up again numbers on, so
    /// that no report is taken for an earlier one's repeat.
    #[must_use]
    pub const fn numbered_from(mut self, sequence: u32) -> Self {
        self.sequence = sequence;
        self
    }

    /// Moves to another stage; the report of the one before, if there is anything to report, is to be sent. Within a stage the share
    /// may be another one each time: where it grows, or rules have their own.
    pub fn enter_stage(&mut self, stage: u8, share: Share) -> Option<(ReportId, Report)> {
        self.share = share;
        if self.report.stage == stage {
            return None;
        }
        self.breaker.enter_stage();
        let finished = self.flush();
        self.report.stage = stage;
        finished
    }

    /// What to serve to a unit whose variant is the canary.
    pub fn serve(&mut self, order: Order, unit: UnitHash, now_ms: i64) -> Serve {
        self.breaker.serve(order, unit, now_ms)
    }

    /// Whether control may be asked for a request that failed on the canary, and
    /// [can be repeated](crate::failover::Attempt::is_replayable); takes what it costs.
    pub const fn may_fail_over(&mut self, now_ms: i64) -> bool {
        self.failovers.take(now_ms)
    }

    /// Takes a fetch into account. `jitter` are 16 random bits, used only if the breaker trips. Without a failure this
    /// is a few additions.
    // To call it would take a third of the time that it takes; `judge` is never inlined.
    #[inline(always)]
    pub fn tell(
        &mut self,
        fetch: &Fetch,
        now_ms: i64,
        jitter: u16,
        options: &BreakerOptions,
    ) -> Told {
        let is_here = fetch.stage == self.report.stage && self.breaker.phase() == Phase::Closed;
        if is_here && fetch.is_plain() {
            self.succeed(fetch, now_ms);
            return Told::Counted;
        }
        self.judge(fetch, now_ms, jitter, options)
    }

    /// Counts a fetch without a failure, as [`judge`](Self::judge) would.
    #[inline]
    fn succeed(&mut self, fetch: &Fetch, now_ms: i64) {
        self.begin(now_ms);
        // Which arm it is, is asked once for everything that differs by it.
        let counts = match fetch.arm {
            Arm::Control => {
                self.breaker.succeed(Arm::Control);
                &mut self.report.arms.control
            }
            Arm::Canary => {
                self.breaker.succeed(Arm::Canary);
                self.failovers.canary_succeeded();
                if self.room > 0 {
                    self.note(fetch.unit);
                }
                &mut self.report.arms.canary
            }
        };
        // Of one report: ten seconds.
        counts.fetches = counts.fetches.wrapping_add(1);
        let first = u64::from(fetch.first_exposure);
        counts.first_exposures = counts.first_exposures.wrapping_add(first);
        counts.latency.record(fetch.latency_ms);
    }

    /// Notes a unit of the canary while there is room.
    #[inline(never)]
    fn note(&mut self, unit: Option<UnitHash>) {
        if let Some(unit) = unit
            && self.units.insert(unit)
        {
            self.room -= 1;
            self.report.units.insert(unit);
        }
    }

    /// Takes any fetch into account.
    #[inline(never)]
    fn judge(&mut self, fetch: &Fetch, now_ms: i64, jitter: u16, options: &BreakerOptions) -> Told {
        let failure = fetch.outcome.failure();
        if fetch.arm == Arm::Canary {
            self.fail_over(fetch, failure, now_ms);
        }
        let is_here = fetch.stage == self.report.stage;
        // Of either arm the same sixteenth, so that probes are compared with their like.
        let is_compared = match self.breaker.phase() {
            Phase::Closed => true,
            Phase::HalfOpen { .. } => fetch.unit.is_some_and(UnitHash::probes),
            Phase::Open { .. } => false,
        };
        if let Some(reason) = fetch.circumstances.left_out() {
            // A cache keeps one arm's responses longer than the other's; as many units were drawn for each as planned.
            let is_first = fetch.first_exposure && fetch.circumstances.is_drawn();
            if is_first && is_here && is_compared {
                self.begin(now_ms);
                let count = &mut self.report.arms.of_mut(fetch.arm).first_exposures;
                *count = count.saturating_add(1);
            }
            return Told::LeftOut(reason);
        }
        if !is_here {
            return Told::OtherStage;
        }
        let event = failure.filter(|failure| self.counts(fetch, *failure));
        // A probe that fails says that the canary still does, also to a visitor who has failed before.
        let is_again = matches!(self.breaker.phase(), Phase::HalfOpen { .. })
            && is_event(fetch.arm, fetch.failover);
        let seen = match failure {
            Some(Failure::Hard) if event.is_some() || is_again => Seen::Event,
            Some(Failure::Hard) => Seen::Other,
            Some(Failure::Soft) | None => Seen::Success,
        };
        let trips = self
            .breaker
            .observe(fetch.arm, seen, self.share, now_ms, jitter, options);
        if trips {
            self.report_by(now_ms, now_ms);
            self.report.tripped = self.report.tripped.saturating_add(1);
        }
        if !is_compared {
            return Told::NotClosed;
        }
        if event.is_some() && fetch.arm == Arm::Canary {
            self.report_by(now_ms, now_ms.saturating_add(URGENT_MS));
        }
        self.count(fetch, failure, event, now_ms);
        if trips { Told::Tripped } else { Told::Counted }
    }

    /// Whether a failure is an event: it speaks about the variant, and its unit has not failed before.
    fn counts(&mut self, fetch: &Fetch, failure: Failure) -> bool {
        let filter = match failure {
            Failure::Hard => &mut self.hard,
            Failure::Soft => &mut self.soft,
        };
        is_event(fetch.arm, fetch.failover) && fetch.unit.is_none_or(|unit| filter.insert(unit))
    }

    fn fail_over(&mut self, fetch: &Fetch, failure: Option<Failure>, now_ms: i64) {
        let Circumstances {
            cache_hit,
            aborted,
            moved,
            ..
        } = fetch.circumstances;
        // Its answer says nothing of the canary.
        let is_other = cache_hit || aborted || moved;
        match fetch.failover {
            Failover::Saved => self.failovers.finished(true, now_ms),
            Failover::Failed => self.failovers.finished(false, now_ms),
            Failover::None if failure != Some(Failure::Hard) && !is_other => {
                self.failovers.canary_succeeded();
            }
            Failover::None => {}
        }
    }

    fn count(
        &mut self,
        fetch: &Fetch,
        failure: Option<Failure>,
        event: Option<Failure>,
        now_ms: i64,
    ) {
        self.begin(now_ms);
        if fetch.arm == Arm::Canary && self.room > 0 {
            self.note(fetch.unit);
        }
        let counts = self.report.arms.of_mut(fetch.arm);
        let is_hard = failure == Some(Failure::Hard);
        for (count, more) in [
            (&mut counts.fetches, true),
            (&mut counts.hard_requests, is_hard),
            (&mut counts.hard, event == Some(Failure::Hard)),
            (&mut counts.soft, event == Some(Failure::Soft)),
            (&mut counts.first_exposures, fetch.first_exposure),
        ] {
            *count = count.saturating_add(more.into());
        }
        if !is_hard && fetch.failover == Failover::None {
            counts.latency.record(fetch.latency_ms);
        }
        match (fetch.arm, fetch.failover) {
            (Arm::Canary, Failover::Saved) => {
                self.report.failover_saved = self.report.failover_saved.saturating_add(1);
            }
            (Arm::Canary, Failover::Failed) => {
                self.report.failover_failed = self.report.failover_failed.saturating_add(1);
            }
            (Arm::Control, _) | (Arm::Canary, Failover::None) => {}
        }
    }

    /// Counts a unit that was noted as exposed in a stage, so that it can reach goals. A stage that there is not counts
    /// nowhere.
    pub fn goal_exposed(&mut self, arm: Arm, stage: u8, now_ms: i64) {
        if stage == self.report.stage {
            self.begin(now_ms);
            let count = &mut self.report.arms.of_mut(arm).goal_exposed;
            *count = count.saturating_add(1);
        } else if let Some(arms) = self.others.get_mut(usize::from(stage)) {
            let count = &mut arms.of_mut(arm).exposed;
            *count = count.saturating_add(1);
        }
    }

    /// Counts a unit that reached a goal, 0 to 3, in time and for the first time; `stage` is the one in which it was
    /// exposed. A goal or a stage that there is not counts nowhere.
    pub fn goal_hit(&mut self, arm: Arm, stage: u8, goal: usize, now_ms: i64) {
        if stage == self.report.stage {
            self.begin(now_ms);
            let hits = &mut self.report.arms.of_mut(arm).goal_hits;
            if let Some(count) = hits.get_mut(goal) {
                *count = count.saturating_add(1);
            }
        } else if let Some(count) = self
            .others
            .get_mut(usize::from(stage))
            .and_then(|arms| arms.of_mut(arm).hits.get_mut(goal))
        {
            *count = count.saturating_add(1);
        }
    }

    /// A report is of the interval of its first count.
    fn begin(&mut self, now_ms: i64) {
        if self.report.interval == 0 {
            self.report.interval = interval(now_ms);
        }
    }

    fn report_by(&mut self, now_ms: i64, due_ms: i64) {
        self.begin(now_ms);
        self.due_ms = self.due_ms.min(due_ms);
    }

    /// When reports are to be sent, in Unix milliseconds; `None` if there is nothing to report.
    pub fn due_ms(&self) -> Option<i64> {
        let is_idle =
            self.report.is_empty() && self.others.iter().all(|arms| *arms == PerArm::default());
        (!is_idle).then_some(self.due_ms)
    }

    /// Whether it is time to send reports: an interval after the last, or sooner after a canary's event. A matter of two
    /// comparisons.
    pub const fn is_due(&self, now_ms: i64) -> bool {
        now_ms >= self.due_ms
    }

    /// A report to send, `None` when there are no more; call it until then. There is one of the present stage, and one of
    /// each other stage whose units have been exposed, or have reached goals, since.
    pub fn take_report(&mut self, now_ms: i64) -> Option<(ReportId, Report)> {
        self.due_ms = now_ms.saturating_add(INTERVAL_MS.into());
        if let Some(finished) = self.flush() {
            return Some(finished);
        }
        let (stage, arms) = (0u8..)
            .zip(&mut self.others)
            .find(|(_, arms)| **arms != PerArm::default())?;
        let arms = std::mem::take(arms);
        let mut report = Report {
            rollout: self.report.rollout,
            stage,
            interval: interval(now_ms),
            ..Report::default()
        };
        for arm in [Arm::Control, Arm::Canary] {
            let Goals { exposed, hits } = *arms.of(arm);
            let counts = report.arms.of_mut(arm);
            (counts.goal_exposed, counts.goal_hits) = (exposed.into(), hits.map(u64::from));
        }
        Some((self.next_id(), report))
    }

    /// What has been counted, if anything has.
    fn flush(&mut self) -> Option<(ReportId, Report)> {
        let finished = self.report;
        self.report = Report {
            rollout: finished.rollout,
            stage: finished.stage,
            ..Report::default()
        };
        (!finished.is_empty()).then(|| (self.next_id(), finished))
    }

    fn next_id(&mut self) -> ReportId {
        let sequence = self.sequence;
        self.sequence = sequence.wrapping_add(1);
        ReportId {
            instance: self.instance,
            sequence,
        }
    }

    /// The breaker.
    pub const fn breaker(&self) -> &Breaker {
        &self.breaker
    }
}

#[cfg(test)]
mod tests;
