//! From text to a tape. `serde_json` reads the same and weighs three times as much in the Worker, exact numbers most of it.

use super::SyntaxError;
use super::tape::{Item, Tape};
use std::num::NonZero;

/// Reads a document.
pub(super) fn read(text: &str, depth: u8) -> Result<Tape<'_>, SyntaxError> {
    // As many as there are in documents of many short texts; where there are more, it grows.
    let items = Vec::with_capacity(text.len() / 12 + 1);
    let mut reader = Reader {
        text,
        stopped: 0,
        is_too_deep: false,
        tape: Tape::new(items),
    };
    match reader.document(depth) {
        Some(_) => Ok(reader.tape),
        None => Err(reader.problem(depth)),
    }
}

/// Reads values. What reads is told the place where it begins and tells the one behind it, so that places stay in registers.
struct Reader<'j> {
    text: &'j str,
    /// Where the text was found to be no JSON.
    stopped: usize,
    is_too_deep: bool,
    tape: Tape<'j>,
}

/// The place behind what was read; `None` if the reader has stopped.
type Behind = Option<NonZero<usize>>;

impl<'j> Reader<'j> {
    fn document(&mut self, depth: u8) -> Behind {
        let end = self.value(0, depth)?;
        match self.peek(end.get()) {
            (_, None) => Some(end),
            (at, Some(_)) => self.stop(at),
        }
    }

    /// A value. Where one is read this is written out, so that only texts, lists, objects and numbers are calls.
    #[inline(always)]
    fn value(&mut self, at: usize, depth: u8) -> Behind {
        let (at, first) = self.peek(at);
        match first {
            Some(b'"') => self.string(at),
            Some(b'{') => self.object(at, depth),
            Some(b'[') => self.list(at, depth),
            Some(b't') => self.word(at, b"true", Item::Boolean(true)),
            Some(b'f') => self.word(at, b"false", Item::Boolean(false)),
            Some(b'n') => self.word(at, b"null", Item::Null),
            _ => self.number(at),
        }
    }

    #[inline(never)]
    fn object(&mut self, at: usize, depth: u8) -> Behind {
        let inside = self.enter(at, depth)?;
        let place = self.tape.open();
        let mut count = 0;
        let (mut at, mut next) = self.peek(at + 1);
        if next != Some(b'}') {
            loop {
                if next != Some(b'"') {
                    return self.stop(at);
                }
                let name = self.string(at)?;
                (at, next) = self.peek(name.get());
                if next != Some(b':') {
                    return self.stop(at);
                }
                let value = self.value(at + 1, inside)?;
                count += 1;
                (at, next) = self.peek(value.get());
                if next != Some(b',') {
                    break;
                }
                (at, next) = self.peek(at + 1);
            }
        }
        self.tape.close(place, |end| Item::Object { count, end });
        self.leave(at, next == Some(b'}'))
    }

    #[inline(never)]
    fn list(&mut self, at: usize, depth: u8) -> Behind {
        let inside = self.enter(at, depth)?;
        let place = self.tape.open();
        let mut count = 0;
        let (mut at, mut next) = self.peek(at + 1);
        if next != Some(b']') {
            loop {
                let element = self.value(at, inside)?;
                count += 1;
                (at, next) = self.peek(element.get());
                if next != Some(b',') {
                    break;
                }
                at += 1;
            }
        }
        self.tape.close(place, |end| Item::List { count, end });
        self.leave(at, next == Some(b']'))
    }

    /// How deep values may be nested in the list or object that begins at a place.
    #[inline]
    fn enter(&mut self, at: usize, depth: u8) -> Option<u8> {
        let inside = depth.checked_sub(1);
        if inside.is_none() {
            self.is_too_deep = true;
            self.stopped = at;
        }
        inside
    }

    /// Behind the byte that ends a list or an object, if it is there.
    #[inline]
    fn leave(&mut self, at: usize, is_end: bool) -> Behind {
        match is_end {
            true => NonZero::new(at + 1),
            false => self.stop(at),
        }
    }

    #[cold]
    fn stop(&mut self, at: usize) -> Behind {
        self.stopped = at;
        None
    }

    /// Text; what is before it has been passed over.
    #[inline(never)]
    fn string(&mut self, at: usize) -> Behind {
        let start = at + 1;
        let end = plain(self.text.as_bytes(), start);
        match (self.text.get(start..end), self.byte(end)) {
            (Some(text), Some(b'"')) => {
                self.tape.push(Item::Text(text));
                NonZero::new(end + 1)
            }
            _ => self.escaped(start, end),
        }
    }

    /// The same for text with escapes, of which what is before the first has been passed over.
    #[cold]
    #[inline(never)]
    fn escaped(&mut self, start: usize, mut at: usize) -> Behind {
        let mut copied = start;
        let mut unescaped = String::new();
        loop {
            unescaped.push_str(self.text.get(copied..at).unwrap_or_default());
            match self.byte(at) {
                Some(b'"') => {
                    self.tape.push_unescaped(unescaped);
                    return NonZero::new(at + 1);
                }
                Some(b'\\') => {
                    let Some((char, end)) = self.escape(at + 1) else {
                        return self.stop(at);
                    };
                    unescaped.push(char);
                    copied = end;
                    at = plain(self.text.as_bytes(), end);
                }
                _ => return self.stop(at),
            }
        }
    }

    /// What follows a backslash, and the place behind it. Half of a surrogate pair, which text cannot hold, becomes U+FFFD.
    fn escape(&self, at: usize) -> Option<(char, usize)> {
        let letter = self.byte(at)?;
        let plain = match letter {
            b'"' | b'\\' | b'/' => char::from(letter),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.code_point(at + 1),
            _ => return None,
        };
        Some((plain, at + 1))
    }

    fn code_point(&self, at: usize) -> Option<(char, usize)> {
        let first = self.code_unit(at)?;
        let (mut code, mut end) = (first, at + 4);
        if (0xd800..0xdc00).contains(&first) && self.rest(end).starts_with(b"\\u") {
            let second = self.code_unit(end + 2)?;
            if (0xdc00..0xe000).contains(&second) {
                code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                end += 6;
            }
        }
        let char = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
        Some((char, end))
    }

    /// Four hexadecimal digits.
    fn code_unit(&self, at: usize) -> Option<u32> {
        let digits = self.rest(at).first_chunk::<4>()?;
        digits.iter().try_fold(0, |unit, digit| {
            Some(unit << 4 | char::from(*digit).to_digit(16)?)
        })
    }

    /// A number, to the nearest float; one that is too large is infinite, as `JSON.parse` has it.
    #[inline(never)]
    fn number(&mut self, start: usize) -> Behind {
        let first = start + usize::from(self.byte(start) == Some(b'-'));
        let (value, mut end) = self.digits(first);
        let begins_with_zero = self.byte(first) == Some(b'0');
        if end == first || (begins_with_zero && end > first + 1) {
            return self.stop(end);
        }
        let whole = end;
        if self.byte(end) == Some(b'.') {
            let first = end + 1;
            (_, end) = self.digits(first);
            if end == first {
                return self.stop(end);
            }
        }
        if let Some(b'e' | b'E') = self.byte(end) {
            let is_signed = matches!(self.byte(end + 1), Some(b'+' | b'-'));
            let first = end + 1 + usize::from(is_signed);
            (_, end) = self.digits(first);
            if end == first {
                return self.stop(end);
            }
        }
        // Fifteen digits are exact in both.
        let number = if end == whole && end - start <= 15 {
            let number = value as f64;
            let is_negative = first > start;
            Some(if is_negative { -number } else { number })
        } else {
            let text = self.text.get(start..end);
            text.and_then(flagstone_core::parse_number)
        };
        let Some(number) = number else {
            return self.stop(end);
        };
        self.tape.push(Item::Number(number));
        NonZero::new(end)
    }

    /// What digits mean, as far as 64 bits hold it, and the place behind them.
    fn digits(&self, mut at: usize) -> (u64, usize) {
        let mut value = 0u64;
        while let Some(digit @ b'0'..=b'9') = self.byte(at) {
            value = value.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
            at += 1;
        }
        (value, at)
    }

    /// A word, and what it means.
    #[inline]
    fn word(&mut self, at: usize, word: &[u8], item: Item<'j>) -> Behind {
        if !self.rest(at).starts_with(word) {
            return self.stop(at);
        }
        self.tape.push(item);
        NonZero::new(at + word.len())
    }

    /// The place behind white space, and the byte there.
    #[inline(always)]
    fn peek(&self, at: usize) -> (usize, Option<u8>) {
        match self.byte(at) {
            // As a rule there is none.
            Some(byte) if byte > b' ' => (at, Some(byte)),
            _ => self.behind_space(at),
        }
    }

    #[inline(never)]
    fn behind_space(&self, at: usize) -> (usize, Option<u8>) {
        let rest = self.rest(at);
        let space = rest
            .iter()
            .position(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
        let at = at + space.unwrap_or(rest.len());
        (at, self.byte(at))
    }

    #[inline]
    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    #[inline]
    fn rest(&self, at: usize) -> &'j [u8] {
        self.text.as_bytes().get(at..).unwrap_or_default()
    }

    /// Where it stopped.
    fn problem(&self, depth: u8) -> SyntaxError {
        let before = self.text.as_bytes().get(..self.stopped).unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let start = before.iter().rposition(|byte| *byte == b'\n');
        let column = self.stopped - start.map_or(0, |at| at + 1) + 1;
        SyntaxError {
            line,
            column,
            deepest: self.is_too_deep.then_some(depth.into()),
        }
    }
}

/// Where a quote, a backslash or a control character is, or the text ends; eight bytes are looked at in one step.
#[inline(always)]
fn plain(bytes: &[u8], mut at: usize) -> usize {
    while let Some(word) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let found = special(u64::from_le_bytes(*word));
        if found != 0 {
            return at + (found.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    plain_of_few(bytes, at)
}

/// The same of the last bytes.
#[cold]
#[inline(never)]
fn plain_of_few(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    let end = rest
        .iter()
        .position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20));
    at + end.unwrap_or(rest.len())
}

/// The highest bit of the first byte that ends plain text; those of bytes behind it mean nothing.
#[inline(always)]
fn special(word: u64) -> u64 {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGHEST: u64 = ONES << 7;
    // A byte below a limit of up to 128 borrows from its highest bit, which it has not itself.
    let below = |word: u64, limit: u8| word.wrapping_sub(ONES * u64::from(limit));
    let flip = |byte: u8| word ^ (ONES * u64::from(byte));
    // With its second bit flipped a quote comes right behind the control characters, and a space behind it.
    let ends = below(flip(2), b' ' + 1) | below(flip(b'\\'), 1);
    ends & !word & HIGHEST
}
