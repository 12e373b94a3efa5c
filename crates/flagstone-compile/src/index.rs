//! From bytes to the number of what they name.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Numbers by a hash of bytes. Bytes with equal hashes of 128 bits are taken for equal.
///
/// The one map of this crate and of importers, so that a program at the edge has the code of a map once.
///
/// ```
/// use flagstone_compile::Index;
///
/// let mut index = Index::with_capacity(1);
/// assert_eq!(index.insert(b"a", 7), None);
/// assert_eq!(index.get(b"a"), Some(7));
/// ```
#[derive(Clone, Default)]
pub struct Index(HashMap<u128, u32, BuildHasherDefault<AsItIs>>);

impl Index {
    /// One with room for so many.
    pub fn with_capacity(count: usize) -> Self {
        Self(HashMap::with_capacity_and_hasher(
            count,
            BuildHasherDefault::default(),
        ))
    }

    /// The number of bytes, if they have one.
    pub fn get(&self, bytes: &[u8]) -> Option<u32> {
        self.0.get(&hash(bytes)).copied()
    }

    /// The number that bytes have from now on. Gives the one that they had.
    pub fn insert(&mut self, bytes: &[u8], number: u32) -> Option<u32> {
        self.0.insert(hash(bytes), number)
    }

    /// The number of bytes; from now on `number`, if they had none.
    pub(crate) fn get_or_insert(&mut self, bytes: &[u8], number: u32) -> u32 {
        *self.0.entry(hash(bytes)).or_insert(number)
    }
}

/// Two hashes of 64 bits that mix each word in different ways, since to wasm a product of 128 bits is a call. Nothing is stored of them.
fn hash(bytes: &[u8]) -> u128 {
    let mut one = bytes.len() as u64;
    let mut other = one;
    let mut add = |word: u64| {
        one = (one ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        one ^= one >> 32;
        other = (other.rotate_left(23) ^ word).wrapping_mul(0xd6e8_feb8_6659_fd93);
        other ^= other >> 29;
    };
    let (words, rest) = bytes.as_chunks();
    for word in words {
        add(u64::from_le_bytes(*word));
    }
    if !rest.is_empty() {
        // The word that ends with them, if there are so many.
        let last = bytes.last_chunk().map(|word| u64::from_le_bytes(*word));
        let few = || {
            rest.iter()
                .rfold(0, |word, byte| word << 8 | u64::from(*byte))
        };
        add(last.unwrap_or_else(few));
    }
    u128::from(other) << 64 | u128::from(one)
}

/// What is hashed already needs no hash.
#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {}

    fn write_u128(&mut self, hash: u128) {
        self.0 = hash as u64;
    }
}
