//! The sections that decisions read most.

use crate::layout::{
    EntryRecord, FlagRecord, Record, RuleRecord, Section, SetRecord, SplitRecord, TestRecord,
    VariantRecord,
};
use crate::snapshot::Snapshot;

/// Their rows, found once for all flags of a request, so that a record is one comparison away.
#[derive(Clone, Copy)]
pub(super) struct Tables<'s> {
    pub flags: &'s [[u8; FlagRecord::SIZE]],
    pub variants: &'s [[u8; VariantRecord::SIZE]],
    pub rules: &'s [[u8; RuleRecord::SIZE]],
    pub tests: &'s [[u8; TestRecord::SIZE]],
    pub splits: &'s [[u8; SplitRecord::SIZE]],
    pub sets: &'s [[u8; SetRecord::SIZE]],
    pub entries: &'s [[u8; EntryRecord::SIZE]],
}

impl<'s> Tables<'s> {
    pub fn of(snapshot: Snapshot<'s>) -> Self {
        Self {
            flags: snapshot.all(Section::Flags),
            variants: snapshot.all(Section::Variants),
            rules: snapshot.all(Section::Rules),
            tests: snapshot.all(Section::Tests),
            splits: snapshot.all(Section::Splits),
            sets: snapshot.all(Section::Sets),
            entries: snapshot.all(Section::Entries),
        }
    }
}

/// A record of rows; `None` behind their end.
#[inline]
pub(super) fn record<R: Record, const N: usize>(rows: &[[u8; N]], index: u32) -> Option<R> {
    R::read(rows.get(index as usize)?)
}
