//! A ledger in what the requests of a point of presence share.

use super::{Ledger, Progress};
use crate::context::text;
use crate::plan::{self, Compared};
use flagstone_core::hash;
use flagstone_rollout::breaker::window::{Counts, penalty};
use flagstone_rollout::tally::{self, Answer, Key, Row};
use flagstone_rollout::{
    Arm, BreakerOptions, Failure, Fetch, Line, Node, PerArm, Report, ReportId, Serve, Share,
    UnitHash, interval,
};
use std::fmt::Display;

/// What the platform keeps: counters by name, and names that are shut for a time. It may miss some counts, and where it has
/// none at all, everything is 0 and open: then nothing trips, and failovers are not limited.
pub trait Shared {
    /// Adds one.
    fn increment(&self, counter: &str);

    /// What was added in the last 60 seconds.
    fn count(&self, counter: &str) -> u64;

    /// Shuts a name for so many milliseconds, 60,000 to 3,600,000.
    fn shut(&self, name: &str, millis: u32);

    /// Whether a name is shut.
    fn is_shut(&self, name: &str) -> bool;

    /// The secret that signs what visitors keep of rollouts, if there is one. Asked only where a request may count for goals.
    fn secret(&self) -> Option<Vec<u8>>;
}

/// For how long it is remembered that a breaker has tripped, in milliseconds.
const TRIP_MEMORY_MS: u32 = 3_600_000;
/// So many trips are told apart: the penalty grows no further.
const MOST_TRIPS: u32 = 4;
/// Failovers in a minute that need no successes of the canary, and how many successes allow one more.
const FREE_FAILOVERS: u64 = 10;
const SUCCESSES_EACH: u64 = 10;

/// A ledger of one request. What it counts is in [`lines`](Self::lines) at once.
#[derive(Debug)]
pub struct Pop<S> {
    shared: S,
    /// Random bits of the request: names its reports, spreads penalties.
    random: u64,
    lines: Vec<String>,
    sequence: u32,
}

impl<S: Shared> Pop<S> {
    /// A ledger in what is shared; `random` are bytes that no other request has, of which nothing can be seen in its reports.
    pub fn new(shared: S, random: &[u8; 16]) -> Self {
        Self {
            shared,
            random: hash::key(random) as u64,
            lines: Vec::new(),
            sequence: 0,
        }
    }

    /// Lines for the log: reports and rows of the tally, as JSON without line feeds.
    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    fn next_id(&mut self) -> ReportId {
        let sequence = self.sequence;
        self.sequence += 1;
        ReportId {
            instance: self.random,
            sequence,
        }
    }

    /// Takes an event into account; whether the breaker trips on it.
    fn event(&self, of: &Compared, arm: Arm, share: Share) -> bool {
        self.shared.increment(&name_in("f", of, arm));
        if arm == Arm::Control {
            return false;
        }
        let counts = |what| PerArm {
            control: self.shared.count(&name_in(what, of, Arm::Control)),
            canary: self.shared.count(&name_in(what, of, Arm::Canary)),
        };
        let counts = Counts {
            events: counts("f"),
            fetches: counts("n"),
        };
        let trips = counts.trips(share, BreakerOptions::DEFAULT.alpha);
        if trips {
            let name_of = |trip: u32| name(format_args!("trip-{trip}"), of);
            let remembered = |trip: &u32| self.shared.is_shut(&name_of(*trip));
            let trip = 1 + (1..=MOST_TRIPS).take_while(remembered).count() as u32;
            let millis = penalty(trip, self.random as u16);
            self.shared.shut(&name_of(trip), TRIP_MEMORY_MS);
            self.shared.shut(&name("canary", of), millis);
        }
        trips
    }

    /// Whether a failing unit has not failed in the last 60 seconds.
    fn is_first(&self, of: &Compared, class: &str, unit: Option<UnitHash>) -> bool {
        let Some(unit) = unit else { return true };
        let counter = text(format_args!("u:{:016x}:{class}:{:08x}", of.id, unit.0));
        self.shared.increment(&counter);
        self.shared.count(&counter) <= 1
    }
}

/// The name of what is kept of a rollout.
fn name(what: impl Display, of: &Compared) -> String {
    text(format_args!("{what}:{:016x}", of.id))
}

/// The name of what is kept of one of its arms.
fn name_in(what: &str, of: &Compared, arm: Arm) -> String {
    let arm = match arm {
        Arm::Canary => 'T',
        Arm::Control => 'C',
    };
    text(format_args!("{what}:{:016x}:{arm}", of.id))
}

impl<S: Shared> Ledger for Pop<S> {
    fn serve(&mut self, _: &str, of: &Compared, _: UnitHash, _: i64) -> Serve {
        match self.shared.is_shut(&name("canary", of)) {
            true => Serve::Control,
            false => Serve::Canary,
        }
    }

    fn may_fail_over(&mut self, _: &str, of: &Compared, _: i64) -> bool {
        let counter = name("o", of);
        let successes = self.shared.count(&name("s", of));
        let allowed = FREE_FAILOVERS + successes / SUCCESSES_EACH;
        let may = self.shared.count(&counter) < allowed;
        if may {
            self.shared.increment(&counter);
        }
        may
    }

    fn tell(&mut self, flag: &str, of: &Compared, fetch: &Fetch, now_ms: i64) {
        let has_failed = fetch.outcome.failure() == Some(Failure::Hard);
        if fetch.arm == Arm::Canary && !has_failed && !fetch.circumstances.moved {
            self.shared.increment(&name("s", of));
        }
        // A node that begins with this fetch counts it as any other does.
        let mut node = Node::new(of.id, self.random, of.stage, of.share, now_ms, 0);
        node.tell(fetch, now_ms, 0, &BreakerOptions::DEFAULT);
        let Some((_, mut report)) = node.take_report(now_ms) else {
            return;
        };
        let arm = fetch.arm;
        for class in ["hard", "soft"] {
            let counts = report.arms.of_mut(arm);
            let events = match class {
                "hard" => &mut counts.hard,
                _ => &mut counts.soft,
            };
            if *events > 0 && !self.is_first(of, class, fetch.unit) {
                *events = 0;
            }
        }
        if report.arms.of(arm).hard > 0 && self.event(of, arm, of.share) {
            report.tripped = 1;
        }
        if report.arms.of(arm).fetches > 0 {
            self.shared.increment(&name_in("n", of, arm));
        }
        self.push(flag, report, fetch.unit);
    }

    fn count(&mut self, key: &Key, answer: &Answer, now_ms: i64) {
        let id = self.next_id();
        let mut row = Row::default();
        row.add(answer);
        let line = tally::Line {
            id,
            interval: interval(now_ms),
            key: key.clone(),
            row,
        };
        self.lines.push(line.write());
    }

    fn key(&mut self) -> Option<plan::Key> {
        plan::Key::of(&self.shared.secret()?)
    }

    fn progress(&mut self, flag: &str, progress: &Progress, now_ms: i64) {
        let Progress {
            rollout,
            exposed_in,
            share,
            ..
        } = *progress;
        let mut node = Node::new(rollout, self.random, exposed_in, share, now_ms, 0);
        progress.tell(&mut node, now_ms);
        if let Some((_, report)) = node.take_report(now_ms) {
            // A line of one request; whose it is only matters for failures.
            self.push(flag, report, Some(UnitHash(self.random as u32)));
        }
    }
}

impl<S: Shared> Pop<S> {
    fn push(&mut self, flag: &str, report: Report, unit: Option<UnitHash>) {
        let line = Line {
            id: self.next_id(),
            report,
            flag: flag.to_owned(),
            unit,
        };
        self.lines.push(line.write());
    }
}
