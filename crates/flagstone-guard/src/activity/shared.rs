//! What one guard has heard, as text for others that share its work: each shows what all of them have heard.

use super::{Activity, DOUBLE_MS, Lines, Node, Seen, shifted};
use flagstone_rollout::interval;
use flagstone_rollout::tally::{Key, Line, Row};
use serde_json::{Value, json};

impl Activity {
    /// When something was last heard, in Unix milliseconds; the smallest number if nothing was.
    pub const fn heard_ms(&self) -> i64 {
        self.heard_ms
    }

    /// Stands for the batches that have been counted lately, the latest last.
    pub fn batches(&self) -> impl Iterator<Item = u64> {
        self.batches.iter().copied()
    }

    /// Takes over which batches all guards have counted lately, so that none of them counts once more.
    pub fn know(&mut self, batches: impl IntoIterator<Item = u64>) {
        self.batches = batches.into_iter().collect();
    }

    /// Its counts as lines: a tally for each variant with its series in the line after it, another with none for what control
    /// gave in its place, and then the nodes of the last two minutes.
    pub fn to_text(&self, now_ms: i64) -> String {
        let mut text = String::new();
        for (flag, variants) in &self.flags {
            for (variant, seen) in variants {
                let counts = seen.counts(now_ms);
                let mut push = |row: &Row, series: Value| {
                    let line = Line {
                        interval: seen.newest,
                        key: Key {
                            flag: flag.clone(),
                            variant: variant.clone(),
                            ..Key::default()
                        },
                        row: *row,
                        ..Line::default()
                    };
                    text += &format!("{}\n{series}\n", line.write());
                };
                let series = [&seen.requests, &seen.failures].map(|series| series.to_vec());
                push(&counts.own, json!(series));
                if counts.guarded != Row::default() {
                    push(&counts.guarded, json!([[], []]));
                }
            }
        }
        let nodes = self.nodes(now_ms);
        let nodes: Vec<_> = nodes
            .map(|node| json!([node.instance, node.revision, node.last_ms]))
            .collect();
        text + &json!({ "last_ms": self.memory.last_ms, "nodes": nodes }).to_string()
    }

    /// Adds what another guard has written with [`to_text`](Self::to_text), to be shown at a moment; what makes no sense then is
    /// passed over.
    pub fn add(&mut self, text: &str, now_ms: i64) {
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            match Line::read(line) {
                Some(tally) => {
                    let series = lines.next().unwrap_or_default();
                    let series = serde_json::from_str(series).unwrap_or_default();
                    self.add_seen(&tally, &series, now_ms);
                }
                None => {
                    self.remember(line.as_bytes());
                    self.add_nodes(&serde_json::from_str(line).unwrap_or_default());
                }
            }
        }
    }

    fn add_seen(&mut self, tally: &Line, series: &[Vec<u32>; 2], now_ms: i64) {
        // A guard that has heard nothing for so long says nothing new either.
        if tally.interval < interval(now_ms.saturating_sub(DOUBLE_MS)) {
            return;
        }
        let Key { flag, variant, .. } = &tally.key;
        let variants = self.flags.entry(flag.clone()).or_default();
        let seen = variants
            .entry(variant.clone())
            .or_insert_with(|| Seen::new(now_ms));
        seen.pass(now_ms);
        seen.now.add(&tally.row);
        let newest = seen.newest.max(tally.interval);
        let [requests, failures] = series;
        for (mine, others) in [
            (&mut seen.requests, requests),
            (&mut seen.failures, failures),
        ] {
            let mut added = [0; Self::INTERVALS];
            for (slot, count) in added.iter_mut().zip(others) {
                *slot = *count;
            }
            *mine = shifted(mine, newest - seen.newest);
            let added = shifted(&added, newest - tally.interval);
            for (slot, count) in mine.iter_mut().zip(added) {
                *slot = slot.saturating_add(count);
            }
        }
        seen.newest = newest;
    }

    fn add_nodes(&mut self, value: &Value) {
        let nodes = value.get("nodes").and_then(Value::as_array);
        for node in nodes.into_iter().flatten() {
            let number = |index: usize| node.get(index).and_then(Value::as_u64);
            let (Some(instance), Some(revision), Some(last_ms)) = (number(0), number(1), number(2))
            else {
                continue;
            };
            let known = self.nodes.entry(instance).or_insert(Node {
                instance,
                revision,
                last_ms: 0,
                lines: Lines::default(),
            });
            known.revision = known.revision.max(revision);
            known.last_ms = known.last_ms.max(last_ms.try_into().unwrap_or(0));
        }
    }
}

#[cfg(test)]
mod tests;
