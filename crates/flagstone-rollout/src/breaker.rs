//! The breaker of a node: takes the canary out of service on one node, at once and without a network, when its
//! failures cannot be chance.
//!
//! The evidence is in [`evidence`]; here are the phases, closed, open and half-open, with pauses that grow. For nodes
//! whose memory does not last from request to request there is [`window`].

pub mod evidence;
pub mod window;

use crate::{Arm, PerArm, Share, UnitHash};
use evidence::{Evidence, effective_share};

/// How a breaker judges and waits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BreakerOptions {
    /// The probability of a false trip in the first `budget_ms` after a start, at most; within a time T it is at most
    /// α (1 + T / `budget_ms`).
    pub alpha: f64,
    /// See `alpha`; milliseconds.
    pub budget_ms: u32,
    /// The pause after the first trip, in milliseconds; doubles with each trip.
    pub pause_ms: u32,
    /// The longest pause, in milliseconds, before the jitter.
    pub longest_pause_ms: u32,
    /// So many probes must succeed, without an event between them, until the canary is back in service.
    pub probes: u8,
}

impl BreakerOptions {
    /// One false trip in a thousand hours of a node; 30 seconds to 15 minutes; 20 probes.
    pub const DEFAULT: Self = Self {
        alpha: 0.001,
        budget_ms: 3_600_000,
        pause_ms: 30_000,
        longest_pause_ms: 900_000,
        probes: 20,
    };

    /// The pause after a trip, in milliseconds; `trips` counts from 1. `jitter` are 16 random bits, which spread the
    /// pause evenly from 90 % to 110 %.
    pub const fn pause(&self, trips: u32, jitter: u16) -> u32 {
        grown_pause(self.pause_ms, self.longest_pause_ms, trips, jitter)
    }
}

impl Default for BreakerOptions {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// `first` doubled with each trip after the first, at most `longest`, then 90 % to 110 % of it.
const fn grown_pause(first: u32, longest: u32, trips: u32, jitter: u16) -> u32 {
    let doublings = trips.saturating_sub(1);
    let doublings = if doublings < 32 { doublings } else { 32 };
    let pause = (first as u64) << doublings;
    let pause = if pause < longest as u64 {
        pause
    } else {
        longest as u64
    };
    let permille = 900 + ((jitter as u64 * 201) >> 16);
    let pause = pause * permille / 1000;
    if pause < u32::MAX as u64 {
        pause as u32
    } else {
        u32::MAX
    }
}

/// What a breaker lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Every canary unit gets the canary.
    Closed,
    /// None does, until a moment.
    Open {
        /// Unix time in milliseconds.
        until_ms: i64,
    },
    /// One unit in sixteen does, and so many have succeeded.
    HalfOpen {
        /// Since the phase began.
        successes: u8,
    },
}

/// What an origin fetch, of either arm, is to the breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It did not fail hard.
    Success,
    /// A hard failure that counts: [`is_event`](crate::is_event), and the first of its unit.
    Event,
    /// A hard failure that does not count.
    Other,
}

/// What the guard of the whole rollout says; it overrides every breaker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Nothing: breakers decide.
    #[default]
    Run,
    /// Control for everybody: a rollback, or a pause.
    Stop,
}

/// What to serve to a unit whose evaluated variant is the canary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Serve {
    /// The canary; its outcome is counted.
    Canary,
    /// The canary, to see whether it works again; its outcome is told to the breaker, and compared with that of control's
    /// units that [would probe](UnitHash::probes).
    Probe,
    /// Control, since the breaker is open; the decision's reason is `guard_open`. The evaluated variant stays the
    /// canary, so that nobody is moved for good.
    Control,
    /// Control, since the guard says so.
    Stopped,
}

/// The breaker of one canary on one node. Fixed size, no allocation, no logarithm: the same bits on every platform.
///
/// Its evidence begins anew with each process, since the bound on false trips holds for each start; do not store it.
///
/// ```
/// use flagstone_rollout::{Arm, Breaker, BreakerOptions, PerArm, Phase, Seen, Share};
///
/// let (options, share) = (BreakerOptions::DEFAULT, Share::new(0.01).unwrap());
/// let mut breaker = Breaker::new(0);
/// breaker.expose(PerArm { control: 990, canary: 10 });
/// // Two failures of the canary at 1 %, none of control: that is no accident.
/// assert!(!breaker.observe(Arm::Canary, Seen::Event, share, 20_000, 0, &options));
/// assert!(breaker.observe(Arm::Canary, Seen::Event, share, 21_000, 0, &options));
/// assert!(matches!(breaker.phase(), Phase::Open { .. }));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Breaker {
    evidence: Evidence,
    fetches: PerArm<u32>,
    /// The last event's moment, or the start's.
    last_ms: i64,
    phase: Phase,
    trips: u32,
}

impl Breaker {
    /// A closed breaker at the start of a rollout or of a process. `now_ms`: Unix time in milliseconds.
    pub const fn new(now_ms: i64) -> Self {
        Self {
            evidence: Evidence::START,
            fetches: PerArm {
                control: 0,
                canary: 0,
            },
            last_ms: now_ms,
            phase: Phase::Closed,
            trips: 0,
        }
    }

    /// Begins another stage: the realised share is measured anew, the evidence stays.
    pub const fn enter_stage(&mut self) {
        self.fetches = PerArm {
            control: 0,
            canary: 0,
        };
    }

    /// What to serve to a unit whose variant is the canary. Where requests are randomised and not units, any hash of
    /// the request will do.
    pub const fn serve(&mut self, order: Order, unit: UnitHash, now_ms: i64) -> Serve {
        if let Order::Stop = order {
            return Serve::Stopped;
        }
        if let Phase::Open { until_ms } = self.phase
            && now_ms >= until_ms
        {
            self.phase = Phase::HalfOpen { successes: 0 };
        }
        match self.phase {
            Phase::Closed => Serve::Canary,
            Phase::HalfOpen { .. } if unit.probes() => Serve::Probe,
            Phase::Open { .. } | Phase::HalfOpen { .. } => Serve::Control,
        }
    }

    /// Takes an origin fetch into account; whether the breaker has tripped on it, which is worth an urgent report.
    ///
    /// While the breaker is open nothing happens; while it is half-open only the canary's fetches, its probes, matter.
    /// `share` is the stage's; `jitter` are 16 random bits, used only on a trip.
    pub fn observe(
        &mut self,
        arm: Arm,
        seen: Seen,
        share: Share,
        now_ms: i64,
        jitter: u16,
        options: &BreakerOptions,
    ) -> bool {
        match (self.phase, arm, seen) {
            (Phase::Closed, _, _) => {
                let evidence = match seen {
                    Seen::Event => self.event(arm, share, now_ms, options),
                    Seen::Success | Seen::Other => 0.0,
                };
                self.succeed(arm);
                let trips = evidence * options.alpha >= 1.0;
                if trips {
                    self.trip(now_ms, jitter, options);
                }
                trips
            }
            (Phase::HalfOpen { successes }, Arm::Canary, Seen::Success) => {
                let successes = successes.saturating_add(1);
                if successes >= options.probes {
                    self.phase = Phase::Closed;
                    self.evidence = Evidence::NONE;
                    self.enter_stage();
                } else {
                    self.phase = Phase::HalfOpen { successes };
                }
                false
            }
            (Phase::HalfOpen { .. }, Arm::Canary, Seen::Event) => {
                self.trip(now_ms, jitter, options);
                true
            }
            (Phase::HalfOpen { .. } | Phase::Open { .. }, _, _) => false,
        }
    }

    /// Counts an origin fetch while the breaker is closed: all that [`observe`](Self::observe) does of one without a failure.
    #[inline]
    pub(crate) const fn succeed(&mut self, arm: Arm) {
        // There are fewer than 65,536 of both.
        *self.fetches.of_mut(arm) += 1;
        if self.fetches.control + self.fetches.canary >= 65_536 {
            self.fetches.control >>= 1;
            self.fetches.canary >>= 1;
        }
    }

    /// Counts origin fetches without failures, many at once.
    pub const fn expose(&mut self, fetches: PerArm<u32>) {
        self.fetches.control = self.fetches.control.saturating_add(fetches.control);
        self.fetches.canary = self.fetches.canary.saturating_add(fetches.canary);
        // Only the ratio matters, and the recent one more.
        while self.fetches.control as u64 + self.fetches.canary as u64 >= 65_536 {
            self.fetches.control >>= 1;
            self.fetches.canary >>= 1;
        }
    }

    fn event(&mut self, arm: Arm, share: Share, now_ms: i64, options: &BreakerOptions) -> f64 {
        let elapsed = now_ms.saturating_sub(self.last_ms).max(0);
        self.last_ms = self.last_ms.max(now_ms);
        let mass = elapsed as f64 / f64::from(options.budget_ms.max(1));
        self.evidence.event(arm, self.effective_share(share), mass);
        self.evidence.total()
    }

    fn trip(&mut self, now_ms: i64, jitter: u16, options: &BreakerOptions) {
        self.trips = self.trips.saturating_add(1);
        let pause = options.pause(self.trips, jitter);
        self.phase = Phase::Open {
            until_ms: now_ms.saturating_add(i64::from(pause)),
        };
    }

    /// What the breaker lets through; an open one whose pause is over is half-open from the next
    /// [`serve`](Self::serve) on.
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// How often it has tripped.
    pub const fn trips(&self) -> u32 {
        self.trips
    }

    /// The evidence so far.
    pub const fn evidence(&self) -> &Evidence {
        &self.evidence
    }

    /// Origin fetches of the stage, of which only the ratio is kept from 65,536 on.
    pub const fn fetches(&self) -> PerArm<u32> {
        self.fetches
    }

    /// The share that the next event is judged with.
    pub fn effective_share(&self, share: Share) -> f64 {
        effective_share(
            share,
            PerArm {
                control: self.fetches.control.into(),
                canary: self.fetches.canary.into(),
            },
        )
    }
}

#[cfg(test)]
mod tests;
