//! What comes of a request's attempts at origins: whether the fallback is asked, and what is counted.

use super::{Compared, Key, Pending, Plan, Watched};
use crate::edit::Edit;
use crate::ledger::{Ledger, Progress};
use flagstone_core::UnixMillis;
use flagstone_rollout::tally::{self, Answer};
use flagstone_rollout::{Arm, Circumstances, Failover, Failure, Fetch, Outcome, Serve, UnitHash};

/// Which of a request's attempts are planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attempts {
    /// The first one, with its fallback.
    All,
    /// The first one alone: most need no fallback.
    First,
    /// The fallback, which takes the first one's place, from the same request, time, randomness and from what was
    /// [`Served`]. If the configuration has none any more it is the first one by that.
    Fallback,
}

/// What was served to a request when its first attempt was planned, as a ledger.
pub(crate) struct Served {
    pub watched: Vec<Watched>,
    pub key: Option<Key>,
}

impl Ledger for Served {
    fn serve(&mut self, flag: &str, _: &Compared, _: UnitHash, _: i64) -> Serve {
        let watched = self.watched.iter().find(|watched| watched.key.flag == flag);
        let compared = watched.and_then(|watched| watched.compared);
        compared.map_or(Serve::Canary, |of| of.serve)
    }

    fn may_fail_over(&mut self, _: &str, _: &Compared, _: i64) -> bool {
        true
    }

    fn tell(&mut self, _: &str, _: &Compared, _: &Fetch, _: i64) {}

    fn count(&mut self, _: &tally::Key, _: &Answer, _: i64) {}

    fn key(&mut self) -> Option<Key> {
        self.key
    }

    fn progress(&mut self, _: &str, _: &Progress, _: i64) {}
}

/// How an attempt at an origin has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// [`Outcome::Status`], [`Outcome::Connection`] or [`Outcome::Timeout`].
    pub outcome: Outcome,
    /// From the fetch to the response's head, or to the failure, in milliseconds.
    pub latency_ms: u32,
    /// Whether the platform's cache gave the response.
    pub from_cache: bool,
    /// The value of [`Plan::EVENT`] among the response's headers, lines joined by commas; empty without.
    pub events: String,
}

/// What follows an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Its response goes to the visitor, with these changes to its headers behind those of [`Plan::respond`]; or
    /// [`Plan::unreachable`] if there is none.
    Respond(Vec<Edit>),
    /// The same is done by [`Plan::fallback`], and [`Plan::stood_in`] says how that ended.
    FailOver,
}

impl Plan {
    /// Says how the attempt at the plan's origin has ended, and what follows. With [`Next::Respond`] it is counted.
    pub fn ended(&self, ledger: &mut impl Ledger, first: &Ended, now: UnixMillis) -> Next {
        self.pending.ended(ledger, first, now)
    }

    /// Says how the fallback's attempt has ended, after the `first` one failed. It is counted; the fallback's response goes to
    /// the visitor, whatever it is, with these changes to its headers behind those of [`respond`](Self::respond).
    pub fn stood_in(
        &self,
        ledger: &mut impl Ledger,
        first: &Ended,
        second: &Ended,
        now: UnixMillis,
    ) -> Vec<Edit> {
        self.pending.stood_in(ledger, first, second, now)
    }
}

impl Pending {
    /// See [`Plan::ended`].
    pub fn ended(&self, ledger: &mut impl Ledger, first: &Ended, now: UnixMillis) -> Next {
        let outcome = self.judged(first.outcome);
        // Not for a status that the configuration does not call a failure.
        if self.has_fallback && !matches!(outcome, Outcome::Status(_)) {
            let canaries = self.watched.iter().filter_map(|watched| {
                let of = watched.compared.as_ref().filter(|of| of.is_canary())?;
                Some((watched.key.flag.as_str(), of))
            });
            let may = |(flag, of)| ledger.may_fail_over(flag, of, now.0);
            if canaries.map(may).fold(true, |all, may| all & may) {
                return Next::FailOver;
            }
        }
        self.count(ledger, first, outcome, Failover::None, now);
        Next::Respond(self.reach(ledger, first, now))
    }

    /// See [`Plan::stood_in`].
    pub fn stood_in(
        &self,
        ledger: &mut impl Ledger,
        first: &Ended,
        second: &Ended,
        now: UnixMillis,
    ) -> Vec<Edit> {
        let failover = match second.outcome.failure() {
            Some(Failure::Hard) => Failover::Failed,
            Some(Failure::Soft) | None => Failover::Saved,
        };
        self.count(ledger, first, self.judged(first.outcome), failover, now);
        self.reach(ledger, second, now)
    }

    /// Counts what the visitor's answer has brought.
    fn reach(&self, ledger: &mut impl Ledger, answer: &Ended, now: UnixMillis) -> Vec<Edit> {
        let goals = self.goals.as_ref();
        goals.map_or_else(Vec::new, |goals| goals.count(ledger, answer, now))
    }

    /// With a status that the origin's configuration calls a failure taken for one.
    fn judged(&self, outcome: Outcome) -> Outcome {
        match outcome {
            Outcome::Status(status) if self.failures.has(status) => Outcome::Declared(status),
            outcome => outcome,
        }
    }

    /// Counts the first attempt, of which the outcome is judged.
    fn count(
        &self,
        ledger: &mut impl Ledger,
        first: &Ended,
        outcome: Outcome,
        failover: Failover,
        now: UnixMillis,
    ) {
        let has_failed = outcome.failure() == Some(Failure::Hard);
        for watched in &self.watched {
            let compared = watched.compared.as_ref();
            let harm = watched.harm.as_ref().filter(|_| !has_failed);
            let outcome = match outcome {
                Outcome::Status(status) if harm.is_some_and(|harm| harm.is_done(first)) => {
                    Outcome::Harmful(status)
                }
                outcome => outcome,
            };
            let is_guarded = compared.is_some_and(Compared::is_moved);
            let answer = Answer {
                is_error: has_failed && failover != Failover::Saved,
                is_harm: matches!(outcome, Outcome::Harmful(_)),
                is_fallback: failover == Failover::Saved,
                is_guarded,
                is_exposure: watched.is_exposure,
                latency_ms: (!has_failed && !is_guarded).then_some(first.latency_ms),
            };
            ledger.count(&watched.key, &answer, now.0);
            let Some(of) = compared else { continue };
            let fetch = Fetch {
                stage: of.stage,
                arm: of.arm,
                circumstances: Circumstances {
                    randomised: of.is_randomised,
                    prefetch: of.is_prefetch,
                    cache_hit: first.from_cache,
                    moved: is_guarded,
                    washout: of.is_washout,
                    ..Circumstances::DRAWN
                },
                outcome,
                failover: match of.arm {
                    Arm::Canary if !is_guarded => failover,
                    Arm::Canary | Arm::Control => Failover::None,
                },
                unit: of.unit,
                latency_ms: first.latency_ms,
                first_exposure: of.is_first,
            };
            ledger.tell(&watched.key.flag, of, &fetch, now.0);
        }
    }
}

#[cfg(test)]
mod tests;
