//! The steps of an evaluation as a tree.

use flagstone_core::layout::{Op, Section, SegmentRecord, TestRecord};
use flagstone_core::{
    Answer, AttributeIndex, Decision, FlagIndex, Reason, Snapshot, Trace, VariantIndex,
};

/// How a flag was decided.
#[derive(Debug)]
pub struct FlagTrace {
    pub flag: FlagIndex,
    pub variant: Option<VariantIndex>,
    pub reason: Reason,
    pub rule: Option<u16>,
    /// The control document holds it.
    pub killed: bool,
    /// The tests of the prerequisites; `None` if there are no prerequisites or they were not asked for.
    pub prerequisites: Option<Vec<TestTrace>>,
    pub prerequisites_hold: bool,
    /// The rules that were tried.
    pub rules: Vec<RuleTrace>,
}

/// How a rule was decided.
#[derive(Debug)]
pub struct RuleTrace {
    pub rule: u16,
    pub matched: bool,
    pub tests: Vec<TestTrace>,
    pub split: Option<SplitTrace>,
}

/// How a test was decided.
#[derive(Debug)]
pub struct TestTrace {
    pub test: u32,
    pub answer: Answer,
    pub holds: bool,
    /// The other flag that the test is about.
    pub flag: Option<FlagTrace>,
    /// The tests of the segment that it is about; none if the segment's lists decided.
    pub inner: Vec<TestTrace>,
}

/// How a unit was bucketed.
#[derive(Clone, Copy, Debug)]
pub struct SplitTrace {
    pub split: u32,
    pub by: AttributeIndex,
    pub bucket: Option<u64>,
}

/// Listens to an evaluation and builds the tree.
#[derive(Debug)]
pub struct Listener<'s> {
    snapshot: Snapshot<'s>,
    /// The flags that are being decided, each required by the one before.
    open: Vec<FlagTrace>,
    /// For each of them the tests of the condition that is being decided.
    tests: Vec<Vec<TestTrace>>,
    /// The flag that was decided last.
    done: Option<FlagTrace>,
}

impl<'s> Listener<'s> {
    pub fn new(snapshot: Snapshot<'s>) -> Self {
        Self {
            snapshot,
            open: Vec::new(),
            tests: Vec::new(),
            done: None,
        }
    }

    /// The tree; `None` if the evaluation ended before the flag was decided.
    pub fn into_trace(self) -> Option<FlagTrace> {
        self.done
    }

    /// The tests since the last call, which belong to one condition.
    fn take_tests(&mut self) -> Vec<TestTrace> {
        self.tests
            .last_mut()
            .map(std::mem::take)
            .unwrap_or_default()
    }

    /// If prerequisites were being decided, they have been.
    fn end_prerequisites(&mut self) {
        let tests = self.take_tests();
        if let Some(flag) = self.open.last_mut()
            && flag.rules.is_empty()
            && let Some(prerequisites) = &mut flag.prerequisites
            && prerequisites.is_empty()
        {
            *prerequisites = tests;
        }
    }

    /// The number of the tests at the end of `tests` that belong to the condition of the segment that `test` is about.
    fn segment_tests(&self, test: u32, tests: &[TestTrace]) -> usize {
        let record = self.snapshot.record::<TestRecord>(Section::Tests, test);
        let segment = record
            .filter(|record| {
                matches!(
                    Op::from_code(record.op),
                    Some(Op::Segment | Op::SegmentUnlessFails)
                )
            })
            .and_then(|record| {
                self.snapshot
                    .record::<SegmentRecord>(Section::Segments, record.a)
            });
        let Some(segment) = segment else { return 0 };
        let belongs = |trace: &&TestTrace| {
            let place = trace.test.checked_sub(segment.tests);
            place.is_some_and(|place| place < segment.tests_count.into())
        };
        tests.iter().rev().take_while(belongs).count()
    }
}

impl Trace for Listener<'_> {
    fn enter_flag(&mut self, flag: FlagIndex) {
        self.tests.push(Vec::new());
        self.open.push(FlagTrace {
            flag,
            variant: None,
            reason: Reason::Error,
            rule: None,
            killed: false,
            prerequisites: None,
            prerequisites_hold: true,
            rules: Vec::new(),
        });
    }

    fn leave_flag(&mut self, decision: &Decision<'_>) {
        self.end_prerequisites();
        self.tests.pop();
        if let Some(mut flag) = self.open.pop() {
            flag.variant = decision.variant.map(|variant| variant.index);
            flag.reason = decision.reason;
            flag.rule = decision.rule;
            self.done = Some(flag);
        }
    }

    fn killed(&mut self) {
        if let Some(flag) = self.open.last_mut() {
            flag.killed = true;
        }
    }

    fn enter_prerequisites(&mut self) {
        if let Some(flag) = self.open.last_mut() {
            flag.prerequisites = Some(Vec::new());
        }
    }

    fn prerequisites_failed(&mut self) {
        if let Some(flag) = self.open.last_mut() {
            flag.prerequisites_hold = false;
        }
    }

    fn enter_rule(&mut self, _: u16) {
        self.end_prerequisites();
    }

    fn leave_rule(&mut self, rule: u16, matched: bool) {
        let tests = self.take_tests();
        if let Some(flag) = self.open.last_mut() {
            flag.rules.push(RuleTrace {
                rule,
                matched,
                tests,
                split: None,
            });
        }
    }

    fn test(&mut self, test: u32, answer: Answer, holds: bool) {
        let mut tests = self.take_tests();
        let outer = tests.len() - self.segment_tests(test, &tests);
        let inner = tests.split_off(outer);
        tests.push(TestTrace {
            test,
            answer,
            holds,
            flag: self.done.take(),
            inner,
        });
        if let Some(place) = self.tests.last_mut() {
            *place = tests;
        }
    }

    fn split(
        &mut self,
        split: u32,
        by: AttributeIndex,
        bucket: Option<u64>,
        _: Option<VariantIndex>,
    ) {
        let rule = self.open.last_mut().and_then(|flag| flag.rules.last_mut());
        if let Some(rule) = rule {
            rule.split = Some(SplitTrace { split, by, bucket });
        }
    }
}
