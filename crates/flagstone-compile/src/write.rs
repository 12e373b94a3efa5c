//! Writes a model as a snapshot.
//!
//! Names that lead nowhere, patterns that cannot be compiled and numbers that do not fit are found on the way; then the
//! bytes are not used.

mod allocation;
mod condition;
mod displacement;
mod edge;
mod expression;
mod js;
#[cfg(feature = "patterns")]
mod pattern;
mod plan;
mod program;
mod question;
mod reads;
mod set;
mod split;
mod tables;
mod words;

pub(crate) use expression::alone;
#[cfg(feature = "patterns")]
pub use pattern::check_pattern;

use crate::finding::Finding;
use crate::index::Index;
use crate::model::{
    Condition, Flag, Model, Prerequisite, Rule, Segment, Serve, TARGETING_KEY, Test, Value, Variant,
};
use crate::sort::sort;
use flagstone_core::layout::{
    AttributeRecord, EXPRESSION, ExpiryRecord, FLAG_DISABLED, FLAG_GATED, FLAG_PLAIN,
    FORMAT_VERSION, FlagRecord, HEAD_LEN, HEADER_LEN, MAGIC, NONE, NONE16, Record, RuleRecord,
    SHARE, Section, SegmentRecord, SplitRecord, ValueKind, VariantRecord,
};
use flagstone_core::{Day, Digest, JsNumber};
use std::borrow::Cow;
use tables::Tables;

/// A number that does not fit its field.
const TOO_MANY: &str = "too-many";

/// Writes a model; the bytes are a snapshot only if no finding is an error.
pub(crate) fn write(model: &Model) -> (Vec<u8>, Vec<Finding>) {
    let mut writer = Writer::new(model);
    writer.attribute(TARGETING_KEY, "");
    for segment in &model.segments {
        writer.segment(segment);
    }
    let flags = writer.flags();
    writer.expiries();
    writer.plans();
    writer.edge();
    let vary = writer.vary();
    for (flag, vary) in flags.into_iter().zip(vary) {
        if let Some(flag) = flag {
            writer
                .tables
                .push(Section::Flags, &FlagRecord { vary, ..flag });
        }
    }
    writer.attributes();
    (assemble(&writer.tables), writer.findings)
}

struct Writer<'m> {
    model: &'m Model,
    tables: Tables,
    findings: Vec<Finding>,
    /// Where the flags lie, by their places in the model.
    placement: displacement::Placement,
    segments: Index,
    attributes: Index,
    /// Names of attributes, in the order of their numbers.
    names: Vec<String>,
    /// Their records, to which words are added until the end.
    attribute_records: Vec<AttributeRecord>,
    words: words::Words,
    /// Those that were written last, and their first number.
    last_variants: Option<(&'m [Variant], u32)>,
    reads: reads::Reads,
}

impl<'m> Writer<'m> {
    fn new(model: &'m Model) -> Self {
        let keys: Vec<&str> = model.flags.iter().map(|flag| flag.key.as_str()).collect();
        let placement = displacement::place(&keys);
        let mut tables = Tables::default();
        for seed in &placement.seeds {
            tables.push_index(Section::Seeds, *seed);
        }
        let number = |keys: &mut dyn Iterator<Item = &str>| {
            let mut index = Index::with_capacity(keys.size_hint().0);
            for (key, number) in keys.zip(0..) {
                index.insert(key.as_bytes(), number);
            }
            index
        };
        Self {
            model,
            tables,
            findings: Vec::new(),
            placement,
            segments: number(&mut model.segments.iter().map(|segment| segment.key.as_str())),
            attributes: Index::default(),
            names: Vec::new(),
            attribute_records: Vec::new(),
            words: words::Words::default(),
            last_variants: None,
            reads: reads::Reads::new(model.flags.len(), model.segments.len()),
        }
    }

    fn error(&mut self, code: &'static str, path: &str, message: impl Into<String>) {
        self.findings.push(Finding::error(code, path, message));
    }

    /// A count as 16 bits, or a finding.
    fn small(&mut self, count: usize, what: &str, path: &str) -> u16 {
        self.at_most(NONE16 - 1, count, what, path)
    }

    /// The same, up to a limit.
    fn at_most(&mut self, most: u16, count: usize, what: &str, path: &str) -> u16 {
        u16::try_from(count)
            .ok()
            .filter(|count| *count <= most)
            .unwrap_or_else(|| {
                self.error(
                    TOO_MANY,
                    path,
                    text!("{count} {what}, at most {most} are possible"),
                );
                0
            })
    }

    /// The place of a text of at most 65,534 bytes, or a finding.
    fn short_text(&mut self, text: &str, path: &str) -> (u32, u16) {
        let len = self.small(text.len(), "bytes in one text", path);
        (self.tables.text(text), len)
    }

    /// The flags in the order of their slots; what they depend on is not known yet.
    fn flags(&mut self) -> Vec<Option<FlagRecord>> {
        let mut records = vec![None; self.model.flags.len()];
        for (place, flag) in self.model.flags.iter().enumerate() {
            let slot = self.placement.slots.get(place).copied().unwrap_or(0);
            let record = self.flag(flag, slot);
            // Flags of one key have one slot, and another slot stays empty. The checks say so; not of keys that only have one hash.
            let is_known = || {
                let mut before = self.model.flags.iter().take(place);
                cfg!(feature = "findings") && before.any(|other| other.key == flag.key)
            };
            if let Some(taken) = records.get_mut(slot as usize)
                && taken.replace(record).is_some()
                && !is_known()
            {
                let path = text!("/flags/{}", flag.key);
                let message = text!("the hash of its key is that of another flag's");
                self.error("duplicate-key", &path, message);
            }
        }
        records
    }

    /// When flags should be gone, in the order of their slots.
    fn expiries(&mut self) {
        let placed = self.placement.slots.iter().zip(&self.model.flags);
        let mut expiries: Vec<ExpiryRecord> = placed
            .filter_map(|(&flag, of)| {
                let Day(day) = of.expires?;
                Some(ExpiryRecord { flag, day })
            })
            .collect();
        sort(&mut expiries, |a, b| a.flag < b.flag);
        self.tables.extend(Section::Expiries, &rows(&expiries));
    }

    #[inline(never)]
    fn flag(&mut self, flag: &'m Flag, slot: u32) -> FlagRecord {
        let path = text!("/flags/{}", flag.key);
        let reader = reads::Reader::Flag(slot);
        let (key_offset, key_len) = self.short_text(&flag.key, &path);
        let variants = self.variants(flag, &path);
        // From there on numbers in place of a variant's stand for something else.
        let variants_count = self.at_most(SHARE, flag.variants.len(), "variants", &path);
        let mut flags = if flag.enabled { 0 } else { FLAG_DISABLED };
        if !flag.prerequisites.is_empty() {
            let gate = prerequisites(&flag.prerequisites);
            let path = text!("{path}/prerequisites");
            let (tests, tests_count) = self.condition(&gate, reader, &path);
            let gate = RuleRecord {
                tests,
                split: NONE,
                name: NONE,
                tests_count,
                variant: NONE16,
            };
            self.tables.push(Section::Rules, &gate);
            flags |= FLAG_GATED;
        }
        let rules = flag.rules.iter().enumerate();
        let rules: Vec<RuleRecord> = rules
            .map(|(index, rule)| self.rule(flag, rule, reader, &text!("{path}/rules/{index}")))
            .collect();
        let default = self.default_of(flag, &text!("{path}/default"));
        let mut record = FlagRecord {
            key_offset,
            variants,
            rules: self.tables.count(Section::Rules),
            split: NONE,
            key_len,
            variants_count,
            rules_count: self.small(flag.rules.len(), "rules", &path),
            default,
            flags,
            vary: 0,
            tests_count: 0,
            variant: NONE16,
        };
        match rules.as_slice() {
            [] if flags & FLAG_GATED == 0 => record.flags |= FLAG_PLAIN,
            [rule] if flags & FLAG_GATED == 0 && self.is_plain(rule) => {
                record.flags |= FLAG_PLAIN;
                record.rules = rule.tests;
                record.split = rule.split;
                record.tests_count = rule.tests_count;
                record.variant = rule.variant;
            }
            rules => {
                for rule in rules {
                    self.tables.push(Section::Rules, rule);
                }
            }
        }
        record
    }

    fn is_plain(&self, rule: &RuleRecord) -> bool {
        let tests = self
            .tables
            .records(Section::Tests, rule.tests, rule.tests_count);
        rule.is_plain(tests)
    }

    /// The first variant of a flag; flags with equal variants share them.
    #[inline(never)]
    fn variants(&mut self, flag: &'m Flag, path: &str) -> u32 {
        // Flags often have those of the flag before.
        if let Some((last, first)) = self.last_variants
            && last == flag.variants
        {
            return first;
        }
        let mut bytes = Vec::with_capacity(flag.variants.len() * VariantRecord::SIZE);
        for variant in &flag.variants {
            let (key_offset, key_len) = self.short_text(&variant.key, path);
            let (kind, number, text) = match &variant.value {
                Value::Boolean(true) => (ValueKind::Boolean, 1, Cow::Borrowed("true")),
                Value::Boolean(false) => (ValueKind::Boolean, 0, Cow::Borrowed("false")),
                Value::String(value) => (ValueKind::String, 0, value.into()),
                Value::Number(value) => (
                    ValueKind::Number,
                    value.to_bits(),
                    JsNumber(*value).to_string().into(),
                ),
                Value::Json(text) => (ValueKind::Json, 0, text.into()),
            };
            let (text_offset, text_len) = self.tables.long_text(&text);
            let record = VariantRecord {
                key_offset,
                text_offset,
                text_len,
                key_len,
                kind: kind as u16,
                number,
            };
            bytes.extend_from_slice(&record.write());
        }
        let first = self.tables.share(Section::Variants, &bytes);
        self.last_variants = Some((&flag.variants, first));
        first
    }

    #[inline(never)]
    fn rule(
        &mut self,
        flag: &Flag,
        rule: &'m Rule,
        reader: reads::Reader,
        path: &str,
    ) -> RuleRecord {
        let (tests, tests_count) = self.condition(&rule.when, reader, &text!("{path}/when"));
        let name = match rule.name.as_str() {
            "" => NONE,
            name => self.one_text(name),
        };
        let (variant, split) = match &rule.serve {
            Serve::Variant(key) => (self.variant_of(flag, key, &text!("{path}/serve")), NONE),
            Serve::Split(split) => {
                let split = self.split(flag, split, reader, &text!("{path}/rollout"));
                let mut record = self.tables.records(Section::Splits, split, 1);
                let is_share = record.any(|record: SplitRecord| record.is_share());
                (if is_share { SHARE } else { 0 }, split)
            }
            Serve::Allocation(allocation) => (
                0,
                self.allocation(flag, allocation, reader, &text!("{path}/rollout")),
            ),
            Serve::Expression(expression) => (
                EXPRESSION,
                self.expression(expression, reader, &text!("{path}/serve")),
            ),
            Serve::Default => (NONE16, NONE),
        };
        RuleRecord {
            tests,
            split,
            name,
            tests_count,
            variant,
        }
    }

    #[inline(never)]
    fn segment(&mut self, segment: &'m Segment) {
        let path = text!("/segments/{}", segment.key);
        let number = self.segments.get(segment.key.as_bytes());
        let reader = reads::Reader::Segment(number.unwrap_or(0));
        let (key_offset, key_len) = self.short_text(&segment.key, &path);
        let by_path = text!("{path}/by");
        let by = if segment.included.is_empty() && segment.excluded.is_empty() {
            self.attribute(&segment.by, &by_path)
        } else {
            self.read_attribute(&segment.by, reader, &by_path)
        };
        let included = self.keys(&segment.included);
        let excluded = self.keys(&segment.excluded);
        let (tests, tests_count) = if condition::never_holds(&segment.when) {
            (NONE, 0)
        } else {
            self.condition(&segment.when, reader, &text!("{path}/when"))
        };
        let record = SegmentRecord {
            key_offset,
            included,
            excluded,
            tests,
            key_len,
            tests_count,
            by,
            reserved: 0,
        };
        self.tables.push(Section::Segments, &record);
    }

    /// The place of a flag's default variant, [`NONE16`] if it has none.
    fn default_of(&mut self, flag: &Flag, path: &str) -> u16 {
        match &flag.default {
            Some(key) => self.variant_of(flag, key, path),
            None => NONE16,
        }
    }

    /// The place of a variant in its flag, or a finding.
    fn variant_of(&mut self, flag: &Flag, key: &str, path: &str) -> u16 {
        match flag.variants.iter().position(|variant| variant.key == key) {
            Some(index) => index.try_into().unwrap_or(0),
            None => {
                let known: Vec<&str> = flag
                    .variants
                    .iter()
                    .map(|variant| variant.key.as_str())
                    .collect();
                self.findings.push(
                    Finding::error(
                        "unknown-variant",
                        path,
                        text!("flag `{}` has no variant `{key}`", flag.key),
                    )
                    .help(text!("its variants are {}", quoted(&known))),
                );
                0
            }
        }
    }

    /// The slot of a flag and the flag itself, or a finding.
    fn flag_of(&mut self, key: &str, path: &str) -> Option<(u32, &'m Flag)> {
        let found = self.placement.find(key).and_then(|(slot, place)| {
            let flag = self.model.flags.get(place)?;
            (flag.key == key).then_some((slot, flag))
        });
        if found.is_none() {
            self.error("unknown-flag", path, text!("there is no flag `{key}`"));
        }
        found
    }
}

/// The bytes of records that lie together.
fn rows<R: Record>(records: &[R]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(records.len() * R::SIZE);
    for record in records {
        bytes.extend_from_slice(record.write().as_ref());
    }
    bytes
}

/// Prerequisites as a condition.
fn prerequisites(list: &[Prerequisite]) -> Condition {
    let test = |required: &Prerequisite| {
        Condition::Test(Test::Flag {
            key: required.flag.clone(),
            variants: required.variants.clone(),
            enabled_only: false,
        })
    };
    Condition::All(list.iter().map(test).collect())
}

/// `a`, `b` and `c`.
pub(crate) fn quoted(names: &[&str]) -> String {
    let mut text = String::new();
    for (index, name) in names.iter().enumerate() {
        text.push_str(match index {
            0 => "`",
            _ if index + 1 == names.len() => " and `",
            _ => ", `",
        });
        text.push_str(name);
        text.push('`');
    }
    text
}

/// Header, table of sections, data, the other sections.
#[inline(never)]
fn assemble(tables: &Tables) -> Vec<u8> {
    let total = HEAD_LEN + tables.len();
    let mut bytes = Vec::with_capacity(total);
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
    bytes.extend_from_slice(&(Section::COUNT as u16).to_le_bytes());
    bytes.extend_from_slice(&(total as u32).to_le_bytes());
    bytes.extend_from_slice(&[0; 16]);
    let data = tables.rows(Section::Data);
    let mut offset = (HEAD_LEN + data.len()) as u32;
    for (section, size) in Section::SIZES {
        let rows = tables.rows(section);
        let is_data = section == Section::Data;
        let place = if is_data { HEAD_LEN as u32 } else { offset };
        bytes.extend_from_slice(&place.to_le_bytes());
        bytes.extend_from_slice(&((rows.len() / size) as u32).to_le_bytes());
        if !is_data {
            offset += rows.len() as u32;
        }
    }
    bytes.extend_from_slice(data);
    for (section, _) in Section::SIZES {
        if section != Section::Data {
            bytes.extend_from_slice(tables.rows(section));
        }
    }
    let digest = bytes.get(HEADER_LEN..).map(Digest::of);
    if let (Some(digest), Some(place)) = (digest, bytes.get_mut(16..HEADER_LEN)) {
        place.copy_from_slice(&digest.0.to_le_bytes());
    }
    bytes
}
