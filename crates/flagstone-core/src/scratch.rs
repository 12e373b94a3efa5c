//! Text that is made during an evaluation, in memory of a fixed size.

use core::fmt;

/// Room for `N` bytes of text. What does not fit makes the whole unusable, so that nothing is decided by a part of it.
pub(crate) struct Scratch<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Scratch<N> {
    pub fn new() -> Self {
        Self {
            bytes: [0; N],
            len: 0,
        }
    }

    /// Adds text; `None` if there is no room.
    pub fn push(&mut self, text: &str) -> Option<()> {
        let end = self.len.checked_add(text.len())?;
        self.bytes
            .get_mut(self.len..end)?
            .copy_from_slice(text.as_bytes());
        self.len = end;
        Some(())
    }

    /// Takes all text away.
    pub fn clear(&mut self) {
        self.len = 0;
    }

    /// All text so far.
    pub fn text(&self) -> &str {
        let text = self.bytes.get(..self.len).map(core::str::from_utf8);
        text.and_then(Result::ok).unwrap_or_default()
    }
}

impl<const N: usize> fmt::Write for Scratch<N> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text).ok_or(fmt::Error)
    }
}
