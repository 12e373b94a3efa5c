//! Rollouts whose ranges are given.

use super::Writer;
use super::reads::Reader;
use super::split::native;
use crate::model::{Absent, Allocation, Bucketing, Flag, Range, Rest};
use flagstone_core::hash::Sha1;
use flagstone_core::layout::{Algorithm, NONE, NONE16, RangeRecord, Section, SplitRecord, rest};

impl Writer<'_> {
    /// Writes a rollout that chooses a variant; gives its number.
    pub(super) fn allocation(
        &mut self,
        flag: &Flag,
        allocation: &Allocation,
        reader: Reader,
        path: &str,
    ) -> u32 {
        let rest = match &allocation.rest {
            Rest::Variant(key) => self.variant_of(flag, key, path),
            Rest::Default => NONE16,
            Rest::Next => rest::NEXT,
            Rest::Fail => rest::FAIL,
        };
        let mut ranges = Vec::with_capacity(allocation.ranges.len());
        for Range { from, to, variant } in &allocation.ranges {
            let variant = self.variant_of(flag, variant, path);
            ranges.push(self.range(*from, *to, variant, path));
        }
        self.positions(
            &allocation.bucketing,
            &ranges,
            rest,
            allocation.absent,
            reader,
            path,
        )
    }

    /// Writes a rollout that only says whether a unit is in; gives its number.
    pub(super) fn bucket(
        &mut self,
        bucketing: &Bucketing,
        ranges: &[(u64, u64)],
        absent: Absent,
        reader: Reader,
        path: &str,
    ) -> u32 {
        let ranges: Vec<RangeRecord> = ranges
            .iter()
            .map(|(from, to)| self.range(*from, *to, NONE16, path))
            .collect();
        self.positions(bucketing, &ranges, rest::NEXT, absent, reader, path)
    }

    fn range(&mut self, from: u64, to: u64, variant: u16, path: &str) -> RangeRecord {
        if from > to {
            self.error(
                "invalid-range",
                path,
                text!("the range from {from} to {to} ends before it begins"),
            );
        }
        RangeRecord {
            from,
            to,
            ramp: NONE,
            base: 0,
            variant,
            flags: 0,
        }
    }

    /// Writes a split.
    fn positions(
        &mut self,
        bucketing: &Bucketing,
        ranges: &[RangeRecord],
        rest: u16,
        absent: Absent,
        reader: Reader,
        path: &str,
    ) -> u32 {
        let attributes: Vec<u16> = bucketing
            .by
            .iter()
            .map(|name| self.read_attribute(name, reader, path))
            .collect();
        let Some((by, others)) = attributes.split_first() else {
            self.error("no-unit", path, "there is no attribute to bucket by");
            return NONE;
        };
        let others = match others {
            [] => NONE,
            others => {
                let count = self.small(others.len(), "attributes to bucket by", path);
                let first = self.tables.push_index(Section::Indices, count.into());
                for other in others {
                    self.tables.push_index(Section::Indices, u32::from(*other));
                }
                first
            }
        };
        let positions = bucketing.algorithm.positions(bucketing.modulus);
        // Importers make none.
        if cfg!(feature = "findings") && positions.is_empty() && !ranges.is_empty() {
            self.error("invalid-range", path, "there are no positions");
        }
        let (ranges, ranges_count, variant) = self.ranges(ranges, path);
        let (salt_offset, salt_len) = match bucketing.algorithm {
            Algorithm::LaunchDarkly => self.kept(&bucketing.salt, path),
            _ => self.short_text(&bucketing.salt, path),
        };
        let (seed, modulus) = match bucketing.algorithm {
            Algorithm::Native => native(&bucketing.salt),
            _ => (bucketing.seed, bucketing.modulus),
        };
        let record = SplitRecord {
            ranges,
            salt_offset,
            seed,
            modulus,
            others,
            salt_len,
            ranges_count,
            by: *by,
            variant,
            rest,
            algorithm: bucketing.algorithm as u8,
            absent: absent as u8,
        };
        self.tables.push(Section::Splits, &record)
    }

    /// What SHA-1 keeps of a salt and a point, and how many bytes these are.
    fn kept(&mut self, salt: &str, path: &str) -> (u32, u16) {
        let len = self.small(salt.len() + 1, "bytes in one text", path);
        let mut hash = Sha1::new();
        hash.update(salt.as_bytes());
        hash.update(b".");
        let kept: Vec<u8> = hash.kept().flat_map(u32::to_le_bytes).collect();
        (self.tables.data(&kept), len)
    }
}
