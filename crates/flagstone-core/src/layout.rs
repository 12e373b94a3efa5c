//! Every offset, size and code of the snapshot format, once: readers, writer and `docs/snapshot-format.md` follow it.
//!
//! A snapshot is a header, a table of sections and the sections themselves. A section is a row of fixed-size records;
//! a reference from one record to another is a record number, a reference to text is an offset from the start of the
//! snapshot and a length; it lies in section [`Section::Data`]. All integers are little-endian; nothing is aligned, since every read copies a few bytes.

mod codes;
mod edge;
mod expression;
mod plan;
mod program;
mod records;
mod statuses;

pub use codes::{
    Absent, Algorithm, Conversion, Op, PLAN_STRAIGHT, RANGE_BACKWARD, RANGE_PLANNED, RepeatKind,
    Scope, SdkKind, ServiceKind, SourceKind, TEST_CONVERSION_SHIFT, TEST_ELEMENTS,
    TEST_IGNORES_CASE, TEST_MISSING_IS_NO, TEST_MISTYPED_IS_NO, TEST_NEGATED, ValueKind, kind,
    order, rest,
};
pub use edge::{
    ActionRecord, EdgeRecord, HarmRecord, OriginRecord, PairRecord, RouteRecord, SourceRecord,
    VaryRecord, switch,
};
pub use expression::{Arithmetic, Around, ExpressionRecord, Operation, Relation};
pub use plan::{FreezeRecord, GoalRecord, OffsetRecord, PlanRecord, StageRecord, WindowRecord};
pub use program::{
    InstructionRecord, MAX_PROGRAM, PROGRAM_CODE_POINTS, PROGRAM_IGNORES_CASE, ProgramRecord,
    SpanRecord, Step,
};
pub use records::{
    AttributeRecord, EXPRESSION, EntryRecord, ExpiryRecord, FLAG_DISABLED, FLAG_GATED, FLAG_PLAIN,
    FlagRecord, IndexRecord, NETWORK_OR_EQUAL, NetworkRecord, NumberRecord, ONE_RANGE, PLAIN_TESTS,
    PatternRecord, PointRecord, RampRecord, RangeRecord, RuleRecord, SET_BUCKET, SHARE,
    SegmentRecord, SemVerRecord, SetRecord, SplitRecord, TestRecord, TextRecord, VariantRecord,
};
pub use statuses::Statuses;

/// The first eight bytes of every snapshot.
pub const MAGIC: [u8; 8] = *b"flagston";
/// The version of the format, and the part of a snapshot's key in the store that comes before its digest.
pub const FORMAT_VERSION: u16 = 1;
/// Bytes before the table of sections: magic, version (2), number of sections (2), length of the whole (4), digest (16).
pub const HEADER_LEN: usize = 32;
/// Bytes of one row of the table of sections: offset from the start of the snapshot (4), number of records (4).
pub const SECTION_ROW_LEN: usize = 8;
/// Bytes of the header and the table of sections.
pub const HEAD_LEN: usize = HEADER_LEN + Section::COUNT * SECTION_ROW_LEN;
/// "No record", wherever a 32-bit record number is optional.
pub const NONE: u32 = u32::MAX;
/// "No record", wherever a 16-bit record number is optional.
pub const NONE16: u16 = u16::MAX;
/// The attribute that holds the targeting key.
pub const TARGETING_KEY: u16 = 0;
/// Target of a test's jump: the condition holds.
pub const ACCEPT: u16 = u16::MAX;
/// Target of a test's jump: the condition does not hold.
pub const REJECT: u16 = u16::MAX - 1;
/// Entry of a pattern's table: the pattern has matched.
pub const MATCHED: u16 = u16::MAX;
/// Entry of a pattern's table: the pattern can no longer match.
pub const DEAD: u16 = u16::MAX - 1;

/// The sections, in the order of their table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Section {
    /// Flags, each in the slot that its key's hash leads to.
    Flags,
    /// For each bucket of flag keys the seed that sends them to different slots.
    Seeds,
    /// Variants; a flag's lie together, equal lists are shared.
    Variants,
    /// Rules; a flag's lie together.
    Rules,
    /// Tests; a condition's lie together.
    Tests,
    /// Percentage rollouts.
    Splits,
    /// Ranges of buckets; a split's lie together.
    Ranges,
    /// Ramps.
    Ramps,
    /// Points of ramps; a ramp's lie together, in ascending time.
    Points,
    /// Attributes that conditions read, the targeting key first.
    Attributes,
    /// Segments.
    Segments,
    /// Sets of keys, by hash.
    Sets,
    /// Hashes of keys; a set's lie together.
    Entries,
    /// Lists of text; a list lies together in ascending order of bytes.
    Texts,
    /// Lists of numbers; a list lies together in ascending order.
    Numbers,
    /// Semantic versions.
    SemVers,
    /// Networks; those of a test lie together.
    Networks,
    /// Regular expressions as tables of a deterministic automaton.
    Patterns,
    /// Regular expressions in the dialects of other languages, as programs.
    Programs,
    /// Lists of flags: prerequisites' variants, exposure, routes.
    Indices,
    /// One record: identity and exposure.
    Edge,
    /// Parts of requests: identity's sources.
    Sources,
    /// Origins, `stable` first.
    Origins,
    /// Routes, in order of precedence.
    Routes,
    /// What variants do; a route's lie together, one for each variant of its flag.
    Actions,
    /// Names and values of headers and cookies; an action's lie together.
    Pairs,
    /// Nodes of expressions; a node's arguments lie together, behind it.
    Expressions,
    /// Sets of request headers that decisions depend on, as bits.
    Vary,
    /// The names behind those bits; `*` for what no header shows, such as the client's address.
    VaryNames,
    /// Plans of rollouts.
    Plans,
    /// Stages; a plan's lie together, with ascending shares.
    Stages,
    /// Times of the week in which a rollout may grow; a plan's lie together.
    Windows,
    /// Times in which it may not; a plan's lie together.
    Freezes,
    /// What a plan's zone adds to UTC, from when on; a plan's lie together, in ascending time.
    Offsets,
    /// What counts as harm on routes.
    Harms,
    /// The days from which on flags should be gone, of those that have one, in ascending order of flags.
    Expiries,
    /// What visitors are to reach, of which plans have some.
    Goals,
    /// Text, automata, programs: plain bytes.
    Data,
}

impl Section {
    /// How many there are.
    pub const COUNT: usize = Self::Data as usize + 1;

    /// All, in the order of the table, with the bytes of one record each.
    pub const SIZES: [(Self, usize); Self::COUNT] = [
        (Self::Flags, FlagRecord::SIZE),
        (Self::Seeds, IndexRecord::SIZE),
        (Self::Variants, VariantRecord::SIZE),
        (Self::Rules, RuleRecord::SIZE),
        (Self::Tests, TestRecord::SIZE),
        (Self::Splits, SplitRecord::SIZE),
        (Self::Ranges, RangeRecord::SIZE),
        (Self::Ramps, RampRecord::SIZE),
        (Self::Points, PointRecord::SIZE),
        (Self::Attributes, AttributeRecord::SIZE),
        (Self::Segments, SegmentRecord::SIZE),
        (Self::Sets, SetRecord::SIZE),
        (Self::Entries, EntryRecord::SIZE),
        (Self::Texts, TextRecord::SIZE),
        (Self::Numbers, NumberRecord::SIZE),
        (Self::SemVers, SemVerRecord::SIZE),
        (Self::Networks, NetworkRecord::SIZE),
        (Self::Patterns, PatternRecord::SIZE),
        (Self::Programs, ProgramRecord::SIZE),
        (Self::Indices, IndexRecord::SIZE),
        (Self::Edge, EdgeRecord::SIZE),
        (Self::Sources, SourceRecord::SIZE),
        (Self::Origins, OriginRecord::SIZE),
        (Self::Routes, RouteRecord::SIZE),
        (Self::Actions, ActionRecord::SIZE),
        (Self::Pairs, PairRecord::SIZE),
        (Self::Expressions, ExpressionRecord::SIZE),
        (Self::Vary, VaryRecord::SIZE),
        (Self::VaryNames, TextRecord::SIZE),
        (Self::Plans, PlanRecord::SIZE),
        (Self::Stages, StageRecord::SIZE),
        (Self::Windows, WindowRecord::SIZE),
        (Self::Freezes, FreezeRecord::SIZE),
        (Self::Offsets, OffsetRecord::SIZE),
        (Self::Harms, HarmRecord::SIZE),
        (Self::Expiries, ExpiryRecord::SIZE),
        (Self::Goals, GoalRecord::SIZE),
        (Self::Data, 1),
    ];

    /// Bytes of one record.
    #[inline]
    pub fn record_size(self) -> usize {
        Self::SIZES.get(self as usize).map_or(1, |(_, size)| *size)
    }
}

/// A record of the format: fixed size, fields at fixed offsets.
pub trait Record: Sized {
    /// The record's bytes: `[u8; SIZE]`.
    type Bytes: AsRef<[u8]>;
    /// Bytes of one record.
    const SIZE: usize;

    /// The record at the start of `bytes`; `None` if they are too few. Bytes after it are not looked at.
    fn read(bytes: &[u8]) -> Option<Self>;

    /// The record's bytes.
    fn write(&self) -> Self::Bytes;
}

/// Whether a field of `len` bytes at `at` lies inside a record of `size` bytes.
const fn fits(at: usize, len: usize, size: usize) -> bool {
    at + len <= size
}

/// Declares records: each field with its type and its offset, which must leave no gap.
macro_rules! define_records {
    ($($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $ty:ty = $at:literal,)* } = $size:literal;)*) => { $(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub struct $name { $($(#[$field_meta])* pub $field: $ty,)* }

        impl $name {
            /// Bytes of one record.
            pub const SIZE: usize = $size;
            /// Each field: its name, the offset of its first byte, its bytes.
            pub const FIELDS: &'static [(&'static str, usize, usize)] =
                &[$((stringify!($field), $at, size_of::<$ty>()),)*];
        }

        // The fields fill the record: their sizes add up to its size, and none ends behind it.
        const _: () = assert!(0 $(+ size_of::<$ty>())* == $size $(&& $crate::layout::fits($at, size_of::<$ty>(), $size))*);

        impl $crate::layout::Record for $name {
            type Bytes = [u8; $size];
            const SIZE: usize = $size;

            #[inline]
            fn read(bytes: &[u8]) -> Option<Self> {
                let bytes = bytes.first_chunk::<$size>()?;
                Some(Self { $($field: <$ty>::from_le_bytes(*bytes.get($at..)?.first_chunk()?),)* })
            }

            fn write(&self) -> [u8; $size] {
                let mut bytes = [0; $size];
                $(if let Some(place) = bytes.get_mut($at..$at + size_of::<$ty>()) {
                    place.copy_from_slice(&self.$field.to_le_bytes());
                })*
                bytes
            }
        }
    )* };
}
use define_records;
