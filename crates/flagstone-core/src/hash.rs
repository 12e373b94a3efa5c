//! Hashes: XXH3 for sets and names, one of our own for flags; Murmur3, SHA-1 and FNV-1a for bucketing.

mod ending;
mod sha1;

pub(crate) use ending::Ending;
pub use sha1::Sha1;

use crate::text::words;
use core::fmt;
use xxhash_rust::xxh3::xxh3_128;

/// The name of a snapshot: XXH3-128 of its content, written as 32 hexadecimal digits.
///
/// It finds accidents, not forgeries: whoever can write to the store can write a fitting digest too.
///
/// ```
/// use flagstone_core::Digest;
///
/// let digest = Digest::parse("99aa06d3014798d86001c324468d497f").unwrap();
/// assert_eq!(digest, Digest::of(b""));
/// assert_eq!(digest.to_string(), "99aa06d3014798d86001c324468d497f");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub u128);

impl Digest {
    /// The digest of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(xxh3_128(bytes))
    }

    /// Reads 32 lower-case hexadecimal digits; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let digits =
            text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        digits
            .then(|| u128::from_str_radix(text, 16).ok().map(Self))
            .flatten()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// The hash under which a flag's key is looked up; the key itself is compared too.
///
/// Two words of 64 bits after the other two, the last of which end with the key, so that a key of 8 to 32 bytes takes two multiplications
/// whatever its length; of less than 8 bytes there is one word, with zeros behind them. The upper half of a product depends on all of a
/// word, so that folding it into the lower one tells names apart that differ in two places only.
#[inline]
pub fn flag(key: &[u8]) -> u64 {
    match words(key) {
        Some(words) => flag_of(words, key.len()),
        None => flag_apart(key),
    }
}

/// The same of a key's [`words`] and its length.
#[inline(always)]
pub(crate) fn flag_of([a, b, c, d]: [u64; 4], len: usize) -> u64 {
    pair(pair(len as u64, a, b), c, d)
}

/// The same of keys that are shorter, or longer.
#[inline(never)]
pub(crate) fn flag_apart(key: &[u8]) -> u64 {
    let whole = |[a, b]: [[u8; 8]; 2]| [u64::from_le_bytes(a), u64::from_le_bytes(b)];
    let block = |bytes: &[u8; 16]| bytes.as_chunks().0.first_chunk().copied().map(whole);
    let mut hash = key.len() as u64;
    let mut rest = key;
    while let Some((bytes, behind)) = rest.split_first_chunk()
        && let Some([a, b]) = block(bytes)
        && !behind.is_empty()
    {
        hash = pair(hash, a, b);
        rest = behind;
    }
    if let Some([a, b]) = key.last_chunk().and_then(block) {
        return pair(hash, a, b);
    }
    let bytes = key.iter().rev();
    let word = bytes.fold(0, |word, byte| word << 8 | u64::from(*byte));
    pair(hash, word, word)
}

#[inline(always)]
fn pair(hash: u64, a: u64, b: u64) -> u64 {
    let product = u128::from(hash ^ a) * u128::from(b ^ 0x9e37_79b9_7f4a_7c15);
    product as u64 ^ (product >> 64) as u64
}

/// The hash that stands for a key in a set, where nothing else is compared.
#[inline]
pub fn key(bytes: &[u8]) -> u128 {
    xxh3_128(bytes)
}

/// The bucket of seeds of a flag's key: 0 to `buckets - 1`, or 0.
#[inline]
pub fn flag_bucket(hash: u64, buckets: u32) -> u32 {
    reduce((hash >> 32) as u32, buckets)
}

/// The slot to which a seed, an odd number, sends a flag's key: 0 to `slots - 1`, or 0.
#[inline]
pub fn flag_slot(hash: u64, seed: u32, slots: u32) -> u32 {
    reduce((hash.wrapping_mul(seed.into()) >> 32) as u32, slots)
}

/// The two buckets of a set of which a key is in one.
#[inline]
pub fn set_buckets(hash: u128, buckets: u32) -> (u32, u32) {
    let half = |shift: u32| reduce((hash >> shift) as u32, buckets);
    (half(96), half(64))
}

/// What a set keeps of a key's hash. Never 0, which stands for nothing.
#[inline]
pub fn set_entry(hash: u128) -> u64 {
    (hash as u64).max(1)
}

/// Which of `total` equal parts a number falls on.
#[inline]
pub fn reduce(number: u32, total: u32) -> u32 {
    ((u64::from(number) * u64::from(total)) >> 32) as u32
}

/// The last step of Murmur3: every bit of the input changes half of the output's.
#[inline]
fn mix(mut h: u32) -> u32 {
    h = (h ^ (h >> 16)).wrapping_mul(0x85eb_ca6b);
    h = (h ^ (h >> 13)).wrapping_mul(0xc2b2_ae35);
    h ^ (h >> 16)
}

/// Murmur3 x86 32-bit, of bytes that come in pieces.
///
/// Source: `MurmurHash3_x86_32` of smhasher. Known answers: the tests of `bucket`.
#[derive(Clone, Copy, Debug)]
pub struct Murmur3 {
    state: u32,
    tail: u32,
    len: u32,
}

impl Murmur3 {
    /// Begins with a seed.
    #[inline]
    pub fn new(seed: u32) -> Self {
        Self {
            state: seed,
            tail: 0,
            len: 0,
        }
    }

    /// Goes on from where [`state`](Self::state) and [`tail`](Self::tail) were after `len` bytes.
    #[inline]
    pub fn resume(state: u32, tail: u32, len: u32) -> Self {
        Self { state, tail, len }
    }

    /// What the whole words of the bytes so far have come to.
    pub fn state(&self) -> u32 {
        self.state
    }

    /// The bytes behind the last whole word, up to three, the first lowest.
    pub fn tail(&self) -> u32 {
        self.tail
    }

    /// Adds bytes; equal bytes in other pieces give the same hash.
    #[inline]
    pub fn update(&mut self, bytes: &[u8]) {
        // What is left over of a word goes on in front of the next, so that also then whole words are read.
        let shift = 8 * (self.len % 4);
        self.len = self.len.wrapping_add(bytes.len() as u32);
        let mut rest = bytes;
        while let Some((word, behind)) = rest.split_first_chunk::<4>() {
            let ahead = u64::from(self.tail) | u64::from(u32::from_le_bytes(*word)) << shift;
            self.word(ahead as u32);
            self.tail = (ahead >> 32) as u32;
            rest = behind;
        }
        let last = match *rest {
            [a] => u32::from(a),
            [a, b] => u32::from(u16::from_le_bytes([a, b])),
            [a, b, c] => u32::from_le_bytes([a, b, c, 0]),
            _ => return,
        };
        let ahead = u64::from(self.tail) | u64::from(last) << shift;
        self.tail = ahead as u32;
        if shift / 8 + rest.len() as u32 >= 4 {
            self.word(ahead as u32);
            self.tail = (ahead >> 32) as u32;
        }
    }

    /// The hash of all bytes so far.
    #[inline]
    pub fn finish(self) -> u32 {
        // Without a tail nothing is added.
        mix(self.state ^ scramble(self.tail) ^ self.len)
    }

    #[inline]
    fn word(&mut self, word: u32) {
        self.scrambled(scramble(word));
    }

    #[inline]
    fn scrambled(&mut self, word: u32) {
        self.state = (self.state ^ word)
            .rotate_left(13)
            .wrapping_mul(5)
            .wrapping_add(0xe654_6b64);
    }
}

#[inline]
fn scramble(word: u32) -> u32 {
    word.wrapping_mul(0xcc9e_2d51)
        .rotate_left(15)
        .wrapping_mul(0x1b87_3593)
}

/// FNV-1a, 32-bit, of UTF-16 code units that come in pieces: each unit as a whole, so that only ASCII text gives what
/// hashing bytes gives.
///
/// Source: `hashFnv32a` of GrowthBook's SDKs. Known answers: the tests of `bucket`.
#[derive(Clone, Copy, Debug)]
pub struct Fnv1a(u32);

impl Fnv1a {
    /// Begins.
    #[inline]
    pub fn new() -> Self {
        Self(0x811c_9dc5)
    }

    /// Adds text.
    #[inline]
    pub fn update(&mut self, text: &str) {
        for unit in text.encode_utf16() {
            self.0 = (self.0 ^ u32::from(unit)).wrapping_mul(0x0100_0193);
        }
    }

    /// The hash of all text so far.
    #[inline]
    pub fn finish(self) -> u32 {
        self.0
    }
}

impl Default for Fnv1a {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests;
