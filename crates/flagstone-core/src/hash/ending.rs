//! Text that is hashed behind many others.

use super::{Murmur3, mix, scramble};
use core::cell::Cell;

/// What the words of a text come to in Murmur3, for each of the four ways in which they lie behind the words of other text.
/// Each way is worked out when it is met for the first time. Of two equal hashes it saves two thirds of the second.
#[derive(Clone, Default)]
pub(crate) struct Ending {
    ways: [Words; 4],
    len: Cell<u32>,
}

#[derive(Clone, Default)]
struct Words {
    /// How many whole words there are with the one that begins before the text; 0 as long as nobody has asked.
    count: Cell<u32>,
    /// What that first word has of the text.
    first: Cell<u32>,
    /// Those behind it, scrambled.
    middle: [Cell<u32>; MIDDLE],
    /// The bytes behind the last whole word, scrambled.
    last: Cell<u32>,
}

/// Enough for 36 bytes, as many as a UUID has.
const MIDDLE: usize = 8;

impl Ending {
    /// The hash of what was hashed before and the text. `None` if the text has not been prepared for that.
    #[inline(always)]
    pub(crate) fn behind(&self, mut before: Murmur3) -> Option<u32> {
        let words = self.ways.get(before.len as usize % 4)?;
        let middle = words.count.get() as usize;
        let middle = words.middle.get(..middle.checked_sub(1)?)?;
        before.word(before.tail | words.first.get());
        for word in middle {
            before.scrambled(word.get());
        }
        let len = before.len.wrapping_add(self.len.get());
        Some(mix(before.state ^ words.last.get() ^ len))
    }

    /// Prepares the text, which has to be the same each time, for what is hashed behind as many bytes, or four more, and so on. Text that
    /// is too long to be kept, or too short to fill a word, is left alone.
    pub(crate) fn prepare(&self, before: Murmur3, text: &[u8]) {
        let at = before.len as usize % 4;
        let _ = self.ways.get(at).map(|words| words.prepare(at, text));
        self.len.set(text.len() as u32);
    }
}

impl Words {
    /// Works them out for text that begins so many bytes behind the beginning of a word.
    fn prepare(&self, at: usize, text: &[u8]) -> Option<()> {
        let mut bytes = [0; 4 * (MIDDLE + 2)];
        let end = at.checked_add(text.len())?;
        bytes.get_mut(at..end)?.copy_from_slice(text);
        let count = end / 4;
        let words = bytes.as_chunks().0.iter();
        let mut words = words.map(|word| u32::from_le_bytes(*word));
        let middle = self.middle.get(..count.checked_sub(1)?)?;
        self.first.set(words.next()?);
        for (place, word) in middle.iter().zip(&mut words) {
            place.set(scramble(word));
        }
        // Zeros behind the text come to nothing.
        self.last.set(scramble(words.next()?));
        self.count.set(count as u32);
        Some(())
    }
}
