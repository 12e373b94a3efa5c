//! The control document as the commands and guards change it. What they do not know of it stays as it is.

use flagstone_edge::{Control, ControlError, Rollout};
use flagstone_rollout::{Course, State};
use serde_json::{Map, Value, json};

/// A control document.
#[derive(Clone, Debug)]
pub struct Document {
    members: Map<String, Value>,
    /// What nodes read.
    pub control: Control,
}

/// Who changes it, when and why.
#[derive(Clone, Debug)]
pub struct Stamp {
    /// A person, or `guard`.
    pub who: String,
    /// RFC 3339.
    pub when: String,
    /// In words.
    pub why: String,
    /// What was asked for: `kill`, `pause` and so on.
    pub what: &'static str,
    /// Tells this change from another at the same moment.
    pub mark: String,
}

impl Document {
    /// Reads one, as nodes do, and no less of it: what could not be written back would be lost with the next change.
    ///
    /// # Errors
    /// Those of [`Control::read`], which takes some of what is not JSON, such as `007` and `1e999`, for numbers.
    pub fn read(bytes: &[u8]) -> Result<Self, ControlError> {
        let control = Control::read(bytes)?;
        let members = serde_json::from_slice(bytes).map_err(|error| {
            let lines = bytes.split_inclusive(|byte| *byte == b'\n');
            let before = lines.take(error.line().saturating_sub(1));
            let before: usize = before.map(<[u8]>::len).sum();
            ControlError::Syntax {
                at: before.saturating_add(error.column().saturating_sub(1)),
            }
        })?;
        Ok(Self { members, control })
    }

    /// The entry of a flag's rollout.
    pub fn rollout(&self, flag: &str) -> Option<&Rollout> {
        self.control
            .rollouts
            .iter()
            .rfind(|entry| entry.flag == flag)
    }

    /// The variant that a flag is held at.
    pub fn kill(&self, flag: &str) -> Option<&str> {
        let mut kills = self.control.kills.iter().rev();
        let kill = kills.find(|(key, _)| key == flag);
        kill.map(|(_, variant)| variant.as_str())
    }

    /// The last change, if it was one of the commands'.
    pub fn last(&self) -> Option<&Value> {
        self.members.get("last")
    }

    /// What tells the last change from others.
    pub fn mark(&self) -> Option<&str> {
        self.last()?.get("mark")?.as_str()
    }

    /// The document in which a flag is held at a variant, or at none.
    ///
    /// # Errors
    /// If nodes could not read it: its number would be too large.
    pub fn with_kill(
        &self,
        flag: &str,
        variant: Option<&str>,
        stamp: &Stamp,
    ) -> Result<Self, ControlError> {
        let before = json!(self.kill(flag));
        self.changed("kills", flag, variant.map(Value::from), before, stamp)
    }

    /// The document in which a rollout has come so far.
    ///
    /// # Errors
    /// As of [`with_kill`](Self::with_kill).
    pub fn with_rollout(
        &self,
        flag: &str,
        plan: &str,
        course: &Course,
        stamp: &Stamp,
    ) -> Result<Self, ControlError> {
        let held = self.rollout(flag);
        let before = held.map_or(Value::Null, |held| entry(&held.plan, &held.course));
        self.changed("rollouts", flag, Some(entry(plan, course)), before, stamp)
    }

    /// The document with another value, or none, for a flag in one of its tables, and the audit line about that.
    fn changed(
        &self,
        table: &str,
        flag: &str,
        value: Option<Value>,
        before: Value,
        stamp: &Stamp,
    ) -> Result<Self, ControlError> {
        let mut members = self.members.clone();
        let sequence = self.control.sequence.saturating_add(1);
        members.insert("sequence".into(), sequence.into());
        let last = json!({
            "sequence": sequence,
            "when": stamp.when,
            "who": stamp.who,
            "what": stamp.what,
            "flag": flag,
            "why": stamp.why,
            "before": before,
            "after": value,
            "mark": stamp.mark,
        });
        members.insert("last".into(), last);
        let entries = members.entry(table).or_insert_with(|| json!({}));
        if let Value::Object(entries) = entries {
            match value {
                Some(value) => entries.insert(flag.to_owned(), value),
                None => entries.remove(flag),
            };
        }
        let text = Value::Object(members.clone()).to_string();
        let control = Control::read(text.as_bytes())?;
        Ok(Self { members, control })
    }

    /// Its text.
    pub fn text(&self) -> String {
        // Stores count characters.
        Value::Object(self.members.clone()).to_string()
    }

    /// The audit line of the last change.
    pub fn audit(&self) -> String {
        self.last().map(Value::to_string).unwrap_or_default()
    }
}

/// A rollout's entry.
pub fn entry(plan: &str, course: &Course) -> Value {
    let mut entry = json!({
        "plan": plan,
        "attempt": course.attempt,
        "stage": course.stage,
        "state": course.state.word(),
        "since": course.since_ms,
    });
    if let (State::Paused, Value::Object(members)) = (course.state, &mut entry) {
        members.insert("held".into(), course.held_ms.into());
    }
    entry
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    const STAMP: Stamp = Stamp {
        who: String::new(),
        when: String::new(),
        why: String::new(),
        what: "kill",
        mark: String::new(),
    };

    fn text(members: &str) -> String {
        let snapshot = "99aa06d3014798d86001c324468d497f";
        format!("{{\"version\":1,\"revision\":7,\"snapshot\":\"{snapshot}\",\n{members}}}")
    }

    /// What would be lost with the next change is not read. Nodes read all of these.
    #[test]
    fn what_could_not_be_written_back_is_refused() {
        for (value, is_read) in [
            ("1e999", false),
            ("007", false),
            (".5", false),
            ("nan", false),
            (r#"[1,{"deep":null}]"#, true),
        ] {
            let text = text(&format!("\"note\":{value}"));
            let begin = text.find(value).unwrap();
            let is_as_expected = match Document::read(text.as_bytes()) {
                Ok(document) => is_read && document.control.revision == 7,
                Err(ControlError::Syntax { at }) => {
                    !is_read && (begin..=begin + value.len()).contains(&at)
                }
                Err(_) => false,
            };
            assert!(is_as_expected, "{value}");
            assert!(Control::read(text.as_bytes()).is_ok(), "{value}");
        }
    }

    #[test]
    fn what_nodes_could_not_read_is_not_written() {
        for (sequence, is_written) in [(999_999_999_999_998u64, true), (999_999_999_999_999, false)]
        {
            let text = text(&format!("\"sequence\":{sequence}"));
            let document = Document::read(text.as_bytes()).unwrap();
            let next = document.with_kill("banner", Some("none"), &STAMP);
            let expected = match is_written {
                true => Ok(sequence + 1),
                false => Err(ControlError::Member { name: "sequence" }),
            };
            assert_eq!(next.map(|next| next.control.sequence), expected);
        }
    }
}
