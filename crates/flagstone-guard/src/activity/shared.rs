//! What one guard has heard, as text for others that share its work: each shows what all of them have heard.

use super::{Activity, Node, Seen, shifted};
use flagstone_rollout::tally::{Key, Line};
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

    /// Its counts as lines: a tally for each variant with its series in the line after it, and then the nodes of the last two
    /// minutes.
    pub fn to_text(&self, now_ms: i64) -> String {
        let mut text = String::new();
        for (flag, variants) in &self.flags {
            for (variant, seen) in variants {
                let line = Line {
                    interval: seen.newest,
                    key: Key {
                        flag: flag.clone(),
                        variant: variant.clone(),
                        ..Key::default()
                    },
                    row: seen.counts(),
                    ..Line::default()
                };
                let series = json!([seen.requests.to_vec(), seen.failures.to_vec()]);
                text += &format!("{}\n{series}\n", line.write());
            }
        }
        let nodes = self.nodes(now_ms);
        let nodes: Vec<_> = nodes
            .map(|node| json!([node.instance, node.revision, node.last_ms]))
            .collect();
        text + &json!({ "last_ms": self.memory.last_ms, "nodes": nodes }).to_string()
    }

    /// Adds what another guard has written with [`to_text`](Self::to_text); what makes no sense is passed over.
    pub fn add(&mut self, text: &str) {
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            match Line::read(line) {
                Some(tally) => {
                    let series = lines.next().unwrap_or_default();
                    self.add_seen(&tally, &serde_json::from_str(series).unwrap_or_default());
                }
                None => {
                    self.remember(line.as_bytes());
                    self.add_nodes(&serde_json::from_str(line).unwrap_or_default());
                }
            }
        }
    }

    fn add_seen(&mut self, tally: &Line, series: &[Vec<u32>; 2]) {
        let Key { flag, variant, .. } = &tally.key;
        let variants = self.flags.entry(flag.clone()).or_default();
        let seen = variants.entry(variant.clone()).or_insert_with(|| Seen {
            newest: tally.interval,
            ..Seen::new(0)
        });
        seen.now.merge(&tally.row);
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
            });
            known.revision = known.revision.max(revision);
            known.last_ms = known.last_ms.max(last_ms.try_into().unwrap_or(0));
        }
    }
}

#[cfg(test)]
mod tests;
