//! From text to a tape. `serde_json` reads the same and weighs three times as much in the Worker, exact numbers most of it.

use super::SyntaxError;
use super::tape::{Item, Tape};

/// Reads a document.
pub(super) fn read(text: &str, depth: u8) -> Result<Tape<'_>, SyntaxError> {
    // As many as there are in documents of many short texts; where there are more, it grows.
    let items = Vec::with_capacity(text.len() / 12 + 1);
    let mut reader = Reader {
        text,
        at: 0,
        is_too_deep: false,
        tape: Tape::new(items),
    };
    let value = reader.value(depth);
    match value {
        Some(()) if reader.peek().is_none() => Ok(reader.tape),
        _ => Err(reader.problem(depth)),
    }
}

/// Reads values from the front of a text. `None` means that the text is no JSON at the place where it stopped.
struct Reader<'j> {
    text: &'j str,
    at: usize,
    is_too_deep: bool,
    tape: Tape<'j>,
}

impl<'j> Reader<'j> {
    /// A value. Where one is read this is written out, so that only texts, lists and objects are calls.
    #[inline(always)]
    fn value(&mut self, depth: u8) -> Option<()> {
        let item = match self.peek()? {
            b'"' => return self.string(),
            b'{' => return self.object(depth),
            b'[' => return self.list(depth),
            b't' => {
                self.word(b"true")?;
                Item::Boolean(true)
            }
            b'f' => {
                self.word(b"false")?;
                Item::Boolean(false)
            }
            b'n' => {
                self.word(b"null")?;
                Item::Null
            }
            _ => Item::Number(self.number()?),
        };
        self.tape.push(item);
        Some(())
    }

    #[inline(never)]
    fn object(&mut self, depth: u8) -> Option<()> {
        let depth = self.enter(depth)?;
        let place = self.tape.open();
        let mut count = 0;
        if self.takes(b'}') {
            self.tape.close(place, |end| Item::Object { count, end });
            return Some(());
        }
        loop {
            if self.peek()? != b'"' {
                return None;
            }
            self.string()?;
            self.takes(b':').then_some(())?;
            self.value(depth)?;
            count += 1;
            if !self.takes(b',') {
                self.tape.close(place, |end| Item::Object { count, end });
                return self.takes(b'}').then_some(());
            }
        }
    }

    #[inline(never)]
    fn list(&mut self, depth: u8) -> Option<()> {
        let depth = self.enter(depth)?;
        let place = self.tape.open();
        let mut count = 0;
        if self.takes(b']') {
            self.tape.close(place, |end| Item::List { count, end });
            return Some(());
        }
        loop {
            self.value(depth)?;
            count += 1;
            if !self.takes(b',') {
                self.tape.close(place, |end| Item::List { count, end });
                return self.takes(b']').then_some(());
            }
        }
    }

    /// Passes over what a list or an object begins with; gives how deep values may be nested in it.
    #[inline]
    fn enter(&mut self, depth: u8) -> Option<u8> {
        let Some(inside) = depth.checked_sub(1) else {
            self.is_too_deep = true;
            return None;
        };
        self.at += 1;
        Some(inside)
    }

    /// Text; what is before it has been passed over.
    #[inline(never)]
    fn string(&mut self) -> Option<()> {
        let start = self.at + 1;
        let bytes = self.text.as_bytes().get(start..)?;
        let len = plain(bytes);
        self.at = start + len;
        if bytes.get(len) != Some(&b'"') {
            return self.escaped(start);
        }
        let text = self.text.get(start..self.at)?;
        self.at += 1;
        self.tape.push(Item::Text(text));
        Some(())
    }

    /// The same for text with escapes, of which what is before the first has been passed over.
    #[cold]
    #[inline(never)]
    fn escaped(&mut self, start: usize) -> Option<()> {
        let mut copied = start;
        let mut unescaped = String::new();
        loop {
            unescaped.push_str(self.text.get(copied..self.at)?);
            match self.rest().first()? {
                b'"' => {
                    self.at += 1;
                    self.tape.push_unescaped(unescaped);
                    return Some(());
                }
                b'\\' => {
                    self.at += 1;
                    unescaped.push(self.escape()?);
                    copied = self.at;
                    self.at += plain(self.rest());
                }
                _ => return None,
            }
        }
    }

    /// What follows a backslash. Half of a surrogate pair, which text cannot hold, becomes U+FFFD.
    fn escape(&mut self) -> Option<char> {
        let letter = *self.rest().first()?;
        let plain = match letter {
            b'"' | b'\\' | b'/' => char::from(letter),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                self.at += 1;
                return self.code_point();
            }
            _ => return None,
        };
        self.at += 1;
        Some(plain)
    }

    fn code_point(&mut self) -> Option<char> {
        let first = self.code_unit()?;
        let mut code = first;
        if (0xd800..0xdc00).contains(&first) && self.rest().starts_with(b"\\u") {
            let before = self.at;
            self.at += 2;
            let second = self.code_unit()?;
            if (0xdc00..0xe000).contains(&second) {
                code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
            } else {
                self.at = before;
            }
        }
        Some(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    /// Four hexadecimal digits.
    fn code_unit(&mut self) -> Option<u32> {
        let digits = self.rest().first_chunk::<4>()?;
        let unit = digits.iter().try_fold(0, |unit, digit| {
            Some(unit << 4 | char::from(*digit).to_digit(16)?)
        })?;
        self.at += 4;
        Some(unit)
    }

    /// A number, to the nearest float; one that is too large is infinite, as `JSON.parse` has it.
    fn number(&mut self) -> Option<f64> {
        let start = self.at;
        self.at += usize::from(self.rest().first() == Some(&b'-'));
        let begins_with_zero = self.rest().first() == Some(&b'0');
        let first = self.at;
        let value = self.digits()?;
        if begins_with_zero && self.at > first + 1 {
            return None;
        }
        let mut is_whole = true;
        if self.rest().first() == Some(&b'.') {
            self.at += 1;
            self.digits()?;
            is_whole = false;
        }
        if let Some(b'e' | b'E') = self.rest().first() {
            self.at += 1;
            self.at += usize::from(matches!(self.rest().first(), Some(b'+' | b'-')));
            self.digits()?;
            is_whole = false;
        }
        let text = self.text.get(start..self.at)?;
        // Fifteen digits are exact in both.
        if is_whole && text.len() <= 15 {
            let number = value as f64;
            let is_negative = first > start;
            return Some(if is_negative { -number } else { number });
        }
        flagstone_core::parse_number(text)
    }

    /// Passes over digits; gives what they mean, as far as 64 bits hold it, `None` if there are none.
    fn digits(&mut self) -> Option<u64> {
        let mut value = 0u64;
        let first = self.at;
        while let Some(digit @ b'0'..=b'9') = self.rest().first() {
            value = value.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
            self.at += 1;
        }
        (self.at > first).then_some(value)
    }

    /// Passes over a word.
    fn word(&mut self, word: &[u8]) -> Option<()> {
        self.rest().starts_with(word).then(|| self.at += word.len())
    }

    /// Passes over white space and a byte, if it is the next.
    #[inline]
    fn takes(&mut self, wanted: u8) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    /// Passes over white space; gives the byte after it.
    #[inline]
    fn peek(&mut self) -> Option<u8> {
        let rest = self.rest();
        // As a rule there is none.
        if let Some(byte) = rest.first()
            && *byte > b' '
        {
            return Some(*byte);
        }
        let space = rest
            .iter()
            .position(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
        let space = space.unwrap_or(rest.len());
        self.at += space;
        rest.get(space).copied()
    }

    #[inline]
    fn rest(&self) -> &'j [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// Where it stopped.
    fn problem(&self, depth: u8) -> SyntaxError {
        let before = self.text.as_bytes().get(..self.at).unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let start = before.iter().rposition(|byte| *byte == b'\n');
        let column = self.at - start.map_or(0, |at| at + 1) + 1;
        SyntaxError {
            line,
            column,
            deepest: self.is_too_deep.then_some(depth.into()),
        }
    }
}

/// How many bytes text has before a quote, a backslash or a control character; eight are looked at in one step.
fn plain(bytes: &[u8]) -> usize {
    let (words, tail) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let found = special(u64::from_le_bytes(*word));
        if found != 0 {
            return index * 8 + (found.trailing_zeros() / 8) as usize;
        }
    }
    let end = tail
        .iter()
        .position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20));
    words.len() * 8 + end.unwrap_or(tail.len())
}

/// The highest bit of the first byte that ends plain text; those of bytes behind it mean nothing.
fn special(word: u64) -> u64 {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGHEST: u64 = ONES << 7;
    // A byte below a limit of up to 128 borrows from its highest bit, which it has not itself.
    let below = |word: u64, limit: u8| word.wrapping_sub(ONES * u64::from(limit)) & !word;
    let equal = |byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    (below(word, b' ') | equal(b'"') | equal(b'\\')) & HIGHEST
}
