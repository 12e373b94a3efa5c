//! What nodes have reported lately, for display: by flag and variant, and by node.

use flagstone_rollout::tally::{Line, Row};
use flagstone_rollout::{Histogram, INTERVAL_MS, interval};
use std::collections::{BTreeMap, VecDeque};

/// So many batches are remembered, so that one that is sent again counts once.
const BATCHES: usize = 64;
/// Figures are of one such time that is over and of the present one, in milliseconds.
const PERIOD_MS: i64 = 600_000;
/// A node that has not reported for so long is gone, in intervals: two minutes.
const GONE: u64 = 12;

/// What nodes have reported lately. Memory: some 3 KB for each variant that is served, and 60 bytes for each node.
///
/// Counts are kept in memory only: a new process begins at nothing, and says since when.
///
/// ```
/// use flagstone_guard::Activity;
///
/// let mut activity = Activity::new(0);
/// let line = r#"{"flagstone":"tally","instance":"07","sequence":0,"interval":1,"revision":7,"flag":"checkout","stage":0,"variant":"on","route":"/","requests":3}"#;
/// activity.take(1, line, 12_000);
/// activity.take(1, line, 12_500); // the same batch once more does not count
/// assert_eq!(activity.seen("checkout", "on").unwrap().counts().requests, 3);
/// assert_eq!(activity.nodes(13_000).next().unwrap().revision, 7);
/// ```
#[derive(Clone, Debug)]
pub struct Activity {
    since_ms: i64,
    flags: BTreeMap<String, BTreeMap<String, Seen>>,
    variants: usize,
    nodes: BTreeMap<u64, Node>,
    /// The latest last.
    batches: VecDeque<u64>,
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
}

/// What has been reported of a variant.
#[derive(Clone, Debug)]
pub struct Seen {
    begun_ms: i64,
    before: Row,
    now: Row,
    /// By interval, the newest last.
    requests: [u32; Activity::INTERVALS],
    failures: [u32; Activity::INTERVALS],
    newest: u64,
    last_ms: i64,
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
            since_ms: now_ms,
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
        let node = self.nodes.entry(id.instance).or_insert(Node {
            instance: id.instance,
            revision: 0,
            last_ms: now_ms,
        });
        // A report may still have requests of before.
        node.revision = node.revision.max(key.revision);
        node.last_ms = now_ms;
        if self.nodes.len() >= 2 * Self::NODES {
            self.forget();
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

    /// Since when it counts.
    pub const fn since_ms(&self) -> i64 {
        self.since_ms
    }

    /// What has been reported of a variant.
    pub fn seen(&self, flag: &str, variant: &str) -> Option<&Seen> {
        self.flags.get(flag)?.get(variant)
    }

    /// When a variant of a flag was last reported.
    pub fn last_ms(&self, flag: &str) -> Option<i64> {
        let variants = self.flags.get(flag)?;
        variants.values().map(|seen| seen.last_ms).max()
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
            before: Row::default(),
            now: Row::default(),
            requests: [0; Activity::INTERVALS],
            failures: [0; Activity::INTERVALS],
            newest: interval(now_ms),
            last_ms: now_ms,
        }
    }

    fn count(&mut self, row: &Row, now_ms: i64) {
        self.pass(now_ms);
        self.now.merge(row);
        self.last_ms = now_ms;
        let failures = failures(row);
        for (series, count) in [
            (&mut self.requests, row.requests),
            (&mut self.failures, failures),
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
            self.before = if passed < 2 * PERIOD_MS {
                last
            } else {
                Row::default()
            };
            self.begun_ms = now_ms;
        }
        let now = interval(now_ms).max(self.newest);
        for series in [&mut self.requests, &mut self.failures] {
            *series = shifted(series, now - self.newest);
        }
        self.newest = now;
    }

    /// Its counts of the last ten to twenty minutes before its last report.
    pub fn counts(&self) -> Row {
        let mut sum = self.before;
        sum.merge(&self.now);
        sum
    }

    /// Requests, and failures among them, in each of the last [`Activity::INTERVALS`] intervals, the newest last.
    pub fn series(&self, now_ms: i64) -> [[u32; Activity::INTERVALS]; 2] {
        let passed = interval(now_ms).saturating_sub(self.newest);
        [&self.requests, &self.failures].map(|series| shifted(series, passed))
    }

    /// Latencies of the same.
    pub fn latency(&self) -> Histogram {
        self.counts().latency
    }
}

/// What the variant's own origin did wrong, whatever visitors saw of it.
pub fn failures(row: &Row) -> u64 {
    let failures = row.errors.saturating_add(row.fallbacks);
    failures.saturating_add(row.harms)
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
