//! Flags with one rule at most, whose tests must all hold ([`FLAG_PLAIN`](crate::layout::FLAG_PLAIN)), as most are.
//!
//! Whether a test holds for a visitor is nothing that a processor foresees. One that went the wrong way throws away all that it has begun of
//! this decision and of the next ones, which takes longer than to ask all tests; so what follows is selected, and nothing jumps.

use super::condition::about_value;
use super::split::Outcome;
use super::{Answer, Choice, Evaluator, Run, SERVICES, Trace};
use crate::context::Attributes;
use crate::decision::Reason;
use crate::layout::{
    FLAG_DISABLED, FlagRecord, NONE16, Op, PLAIN_TESTS, Record, SHARE, TestRecord,
};
use crate::snapshot::AttributeIndex;

impl<A: Attributes> Evaluator<'_, '_, A> {
    /// What a plain flag comes to.
    #[inline(always)]
    pub(super) fn plain(&self, row: &[u8; FlagRecord::SIZE], trace: &mut impl Trace) -> Choice {
        let Some(flag) = FlagRecord::read(row) else {
            return Choice::ERROR;
        };
        if flag.flags & FLAG_DISABLED != 0 {
            return Choice::new(flag.default, NONE16, Reason::Disabled);
        }
        if flag.rules_count == 0 {
            return Choice::new(flag.default, NONE16, Reason::Static);
        }
        self.plain_ruled(row, trace)
    }

    /// What a plain flag with a rule comes to.
    #[inline(never)]
    fn plain_ruled(&self, row: &[u8; FlagRecord::SIZE], trace: &mut impl Trace) -> Choice {
        let Some(flag) = FlagRecord::read(row) else {
            return Choice::ERROR;
        };
        let (default, rule) = (flag.default, flag.plain_rule());
        trace.enter_rule(0);
        let holds = match rule.tests_count {
            0 => Some(true),
            count => self.all_hold(rule.tests, count, trace),
        };
        let Some(holds) = holds else {
            return Choice::ERROR;
        };
        trace.leave_rule(0, holds);
        let served = if rule.variant == SHARE {
            match self.share(rule.split) {
                Some(share) => {
                    if holds {
                        share.tell(rule.split, trace);
                    }
                    share.choice(default, 0)
                }
                None if holds => return self.first_share(default, rule.split, trace),
                None => Choice::ERROR,
            }
        } else if rule.variant == NONE16 {
            Choice::new(default, 0, Reason::Default)
        } else {
            Choice::new(rule.variant, 0, Reason::TargetingMatch)
        };
        let default = Choice::new(default, NONE16, Reason::Default);
        Choice::select(holds, served, default)
    }

    /// Whether all tests of a plain rule hold. A listener hears them up to the first that does not.
    #[inline(always)]
    fn all_hold(&self, first: u32, count: u16, trace: &mut impl Trace) -> Option<bool> {
        let tests = self.tables.tests.get(first as usize..)?;
        let tests = tests.get(..count.min(PLAIN_TESTS).into())?;
        let mut all = true;
        for (place, row) in (first..).zip(tests) {
            let test = TestRecord::read(row)?;
            if all && test.op == Op::Segment as u8 {
                trace.enter_segment(test.a);
            }
            let (answer, holds) = match self.frequent(row) {
                Some(yes) => {
                    let yes = yes?;
                    (yes.into(), yes ^ test.is_negated())
                }
                None => {
                    let answer = self.apart(row)?;
                    (answer, test.holds(answer))
                }
            };
            if all {
                trace.test(place, answer, holds);
            }
            all &= holds;
        }
        Some(all)
    }

    /// The answer to another question, which the frequent ones are where the attribute is no text. It leads to no other flag and no
    /// segment, so that also damaged bytes come to an end.
    #[inline(never)]
    fn apart(&self, row: &[u8; TestRecord::SIZE]) -> Option<Answer> {
        let test = TestRecord::read(row)?;
        let op = Op::from_code(test.op).filter(|op| SERVICES || op.is_native())?;
        if op == Op::Never {
            return Some(Answer::No);
        }
        let value = self.attributes.attribute(AttributeIndex(test.attribute));
        op.asks_value()
            .then(|| about_value(&self.snapshot, op, test, value))?
    }

    /// What a share gives that is the first to be asked for, or whose unit is no text.
    #[inline(never)]
    fn first_share(&self, default: u16, split: u32, trace: &mut impl Trace) -> Choice {
        if let Some(share) = self.any_share(split) {
            share.tell(split, trace);
            return share.choice(default, 0);
        }
        match Run::new(self, trace).split(split) {
            Outcome::Variant(NONE16) => Choice::new(default, 0, Reason::Split),
            Outcome::Variant(variant) => Choice::new(variant, 0, Reason::Split),
            Outcome::Default => Choice::new(default, 0, Reason::Default),
            Outcome::Next | Outcome::Error => Choice::ERROR,
        }
    }
}
