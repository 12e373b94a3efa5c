//! How far a rollout has come, and whether it may take a step. People's commands and the guard go by the same rules.

use crate::calendar::{Calendar, Freeze, Gate};
use std::fmt;

/// What a rollout goes by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timetable {
    /// The least time in each stage, in milliseconds; at least one stage. After the last the canary gets everybody.
    pub dwells_ms: Vec<i64>,
    /// Whether the share grows by itself while a stage lasts, on a straight line to the next one's.
    pub straight: bool,
    /// When it may grow.
    pub calendar: Calendar,
}

/// What a rollout does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// It is in a stage, and may advance.
    Running,
    /// It is in a stage, and stays there.
    Paused,
    /// Nobody is in any more. Final: a new attempt is another rollout.
    RolledBack,
    /// Everybody is in. Only a rollback is left.
    Complete,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Running,
        Self::Paused,
        Self::RolledBack,
        Self::Complete,
    ];

    /// Its word in the control document.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused => "paused",
            Self::RolledBack => "rolled-back",
            Self::Complete => "complete",
        }
    }

    /// The state of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// How far an attempt of a rollout has come. All moments are Unix milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Course {
    /// Which attempt, from 1. Statistics of one attempt say nothing of the next.
    pub attempt: u32,
    /// The stage, from 0; of a rollout that has ended, the last one it was in.
    pub stage: u8,
    /// What it does.
    pub state: State,
    /// Since when it is in the stage, not counting pauses; of a rollout that has ended, when it did.
    pub since_ms: i64,
    /// Since when it is paused; else 0.
    pub held_ms: i64,
}

impl Course {
    /// Begins the attempt after the flag's `last`, of whatever plan: a plan may come back, and no number does.
    ///
    /// # Errors
    /// If the last one is of this plan and not rolled back, or nothing may grow now.
    pub fn begin(
        last: Option<&Self>,
        is_of_plan: bool,
        timetable: &Timetable,
        now_ms: i64,
    ) -> Result<Self, Refusal> {
        if is_of_plan && last.is_some_and(|last| last.state != State::RolledBack) {
            return Err(Refusal::Begun);
        }
        let attempt = last.map_or(0, |last| last.attempt).saturating_add(1);
        let course = Self {
            attempt,
            stage: 0,
            state: State::Running,
            since_ms: now_ms,
            held_ms: 0,
        };
        course.check_growth(timetable, now_ms)?;
        Ok(course)
    }

    /// Enters the next stage, or completes after the last.
    ///
    /// # Errors
    /// If it is not running, has not been in its stage for the dwell, or nothing may grow now.
    pub fn advance(&self, timetable: &Timetable, now_ms: i64) -> Result<Self, Refusal> {
        self.check_running()?;
        let dwell_ms = self.dwell_ms(timetable)?;
        let left_ms = dwell_ms.saturating_sub(self.dwelt_ms(now_ms));
        if left_ms > 0 {
            return Err(Refusal::Dwell { left_ms });
        }
        let next = self.next(timetable, now_ms)?;
        next.check_growth(timetable, now_ms)?;
        Ok(next)
    }

    /// Enters the next stage whatever dwell and calendar say: for people who know why.
    ///
    /// # Errors
    /// If it is not running.
    pub fn force(&self, timetable: &Timetable, now_ms: i64) -> Result<Self, Refusal> {
        self.check_running()?;
        self.next(timetable, now_ms)
    }

    /// Stays where it is. Allowed at any time.
    ///
    /// # Errors
    /// If it is not running.
    pub fn pause(&self, now_ms: i64) -> Result<Self, Refusal> {
        self.check_running()?;
        Ok(Self {
            state: State::Paused,
            held_ms: now_ms,
            ..*self
        })
    }

    /// Goes on. The time of the pause does not count to the dwell.
    ///
    /// # Errors
    /// If it is not paused; if it would grow by itself and nothing may grow now.
    pub fn resume(&self, timetable: &Timetable, now_ms: i64) -> Result<Self, Refusal> {
        if self.state != State::Paused {
            return Err(Refusal::NotPaused(self.state));
        }
        let running = Self {
            state: State::Running,
            since_ms: now_ms.saturating_sub(self.dwelt_ms(now_ms)),
            held_ms: 0,
            ..*self
        };
        if timetable.straight {
            running.check_growth(timetable, now_ms)?;
        }
        Ok(running)
    }

    /// Takes everybody out. Allowed at any time, also of a rollout that is complete.
    ///
    /// # Errors
    /// If that has been done.
    pub fn roll_back(&self, now_ms: i64) -> Result<Self, Refusal> {
        if self.state == State::RolledBack {
            return Err(Refusal::Ended(self.state));
        }
        Ok(Self {
            state: State::RolledBack,
            since_ms: now_ms,
            held_ms: 0,
            ..*self
        })
    }

    /// How long it has been in its stage, without pauses, in milliseconds.
    pub fn dwelt_ms(&self, now_ms: i64) -> i64 {
        let until = match self.state {
            State::Paused => self.held_ms,
            _ => now_ms,
        };
        until.saturating_sub(self.since_ms).max(0)
    }

    fn check_running(&self) -> Result<(), Refusal> {
        match self.state {
            State::Running => Ok(()),
            State::Paused => Err(Refusal::Paused),
            State::RolledBack | State::Complete => Err(Refusal::Ended(self.state)),
        }
    }

    fn dwell_ms(&self, timetable: &Timetable) -> Result<i64, Refusal> {
        let dwell = timetable.dwells_ms.get(usize::from(self.stage));
        dwell.copied().ok_or(Refusal::NoStage { stage: self.stage })
    }

    fn next(&self, timetable: &Timetable, now_ms: i64) -> Result<Self, Refusal> {
        self.dwell_ms(timetable)?;
        let is_last = usize::from(self.stage) + 1 >= timetable.dwells_ms.len();
        Ok(Self {
            stage: self.stage + u8::from(!is_last),
            state: match is_last {
                true => State::Complete,
                false => State::Running,
            },
            since_ms: now_ms,
            ..*self
        })
    }

    /// Whether this may grow as it would from now on.
    fn check_growth(&self, timetable: &Timetable, now_ms: i64) -> Result<(), Refusal> {
        let calendar = &timetable.calendar;
        let opens_ms = || calendar.opens(now_ms);
        match calendar.gate(now_ms) {
            Gate::Open => {}
            Gate::Closed => {
                return Err(Refusal::Closed {
                    opens_ms: opens_ms(),
                });
            }
            Gate::Frozen(freeze) => {
                return Err(Refusal::Frozen {
                    freeze,
                    opens_ms: opens_ms(),
                });
            }
            Gate::Unknown => return Err(Refusal::Unknown),
        }
        if timetable.straight && self.state == State::Running {
            let ends_ms = self.since_ms.saturating_add(self.dwell_ms(timetable)?);
            if let Some(freeze) = calendar.freeze_in(now_ms, ends_ms) {
                return Err(Refusal::GrowsIntoFreeze {
                    freeze: freeze.clone(),
                    ends_ms,
                });
            }
        }
        Ok(())
    }
}

/// Why a rollout does not take a step.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// An attempt is under way or complete.
    Begun,
    /// It has ended so.
    Ended(State),
    /// It is paused.
    Paused,
    /// It is not paused, but so.
    NotPaused(State),
    /// It has not been in the stage for long enough.
    Dwell {
        /// How much is left, in milliseconds.
        left_ms: i64,
    },
    /// It is outside of every window.
    Closed {
        /// When one opens, if that is known.
        opens_ms: Option<i64>,
    },
    /// A freeze is on.
    Frozen {
        /// Which.
        freeze: Freeze,
        /// When it may grow again, if that is known.
        opens_ms: Option<i64>,
    },
    /// It would grow by itself while a freeze is on.
    GrowsIntoFreeze {
        /// Which.
        freeze: Freeze,
        /// When the stage ends.
        ends_ms: i64,
    },
    /// What the zone's clocks show now is not known any more: the snapshot is too old.
    Unknown,
    /// The plan has no such stage.
    NoStage {
        /// Which.
        stage: u8,
    },
}

impl Refusal {
    /// From when on the step may be taken that was refused at a moment, if that is known and nobody does anything.
    pub fn until_ms(&self, calendar: &Calendar, now_ms: i64) -> Option<i64> {
        match self {
            Self::Dwell { left_ms } => calendar.opens(now_ms.saturating_add(*left_ms)),
            Self::Closed { opens_ms } | Self::Frozen { opens_ms, .. } => *opens_ms,
            _ => None,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Begun => f.write_str("an attempt has begun"),
            Self::Ended(state) => write!(f, "the attempt is {}", state.word()),
            Self::Paused => f.write_str("it is paused"),
            Self::NotPaused(state) => write!(f, "it is {}, not paused", state.word()),
            Self::Dwell { left_ms } => {
                write!(f, "the stage lasts another {} s", (left_ms + 999) / 1000)
            }
            Self::Closed { .. } => f.write_str("it is outside of the plan's windows"),
            Self::Frozen { freeze, .. } => write!(f, "a freeze is on{}", Why(freeze)),
            Self::GrowsIntoFreeze { freeze, .. } => {
                write!(f, "the stage would grow into a freeze{}", Why(freeze))
            }
            Self::Unknown => f.write_str(
                "the snapshot does not know the zone's clocks of today; compile it again",
            ),
            Self::NoStage { stage } => write!(f, "the plan has no stage {stage}"),
        }
    }
}

impl std::error::Error for Refusal {}

/// Why there is a freeze, in brackets.
struct Why<'f>(&'f Freeze);

impl fmt::Display for Why<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.why.as_str() {
            "" => Ok(()),
            why => write!(f, " ({why})"),
        }
    }
}

#[cfg(test)]
mod tests;
