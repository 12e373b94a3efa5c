//! SHA-1, of bytes that come in pieces. Broken as a signature, and still what one service buckets by.

use core::hint::black_box;

/// SHA-1 as FIPS 180-4 defines it.
///
/// Known answers: the tests of `bucket`.
#[derive(Clone, Copy, Debug)]
pub struct Sha1 {
    /// What the blocks before have come to.
    state: [u32; 5],
    /// What the block at hand has come to after so many rounds, which are done.
    begun: [u32; 5],
    rounds: u32,
    /// That block, as far as it is filled; behind that there are zeros.
    words: [u32; 16],
    len: u64,
}

const INITIAL: [u32; 5] = [
    0x6745_2301,
    0xefcd_ab89,
    0x98ba_dcfe,
    0x1032_5476,
    0xc3d2_e1f0,
];

impl Sha1 {
    /// Begins.
    #[inline]
    pub fn new() -> Self {
        Self {
            state: INITIAL,
            begun: INITIAL,
            rounds: 0,
            words: [0; 16],
            len: 0,
        }
    }

    /// Goes on where other bytes ended, by their number and what was [kept](Self::kept) of them.
    #[inline(always)]
    pub fn resume(&mut self, len: u16, kept: &[[u8; 4]]) {
        self.len = len.into();
        if let Some((begun, words)) = kept.split_first_chunk() {
            self.begun = begun.map(u32::from_le_bytes);
            for (place, word) in self.words.iter_mut().zip(words) {
                // Hidden from the compiler, which would call a copy of memory for these few.
                *place = black_box(u32::from_le_bytes(*word));
            }
        }
        match first_rounds(self.len) {
            Some(rounds) => self.rounds = rounds,
            None => self.state = self.begun,
        }
    }

    /// What is kept of the bytes so far, as words of which the lowest byte comes first: what they have come to, and behind these five
    /// those of the block at hand.
    ///
    /// Of less than one block the first rounds that need nothing else are done, a multiple of five.
    pub fn kept(&self) -> impl Iterator<Item = u32> {
        let mut come_to = self.state;
        let rounds = first_rounds(self.len).unwrap_or(0);
        for word in self.words.iter().take(rounds as usize) {
            let [a, b, c, d, e] = come_to;
            let (_, mixed) = choice(b, c, d);
            let sum = a
                .rotate_left(5)
                .wrapping_add(mixed)
                .wrapping_add(e)
                .wrapping_add(word.wrapping_add(CHOICE));
            come_to = [sum, a, b.rotate_left(30), c, d];
        }
        let filled = (self.len % 64).div_ceil(4) as usize;
        come_to
            .into_iter()
            .chain(self.words.into_iter().take(filled))
    }

    /// Adds bytes; equal bytes in other pieces give the same hash.
    #[inline(always)]
    pub fn update(&mut self, bytes: &[u8]) {
        let before = (self.len % 4) as u32 * 8;
        let mut at = self.place();
        let mut word = self.words.get(at).copied().unwrap_or(0);
        let (fours, rest) = bytes.as_chunks();
        for four in fours {
            let both = u64::from(u32::from_be_bytes(*four)) << 32 >> before;
            at = self.fill(at, word | (both >> 32) as u32);
            word = both as u32;
        }
        let last = rest
            .iter()
            .rfold(0, |last, byte| last >> 8 | u32::from(*byte) << 24);
        let both = u64::from(last) << 32 >> before;
        word |= (both >> 32) as u32;
        if before as usize + rest.len() * 8 >= 32 {
            at = self.fill(at, word);
            word = both as u32;
        }
        if let Some(place) = self.words.get_mut(at) {
            *place = word;
        }
        self.len = self.len.wrapping_add(bytes.len() as u64);
    }

    /// The first 64 of the 160 bits of the hash. Nothing can be added then; it is not moved here, since that is a copy.
    #[inline(always)]
    pub fn finish(&mut self) -> u64 {
        // The bytes are marked at their end, their number ends the last block.
        let at = self.place();
        if let Some(place) = self.words.get_mut(at) {
            *place |= 0x8000_0000 >> (self.len % 4 * 8);
        }
        if at >= 14 {
            self.next_block();
        }
        let bits = self.len.wrapping_mul(8);
        let [.., high, low] = &mut self.words;
        (*high, *low) = ((bits >> 32) as u32, bits as u32);
        let [a, b, ..] = self.compressed();
        u64::from(a) << 32 | u64::from(b)
    }

    /// The place of the word that is being filled.
    fn place(&self) -> usize {
        (self.len / 4 % 16) as usize
    }

    /// Puts a whole word at its place; gives the next one.
    #[inline(always)]
    fn fill(&mut self, at: usize, word: u32) -> usize {
        if let Some(place) = self.words.get_mut(at) {
            *place = word;
        }
        if at < 15 {
            return at + 1;
        }
        self.next_block();
        0
    }

    #[inline(never)]
    fn next_block(&mut self) {
        self.state = self.compressed();
        self.begun = self.state;
        self.rounds = 0;
        self.words = [0; 16];
    }

    /// What the block at hand comes to.
    #[inline(never)]
    fn compressed(&self) -> [u32; 5] {
        let mut words = self.words;
        let [mut a, mut b, mut c, mut d, mut e] = self.begun;
        // Written out, so that words have fixed places and the five numbers need not be moved around: this is most of what a
        // decision by such a bucket costs, and compilers for size keep loops.
        macro_rules! round {
            ($mixed:ident $constant:ident $round:literal: $a:ident $b:ident $c:ident $d:ident $e:ident) => {
                let (early, late) = $mixed($b, $c, $d);
                $e = $e
                    .wrapping_add($constant)
                    .wrapping_add(word::<$round>(&mut words))
                    .wrapping_add(early)
                    .wrapping_add(late)
                    .wrapping_add($a.rotate_left(5));
                $b = $b.rotate_left(30);
            };
        }
        macro_rules! rounds {
            ($mixed:ident $constant:ident: $($r0:literal $r1:literal $r2:literal $r3:literal $r4:literal)*) => {
                $(
                    round!($mixed $constant $r0: a b c d e);
                    round!($mixed $constant $r1: e a b c d);
                    round!($mixed $constant $r2: d e a b c);
                    round!($mixed $constant $r3: c d e a b);
                    round!($mixed $constant $r4: b c d e a);
                )*
            };
        }
        // Hidden from the compiler, which would add a constant last, when the next round waits for the sum.
        let constant = black_box(CHOICE);
        if self.rounds < 5 {
            rounds!(choice constant: 0 1 2 3 4);
        }
        if self.rounds < 10 {
            rounds!(choice constant: 5 6 7 8 9);
        }
        if self.rounds < 15 {
            rounds!(choice constant: 10 11 12 13 14);
        }
        rounds!(choice constant: 15 16 17 18 19);
        let constant = black_box(0x6ed9_eba1);
        rounds!(parity constant: 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39);
        let constant = black_box(0x8f1b_bcdc);
        rounds!(majority constant: 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59);
        let constant = black_box(0xca62_c1d6);
        rounds!(parity constant: 60 61 62 63 64 65 66 67 68 69 70 71 72 73 74 75 76 77 78 79);
        let mut state = self.state;
        for (state, add) in state.iter_mut().zip([a, b, c, d, e]) {
            *state = state.wrapping_add(add);
        }
        state
    }
}

/// The constant of the first twenty rounds.
const CHOICE: u32 = 0x5a82_7999;

/// How many rounds of the first block are done with so many bytes; `None` beyond it.
#[inline(always)]
fn first_rounds(len: u64) -> Option<u32> {
    (len < 64).then_some(len as u32 / 20 * 5)
}

impl Default for Sha1 {
    fn default() -> Self {
        Self::new()
    }
}

/// The word of a round, which from the 16th on is made of earlier ones.
#[expect(
    clippy::indexing_slicing,
    reason = "each index is a remainder of 16, in an array of 16"
)]
#[inline(always)]
fn word<const ROUND: usize>(words: &mut [u32; 16]) -> u32 {
    if ROUND >= 16 {
        let next = words[(ROUND + 13) % 16]
            ^ words[(ROUND + 8) % 16]
            ^ words[(ROUND + 2) % 16]
            ^ words[ROUND % 16];
        words[ROUND % 16] = next.rotate_left(1);
    }
    words[ROUND % 16]
}

#[inline(always)]
fn choice(b: u32, c: u32, d: u32) -> (u32, u32) {
    (0, d ^ b & (c ^ d))
}

#[inline(always)]
fn parity(b: u32, c: u32, d: u32) -> (u32, u32) {
    (0, b ^ (c ^ d))
}

/// Of two parts without a bit in common: one that is there before the latest of the three.
#[inline(always)]
fn majority(b: u32, c: u32, d: u32) -> (u32, u32) {
    (c & d, b & (c ^ d))
}
