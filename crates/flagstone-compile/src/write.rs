//! Writes a model as a snapshot.
//!
//! Names that lead nowhere, patterns that cannot be compiled and numbers that do not fit are found on the way; then the
//! bytes are not used.

mod allocation;
mod condition;
mod displacement;
mod edge;
mod js;
#[cfg(feature = "patterns")]
mod pattern;
mod program;
mod reads;
mod set;
mod split;
mod tables;

#[cfg(feature = "patterns")]
pub use pattern::check_pattern;

use crate::finding::Finding;
use crate::model::{
    Condition, Flag, Model, Prerequisite, Rule, Segment, Serve, TARGETING_KEY, Test, Value,
};
use flagstone_core::Digest;
use flagstone_core::layout::{
    FLAG_DISABLED, FORMAT_VERSION, FlagRecord, HEADER_LEN, MAGIC, NONE, NONE16, RuleRecord,
    SECTION_ROW_LEN, Section, SegmentRecord, TextRecord, ValueKind, VariantRecord,
};
use std::collections::HashMap;
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
    writer.flags();
    writer.edge();
    writer.vary();
    (assemble(&writer.tables), writer.findings)
}

struct Writer<'m> {
    model: &'m Model,
    tables: Tables,
    findings: Vec<Finding>,
    /// Flag key to its slot and its place in the model.
    slots: HashMap<&'m str, (u32, usize)>,
    segments: HashMap<&'m str, u32>,
    attributes: HashMap<String, u16>,
    variant_lists: HashMap<Vec<VariantRecord>, u32>,
    text_lists: HashMap<Vec<TextRecord>, u32>,
    reads: reads::Reads,
}

impl<'m> Writer<'m> {
    fn new(model: &'m Model) -> Self {
        let keys: Vec<&str> = model.flags.iter().map(|flag| flag.key.as_str()).collect();
        let placement = displacement::place(&keys);
        let mut tables = Tables::default();
        for seed in placement.seeds {
            tables.push_index(Section::Seeds, seed);
        }
        let flags = model.flags.iter().zip(placement.slots).enumerate();
        let slots = flags
            .map(|(index, (flag, slot))| (flag.key.as_str(), (slot, index)))
            .collect();
        let segments = (0u32..)
            .zip(&model.segments)
            .map(|(index, segment)| (segment.key.as_str(), index))
            .collect();
        Self {
            model,
            tables,
            findings: Vec::new(),
            slots,
            segments,
            attributes: HashMap::new(),
            variant_lists: HashMap::new(),
            text_lists: HashMap::new(),
            reads: reads::Reads::new(model.flags.len(), model.segments.len()),
        }
    }

    fn error(&mut self, code: &'static str, path: &str, message: impl Into<String>) {
        self.findings.push(Finding::error(code, path, message));
    }

    /// A count as 16 bits, or a finding.
    fn small(&mut self, count: usize, what: &str, path: &str) -> u16 {
        u16::try_from(count)
            .ok()
            .filter(|count| *count < NONE16)
            .unwrap_or_else(|| {
                self.error(
                    TOO_MANY,
                    path,
                    format!("{count} {what}, at most 65534 are possible"),
                );
                0
            })
    }

    /// The place of a text of at most 65,534 bytes, or a finding.
    fn short_text(&mut self, text: &str, path: &str) -> (u32, u16) {
        let len = self.small(text.len(), "bytes in one text", path);
        (self.tables.text(text), len)
    }

    fn flags(&mut self) {
        let mut records = vec![None; self.model.flags.len()];
        for flag in &self.model.flags {
            let record = self.flag(flag);
            let slot = self
                .slots
                .get(flag.key.as_str())
                .map(|(slot, _)| *slot as usize);
            if let Some(place) = slot.and_then(|slot| records.get_mut(slot)) {
                *place = Some(record);
            }
        }
        // A slot stays empty only when two flags have the same key, which is an error.
        for record in records.into_iter().flatten() {
            self.tables.push(Section::Flags, &record);
        }
    }

    fn flag(&mut self, flag: &'m Flag) -> FlagRecord {
        let path = format!("/flags/{}", flag.key);
        let reader = reads::Reader::Flag(
            self.slots
                .get(flag.key.as_str())
                .map_or(0, |(slot, _)| *slot),
        );
        let (key_offset, key_len) = self.short_text(&flag.key, &path);
        let variants = self.variants(flag, &path);
        let gate = prerequisites(&flag.prerequisites);
        let (gate, gate_count) = if flag.prerequisites.is_empty() {
            (0, 0)
        } else {
            self.condition(&gate, reader, &format!("{path}/prerequisites"))
        };
        let rules: Vec<RuleRecord> = (0..)
            .zip(&flag.rules)
            .map(|(index, rule)| self.rule(flag, rule, reader, &format!("{path}/rules/{index}")))
            .collect();
        let first_rule = self.tables.count(Section::Rules);
        for rule in &rules {
            self.tables.push(Section::Rules, rule);
        }
        let default = self.default_of(flag, &format!("{path}/default"));
        let hash = flagstone_core::hash::key(flag.key.as_bytes());
        FlagRecord {
            key_offset,
            variants,
            rules: first_rule,
            gate,
            key_hash: flagstone_core::hash::flag_tag(hash),
            key_len,
            variants_count: self.small(flag.variants.len(), "variants", &path),
            rules_count: self.small(rules.len(), "rules", &path),
            gate_count,
            default,
            flags: if flag.enabled { 0 } else { FLAG_DISABLED },
        }
    }

    /// The first variant of a flag; flags with equal variants share them.
    fn variants(&mut self, flag: &Flag, path: &str) -> u32 {
        let records: Vec<VariantRecord> = flag
            .variants
            .iter()
            .map(|variant| {
                let (key_offset, key_len) = self.short_text(&variant.key, path);
                let (kind, number, text) = match &variant.value {
                    Value::Boolean(value) => {
                        (ValueKind::Boolean, u64::from(*value), value.to_string())
                    }
                    Value::String(value) => (ValueKind::String, 0, value.clone()),
                    Value::Number(value) => {
                        (ValueKind::Number, value.to_bits(), json_number(*value))
                    }
                    Value::Json(text) => (ValueKind::Json, 0, text.clone()),
                };
                let (text_offset, text_len) = self.tables.long_text(&text);
                VariantRecord {
                    key_offset,
                    text_offset,
                    text_len,
                    key_len,
                    kind: kind as u16,
                    number,
                }
            })
            .collect();
        if let Some(first) = self.variant_lists.get(&records) {
            return *first;
        }
        let first = self.tables.count(Section::Variants);
        for record in &records {
            self.tables.push(Section::Variants, record);
        }
        self.variant_lists.insert(records, first);
        first
    }

    fn rule(
        &mut self,
        flag: &Flag,
        rule: &'m Rule,
        reader: reads::Reader,
        path: &str,
    ) -> RuleRecord {
        let (tests, tests_count) = self.condition(&rule.when, reader, &format!("{path}/when"));
        let (name_offset, name_len) = self.short_text(&rule.name, path);
        let (variant, split) = match &rule.serve {
            Serve::Variant(key) => (self.variant_of(flag, key, &format!("{path}/serve")), NONE),
            Serve::Split(split) => (
                0,
                self.split(flag, split, reader, &format!("{path}/rollout")),
            ),
            Serve::Allocation(allocation) => (
                0,
                self.allocation(flag, allocation, reader, &format!("{path}/rollout")),
            ),
            Serve::Default => (NONE16, NONE),
        };
        RuleRecord {
            tests,
            split,
            name_offset,
            tests_count,
            variant,
            name_len,
            reserved: 0,
        }
    }

    fn segment(&mut self, segment: &'m Segment) {
        let path = format!("/segments/{}", segment.key);
        let reader = reads::Reader::Segment(
            self.segments
                .get(segment.key.as_str())
                .copied()
                .unwrap_or(0),
        );
        let (key_offset, key_len) = self.short_text(&segment.key, &path);
        let by = self.read_attribute(&segment.by, reader, &format!("{path}/by"));
        let included = self.set(&segment.included, &format!("{path}/included"));
        let excluded = self.set(&segment.excluded, &format!("{path}/excluded"));
        let (tests, tests_count) = self.condition(&segment.when, reader, &format!("{path}/when"));
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
                        format!("flag `{}` has no variant `{key}`", flag.key),
                    )
                    .help(format!("its variants are {}", quoted(&known))),
                );
                0
            }
        }
    }

    /// The slot of a flag and the flag itself, or a finding.
    fn flag_of(&mut self, key: &str, path: &str) -> Option<(u32, &'m Flag)> {
        let found = self
            .slots
            .get(key)
            .and_then(|(slot, index)| Some((*slot, self.model.flags.get(*index)?)));
        if found.is_none() {
            self.error("unknown-flag", path, format!("there is no flag `{key}`"));
        }
        found
    }
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

/// A number as JSON writes it: whole numbers of up to 53 bits without a point.
fn json_number(number: f64) -> String {
    if number == number.trunc() && number.abs() < 9_007_199_254_740_992.0 {
        format!("{}", number as i64)
    } else {
        format!("{number:?}")
    }
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

/// Header, table of sections, sections.
fn assemble(tables: &Tables) -> Vec<u8> {
    let content = HEADER_LEN + Section::COUNT * SECTION_ROW_LEN;
    let total = content + tables.len();
    let mut bytes = Vec::with_capacity(total);
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
    bytes.extend_from_slice(&(Section::COUNT as u16).to_le_bytes());
    bytes.extend_from_slice(&(total as u32).to_le_bytes());
    bytes.extend_from_slice(&[0; 16]);
    let mut offset = content as u32;
    for (section, size) in Section::SIZES {
        let rows = tables.rows(section);
        bytes.extend_from_slice(&offset.to_le_bytes());
        bytes.extend_from_slice(&((rows.len() / size) as u32).to_le_bytes());
        offset += rows.len() as u32;
    }
    for (section, _) in Section::SIZES {
        bytes.extend_from_slice(tables.rows(section));
    }
    let digest = bytes.get(HEADER_LEN..).map(Digest::of);
    if let (Some(digest), Some(place)) = (digest, bytes.get_mut(16..HEADER_LEN)) {
        place.copy_from_slice(&digest.0.to_le_bytes());
    }
    bytes
}
