//! Conditions in words, for people who ask why.

use crate::layout::{
    AttributeRecord, IndexRecord, NETWORK_OR_EQUAL, NetworkRecord, NumberRecord, Op,
    PROGRAM_IGNORES_CASE, PatternRecord, ProgramRecord, Scope, Section, SegmentRecord,
    SemVerRecord, TEST_IGNORES_CASE, TEST_NEGATED, TestRecord, TextRecord, kind, order,
};
use crate::semver::SemVer;
use crate::snapshot::{AttributeIndex, FlagIndex, Snapshot, VariantIndex};
use crate::units::UnixMillis;
use core::fmt::{self, Display, Formatter, Write};
use core::net::{Ipv4Addr, Ipv6Addr};

impl<'a> Snapshot<'a> {
    /// A test in words, by its record number as [`Trace::test`](crate::Trace::test) gives it: `user.email ends with
    /// "@shop.example"`. `None` if there is no such test.
    pub fn describe_test(&self, test: u32) -> Option<Described<'a>> {
        let record = self.record::<TestRecord>(Section::Tests, test)?;
        Some(Described {
            snapshot: *self,
            test: record,
            op: Op::from_code(record.op)?,
        })
    }
}

/// A test that can be displayed; damaged parts are shown as `?`.
#[derive(Clone, Copy, Debug)]
pub struct Described<'a> {
    snapshot: Snapshot<'a>,
    test: TestRecord,
    op: Op,
}

impl Described<'_> {
    /// The attribute that the test is about; `None` if it is about the time, a segment or another flag.
    pub fn attribute(&self) -> Option<AttributeIndex> {
        self.op
            .asks_attribute()
            .then_some(AttributeIndex(self.test.attribute))
    }

    fn subject(&self) -> &str {
        match self.attribute() {
            Some(index) => self
                .snapshot
                .attribute(index)
                .map_or("?", |attribute| attribute.name),
            None if matches!(self.op, Op::NowBefore | Op::NowEqual) => "now",
            None => "unit",
        }
    }

    fn operand(&self) -> u64 {
        u64::from(self.test.a) | u64::from(self.test.b) << 32
    }

    fn moment(&self) -> UnixMillis {
        UnixMillis(self.operand() as i64)
    }

    fn number(&self) -> f64 {
        f64::from_bits(self.operand())
    }

    fn text(&self) -> &str {
        self.snapshot.text(self.test.a, self.test.b).unwrap_or("?")
    }

    fn texts(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let texts = self
            .snapshot
            .records::<TextRecord>(Section::Texts, self.test.a, self.test.b);
        list(f, self.test.b, texts, |f, text| {
            write!(
                f,
                "{:?}",
                self.snapshot.text(text.offset, text.len).unwrap_or("?")
            )
        })
    }

    /// The words of the attribute whose bits are set, in ascending order as other lists are.
    fn words(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mask = u64::from(self.test.a) | u64::from(self.test.b) << 32;
        let attribute = u32::from(self.test.attribute);
        let attribute = self
            .snapshot
            .record::<AttributeRecord>(Section::Attributes, attribute);
        let first = attribute.map_or(0, |attribute| attribute.words);
        let word = |bit: u32| self.snapshot.long_text(first.checked_add(bit)?);
        let mut last = None;
        let words = core::iter::from_fn(|| {
            let bits = (0..u64::BITS).filter(|bit| mask >> bit & 1 != 0);
            let next = bits
                .filter_map(word)
                .filter(|word| Some(*word) > last)
                .min();
            last = next.or(last);
            next
        });
        list(f, mask.count_ones(), words, |f, word| write!(f, "{word:?}"))
    }

    /// The text that the first operand says the number of.
    fn one_text(&self) -> &str {
        let text = self
            .snapshot
            .record::<TextRecord>(Section::Texts, self.test.a);
        text.and_then(|text| self.snapshot.text(text.offset, text.len))
            .unwrap_or("?")
    }

    fn network(f: &mut Formatter<'_>, network: &NetworkRecord) -> fmt::Result {
        match network.family & !NETWORK_OR_EQUAL {
            4 => write!(
                f,
                "{}/{}",
                Ipv4Addr::from_bits(network.address as u32),
                network.prefix
            ),
            _ => write!(
                f,
                "{}/{}",
                Ipv6Addr::from_bits(network.address),
                network.prefix
            ),
        }
    }
}

/// The orders in which a version must stand, as a sign.
fn sign(wanted: u32, negated: bool) -> &'static str {
    let wanted = if negated {
        (order::LESS | order::EQUAL | order::GREATER) & !wanted
    } else {
        wanted
    };
    match wanted {
        order::LESS => "< ",
        order::EQUAL => "== ",
        order::GREATER => "> ",
        _ if wanted == order::LESS | order::EQUAL => "<= ",
        _ if wanted == order::GREATER | order::EQUAL => ">= ",
        _ => "!= ",
    }
}

/// Which outcomes of a comparison satisfy a test, or do not. That a value cannot be compared is neither.
fn outcomes(wanted: u32, is_not: bool) -> &'static str {
    match wanted {
        order::LESS if is_not => "not < ",
        order::LESS => "< ",
        order::EQUAL if is_not => "!= ",
        order::EQUAL => "== ",
        order::GREATER if is_not => "not > ",
        order::GREATER => "> ",
        _ if wanted == order::LESS | order::EQUAL && is_not => "not <= ",
        _ if wanted == order::LESS | order::EQUAL => "<= ",
        _ if wanted == order::GREATER | order::EQUAL && is_not => "not >= ",
        _ if wanted == order::GREATER | order::EQUAL => ">= ",
        _ if is_not => "== ",
        _ => "!= ",
    }
}

/// The first few of a list, in brackets.
fn list<T>(
    f: &mut Formatter<'_>,
    count: u32,
    items: impl Iterator<Item = T>,
    one: impl Fn(&mut Formatter<'_>, T) -> fmt::Result,
) -> fmt::Result {
    const SHOWN: usize = 8;
    f.write_char('[')?;
    for (index, item) in items.take(SHOWN).enumerate() {
        if index > 0 {
            f.write_str(", ")?;
        }
        one(f, item)?;
    }
    match (count as usize).saturating_sub(SHOWN) {
        0 => f.write_char(']'),
        more => write!(f, ", … {more} more]"),
    }
}

impl Display for Described<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let negated = self.test.flags & TEST_NEGATED != 0;
        // One of two words, as the test asks for it or for its opposite.
        let either = |yes: &'static str, no: &'static str| if negated { no } else { yes };
        write!(f, "{} ", self.subject())?;
        match self.op {
            Op::Exists => f.write_str(either("is there", "is missing"))?,
            Op::Boolean => write!(f, "{} {}", either("==", "!="), self.test.a != 0)?,
            Op::NumberEqual | Op::ParsedEqual => {
                write!(f, "{} {}", either("==", "!="), self.number())?
            }
            Op::NumberLess | Op::ParsedLess => {
                write!(f, "{} {}", either("<", ">="), self.number())?
            }
            Op::NumberAtMost | Op::ParsedAtMost => {
                write!(f, "{} {}", either("<=", ">"), self.number())?
            }
            Op::NumberGreater | Op::ParsedGreater => {
                write!(f, "{} {}", either(">", "<="), self.number())?
            }
            Op::NumberAtLeast | Op::ParsedAtLeast => {
                write!(f, "{} {}", either(">=", "<"), self.number())?
            }
            Op::TextEqual => write!(f, "{} {:?}", either("==", "!="), self.text())?,
            Op::TextLess => write!(f, "{} {:?}", either("<", ">="), self.text())?,
            Op::TextAtMost => write!(f, "{} {:?}", either("<=", ">"), self.text())?,
            Op::TextGreater => write!(f, "{} {:?}", either(">", "<="), self.text())?,
            Op::TextAtLeast => write!(f, "{} {:?}", either(">=", "<"), self.text())?,
            Op::StartsWith => write!(
                f,
                "{} {:?}",
                either("starts with", "does not start with"),
                self.text()
            )?,
            Op::EndsWith => write!(
                f,
                "{} {:?}",
                either("ends with", "does not end with"),
                self.text()
            )?,
            Op::Contains => write!(
                f,
                "{} {:?}",
                either("contains", "does not contain"),
                self.text()
            )?,
            Op::TextIn => {
                f.write_str(either("in ", "not in "))?;
                self.texts(f)?;
            }
            Op::WordIn => {
                f.write_str(either("in ", "not in "))?;
                self.words(f)?;
            }
            Op::StartsWithOne | Op::LowerStartsWithOne => {
                f.write_str(either("starts with one of ", "starts with none of "))?;
                self.texts(f)?;
            }
            Op::EndsWithOne | Op::LowerEndsWithOne => {
                f.write_str(either("ends with one of ", "ends with none of "))?;
                self.texts(f)?;
            }
            Op::ContainsOne | Op::LowerContainsOne => {
                f.write_str(either("contains one of ", "contains none of "))?;
                self.texts(f)?;
            }
            Op::ListHasOne => {
                f.write_str(either("includes one of ", "includes none of "))?;
                self.texts(f)?;
            }
            Op::ListHasAll => {
                f.write_str(either("includes all of ", "does not include all of "))?;
                self.texts(f)?;
            }
            Op::ListWithin => {
                f.write_str(either("is part of ", "is not part of "))?;
                self.texts(f)?;
            }
            Op::ListDistinct => write!(
                f,
                "has {} {} different elements",
                either("at least", "less than"),
                self.test.a
            )?,
            Op::SplitVersionIn => {
                f.write_str(either(
                    "is one of the versions ",
                    "is none of the versions ",
                ))?;
                self.texts(f)?;
            }
            Op::SplitVersion => {
                f.write_str(sign(self.test.b, negated))?;
                f.write_str(self.snapshot.long_text(self.test.a).unwrap_or("?"))?;
            }
            Op::NumberIn => {
                f.write_str(either("in ", "not in "))?;
                let numbers = self.snapshot.records::<NumberRecord>(
                    Section::Numbers,
                    self.test.a,
                    self.test.b,
                );
                list(f, self.test.b, numbers, |f, number| {
                    write!(f, "{}", f64::from_bits(number.bits))
                })?;
            }
            Op::IncludesText => write!(
                f,
                "{} {:?}",
                either("includes", "does not include"),
                self.text()
            )?,
            Op::IncludesNumber => write!(
                f,
                "{} {}",
                either("includes", "does not include"),
                self.number()
            )?,
            Op::IncludesBoolean => write!(
                f,
                "{} {}",
                either("includes", "does not include"),
                self.test.a != 0
            )?,
            Op::IncludesNull => write!(f, "{} null", either("includes", "does not include"))?,
            Op::Pattern => {
                let pattern = self
                    .snapshot
                    .record::<PatternRecord>(Section::Patterns, self.test.a);
                let source = pattern.and_then(|pattern| {
                    self.snapshot
                        .text(pattern.source_offset, pattern.source_len)
                });
                write!(
                    f,
                    "{} /{}/",
                    either("matches", "does not match"),
                    source.unwrap_or("?")
                )?;
            }
            Op::Program | Op::JsProgram => {
                let program = self
                    .snapshot
                    .record::<ProgramRecord>(Section::Programs, self.test.a);
                let source = program.and_then(|program| {
                    self.snapshot
                        .text(program.source_offset, program.source_len)
                });
                let ignores_case =
                    program.is_some_and(|program| program.flags & PROGRAM_IGNORES_CASE != 0);
                write!(
                    f,
                    "{} /{}/{}",
                    either("matches", "does not match"),
                    source.unwrap_or("?"),
                    if ignores_case { "i" } else { "" }
                )?;
            }
            Op::SemVer | Op::NpmSemVer | Op::NpmSemVerStrict => {
                f.write_str(sign(self.test.b, negated))?;
                match self
                    .snapshot
                    .record::<SemVerRecord>(Section::SemVers, self.test.a)
                {
                    Some(version) => {
                        write!(f, "{}.{}.{}", version.major, version.minor, version.patch)?;
                        let pre = self
                            .snapshot
                            .text(version.pre_offset, version.pre_len)
                            .unwrap_or("?");
                        if !pre.is_empty() {
                            write!(f, "-{pre}")?;
                        }
                    }
                    None => f.write_char('?')?,
                }
            }
            Op::Release => {
                let wanted = self.test.a & ((1 << order::BITS) - 1);
                let version = SemVer::ranked(self.operand() >> order::BITS);
                f.write_str(sign(wanted, negated))?;
                write!(f, "{}.{}.{}", version.major, version.minor, version.patch)?;
            }
            Op::DateBefore | Op::NowBefore => {
                write!(f, "{} {}", either("<", ">="), self.moment())?;
            }
            Op::DateAtMost => write!(f, "{} {}", either("<=", ">"), self.moment())?,
            Op::DateAfter => write!(f, "{} {}", either(">", "<="), self.moment())?,
            Op::DateAtLeast => write!(f, "{} {}", either(">=", "<"), self.moment())?,
            // A moment may have a part of a millisecond here, which no reader will miss.
            Op::JsDateBefore => {
                let moment = UnixMillis(self.number() as i64);
                write!(f, "{} {moment}", either("<", ">="))?;
            }
            Op::JsDateAfter => {
                let moment = UnixMillis(self.number() as i64);
                write!(f, "{} {moment}", either(">", "<="))?;
            }
            Op::DateEqual | Op::NowEqual => {
                write!(f, "{} {}", either("==", "!="), self.moment())?;
            }
            Op::Network | Op::NpmNetwork => {
                f.write_str(either("in ", "not in "))?;
                let networks = self.snapshot.records::<NetworkRecord>(
                    Section::Networks,
                    self.test.a,
                    self.test.b,
                );
                list(f, self.test.b, networks, |f, network| {
                    Self::network(f, &network)
                })?;
            }
            Op::Segment | Op::SegmentUnlessFails => {
                let segment = self
                    .snapshot
                    .record::<SegmentRecord>(Section::Segments, self.test.a);
                let key = segment.and_then(|segment| {
                    self.snapshot
                        .text(segment.key_offset, segment.key_len.into())
                });
                write!(
                    f,
                    "{} segment {:?}",
                    either("in", "not in"),
                    key.unwrap_or("?")
                )?;
            }
            Op::SetHas => f.write_str(either("in a set of keys", "not in a set of keys"))?,
            Op::Expression => {
                let record = self
                    .snapshot
                    .record::<TextRecord>(Section::Texts, self.test.b);
                let source = record.and_then(|text| self.snapshot.text(text.offset, text.len));
                write!(
                    f,
                    "{} {}",
                    either("satisfies", "does not satisfy"),
                    source.unwrap_or("an expression")
                )?;
            }
            Op::Bucket => f.write_str(either("in the share", "not in the share"))?,
            Op::Never => f.write_str(either("matches nothing", "matches everything"))?,
            Op::Inside => {
                let flag = self.snapshot.flag(FlagIndex(self.test.a));
                let key = flag.map_or("?", |flag| flag.key());
                write!(
                    f,
                    "{} flag {key:?}",
                    either("is required by", "is not required by")
                )?;
            }
            Op::Abort => f.write_str("cannot be decided here")?,
            Op::Fail => f.write_str("cannot be decided: the definition is malformed here")?,
            Op::JsTextEqual => {
                write!(f, "{} {:?} as text", either("is", "is not"), self.text())?;
            }
            Op::JsNumberEqual => {
                write!(
                    f,
                    "{} {} as a number",
                    either("is", "is not"),
                    self.number()
                )?;
            }
            Op::JsTruthy => f.write_str(either("is truthy", "is falsy"))?,
            Op::JsonEqual => write!(f, "{} {}", either("is", "is not"), self.text())?,
            Op::JsTextOrder | Op::PaddedVersion => {
                f.write_str(outcomes(self.test.b, negated))?;
                write!(f, "{:?}", self.one_text())?;
            }
            Op::JsNumberOrder => {
                f.write_str(outcomes(self.test.b, negated))?;
                let number = self
                    .snapshot
                    .record::<NumberRecord>(Section::Numbers, self.test.a);
                write!(
                    f,
                    "{}",
                    number.map_or(f64::NAN, |number| f64::from_bits(number.bits))
                )?;
            }
            Op::LowerIn => {
                f.write_str(either("in ", "not in "))?;
                self.texts(f)?;
                f.write_str(", case ignored")?;
            }
            Op::TypeIn => {
                f.write_str(either("is of type", "is not of type"))?;
                let names = [
                    (kind::NULL, " null"),
                    (kind::BOOLEAN, " boolean"),
                    (kind::NUMBER, " number"),
                    (kind::TEXT, " string"),
                    (kind::LIST, " array"),
                    (kind::OBJECT, " object"),
                ];
                for (_, name) in names.iter().filter(|(bit, _)| self.test.a & bit != 0) {
                    f.write_str(name)?;
                }
            }
            Op::Within => {
                f.write_str(match Scope::from_code((self.test.b >> 16) as u16) {
                    Some(Scope::Length) => either("has a length", "has no length"),
                    _ => either("has an element", "has no element"),
                })?;
                f.write_str(" for which a condition holds")?;
            }
            Op::Flag | Op::FlagOn => {
                let Some(flag) = self.snapshot.flag(FlagIndex(self.test.a)) else {
                    return f.write_char('?');
                };
                write!(f, "{} flag {:?} at ", either("has", "has not"), flag.key())?;
                let list = self.test.b;
                let count = self.snapshot.record::<IndexRecord>(Section::Indices, list);
                let count = count.map_or(0, |record| record.index);
                let wanted = self.snapshot.records::<IndexRecord>(
                    Section::Indices,
                    list.saturating_add(1),
                    count,
                );
                self::list(f, count, wanted, |f, wanted| {
                    let index = u16::try_from(wanted.index).ok().map(VariantIndex);
                    let variant = index.and_then(|index| flag.variant(index));
                    write!(f, "{:?}", variant.map_or("?", |variant| variant.key()))
                })?;
            }
        }
        let is_lowered = matches!(
            self.op,
            Op::LowerStartsWithOne | Op::LowerEndsWithOne | Op::LowerContainsOne
        );
        if is_lowered || self.test.flags & TEST_IGNORES_CASE != 0 {
            f.write_str(", case ignored")?;
        }
        Ok(())
    }
}
