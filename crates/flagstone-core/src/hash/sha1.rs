//! SHA-1, of bytes that come in pieces. Broken as a signature, and still what one service buckets by.

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
        self.update(&[0x80]);
        while self.len % 64 != 56 {
            self.update(&[0]);
        }
        self.update(&bits.to_be_bytes());
        let [a, b, ..] = self.state;
        u64::from(a) << 32 | u64::from(b)
    }

    #[expect(
        clippy::indexing_slicing,
        reason = "each index is a remainder of 16, in an array of 16"
    )]
    fn compress(&mut self) {
        let mut words = [0u32; 16];
        for (word, bytes) in words.iter_mut().zip(self.block.chunks_exact(4)) {
            *word = bytes
                .first_chunk()
                .map_or(0, |bytes| u32::from_be_bytes(*bytes));
        }
        let [mut a, mut b, mut c, mut d, mut e] = self.state;
        for round in 0..80usize {
            let word = if round < 16 {
                words[round % 16]
            } else {
                let next = words[(round + 13) % 16]
                    ^ words[(round + 8) % 16]
                    ^ words[(round + 2) % 16]
                    ^ words[round % 16];
                words[round % 16] = next.rotate_left(1);
                words[round % 16]
            };
            let (mixed, constant) = match round / 20 {
                0 => (b & c | !b & d, 0x5a82_7999),
                1 => (b ^ c ^ d, 0x6ed9_eba1),
                2 => (b & c | b & d | c & d, 0x8f1b_bcdc),
                _ => (b ^ c ^ d, 0xca62_c1d6u32),
            };
            let next = a
                .rotate_left(5)
                .wrapping_add(mixed)
                .wrapping_add(e)
                .wrapping_add(constant)
                .wrapping_add(word);
            (a, b, c, d, e) = (next, a, b.rotate_left(30), c, d);
        }
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
