//! Puts flags into slots so that a key leads to its slot by two reads.
//!
//! Keys fall into buckets of about three; for each bucket, the fullest first, a seed is searched that sends its keys to
//! free slots (hash, displace and compress). There are as many slots as flags.

use flagstone_core::hash::{self, flag_bucket, flag_slot};

/// Where the flags lie.
pub(super) struct Placement {
    /// A seed for each bucket.
    pub(super) seeds: Vec<u32>,
    /// A slot for each key, in the order of the keys.
    pub(super) slots: Vec<u32>,
    /// A key's place in that order for each slot.
    places: Vec<u32>,
}

/// Finds a slot for each key. Equal keys, an error elsewhere, share one.
#[inline(never)]
pub(super) fn place(keys: &[&str]) -> Placement {
    const KEYS_PER_BUCKET: usize = 3;
    let count = keys.len() as u32;
    let buckets = keys.len().div_ceil(KEYS_PER_BUCKET);
    let hashes: Vec<u64> = keys.iter().map(|key| hash::flag(key.as_bytes())).collect();
    let mut members: Vec<Vec<u64>> = vec![Vec::new(); buckets];
    for hash in &hashes {
        if let Some(bucket) = members.get_mut(flag_bucket(*hash, buckets as u32) as usize)
            && !bucket.contains(hash)
        {
            bucket.push(*hash);
        }
    }
    let fullest = members.iter().map(Vec::len).max().unwrap_or(0);
    let order = (1..=fullest).rev().flat_map(|size| {
        let of_size = move |(_, members): &(usize, &Vec<u64>)| members.len() == size;
        let members = members.iter().enumerate();
        members.filter(of_size).map(|(bucket, _)| bucket)
    });
    let mut taken = vec![false; keys.len()];
    let mut seeds = vec![0; buckets];
    let mut slots = Vec::new();
    for bucket in order {
        let Some(hashes) = members.get(bucket) else {
            continue;
        };
        // Odd numbers that look like chance; with some of them the few keys of a bucket find free places.
        let mut seeds_to_try = (0..=u32::MAX).map(|number| number.wrapping_mul(0x9e37_79b9) | 1);
        let free = seeds_to_try.find(|seed| {
            slots.clear();
            hashes.iter().all(|hash| {
                let slot = flag_slot(*hash, *seed, count);
                let is_free = taken.get(slot as usize) == Some(&false) && !slots.contains(&slot);
                if is_free {
                    slots.push(slot);
                }
                is_free
            })
        });
        let Some(seed) = free else { continue };
        for slot in &slots {
            if let Some(place) = taken.get_mut(*slot as usize) {
                *place = true;
            }
        }
        if let Some(place) = seeds.get_mut(bucket) {
            *place = seed;
        }
    }
    let mut placement = Placement {
        seeds,
        slots: Vec::with_capacity(keys.len()),
        places: vec![0; keys.len()],
    };
    for (hash, place) in hashes.iter().zip(0..) {
        let slot = placement.slot(*hash);
        placement.slots.push(slot);
        if let Some(of) = placement.places.get_mut(slot as usize) {
            *of = place;
        }
    }
    placement
}

impl Placement {
    fn slot(&self, hash: u64) -> u32 {
        let bucket = flag_bucket(hash, self.seeds.len() as u32);
        let seed = self.seeds.get(bucket as usize).copied().unwrap_or(0);
        flag_slot(hash, seed, self.places.len() as u32)
    }

    /// The slot that a key leads to, and the place among the keys of the one that lies there, which may be another.
    pub(super) fn find(&self, key: &str) -> Option<(u32, usize)> {
        let slot = self.slot(hash::flag(key.as_bytes()));
        let place = self.places.get(slot as usize)?;
        Some((slot, *place as usize))
    }
}
