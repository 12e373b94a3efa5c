//! From bytes to the number of what they name.

use flagstone_core::hash;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Numbers by the hash of bytes. Bytes with equal hashes of 128 bits are taken for equal.
///
/// The one map of this crate, so that a program at the edge has the code of a map once.
#[derive(Default)]
pub(crate) struct Index(HashMap<u128, u32, BuildHasherDefault<AsItIs>>);

impl Index {
    pub fn get(&self, bytes: &[u8]) -> Option<u32> {
        self.0.get(&hash::key(bytes)).copied()
    }

    /// The number that bytes have from now on. Gives the one that they had.
    pub fn insert(&mut self, bytes: &[u8], number: u32) -> Option<u32> {
        self.0.insert(hash::key(bytes), number)
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
