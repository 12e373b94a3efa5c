//! What people want of a flag, and whether it may be.

use crate::{Document, Stamp};
use flagstone_core::UnixMillis;
use flagstone_edge::ControlError;
use flagstone_rollout::{Course, Refusal, Timetable};

/// What is to be done to a flag.
#[derive(Clone, Debug, PartialEq)]
pub enum Wish {
    /// Hold it at a variant, or no longer.
    Kill(Option<String>),
    /// Take a rollout of the plan of this id so far.
    Rollout(String, Course),
}

/// What is to be done, or why not.
pub type Wished = Result<Wish, String>;

impl Document {
    /// The document in which a flag has what is wished.
    ///
    /// # Errors
    /// If nodes could not read it.
    pub fn with(&self, flag: &str, wish: &Wish, stamp: &Stamp) -> Result<Self, ControlError> {
        match wish {
            Wish::Kill(variant) => self.with_kill(flag, variant.as_deref(), stamp),
            Wish::Rollout(plan, course) => self.with_rollout(flag, plan, course, stamp),
        }
    }

    /// Hold a flag no longer.
    ///
    /// # Errors
    /// If it is not held.
    pub fn lift(&self, flag: &str) -> Wished {
        match self.kill(flag) {
            Some(_) => Ok(Wish::Kill(None)),
            None => Err("it is not killed".to_owned()),
        }
    }

    /// Take a step of a rollout that needs no plan.
    ///
    /// # Errors
    /// If none has begun, or the step is refused.
    pub fn step(&self, flag: &str, step: impl Fn(&Course) -> Result<Course, Refusal>) -> Wished {
        let Some(entry) = self.rollout(flag) else {
            return Err("no rollout of it has begun".to_owned());
        };
        let course = step(&entry.course).map_err(refusal)?;
        Ok(Wish::Rollout(entry.plan.clone(), course))
    }

    /// Let a rollout of this plan go on.
    ///
    /// # Errors
    /// If it has not begun, or that is refused.
    pub fn resume(&self, flag: &str, plan: &str, timetable: &Timetable, now_ms: i64) -> Wished {
        let entry = self.rollout(flag).filter(|entry| entry.plan == plan);
        let entry = entry.ok_or_else(|| not_begun(plan))?;
        let course = entry.course.resume(timetable, now_ms).map_err(refusal)?;
        Ok(Wish::Rollout(plan.to_owned(), course))
    }
}

/// That a plan's rollout has not begun, in words.
pub fn not_begun(plan: &str) -> String {
    format!("the rollout of plan `{plan}` has not begun; begin it with `flagstone advance --begin`")
}

/// A refusal in words, with the moment from which on it may be otherwise.
pub fn refusal(refusal: Refusal) -> String {
    let opens = match &refusal {
        Refusal::Closed { opens_ms } | Refusal::Frozen { opens_ms, .. } => *opens_ms,
        _ => None,
    };
    match opens {
        Some(opens) => format!("{refusal}; it may grow from {} on", UnixMillis(opens)),
        None => refusal.to_string(),
    }
}
