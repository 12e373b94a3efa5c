//! `docs/snapshot-format.md` says what the layout says.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use flagstone_core::layout::{
    Absent, ActionRecord, Algorithm, Arithmetic, Around, AttributeRecord, Conversion, EdgeRecord,
    EntryRecord, ExpiryRecord, ExpressionRecord, FORMAT_VERSION, FlagRecord, FreezeRecord,
    GoalRecord, HarmRecord, IndexRecord, InstructionRecord, MAX_PROGRAM, NetworkRecord,
    NumberRecord, OffsetRecord, Op, Operation, OriginRecord, PairRecord, PatternRecord, PlanRecord,
    PointRecord, ProgramRecord, RampRecord, RangeRecord, Relation, RepeatKind, RouteRecord,
    RuleRecord, Scope, SdkKind, Section, SegmentRecord, SemVerRecord, ServiceKind, SetRecord,
    SourceKind, SourceRecord, SpanRecord, SplitRecord, StageRecord, Step, TestRecord, TextRecord,
    ValueKind, VariantRecord, VaryRecord, WindowRecord,
};
use flagstone_core::{
    EXPRESSION_TEXT, EXPRESSION_VALUES, MAX_DEPTH, MAX_EXPRESSION_DEPTH, MAX_TESTS,
};
use std::fmt::Debug;
use std::fs;

fn document() -> String {
    fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/snapshot-format.md"
    ))
    .unwrap()
}

/// The first cells of each row of the first table behind a line.
fn rows<'d>(document: &'d str, line: &str, cells: usize) -> Vec<Vec<&'d str>> {
    let mut lines = document.lines().skip_while(|of| !of.starts_with(line));
    assert!(lines.next().is_some(), "no line `{line}`");
    lines
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .skip(2)
        .map(|row| {
            let cells = row.trim_start_matches('|').split('|').take(cells);
            cells.map(|cell| cell.trim().trim_matches('`')).collect()
        })
        .collect()
}

fn check(document: &str, line: &str, expected: &[Vec<String>]) {
    let cells = expected.first().map_or(0, Vec::len);
    assert_eq!(rows(document, line, cells), expected, "{line}");
}

#[test]
fn records() {
    let document = document();
    macro_rules! check_records {
        ($($record:ident)*) => { $(
            let fields = $record::FIELDS.iter().map(|(name, offset, size)| {
                vec![offset.to_string(), size.to_string(), (*name).to_owned()]
            });
            let line = concat!("### ", stringify!($record));
            check(&document, line, &fields.collect::<Vec<_>>());
        )* };
    }
    check_records!(
        FlagRecord ExpiryRecord VariantRecord RuleRecord TestRecord SplitRecord RangeRecord RampRecord PointRecord AttributeRecord
        SegmentRecord SetRecord EntryRecord TextRecord NumberRecord SemVerRecord NetworkRecord PatternRecord
        ProgramRecord InstructionRecord SpanRecord
        PlanRecord StageRecord WindowRecord FreezeRecord OffsetRecord GoalRecord
        IndexRecord ExpressionRecord EdgeRecord SourceRecord OriginRecord RouteRecord HarmRecord ActionRecord PairRecord VaryRecord
    );
}

#[test]
fn sections() {
    let sections = Section::SIZES.iter().enumerate();
    let sections = sections.map(|(index, (section, size))| {
        vec![index.to_string(), format!("{section:?}"), size.to_string()]
    });
    check(&document(), "## Sections", &sections.collect::<Vec<_>>());
}

#[test]
fn codes() {
    fn list<T: Copy + Debug>(all: &[T], code: impl Fn(T) -> u16) -> Vec<Vec<String>> {
        let all = all.iter();
        all.map(|one| vec![code(*one).to_string(), format!("{one:?}")])
            .collect()
    }
    let document = document();
    check(
        &document,
        "What a test asks",
        &list(Op::ALL, |op| op as u16),
    );
    check(
        &document,
        "What of a list `Within` asks",
        &list(Scope::ALL, |scope| scope as u16),
    );
    check(
        &document,
        "What an instruction does",
        &list(Step::ALL, |step| step as u16),
    );
    check(
        &document,
        "Before it is asked about",
        &list(Conversion::ALL, |conversion| conversion as u16),
    );
    check(
        &document,
        "How the position of a unit",
        &list(Algorithm::ALL, |algorithm| algorithm as u16),
    );
    check(
        &document,
        "What a node gives",
        &list(Operation::ALL, |operation| operation as u16),
    );
    check(
        &document,
        "`Kept` and `Keep`",
        &list(Relation::ALL, |relation| relation as u16),
    );
    check(
        &document,
        "`Gather` and `Total`",
        &list(Arithmetic::ALL, |which| which as u16),
    );
    check(
        &document,
        "`Map`, `Filter`",
        &list(Around::ALL, |around| around as u16),
    );
    check(
        &document,
        "What becomes of a unit without",
        &list(Absent::ALL, |absent| absent as u16),
    );
    check(
        &document,
        "The service whose document",
        &list(ServiceKind::ALL, |service| service as u16),
    );
    check(
        &document,
        "Which of a service's SDKs",
        &list(SdkKind::ALL, |sdk| sdk as u16),
    );
    check(
        &document,
        "Which requests of a route",
        &list(RepeatKind::ALL, |kind| kind as u16),
    );
    check(
        &document,
        "Values are of one of these kinds",
        &list(ValueKind::ALL, |kind| kind as u16),
    );
    check(
        &document,
        "evaluation context of its own",
        &list(SourceKind::ALL, |kind| kind as u16),
    );
}

#[test]
fn numbers() {
    let document = document();
    for text in [
        format!("Version of the format: {FORMAT_VERSION} "),
        format!("Number of sections: {} ", Section::COUNT),
        format!("at most {MAX_DEPTH} times"),
        format!("snapshot/v{FORMAT_VERSION}/"),
    ] {
        assert!(document.contains(&text), "`{text}`");
    }
    assert!(document.contains("at most 2,048 instructions") && MAX_PROGRAM == 2048);
    for text in ["512 nodes", "256 values", "4,096 bytes"] {
        assert!(document.contains(text), "`{text}`");
    }
    let limits = (MAX_EXPRESSION_DEPTH, EXPRESSION_VALUES, EXPRESSION_TEXT);
    assert_eq!(limits, (512, 256, 4096));
    assert!(document.contains("1,048,576 tests") && MAX_TESTS == 1_048_576);
}
