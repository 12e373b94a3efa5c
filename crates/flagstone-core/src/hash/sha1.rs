//! SHA-1, of bytes that come in pieces. Broken as a signature, and still what one service buckets by.

use core::hint::black_box;

/// SHA-1 as FIPS 180-4 defines it.
///
/// Known answers: the tests of `bucket`.
#[derive(Clone, Copy, Debug)]
pub struct Sha1 {
    state: [u32; 5],
    block: [u8; 64],
    len: u64,
}

impl Sha1 {
    /// Begins.
    #[inline]
    pub fn new() -> Self {
        Self {
            state: [
                0x6745_2301,
                0xefcd_ab89,
                0x98ba_dcfe,
                0x1032_5476,
                0xc3d2_e1f0,
            ],
            block: [0; 64],
            len: 0,
        }
    }

    /// Adds bytes; equal bytes in other pieces give the same hash.
    pub fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let filled = (self.len % 64) as usize;
            let taken = bytes.len().min(64 - filled);
            let (now, later) = bytes.split_at_checked(taken).unwrap_or((bytes, &[]));
            if let Some(place) = self.block.get_mut(filled..filled + now.len()) {
                place.copy_from_slice(now);
            }
            self.len = self.len.wrapping_add(now.len() as u64);
            if self.len.is_multiple_of(64) {
                self.compress();
            }
            bytes = later;
        }
    }

    /// The first 64 of the 160 bits of the hash.
    pub fn finish(mut self) -> u64 {
        let bits = self.len.wrapping_mul(8);
        let filled = (self.len % 64) as usize;
        // The bytes are marked at their end, their number ends the last block.
        if let Some((end, rest)) = self
            .block
            .get_mut(filled..)
            .and_then(<[u8]>::split_first_mut)
        {
            *end = 0x80;
            rest.fill(0);
        }
        if filled >= 56 {
            self.compress();
            self.block = [0; 64];
        }
        if let Some(place) = self.block.last_chunk_mut() {
            *place = bits.to_be_bytes();
        }
        self.compress();
        let [a, b, ..] = self.state;
        u64::from(a) << 32 | u64::from(b)
    }

    fn compress(&mut self) {
        let mut words = [0u32; 16];
        for (word, bytes) in words.iter_mut().zip(self.block.chunks_exact(4)) {
            *word = bytes
                .first_chunk()
                .map_or(0, |bytes| u32::from_be_bytes(*bytes));
        }
        let [mut a, mut b, mut c, mut d, mut e] = self.state;
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
            ($mixed:ident $constant:literal: $($r0:literal $r1:literal $r2:literal $r3:literal $r4:literal)*) => {
                // Hidden from the compiler, which would add a constant last, when the next round waits for the sum.
                let constant = black_box($constant);
                $(
                    round!($mixed constant $r0: a b c d e);
                    round!($mixed constant $r1: e a b c d);
                    round!($mixed constant $r2: d e a b c);
                    round!($mixed constant $r3: c d e a b);
                    round!($mixed constant $r4: b c d e a);
                )*
            };
        }
        rounds!(choice 0x5a82_7999u32: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19);
        rounds!(parity 0x6ed9_eba1u32: 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39);
        rounds!(majority 0x8f1b_bcdcu32: 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59);
        rounds!(parity 0xca62_c1d6u32: 60 61 62 63 64 65 66 67 68 69 70 71 72 73 74 75 76 77 78 79);
        for (state, add) in self.state.iter_mut().zip([a, b, c, d, e]) {
            *state = state.wrapping_add(add);
        }
    }
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
