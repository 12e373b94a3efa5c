//! Text that is hashed behind many others.

use super::{Murmur3, mix, scramble};
use core::cell::Cell;
use core::hint::select_unpredictable;

/// What the words of a text come to in Murmur3, for each of the four ways in which they lie behind the words of other text.
/// Each way is worked out when it is met for the first time. Of two equal hashes it saves two thirds of the second.
#[derive(Clone, Default)]
pub(crate) struct Ending {
    ways: [Words; 4],
    len: Cell<u32>,
}

#[derive(Clone, Default)]
struct Words {
    /// How many whole words the text has; 0 as long as nobody has asked.
    count: Cell<u32>,
    /// What the word that begins before the text has of it.
    first: Cell<u32>,
    /// Those behind it, scrambled, from 1 on; as many, with the first, as the text has.
    middle: [Cell<u32>; WORDS],
    /// One more, if what is before the text and the text's last bytes fill it.
    more: Cell<u32>,
    has_more: Cell<bool>,
    /// The bytes behind the last whole word, scrambled.
    last: Cell<u32>,
}

/// Enough for 36 bytes, as many as a UUID has.
const WORDS: usize = 9;

impl Ending {
    /// The hash of what was hashed before and the text. `None` if the text has not been prepared for that.
    ///
    /// How many words there are differs by one between the ways. That one is always worked out, and then taken or not: no processor
    /// foresees it, since it depends on the flag.
    #[inline(always)]
    pub(crate) fn behind(&self, mut before: Murmur3) -> Option<u32> {
        let words = self.ways.get(before.len as usize % 4)?;
        let count = words.count.get() as usize;
        let len = self.len.get();
        if count == 0 {
            return None;
        }
        before.word(before.tail | words.first.get());
        // Few, and not unrolled: that takes longer to begin.
        let mut at = 1;
        while at < count {
            before.scrambled(words.middle.get(at)?.get());
            at += 1;
        }
        let state = before.state;
        before.scrambled(words.more.get());
        let state = select_unpredictable(words.has_more.get(), before.state, state);
        Some(mix(state ^ words.last.get() ^ before.len.wrapping_add(len)))
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
        let mut bytes = [0; 4 * (WORDS + 2)];
        let end = at.checked_add(text.len())?;
        bytes.get_mut(at..end)?.copy_from_slice(text);
        let count = text.len() / 4;
        let words = bytes.as_chunks().0.iter();
        let mut words = words.map(|word| u32::from_le_bytes(*word));
        let middle = self.middle.get(1..count)?;
        self.first.set(words.next()?);
        for (place, word) in middle.iter().zip(&mut words) {
            place.set(scramble(word));
        }
        if end / 4 > count {
            self.more.set(scramble(words.next()?));
            self.has_more.set(true);
        }
        // Zeros behind the text come to nothing.
        self.last.set(scramble(words.next()?));
        self.count.set(count as u32);
        Some(())
    }
}
