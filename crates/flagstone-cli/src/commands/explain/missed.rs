//! Which rules were missed by one test of several: the flag is decided again with that test going the other way.

use super::trace::FlagTrace;
use flagstone_core::layout::{
    HEADER_LEN, Op, Record, SECTION_ROW_LEN, Section, TEST_NEGATED, TestRecord,
};
use flagstone_core::{Attributes, Evaluator, FlagIndex, Snapshot, VariantIndex};

/// A rule that would have decided, had one test gone the other way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missed {
    pub rule: u16,
    /// The test, by its record number.
    pub test: u32,
    /// What would have been served.
    pub variant: Option<VariantIndex>,
}

/// All of them, in the order of the rules and tests; rules with a single test are left out, what they lacked is plain.
/// Takes as many evaluations as there were tests.
pub fn missed(evaluator: &Evaluator<'_, '_, impl Attributes>, flag: &FlagTrace) -> Vec<Missed> {
    let mut missed = Vec::new();
    let mut bytes = evaluator.snapshot.bytes().to_vec();
    for rule in flag.rules.iter().filter(|rule| !rule.matched) {
        if test_count(&evaluator.snapshot, flag.flag, rule.rule).is_none_or(|count| count < 2) {
            continue;
        }
        for test in &rule.tests {
            let Some(asked) = replace(&mut bytes, test.test, |asked| turned(asked, test.holds))
            else {
                continue;
            };
            let turned = Snapshot::open(&bytes).ok().map(|snapshot| {
                Evaluator::new(snapshot, evaluator.attributes, evaluator.now)
                    .with_kills(evaluator.kills)
                    .with_rollouts(evaluator.rollouts)
                    .evaluate(flag.flag)
            });
            if let Some(decision) = turned.filter(|decision| decision.rule == Some(rule.rule)) {
                missed.push(Missed {
                    rule: rule.rule,
                    test: test.test,
                    variant: decision.variant.map(|variant| variant.index),
                });
            }
            replace(&mut bytes, test.test, |_| asked);
        }
    }
    missed
}

fn test_count(snapshot: &Snapshot<'_>, flag: FlagIndex, rule: u16) -> Option<u16> {
    Some(snapshot.flag(flag)?.rule(rule)?.tests_count)
}

/// A test that goes the other way for everybody.
fn turned(asked: TestRecord, holds: bool) -> TestRecord {
    TestRecord {
        op: Op::Never as u8,
        flags: if holds { 0 } else { TEST_NEGATED },
        ..asked
    }
}

/// Replaces a test of a snapshot; gives the one that was there.
fn replace(
    bytes: &mut [u8],
    test: u32,
    by: impl FnOnce(TestRecord) -> TestRecord,
) -> Option<TestRecord> {
    let row = HEADER_LEN + Section::Tests as usize * SECTION_ROW_LEN;
    let section = u32::from_le_bytes(*bytes.get(row..)?.first_chunk()?) as usize;
    let place = bytes.get_mut(section + test as usize * TestRecord::SIZE..)?;
    let record = TestRecord::read(place)?;
    let place = place.get_mut(..TestRecord::SIZE)?;
    place.copy_from_slice(&by(record).write());
    Some(record)
}
