//! Sets of keys, by hash.

use super::Writer;
use crate::finding::Finding;
use flagstone_core::hash::{self, set_bucket, set_entry};
use flagstone_core::layout::{BucketRecord, EntryRecord, NONE, Section, SetRecord};

impl Writer<'_> {
    /// Writes a set and gives its number; [`NONE`] for no keys.
    pub(super) fn set(&mut self, keys: &[String], path: &str) -> u32 {
        const KEYS_PER_BUCKET: usize = 8;
        if keys.is_empty() {
            return NONE;
        }
        let bits = (keys.len() / KEYS_PER_BUCKET)
            .checked_ilog2()
            .map_or(0, |bits| bits + 1)
            .min(24);
        let mut hashes: Vec<(u32, u64, &str)> = keys
            .iter()
            .map(|key| {
                let hash = hash::key(key.as_bytes());
                (set_bucket(hash, bits), set_entry(hash), key.as_str())
            })
            .collect();
        hashes.sort_unstable();
        hashes.dedup();
        for pair in hashes.windows(2) {
            if let [(bucket, entry, key), (next_bucket, next_entry, next)] = pair
                && (bucket, entry) == (next_bucket, next_entry)
            {
                // About once in 10 to the power of 12 for a million keys.
                let message = format!(
                    "keys `{key}` and `{next}` have the same hash and cannot be told apart"
                );
                self.findings
                    .push(Finding::warning("hash-collision", path, message));
            }
        }
        let set = SetRecord {
            buckets: self.tables.count(Section::Buckets),
            bits,
        };
        let first = self.tables.count(Section::Entries);
        let mut entry = 0;
        for bucket in 0..1u32 << bits {
            self.tables.push(
                Section::Buckets,
                &BucketRecord {
                    entry: first + entry as u32,
                },
            );
            while hashes.get(entry).is_some_and(|(of, ..)| *of == bucket) {
                entry += 1;
            }
        }
        self.tables.push(
            Section::Buckets,
            &BucketRecord {
                entry: first + entry as u32,
            },
        );
        for (_, hash, _) in &hashes {
            self.tables
                .push(Section::Entries, &EntryRecord { hash: *hash });
        }
        self.tables.push(Section::Sets, &set)
    }
}
