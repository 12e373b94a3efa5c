//! Records of flags and conditions. All but [`ExpiryRecord`] are read by evaluation.

use super::define_records;

/// Bit of [`FlagRecord::flags`]: the flag is disabled.
pub const FLAG_DISABLED: u16 = 1;
/// Bit of [`FlagRecord::flags`]: before the flag's first rule lies its gate, a rule whose condition are the prerequisites.
pub const FLAG_GATED: u16 = 2;
/// Bit of [`FlagRecord::flags`]: the flag is plain; of its rule, if it has one, there is no record but the flag's own.
pub const FLAG_PLAIN: u16 = 4;

/// Tests of a plain rule.
pub const PLAIN_TESTS: u16 = 4;

/// Entries of a bucket of a set. Each key is in one of two buckets.
pub const SET_BUCKET: u32 = 4;

/// Bit of [`NetworkRecord::family`]: the network's own address lies in it, however it is written.
pub const NETWORK_OR_EQUAL: u16 = 256;

/// In [`RuleRecord::variant`]: the rule serves the variant whose key an expression gives.
pub const EXPRESSION: u16 = u16::MAX - 1;
/// In [`RuleRecord::variant`]: the rule serves a split of the plainest kind, see [`SplitRecord::is_share`].
pub const SHARE: u16 = u16::MAX - 2;

/// In [`SplitRecord::ranges_count`]: the split has one range, from position 0 on and without a ramp, in its own record.
pub const ONE_RANGE: u16 = u16::MAX;

define_records! {
    /// A flag.
    FlagRecord {
        /// The key, in data.
        key_offset: u32 = 0,
        /// Its first variant.
        variants: u32 = 4,
        /// Its first rule; the first test of a plain flag's rule.
        rules: u32 = 8,
        /// The split of a plain flag's rule, or [`NONE`](super::NONE).
        split: u32 = 12,
        /// Bytes of the key.
        key_len: u16 = 16,
        /// Number of variants.
        variants_count: u16 = 18,
        /// Number of rules.
        rules_count: u16 = 20,
        /// The default variant, counted from the first; [`NONE16`](super::NONE16) if the caller's own default is served.
        default: u16 = 22,
        /// Bits: [`FLAG_DISABLED`], [`FLAG_GATED`], [`FLAG_PLAIN`].
        flags: u16 = 24,
        /// The request headers that its decision depends on: a [`VaryRecord`](super::VaryRecord).
        vary: u16 = 26,
        /// Number of tests of a plain flag's rule; else 0.
        tests_count: u16 = 28,
        /// What a plain flag's rule serves, as in [`RuleRecord::variant`]; else [`NONE16`](super::NONE16).
        variant: u16 = 30,
    } = 32;

    /// The day from which on a flag should be gone.
    ExpiryRecord {
        /// The flag.
        flag: u32 = 0,
        /// Days since 1970-01-01.
        day: i32 = 4,
    } = 8;

    /// A variant.
    VariantRecord {
        /// The key, in data.
        key_offset: u32 = 0,
        /// The value's text, in data.
        text_offset: u32 = 4,
        /// Bytes of the text.
        text_len: u32 = 8,
        /// Bytes of the key.
        key_len: u16 = 12,
        /// A [`ValueKind`](super::ValueKind).
        kind: u16 = 14,
        /// A number's 64-bit float, a boolean's 0 or 1.
        number: u64 = 16,
    } = 24;

    /// A rule.
    RuleRecord {
        /// The first test of its condition.
        tests: u32 = 0,
        /// The split it serves, or [`NONE`](super::NONE); the expression, where `variant` is [`EXPRESSION`].
        split: u32 = 4,
        /// The name, a text; [`NONE`](super::NONE) if it has none.
        name: u32 = 8,
        /// Number of tests; 0 matches everybody.
        tests_count: u16 = 12,
        /// The variant it serves if it has no split, counted from the flag's first; [`NONE16`](super::NONE16) for the flag's
        /// default, [`EXPRESSION`] for the one whose key an expression gives. With a split [`SHARE`] or 0.
        variant: u16 = 14,
    } = 16;

    /// A test: a question and where to go with either answer. Jumps only go forward, counted from the condition's
    /// first test; so every condition ends.
    TestRecord {
        /// An [`Op`](super::Op).
        op: u8 = 0,
        /// Bits: [`TEST_NEGATED`](super::TEST_NEGATED), [`TEST_IGNORES_CASE`](super::TEST_IGNORES_CASE).
        flags: u8 = 1,
        /// The attribute it is about.
        attribute: u16 = 2,
        /// Where to go if it holds: a test, [`ACCEPT`](super::ACCEPT) or [`REJECT`](super::REJECT).
        then: u16 = 4,
        /// Where to go if not.
        otherwise: u16 = 6,
        /// First operand.
        a: u32 = 8,
        /// Second operand.
        b: u32 = 12,
    } = 16;

    /// A percentage rollout.
    SplitRecord {
        /// The first of its ranges; of [`ONE_RANGE`] the position behind it.
        ranges: u32 = 0,
        /// Text that is hashed with the unit's value, in data; as a rule the flag's key. Of LaunchDarkly's algorithm what hashing it and
        /// a point has come to, see [`SplitRecord::salt_bytes`].
        salt_offset: u32 = 4,
        /// Seed of the hash, where the algorithm has one; of the native one, its state after the salt's whole words.
        seed: u32 = 8,
        /// Number of positions, where the algorithm does not give it; of the native one, the salt's bytes behind its last
        /// whole word, the first lowest.
        modulus: u32 = 12,
        /// The attributes that are tried when `by` has no usable value: an index that is their number, and behind it theirs;
        /// or [`NONE`](super::NONE).
        others: u32 = 16,
        /// Bytes of the text that is hashed with the unit's value, with LaunchDarkly's point.
        salt_len: u16 = 20,
        /// Number of ranges, or [`ONE_RANGE`].
        ranges_count: u16 = 22,
        /// The attribute whose value is hashed.
        by: u16 = 24,
        /// The variant of [`ONE_RANGE`].
        variant: u16 = 26,
        /// The variant of whoever is in no range; [`NONE16`](super::NONE16) for the flag's default, or one of
        /// [`rest`](super::rest).
        rest: u16 = 28,
        /// An [`Algorithm`](super::Algorithm).
        algorithm: u8 = 30,
        /// An [`Absent`](super::Absent).
        absent: u8 = 31,
    } = 32;

    /// A range of positions that a variant fills up to its share. The first that a position lies in counts.
    RangeRecord {
        /// First position.
        from: u64 = 0,
        /// Position after the last.
        to: u64 = 8,
        /// The ramp that says how much is filled, or [`NONE`](super::NONE): all of it. With
        /// [`RANGE_PLANNED`](super::RANGE_PLANNED) a plan.
        ramp: u32 = 16,
        /// The part of the ramp's share that lies in ranges before this one.
        base: u32 = 20,
        /// The variant.
        variant: u16 = 24,
        /// Bits: [`RANGE_BACKWARD`](super::RANGE_BACKWARD), [`RANGE_PLANNED`](super::RANGE_PLANNED).
        flags: u16 = 26,
    } = 28;

    /// A ramp.
    RampRecord {
        /// The first of its points.
        points: u32 = 0,
        /// How many.
        count: u32 = 4,
    } = 8;

    /// A point of a ramp.
    PointRecord {
        /// Milliseconds since 1970.
        at: i64 = 0,
        /// Parts per million.
        share: u32 = 8,
    } = 12;

    /// An attribute.
    AttributeRecord {
        /// The dotted name, in data.
        name_offset: u32 = 0,
        /// The name of the header, cookie or query parameter, in data.
        source_offset: u32 = 4,
        /// Bytes of the name.
        name_len: u16 = 8,
        /// Bytes of the source's name.
        source_len: u16 = 10,
        /// A [`SourceKind`](super::SourceKind).
        source: u16 = 12,
        /// Number of its words.
        words_count: u16 = 14,
        /// The first text of its words: the constants that [`Op::WordIn`](super::Op::WordIn) asks about, a bit for each.
        words: u32 = 16,
    } = 20;

    /// A segment.
    SegmentRecord {
        /// The key, in data.
        key_offset: u32 = 0,
        /// The set of keys that belong to it, or [`NONE`](super::NONE).
        included: u32 = 4,
        /// The set of keys that do not, or [`NONE`](super::NONE).
        excluded: u32 = 8,
        /// The first test of its condition, or [`NONE`](super::NONE) for one that never holds.
        tests: u32 = 12,
        /// Bytes of the key.
        key_len: u16 = 16,
        /// Number of tests; 0 matches everybody, or with `tests` [`NONE`](super::NONE) nobody.
        tests_count: u16 = 18,
        /// The attribute that is looked up.
        by: u16 = 20,
        /// 0.
        reserved: u16 = 22,
    } = 24;

    /// A set of keys.
    SetRecord {
        /// The first of its entries.
        entries: u32 = 0,
        /// How many, in buckets of [`SET_BUCKET`].
        count: u32 = 4,
    } = 8;

    /// The lower 64 bits of the hash of a key, 1 if they are 0; or 0 for none.
    EntryRecord {
        /// Those bits.
        hash: u64 = 0,
    } = 8;

    /// Text in data.
    TextRecord {
        /// Where.
        offset: u32 = 0,
        /// How many bytes.
        len: u32 = 4,
    } = 8;

    /// A number.
    NumberRecord {
        /// The bits of a 64-bit float.
        bits: u64 = 0,
    } = 8;

    /// A semantic version. Build metadata has no part in precedence and is not kept.
    SemVerRecord {
        /// Major version.
        major: u64 = 0,
        /// Minor version.
        minor: u64 = 8,
        /// Patch version.
        patch: u64 = 16,
        /// The pre-release, in data; empty for a release.
        pre_offset: u32 = 24,
        /// Its bytes.
        pre_len: u32 = 28,
    } = 32;

    /// A network.
    NetworkRecord {
        /// The address as a 128-bit number; an IPv4 address in the lowest 32 bits.
        address: u128 = 0,
        /// Bits that must agree.
        prefix: u16 = 16,
        /// 4 or 6; and of those of [`Op::NpmNetwork`](super::Op::NpmNetwork), bit [`NETWORK_OR_EQUAL`].
        family: u16 = 18,
    } = 20;

    /// A regular expression: a deterministic automaton with `states` rows of `columns` 16-bit entries, the last
    /// column being the end of the text. An entry is a state, [`MATCHED`](super::MATCHED) or [`DEAD`](super::DEAD).
    PatternRecord {
        /// 256 bytes of data: the column of each byte.
        classes_offset: u32 = 0,
        /// The table, in data.
        table_offset: u32 = 4,
        /// Entries in a row.
        columns: u16 = 8,
        /// Rows.
        states: u16 = 10,
        /// The state to begin in, or [`MATCHED`](super::MATCHED) or [`DEAD`](super::DEAD).
        start: u16 = 12,
        /// 0.
        reserved: u16 = 14,
        /// The pattern as it was written, in data; for explanations.
        source_offset: u32 = 16,
        /// Its bytes.
        source_len: u32 = 20,
    } = 24;

    /// A number of a list.
    IndexRecord {
        /// The number.
        index: u32 = 0,
    } = 4;
}
