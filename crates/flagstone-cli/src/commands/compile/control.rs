//! The control document: which snapshot is in force.

use crate::report::Failure;
use flagstone_core::{Digest, Snapshot};
use serde_json::{Map, Value, json};
use std::fmt;
use std::fs;
use std::io;
use std::path::Path;

/// The greatest revision: 15 digits, as integers of HTTP's structured fields have.
pub const MAX_REVISION: u64 = 999_999_999_999_999;
/// The version of the document that this program writes.
const VERSION: u64 = 1;

/// A control document that is to be written.
pub struct Control<'p> {
    /// Where.
    pub path: &'p Path,
    revision: u64,
    document: Value,
}

impl<'p> Control<'p> {
    /// The document that follows the one at `path`, if there is one: another snapshot, with its cut if that is smaller, and a
    /// greater revision, and all else as it was.
    ///
    /// # Errors
    /// If there is a file that is no control document, or whose revision is not below the one asked for.
    pub fn next(
        path: &'p Path,
        asked: Option<u64>,
        snapshot: &Snapshot<'_>,
        cut: Option<Digest>,
    ) -> Result<Self, Failure> {
        let mut members = match fs::read(path) {
            Ok(bytes) => members(&bytes).map_err(|problem| Failure::Control {
                path: path.to_owned(),
                problem,
            })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Map::new(),
            Err(error) => return Err(Failure::read(path)(error)),
        };
        let held = members.get("revision").and_then(Value::as_u64).unwrap_or(0);
        let revision = asked.unwrap_or(held + 1);
        if revision <= held || revision > MAX_REVISION {
            return Err(Failure::Revision {
                path: path.to_owned(),
                held,
                asked: revision,
            });
        }
        if let Some(sequence) = members.get("sequence").and_then(Value::as_u64) {
            members.insert("sequence".into(), (sequence + 1).into());
        }
        members.insert("version".into(), VERSION.into());
        members.insert("revision".into(), revision.into());
        let name = snapshot.digest().to_string();
        match cut.filter(|cut| *cut != snapshot.digest()) {
            Some(cut) => {
                let cuts = json!({ name.as_str(): cut.to_string() });
                members.insert("cuts".into(), cuts)
            }
            None => members.remove("cuts"),
        };
        members.insert("snapshot".into(), name.into());
        Ok(Self {
            path,
            revision,
            document: Value::Object(members),
        })
    }

    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Says of each kill that the snapshot does not know its flag or variant.
    pub fn idle_kills(&self, snapshot: &Snapshot<'_>) -> Vec<String> {
        let kills = self.document.get("kills").and_then(Value::as_object);
        let idle = kills.into_iter().flatten().filter_map(|(key, variant)| {
            let Some(flag) = snapshot.find(key).and_then(|index| snapshot.flag(index)) else {
                return Some(format!(
                    "flag `{key}` is killed, but is not in the snapshot"
                ));
            };
            let known = variant
                .as_str()
                .and_then(|variant| flag.find_variant(variant));
            known.is_none().then(|| {
                format!("flag `{key}` is killed to {variant}, which is none of its variants")
            })
        });
        idle.collect()
    }
}

impl Control<'_> {
    /// Says of each rollout under way that the snapshot does not have its plan.
    pub fn idle_rollouts(&self, snapshot: &Snapshot<'_>) -> Vec<String> {
        let has = |key: &str, id: &str| {
            let is_its = |plan: flagstone_core::Plan<'_>| {
                let flag = snapshot.flag(plan.flag);
                plan.id == id && flag.is_some_and(|flag| flag.key() == key)
            };
            snapshot.plans().any(is_its)
        };
        let rollouts = self.document.get("rollouts").and_then(Value::as_object);
        let idle = rollouts.into_iter().flatten().filter_map(|(key, entry)| {
            let word = |name| entry.get(name).and_then(Value::as_str).unwrap_or("?");
            let is_under_way = matches!(word("state"), "running" | "paused");
            (is_under_way && !has(key, word("plan"))).then(|| {
                let id = word("plan");
                format!("the rollout of `{key}` by plan `{id}` ends: the snapshot has no such plan, nobody is in any more")
            })
        });
        idle.collect()
    }
}

impl fmt::Display for Control<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:#}", self.document)
    }
}

/// The members of a control document, or what is wrong with it.
fn members(bytes: &[u8]) -> Result<Map<String, Value>, &'static str> {
    let Ok(Value::Object(members)) = serde_json::from_slice(bytes) else {
        return Err("it is no JSON object");
    };
    let number = |name| members.get(name).and_then(Value::as_u64);
    match number("version") {
        Some(VERSION) => {}
        Some(_) => return Err("it is of another version"),
        None => return Err("it has no `version`"),
    }
    if !matches!(number("revision"), Some(..=MAX_REVISION)) {
        return Err("its `revision` is no number of at most 15 digits");
    }
    let has_sequence = members.contains_key("sequence");
    if has_sequence && !matches!(number("sequence"), Some(..MAX_REVISION)) {
        return Err("its `sequence` is no number of at most 15 digits, or the last one");
    }
    Ok(members)
}
