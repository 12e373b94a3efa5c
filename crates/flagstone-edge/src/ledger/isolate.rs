//! A ledger in memory that lasts.

use super::{Ledger, Progress};
use crate::plan::{self, Compared};
use flagstone_core::hash;
use flagstone_rollout::tally::{self, Answer, Key, Tally};
use flagstone_rollout::{
    BreakerOptions, Fetch, INTERVAL_MS, Line, Node, Order, Report, ReportId, Serve, Share,
    UnitHash, interval,
};
use std::collections::VecDeque;

/// How many rollouts are kept, at about 2 KiB each; the one that was not used for longest makes room.
const MOST: usize = 64;
/// How many lines wait to be sent; the oldest is lost.
const MOST_LINES: usize = 256;

/// What an isolate keeps of rollouts.
#[derive(Debug)]
pub struct Isolate {
    entries: Vec<Entry>,
    tally: Tally,
    /// When the tally is to be reported, if there is something in it.
    tally_due_ms: i64,
    sequence: u32,
    outbox: Outbox,
    /// Random; its first value names this isolate.
    state: u64,
    instance: u64,
    key: Option<plan::Key>,
}

#[derive(Debug)]
struct Entry {
    flag: String,
    id: u64,
    node: Node,
    used_ms: i64,
}

/// Lines that wait to be sent.
#[derive(Debug)]
struct Outbox {
    lines: VecDeque<Line>,
    /// Above the number of every report so far. With it a rollout begins that is taken up, whether it has been forgotten or not.
    next: u32,
}

/// What is to be sent to whoever adds it up: lines of JSON without line feeds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reports {
    /// For the guard.
    pub rollouts: Vec<String>,
    /// For dashboards.
    pub tallies: Vec<String>,
}

impl Isolate {
    /// A ledger at the start of a process.
    pub const fn new() -> Self {
        Self {
            entries: Vec::new(),
            tally: Tally::new(),
            tally_due_ms: i64::MAX,
            sequence: 0,
            outbox: Outbox {
                lines: VecDeque::new(),
                next: 0,
            },
            state: 0,
            instance: 0,
            key: None,
        }
    }

    /// Signs what visitors keep of rollouts with the platform's secret, of 16 bytes at least.
    pub fn sign_with(&mut self, secret: &[u8]) {
        self.key = plan::Key::of(secret);
    }

    /// Names the process by random bytes, of which nothing can be seen in the name. The first call counts.
    pub fn name(&mut self, random: &[u8; 16]) {
        if self.instance == 0 {
            let [first, second] = [0u8, 1].map(|salt| {
                let mut bytes = [salt; 17];
                for (byte, random) in bytes.iter_mut().skip(1).zip(random) {
                    *byte = *random;
                }
                (hash::key(&bytes) as u64).max(1)
            });
            (self.instance, self.state) = (first, second);
        }
    }

    /// Milliseconds until something is to be reported, 0 if it is time; `None` if there is nothing.
    pub fn due(&self, now_ms: i64) -> Option<u32> {
        let nodes = self.entries.iter().map(|entry| entry.node.due_ms());
        let lines = (!self.outbox.lines.is_empty()).then_some(now_ms);
        let tally = (!self.tally.is_empty()).then_some(self.tally_due_ms);
        let due = nodes.flatten().chain(lines).chain(tally).min()?;
        Some(due.saturating_sub(now_ms).clamp(0, INTERVAL_MS.into()) as u32)
    }

    /// Everything that has been counted since the last time.
    pub fn reports(&mut self, now_ms: i64) -> Reports {
        for entry in &mut self.entries {
            while let Some(report) = entry.node.take_report(now_ms) {
                self.outbox.push(&entry.flag, report);
            }
        }
        let mut reports = Reports::default();
        while let Some(line) = self.outbox.lines.pop_front() {
            reports.rollouts.push(line.write());
        }
        while let Some((key, row)) = self.tally.take() {
            let id = ReportId {
                instance: self.instance,
                sequence: self.sequence,
            };
            self.sequence = self.sequence.wrapping_add(1);
            let line = tally::Line {
                id,
                interval: interval(now_ms),
                key,
                row,
            };
            reports.tallies.push(line.write());
        }
        reports
    }

    /// The node of a rollout; there is always one.
    fn node(&mut self, flag: &str, of: &Compared, now_ms: i64) -> Option<&mut Node> {
        self.node_of(flag, (of.id, of.stage, of.share), now_ms)
    }

    /// The same, by id, stage and share.
    fn node_of(
        &mut self,
        flag: &str,
        (id, stage, share): (u64, u8, Share),
        now_ms: i64,
    ) -> Option<&mut Node> {
        if !self.entries.iter().any(|entry| entry.id == id) {
            if self.entries.len() >= MOST {
                self.forget();
            }
            let phase = self.random();
            let node = Node::new(id, self.instance, stage, share, now_ms, phase);
            self.entries.push(Entry {
                flag: flag.to_owned(),
                id,
                node: node.numbered_from(self.outbox.next),
                used_ms: now_ms,
            });
        }
        let entry = self.entries.iter_mut().find(|entry| entry.id == id)?;
        entry.used_ms = now_ms;
        Some(&mut entry.node)
    }

    /// Makes room.
    fn forget(&mut self) {
        let oldest = self.entries.iter_mut().min_by_key(|entry| entry.used_ms);
        let Some(entry) = oldest else { return };
        while let Some(report) = entry.node.take_report(entry.used_ms) {
            self.outbox.push(&entry.flag, report);
        }
        let id = entry.id;
        self.entries.retain(|entry| entry.id != id);
    }

    /// 16 bits for jitter; whoever guesses them knows when reports are sent. By xorshift (Marsaglia 2003).
    fn random(&mut self) -> u16 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 32) as u16
    }
}

impl Default for Isolate {
    fn default() -> Self {
        Self::new()
    }
}

impl Outbox {
    fn push(&mut self, flag: &str, (id, report): (ReportId, Report)) {
        if self.lines.len() >= MOST_LINES {
            self.lines.pop_front();
        }
        self.next = self.next.max(id.sequence.wrapping_add(1));
        self.lines.push_back(Line {
            id,
            report,
            flag: flag.to_owned(),
            unit: None,
        });
    }
}

impl Ledger for Isolate {
    fn serve(&mut self, flag: &str, of: &Compared, unit: UnitHash, now_ms: i64) -> Serve {
        let Some(node) = self.node(flag, of, now_ms) else {
            return Serve::Canary;
        };
        // A stage begins with the first request that was assigned in it. Who was not drawn has no share.
        let drawn = of.is_randomised.then_some(of.share);
        let finished = drawn.and_then(|share| node.enter_stage(of.stage, share));
        let serve = node.serve(Order::Run, unit, now_ms);
        if let Some(report) = finished {
            self.outbox.push(flag, report);
        }
        serve
    }

    fn may_fail_over(&mut self, flag: &str, of: &Compared, now_ms: i64) -> bool {
        let node = self.node(flag, of, now_ms);
        node.is_some_and(|node| node.may_fail_over(now_ms))
    }

    fn tell(&mut self, flag: &str, of: &Compared, fetch: &Fetch, now_ms: i64) {
        let jitter = self.random();
        if let Some(node) = self.node(flag, of, now_ms) {
            node.tell(fetch, now_ms, jitter, &BreakerOptions::DEFAULT);
        }
    }

    fn count(&mut self, key: &Key, answer: &Answer, now_ms: i64) {
        if self.tally.is_empty() {
            self.tally_due_ms = now_ms.saturating_add(INTERVAL_MS.into());
        }
        self.tally.count(key, answer);
    }

    fn key(&mut self) -> Option<plan::Key> {
        self.key
    }

    fn progress(&mut self, flag: &str, progress: &Progress, now_ms: i64) {
        let of = (progress.rollout, progress.stage, progress.share);
        if let Some(node) = self.node_of(flag, of, now_ms) {
            progress.tell(node, now_ms);
        }
    }
}
