//! Where a rollout stands, and what may happen next.

use super::Verdict;
use crate::Ladder;
use crate::bytes::{ReadError, Reader};
use crate::report::INTERVAL_MS;

/// The shortest time in a stage, in milliseconds.
pub const SHORTEST_DWELL_MS: i64 = 30_000;
/// After so long in one hold people are told, in milliseconds.
pub const PATIENCE_MS: i64 = 86_400_000;
/// Without a report for so long nothing is known, in milliseconds.
pub const SILENCE_MS: i64 = 3 * INTERVAL_MS as i64;
/// Nodes that serve less of the usual traffic than this part say too little.
pub const COVERAGE: f64 = 0.5;

/// Why a rollout does not go on. The order is the one in which reasons are looked for, and the first is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hold {
    /// There are no reports, or of too little of the traffic.
    Stale,
    /// Control fails: whatever is behind both variants is down.
    Outage,
    /// More requests fail than is allowed at all.
    Ceiling,
    /// Units do not arrive in the planned shares.
    Mismatch,
    /// There is evidence against the canary, not yet enough for a rollback.
    Evidence,
    /// Too little is known to take the next step.
    Insufficient,
    /// The guard has lost what it knew.
    Lost,
    /// A person said so.
    Manual,
    /// The plan's calendar does not let it grow now.
    Closed,
}

impl Hold {
    /// All, in their order.
    pub const ALL: [Self; 9] = [
        Self::Stale,
        Self::Outage,
        Self::Ceiling,
        Self::Mismatch,
        Self::Evidence,
        Self::Insufficient,
        Self::Lost,
        Self::Manual,
        Self::Closed,
    ];
}

/// Where a rollout stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Not begun.
    Pending,
    /// In a stage, from 0; the last one is the bake, in which a little control is left.
    Running {
        /// Which.
        stage: u8,
    },
    /// In a stage that it may not leave.
    Held {
        /// Which.
        stage: u8,
        /// Why.
        reason: Hold,
    },
    /// Everybody has the canary.
    Complete,
    /// Everybody has control again; a new attempt is a new rollout.
    RolledBack,
    /// A person ended it.
    Stopped,
}

/// Whether a rollout may take its next step, as far as its plan goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Growth {
    /// It may.
    #[default]
    Allowed,
    /// It has not been in its stage for as long as the plan wants.
    Early,
    /// The plan's calendar does not let it grow now.
    Closed,
}

/// What is known at a moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Facts {
    /// What the evidence says.
    pub verdict: Verdict,
    /// When the last report came, in Unix milliseconds; `None` if none has.
    pub last_report_ms: Option<i64>,
    /// The part of the usual traffic that the nodes which report serve; 1 where that is not known.
    pub coverage: f64,
    /// Control fails more than usual: [`Guard::is_outage`](super::Guard::is_outage).
    pub outage: bool,
    /// More requests fail than the rollout's owner allows.
    pub ceiling: bool,
    /// [`is_mismatch`](crate::ratio::is_mismatch).
    pub mismatch: bool,
    /// What the [rule](crate::advance::Rule::judge) for the next share says; not asked in the last stage.
    pub may_advance: bool,
    /// The guard has lost its state of this attempt.
    pub lost: bool,
    /// A person holds it.
    pub manual: bool,
    /// What the plan says.
    pub growth: Growth,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing.
    Stay,
    /// Publish the share of this stage, from 0.
    Enter(u8),
    /// Publish the canary for everybody.
    Complete,
    /// Publish control for everybody.
    RollBack,
}

/// The state machine of a rollout. Missing and thin data neither roll back nor advance.
///
/// ```
/// use flagstone_rollout::Ladder;
/// use flagstone_rollout::guard::{Facts, Growth, Hold, Phase, State, Step, Verdict};
///
/// let mut state = State::new();
/// assert_eq!(state.start(0), Step::Enter(0));
/// let facts = Facts {
///     verdict: Verdict::Run,
///     last_report_ms: Some(28_000),
///     coverage: 1.0,
///     outage: false,
///     ceiling: false,
///     mismatch: false,
///     may_advance: true,
///     lost: false,
///     manual: false,
///     growth: Growth::Allowed,
/// };
/// assert_eq!(state.step(&facts, &Ladder::DEFAULT, 29_000), Step::Stay);
/// assert_eq!(state.step(&facts, &Ladder::DEFAULT, 30_000), Step::Enter(1));
/// let quiet = Facts { last_report_ms: None, ..facts };
/// assert_eq!(state.step(&quiet, &Ladder::DEFAULT, 70_000), Step::Stay);
/// assert_eq!(state.phase(), Phase::Held { stage: 1, reason: Hold::Stale });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    phase: Phase,
    /// When the stage was entered.
    entered_ms: i64,
    /// When the present hold began.
    held_ms: i64,
}

impl State {
    /// Of a rollout that has not begun.
    pub const fn new() -> Self {
        Self {
            phase: Phase::Pending,
            entered_ms: 0,
            held_ms: 0,
        }
    }

    /// Begins a rollout that is pending.
    pub const fn start(&mut self, now_ms: i64) -> Step {
        match self.phase {
            Phase::Pending => self.enter(0, now_ms),
            _ => Step::Stay,
        }
    }

    /// Enters a later stage, or the end, since a person said so.
    pub(super) const fn follow(&mut self, phase: Phase, now_ms: i64) {
        self.phase = phase;
        self.entered_ms = now_ms;
    }

    /// Looks at what is known. To be asked with every report that changes the verdict, and every ten seconds.
    pub fn step(&mut self, facts: &Facts, ladder: &Ladder, now_ms: i64) -> Step {
        let (Phase::Running { stage } | Phase::Held { stage, .. }) = self.phase else {
            return Step::Stay;
        };
        if facts.verdict == Verdict::RollBack {
            self.phase = Phase::RolledBack;
            return Step::RollBack;
        }
        let dwelt = now_ms.saturating_sub(self.entered_ms);
        let is_last = usize::from(stage) + 1 >= ladder.len();
        match self.hold(facts, is_last, dwelt, now_ms) {
            Some(reason) => {
                if self.phase != (Phase::Held { stage, reason }) {
                    self.held_ms = now_ms;
                }
                self.phase = Phase::Held { stage, reason };
                Step::Stay
            }
            None if dwelt < SHORTEST_DWELL_MS || facts.growth == Growth::Early => {
                self.phase = Phase::Running { stage };
                Step::Stay
            }
            None if is_last => {
                self.phase = Phase::Complete;
                Step::Complete
            }
            None => self.enter(stage + 1, now_ms),
        }
    }

    fn hold(&self, facts: &Facts, is_last: bool, dwelt: i64, now_ms: i64) -> Option<Hold> {
        // A stage that has just begun is not silent yet.
        let silence = facts
            .last_report_ms
            .map_or(dwelt, |last_ms| now_ms.saturating_sub(last_ms).min(dwelt));
        [
            (
                silence >= SILENCE_MS || facts.coverage < COVERAGE,
                Hold::Stale,
            ),
            (facts.outage, Hold::Outage),
            (facts.ceiling, Hold::Ceiling),
            (facts.mismatch, Hold::Mismatch),
            (facts.verdict == Verdict::Hold, Hold::Evidence),
            (
                !is_last && !facts.may_advance && dwelt >= SHORTEST_DWELL_MS,
                Hold::Insufficient,
            ),
            (facts.lost, Hold::Lost),
            (facts.manual, Hold::Manual),
            (
                facts.growth == Growth::Closed && dwelt >= SHORTEST_DWELL_MS,
                Hold::Closed,
            ),
        ]
        .into_iter()
        .find_map(|(applies, reason)| applies.then_some(reason))
    }

    const fn enter(&mut self, stage: u8, now_ms: i64) -> Step {
        self.phase = Phase::Running { stage };
        self.entered_ms = now_ms;
        Step::Enter(stage)
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let (code, stage, reason) = match self.phase {
            Phase::Pending => (0, 0, 0),
            Phase::Running { stage } => (1, stage, 0),
            Phase::Held { stage, reason } => (2, stage, reason as u8),
            Phase::Complete => (3, 0, 0),
            Phase::RolledBack => (4, 0, 0),
            Phase::Stopped => (5, 0, 0),
        };
        out.extend([code, stage, reason]);
        out.extend(self.entered_ms.to_le_bytes());
        out.extend(self.held_ms.to_le_bytes());
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, ReadError> {
        let (code, stage, reason) = (reader.byte()?, reader.byte()?, reader.byte()?);
        let phase = match code {
            0 => Phase::Pending,
            1 => Phase::Running { stage },
            2 => {
                let reason = Hold::ALL.get(usize::from(reason)).copied();
                let reason = reason.ok_or(ReadError::Range)?;
                Phase::Held { stage, reason }
            }
            3 => Phase::Complete,
            4 => Phase::RolledBack,
            5 => Phase::Stopped,
            _ => return Err(ReadError::Range),
        };
        Ok(Self {
            phase,
            entered_ms: reader.u64()? as i64,
            held_ms: reader.u64()? as i64,
        })
    }

    /// Where the rollout stands.
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// When the stage was entered, in Unix milliseconds.
    pub const fn entered_ms(&self) -> i64 {
        self.entered_ms
    }

    /// When the present hold began, in Unix milliseconds, if there is one.
    pub const fn held_since_ms(&self) -> Option<i64> {
        match self.phase {
            Phase::Held { .. } => Some(self.held_ms),
            _ => None,
        }
    }

    /// Whether one hold has lasted for a day, and people should know.
    pub fn wants_attention(&self, now_ms: i64) -> bool {
        self.held_since_ms()
            .is_some_and(|since_ms| now_ms.saturating_sub(since_ms) >= PATIENCE_MS)
    }
}

impl Default for State {
    fn default() -> Self {
        Self::new()
    }
}
