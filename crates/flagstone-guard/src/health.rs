//! What the health page shows, at a moment.

mod flag;

use crate::{Activity, Desk, Document};
use flagstone_core::Snapshot;
use flagstone_edge::Control;
use serde_json::{Value, json};

/// So many nodes of a revision are shown one by one.
const NODES: usize = 50;

/// Everything there is to be seen. `docs/health.md` describes the JSON.
#[derive(Clone, Copy)]
pub struct Health<'a> {
    /// Now, in Unix milliseconds.
    pub at_ms: i64,
    /// The control document.
    pub document: &'a Document,
    /// The snapshot that it names.
    pub snapshot: Snapshot<'a>,
    /// What is known of rollouts.
    pub desk: &'a Desk,
    /// What nodes have reported lately, to this guard and to those that it shares its work with.
    pub activity: &'a Activity,
    /// Decisions, each a CloudEvent as JSON, the latest first. What is no JSON is passed over.
    pub decisions: &'a [String],
    /// What keeps the guard from its work, if anything does.
    pub problem: Option<&'a str>,
}

impl Health<'_> {
    /// The JSON. Cost: some ten microseconds for each variant that nodes have reported.
    pub fn json(&self) -> String {
        let Control {
            sequence,
            revision,
            snapshot,
            ..
        } = &self.document.control;
        let flags = self.snapshot.flags();
        let decisions = self.decisions.iter();
        let decisions = decisions.filter_map(|event| serde_json::from_str::<Value>(event).ok());
        json!({
            "version": 1,
            "at_ms": self.at_ms,
            "since_ms": self.activity.since_ms(),
            "revision": revision,
            "sequence": sequence,
            "snapshot": snapshot.to_string(),
            "last": self.document.last(),
            "problem": self.problem,
            "flags": flags.map(|flag| flag::json(self, &flag)).collect::<Vec<_>>(),
            "nodes": self.nodes(),
            "decisions": decisions.collect::<Vec<_>>(),
        })
        .to_string()
    }

    /// Nodes by revision, the latest first, and of each revision those that reported last.
    fn nodes(&self) -> Vec<Value> {
        let mut nodes: Vec<_> = self.activity.nodes(self.at_ms).collect();
        nodes.sort_by_key(|node| std::cmp::Reverse((node.revision, node.last_ms)));
        let revisions = nodes.chunk_by(|one, other| one.revision == other.revision);
        let revision = |nodes: &[&crate::activity::Node]| {
            let latest = nodes.iter().take(NODES).map(|node| {
                json!({
                    "instance": format!("{:016x}", node.instance),
                    "last_ms": node.last_ms,
                })
            });
            json!({
                "revision": nodes.first().map(|node| node.revision),
                "count": nodes.len(),
                "latest": latest.collect::<Vec<_>>(),
            })
        };
        revisions.map(revision).collect()
    }
}

#[cfg(test)]
mod tests;
