//! Sets of keys, by hash.

use super::Writer;
use crate::finding::Finding;
use crate::sort::sort;
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
        // Entries by bucket: how many there are in each, then each to its place.
        let hash = |key: &String| {
            let hash = hash::key(key.as_bytes());
            (set_bucket(hash, bits) as usize, set_entry(hash))
        };
        let mut ends = vec![0usize; (1 << bits) + 1];
        for key in keys {
            if let Some(count) = ends.get_mut(hash(key).0 + 1) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for end in &mut ends {
            sum += *end;
            *end = sum;
        }
        let mut entries: Vec<(u64, &str)> = vec![(0, ""); keys.len()];
        let mut next = ends.clone();
        for key in keys {
            let (bucket, entry) = hash(key);
            if let Some(place) = next.get_mut(bucket)
                && let Some(here) = entries.get_mut(*place)
            {
                *here = (entry, key);
                *place += 1;
            }
        }
        let set = SetRecord {
            buckets: self.tables.count(Section::Buckets),
            bits,
        };
        let first = self.tables.count(Section::Entries);
        let mut written = 0;
        for bounds in ends.windows(2) {
            self.tables.push(
                Section::Buckets,
                &BucketRecord {
                    entry: first + written,
                },
            );
            let bucket = match bounds {
                [start, end] => entries.get_mut(*start..*end).unwrap_or_default(),
                _ => &mut [],
            };
            sort(bucket, |a, b| a < b);
            let mut last: Option<(u64, &str)> = None;
            for (entry, key) in bucket {
                match last {
                    Some((hash, other)) if hash == *entry && other == *key => continue,
                    Some((hash, other)) if hash == *entry => {
                        // About once in 10 to the power of 12 for a million keys.
                        let message = text!(
                            "keys `{key}` and `{other}` have the same hash and cannot be told apart"
                        );
                        self.findings
                            .push(Finding::warning("hash-collision", path, message));
                    }
                    _ => {}
                }
                last = Some((*entry, key));
                self.tables
                    .push(Section::Entries, &EntryRecord { hash: *entry });
                written += 1;
            }
        }
        self.tables.push(
            Section::Buckets,
            &BucketRecord {
                entry: first + written,
            },
        );
        self.tables.push(Section::Sets, &set)
    }
}
