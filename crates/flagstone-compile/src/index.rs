//! From bytes to the number of what they name.

use flagstone_core::hash;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Numbers by the hash of bytes. Bytes with equal hashes of 128 bits are taken for equal.
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
        self.0.get(&hash::key(bytes)).copied()
    }

    /// The number that bytes have from now on. Gives the one that they had.
    pub fn insert(&mut self, bytes: &[u8], number: u32) -> Option<u32> {
        self.0.insert(hash::key(bytes), number)
    }

    /// The number of bytes; from now on `number`, if they had none.
    pub(crate) fn get_or_insert(&mut self, bytes: &[u8], number: u32) -> u32 {
        *self.0.entry(hash::key(bytes)).or_insert(number)
    }
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
