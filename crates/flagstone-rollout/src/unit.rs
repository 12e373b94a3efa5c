//! Units that fail count once: a filter of 512 bits that forgets. And how many units there were at least.

/// A unit's hash for the guard of one flag; not the hash that assigns variants.
///
/// FNV-1a of 32 bits over the flag's key, a zero byte, `guard`, a zero byte and the unit's key, in UTF-8; then the
/// finaliser of Murmur3 x86 32-bit. Equal keys give equal hashes on every platform and in every release.
///
/// ```
/// use flagstone_rollout::UnitHash;
///
/// let unit = UnitHash::of("checkout-v2", "user-1");
/// assert_eq!((unit.0, unit.bit()), (1_099_468_633, 131));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct UnitHash(pub u32);

impl UnitHash {
    /// The hash of a unit for a flag. Cost: one multiplication a byte.
    pub fn of(flag: &str, unit: &str) -> Self {
        let bytes = flag
            .bytes()
            .chain(*b"\0guard\0")
            .chain(unit.bytes())
            .fold(0x811c_9dc5_u32, |hash, byte| {
                (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
            });
        let mut hash = bytes;
        hash ^= hash >> 16;
        hash = hash.wrapping_mul(0x85eb_ca6b);
        hash ^= hash >> 13;
        hash = hash.wrapping_mul(0xc2b2_ae35);
        Self(hash ^ (hash >> 16))
    }

    /// The unit's bit in a [`UnitFilter`]: 0 to 511.
    #[inline]
    pub const fn bit(self) -> u32 {
        self.0 >> 23
    }

    /// Whether the unit is one of the sixteenth that tries a canary again which was taken out of service.
    #[inline]
    pub const fn probes(self) -> bool {
        self.0 & 0xf == 0
    }
}

/// Which units have failed lately, of both arms together, so that one unit that fails again and again is one event.
///
/// Two units on one bit lose an event; since the bit does not depend on the arm, that makes a comparison slower, never
/// wrong. With 128 bits set the filter forgets all. One filter per flag and class of events on each node.
///
/// ```
/// use flagstone_rollout::{UnitFilter, UnitHash};
///
/// let mut filter = UnitFilter::new();
/// let unit = UnitHash::of("checkout-v2", "user-1");
/// assert!(filter.insert(unit));
/// assert!(!filter.insert(unit));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UnitFilter {
    bits: [u64; 8],
}

impl UnitFilter {
    /// So many units are remembered before all are forgotten.
    pub const CAPACITY: u32 = 128;

    /// A filter that remembers nobody.
    pub const fn new() -> Self {
        Self { bits: [0; 8] }
    }

    /// Remembers a unit; whether its failure counts, since its bit was not set. Constant cost.
    pub fn insert(&mut self, unit: UnitHash) -> bool {
        let bit = unit.bit();
        let Some(word) = self.bits.get_mut((bit / 64) as usize) else {
            return false;
        };
        let mask = 1 << (bit % 64);
        if *word & mask != 0 {
            return false;
        }
        *word |= mask;
        if self.len() >= Self::CAPACITY {
            *self = Self::new();
        }
        true
    }

    /// How many bits are set.
    pub fn len(&self) -> u32 {
        self.bits.iter().map(|word| word.count_ones()).sum()
    }

    /// Whether it remembers nobody.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bits, for a process that ends between two requests.
    pub const fn to_words(&self) -> [u64; 8] {
        self.bits
    }

    /// A filter from its bits; any bits will do.
    pub const fn from_words(bits: [u64; 8]) -> Self {
        Self { bits }
    }
}

/// Which units there were, as bits of their hashes: never more bits than units, also where the same ones are added up twice.
///
/// ```
/// use flagstone_rollout::{UnitHash, Units};
///
/// let (mut units, mut others) = (Units::new(), Units::new());
/// assert!(units.insert(UnitHash::of("checkout-v2", "user-1")));
/// others.insert(UnitHash::of("checkout-v2", "user-1"));
/// others.insert(UnitHash::of("checkout-v2", "user-2"));
/// units.merge(&others);
/// assert_eq!(units.len(), 2);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Units {
    words: [u64; Self::WORDS],
}

impl Units {
    pub(crate) const WORDS: usize = 16;
    /// More of them are not noted by a node: a guard has what it needs.
    pub const ENOUGH: u8 = 200;

    /// Nobody.
    pub const fn new() -> Self {
        Self {
            words: [0; Self::WORDS],
        }
    }

    /// Adds a unit; whether its bit was not set. Constant cost.
    #[inline]
    pub fn insert(&mut self, unit: UnitHash) -> bool {
        self.set(unit.0 >> 22).unwrap_or(false)
    }

    /// Sets a bit, 0 to 1,023; whether it was not set. `None` if there is no such bit.
    #[inline]
    pub(crate) fn set(&mut self, bit: u32) -> Option<bool> {
        let word = self.words.get_mut((bit / 64) as usize)?;
        let mask = 1 << (bit % 64);
        let is_new = *word & mask == 0;
        *word |= mask;
        Some(is_new)
    }

    /// Adds others'.
    pub fn merge(&mut self, other: &Self) {
        for (mine, others) in self.words.iter_mut().zip(other.words) {
            *mine |= others;
        }
    }

    /// The bits that are set, in order.
    pub(crate) fn bits(&self) -> impl Iterator<Item = u32> {
        (0..64 * Self::WORDS as u32).filter(|bit| {
            let word = self.words.get((bit / 64) as usize);
            word.is_some_and(|word| word >> (bit % 64) & 1 == 1)
        })
    }

    /// How many units there were at least.
    pub fn len(&self) -> u32 {
        self.words.iter().map(|word| word.count_ones()).sum()
    }

    /// Whether there was nobody.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) const fn to_words(self) -> [u64; Self::WORDS] {
        self.words
    }

    pub(crate) const fn from_words(words: [u64; Self::WORDS]) -> Self {
        Self { words }
    }
}

#[cfg(test)]
mod tests;
