//! Memory of a fixed size for values that are made.

use super::value::Value;

/// Values and text, each filled from the front.
pub(super) struct Memory<'m, 'v> {
    values: &'m mut [Value<'v>],
    values_len: usize,
    text: &'m mut [u8],
    text_len: usize,
}

/// How much was in use at some moment.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    values: usize,
    text: usize,
}

impl<'m, 'v> Memory<'m, 'v> {
    pub(super) fn new(values: &'m mut [Value<'v>], text: &'m mut [u8]) -> Self {
        Self {
            values,
            values_len: 0,
            text,
            text_len: 0,
        }
    }

    pub(super) fn mark(&self) -> Mark {
        Mark {
            values: self.values_len,
            text: self.text_len,
        }
    }

    /// Gives back what came after a mark. Nothing that lies there may be used any more.
    pub(super) fn reset(&mut self, mark: Mark) {
        self.values_len = mark.values;
        self.text_len = mark.text;
    }

    /// Room for the values of a list; the first one's place. A list without values has a place too, since lists are told
    /// apart by their places.
    pub(super) fn reserve(&mut self, count: u32) -> Option<u16> {
        self.room(count.max(1))
    }

    /// Room for values that follow each other.
    fn room(&mut self, count: u32) -> Option<u16> {
        let at = u16::try_from(self.values_len).ok()?;
        let end = self.values_len.checked_add(count as usize)?;
        if end > self.values.len() {
            return None;
        }
        self.values_len = end;
        Some(at)
    }

    pub(super) fn set(&mut self, at: u16, offset: u32, value: Value<'v>) -> Option<()> {
        *self.values.get_mut(usize::from(at) + offset as usize)? = value;
        Some(())
    }

    pub(super) fn get(&self, at: usize) -> Value<'v> {
        self.values.get(at).copied().unwrap_or(Value::Undefined)
    }

    /// A list of a few values.
    pub(super) fn list<const N: usize>(&mut self, values: [Value<'v>; N]) -> Option<Value<'v>> {
        let at = self.reserve(N as u32)?;
        for (offset, value) in (0..).zip(values) {
            self.set(at, offset, value)?;
        }
        Some(Value::Made { at, len: N as u16 })
    }

    pub(super) fn pair(&mut self, of_list: bool, values: [Value<'v>; 2]) -> Option<Value<'v>> {
        match self.list(values)? {
            Value::Made { at, .. } => Some(Value::Pair { at, of_list }),
            _ => None,
        }
    }

    /// Where the next text begins.
    pub(super) fn text_begin(&self) -> usize {
        self.text_len
    }

    /// The text that was added since `begin`.
    pub(super) fn text_since(&self, begin: usize) -> Option<Value<'v>> {
        Some(Value::Written {
            at: u16::try_from(begin).ok()?,
            len: u16::try_from(self.text_len.checked_sub(begin)?).ok()?,
        })
    }

    pub(super) fn bytes(&self, at: u16, len: u16) -> Option<&[u8]> {
        self.text.get(at.into()..)?.get(..len.into())
    }

    /// Adds bytes to the text that begins at `begin`; two halves of a character become one.
    pub(super) fn push(&mut self, begin: usize, mut bytes: &[u8]) -> Option<()> {
        let before = self.text.get(begin..self.text_len)?;
        if let (Some([0xed, a @ 0xa0..=0xaf, b]), Some(([0xed, c @ 0xb0..=0xbf, d], rest))) = (
            before.last_chunk::<3>().copied(),
            bytes.split_first_chunk::<3>(),
        ) {
            let bits = |high: u8, low: u8| u32::from(high & 0x0f) << 6 | u32::from(low & 0x3f);
            let whole = 0x1_0000 + (bits(a, b) << 10) + (bits(*c, *d) & 0x3ff);
            self.text_len -= 3;
            let mut buffer = [0; 4];
            let whole = char::from_u32(whole)?.encode_utf8(&mut buffer).as_bytes();
            self.raw(whole)?;
            bytes = rest;
        }
        self.raw(bytes)
    }

    /// Adds a copy of text that was made before.
    pub(super) fn push_made(&mut self, begin: usize, at: u16, len: u16) -> Option<()> {
        // The first character may join with what is there; it has at most four bytes.
        let (at, len) = (usize::from(at), usize::from(len));
        let mut head = [0; 4];
        let head = head.get_mut(..len.min(4))?;
        head.copy_from_slice(self.text.get(at..)?.get(..head.len())?);
        self.push(begin, head)?;
        for from in at + head.len()..at + len {
            let byte = *self.text.get(from)?;
            *self.text.get_mut(self.text_len)? = byte;
            self.text_len += 1;
        }
        Some(())
    }

    fn raw(&mut self, bytes: &[u8]) -> Option<()> {
        let end = self.text_len.checked_add(bytes.len())?;
        self.text
            .get_mut(self.text_len..end)?
            .copy_from_slice(bytes);
        self.text_len = end;
        Some(())
    }
}
