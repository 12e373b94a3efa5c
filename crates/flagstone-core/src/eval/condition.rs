//! Conditions: tests with jumps.

use super::conversion::converted;
use super::js;
use super::list::{about_list, some_part, split_version};
use super::way::{Place, Way};
use super::{ASKED, Answer, Evaluator, MAX_DEPTH, Run, Trace, WORDS};
use super::{EXPRESSIONS, SERVICES};
use crate::address::Address;
use crate::context::{AttributeValue, Attributes, List};
use crate::decision::Reason;
use crate::hash;
use crate::layout::{
    ACCEPT, Conversion, DEAD, IndexRecord, MATCHED, NETWORK_OR_EQUAL, NONE, NetworkRecord,
    NumberRecord, Op, PatternRecord, REJECT, Record, Section, SegmentRecord, SemVerRecord,
    TARGETING_KEY, TEST_CONVERSION_SHIFT, TEST_ELEMENTS, TEST_IGNORES_CASE, TEST_MISSING_IS_NO,
    TEST_MISTYPED_IS_NO, TEST_NEGATED, TestRecord, TextRecord, order,
};
use crate::program;
use crate::semver::SemVer;
use crate::snapshot::{AttributeIndex, FlagIndex, Snapshot};
use crate::text::{equal, find};
use crate::time::{parse_rfc3339, parse_v8};
use core::cmp::Ordering;
use core::net::IpAddr;

const SEGMENT: u8 = Op::Segment as u8;
const WORD_IN: u8 = Op::WordIn as u8;
const RELEASE: u8 = Op::Release as u8;
const TEXT_EQUAL: u8 = Op::TextEqual as u8;
const STARTS_WITH: u8 = Op::StartsWith as u8;
const ENDS_WITH: u8 = Op::EndsWith as u8;

impl<'c, A: Attributes, T: Trace> Run<'_, '_, 'c, A, T> {
    /// Whether a condition of `count` tests from `first` on holds.
    #[inline(never)]
    pub(super) fn condition(&mut self, first: u32, count: u16, way: &Way<'_>) -> Option<bool> {
        if count == 0 {
            return Some(true);
        }
        let snapshot = self.input.snapshot;
        let tests = snapshot.few::<{ TestRecord::SIZE }>(Section::Tests, first, count.into())?;
        // Jumps go forward only, so no more are asked.
        match self.tests_left.checked_sub(count.into()) {
            Some(left) => self.tests_left = left,
            None => return self.abort(),
        }
        let mut at = 0;
        let mut row = tests.first()?;
        loop {
            let test = TestRecord::read(row)?;
            let is_set = test.op == Op::Segment as u8 && test.b != NONE;
            if is_set {
                self.trace.enter_segment(test.a);
            }
            // Elements are asked about themselves, whatever is known of the attribute.
            let is_known = is_set || self.element.is_none() && test.is_frequent();
            let frequent = match is_known {
                true => self.input.frequent(row),
                false => None,
            };
            let answer = match frequent {
                Some(yes) => yes?.into(),
                None => self.answer(row, way)?,
            };
            let holds = test.holds(answer);
            self.trace
                .test(first.wrapping_add(at.into()), answer, holds);
            let next = if holds { test.then } else { test.otherwise };
            row = match (tests.get(usize::from(next)), next) {
                (Some(row), _) if next > at => row,
                (None, ACCEPT) => return Some(true),
                (None, REJECT) => return Some(false),
                // A jump backward, or behind the last test.
                _ => return None,
            };
            at = next;
        }
    }

    /// Any other question.
    #[inline(never)]
    pub(super) fn answer(&mut self, row: &[u8; TestRecord::SIZE], way: &Way<'_>) -> Option<Answer> {
        let test = TestRecord::read(row)?;
        let op = Op::from_code(test.op).filter(|op| SERVICES || op.is_native())?;
        if op.asks_value() {
            let value = self.value(test.attribute);
            return about_value(&self.input.snapshot, op, test, value);
        }
        Some(match op {
            Op::NowBefore => (self.input.now.0 < operand(test) as i64).into(),
            Op::NowEqual => (self.input.now.0 == operand(test) as i64).into(),
            Op::Segment => self.segment(test.a, way)?.into(),
            Op::SegmentUnlessFails => match self.segment(test.a, way) {
                Some(answer) => answer.into(),
                None if self.tests_left == 0 => return None,
                None => (test.flags & TEST_NEGATED == 0).into(),
            },
            Op::Inside => way.is_inside(Place::Flag(test.a)).into(),
            Op::Flag | Op::FlagOn => self.flag_has(op, test, way)?.into(),
            Op::Bucket => {
                let answer = self.lies_in(test.a)?.map(Answer::from);
                answer.unwrap_or(unanswered(test, TEST_MISSING_IS_NO))
            }
            Op::Expression if EXPRESSIONS => return self.expression_holds(test.a),
            Op::Never => Answer::No,
            Op::Abort => return self.abort(),
            Op::Within if SERVICES => self.within(test, way)?.into(),
            // `Fail`, and what is not built in.
            _ => return None,
        })
    }

    /// Whether the unit belongs to a segment.
    fn segment(&mut self, index: u32, way: &Way<'_>) -> Option<bool> {
        if way.depth >= MAX_DEPTH {
            return self.abort();
        }
        // One that leads back to itself would never end.
        if way.is_inside(Place::Segment(index)) {
            return None;
        }
        self.trace.enter_segment(index);
        let snapshot = self.input.snapshot;
        let segment = snapshot.record::<SegmentRecord>(Section::Segments, index)?;
        // A segment without lists asks nobody who they are.
        let by = AttributeIndex(segment.by);
        if segment.included != NONE && self.input.is_member(segment.included, by)? {
            return Some(true);
        }
        if segment.excluded != NONE && self.input.is_member(segment.excluded, by)? {
            return Some(false);
        }
        if segment.tests_count == 0 {
            return Some(segment.tests != NONE);
        }
        self.condition(
            segment.tests,
            segment.tests_count,
            &way.to(Place::Segment(index)),
        )
    }

    /// Whether another flag has one of the variants listed from index `b` on.
    fn flag_has(&mut self, op: Op, test: TestRecord, way: &Way<'_>) -> Option<bool> {
        let decision = self.required(FlagIndex(test.a), &way.to(Place::Flag(test.a)))?;
        let Some(variant) = decision.variant.map(|variant| variant.index) else {
            return Some(false);
        };
        if op == Op::FlagOn && decision.reason == Reason::Disabled {
            return Some(false);
        }
        let list = test.b;
        let snapshot = self.input.snapshot;
        let count = snapshot
            .record::<IndexRecord>(Section::Indices, list)?
            .index;
        let mut variants =
            snapshot.records::<IndexRecord>(Section::Indices, list.checked_add(1)?, count);
        Some(variants.any(|wanted| wanted.index == u32::from(variant.0)))
    }
}

impl<A: Attributes> Evaluator<'_, '_, A> {
    /// The answer to a [frequent](TestRecord::is_frequent) question that follows from what has been asked before, so that the attribute
    /// itself is not needed. `None` for all others.
    #[inline(always)]
    pub(super) fn known_answer(&self, row: &[u8; TestRecord::SIZE]) -> Option<bool> {
        let test = TestRecord::read(row)?;
        match test.op {
            SEGMENT => {
                let hash = self.key_hash.get();
                if hash == 0 || test.attribute != TARGETING_KEY {
                    return None;
                }
                self.snapshot.set_contains(test.b, hash)
            }
            WORD_IN => {
                let word = self.words.get(usize::from(test.attribute) % WORDS)?;
                if word.attribute.get() != u32::from(test.attribute) + 1 {
                    return None;
                }
                Some(operand(test) & word.bit.get() != 0)
            }
            RELEASE => {
                let (attribute, rank) = &self.version;
                if attribute.get() != test.attribute {
                    return None;
                }
                Some(released(rank.get(), test))
            }
            TEXT_EQUAL | STARTS_WITH | ENDS_WITH => {
                let asked = self.asked.get(test.a as usize % ASKED)?;
                if asked.question.get() != question(row) || asked.constant.get() != operand(test) {
                    return None;
                }
                Some(asked.answer.get())
            }
            _ => None,
        }
    }

    /// The answer to a [frequent](TestRecord::is_frequent) question, whose attribute is text; `None` for all others, and inside it if the
    /// bytes make no sense. What has been found of an attribute is known from then on.
    #[inline(never)]
    pub(super) fn frequent(&self, row: &[u8; TestRecord::SIZE]) -> Option<Option<bool>> {
        if let Some(known) = self.known_answer(row) {
            return Some(Some(known));
        }
        let test = TestRecord::read(row)?;
        match test.op {
            SEGMENT => Some(self.is_member(test.b, AttributeIndex(test.attribute))),
            WORD_IN => Some(Some(operand(test) & self.word(test.attribute)? != 0)),
            RELEASE => Some(Some(released(self.rank(test.attribute)?, test))),
            TEXT_EQUAL | STARTS_WITH | ENDS_WITH => self.ask(row),
            _ => None,
        }
    }

    /// Asks about the text of an attribute, and keeps the answer.
    fn ask(&self, row: &[u8; TestRecord::SIZE]) -> Option<Option<bool>> {
        let test = TestRecord::read(row)?;
        let asked = self.asked.get(test.a as usize % ASKED)?;
        let is = self.text(test.attribute)?.as_bytes();
        let constant = self.snapshot.data(test.a, test.b);
        let answer = constant.map(|constant| is_part(test.op, is, constant, test.flags));
        if let Some(answer) = answer {
            asked.question.set(question(row));
            asked.constant.set(operand(test));
            asked.answer.set(answer);
        }
        Some(answer)
    }
}

/// What a test asks, and about which attribute: operation, flags and attribute in one read.
#[inline]
fn question(row: &[u8; TestRecord::SIZE]) -> u32 {
    row.first_chunk()
        .map_or(0, |head| u32::from_le_bytes(*head))
}

impl TestRecord {
    /// Whether the question is one of the few that most rules are made of, and about an attribute as it is.
    #[inline]
    pub fn is_frequent(&self) -> bool {
        let is_plain = self.flags >> TEST_CONVERSION_SHIFT == Conversion::None as u8;
        match Op::from_code(self.op) {
            Some(Op::Segment) => self.b != NONE,
            Some(Op::WordIn | Op::Release | Op::TextEqual | Op::StartsWith | Op::EndsWith) => {
                is_plain
            }
            _ => false,
        }
    }

    #[inline]
    pub(super) fn is_negated(&self) -> bool {
        self.flags & TEST_NEGATED != 0
    }

    /// Whether it holds with an answer.
    #[inline]
    pub(super) fn holds(&self, answer: Answer) -> bool {
        match answer {
            Answer::Yes => !self.is_negated(),
            Answer::No => self.is_negated(),
            Answer::Unknown => false,
        }
    }
}

/// Both operands as one number.
#[inline]
fn operand(test: TestRecord) -> u64 {
    u64::from(test.a) | u64::from(test.b) << 32
}

/// The answer to a question that has none: "unknown", unless the test has a bit that says no.
#[inline]
fn unanswered(test: TestRecord, bit: u8) -> Answer {
    if test.flags & bit == 0 {
        Answer::Unknown
    } else {
        Answer::No
    }
}

/// A question about an attribute's value. `None` if the bytes make no sense.
#[inline(never)]
pub(super) fn about_value(
    snapshot: &Snapshot<'_>,
    op: Op,
    test: TestRecord,
    value: AttributeValue<'_>,
) -> Option<Answer> {
    match Conversion::from_code(test.flags >> TEST_CONVERSION_SHIFT)? {
        _ if SERVICES && op.takes_all() => Some(js::answer(snapshot, op, test, value)?.into()),
        Conversion::None => about_converted(snapshot, op, test, value),
        conversion if SERVICES => converted(value, conversion, |value| {
            about_converted(snapshot, op, test, value)
        }),
        _ => None,
    }
}

/// The same about a value that has been converted.
fn about_converted(
    snapshot: &Snapshot<'_>,
    op: Op,
    test: TestRecord,
    value: AttributeValue<'_>,
) -> Option<Answer> {
    if let AttributeValue::Missing | AttributeValue::Null = value {
        let answer = unanswered(test, TEST_MISSING_IS_NO);
        return Some(if op == Op::Exists { Answer::No } else { answer });
    }
    if let (AttributeValue::List(list), true) = (value, test.flags & TEST_ELEMENTS != 0) {
        return some_element(snapshot, op, test, list);
    }
    Some(typed(about_one(snapshot, op, test, value)?, test))
}

/// An answer, or what the test has for values of the wrong type.
#[inline]
fn typed(answer: Answer, test: TestRecord) -> Answer {
    match answer {
        Answer::Unknown => unanswered(test, TEST_MISTYPED_IS_NO),
        answer => answer,
    }
}

/// Whether the answer is yes for an element of a list.
fn some_element(
    snapshot: &Snapshot<'_>,
    op: Op,
    test: TestRecord,
    list: &dyn List,
) -> Option<Answer> {
    for index in 0..list.len() {
        if about_one(snapshot, op, test, list.element(index))? == Answer::Yes {
            return Some(Answer::Yes);
        }
    }
    Some(Answer::No)
}

/// A question about a value that is there, as it is.
fn about_one(
    snapshot: &Snapshot<'_>,
    op: Op,
    test: TestRecord,
    value: AttributeValue<'_>,
) -> Option<Answer> {
    use AttributeValue::{Boolean, List, Number, Text};
    if let Text(is) = value {
        return about_text(snapshot, op, test, is);
    }
    let number = f64::from_bits(operand(test));
    let answer = match (op, value) {
        (Op::Exists, _) => true,

        // Equality: a value of another type is another value.
        (Op::Boolean, Boolean(is)) => is == (test.a != 0),
        (Op::NumberEqual, Number(is)) => is == number,
        (Op::NumberIn, Number(is)) => snapshot
            .records::<NumberRecord>(Section::Numbers, test.a, test.b)
            .any(|wanted| f64::from_bits(wanted.bits) == is),
        (
            Op::Boolean
            | Op::NumberEqual
            | Op::TextEqual
            | Op::TextIn
            | Op::NumberIn
            | Op::SetHas
            | Op::WordIn,
            _,
        ) => false,

        // NaN stands in no order: falls through to "unknown", since "not below" must not come to mean "at least".
        (Op::NumberLess, Number(is)) if !is.is_nan() => is < number,
        (Op::NumberAtMost, Number(is)) if !is.is_nan() => is <= number,
        (Op::NumberGreater, Number(is)) if !is.is_nan() => is > number,
        (Op::NumberAtLeast, Number(is)) if !is.is_nan() => is >= number,

        (Op::IncludesText, List(list)) => {
            let wanted = snapshot.data(test.a, test.b)?;
            elements(list).any(
                |element| matches!(element, Text(is) if same(is.as_bytes(), wanted, test.flags)),
            )
        }
        (Op::IncludesNumber, List(list)) => {
            elements(list).any(|element| matches!(element, Number(is) if is == number))
        }
        (Op::IncludesBoolean, List(list)) => {
            elements(list).any(|element| matches!(element, Boolean(is) if is == (test.a != 0)))
        }

        // A float holds every millisecond of the next 285,000 years exactly.
        (
            Op::DateBefore | Op::DateAtMost | Op::DateEqual | Op::DateAfter | Op::DateAtLeast,
            Number(millis),
        ) if millis.abs() < 9.0e15 => date(op, floor(millis), test),
        (
            Op::ParsedLess
            | Op::ParsedAtMost
            | Op::ParsedEqual
            | Op::ParsedGreater
            | Op::ParsedAtLeast,
            Number(is),
        ) if !is.is_nan() => parsed(op, is, number),
        _ if !SERVICES || op.is_native() => return Some(Answer::Unknown),
        _ => return about_service(snapshot, op, test, value),
    };
    Some(answer.into())
}

/// A question about text, as it is.
#[inline(never)]
fn about_text(snapshot: &Snapshot<'_>, op: Op, test: TestRecord, is: &str) -> Option<Answer> {
    let bytes = is.as_bytes();
    let constant = || snapshot.data(test.a, test.b);
    let answer = match op {
        Op::Exists => true,
        Op::TextEqual | Op::StartsWith | Op::EndsWith => {
            is_part(op as u8, bytes, constant()?, test.flags)
        }
        Op::TextIn => text_in(snapshot, test, is)?,
        Op::WordIn => {
            let word = snapshot.word(test.attribute, is);
            word.is_some_and(|bit| operand(test).checked_shr(bit).unwrap_or(0) & 1 != 0)
        }
        Op::Boolean | Op::NumberEqual | Op::NumberIn => false,

        Op::TextLess => bytes < constant()?,
        Op::TextAtMost => bytes <= constant()?,
        Op::TextGreater => bytes > constant()?,
        Op::TextAtLeast => bytes >= constant()?,

        Op::Contains => contains(is, core::str::from_utf8(constant()?).ok()?, test),
        Op::Pattern => matches(snapshot, test.a, bytes)?,
        Op::SetHas => snapshot.set_contains(test.a, hash::key(bytes))?,
        Op::SemVer => return semver(snapshot, op, test, is),
        Op::Release => match SemVer::parse(is) {
            Some(version) => released(version.rank(), test),
            None => return Some(Answer::Unknown),
        },

        Op::DateBefore | Op::DateAtMost | Op::DateEqual | Op::DateAfter | Op::DateAtLeast => {
            let Some(is) = parse_rfc3339(is) else {
                return Some(Answer::Unknown);
            };
            date(op, is.0, test)
        }
        Op::Network => {
            let Ok(address) = is.parse::<IpAddr>() else {
                return Some(Answer::Unknown);
            };
            snapshot
                .records::<NetworkRecord>(Section::Networks, test.a, test.b)
                .any(|network| in_network(&network, address))
        }
        Op::ParsedLess
        | Op::ParsedAtMost
        | Op::ParsedEqual
        | Op::ParsedGreater
        | Op::ParsedAtLeast => {
            let is = crate::number::parse(is).filter(|is| !is.is_nan());
            let Some(is) = is else {
                return Some(Answer::Unknown);
            };
            parsed(op, is, f64::from_bits(operand(test)))
        }
        _ if !SERVICES || op.is_native() => return Some(Answer::Unknown),
        _ => return about_service(snapshot, op, test, AttributeValue::Text(is)),
    };
    Some(answer.into())
}

/// How a date stands to a test's.
fn date(op: Op, is: i64, test: TestRecord) -> bool {
    let constant = operand(test) as i64;
    match op {
        Op::DateBefore => is < constant,
        Op::DateAtMost => is <= constant,
        Op::DateAfter => is > constant,
        Op::DateAtLeast => is >= constant,
        _ => is == constant,
    }
}

/// How a number stands to another.
fn parsed(op: Op, is: f64, number: f64) -> bool {
    match op {
        Op::ParsedLess => is < number,
        Op::ParsedAtMost => is <= number,
        Op::ParsedGreater => is > number,
        Op::ParsedAtLeast => is >= number,
        _ => is == number,
    }
}

/// The same by the operations that only flags of services have. Not inlined, so that the others need not carry them along.
#[inline(never)]
fn about_service(
    snapshot: &Snapshot<'_>,
    op: Op,
    test: TestRecord,
    value: AttributeValue<'_>,
) -> Option<Answer> {
    use AttributeValue::{List, Number, Text};
    let answer = match (op, value) {
        (Op::Program, Text(is)) => program::matches(snapshot, test.a, is)?,
        (Op::IncludesNull, List(list)) => {
            elements(list).any(|element| matches!(element, AttributeValue::Null))
        }

        (
            Op::StartsWithOne
            | Op::EndsWithOne
            | Op::ContainsOne
            | Op::LowerStartsWithOne
            | Op::LowerEndsWithOne
            | Op::LowerContainsOne,
            Text(is),
        ) => some_part(snapshot, op, test, is)?,
        (Op::ListHasOne | Op::ListHasAll | Op::ListWithin | Op::ListDistinct, List(list)) => {
            about_list(snapshot, op, test, list)?
        }
        (Op::SplitVersion | Op::SplitVersionIn, Text(is)) => split_version(snapshot, op, test, is)?,

        (Op::NpmSemVer | Op::NpmSemVerStrict, Text(is)) => {
            return semver(snapshot, op, test, is);
        }
        (Op::NpmNetwork, Text(is)) => match in_npm_network(snapshot, test, is) {
            Some(answer) => answer,
            None => return Some(Answer::Unknown),
        },
        (Op::JsDateBefore | Op::JsDateAfter, _) => {
            let is = match value {
                Text(text) => parse_v8(text).map(|at| at.0 as f64),
                Number(millis) => Some(millis),
                _ => None,
            };
            let Some(is) = is else {
                return Some(Answer::Unknown);
            };
            match op {
                Op::JsDateBefore => is < f64::from_bits(operand(test)),
                _ => is > f64::from_bits(operand(test)),
            }
        }
        _ => return Some(Answer::Unknown),
    };
    Some(answer.into())
}

fn elements(list: &dyn List) -> impl Iterator<Item = AttributeValue<'_>> {
    (0..list.len()).map(|index| list.element(index))
}

/// The greatest whole number that is not above `number`, as dates in text drop what is smaller than a millisecond.
fn floor(number: f64) -> i64 {
    let whole = number as i64;
    whole.saturating_sub(i64::from(whole as f64 > number))
}

/// Equality of bytes; with the flag, capital letters A to Z of `is` count as small ones.
#[inline]
fn same(is: &[u8], constant: &[u8], flags: u8) -> bool {
    if flags & TEST_IGNORES_CASE == 0 {
        equal(is, constant)
    } else {
        is.eq_ignore_ascii_case(constant)
    }
}

/// Whether a constant is the beginning of text, or its end, or all of it.
#[inline]
fn is_part(op: u8, is: &[u8], constant: &[u8], flags: u8) -> bool {
    let part = if op == Op::EndsWith as u8 {
        let start = is.len().checked_sub(constant.len());
        start.and_then(|start| is.get(start..))
    } else if op == Op::StartsWith as u8 {
        is.get(..constant.len())
    } else {
        Some(is)
    };
    part.is_some_and(|part| same(part, constant, flags))
}

/// How the [rank](SemVer::rank) of a version stands to a test's.
#[inline]
fn released(rank: u64, test: TestRecord) -> bool {
    let operand = operand(test);
    let constant = operand >> order::BITS;
    // 0 for less, 1 for equal, 2 for greater.
    let outcome = u32::from(rank >= constant) + u32::from(rank > constant);
    operand >> outcome & 1 != 0
}

fn contains(is: &str, constant: &str, test: TestRecord) -> bool {
    if test.flags & TEST_IGNORES_CASE == 0 {
        return find(is, constant).is_some();
    }
    constant.is_empty()
        || is
            .as_bytes()
            .windows(constant.len())
            .any(|window| window.eq_ignore_ascii_case(constant.as_bytes()))
}

/// Looks for text in a list: from front to back in a short one or where case is ignored, by halving in a long one.
pub(super) fn text_in(snapshot: &Snapshot<'_>, test: TestRecord, is: &str) -> Option<bool> {
    const SHORT: u32 = 8;
    if test.b <= SHORT || test.flags & TEST_IGNORES_CASE != 0 {
        for text in snapshot.records::<TextRecord>(Section::Texts, test.a, test.b) {
            if same(
                is.as_bytes(),
                snapshot.data(text.offset, text.len)?,
                test.flags,
            ) {
                return Some(true);
            }
        }
        return Some(false);
    }
    let (mut low, mut high) = (0, test.b);
    while low < high {
        let middle = low + (high - low) / 2;
        let text = snapshot.record::<TextRecord>(Section::Texts, test.a.checked_add(middle)?)?;
        match snapshot.data(text.offset, text.len)?.cmp(is.as_bytes()) {
            Ordering::Equal => return Some(true),
            Ordering::Less => low = middle + 1,
            Ordering::Greater => high = middle,
        }
    }
    Some(false)
}

fn semver(snapshot: &Snapshot<'_>, op: Op, test: TestRecord, is: &str) -> Option<Answer> {
    match op {
        Op::NpmSemVer => compared(snapshot, test, SemVer::parse_npm(is), SemVer::cmp_npm),
        Op::NpmSemVerStrict => {
            // COMPAT(unleash): a `v` is let through behind blanks.
            let is = Some(is).filter(|is| !is.starts_with('v'));
            let is = is.and_then(SemVer::parse_npm_strict);
            compared(snapshot, test, is, SemVer::cmp_npm)
        }
        _ => compared(snapshot, test, SemVer::parse(is), SemVer::cmp),
    }
}

/// How a version stands to a test's, by an order.
#[inline]
fn compared<'v>(
    snapshot: &Snapshot<'v>,
    test: TestRecord,
    is: Option<SemVer<'v>>,
    order: impl Fn(&SemVer<'v>, &SemVer<'v>) -> Ordering,
) -> Option<Answer> {
    let record = snapshot.record::<SemVerRecord>(Section::SemVers, test.a)?;
    let constant = SemVer {
        major: record.major,
        minor: record.minor,
        patch: record.patch,
        pre: match record.pre_len {
            0 => "",
            len => snapshot.text(record.pre_offset, len)?,
        },
    };
    let Some(is) = is else {
        return Some(Answer::Unknown);
    };
    let outcome = match order(&is, &constant) {
        Ordering::Less => order::LESS,
        Ordering::Equal => order::EQUAL,
        Ordering::Greater => order::GREATER,
    };
    Some((test.b & outcome != 0).into())
}

/// Whether an address or a network, as npm's `ip-address` reads them, lies in one of a test's networks; `None` if it is none.
#[inline(never)]
fn in_npm_network(snapshot: &Snapshot<'_>, test: TestRecord, is: &str) -> Option<bool> {
    let address = Address::parse(is)?;
    let width = if address.family == 4 { 32 } else { 128 };
    let mut networks = snapshot.records::<NetworkRecord>(Section::Networks, test.a, test.b);
    Some(networks.any(|network| {
        let differing = address.bits ^ network.address;
        let free = u32::saturating_sub(width, network.prefix.into());
        let is_equal = network.family & NETWORK_OR_EQUAL != 0 && differing == 0;
        network.family & !NETWORK_OR_EQUAL == address.family
            && (is_equal
                || address.prefix >= network.prefix
                    && differing.checked_shr(free).unwrap_or(0) == 0)
    }))
}

/// Whether an address lies in a network. An IPv4 address that came as IPv6 (`::ffff:10.0.0.1`) counts as IPv4.
fn in_network(network: &NetworkRecord, address: IpAddr) -> bool {
    let (family, bits, width) = match address.to_canonical() {
        IpAddr::V4(address) => (4, u128::from(address.to_bits()), 32),
        IpAddr::V6(address) => (6, address.to_bits(), 128),
    };
    let free = u32::saturating_sub(width, network.prefix.into());
    network.family == family && (bits ^ network.address).checked_shr(free).unwrap_or(0) == 0
}

/// Runs an automaton over text: one table entry a byte.
fn matches(snapshot: &Snapshot<'_>, pattern: u32, text: &[u8]) -> Option<bool> {
    let pattern = snapshot.record::<PatternRecord>(Section::Patterns, pattern)?;
    let columns = usize::from(pattern.columns);
    let classes = snapshot
        .data(pattern.classes_offset, 256)?
        .first_chunk::<256>()?;
    let table = snapshot.table(&pattern)?;
    let entry = |state: u16, column: usize| {
        // INVARIANT: below 2 to the power of 32 for any state and column, but for the factor 2.
        let place = usize::from(state) * columns + column;
        Some(u16::from_le_bytes(
            *table.get(place.checked_mul(2)?..)?.first_chunk()?,
        ))
    };
    let mut state = pattern.start;
    for byte in text {
        match state {
            MATCHED => return Some(true),
            DEAD => return Some(false),
            _ => state = entry(state, classes.get(usize::from(*byte)).copied()?.into())?,
        }
    }
    match state {
        MATCHED => Some(true),
        DEAD => Some(false),
        _ => Some(entry(state, columns.checked_sub(1)?)? == MATCHED),
    }
}

#[cfg(test)]
mod tests;
