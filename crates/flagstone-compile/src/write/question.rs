//! What tests ask: matchers as questions about an attribute.

use super::{Writer, rows};
use crate::finding::Finding;
use crate::model::{Js, Matcher, Order, Reading, Scalar};
use crate::sort::{sort, sorted};
use flagstone_core::js::lower;
use flagstone_core::layout::{
    NETWORK_OR_EQUAL, NONE, NetworkRecord, NumberRecord, Op, Record, Section, SegmentRecord,
    SemVerRecord, TEST_CONVERSION_SHIFT, TEST_ELEMENTS, TEST_IGNORES_CASE, TEST_MISSING_IS_NO,
    TEST_MISTYPED_IS_NO, TEST_NEGATED, TextRecord, order,
};
use flagstone_core::{Address, SemVer, SplitVersion, UnixMillis};
use std::net::IpAddr;
use std::slice;

/// What a test's record asks.
#[derive(Clone, Copy)]
pub(super) struct Question {
    pub(super) op: Op,
    pub(super) flags: u8,
    pub(super) a: u32,
    pub(super) b: u32,
}

impl Question {
    pub(super) fn new(op: Op, a: u32, b: u32) -> Self {
        Self { op, flags: 0, a, b }
    }

    pub(super) fn wide(op: Op, number: u64) -> Self {
        Self::new(op, number as u32, (number >> 32) as u32)
    }

    pub(super) fn negated(mut self, negated: bool) -> Self {
        self.flags ^= if negated { TEST_NEGATED } else { 0 };
        self
    }

    pub(super) fn read_as(mut self, reading: Reading) -> Self {
        for (is, bit) in [
            (reading.elements, TEST_ELEMENTS),
            (reading.missing_is_no, TEST_MISSING_IS_NO),
            (reading.mistyped_is_no, TEST_MISTYPED_IS_NO),
        ] {
            self.flags |= if is { bit } else { 0 };
        }
        self.flags |= (reading.conversion as u8) << TEST_CONVERSION_SHIFT;
        self
    }

    pub(super) fn ignoring_case(mut self) -> Self {
        self.flags |= TEST_IGNORES_CASE;
        self
    }
}

impl Writer<'_> {
    /// A matcher as questions, any of which may be answered with yes.
    #[inline(never)]
    pub(super) fn questions(
        &mut self,
        matcher: &Matcher,
        attribute: u16,
        path: &str,
    ) -> Vec<Question> {
        if numbers(matcher).any(f64::is_nan) {
            self.error("invalid-number", path, "NaN cannot be compared with");
        }
        let one = match matcher {
            Matcher::Exists => Question::new(Op::Exists, 0, 0),
            Matcher::Equals(scalar) => self.equals(scalar),
            Matcher::OneOf(scalars) => return self.one_of(scalars, attribute),
            Matcher::InSet(keys) => match self.set(keys) {
                // Not `Never`: what is missing is unknown, however many keys there are.
                NONE => Question::new(Op::TextIn, 0, 0),
                set => Question::new(Op::SetHas, set, 0),
            },
            Matcher::Includes(Scalar::Boolean(value)) => {
                Question::new(Op::IncludesBoolean, u32::from(*value), 0)
            }
            Matcher::Includes(Scalar::Number(value)) => {
                Question::wide(Op::IncludesNumber, value.to_bits())
            }
            Matcher::Includes(Scalar::Text(text)) => self.text(Op::IncludesText, text),
            Matcher::IncludesNull => Question::new(Op::IncludesNull, 0, 0),
            Matcher::OneOfIgnoringCase(texts) => {
                let lower: Vec<String> =
                    texts.iter().map(|text| text.to_ascii_lowercase()).collect();
                self.text_in(lower.iter().map(String::as_str))
                    .ignoring_case()
            }
            Matcher::Number(order, number) => ordered(
                *order,
                number.to_bits(),
                [
                    Op::NumberLess,
                    Op::NumberAtMost,
                    Op::NumberEqual,
                    Op::NumberAtLeast,
                    Op::NumberGreater,
                ],
            ),
            Matcher::NumberInText(order, number) => ordered(
                *order,
                number.to_bits(),
                [
                    Op::ParsedLess,
                    Op::ParsedAtMost,
                    Op::ParsedEqual,
                    Op::ParsedAtLeast,
                    Op::ParsedGreater,
                ],
            ),
            Matcher::Date(order, at) => ordered(
                *order,
                at.0 as u64,
                [
                    Op::DateBefore,
                    Op::DateAtMost,
                    Op::DateEqual,
                    Op::DateAtLeast,
                    Op::DateAfter,
                ],
            ),
            Matcher::JsDateBefore(millis) => Question::wide(Op::JsDateBefore, millis.to_bits()),
            Matcher::JsDateAfter(millis) => Question::wide(Op::JsDateAfter, millis.to_bits()),
            Matcher::Text(order, text) => {
                let operations = [
                    Op::TextLess,
                    Op::TextAtMost,
                    Op::TextEqual,
                    Op::TextAtLeast,
                    Op::TextGreater,
                ];
                self.text(operation(*order, operations), text)
            }
            Matcher::StartsWith(text) => self.text(Op::StartsWith, text),
            Matcher::EndsWith(text) => self.text(Op::EndsWith, text),
            Matcher::Contains(text) => self.text(Op::Contains, text),
            Matcher::StartsWithIgnoringCase(text) => self
                .text(Op::StartsWith, &text.to_ascii_lowercase())
                .ignoring_case(),
            Matcher::EndsWithIgnoringCase(text) => self
                .text(Op::EndsWith, &text.to_ascii_lowercase())
                .ignoring_case(),
            Matcher::ContainsIgnoringCase(text) => self
                .text(Op::Contains, &text.to_ascii_lowercase())
                .ignoring_case(),
            #[cfg(feature = "patterns")]
            Matcher::Matches(pattern) => Question::new(Op::Pattern, self.pattern(pattern, path), 0),
            #[cfg(not(feature = "patterns"))]
            Matcher::Matches(_) => {
                self.error(
                    "no-patterns",
                    path,
                    "this program was built without patterns",
                );
                Question::new(Op::Fail, 0, 0)
            }
            Matcher::SemVer(order, version) => self.semver(Op::SemVer, *order, version, path),
            Matcher::NpmSemVer(order, version) => self.semver(Op::NpmSemVer, *order, version, path),
            Matcher::NpmSemVerStrict(order, version) => {
                self.semver(Op::NpmSemVerStrict, *order, version, path)
            }
            Matcher::StartsWithOneOf(texts) => self.of_texts(Op::StartsWithOne, texts),
            Matcher::EndsWithOneOf(texts) => self.of_texts(Op::EndsWithOne, texts),
            Matcher::ContainsOneOf(texts) => self.of_texts(Op::ContainsOne, texts),
            Matcher::StartsWithOneOfLower(texts) => self.of_lower(Op::LowerStartsWithOne, texts),
            Matcher::EndsWithOneOfLower(texts) => self.of_lower(Op::LowerEndsWithOne, texts),
            Matcher::ContainsOneOfLower(texts) => self.of_lower(Op::LowerContainsOne, texts),
            Matcher::ListHasOneOf(texts) => self.of_texts(Op::ListHasOne, texts),
            Matcher::ListHasAllOf(texts) => self.of_texts(Op::ListHasAll, texts),
            Matcher::ListWithin(texts) => self.of_texts(Op::ListWithin, texts),
            Matcher::ListDistinct(count) => Question::new(Op::ListDistinct, *count, 0),
            Matcher::SplitVersion(order, version) => {
                self.split_versions(slice::from_ref(version), path);
                let text = self.text_in([version.as_str()].into_iter());
                Question::new(Op::SplitVersion, text.a, outcomes(*order))
            }
            Matcher::SplitVersionIn(versions) => {
                self.split_versions(versions, path);
                self.of_texts(Op::SplitVersionIn, versions)
            }
            Matcher::MatchesIn {
                dialect,
                pattern,
                ignore_case,
            } => Question::new(
                Op::Program,
                self.program(*dialect, pattern, *ignore_case, path),
                0,
            ),
            Matcher::InNetwork(networks) => self.networks(networks, path),
            Matcher::InNpmNetwork { networks, or_equal } => {
                self.npm_networks(networks, *or_equal, path)
            }
            Matcher::Js(js) => self.js(js, path),
        };
        vec![one]
    }

    fn equals(&mut self, scalar: &Scalar) -> Question {
        match scalar {
            Scalar::Boolean(value) => Question::new(Op::Boolean, u32::from(*value), 0),
            Scalar::Number(value) => Question::wide(Op::NumberEqual, value.to_bits()),
            Scalar::Text(text) => self.text(Op::TextEqual, text),
        }
    }

    /// One question for the texts of a list, one for its numbers and one for each of its booleans; any of which may be
    /// answered with yes.
    fn one_of(&mut self, scalars: &[Scalar], attribute: u16) -> Vec<Question> {
        let mut texts = Vec::new();
        let mut numbers = Vec::new();
        let mut questions = Vec::new();
        for scalar in scalars {
            match scalar {
                Scalar::Text(text) => texts.push(text.as_str()),
                Scalar::Number(number) => numbers.push(*number),
                Scalar::Boolean(_) => questions.push(self.equals(scalar)),
            }
        }
        if !numbers.is_empty() {
            sort(&mut numbers, |a, b| a.total_cmp(b).is_lt());
            let first = self.tables.count(Section::Numbers);
            for number in &numbers {
                self.tables.push(
                    Section::Numbers,
                    &NumberRecord {
                        bits: number.to_bits(),
                    },
                );
            }
            questions.push(Question::new(Op::NumberIn, first, numbers.len() as u32));
        }
        if !texts.is_empty() || questions.is_empty() {
            let question = match self.words_in(attribute, &texts) {
                Some(mask) => Question::wide(Op::WordIn, mask),
                None => self.text_in(texts.into_iter()),
            };
            questions.push(question);
        }
        questions
    }

    fn text_in<'t>(&mut self, texts: impl Iterator<Item = &'t str>) -> Question {
        let texts = sorted(texts.collect());
        let (first, count) = self.texts(&texts);
        Question::new(Op::TextIn, first, count)
    }

    fn of_texts(&mut self, op: Op, texts: &[String]) -> Question {
        let list = self.text_in(texts.iter().map(String::as_str));
        Question { op, ..list }
    }

    fn of_lower(&mut self, op: Op, texts: &[String]) -> Question {
        let texts: Vec<String> = texts.iter().map(|text| lower(text).collect()).collect();
        self.of_texts(op, &texts)
    }

    /// Finds what is no version to Split.
    fn split_versions(&mut self, versions: &[String], path: &str) {
        for version in versions {
            if SplitVersion::parse(version).is_none() {
                let message = text!("`{version}` is no version");
                self.error("invalid-version", path, message);
            }
        }
    }

    /// Texts in ascending order without duplicates; equal lists share their records.
    pub(super) fn texts(&mut self, texts: &[&str]) -> (u32, u32) {
        let records: Vec<TextRecord> = texts
            .iter()
            .map(|text| {
                let (offset, len) = self.tables.long_text(text);
                TextRecord { offset, len }
            })
            .collect();
        let first = self.tables.share(Section::Texts, &rows(&records));
        (first, records.len() as u32)
    }

    /// A single text as its record.
    pub(super) fn one_text(&mut self, text: &str) -> u32 {
        let (offset, len) = self.tables.long_text(text);
        let record = TextRecord { offset, len };
        self.tables.share(Section::Texts, record.write().as_ref())
    }

    pub(super) fn text(&mut self, op: Op, text: &str) -> Question {
        let (offset, len) = self.tables.long_text(text);
        Question::new(op, offset, len)
    }

    fn semver(&mut self, op: Op, wanted: Order, version: &str, path: &str) -> Question {
        let parsed = match op {
            Op::NpmSemVer => SemVer::parse_npm(version),
            Op::NpmSemVerStrict => SemVer::parse_npm_strict(version),
            _ => SemVer::parse(version),
        };
        let Some(parsed) = parsed else {
            self.findings.push(
                Finding::error(
                    "invalid-version",
                    path,
                    text!("`{version}` is no semantic version"),
                )
                .help("three numbers as in `2.3.0`, maybe a pre-release as in `2.3.0-rc.1`"),
            );
            return Question::new(op, 0, 0);
        };
        if op == Op::SemVer && parsed.is_ranked() {
            let operand = parsed.rank() << order::BITS | u64::from(outcomes(wanted));
            return Question::wide(Op::Release, operand);
        }
        let (pre_offset, pre_len) = self.tables.long_text(parsed.pre);
        let SemVer {
            major,
            minor,
            patch,
            ..
        } = parsed;
        let record = SemVerRecord {
            major,
            minor,
            patch,
            pre_offset,
            pre_len,
        };
        let version = self.tables.share(Section::SemVers, record.write().as_ref());
        Question::new(op, version, outcomes(wanted))
    }

    /// The set of keys that a segment is and the attribute that is looked up in it; [`NONE`] if it is more, or not written yet.
    pub(super) fn set_of(&self, segment: u32) -> (u32, u16) {
        let start = segment as usize * SegmentRecord::SIZE;
        let record = self.tables.rows(Section::Segments).get(start..);
        let record = record.and_then(SegmentRecord::read);
        let found = record.and_then(|segment| Some((segment.set()?, segment.by)));
        found.unwrap_or((NONE, 0))
    }

    fn networks(&mut self, networks: &[String], path: &str) -> Question {
        let first = self.tables.count(Section::Networks);
        let mut count = 0;
        for text in networks {
            match network(text) {
                Some(record) => {
                    self.tables.push(Section::Networks, &record);
                    count += 1;
                }
                None => self.findings.push(
                    Finding::error("invalid-network", path, text!("`{text}` is no network"))
                        .help("an address and the number of leading bits: `10.0.0.0/8`, `fd00::/8`, `192.0.2.7`"),
                ),
            }
        }
        Question::new(Op::Network, first, count)
    }

    fn npm_networks(&mut self, networks: &[String], or_equal: bool, path: &str) -> Question {
        let first = self.tables.count(Section::Networks);
        let mut count = 0;
        for text in networks {
            let Some(network) = Address::parse(text) else {
                self.error("invalid-network", path, text!("`{text}` is no network"));
                continue;
            };
            let record = NetworkRecord {
                address: network.bits,
                prefix: network.prefix,
                family: network.family | if or_equal { NETWORK_OR_EQUAL } else { 0 },
            };
            self.tables.push(Section::Networks, &record);
            count += 1;
        }
        Question::new(Op::NpmNetwork, first, count)
    }
}

/// The outcomes of a comparison that satisfy an order, as a set of bits.
pub(super) fn outcomes(wanted: Order) -> u32 {
    match wanted {
        Order::Equal => order::EQUAL,
        Order::Less => order::LESS,
        Order::LessOrEqual => order::LESS | order::EQUAL,
        Order::Greater => order::GREATER,
        Order::GreaterOrEqual => order::GREATER | order::EQUAL,
    }
}

/// The numbers in a matcher.
fn numbers(matcher: &Matcher) -> impl Iterator<Item = f64> {
    let (one, scalars) = match matcher {
        Matcher::Number(_, number)
        | Matcher::NumberInText(_, number)
        | Matcher::JsDateBefore(number)
        | Matcher::JsDateAfter(number)
        | Matcher::Js(Js::Number(number)) => (Some(*number), &[][..]),
        Matcher::Js(Js::Compare(_, scalar))
        | Matcher::Equals(scalar)
        | Matcher::Includes(scalar) => (None, slice::from_ref(scalar)),
        Matcher::OneOf(scalars) => (None, scalars.as_slice()),
        _ => (None, &[][..]),
    };
    let scalars = scalars.iter().filter_map(|scalar| match scalar {
        Scalar::Number(number) => Some(*number),
        Scalar::Boolean(_) | Scalar::Text(_) => None,
    });
    one.into_iter().chain(scalars)
}

pub(super) fn now(order: Order, time: UnixMillis) -> Question {
    let before = Question::wide(Op::NowBefore, time.0 as u64);
    // Time goes in whole milliseconds: "at most t" is "before t + 1", and at the end of time it always holds.
    let at_most = match time.0.checked_add(1) {
        Some(next) => Question::wide(Op::NowBefore, next as u64),
        None => Question::wide(Op::NowBefore, i64::MIN as u64).negated(true),
    };
    match order {
        Order::Less => before,
        Order::Equal => Question::wide(Op::NowEqual, time.0 as u64),
        Order::LessOrEqual => at_most,
        Order::Greater => at_most.negated(true),
        Order::GreaterOrEqual => before.negated(true),
    }
}

/// The operation for an order, of "less", "at most", "equal", "at least" and "greater". "Greater" is not the opposite of "at
/// most": of a list or of a value of the wrong type, both answers may be no.
fn operation(order: Order, [less, at_most, equal, at_least, greater]: [Op; 5]) -> Op {
    match order {
        Order::Equal => equal,
        Order::Less => less,
        Order::LessOrEqual => at_most,
        Order::Greater => greater,
        Order::GreaterOrEqual => at_least,
    }
}

fn ordered(order: Order, operand: u64, operations: [Op; 5]) -> Question {
    Question::wide(operation(order, operations), operand)
}

/// A network in CIDR notation; an address alone is a network of its own. IPv4 in IPv6 (`::ffff:10.0.0.0/104`) is IPv4, as
/// it is in the addresses that are compared.
fn network(text: &str) -> Option<NetworkRecord> {
    let (address, prefix) = text
        .split_once('/')
        .map_or((text, None), |(address, prefix)| (address, Some(prefix)));
    let address: IpAddr = address.parse().ok()?;
    let width = if address.is_ipv4() { 32 } else { 128 };
    let prefix = match prefix {
        None => width,
        Some(digits) => Some(digits)
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()))
            .and_then(|digits| digits.parse::<u16>().ok())
            .filter(|prefix| *prefix <= width)?,
    };
    let (family, width, prefix, bits) = match (address.to_canonical(), address) {
        (IpAddr::V4(v4), IpAddr::V6(_)) if prefix >= 96 => {
            (4, 32, prefix - 96, v4.to_bits().into())
        }
        (_, IpAddr::V4(v4)) => (4, 32, prefix, v4.to_bits().into()),
        (_, IpAddr::V6(v6)) => (6, 128, prefix, v6.to_bits()),
    };
    let free = u32::from(width - prefix);
    let kept = bits
        .checked_shr(free)
        .unwrap_or(0)
        .checked_shl(free)
        .unwrap_or(0);
    Some(NetworkRecord {
        address: kept,
        prefix,
        family,
    })
}
