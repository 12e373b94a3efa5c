//! Flags with one rule at most, whose tests must all hold ([`FLAG_PLAIN`]), as most are.
//!
//! Whether a test holds for a visitor is nothing that a processor foresees. One that went the wrong way throws away all that it has begun of
//! this decision and of the next ones, which takes longer than to look at all tests; so of what is known all is looked at, what follows is
//! selected, and nothing jumps.

use super::condition::about_value;
use super::split::Outcome;
use super::{Answer, Choice, Evaluator, Run, SERVICES, Trace};
use crate::context::Attributes;
use crate::decision::Reason;
use crate::layout::{FLAG_PLAIN, FlagRecord, NONE16, Op, Record, SHARE, Section, TestRecord};
use crate::snapshot::AttributeIndex;

impl<A: Attributes> Evaluator<'_, '_, A> {
    /// What a flag comes to that is plain, if nothing is held and all that it asks of the visitor is known by now. As it calls nothing,
    /// nothing of it lies in memory. `None` for all others.
    #[inline(always)]
    pub(super) fn known(&self, row: &[u8; FlagRecord::SIZE]) -> Option<Choice> {
        let flag = FlagRecord::read(row)?;
        if flag.flags & FLAG_PLAIN == 0 || !self.kills.is_empty() {
            return None;
        }
        let unruled = Choice::unruled(&flag);
        let is_ruled = flag.is_ruled();
        // Whether a flag is on or off is nothing that a processor foresees, either.
        if is_ruled & ((flag.tests_count != 0) | (flag.variant == SHARE)) {
            return self.known_rule(row);
        }
        let served = Choice::served(flag.variant, flag.default);
        Some(Choice::select(is_ruled, served, unruled))
    }

    #[inline(always)]
    fn known_rule(&self, row: &[u8; FlagRecord::SIZE]) -> Option<Choice> {
        let flag = FlagRecord::read(row)?;
        let holds = match flag.tests_count {
            0 => true,
            count => self.known_tests(flag.rules, count)?,
        };
        let served = match flag.variant {
            SHARE => self.share(flag.split)?.choice(flag.default, 0),
            variant => Choice::served(variant, flag.default),
        };
        let default = Choice::new(flag.default, NONE16, Reason::Default);
        Some(Choice::select(holds, served, default))
    }

    /// Whether all tests of a plain rule hold. One without an answer so far does not matter behind one that does not hold.
    #[inline(never)]
    fn known_tests(&self, first: u32, count: u16) -> Option<bool> {
        let mut all = true;
        for row in self.snapshot.few(Section::Tests, first, count.into())? {
            let Some(yes) = self.known_answer(row) else {
                return (!all).then_some(false);
            };
            all &= yes ^ TestRecord::read(row)?.is_negated();
        }
        Some(all)
    }

    /// What a plain flag comes to.
    pub(super) fn plain(&self, row: &[u8; FlagRecord::SIZE], trace: &mut impl Trace) -> Choice {
        let Some(flag) = FlagRecord::read(row) else {
            return Choice::ERROR;
        };
        if !flag.is_ruled() {
            return Choice::unruled(&flag);
        }
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
        } else {
            Choice::served(rule.variant, default)
        };
        let default = Choice::new(default, NONE16, Reason::Default);
        Choice::select(holds, served, default)
    }

    /// Whether all tests of a plain rule hold. None is asked behind the first that does not: to ask for the key may mint one.
    fn all_hold(&self, first: u32, count: u16, trace: &mut impl Trace) -> Option<bool> {
        let tests = self.snapshot.few(Section::Tests, first, count.into())?;
        for (place, row) in (first..).zip(tests) {
            let test = TestRecord::read(row)?;
            if test.op == Op::Segment as u8 {
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
            trace.test(place, answer, holds);
            if !holds {
                return Some(false);
            }
        }
        Some(true)
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
