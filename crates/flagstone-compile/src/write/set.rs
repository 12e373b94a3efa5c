//! Sets of keys, by hash.

use super::Writer;
use crate::finding::Finding;
use crate::sort::sort;
use flagstone_core::hash::{self, set_buckets, set_entry};
use flagstone_core::layout::{EntryRecord, NONE, SET_BUCKET, SET_LIST, Section, SetRecord};

impl Writer<'_> {
    /// Writes a set and gives its number; [`NONE`] for no keys.
    pub(super) fn set(&mut self, keys: &[String], path: &str) -> u32 {
        if keys.is_empty() {
            return NONE;
        }
        let hash = |key: &String| hash::key(key.as_bytes());
        let mut members: Vec<(u128, &str)> = keys.iter().map(|key| (hash(key), &**key)).collect();
        sort(&mut members, |a, b| a < b);
        members.dedup_by(|(hash, key), (other_hash, other)| {
            if hash == other_hash && key != other {
                // About once in 10 to the power of 27 for a million keys.
                let message =
                    text!("keys `{key}` and `{other}` have the same hash and cannot be told apart");
                self.findings
                    .push(Finding::warning("hash-collision", path, message));
            }
            hash == other_hash
        });
        let hashes: Vec<u128> = members.into_iter().map(|(hash, _)| hash).collect();
        let entries = if hashes.len() <= SET_LIST as usize {
            hashes
        } else {
            in_buckets(&hashes)
        };
        let set = SetRecord {
            entries: self.tables.count(Section::Entries),
            count: entries.len() as u32,
        };
        for hash in entries {
            let hash = if hash == 0 { 0 } else { set_entry(hash) };
            self.tables.push(Section::Entries, &EntryRecord { hash });
        }
        self.tables.push(Section::Sets, &set)
    }
}

/// Each hash in one of its two buckets, 0 where there is none: whoever finds both full takes the place of another, which
/// goes to its other bucket, and so on (cuckoo hashing).
fn in_buckets(hashes: &[u128]) -> Vec<u128> {
    const SIZE: usize = SET_BUCKET as usize;
    // Sixteen in seventeen places are taken. Two buckets of eight would do with more, but not as soon.
    let mut buckets = (hashes.len() + hashes.len() / 16).div_ceil(SIZE);
    loop {
        let mut places = vec![0; buckets * SIZE];
        // Each time another place of a bucket is left.
        let mut turn = 0usize;
        let all = hashes.iter().all(|hash| {
            let mut hash = *hash;
            let mut from = None;
            for _ in 0..1_000 {
                let (a, b) = set_buckets(hash, buckets as u32);
                let free = [a, b].into_iter().find_map(|bucket| {
                    let start = bucket as usize * SIZE;
                    let places = places.get(start..start + SIZE)?;
                    Some(start + places.iter().position(|place| *place == 0)?)
                });
                turn += 1;
                let bucket = if from == Some(a) { b } else { a };
                let place = free.unwrap_or(bucket as usize * SIZE + turn % SIZE);
                let Some(place) = places.get_mut(place) else {
                    return false;
                };
                hash = core::mem::replace(place, hash);
                if hash == 0 {
                    return true;
                }
                from = Some(bucket);
            }
            false
        });
        if all {
            return places;
        }
        buckets += 1 + buckets / 64;
    }
}
