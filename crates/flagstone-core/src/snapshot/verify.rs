//! The full check that comes before publishing: every record, every reference.

mod plan;

use super::{Snapshot, VerifyError};
use crate::hash::{Murmur3, Sha1};
use crate::layout::{
    ACCEPT, Absent, ActionRecord, Algorithm, Arithmetic, Around, AttributeRecord, Conversion, DEAD,
    EXPRESSION, EdgeRecord, ExpiryRecord, ExpressionRecord, FLAG_GATED, FLAG_PLAIN, FlagRecord,
    HarmRecord, IndexRecord, MATCHED, NONE, NONE16, ONE_RANGE, Op, Operation, OriginRecord,
    PairRecord, PatternRecord, ProgramRecord, RANGE_PLANNED, REJECT, RampRecord, RangeRecord,
    Record, Relation, RepeatKind, RouteRecord, RuleRecord, SET_BUCKET, SHARE, Scope, SdkKind,
    Section, SegmentRecord, SemVerRecord, ServiceKind, SetRecord, SourceKind, SourceRecord,
    SplitRecord, TEST_CONVERSION_SHIFT, TestRecord, TextRecord, ValueKind, VariantRecord, rest,
    switch,
};
use crate::program::Program;
use crate::semver::SplitVersion;
use crate::snapshot::FlagIndex;

impl<'a> Snapshot<'a> {
    /// Checks everything: the digest, and of every record that what it refers to is there and that what it says means
    /// something. Takes time in proportion to the size.
    ///
    /// Whoever evaluates does not need it, all reads are checked anyway; it keeps bytes that an older or damaged
    /// compiler wrote from being published.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn verify(&self) -> Result<(), VerifyError> {
        if !self.is_intact() {
            return Err(VerifyError::Digest);
        }
        self.each(Section::Flags, |c, flag: FlagRecord| {
            c.text("key", flag.key_offset, flag.key_len.into())?;
            c.rows(
                "variants",
                Section::Variants,
                flag.variants,
                flag.variants_count.into(),
            )?;
            if flag.flags & FLAG_PLAIN == 0 {
                c.rows("rules", Section::Rules, flag.rules, flag.rules_count.into())?;
            } else {
                let rule = flag.plain_rule();
                c.must(
                    "flags",
                    flag.flags & FLAG_GATED == 0 && flag.rules_count <= 1,
                )?;
                if flag.rules_count == 1 {
                    self.verify_rule(&c, &rule)?;
                    let count = rule.tests_count.into();
                    let tests = self.records(Section::Tests, rule.tests, count);
                    c.must("flags", rule.is_plain(tests))?;
                }
            }
            if flag.flags & FLAG_GATED != 0 {
                let gate = flag.rules.checked_sub(1);
                let gate = gate.and_then(|gate| self.record::<RuleRecord>(Section::Rules, gate));
                c.must("rules", gate.is_some())?;
                if let Some(gate) = gate {
                    c.jumps("rules", gate.tests, gate.tests_count)?;
                }
            }
            c.row("vary", Section::Vary, flag.vary.into())?;
            c.must(
                "default",
                flag.default < flag.variants_count || flag.default == NONE16,
            )?;
            let key = self
                .text(flag.key_offset, flag.key_len.into())
                .unwrap_or_default();
            c.must("key", self.find(key) == Some(FlagIndex(c.index)))?;
            for rule in self.rules(&flag) {
                c.must(
                    "rules",
                    rule.split != NONE
                        || rule.variant < flag.variants_count
                        || rule.variant == NONE16
                        || rule.variant == EXPRESSION,
                )?;
                c.jumps("rules", rule.tests, rule.tests_count)?;
                if rule.variant != EXPRESSION
                    && let Some(split) = self.record::<SplitRecord>(Section::Splits, rule.split)
                {
                    c.must(
                        "rules",
                        split.rest < flag.variants_count || split.rest >= rest::FAIL,
                    )?;
                    for range in self.ranges(&split) {
                        c.must("rules", range.variant < flag.variants_count)?;
                    }
                }
            }
            Ok(())
        })?;
        self.each(Section::Expiries, |c, expiry: ExpiryRecord| {
            c.row("flag", Section::Flags, expiry.flag)?;
            let before = c.index.checked_sub(1);
            let before = before.and_then(|at| self.record(Section::Expiries, at));
            c.must(
                "flag",
                before.is_none_or(|before: ExpiryRecord| before.flag < expiry.flag),
            )
        })?;
        self.each(Section::Variants, |c, variant: VariantRecord| {
            c.text("key", variant.key_offset, variant.key_len.into())?;
            c.text("text", variant.text_offset, variant.text_len)?;
            c.must("kind", ValueKind::from_code(variant.kind).is_some())
        })?;
        self.each(Section::Rules, |c, rule: RuleRecord| {
            self.verify_rule(&c, &rule)
        })?;
        self.each(Section::Tests, |c, test: TestRecord| {
            self.verify_test(&c, &test)
        })?;
        self.each(Section::Splits, |c, split: SplitRecord| {
            if split.ranges_count != ONE_RANGE {
                c.rows(
                    "ranges",
                    Section::Ranges,
                    split.ranges,
                    split.ranges_count.into(),
                )?;
            }
            let salt = self.data(split.salt_offset, split.salt_bytes());
            let salt = salt.unwrap_or_default();
            let is_whole = salt.len() == split.salt_bytes() as usize;
            let is_salt = match Algorithm::from_code(split.algorithm) {
                Some(Algorithm::LaunchDarkly) => is_kept(split.salt_len, salt),
                _ => core::str::from_utf8(salt).is_ok(),
            };
            c.must("salt", is_whole && is_salt)?;
            c.row("by", Section::Attributes, split.by.into())?;
            if split.others != NONE {
                let count = self.record::<IndexRecord>(Section::Indices, split.others);
                c.rows(
                    "others",
                    Section::Indices,
                    split.others.saturating_add(1),
                    count.map_or(NONE, |count| count.index),
                )?;
            }
            let mut others = self.others(&split);
            let attributes = self.count(Section::Attributes);
            c.must(
                "others",
                others.all(|other: IndexRecord| other.index < attributes),
            )?;
            let algorithm = Algorithm::from_code(split.algorithm);
            c.must("algorithm", algorithm.is_some())?;
            // Else everybody would be at the same one.
            let has_positions = algorithm.is_some_and(|of| !of.positions(split.modulus).is_empty());
            c.must("modulus", has_positions || split.ranges_count == 0)?;
            let mut hash = Murmur3::new(0);
            hash.update(salt);
            c.must(
                "seed",
                algorithm != Some(Algorithm::Native)
                    || (split.seed, split.modulus) == (hash.state(), hash.tail()),
            )?;
            c.must("absent", Absent::from_code(split.absent).is_some())
        })?;
        self.each(Section::Ranges, |c, range: RangeRecord| {
            c.must("to", range.from <= range.to)?;
            if range.flags & RANGE_PLANNED != 0 {
                return c.row("ramp", Section::Plans, range.ramp);
            }
            c.optional("ramp", Section::Ramps, range.ramp)
        })?;
        self.each(Section::Ramps, |c, ramp: RampRecord| {
            c.rows("points", Section::Points, ramp.points, ramp.count)
        })?;
        self.verify_plans()?;
        self.each(Section::Attributes, |c, attribute: AttributeRecord| {
            c.text("name", attribute.name_offset, attribute.name_len.into())?;
            c.text(
                "source",
                attribute.source_offset,
                attribute.source_len.into(),
            )?;
            c.rows(
                "words",
                Section::Texts,
                attribute.words,
                attribute.words_count.into(),
            )?;
            c.must("words_count", u32::from(attribute.words_count) <= u64::BITS)?;
            let kind = SourceKind::from_code(attribute.source);
            c.must(
                "source",
                kind.is_some_and(|kind| (kind == SourceKind::TargetingKey) == (c.index == 0)),
            )
        })?;
        self.each(Section::Segments, |c, segment: SegmentRecord| {
            c.text("key", segment.key_offset, segment.key_len.into())?;
            c.optional("included", Section::Sets, segment.included)?;
            c.optional("excluded", Section::Sets, segment.excluded)?;
            c.rows(
                "tests",
                Section::Tests,
                segment.tests,
                segment.tests_count.into(),
            )?;
            c.jumps("tests", segment.tests, segment.tests_count)?;
            c.row("by", Section::Attributes, segment.by.into())
        })?;
        self.each(Section::Sets, |c, set: SetRecord| {
            c.rows("entries", Section::Entries, set.entries, set.count)?;
            c.must("count", set.count.is_multiple_of(SET_BUCKET))
        })?;
        for section in [Section::Texts, Section::VaryNames] {
            self.each(section, |c, text: TextRecord| {
                c.text("offset", text.offset, text.len)
            })?;
        }
        self.each(Section::SemVers, |c, version: SemVerRecord| {
            c.text("pre", version.pre_offset, version.pre_len)
        })?;
        self.each(Section::Patterns, |c, pattern: PatternRecord| {
            self.verify_pattern(&c, &pattern)
        })?;
        self.each(Section::Programs, |c, record: ProgramRecord| {
            c.text("source", record.source_offset, record.source_len)?;
            let program = Program::of(self, &record);
            c.must("code", program.is_some_and(|program| program.is_sound()))
        })?;
        self.each(Section::Expressions, |c, node: ExpressionRecord| {
            self.verify_expression(&c, &node)
        })?;
        self.verify_edge()
    }

    fn verify_rule(&self, c: &Checker<'a>, rule: &RuleRecord) -> Result<(), VerifyError> {
        c.rows("tests", Section::Tests, rule.tests, rule.tests_count.into())?;
        c.optional("name", Section::Texts, rule.name)?;
        if rule.variant == EXPRESSION {
            return c.row("split", Section::Expressions, rule.split);
        }
        c.optional("split", Section::Splits, rule.split)?;
        let split = self.record::<SplitRecord>(Section::Splits, rule.split);
        let is_share = split.is_some_and(|split| split.is_share());
        c.must("variant", rule.variant != SHARE || is_share)
    }

    /// Arguments lie behind their node, so that expressions end.
    fn verify_expression(
        &self,
        c: &Checker<'a>,
        node: &ExpressionRecord,
    ) -> Result<(), VerifyError> {
        let Some(operation) = Operation::from_code(node.operation) else {
            return c.must("operation", false);
        };
        let detail = match operation {
            Operation::Compare | Operation::Ordered | Operation::Chained => {
                Relation::from_code(node.detail).is_some()
            }
            Operation::Gather | Operation::Total => Arithmetic::from_code(node.detail).is_some(),
            Operation::Map
            | Operation::Filter
            | Operation::Some
            | Operation::Every
            | Operation::SomeOf
            | Operation::EveryOf
            | Operation::Reduce => Around::from_code(node.detail).is_some(),
            _ => true,
        };
        c.must("detail", detail)?;
        match operation {
            Operation::Text => c.text("a", node.a, node.b),
            Operation::Attribute => c.row("a", Section::Attributes, node.a),
            _ if operation.has_arguments() => {
                c.must("a", node.b == 0 || node.a > c.index)?;
                c.rows("a", Section::Expressions, node.a, node.b)?;
                let arguments = self.records(Section::Expressions, node.a, node.b);
                let mut arguments = arguments.map(|of: ExpressionRecord| of.operation);
                c.must(
                    "a",
                    operation != Operation::Constants
                        || arguments.all(|code| {
                            Operation::from_code(code).is_some_and(Operation::is_constant)
                        }),
                )
            }
            _ => Ok(()),
        }
    }

    fn verify_test(&self, c: &Checker<'a>, test: &TestRecord) -> Result<(), VerifyError> {
        let Some(op) = Op::from_code(test.op) else {
            return c.must("op", false);
        };
        c.must(
            "flags",
            Conversion::from_code(test.flags >> TEST_CONVERSION_SHIFT).is_some(),
        )?;
        if op.asks_attribute() {
            c.row("attribute", Section::Attributes, test.attribute.into())?;
        }
        match op {
            Op::TextEqual
            | Op::TextLess
            | Op::TextAtMost
            | Op::TextGreater
            | Op::TextAtLeast
            | Op::StartsWith
            | Op::EndsWith
            | Op::Contains
            | Op::IncludesText => c.text("a", test.a, test.b),
            Op::TextIn
            | Op::StartsWithOne
            | Op::EndsWithOne
            | Op::ContainsOne
            | Op::LowerStartsWithOne
            | Op::LowerEndsWithOne
            | Op::LowerContainsOne
            | Op::ListHasOne
            | Op::ListHasAll
            | Op::ListWithin => c.rows("a", Section::Texts, test.a, test.b),
            Op::WordIn => {
                let attribute = u32::from(test.attribute);
                let attribute = self.record::<AttributeRecord>(Section::Attributes, attribute);
                let words = attribute.map_or(0, |attribute| attribute.words_count.into());
                let mask = u64::from(test.a) | u64::from(test.b) << 32;
                c.must("a", mask.checked_shr(words).unwrap_or(0) == 0)
            }
            Op::NumberIn => c.rows("a", Section::Numbers, test.a, test.b),
            Op::Pattern => c.row("a", Section::Patterns, test.a),
            Op::Program | Op::JsProgram => c.row("a", Section::Programs, test.a),
            Op::SemVer | Op::NpmSemVer | Op::NpmSemVerStrict => {
                c.row("a", Section::SemVers, test.a)
            }
            Op::Network | Op::NpmNetwork => c.rows("a", Section::Networks, test.a, test.b),
            Op::Segment | Op::SegmentUnlessFails => {
                c.row("a", Section::Segments, test.a)?;
                let segment = self.record::<SegmentRecord>(Section::Segments, test.a);
                let is_set = segment.is_some_and(|segment| {
                    segment.set() == Some(test.b) && segment.by == test.attribute
                });
                c.must("b", test.b == NONE || is_set)
            }
            Op::SetHas => c.row("a", Section::Sets, test.a),
            Op::Inside => c.row("a", Section::Flags, test.a),
            Op::Bucket => c.row("a", Section::Splits, test.a),
            Op::Expression => {
                c.row("a", Section::Expressions, test.a)?;
                c.optional("b", Section::Texts, test.b)
            }
            Op::Flag | Op::FlagOn => {
                c.row("a", Section::Flags, test.a)?;
                let count = self
                    .record::<IndexRecord>(Section::Indices, test.b)
                    .map(|record| record.index);
                c.rows(
                    "b",
                    Section::Indices,
                    test.b.saturating_add(1),
                    count.unwrap_or(NONE),
                )
            }
            Op::SplitVersion => c.version(test.a),
            Op::SplitVersionIn => {
                c.rows("a", Section::Texts, test.a, test.b)?;
                (test.a..test.a.saturating_add(test.b)).try_for_each(|text| c.version(text))
            }
            Op::JsTextEqual | Op::JsonEqual => c.text("a", test.a, test.b),
            Op::JsTextOrder | Op::PaddedVersion => c.row("a", Section::Texts, test.a),
            Op::JsNumberOrder => c.row("a", Section::Numbers, test.a),
            Op::LowerIn => c.rows("a", Section::Texts, test.a, test.b),
            Op::Within => {
                let count = test.b as u16;
                c.must("b", Scope::from_code((test.b >> 16) as u16).is_some())?;
                // It lies before the test that asks for it, and so never in itself.
                let end = test.a.checked_add(count.into());
                c.must("a", end.is_some_and(|end| end <= c.index))?;
                c.jumps("a", test.a, count)
            }
            Op::Exists
            | Op::Release
            | Op::ListDistinct
            | Op::JsNumberEqual
            | Op::JsTruthy
            | Op::TypeIn
            | Op::Boolean
            | Op::NumberEqual
            | Op::NumberLess
            | Op::NumberAtMost
            | Op::NumberGreater
            | Op::NumberAtLeast
            | Op::IncludesNumber
            | Op::IncludesBoolean
            | Op::IncludesNull
            | Op::DateBefore
            | Op::DateAtMost
            | Op::DateEqual
            | Op::DateAfter
            | Op::DateAtLeast
            | Op::JsDateBefore
            | Op::JsDateAfter
            | Op::NowBefore
            | Op::NowEqual
            | Op::ParsedLess
            | Op::ParsedAtMost
            | Op::ParsedEqual
            | Op::ParsedGreater
            | Op::ParsedAtLeast
            | Op::Never
            | Op::Fail
            | Op::Abort => Ok(()),
        }
    }

    fn verify_pattern(&self, c: &Checker<'a>, pattern: &PatternRecord) -> Result<(), VerifyError> {
        c.text("source", pattern.source_offset, pattern.source_len)?;
        let is_entry = |entry: u16| entry < pattern.states || matches!(entry, MATCHED | DEAD);
        c.must("start", is_entry(pattern.start))?;
        let classes = self.data(pattern.classes_offset, 256).unwrap_or_default();
        let in_row = |class: &u8| u16::from(*class) + 1 < pattern.columns;
        c.must(
            "classes_offset",
            !classes.is_empty() && classes.iter().all(in_row),
        )?;
        let table = self.table(pattern);
        let mut entries = table.unwrap_or_default().chunks_exact(2);
        let legal = entries.all(|entry| {
            entry
                .first_chunk()
                .is_some_and(|bytes| is_entry(u16::from_le_bytes(*bytes)))
        });
        c.must("table_offset", table.is_some() && legal)
    }

    fn verify_edge(&self) -> Result<(), VerifyError> {
        self.each(Section::Edge, |c, edge: EdgeRecord| {
            c.rows(
                "sources",
                Section::Sources,
                edge.sources,
                edge.sources_count.into(),
            )?;
            c.text("cookie", edge.cookie_offset, edge.cookie_len.into())?;
            c.text("consent", edge.consent_offset, edge.consent_len.into())?;
            c.text(
                "consent_value",
                edge.consent_value_offset,
                edge.consent_value_len.into(),
            )?;
            c.flags("browser", edge.browser, edge.browser_count)?;
            c.flags("origin", edge.origin, edge.origin_count)?;
            c.must("switches", edge.switches & !switch::ALL == 0)?;
            c.text("cors", edge.cors_offset, edge.cors_len.into())?;
            c.rows(
                "aliases",
                Section::Pairs,
                edge.aliases,
                edge.aliases_count.into(),
            )?;
            c.must("service", ServiceKind::from_code(edge.service).is_some())?;
            c.must("sdk", SdkKind::from_code(edge.sdk).is_some())?;
            c.text("document", edge.document_offset, edge.document_len.into())
        })?;
        self.each(Section::Sources, |c, source: SourceRecord| {
            c.text("name", source.name_offset, source.name_len.into())?;
            c.must("kind", SourceKind::from_code(source.kind).is_some())
        })?;
        self.each(Section::Origins, |c, origin: OriginRecord| {
            c.text("name", origin.name_offset, origin.name_len.into())?;
            c.must(
                "fallback",
                origin.fallback == NONE16
                    || u32::from(origin.fallback) < self.count(Section::Origins),
            )
        })?;
        self.each(Section::Routes, |c, route: RouteRecord| {
            c.text("host", route.host_offset, route.host_len.into())?;
            c.text("path", route.path_offset, route.path_len.into())?;
            c.optional("flag", Section::Flags, route.flag)?;
            if let Some(flag) = self.record::<FlagRecord>(Section::Flags, route.flag) {
                c.rows(
                    "actions",
                    Section::Actions,
                    route.actions,
                    flag.variants_count.into(),
                )?;
            }
            if route.flags_count != NONE {
                c.flags("flags", route.flags, route.flags_count)?;
            }
            c.must(
                "harm",
                route.harm == NONE16 || u32::from(route.harm) < self.count(Section::Harms),
            )?;
            c.must("repeat", RepeatKind::from_code(route.repeat).is_some())
        })?;
        self.each(Section::Harms, |c, harm: HarmRecord| {
            c.text("events", harm.events_offset, harm.events_len.into())
        })?;
        self.each(Section::Actions, |c, action: ActionRecord| {
            c.text("rewrite", action.rewrite_offset, action.rewrite_len.into())?;
            c.rows(
                "request_headers",
                Section::Pairs,
                action.request_headers,
                action.request_headers_count.into(),
            )?;
            c.must(
                "own_headers_count",
                action.own_headers_count <= action.request_headers_count,
            )?;
            c.rows(
                "response_headers",
                Section::Pairs,
                action.response_headers,
                action.response_headers_count.into(),
            )?;
            c.rows(
                "cookies",
                Section::Pairs,
                action.cookies,
                action.cookies_count.into(),
            )?;
            c.must(
                "origin",
                action.origin == NONE16 || u32::from(action.origin) < self.count(Section::Origins),
            )
        })?;
        self.each(Section::Pairs, |c, pair: PairRecord| {
            c.text("name", pair.name_offset, pair.name_len.into())?;
            c.text("value", pair.value_offset, pair.value_len.into())
        })
    }

    /// Calls a check for each record of a section.
    fn each<R: Record>(
        &self,
        section: Section,
        check: impl Fn(Checker<'a>, R) -> Result<(), VerifyError>,
    ) -> Result<(), VerifyError> {
        for (index, record) in (0..).zip(self.records(section, 0, NONE)) {
            check(
                Checker {
                    snapshot: *self,
                    section,
                    index,
                },
                record,
            )?;
        }
        Ok(())
    }
}

/// Checks fields of one record.
struct Checker<'a> {
    snapshot: Snapshot<'a>,
    section: Section,
    index: u32,
}

impl Checker<'_> {
    fn must(&self, field: &'static str, holds: bool) -> Result<(), VerifyError> {
        let Self { section, index, .. } = *self;
        if holds {
            Ok(())
        } else {
            Err(VerifyError::Record {
                section,
                index,
                field,
            })
        }
    }

    fn text(&self, field: &'static str, offset: u32, len: u32) -> Result<(), VerifyError> {
        self.must(field, self.snapshot.text(offset, len).is_some())
    }

    /// A text must be a version as Split reads them.
    fn version(&self, index: u32) -> Result<(), VerifyError> {
        let text = self.snapshot.long_text(index).and_then(SplitVersion::parse);
        self.must("a", text.is_some())
    }

    fn row(&self, field: &'static str, section: Section, index: u32) -> Result<(), VerifyError> {
        self.must(field, index < self.snapshot.count(section))
    }

    fn optional(
        &self,
        field: &'static str,
        section: Section,
        index: u32,
    ) -> Result<(), VerifyError> {
        if index == NONE {
            Ok(())
        } else {
            self.row(field, section, index)
        }
    }

    fn rows(
        &self,
        field: &'static str,
        section: Section,
        first: u32,
        count: u32,
    ) -> Result<(), VerifyError> {
        let end = first.checked_add(count);
        self.must(
            field,
            count == 0 || end.is_some_and(|end| end <= self.snapshot.count(section)),
        )
    }

    /// A list of flags.
    fn flags(&self, field: &'static str, first: u32, count: u32) -> Result<(), VerifyError> {
        self.rows(field, Section::Indices, first, count)?;
        let mut flags = self
            .snapshot
            .records::<IndexRecord>(Section::Indices, first, count);
        self.must(
            field,
            flags.all(|flag| flag.index < self.snapshot.flag_count()),
        )
    }

    /// The jumps of a condition go forward and stay inside.
    fn jumps(&self, field: &'static str, first: u32, count: u16) -> Result<(), VerifyError> {
        for (at, test) in (0..).zip(self.snapshot.records::<TestRecord>(
            Section::Tests,
            first,
            count.into(),
        )) {
            for target in [test.then, test.otherwise] {
                self.must(
                    field,
                    matches!(target, ACCEPT | REJECT) || (target > at && target < count),
                )?;
            }
        }
        Ok(())
    }
}

/// Whether something may be kept of so many bytes; of less than a block they are in it, and hashed again.
fn is_kept(len: u16, kept: &[u8]) -> bool {
    let words = kept.as_chunks().0.iter();
    let mut words = words.map(|word| u32::from_le_bytes(*word));
    let mut hash = Sha1::new();
    let block = words.clone().skip(5).flat_map(u32::to_be_bytes);
    for byte in block.take(len.into()) {
        hash.update(&[byte]);
    }
    len >= 64 || hash.kept().all(|word| words.next() == Some(word))
}
