//! Who listens to an evaluation.

use crate::decision::Decision;
use crate::snapshot::{AttributeIndex, FlagIndex, VariantIndex};

/// What a test's question was answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Yes.
    Yes,
    /// No.
    No,
    /// There is no answer: the attribute is missing or of another type.
    Unknown,
}

impl From<bool> for Answer {
    #[inline]
    fn from(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }
}

/// Hears each step of an evaluation; `()` hears nothing and compiles to nothing. One evaluator serves the fast path and
/// explanations. Steps of a required flag come between that flag's `enter_flag` and `leave_flag`.
#[expect(unused_variables, reason = "a listener hears only what it wants to")]
pub trait Trace {
    /// Whether it hears anything; asked before each evaluation.
    fn listens(&self) -> bool {
        true
    }
    /// A flag is looked at.
    fn enter_flag(&mut self, flag: FlagIndex) {}
    /// It is decided.
    fn leave_flag(&mut self, decision: &Decision<'_>) {}
    /// The control document holds the flag at a variant.
    fn killed(&mut self) {}
    /// The tests that follow are those of the flag's prerequisites.
    fn enter_prerequisites(&mut self) {}
    /// They do not hold.
    fn prerequisites_failed(&mut self) {}
    /// The tests that follow are those of a rule, counted from 0.
    fn enter_rule(&mut self, rule: u16) {}
    /// The rule's condition has been decided.
    fn leave_rule(&mut self, rule: u16, matched: bool) {}
    /// A segment, by its record number, is looked at.
    fn enter_segment(&mut self, segment: u32) {}
    /// A test, by its record number, was answered, and so holds or not.
    fn test(&mut self, test: u32, answer: Answer, holds: bool) {}
    /// A unit was bucketed. `position` is in the units of the split's algorithm, `None` if the attribute `by` (the last that
    /// was tried) has no usable value; `variant` is that of the range it lies in, if there is one.
    fn split(
        &mut self,
        split: u32,
        by: AttributeIndex,
        position: Option<u64>,
        variant: Option<VariantIndex>,
    ) {
    }
}

impl Trace for () {
    fn listens(&self) -> bool {
        false
    }
}
