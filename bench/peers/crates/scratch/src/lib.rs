//! Where JavaScript and an engine in wasm meet: an area into which texts and numbers of flags are written.

const LEN: usize = 4096;
/// Where a flag's key, or numbers of flags, lie in it; texts of a user lie before.
pub const ASKED: usize = 2048;

static mut ROOM: [u64; LEN / 8] = [0; LEN / 8];

/// The area.
#[unsafe(no_mangle)]
pub extern "C" fn scratch() -> *mut u8 {
    (&raw mut ROOM).cast()
}

/// What lies there, until JavaScript writes something else.
#[inline]
pub fn read(at: usize, len: usize) -> &'static [u8] {
    assert!(at + len <= LEN);
    // SAFETY: that is inside of the area, which lives for ever; there is one thread, and nobody writes while it reads.
    unsafe { std::slice::from_raw_parts(scratch().add(at), len) }
}

/// Which of so many flags are on whose numbers lie there; a bit for each.
#[inline]
pub fn bits(count: usize, is_on: impl Fn(u32) -> bool) -> u32 {
    let numbers = read(ASKED, 4 * count).chunks_exact(4);
    let numbers =
        numbers.map(|number| u32::from_le_bytes([number[0], number[1], number[2], number[3]]));
    let bits = (0..)
        .zip(numbers)
        .map(|(place, number)| u32::from(is_on(number)) << place);
    bits.fold(0, |bits, bit| bits | bit)
}
