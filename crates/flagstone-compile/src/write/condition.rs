//! Conditions as tests with jumps.
//!
//! A condition has three values, but whoever asks only wants to know whether it is true. "Is it true" and "is it false"
//! are each two-valued, and each is made of the same questions about the parts: `a && b` is false when `a` is false or
//! `b` is. So opposites are pushed down to the tests, and all that is left is branching: each test says where to go when
//! it holds and where when not. Jumps go forward only.

use super::Writer;
use super::question::{Question, now};
use super::reads::Reader;
use crate::finding::Finding;
use crate::model::{Absent, Condition, Test};
use flagstone_core::layout::{ACCEPT, NONE, Op, REJECT, Section, TestRecord, TextRecord};

/// Where to go.
#[derive(Clone, Copy)]
enum Target {
    Accept,
    Reject,
    /// A place that is not known yet.
    Label(usize),
}

/// The tests of one condition while they are written.
#[derive(Default)]
struct Code {
    tests: Vec<(TestRecord, Target, Target)>,
    labels: Vec<usize>,
}

impl Code {
    fn label(&mut self) -> usize {
        self.labels.push(usize::MAX);
        self.labels.len() - 1
    }

    /// The next test is where `label` points.
    fn bind(&mut self, label: usize) {
        let here = self.tests.len();
        if let Some(place) = self.labels.get_mut(label) {
            *place = here;
        }
    }

    fn resolve(&self, target: Target) -> u16 {
        match target {
            Target::Accept => ACCEPT,
            Target::Reject => REJECT,
            Target::Label(label) => self
                .labels
                .get(label)
                .and_then(|at| u16::try_from(*at).ok())
                .unwrap_or(REJECT),
        }
    }
}

/// A condition without constants, or a constant; behind what may fail, a constant may stand as a part.
enum Simple<'c> {
    Constant(bool),
    All(Vec<Simple<'c>>),
    Any(Vec<Simple<'c>>),
    Test(&'c Test, bool),
}

/// Whether `condition` is true (`wanted`) or false (not `wanted`), with opposites pushed down and constants removed.
fn simplify(condition: &Condition, wanted: bool) -> Simple<'_> {
    match (condition, wanted) {
        (Condition::Test(test), _) => Simple::Test(test, wanted),
        (Condition::Not(inner), _) => simplify(inner, !wanted),
        (Condition::All(parts), true) | (Condition::Any(parts), false) => join(parts, wanted, true),
        (Condition::All(parts), false) | (Condition::Any(parts), true) => {
            join(parts, wanted, false)
        }
    }
}

impl Simple<'_> {
    /// Whether the evaluation may end here, so that it matters whether it comes here at all.
    fn may_fail(&self) -> bool {
        match self {
            Self::Constant(_) => false,
            Self::All(parts) | Self::Any(parts) => parts.iter().any(Self::may_fail),
            Self::Test(test, _) => match test {
                Test::Fail
                | Test::Abort
                | Test::Expression { .. }
                | Test::Segment(_)
                | Test::SegmentUnlessFails(_)
                | Test::Flag { .. }
                | Test::Within { .. } => true,
                Test::Bucket { absent, .. } => *absent == Absent::Fail,
                Test::Attribute { .. } | Test::Now { .. } | Test::Inside(_) => false,
            },
        }
    }
}

/// All of the parts (`all`) or one of them.
fn join(parts: &[Condition], wanted: bool, all: bool) -> Simple<'_> {
    let mut kept = Vec::new();
    for part in parts {
        match simplify(part, wanted) {
            Simple::Constant(value) if value == all => {}
            Simple::Constant(value) => {
                // What it decides anyway need not be asked, but for what may fail, and what comes before that.
                while kept.last().is_some_and(|last| !Simple::may_fail(last)) {
                    kept.pop();
                }
                if kept.is_empty() {
                    return Simple::Constant(value);
                }
                kept.push(Simple::Constant(value));
            }
            Simple::All(inner) if all => kept.extend(inner),
            Simple::Any(inner) if !all => kept.extend(inner),
            other => kept.push(other),
        }
        // Behind a constant nothing is asked.
        if let Some(Simple::Constant(_)) = kept.last() {
            break;
        }
    }
    match (kept.len(), all) {
        (0, _) => Simple::Constant(all),
        (1, _) => kept.swap_remove(0),
        (_, true) => Simple::All(kept),
        (_, false) => Simple::Any(kept),
    }
}

/// Whether a condition holds for nobody, as it is written.
pub(super) fn never_holds(condition: &Condition) -> bool {
    matches!(simplify(condition, true), Simple::Constant(false))
}

impl Writer<'_> {
    /// Writes a condition; gives its first test and their number, 0 for one that always holds.
    pub(super) fn condition(
        &mut self,
        condition: &Condition,
        reader: Reader,
        path: &str,
    ) -> (u32, u16) {
        let mut code = Code::default();
        match simplify(condition, true) {
            Simple::Constant(true) => return (0, 0),
            simple => self.branch(
                &mut code,
                &simple,
                reader,
                path,
                Target::Accept,
                Target::Reject,
            ),
        }
        let tests = code.tests.len();
        let count = self.at_most(REJECT - 1, tests, "tests in one condition", path);
        let first = self.tables.count(Section::Tests);
        for (record, then, otherwise) in &code.tests {
            let record = TestRecord {
                then: code.resolve(*then),
                otherwise: code.resolve(*otherwise),
                ..*record
            };
            self.tables.push(Section::Tests, &record);
        }
        (first, count)
    }

    fn branch(
        &mut self,
        code: &mut Code,
        part: &Simple<'_>,
        reader: Reader,
        path: &str,
        yes: Target,
        no: Target,
    ) {
        match part {
            Simple::Constant(value) => {
                let question = Question::new(Op::Never, 0, 0).negated(*value);
                self.test(code, question, 0, yes, no);
            }
            Simple::Test(test, wanted) => self.leaf(code, test, *wanted, reader, path, yes, no),
            Simple::All(parts) | Simple::Any(parts) => {
                let all = matches!(part, Simple::All(_));
                let last = parts.len() - 1;
                for (index, inner) in parts.iter().enumerate() {
                    if index == last {
                        self.branch(code, inner, reader, path, yes, no);
                        break;
                    }
                    let next = code.label();
                    if all {
                        self.branch(code, inner, reader, path, Target::Label(next), no);
                    } else {
                        self.branch(code, inner, reader, path, yes, Target::Label(next));
                    }
                    code.bind(next);
                }
            }
        }
    }

    fn test(
        &mut self,
        code: &mut Code,
        question: Question,
        attribute: u16,
        then: Target,
        otherwise: Target,
    ) {
        let Question { op, flags, a, b } = question;
        let record = TestRecord {
            op: op as u8,
            flags,
            attribute,
            then: 0,
            otherwise: 0,
            a,
            b,
        };
        code.tests.push((record, then, otherwise));
    }

    #[inline(never)]
    #[expect(
        clippy::too_many_arguments,
        reason = "a private step of the recursion above"
    )]
    fn leaf(
        &mut self,
        code: &mut Code,
        test: &Test,
        wanted: bool,
        reader: Reader,
        path: &str,
        yes: Target,
        no: Target,
    ) {
        let (attribute, questions) = match test {
            Test::Now { order, time } => (0, vec![now(*order, *time)]),
            Test::Segment(key) | Test::SegmentUnlessFails(key) => {
                let Some(segment) = self.segments.get(key.as_bytes()) else {
                    let known: Vec<&str> = self
                        .model
                        .segments
                        .iter()
                        .map(|segment| segment.key.as_str())
                        .collect();
                    self.findings.push(
                        Finding::error(
                            "unknown-segment",
                            path,
                            text!("there is no segment `{key}`"),
                        )
                        .help(text!("there are {}", super::quoted(&known))),
                    );
                    return;
                };
                self.reads.segment(reader, segment);
                let op = match test {
                    Test::Segment(_) => Op::Segment,
                    _ => Op::SegmentUnlessFails,
                };
                let (set, by) = self.set_of(segment);
                (by, vec![Question::new(op, segment, set)])
            }
            Test::Inside(key) => {
                let Some((slot, _)) = self.flag_of(key, path) else {
                    return;
                };
                (0, vec![Question::new(Op::Inside, slot, 0)])
            }
            Test::Fail => (0, vec![Question::new(Op::Fail, 0, 0)]),
            Test::Abort => (0, vec![Question::new(Op::Abort, 0, 0)]),
            Test::Within { name, scope, when } => {
                let (first, count) = self.condition(when, reader, path);
                let attribute = self.read_attribute(name, reader, path);
                let count = u32::from(count) | u32::from(*scope as u16) << 16;
                (attribute, vec![Question::new(Op::Within, first, count)])
            }
            Test::Expression { expression, source } => {
                let expression = self.expression(expression, reader, path);
                let source = if source.is_empty() {
                    NONE
                } else {
                    let (offset, len) = self.tables.long_text(source);
                    self.tables
                        .push(Section::Texts, &TextRecord { offset, len })
                };
                (0, vec![Question::new(Op::Expression, expression, source)])
            }
            Test::Bucket {
                bucketing,
                ranges,
                absent,
            } => {
                let split = self.bucket(bucketing, ranges, *absent, reader, path);
                (0, vec![Question::new(Op::Bucket, split, 0)])
            }
            Test::Flag {
                key,
                variants,
                enabled_only,
            } => {
                let Some((slot, flag)) = self.flag_of(key, path) else {
                    return;
                };
                self.reads.flag(reader, slot);
                let places: Vec<u16> = variants
                    .iter()
                    .map(|variant| self.variant_of(flag, variant, path))
                    .collect();
                let list = self
                    .tables
                    .push_index(Section::Indices, places.len() as u32);
                for place in places {
                    self.tables.push_index(Section::Indices, place.into());
                }
                let op = if *enabled_only { Op::FlagOn } else { Op::Flag };
                (0, vec![Question::new(op, slot, list)])
            }
            Test::Attribute {
                name,
                matcher,
                reading,
            } => {
                let attribute = self.read_attribute(name, reader, path);
                let questions = self.questions(matcher, attribute, path).into_iter();
                let questions = questions.map(|question| question.read_as(*reading));
                (attribute, questions.collect())
            }
        };
        // Several questions are alternatives: one yes is a yes, and it takes as many noes to make a no.
        let last = questions.len().saturating_sub(1);
        for (index, question) in questions.into_iter().enumerate() {
            let question = question.negated(!wanted);
            if index == last {
                self.test(code, question, attribute, yes, no);
            } else {
                let next = code.label();
                let (then, otherwise) = if wanted {
                    (yes, Target::Label(next))
                } else {
                    (Target::Label(next), no)
                };
                self.test(code, question, attribute, then, otherwise);
                code.bind(next);
            }
        }
    }
}
