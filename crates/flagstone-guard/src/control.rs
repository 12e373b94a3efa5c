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
    /// Reads one, as nodes do.
    ///
    /// # Errors
    /// Those of [`Control::read`].
    pub fn read(bytes: &[u8]) -> Result<Self, ControlError> {
        let control = Control::read(bytes)?;
        // What a node can read is an object.
        let members = serde_json::from_slice(bytes).unwrap_or_default();
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
    pub fn with_kill(&self, flag: &str, variant: Option<&str>, stamp: &Stamp) -> Self {
        let before = json!(self.kill(flag));
        self.changed("kills", flag, variant.map(Value::from), before, stamp)
    }

    /// The document in which a rollout has come so far.
    pub fn with_rollout(&self, flag: &str, plan: &str, course: &Course, stamp: &Stamp) -> Self {
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
    ) -> Self {
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
        let control = Control::read(text.as_bytes()).unwrap_or_else(|_| self.control.clone());
        Self { members, control }
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
