//! What goes in: texts that may be absent.
//!
//! For each its number of bytes, as a little-endian `u32`, [`ABSENT`] if there is none; then their bytes, all together.

/// The length of a text that is absent.
pub(super) const ABSENT: u32 = u32::MAX;

/// The texts that begin here; `None` if they end behind the end. They need not be UTF-8.
pub fn texts(bytes: &[u8], count: usize) -> Option<Vec<Option<&[u8]>>> {
    let (lens, mut rest) = bytes.split_at_checked(count.checked_mul(4)?)?;
    let mut texts = Vec::with_capacity(count);
    for len in lens.as_chunks::<4>().0 {
        let len = u32::from_le_bytes(*len);
        texts.push(if len == ABSENT {
            None
        } else {
            let (text, others) = rest.split_at_checked(len as usize)?;
            rest = others;
            Some(text)
        });
    }
    Some(texts)
}
