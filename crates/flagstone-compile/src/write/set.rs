//! Sets of keys, by hash.

use super::Writer;
use crate::model::Keys;
use crate::sort::sort;
use flagstone_core::hash::{self, set_buckets, set_entry};
use flagstone_core::layout::{EntryRecord, NONE, SET_BUCKET, Section, SetRecord};

/// Sets up to this are the same bytes however they are listed; to sort larger ones would take longer than the rest.
const FEW: usize = 16;

impl Writer<'_> {
    /// Writes a set and gives its number; [`NONE`] for no keys.
    pub(super) fn keys(&mut self, keys: &Keys) -> u32 {
        match keys {
            Keys::Texts(texts) => self.set(texts),
            Keys::Hashes(hashes) => self.hashes(hashes),
        }
    }

    pub(super) fn set(&mut self, keys: &[String]) -> u32 {
        let hashes = keys.iter().map(|key| hash::key(key.as_bytes()));
        let hashes: Vec<u128> = hashes.collect();
        self.hashes(&hashes)
    }

    fn hashes(&mut self, hashes: &[u128]) -> u32 {
        if hashes.is_empty() {
            return NONE;
        }
        let entries = if hashes.len() <= FEW {
            let mut few = hashes.to_vec();
            sort(&mut few, |a, b| a < b);
            few.dedup();
            in_buckets(&few)
        } else {
            in_buckets(hashes)
        };
        let Some(entries) = entries else {
            let message =
                text!("a set has more than eight keys whose hashes were made to be alike");
            self.error("crowded-set", "", message);
            return NONE;
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

/// Each hash once in one of its two buckets, 0 where there is none. Whoever finds both full takes the place of another, which
/// goes to its other bucket, and so on (cuckoo hashing). `None` for hashes that stay in each other's way.
fn in_buckets(hashes: &[u128]) -> Option<Vec<u128>> {
    // As a rule the first number of buckets will do. More than eight hashes with the same two buckets find no place in any number.
    const TRIES: u32 = 16;
    // Sixteen in seventeen places are taken. Two buckets of four would do with more, but not as soon.
    let mut count = (hashes.len() + hashes.len() / 16).div_ceil(SET_BUCKET as usize);
    for _ in 0..TRIES {
        let mut buckets = Buckets {
            places: vec![[0; SET_BUCKET as usize]; count],
            taken: vec![0; count],
            turn: 0,
        };
        if hashes
            .iter()
            .all(|hash| buckets.insert(*hash) == Some(true))
        {
            return Some(buckets.places.into_iter().flatten().collect());
        }
        count += 1 + count / 64;
    }
    None
}

struct Buckets {
    places: Vec<[u128; SET_BUCKET as usize]>,
    /// How many places of each bucket are taken, from the first on.
    taken: Vec<u8>,
    /// Grows, so that each time another place is given up.
    turn: u32,
}

impl Buckets {
    /// Whether a hash has found a place. `None` for buckets that there are not.
    fn insert(&mut self, mut hash: u128) -> Option<bool> {
        let count = self.places.len() as u32;
        let (a, b) = set_buckets(hash, count);
        if self.has(a, hash)? || self.has(b, hash)? {
            return Some(true);
        }
        let mut from = None;
        for _ in 0..1_000 {
            let (a, b) = set_buckets(hash, count);
            let (a_taken, b_taken) = (self.taken(a)?, self.taken(b)?);
            let bucket = match from {
                _ if u32::from(a_taken.min(b_taken)) < SET_BUCKET => {
                    if a_taken <= b_taken {
                        a
                    } else {
                        b
                    }
                }
                Some(from) if from == a => b,
                _ => a,
            };
            let taken = self.taken.get_mut(bucket as usize)?;
            let is_free = u32::from(*taken) < SET_BUCKET;
            self.turn = self.turn.wrapping_mul(0x9e37_79b9).wrapping_add(1);
            let place = if is_free {
                usize::from(*taken)
            } else {
                (self.turn >> 30) as usize
            };
            *taken += u8::from(is_free);
            let place = self.places.get_mut(bucket as usize)?.get_mut(place)?;
            hash = core::mem::replace(place, hash);
            if is_free {
                return Some(true);
            }
            from = Some(bucket);
        }
        Some(false)
    }

    fn has(&self, bucket: u32, hash: u128) -> Option<bool> {
        let taken = usize::from(self.taken(bucket)?);
        let places = self.places.get(bucket as usize)?.get(..taken)?;
        Some(places.contains(&hash))
    }

    fn taken(&self, bucket: u32) -> Option<u8> {
        self.taken.get(bucket as usize).copied()
    }
}
