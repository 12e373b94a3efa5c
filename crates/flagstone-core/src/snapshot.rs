//! An opened snapshot: bytes that are read in place.

mod error;
mod plan;
mod verify;

pub use error::{OpenError, VerifyError};
pub use plan::{Goal, Plan};

use crate::hash::{self, Digest};
use crate::layout::{
    self, Absent, Algorithm, AttributeRecord, EntryRecord, ExpiryRecord, FORMAT_VERSION,
    FlagRecord, HEADER_LEN, IndexRecord, MAGIC, ONE_RANGE, PatternRecord, RangeRecord, Record,
    RuleRecord, SECTION_ROW_LEN, SET_BUCKET, Section, SegmentRecord, SetRecord, SourceKind,
    SplitRecord, TestRecord, TextRecord, ValueKind, VariantRecord, VaryRecord,
};
use crate::text::{equal, same_words, words};
use crate::units::Day;
use crate::value::Value;
use core::cmp::Ordering;
use core::{fmt, iter};

/// The seeds that lead from the hashes of keys to flags.
pub(crate) type Seeds<'a> = &'a [[u8; 4]];

/// All flags.
pub(crate) type Flags<'a> = &'a [[u8; FlagRecord::SIZE]];

/// The position of a flag in one snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FlagIndex(pub u32);

/// The position of a variant in its flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VariantIndex(pub u16);

/// The position of an attribute in one snapshot. [`AttributeIndex::TARGETING_KEY`] is the same in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttributeIndex(pub u16);

impl AttributeIndex {
    /// The attribute that holds the targeting key.
    pub const TARGETING_KEY: Self = Self(layout::TARGETING_KEY);
}

/// A compiled configuration, read in place: a view of bytes that somebody else holds.
///
/// Opening looks at the header and the table of sections only, so it takes the same time for any size. All later reads
/// are bounds-checked: bytes that were damaged after they were written give wrong answers or none, never a panic.
///
/// ```
/// use flagstone_core::{OpenError, Snapshot};
///
/// let error = Snapshot::open(b"not a snapshot, but long enough to hold a header").unwrap_err();
/// assert_eq!(error, OpenError::Magic);
/// assert_eq!(error.to_string(), "does not begin as a snapshot does");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Snapshot<'a> {
    bytes: &'a [u8],
}

impl<'a> Snapshot<'a> {
    /// Opens a snapshot in constant time.
    ///
    /// # Errors
    /// If the bytes are no snapshot, of another version of the format, or shorter or longer than they say. The digest
    /// is not checked here, see [`Snapshot::is_intact`].
    pub fn open(bytes: &'a [u8]) -> Result<Self, OpenError> {
        let short = OpenError::Length {
            declared: HEADER_LEN,
            actual: bytes.len(),
        };
        let magic = bytes.first_chunk::<8>().ok_or(short)?;
        if *magic != MAGIC {
            return Err(OpenError::Magic);
        }
        let number = |at: usize| Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
        let version_and_count = number(8).ok_or(short)?;
        let version = version_and_count as u16;
        if version != FORMAT_VERSION {
            return Err(OpenError::Version { found: version });
        }
        let declared = number(12).ok_or(short)? as usize;
        if declared != bytes.len() {
            return Err(OpenError::Length {
                declared,
                actual: bytes.len(),
            });
        }
        if (version_and_count >> 16) as usize != Section::COUNT {
            return Err(OpenError::Sections {
                found: (version_and_count >> 16) as u16,
            });
        }
        let snapshot = Self { bytes };
        for (section, size) in Section::SIZES {
            // A table that is cut off has no bounds to show either.
            let end = row(bytes, section)
                .map(|(offset, count)| u64::from(offset) + u64::from(count) * size as u64);
            if end.is_none_or(|end| end > bytes.len() as u64) {
                return Err(OpenError::Bounds { section });
            }
        }
        Ok(snapshot)
    }

    /// The digest in the header: the snapshot's name.
    pub fn digest(&self) -> Digest {
        let bytes = self
            .bytes
            .get(16..)
            .and_then(|rest| rest.first_chunk::<16>());
        Digest(u128::from_le_bytes(bytes.copied().unwrap_or_default()))
    }

    /// Whether the content still has the digest that the header names. Takes time in proportion to the size, about
    /// 0.1 ms a megabyte.
    pub fn is_intact(&self) -> bool {
        self.bytes
            .get(HEADER_LEN..)
            .is_some_and(|content| Digest::of(content) == self.digest())
    }

    /// The bytes that this is a view of.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The number of flags.
    pub fn flag_count(&self) -> u32 {
        self.count(Section::Flags)
    }

    /// All flags, in no meaningful order.
    pub fn flags(&self) -> impl Iterator<Item = Flag<'a>> {
        let snapshot = *self;
        (0..self.flag_count()).filter_map(move |index| snapshot.flag(FlagIndex(index)))
    }

    /// The position of the flag with this key: one hash, one comparison.
    #[inline]
    pub fn find(&self, key: &str) -> Option<FlagIndex> {
        self.find_in(self.all(Section::Seeds), self.all(Section::Flags), key)
    }

    /// The same where seeds and flags have been found.
    #[inline(always)]
    pub(crate) fn find_in(
        &self,
        seeds: Seeds<'_>,
        flags: Flags<'_>,
        key: &str,
    ) -> Option<FlagIndex> {
        let key = key.as_bytes();
        let Some(of_key) = words(key) else {
            return self.find_apart(key);
        };
        let (flag, found) = self.keyed(seeds, flags, hash::flag_of(of_key, key.len()))?;
        let is_same = found.len() == key.len() && same_words(words(found)?, of_key);
        is_same.then_some(flag)
    }

    /// The same for keys of other lengths than most.
    #[inline(never)]
    fn find_apart(&self, key: &[u8]) -> Option<FlagIndex> {
        let (seeds, flags) = (self.all(Section::Seeds), self.all(Section::Flags));
        let (flag, found) = self.keyed(seeds, flags, hash::flag_apart(key))?;
        equal(found, key).then_some(flag)
    }

    /// The flag to which the hash of a key leads, and its own key.
    #[inline(always)]
    fn keyed(
        &self,
        seeds: Seeds<'_>,
        flags: Flags<'_>,
        hash: u64,
    ) -> Option<(FlagIndex, &'a [u8])> {
        let bucket = hash::flag_bucket(hash, seeds.len() as u32);
        let seed = u32::from_le_bytes(*seeds.get(bucket as usize)?);
        let slot = hash::flag_slot(hash, seed, flags.len() as u32);
        // There is none where there are no flags.
        let record = FlagRecord::read(flags.get(slot as usize)?)?;
        let key = self.data(record.key_offset, record.key_len.into())?;
        Some((FlagIndex(slot), key))
    }

    /// The flag at a position.
    #[inline]
    pub fn flag(&self, index: FlagIndex) -> Option<Flag<'a>> {
        Some(Flag {
            snapshot: *self,
            index,
            record: self.record(Section::Flags, index.0)?,
        })
    }

    /// The number of attributes that conditions and splits read; the targeting key is always one of them.
    pub fn attribute_count(&self) -> u16 {
        self.count(Section::Attributes)
            .try_into()
            .unwrap_or(u16::MAX)
    }

    /// The attribute at a position.
    #[inline]
    pub fn attribute(&self, index: AttributeIndex) -> Option<Attribute<'a>> {
        let record = self.record::<AttributeRecord>(Section::Attributes, index.0.into())?;
        Some(Attribute {
            name: self.text(record.name_offset, record.name_len.into())?,
            source: SourceKind::from_code(record.source)?,
            source_name: self.text(record.source_offset, record.source_len.into())?,
        })
    }

    /// Number of records of a section.
    #[inline]
    pub fn count(&self, section: Section) -> u32 {
        self.place(section).1
    }

    /// A record of a section; `None` behind its end. `R` must be that section's record.
    #[inline]
    pub fn record<R: Record>(&self, section: Section, index: u32) -> Option<R> {
        let (offset, count) = self.place(section);
        if index >= count {
            return None;
        }
        R::read(self.span(offset, R::SIZE, index, 1)?)
    }

    /// A record whose number another record says. In damaged bytes it may be anything that lies there.
    #[inline(always)]
    pub(crate) fn referred<R: Record>(&self, section: Section, index: u32) -> Option<R> {
        let head = self.bytes.first_chunk::<{ layout::HEAD_LEN }>()?;
        R::read(self.span(row(head, section)?.0, R::SIZE, index, 1)?)
    }

    /// The rows of consecutive records whose number another record says, as [`referred`](Self::referred) gives one.
    #[inline(always)]
    pub(crate) fn few<const N: usize>(
        &self,
        section: Section,
        first: u32,
        count: u32,
    ) -> Option<&'a [[u8; N]]> {
        let head = self.bytes.first_chunk::<{ layout::HEAD_LEN }>()?;
        let rows = self.span(row(head, section)?.0, N, first, count)?;
        Some(rows.as_chunks().0)
    }

    /// The bytes of records of a size, of those that begin at an offset.
    #[inline(always)]
    fn span(&self, offset: u32, size: usize, first: u32, count: u32) -> Option<&'a [u8]> {
        // INVARIANT: opening has seen that the section ends inside the bytes, so that nothing wraps; of records behind its end the place
        // does not matter.
        let start = (offset as usize).wrapping_add((first as usize).wrapping_mul(size));
        self.bytes
            .get(start..start.wrapping_add((count as usize).wrapping_mul(size)))
    }

    /// Consecutive records of a section; ends early at the section's end.
    #[inline]
    pub fn records<R: Record>(
        &self,
        section: Section,
        first: u32,
        count: u32,
    ) -> impl Iterator<Item = R> + use<'a, R> {
        let mut rest = self.rows(section, R::SIZE, first, count);
        iter::from_fn(move || {
            let record = R::read(rest)?;
            rest = rest.get(R::SIZE..).unwrap_or_default();
            Some(record)
        })
    }

    /// All records of a section, of `N` bytes each.
    #[inline]
    pub(crate) fn all<const N: usize>(&self, section: Section) -> &'a [[u8; N]] {
        self.rows(section, N, 0, u32::MAX).as_chunks().0
    }

    /// The bytes of consecutive records.
    #[inline]
    fn rows(&self, section: Section, size: usize, first: u32, count: u32) -> &'a [u8] {
        let (offset, total) = self.place(section);
        let count = count.min(total.saturating_sub(first));
        self.span(offset, size, first, count).unwrap_or_default()
    }

    /// Bytes of data, by their offset from the start of the snapshot.
    #[inline]
    pub fn data(&self, offset: u32, len: u32) -> Option<&'a [u8]> {
        // Where the end wraps, it lies before the start.
        let start = offset as usize;
        self.bytes.get(start..start.wrapping_add(len as usize))
    }

    /// Text in data; `None` also if it is not UTF-8.
    #[inline]
    pub fn text(&self, offset: u32, len: u32) -> Option<&'a str> {
        core::str::from_utf8(self.data(offset, len)?).ok()
    }

    /// The rules of a flag.
    pub(crate) fn rules(&self, flag: &FlagRecord) -> impl Iterator<Item = RuleRecord> + use<'a> {
        let is_plain = flag.flags & layout::FLAG_PLAIN != 0;
        let one = (is_plain && flag.rules_count != 0).then(|| flag.plain_rule());
        let count = if is_plain { 0 } else { flag.rules_count };
        let rules = self.records(Section::Rules, flag.rules, count.into());
        one.into_iter().chain(rules)
    }

    /// The ranges of a split.
    pub fn ranges(&self, split: &SplitRecord) -> impl Iterator<Item = RangeRecord> + use<'a> {
        let one = (split.ranges_count == ONE_RANGE).then_some(RangeRecord {
            from: 0,
            to: split.ranges.into(),
            ramp: layout::NONE,
            base: 0,
            variant: split.variant,
            flags: 0,
        });
        let count = match one {
            Some(_) => 0,
            None => split.ranges_count.into(),
        };
        let ranges = self.records(Section::Ranges, split.ranges, count);
        one.into_iter().chain(ranges)
    }

    /// The attributes that a split tries when the first has no usable value.
    pub(crate) fn others(
        &self,
        split: &SplitRecord,
    ) -> impl Iterator<Item = IndexRecord> + use<'a> {
        let count = self.record::<IndexRecord>(Section::Indices, split.others);
        let first = split.others.saturating_add(1);
        self.records(
            Section::Indices,
            first,
            count.map_or(0, |count| count.index),
        )
    }

    /// A text of the lists, by its record number.
    pub(crate) fn long_text(&self, index: u32) -> Option<&'a str> {
        let text = self.record::<TextRecord>(Section::Texts, index)?;
        self.text(text.offset, text.len)
    }

    /// The table of a pattern; `None` if it does not lie in data.
    #[inline]
    pub(crate) fn table(&self, pattern: &PatternRecord) -> Option<&'a [u8]> {
        let entries = u32::from(pattern.states) * u32::from(pattern.columns);
        self.data(pattern.table_offset, entries.checked_mul(2)?)
    }

    /// Whether a set has the key of a hash ([`hash::key`]).
    ///
    /// Compared are 64 bits of the hash, those that chose the buckets besides. A stranger is taken for a member with a probability of at
    /// most 8 in 2 to the power of 64, whatever the size of the set. Two reads of 32 bytes at most.
    #[inline(always)]
    pub(crate) fn set_contains(&self, set: u32, hash: u128) -> Option<bool> {
        let set = self.referred::<SetRecord>(Section::Sets, set)?;
        let (a, b) = hash::set_buckets(hash, set.count / SET_BUCKET);
        let (a, b) = (self.bucket(&set, a)?, self.bucket(&set, b)?);
        let wanted = hash::set_entry(hash).to_le_bytes();
        // All are looked at: to stop at the right one would take longer, since nobody can foresee it.
        let entries = a.iter().chain(b);
        Some(entries.fold(false, |found, entry| found | (*entry == wanted)))
    }

    #[inline(always)]
    fn bucket(
        &self,
        set: &SetRecord,
        number: u32,
    ) -> Option<&'a [[u8; EntryRecord::SIZE]; SET_BUCKET as usize]> {
        let first = set.entries.wrapping_add(number.wrapping_mul(SET_BUCKET));
        self.few(Section::Entries, first, SET_BUCKET)?.first_chunk()
    }

    /// The bit of the word of an attribute that is this text; `None` if none is.
    #[inline(never)]
    pub(crate) fn word(&self, attribute: u16, text: &str) -> Option<u32> {
        let record = self.record::<AttributeRecord>(Section::Attributes, attribute.into())?;
        let words =
            self.records::<TextRecord>(Section::Texts, record.words, record.words_count.into());
        let is_same = |word: TextRecord| {
            let word = self.data(word.offset, word.len);
            word.is_some_and(|word| equal(word, text.as_bytes()))
        };
        (0..)
            .zip(words)
            .find_map(|(bit, word)| is_same(word).then_some(bit))
    }

    /// The offset of a section and the number of its records, read where they lie: a copy of the table would cost more.
    #[inline]
    fn place(&self, section: Section) -> (u32, u32) {
        // Opening has seen that there is a row for every section. Asking for all of them makes it the same check for every
        // section, which a function that reads several makes once.
        let head = self.bytes.first_chunk::<{ layout::HEAD_LEN }>();
        head.and_then(|head| row(head, section)).unwrap_or_default()
    }
}

impl SplitRecord {
    /// Whether it is a fixed share of the targeting keys by our own algorithm, and everybody else has a variant, too; the flag's default
    /// who has no key.
    pub fn is_share(&self) -> bool {
        self.algorithm == Algorithm::Native as u8
            && self.by == layout::TARGETING_KEY
            && self.ranges_count == ONE_RANGE
            && self.absent == Absent::Default as u8
            && !matches!(self.rest, layout::rest::FAIL | layout::rest::NEXT)
    }

    /// How many bytes lie at `salt_offset`: the salt's own; or what [`Sha1`](hash::Sha1) keeps of it, for LaunchDarkly's algorithm.
    #[inline]
    pub fn salt_bytes(&self) -> u32 {
        let len = u32::from(self.salt_len);
        if self.algorithm == Algorithm::LaunchDarkly as u8 {
            4 * (5 + (len % 64).div_ceil(4))
        } else {
            len
        }
    }
}

impl RuleRecord {
    /// Whether a flag without a gate is plain whose only rule this is: everybody belongs to it for whom a few
    /// [frequent](TestRecord::is_frequent) tests all hold, it serves a variant or a [`SHARE`](layout::SHARE), and has no name.
    pub fn is_plain(&self, tests: impl Iterator<Item = TestRecord>) -> bool {
        let last = self.tests_count.wrapping_sub(1);
        let mut tests = (0..).zip(tests);
        let all_hold = tests.all(|(at, test)| {
            let next = if at == last { layout::ACCEPT } else { at + 1 };
            (test.then, test.otherwise) == (next, layout::REJECT) && test.is_frequent()
        });
        let is_short = self.tests_count <= layout::PLAIN_TESTS;
        let is_variant = self.split == layout::NONE && self.variant != layout::EXPRESSION;
        let is_served = is_variant || self.variant == layout::SHARE;
        all_hold && is_short && is_served && self.name == layout::NONE
    }
}

impl SegmentRecord {
    /// The set of keys that the segment is, if it is nothing else: whoever is not in it is not in the segment.
    pub fn set(&self) -> Option<u32> {
        let is_set = self.included != layout::NONE
            && self.excluded == layout::NONE
            && (self.tests, self.tests_count) == (layout::NONE, 0);
        is_set.then_some(self.included)
    }
}

/// The row of a section in the table of sections.
#[inline]
fn row(bytes: &[u8], section: Section) -> Option<(u32, u32)> {
    let row = bytes.get(HEADER_LEN + section as usize * SECTION_ROW_LEN..)?;
    let number = |at: usize| Some(u32::from_le_bytes(*row.get(at..)?.first_chunk()?));
    Some((number(0)?, number(4)?))
}

/// An attribute that conditions or splits read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute<'a> {
    /// The dotted name.
    pub name: &'a str,
    /// The part of the request it comes from at the edge.
    pub source: SourceKind,
    /// The name of that header, cookie or query parameter; else empty.
    pub source_name: &'a str,
}

/// A flag of a snapshot: a position, not a copy.
#[derive(Clone, Copy, Debug)]
pub struct Flag<'a> {
    pub(crate) snapshot: Snapshot<'a>,
    pub(crate) record: FlagRecord,
    index: FlagIndex,
}

impl<'a> Flag<'a> {
    /// Its position.
    pub fn index(&self) -> FlagIndex {
        self.index
    }

    /// Its key; empty if the bytes are damaged.
    #[inline]
    pub fn key(&self) -> &'a str {
        self.snapshot
            .text(self.record.key_offset, self.record.key_len.into())
            .unwrap_or_default()
    }

    /// The position of the variant served when nothing else is; `None` if it is the caller's own default.
    #[inline]
    pub fn default(&self) -> Option<VariantIndex> {
        (self.record.default != layout::NONE16).then_some(VariantIndex(self.record.default))
    }

    /// Whether the flag is enabled.
    pub fn is_enabled(&self) -> bool {
        self.record.flags & layout::FLAG_DISABLED == 0
    }

    /// The day from which on it should be gone; `None` if nobody has said so. Changes no decision. Takes a binary search.
    pub fn expires(&self) -> Option<Day> {
        let (mut low, mut high) = (0, self.snapshot.count(Section::Expiries));
        while low < high {
            let middle = low + (high - low) / 2;
            let expiry = self
                .snapshot
                .record::<ExpiryRecord>(Section::Expiries, middle)?;
            match expiry.flag.cmp(&self.index.0) {
                Ordering::Equal => return Some(Day(expiry.day)),
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// The variant at a position.
    #[inline]
    pub fn variant(&self, index: VariantIndex) -> Option<Variant<'a>> {
        let place = self.record.place(index)?;
        let record = self.snapshot.record(Section::Variants, place)?;
        Variant::of(self.snapshot, index.0, place, record)
    }

    /// How many variants it has.
    pub fn variant_count(&self) -> u16 {
        self.record.variants_count
    }

    /// All variants.
    pub fn variants(&self) -> impl Iterator<Item = Variant<'a>> {
        let flag = *self;
        (0..self.record.variants_count).filter_map(move |index| flag.variant(VariantIndex(index)))
    }

    /// The request headers that its decision depends on: bit n stands for name n of [`Section::VaryNames`].
    pub fn vary(&self) -> u64 {
        let record = self
            .snapshot
            .record::<VaryRecord>(Section::Vary, self.record.vary.into());
        // Rather all of them than none.
        record.map_or(u64::MAX, |record| record.names)
    }

    /// The variant with this key.
    pub fn find_variant(&self, key: &str) -> Option<Variant<'a>> {
        self.variants().find(|variant| variant.key() == key)
    }

    /// The name of a rule, empty if it has none; `None` if there is no such rule.
    pub fn rule_name(&self, rule: u16) -> Option<&'a str> {
        match self.rule(rule)?.name {
            layout::NONE => Some(""),
            name => self.snapshot.long_text(name),
        }
    }

    /// The record of a rule; `None` if there is no such rule.
    pub fn rule(&self, rule: u16) -> Option<RuleRecord> {
        self.snapshot.rules(&self.record).nth(rule.into())
    }
}

impl FlagRecord {
    /// The rule of a plain flag.
    #[inline]
    pub(crate) fn plain_rule(&self) -> RuleRecord {
        RuleRecord {
            tests: self.rules,
            split: self.split,
            name: layout::NONE,
            tests_count: self.tests_count,
            variant: self.variant,
        }
    }

    /// The number of the record of the variant at a position.
    #[inline]
    pub(crate) fn place(&self, index: VariantIndex) -> Option<u32> {
        let is_there = index.0 < self.variants_count;
        is_there.then_some(self.variants.wrapping_add(index.0.into()))
    }
}

/// A variant of a flag. Its texts are read, and seen to be UTF-8, when they are asked for.
#[derive(Clone, Copy)]
pub struct Variant<'a> {
    /// Its position in its flag.
    pub index: VariantIndex,
    kind: ValueKind,
    place: u32,
    number: u64,
    snapshot: Snapshot<'a>,
}

impl<'a> Variant<'a> {
    /// The variant at a position in its flag, by its record and that record's number.
    #[inline]
    pub(crate) fn of(
        snapshot: Snapshot<'a>,
        index: u16,
        place: u32,
        record: VariantRecord,
    ) -> Option<Self> {
        Some(Self {
            index: VariantIndex(index),
            kind: ValueKind::from_code(record.kind)?,
            place,
            number: record.number,
            snapshot,
        })
    }

    /// Its key; empty if the bytes are damaged.
    #[inline]
    pub fn key(&self) -> &'a str {
        let record = self.record();
        let text = record.and_then(|of| self.snapshot.text(of.key_offset, of.key_len.into()));
        text.unwrap_or_default()
    }

    /// Its value; with empty text if the bytes are damaged.
    #[inline]
    pub fn value(&self) -> Value<'a> {
        // Most are. The others apart, so that nothing of a variant need lie in memory.
        if self.kind == ValueKind::Boolean {
            return Value::Boolean(self.number != 0);
        }
        value_of(self.snapshot, self.place, self.kind, self.number)
    }

    #[inline]
    fn record(&self) -> Option<VariantRecord> {
        self.snapshot.record(Section::Variants, self.place)
    }
}

/// The value of a variant.
#[inline(never)]
fn value_of(snapshot: Snapshot<'_>, place: u32, kind: ValueKind, number: u64) -> Value<'_> {
    let record = snapshot.record::<VariantRecord>(Section::Variants, place);
    let text = record.and_then(|of| snapshot.text(of.text_offset, of.text_len));
    let text = text.unwrap_or_default();
    match kind {
        ValueKind::Boolean => Value::Boolean(number != 0),
        ValueKind::String => Value::String(text),
        ValueKind::Number => Value::Number {
            number: f64::from_bits(number),
            text,
        },
        ValueKind::Json => Value::Json(text),
    }
}

impl PartialEq for Variant<'_> {
    fn eq(&self, other: &Self) -> bool {
        (self.index, self.key(), self.value()) == (other.index, other.key(), other.value())
    }
}

impl fmt::Debug for Variant<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Variant")
            .field("index", &self.index)
            .field("key", &self.key())
            .field("value", &self.value())
            .finish()
    }
}
