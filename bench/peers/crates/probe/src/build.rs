//! Makes snapshots of the workload.

use crate::{
    EMPTY, Flag as FlagRecord, Header, MAGIC, ROLLOUT, RULE, Rule, SEGMENT, SWITCH, slot, version,
};
use serde::Deserialize;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::mem::size_of;
use xxhash_rust::xxh3::xxh3_64;

/// As `workload/model.mjs` writes it.
#[derive(Deserialize)]
pub struct Workload {
    pub flags: Vec<Flag>,
    pub segments: Vec<Segment>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Flag {
    pub key: String,
    pub kind: String,
    pub salt: String,
    #[serde(default)]
    pub enabled: bool,
    #[serde(default)]
    pub percent: f64,
    #[serde(default)]
    pub countries: Vec<String>,
    #[serde(default)]
    pub min_version: String,
    #[serde(default)]
    pub email_suffix: String,
    #[serde(default)]
    pub segment: u32,
}

#[derive(Deserialize)]
pub struct Segment {
    pub members: Vec<String>,
}

/// The snapshot of a workload.
///
/// # Panics
/// If the workload is not one of `workload/model.mjs`.
pub fn build(workload: &Workload) -> Vec<u8> {
    let mut countries: Vec<&str> = Vec::new();
    let mut text = Vec::new();
    let mut suffixes: HashMap<&str, u32> = HashMap::new();
    let mut rules = Vec::new();
    let mut flags = Vec::new();
    for flag in &workload.flags {
        let (kind, threshold, argument) = match flag.kind.as_str() {
            "onoff" => (SWITCH, u32::from(flag.enabled), 0),
            "rollout" => (ROLLOUT, threshold(flag.percent), 0),
            "segment" => (SEGMENT, 0, flag.segment),
            _ => {
                let mut bits = 0;
                for country in &flag.countries {
                    let known = countries.iter().position(|known| known == country);
                    let place = known.unwrap_or(countries.len());
                    if known.is_none() {
                        countries.push(country);
                    }
                    bits |= 1 << place;
                }
                let suffix_at = *suffixes.entry(&flag.email_suffix).or_insert_with(|| {
                    let at = text.len() as u32;
                    text.extend(flag.email_suffix.bytes());
                    at
                });
                rules.push(Rule {
                    countries: bits,
                    version: version(flag.min_version.as_bytes()),
                    suffix_at,
                    suffix_len: flag.email_suffix.len() as u32,
                });
                (RULE, threshold(flag.percent), rules.len() as u32 - 1)
            }
        };
        flags.push(FlagRecord {
            hash: xxh3_64(flag.key.as_bytes()),
            seed: u32::from_str_radix(&flag.salt[..8], 16).expect("a salt of hexadecimal digits"),
            threshold,
            kind,
            argument,
        });
    }
    let index = Index::new(&flags);
    let segments: Vec<Vec<u64>> = workload.segments.iter().map(segment).collect();

    let mut header = Header {
        magic: MAGIC,
        flags: flags.len() as u32,
        slot_bits: index.slots.len().ilog2(),
        seed_bits: index.seeds.len().ilog2(),
        rules: rules.len() as u32,
        segments: segments.len() as u32,
        countries: countries.len() as u32,
        ..Header::default()
    };
    let mut bytes = vec![0; size_of::<Header>()];
    header.seeds_at = append(&mut bytes, &index.seeds);
    header.slots_at = append(&mut bytes, &index.slots);
    header.flags_at = append(&mut bytes, &flags);
    header.text_at = append(&mut bytes, &text);
    for rule in &mut rules {
        rule.suffix_at += header.text_at;
    }
    header.rules_at = append(&mut bytes, &rules);
    let mut places = Vec::new();
    for keys in &segments {
        places.push([append(&mut bytes, keys), keys.len() as u32]);
    }
    header.segments_at = append(&mut bytes, &places);
    let numbered = countries.iter().zip(0_u64..);
    let countries: Vec<[u64; 2]> = numbered
        .map(|(name, number)| [xxh3_64(name.as_bytes()), number])
        .collect();
    header.countries_at = append(&mut bytes, &countries);
    header.len = bytes.len() as u32;
    let mut head = Vec::new();
    append(&mut head, &[header]);
    bytes[..head.len()].copy_from_slice(&head);
    bytes
}

fn threshold(percent: f64) -> u32 {
    (percent / 100.0 * 4_294_967_296.0) as u32
}

fn segment(segment: &Segment) -> Vec<u64> {
    let mut keys: Vec<u64> = segment
        .members
        .iter()
        .map(|key| xxh3_64(key.as_bytes()))
        .collect();
    keys.sort_unstable();
    keys
}

/// Appends records of plain numbers; gives their offset.
fn append<T: Copy>(bytes: &mut Vec<u8>, records: &[T]) -> u32 {
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    let at = bytes.len() as u32;
    // SAFETY: the records are there, and have no padding.
    bytes.extend_from_slice(unsafe {
        std::slice::from_raw_parts(records.as_ptr().cast(), size_of_val(records))
    });
    at
}

/// Where flags are found: a seed for each bucket of keys, which sends all of them to slots of their own.
struct Index {
    seeds: Vec<u16>,
    slots: Vec<u32>,
}

impl Index {
    fn new(flags: &[FlagRecord]) -> Self {
        let slot_bits = usize::BITS - (flags.len() * 5 / 4).max(2).leading_zeros();
        let seed_bits = usize::BITS - (flags.len() / 3).max(2).leading_zeros();
        let mut buckets: Vec<(usize, Vec<u32>)> = (0..1 << seed_bits)
            .map(|bucket| (bucket, Vec::new()))
            .collect();
        for (number, flag) in (0..).zip(flags) {
            buckets[(flag.hash >> (64 - seed_bits)) as usize]
                .1
                .push(number);
        }
        // The fullest first, while there is room.
        buckets.sort_by_key(|(_, members)| Reverse(members.len()));
        let mut index = Self {
            seeds: vec![0; 1 << seed_bits],
            slots: vec![EMPTY; 1 << slot_bits],
        };
        for (bucket, members) in buckets {
            let places = |seed: u16| {
                members
                    .iter()
                    .map(move |&flag| slot(flags[flag as usize].hash, seed, slot_bits))
            };
            let is_free = |seed: &u16| {
                let mut taken: Vec<usize> = places(*seed).collect();
                taken.sort_unstable();
                taken.windows(2).all(|pair| pair[0] != pair[1])
                    && taken.iter().all(|&place| index.slots[place] == EMPTY)
            };
            let seed = (0..=u16::MAX)
                .find(is_free)
                .expect("a seed without collisions");
            for (flag, place) in members.iter().zip(places(seed)) {
                index.slots[place] = *flag;
            }
            index.seeds[bucket] = seed;
        }
        index
    }
}
