//! Which reports have been counted.

use super::ReportId;

/// Which of the last 64 sequence numbers of one instance have been seen.
///
/// ```
/// use flagstone_rollout::Sequences;
///
/// let mut sequences = Sequences::default();
/// assert!(sequences.insert(5));
/// assert!(sequences.insert(3));
/// assert!(!sequences.insert(5));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sequences {
    highest: u32,
    /// Bit i: whether `highest` - i was seen.
    bits: u64,
}

impl Sequences {
    /// Notes a sequence number; whether it is new. One that is 64 or more below the highest cannot be told from a
    /// repeat and is taken for one: a lost report does no harm, one that counts twice would.
    pub fn insert(&mut self, sequence: u32) -> bool {
        if self.bits == 0 || sequence > self.highest {
            let distance = sequence.saturating_sub(self.highest);
            self.bits = self.bits.checked_shl(distance).unwrap_or(0) | 1;
            self.highest = sequence;
            return true;
        }
        let Some(mask) = 1u64.checked_shl(self.highest - sequence) else {
            return false;
        };
        let is_new = self.bits & mask == 0;
        self.bits |= mask;
        is_new
    }

    /// The highest number, and a bit for each of the 64 from it downward.
    pub const fn to_words(&self) -> [u64; 2] {
        [self.highest as u64, self.bits]
    }

    /// From its words; of any others the lower half of the first counts.
    pub const fn from_words([highest, bits]: [u64; 2]) -> Self {
        Self {
            highest: highest as u32,
            bits,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Instance {
    id: u64,
    sequences: Sequences,
    /// The interval in which it was last heard of.
    heard: u64,
}

/// The sequence numbers of many instances, at most a given number of them; the one not heard of for longest makes room.
///
/// Should an instance that made room repeat a report, that one would count twice: let there be room for the instances of
/// several minutes. 32 bytes an instance.
#[derive(Clone, Debug, PartialEq)]
pub struct Instances {
    /// Ascending by id.
    entries: Vec<Instance>,
    most: usize,
}

impl Instances {
    /// With room for so many instances, at least one.
    pub const fn new(most: usize) -> Self {
        Self {
            entries: Vec::new(),
            most: if most == 0 { 1 } else { most },
        }
    }

    /// Notes a report; whether it is new. `interval` is the guard's, not the report's. Cost: a binary search; of a new
    /// instance, as many moves as there are instances.
    pub fn insert(&mut self, id: ReportId, interval: u64) -> bool {
        let position = self
            .entries
            .binary_search_by_key(&id.instance, |entry| entry.id);
        if let Some(entry) = position.ok().and_then(|index| self.entries.get_mut(index)) {
            entry.heard = interval;
            return entry.sequences.insert(id.sequence);
        }
        if self.entries.len() >= self.most {
            let oldest = self.entries.iter().enumerate();
            if let Some((index, _)) = oldest.min_by_key(|(_, entry)| entry.heard) {
                self.entries.remove(index);
            }
        }
        let mut sequences = Sequences::default();
        sequences.insert(id.sequence);
        let entry = Instance {
            id: id.instance,
            sequences,
            heard: interval,
        };
        let index = self.entries.partition_point(|other| other.id < entry.id);
        self.entries.insert(index, entry);
        true
    }

    /// How many instances there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many instances have been heard of in an interval or since.
    pub fn heard_since(&self, interval: u64) -> usize {
        let entries = self.entries.iter();
        entries.filter(|entry| entry.heard >= interval).count()
    }

    /// Each instance as four words: id, the two of [`Sequences::to_words`], the interval when it was last heard of.
    pub fn to_words(&self) -> impl Iterator<Item = [u64; 4]> {
        self.entries.iter().map(|entry| {
            let [highest, bits] = entry.sequences.to_words();
            [entry.id, highest, bits, entry.heard]
        })
    }

    /// From words, in any order; of instances that occur twice one is kept, and no more than `most`.
    pub fn from_words(most: usize, words: impl IntoIterator<Item = [u64; 4]>) -> Self {
        let mut instances = Self::new(most);
        let entries = words
            .into_iter()
            .map(|[id, highest, bits, heard]| Instance {
                id,
                sequences: Sequences::from_words([highest, bits]),
                heard,
            });
        instances.entries = entries.collect();
        // The latest first, so that those are kept.
        instances
            .entries
            .sort_by_key(|entry| std::cmp::Reverse(entry.heard));
        instances.entries.truncate(instances.most);
        instances.entries.sort_by_key(|entry| entry.id);
        instances.entries.dedup_by_key(|entry| entry.id);
        instances
    }
}
