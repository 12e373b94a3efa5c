//! The least work that answers the workload, to find out how fast a machine lets it be done.
//!
//! No product and no proposal for a format: no reasons, no variants, no prerequisites, no updates, and keys are equal when
//! their hashes are. One buffer of little-endian records, used in place.

#[cfg(feature = "build")]
pub mod build;

use std::mem::size_of;
use xxhash_rust::xxh3::xxh3_64;

const MAGIC: u32 = 0x314c_4f53;
/// Of a slot without a flag.
const EMPTY: u32 = u32::MAX;

#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Header {
    magic: u32,
    len: u32,
    flags: u32,
    slot_bits: u32,
    seed_bits: u32,
    seeds_at: u32,
    slots_at: u32,
    flags_at: u32,
    rules_at: u32,
    rules: u32,
    segments_at: u32,
    segments: u32,
    countries_at: u32,
    countries: u32,
    text_at: u32,
    padding: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
struct Flag {
    hash: u64,
    seed: u32,
    /// Of rollouts, as parts of 2^32; of a switch, whether it is on.
    threshold: u32,
    kind: u32,
    /// The number of its rule or segment.
    argument: u32,
}

const SWITCH: u32 = 0;
const ROLLOUT: u32 = 1;
const RULE: u32 = 2;
const SEGMENT: u32 = 3;

#[repr(C)]
#[derive(Clone, Copy)]
struct Rule {
    /// A bit for each country of the table.
    countries: u64,
    version: u64,
    suffix_at: u32,
    suffix_len: u32,
}

/// Everything about one user that does not depend on a flag.
#[derive(Clone, Copy)]
pub struct Context<'u> {
    user: u64,
    country: u64,
    version: u64,
    email: &'u [u8],
}

/// A view of bytes.
#[derive(Clone, Copy)]
pub struct Snapshot<'a> {
    bytes: &'a [u8],
    header: &'a Header,
}

/// The bytes, where records of 8 bytes may lie.
pub fn aligned(bytes: &[u8]) -> Vec<u64> {
    let mut words = vec![0; bytes.len().div_ceil(8)];
    // SAFETY: there is room for as many bytes.
    unsafe {
        std::ptr::copy_nonoverlapping(bytes.as_ptr(), words.as_mut_ptr().cast(), bytes.len())
    };
    words
}

impl<'a> Snapshot<'a> {
    /// Checks every offset, every reference and the order of segments, in one pass.
    pub fn open(words: &'a [u64], len: usize) -> Option<Self> {
        if len < size_of::<Header>() || len > size_of_val(words) {
            return None;
        }
        let snapshot = Self::trust(words, len);
        let header = snapshot.header;
        let fits = |at: u32, count: usize, size: usize| {
            let end = count
                .checked_mul(size)
                .and_then(|size| size.checked_add(at as usize));
            at.is_multiple_of(8) && end.is_some_and(|end| end <= len)
        };
        let tables_fit = header.magic == MAGIC
            && header.len as usize == len
            && header.slot_bits <= 28
            && header.seed_bits <= 28
            && fits(header.seeds_at, 1 << header.seed_bits, 2)
            && fits(header.slots_at, 1 << header.slot_bits, 4)
            && fits(header.flags_at, header.flags as usize, size_of::<Flag>())
            && fits(header.rules_at, header.rules as usize, size_of::<Rule>())
            && fits(header.segments_at, header.segments as usize, 8)
            && fits(header.countries_at, header.countries as usize, 16)
            && header.text_at as usize <= len;
        if !tables_fit {
            return None;
        }
        let flag_is_good = |flag: &Flag| match flag.kind {
            SWITCH | ROLLOUT => true,
            RULE => flag.argument < header.rules,
            SEGMENT => flag.argument < header.segments,
            _ => false,
        };
        let rule_is_good = |rule: &Rule| {
            let end = rule.suffix_at.checked_add(rule.suffix_len);
            end.is_some_and(|end| end as usize <= len)
        };
        let segment_is_good = |&[at, count]: &[u32; 2]| {
            fits(at, count as usize, 8) && {
                let keys = snapshot.records::<u64>(at, count);
                // Without an early exit, which would keep the loop from being made of vectors.
                !keys
                    .windows(2)
                    .fold(false, |bad, pair| bad | (pair[0] >= pair[1]))
            }
        };
        let good = snapshot
            .slots()
            .iter()
            .all(|&slot| slot == EMPTY || slot < header.flags)
            && snapshot.flags().iter().all(flag_is_good)
            && snapshot.rules().iter().all(rule_is_good)
            && snapshot.segments().iter().all(segment_is_good);
        good.then_some(snapshot)
    }

    /// Checks nothing: for bytes that have been [opened](Self::open) before.
    #[inline]
    pub fn trust(words: &'a [u64], len: usize) -> Self {
        assert!(len >= size_of::<Header>() && len <= size_of_val(words));
        // SAFETY: the words are there, and longer than a header, which has no invalid values.
        unsafe {
            Self {
                bytes: std::slice::from_raw_parts(words.as_ptr().cast(), len),
                header: &*words.as_ptr().cast(),
            }
        }
    }

    /// Records of plain numbers that [`open`](Self::open) has found to lie inside.
    #[inline(always)]
    fn records<T>(&self, at: u32, count: u32) -> &'a [T] {
        // SAFETY: `open` has compared all tables with the length.
        unsafe {
            std::slice::from_raw_parts(self.bytes.as_ptr().add(at as usize).cast(), count as usize)
        }
    }

    #[inline(always)]
    fn slots(&self) -> &'a [u32] {
        self.records(self.header.slots_at, 1 << self.header.slot_bits)
    }

    #[inline(always)]
    fn flags(&self) -> &'a [Flag] {
        self.records(self.header.flags_at, self.header.flags)
    }

    #[inline(always)]
    fn rules(&self) -> &'a [Rule] {
        self.records(self.header.rules_at, self.header.rules)
    }

    #[inline(always)]
    fn segments(&self) -> &'a [[u32; 2]] {
        self.records(self.header.segments_at, self.header.segments)
    }

    /// The number of flags.
    pub fn flag_count(&self) -> u32 {
        self.header.flags
    }

    /// The number of a flag.
    #[inline]
    pub fn find(&self, key: &[u8]) -> Option<u32> {
        let hash = xxh3_64(key);
        let seeds: &[u16] = self.records(self.header.seeds_at, 1 << self.header.seed_bits);
        let seed = seeds[(hash >> (64 - self.header.seed_bits)) as usize];
        let flag = self.slots()[slot(hash, seed, self.header.slot_bits)];
        let found = self.flags().get(flag as usize)?;
        (found.hash == hash).then_some(flag)
    }

    pub fn context<'u>(
        &self,
        key: &[u8],
        country: &[u8],
        version: &[u8],
        email: &'u [u8],
    ) -> Context<'u> {
        let hash = xxh3_64(country);
        let countries: &[[u64; 2]] = self.records(self.header.countries_at, self.header.countries);
        let known = countries.iter().find(|known| known[0] == hash);
        Context {
            user: xxh3_64(key),
            country: known.map_or(0, |known| 1 << known[1]),
            version: self::version(version),
            email,
        }
    }

    #[inline(always)]
    pub fn evaluate(&self, flag: u32, context: &Context<'_>) -> bool {
        let flag = &self.flags()[flag as usize];
        let is_in_rollout = || bucket(context.user, flag.seed) < flag.threshold;
        match flag.kind {
            SWITCH => flag.threshold != 0,
            ROLLOUT => is_in_rollout(),
            RULE => {
                let rule = &self.rules()[flag.argument as usize];
                let suffix: &[u8] = self.records(rule.suffix_at, rule.suffix_len);
                rule.countries & context.country != 0
                    && context.version >= rule.version
                    && context.email.ends_with(suffix)
                    && is_in_rollout()
            }
            _ => {
                let [at, count] = self.segments()[flag.argument as usize];
                contains(self.records(at, count), context.user)
            }
        }
    }

    /// Sets a bit for each flag that is on; gives their number.
    #[inline]
    pub fn evaluate_all(&self, context: &Context<'_>, answers: &mut [u64]) -> u32 {
        let mut on = 0;
        for (word, answer) in answers.iter_mut().enumerate() {
            let first = word as u32 * 64;
            let bits = (first..self.header.flags.min(first + 64))
                .map(|flag| u64::from(self.evaluate(flag, context)) << (flag - first));
            *answer = bits.fold(0, |bits, bit| bits | bit);
            on += answer.count_ones();
        }
        on
    }
}

#[inline(always)]
fn mix(mut bits: u64) -> u64 {
    bits ^= bits >> 32;
    bits = bits.wrapping_mul(0xd6e8_feb8_6659_fd93);
    bits ^= bits >> 32;
    bits = bits.wrapping_mul(0xd6e8_feb8_6659_fd93);
    bits ^ (bits >> 32)
}

#[inline(always)]
fn slot(hash: u64, seed: u16, bits: u32) -> usize {
    (mix(hash ^ u64::from(seed).wrapping_mul(0x9e37_79b9_7f4a_7c15)) >> (64 - bits)) as usize
}

#[inline(always)]
fn bucket(user: u64, seed: u32) -> u32 {
    (mix(user ^ u64::from(seed).wrapping_mul(0x9e37_79b9_7f4a_7c15)) >> 32) as u32
}

/// A version of up to three numbers, comparable.
pub fn version(text: &[u8]) -> u64 {
    text.split(|byte| *byte == b'.').fold(0, |version, part| {
        let digits = part.iter().map(|byte| u64::from(byte.wrapping_sub(b'0')));
        (version << 20) | digits.fold(0, |number, digit| number * 10 + digit)
    })
}

/// Sorted hashes are spread evenly: the place follows from the hash, but for some steps.
#[inline]
fn contains(keys: &[u64], key: u64) -> bool {
    let Some(last) = keys.len().checked_sub(1) else {
        return false;
    };
    let guess = (((key >> 32) * keys.len() as u64) >> 32) as usize;
    let mut place = guess.min(last);
    if keys[place] < key {
        while place < last && keys[place] < key {
            place += 1;
        }
    } else {
        while place > 0 && keys[place] > key {
            place -= 1;
        }
    }
    keys[place] == key
}
