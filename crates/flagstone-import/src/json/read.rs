//! From text to a tree. `serde_json` reads the same and weighs three times as much in the Worker, exact numbers most of it.

use super::Json;
use crate::error::ImportError;
use std::borrow::Cow;

/// How deep values may be nested.
const MAX_DEPTH: u8 = 128;

/// Reads a document.
pub(super) fn read(text: &str) -> Result<Json<'_>, ImportError> {
    let mut reader = Reader { text, at: 0 };
    let value = reader.value(MAX_DEPTH);
    match value {
        Some(value) if reader.peek().is_none() => Ok(value),
        _ => Err(reader.problem()),
    }
}

/// Reads values from the front of a text. `None` means that the text is no JSON at the place where it stopped.
struct Reader<'j> {
    text: &'j str,
    at: usize,
}

impl<'j> Reader<'j> {
    fn value(&mut self, depth: u8) -> Option<Json<'j>> {
        match self.peek()? {
            b'{' => self.object(depth.checked_sub(1)?),
            b'[' => self.list(depth.checked_sub(1)?),
            b'"' => self.string().map(Json::Text),
            b't' => self.word("true", Json::Boolean(true)),
            b'f' => self.word("false", Json::Boolean(false)),
            b'n' => self.word("null", Json::Null),
            _ => self.number(),
        }
    }

    fn object(&mut self, depth: u8) -> Option<Json<'j>> {
        self.at += 1;
        let mut members = Vec::new();
        if self.takes(b'}') {
            return Some(Json::Object(members));
        }
        loop {
            if self.peek()? != b'"' {
                return None;
            }
            let name = self.string()?;
            self.takes(b':').then_some(())?;
            members.push((name, self.value(depth)?));
            if !self.takes(b',') {
                return self.takes(b'}').then_some(Json::Object(members));
            }
        }
    }

    fn list(&mut self, depth: u8) -> Option<Json<'j>> {
        self.at += 1;
        let mut elements = Vec::new();
        if self.takes(b']') {
            return Some(Json::List(elements));
        }
        loop {
            elements.push(self.value(depth)?);
            if !self.takes(b',') {
                return self.takes(b']').then_some(Json::List(elements));
            }
        }
    }

    /// Text; what is before it has been passed over.
    fn string(&mut self) -> Option<Cow<'j, str>> {
        self.at += 1;
        let mut copied = self.at;
        let mut unescaped: Option<String> = None;
        loop {
            let rest = self.rest();
            let plain = rest
                .iter()
                .position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20));
            self.at += plain.unwrap_or(rest.len());
            let piece = self.text.get(copied..self.at)?;
            match self.rest().first()? {
                b'"' => {
                    self.at += 1;
                    return Some(match unescaped {
                        Some(text) => Cow::Owned(text + piece),
                        None => Cow::Borrowed(piece),
                    });
                }
                b'\\' => {
                    let text = unescaped.get_or_insert_default();
                    text.push_str(piece);
                    self.at += 1;
                    text.push(self.escape()?);
                    copied = self.at;
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
    fn number(&mut self) -> Option<Json<'j>> {
        let start = self.at;
        self.at += usize::from(self.rest().first() == Some(&b'-'));
        let begins_with_zero = self.rest().first() == Some(&b'0');
        let whole = self.digits()?;
        if begins_with_zero && whole > 1 {
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
        if is_whole
            && text.len() <= 15
            && text != "-0"
            && let Ok(number) = text.parse::<i64>()
        {
            return Some(Json::Number(number as f64));
        }
        flagstone_core::parse_number(text).map(Json::Number)
    }

    /// Passes over digits; gives their number, `None` for none.
    fn digits(&mut self) -> Option<usize> {
        let count = self
            .rest()
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        self.at += count;
        (count > 0).then_some(count)
    }

    fn word(&mut self, word: &str, value: Json<'j>) -> Option<Json<'j>> {
        self.rest().starts_with(word.as_bytes()).then(|| {
            self.at += word.len();
            value
        })
    }

    /// Passes over white space and a byte, if it is the next.
    fn takes(&mut self, wanted: u8) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    /// Passes over white space; gives the byte after it.
    #[inline]
    fn peek(&mut self) -> Option<u8> {
        let rest = self.rest();
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
    fn problem(&self) -> ImportError {
        let before = self.text.as_bytes().get(..self.at).unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let start = before.iter().rposition(|byte| *byte == b'\n');
        let column = self.at - start.map_or(0, |at| at + 1) + 1;
        ImportError::Syntax { line, column }
    }
}
