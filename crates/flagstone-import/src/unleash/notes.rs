//! What there is to know about a flag, and how large its conditions are.

use crate::report::Fidelity;
use crate::size::is_too_large;
use flagstone_compile::model::{Condition, Test};

/// Notes about one flag or segment.
#[derive(Clone, Default)]
pub(super) struct Notes {
    pub list: Vec<(Fidelity, String)>,
    /// Whether it is malformed as a whole to SDKs for other languages than JavaScript, which have it off then.
    pub is_malformed: bool,
}

impl Notes {
    pub fn add(&mut self, fidelity: Fidelity, note: impl Into<String>) {
        self.list.push((fidelity, note.into()));
    }

    /// Something is noted at which SDKs for other languages take the whole for malformed.
    pub fn malformed(&mut self, note: &str) {
        self.add(Fidelity::Noted, note);
        self.is_malformed = true;
    }

    /// Adds what is known of something that is part of this.
    pub fn extend(&mut self, other: &Self) {
        self.list.extend(other.list.iter().cloned());
        self.is_malformed |= other.is_malformed;
    }

    /// A condition that fails where the SDK throws: the definition is malformed there.
    pub fn fail(&mut self, what: &str) -> Condition {
        self.add(
            Fidelity::NotEvaluable,
            [what, "; an evaluation that comes there fails"].concat(),
        );
        Condition::Test(Test::Fail)
    }

    /// The condition, or one that fails if it has more tests than a snapshot has room for in one.
    pub fn bounded(&mut self, condition: Condition) -> Condition {
        if is_too_large(&condition) {
            return self.fail("a condition is too long");
        }
        condition
    }
}
