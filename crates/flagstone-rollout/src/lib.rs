//! The statistics of staged rollouts: counts in; advance, hold or roll back out.
//!
//! - **Node.** A [`Node`] is told of every origin fetch. It filters units that fail again and again, holds the
//!   [`Breaker`] that takes a canary out of service at once, limits [`failover`], and makes [`Report`]s that add up in any
//!   order and go over the wire as a [`Line`]. What dashboards want is in the [`tally`]. For platforms without memory between requests there is [`breaker::window`].
//! - **Guard.** One [`Guard`] a rollout adds the reports up, in any order and each once. Its evidence may be looked at
//!   any number of times; one error budget holds for the whole rollout. [`guard::State`] says what happens next.
//! - **Course.** A [`Course`] is how far a rollout has come; it takes a step if dwell, windows and freezes of its
//!   [`Timetable`] allow it. The command line and the guard ask the same rules.
//! - **Advice.** [`advance`] says whether the next share is within the risk budget, [`advise`] where to begin, how long
//!   it takes and what a mistake would cost; [`bounds`] are for display, [`ratio`] tells whether units arrive as planned.
//!
//! Nothing here reads a clock, draws randomness or does I/O: moments, in Unix milliseconds, and random bits are arguments.
//! Nothing panics, and memory is bounded. Logarithms and exponentials are this crate's own and made of additions,
//! multiplications and divisions, so that equal arguments give equal bits, and thereby equal decisions, on every platform.

pub mod advance;
pub mod advise;
mod arm;
pub mod bounds;
pub mod breaker;
mod bytes;
pub mod calendar;
pub mod course;
pub mod failover;
pub mod guard;
mod harm;
pub mod json;
pub mod latency;
mod node;
mod number;
mod ramp;
pub mod ratio;
mod report;
pub mod tally;
mod unit;

pub use arm::{Arm, PerArm};
pub use breaker::{Breaker, BreakerOptions, Order, Phase, Seen, Serve};
pub use bytes::ReadError;
pub use calendar::{Calendar, Freeze, Gate, Offset, Window};
pub use course::{Course, Refusal, State, Timetable};
pub use guard::Guard;
pub use harm::{Circumstances, Failover, Failure, LeftOut, Outcome, is_event};
pub use latency::Histogram;
pub use node::{Fetch, Node, Told};
pub use ramp::{Ladder, LadderError, Share};
pub use report::{
    Counts, GOALS, INTERVAL_MS, Instances, Line, LineError, Report, ReportId, Sequences, interval,
};
pub use unit::{UnitFilter, UnitHash, Units};
