//! The steps of an evaluation, kept.

use flagstone_core::{AttributeIndex, Decision, FlagIndex, Reason, Trace, VariantIndex};

/// A step of an evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A flag is looked at.
    EnterFlag(FlagIndex),
    /// It is decided; one that fails is never left.
    LeaveFlag(FlagIndex, Option<VariantIndex>, Reason, Option<u16>),
    /// A rule is looked at, counted from 0.
    EnterRule(u16),
    /// Its condition has been decided.
    LeaveRule(u16, bool),
    /// A segment is looked at, by its record number, which is its place in the model.
    EnterSegment(u32),
    /// A test, by its record number, holds or not.
    Test(u32, bool),
    /// A unit was bucketed.
    Split {
        /// Record number of the split.
        split: u32,
        /// The attribute that was hashed.
        by: AttributeIndex,
        /// In the units of the split's algorithm; `None` if there is nothing to hash.
        position: Option<u64>,
        /// Of the range it lies in.
        variant: Option<VariantIndex>,
    },
}

/// All steps of an evaluation, in their order.
#[derive(Clone, Debug, Default)]
pub struct Steps(pub Vec<Step>);

impl Trace for Steps {
    fn enter_flag(&mut self, flag: FlagIndex) {
        self.0.push(Step::EnterFlag(flag));
    }

    fn leave_flag(&mut self, decision: &Decision<'_>) {
        let variant = decision.variant.map(|variant| variant.index);
        let (flag, reason, rule) = (decision.flag, decision.reason, decision.rule);
        self.0.push(Step::LeaveFlag(flag, variant, reason, rule));
    }

    fn enter_rule(&mut self, rule: u16) {
        self.0.push(Step::EnterRule(rule));
    }

    fn leave_rule(&mut self, rule: u16, matched: bool) {
        self.0.push(Step::LeaveRule(rule, matched));
    }

    fn enter_segment(&mut self, segment: u32) {
        self.0.push(Step::EnterSegment(segment));
    }

    fn test(&mut self, test: u32, _: flagstone_core::Answer, holds: bool) {
        self.0.push(Step::Test(test, holds));
    }

    fn split(
        &mut self,
        split: u32,
        by: AttributeIndex,
        position: Option<u64>,
        variant: Option<VariantIndex>,
    ) {
        self.0.push(Step::Split {
            split,
            by,
            position,
            variant,
        });
    }
}
