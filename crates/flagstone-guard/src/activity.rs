//! What nodes have reported lately, for display: by flag and variant, and by node.

mod shared;

use flagstone_rollout::tally::{Line, Row};
use flagstone_rollout::{INTERVAL_MS, interval};
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};

/// So many batches are remembered, so that one that is sent again counts once.
const BATCHES: usize = 64;
/// Figures are of one such time that is over and of the present one, in milliseconds.
const PERIOD_MS: i64 = 600_000;
/// After so long nothing is left of them.
const DOUBLE_MS: i64 = 2 * PERIOD_MS;
/// A node that has not reported for so long is gone, in intervals: two minutes.
const GONE: u64 = 12;
/// When flags were last reported is kept so often, in milliseconds.
const KEPT_MS: i64 = 600_000;
/// A flag of which nothing was heard for so long is forgotten: a year, in milliseconds.
const FORGOTTEN_MS: i64 = 365 * 86_400_000;

/// What nodes have reported lately. Memory: some 3 KB for each variant that is served, and 250 bytes for each node.
///
/// Counts are kept in memory only. When flags were last reported is for the host's store, so that a flag that nobody asks for
/// is found out whatever becomes of processes.
///
/// ```
/// use flagstone_guard::Activity;
///
/// let mut activity = Activity::new(0);
/// let line = r#"{"flagstone":"tally","instance":"07","sequence":0,"interval":1,"revision":7,"flag":"checkout","stage":0,"variant":"on","route":"/","requests":3}"#;
/// activity.take(1, line, 12_000);
/// activity.take(1, line, 12_500); // the same batch once more does not count
/// activity.take(2, line, 13_000); // nor does the line in another batch
/// assert_eq!(activity.seen("checkout", "on").unwrap().counts(13_000).requests(), 3);
/// assert_eq!(activity.nodes(13_000).next().unwrap().revision, 7);
/// ```
#[derive(Clone, Debug)]
pub struct Activity {
    memory: Memory,
    /// When the store got that, and when something was last heard.
    kept_ms: i64,
    heard_ms: i64,
    flags: BTreeMap<String, BTreeMap<String, Seen>>,
    variants: usize,
    nodes: BTreeMap<u64, Node>,
    /// The latest last.
    batches: VecDeque<u64>,
}

/// What outlives the process.
#[derive(Clone, Debug)]
struct Memory {
    since_ms: i64,
    /// When each flag was last reported.
    last_ms: BTreeMap<String, i64>,
}

/// A node that has reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    /// A random number of its process.
    pub instance: u64,
    /// The publication by which it has decided what it last reported.
    pub revision: u64,
    /// When it last reported, in Unix milliseconds.
    pub last_ms: i64,
    /// Which of its lines have been counted.
    lines: Lines,
}

/// Which of the last numbers of a node's lines have been counted. A report has a line for each variant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Lines {
    highest: u32,
    /// Bit `n % Lines::MOST`: whether number `n` was.
    bits: [u64; Lines::WORDS],
}

impl Lines {
    const WORDS: usize = 16;
    /// So many, of several reports.
    const MOST: u32 = 64 * Self::WORDS as u32;

    /// Notes a number; whether it is new. One that is far below the highest is taken for a repeat.
    fn insert(&mut self, number: u32) -> bool {
        let passed = number.saturating_sub(self.highest);
        for ahead in 0..passed.min(Self::MOST) {
            self.set(number.wrapping_sub(ahead), false);
        }
        self.highest = self.highest.max(number);
        self.highest - number < Self::MOST && !self.set(number, true)
    }

    /// Says whether it was set before.
    fn set(&mut self, number: u32, is_set: bool) -> bool {
        let place = number % Self::MOST;
        let Some(word) = self.bits.get_mut((place / 64) as usize) else {
            return false;
        };
        let mask = 1 << (place % 64);
        let was_set = *word & mask != 0;
        *word = if is_set { *word | mask } else { *word & !mask };
        was_set
    }
}

/// What has been reported of a variant.
#[derive(Clone, Debug)]
pub struct Seen {
    begun_ms: i64,
    before: Counts,
    now: Counts,
    /// By interval, the newest last.
    requests: [u32; Activity::INTERVALS],
    failures: [u32; Activity::INTERVALS],
    newest: u64,
}

/// What visitors of a variant got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// From its own origin, or from the fallback after that had failed.
    pub own: Row,
    /// From control, since the breaker was not closed.
    pub guarded: Row,
}

impl Activity {
    /// Intervals of ten seconds that are kept apart: ten minutes.
    pub const INTERVALS: usize = 60;
    /// More variants than this are not counted.
    pub const VARIANTS: usize = 4096;
    /// Of more nodes those that reported last are kept: so many, or up to twice as many.
    pub const NODES: usize = 1024;

    /// Nothing yet. Times are Unix milliseconds, here and below.
    pub const fn new(now_ms: i64) -> Self {
        Self {
            memory: Memory {
                since_ms: now_ms,
                last_ms: BTreeMap::new(),
            },
            kept_ms: i64::MIN,
            heard_ms: i64::MIN,
            flags: BTreeMap::new(),
            variants: 0,
            nodes: BTreeMap::new(),
            batches: VecDeque::new(),
        }
    }

    /// Counts the lines of tallies in a batch, which `batch` stands for. Other lines are passed over.
    pub fn take(&mut self, batch: u64, text: &str, now_ms: i64) {
        if self.batches.contains(&batch) {
            return;
        }
        let mut has_any = false;
        for line in text.lines().filter_map(Line::read) {
            has_any = true;
            self.count(&line, now_ms);
        }
        if has_any {
            self.batches.push_back(batch);
            if self.batches.len() > BATCHES {
                self.batches.pop_front();
            }
        }
    }

    fn count(&mut self, line: &Line, now_ms: i64) {
        let Line { id, key, row, .. } = line;
        self.heard_ms = now_ms;
        let node = self.nodes.entry(id.instance).or_insert(Node {
            instance: id.instance,
            revision: 0,
            last_ms: now_ms,
            lines: Lines::default(),
        });
        let is_new = node.lines.insert(id.sequence);
        // A report may still have requests of before.
        node.revision = node.revision.max(key.revision);
        node.last_ms = now_ms;
        if self.nodes.len() >= 2 * Self::NODES {
            self.forget();
        }
        if !is_new {
            return;
        }
        let is_known = self
            .flags
            .get(&key.flag)
            .is_some_and(|variants| variants.contains_key(&key.variant));
        if !is_known {
            if self.variants >= Self::VARIANTS || key.flag.is_empty() {
                return;
            }
            self.variants += 1;
        }
        self.memory.last_ms.insert(key.flag.clone(), now_ms);
        let variants = self.flags.entry(key.flag.clone()).or_default();
        let seen = variants
            .entry(key.variant.clone())
            .or_insert_with(|| Seen::new(now_ms));
        seen.count(row, now_ms);
    }

    /// Keeps the nodes that reported last.
    fn forget(&mut self) {
        let mut nodes: Vec<Node> = self.nodes.values().copied().collect();
        nodes.sort_unstable_by_key(|node| std::cmp::Reverse(node.last_ms));
        nodes.truncate(Self::NODES);
        self.nodes = nodes
            .into_iter()
            .map(|node| (node.instance, node))
            .collect();
    }

    /// Since when it is known when flags were last reported.
    pub const fn since_ms(&self) -> i64 {
        self.memory.since_ms
    }

    /// What the store should have, if that is another thing by now.
    pub(crate) fn to_keep(&self) -> Option<Vec<u8>> {
        let is_due = self.heard_ms.saturating_sub(self.kept_ms) >= KEPT_MS;
        let Memory { since_ms, last_ms } = &self.memory;
        let last_ms = last_ms
            .iter()
            .map(|(flag, last_ms)| (flag.clone(), json!(last_ms)));
        is_due.then(|| {
            let last_ms = Value::Object(last_ms.collect());
            json!({ "since_ms": since_ms, "last_ms": last_ms })
                .to_string()
                .into_bytes()
        })
    }

    /// Notes that the store has it.
    pub(crate) fn kept(&mut self) {
        self.kept_ms = self.heard_ms;
        let oldest_ms = self.heard_ms.saturating_sub(FORGOTTEN_MS);
        self.memory
            .last_ms
            .retain(|_, last_ms| *last_ms >= oldest_ms);
    }

    /// Takes over what the store had of an earlier process; what makes no sense is passed over.
    pub(crate) fn remember(&mut self, kept: &[u8]) {
        let kept: Value = serde_json::from_slice(kept).unwrap_or_default();
        let memory = &mut self.memory;
        if let Some(since_ms) = kept.get("since_ms").and_then(Value::as_i64) {
            memory.since_ms = memory.since_ms.min(since_ms);
        }
        let flags = kept.get("last_ms").and_then(Value::as_object);
        for (flag, kept_ms) in flags.into_iter().flatten().take(Self::VARIANTS) {
            let kept_ms = kept_ms.as_i64().unwrap_or(i64::MIN);
            let last_ms = memory.last_ms.entry(flag.clone()).or_insert(kept_ms);
            *last_ms = kept_ms.max(*last_ms);
        }
    }

    /// What has been reported of a variant.
    pub fn seen(&self, flag: &str, variant: &str) -> Option<&Seen> {
        self.flags.get(flag)?.get(variant)
    }

    /// When a variant of a flag was last reported.
    pub fn last_ms(&self, flag: &str) -> Option<i64> {
        self.memory.last_ms.get(flag).copied()
    }

    /// Nodes that have reported in the last two minutes.
    pub fn nodes(&self, now_ms: i64) -> impl Iterator<Item = &Node> {
        let oldest_ms = now_ms.saturating_sub(GONE as i64 * i64::from(INTERVAL_MS));
        self.nodes
            .values()
            .filter(move |node| node.last_ms >= oldest_ms)
    }
}

impl Seen {
    fn new(now_ms: i64) -> Self {
        Self {
            begun_ms: now_ms,
            before: Counts::default(),
            now: Counts::default(),
            requests: [0; Activity::INTERVALS],
            failures: [0; Activity::INTERVALS],
            newest: interval(now_ms),
        }
    }

    fn count(&mut self, row: &Row, now_ms: i64) {
        self.pass(now_ms);
        let mut counts = Counts::default();
        counts.add(row);
        self.now.merge(&counts);
        for (series, count) in [
            (&mut self.requests, counts.requests()),
            (&mut self.failures, counts.failures()),
        ] {
            if let Some(last) = series.last_mut() {
                *last = last.saturating_add(count.min(u64::from(u32::MAX)) as u32);
            }
        }
    }

    fn pass(&mut self, now_ms: i64) {
        let passed = now_ms.saturating_sub(self.begun_ms);
        if passed >= PERIOD_MS {
            let last = std::mem::take(&mut self.now);
            self.before = if passed < DOUBLE_MS {
                last
            } else {
                Counts::default()
            };
            self.begun_ms = now_ms;
        }
        let now = interval(now_ms).max(self.newest);
        for series in [&mut self.requests, &mut self.failures] {
            *series = shifted(series, now - self.newest);
        }
        self.newest = now;
    }

    /// Its counts of the last ten to twenty minutes.
    pub fn counts(&self, now_ms: i64) -> Counts {
        let mut counts = self.now;
        match now_ms.saturating_sub(self.begun_ms) {
            ..PERIOD_MS => counts.merge(&self.before),
            PERIOD_MS..DOUBLE_MS => {}
            DOUBLE_MS.. => counts = Counts::default(),
        }
        counts
    }

    /// Requests, and failures among them, in each of the last [`Activity::INTERVALS`] intervals, the newest last.
    pub fn series(&self, now_ms: i64) -> [[u32; Activity::INTERVALS]; 2] {
        let passed = interval(now_ms).saturating_sub(self.newest);
        [&self.requests, &self.failures].map(|series| shifted(series, passed))
    }
}

impl Counts {
    /// Adds a row, of one or the other.
    fn add(&mut self, row: &Row) {
        let rows = match row.is_guarded() {
            true => &mut self.guarded,
            false => &mut self.own,
        };
        rows.merge(row);
    }

    fn merge(&mut self, other: &Self) {
        self.own.merge(&other.own);
        self.guarded.merge(&other.guarded);
    }

    /// Both together, as visitors saw them.
    pub fn all(&self) -> Row {
        let mut all = self.own;
        all.merge(&self.guarded);
        all
    }

    /// Responses that visitors got.
    pub const fn requests(&self) -> u64 {
        self.own.requests.saturating_add(self.guarded.requests)
    }

    /// What the variant's own origin did wrong, whatever visitors saw of it.
    pub const fn failures(&self) -> u64 {
        let failures = self.own.errors.saturating_add(self.own.fallbacks);
        failures.saturating_add(self.own.harms)
    }
}

fn shifted<const N: usize>(series: &[u32; N], by: u64) -> [u32; N] {
    let by = usize::try_from(by).unwrap_or(N).min(N);
    let mut shifted = [0; N];
    for (slot, count) in shifted.iter_mut().zip(series.iter().skip(by)) {
        *slot = *count;
    }
    shifted
}

#[cfg(test)]
mod tests;
