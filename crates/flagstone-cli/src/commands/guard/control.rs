//! The control document, as the guard reads and changes it.

use crate::files::replace;
use flagstone_edge::Control;
use flagstone_rollout::Course;
use serde_json::{Map, Value, json};
use std::fs;
use std::path::PathBuf;

/// A control document in a file.
pub struct Document {
    pub path: PathBuf,
}

impl Document {
    /// Reads it.
    ///
    /// # Errors
    /// If there is none, or it cannot be used: then everything stays as it is.
    pub fn read(&self) -> Result<Control, String> {
        let bytes = fs::read(&self.path).map_err(|error| error.to_string())?;
        Control::read(&bytes).map_err(|error| error.to_string())
    }

    /// Puts a rollout's course into it, under the next number, if what it says of the rollout is still `held`.
    ///
    /// # Errors
    /// If it cannot be read or written, or somebody has changed the rollout meanwhile.
    pub fn put(
        &self,
        flag: &str,
        plan: &str,
        held: &Course,
        course: &Course,
    ) -> Result<(), String> {
        let text = fs::read(&self.path).map_err(|error| error.to_string())?;
        let control = Control::read(&text).map_err(|error| error.to_string())?;
        let now = control
            .rollouts
            .iter()
            .rfind(|rollout| rollout.flag == flag && rollout.plan == plan);
        if now.map(|rollout| rollout.course) != Some(*held) {
            return Err("somebody else has changed the rollout".to_owned());
        }
        let mut members: Map<String, Value> =
            serde_json::from_slice(&text).map_err(|error| error.to_string())?;
        let sequence = control.sequence + 1;
        members.insert("sequence".into(), sequence.into());
        let rollouts = members.entry("rollouts").or_insert_with(|| json!({}));
        if let Some(rollouts) = rollouts.as_object_mut() {
            rollouts.insert(flag.to_owned(), entry(plan, course));
        }
        let text = format!("{:#}\n", Value::Object(members));
        replace(&self.path, text.as_bytes()).map_err(|error| error.to_string())
    }
}

/// A rollout's entry.
fn entry(plan: &str, course: &Course) -> Value {
    let mut entry = json!({
        "plan": plan,
        "attempt": course.attempt,
        "stage": course.stage,
        "state": course.state.word(),
        "since": course.since_ms,
    });
    if course.state == flagstone_rollout::State::Paused
        && let Some(members) = entry.as_object_mut()
    {
        members.insert("held".to_owned(), course.held_ms.into());
    }
    entry
}
