//! A small reader of JSON, and what writes lines of counts: enough for those and for control documents. `serde_json` would add
//! 19 KB to the compressed Worker.

use std::borrow::Cow;
use std::fmt::Write as _;

/// How deep values that nobody asked for may be nested.
const MAX_DEPTH: u8 = 32;

/// Adds a member of an object, with a comma before it; none for a count of 0.
pub(crate) fn push_member(text: &mut String, name: &str, count: u64) {
    if count > 0 {
        // Writing to a string does not fail.
        let _ = write!(text, ",\"{name}\":{count}");
    }
}

/// Adds a string.
pub(crate) fn push_string(text: &mut String, value: &str) {
    text.push('"');
    for character in value.chars() {
        match character {
            '"' | '\\' => text.extend(['\\', character]),
            '\0'..' ' => {
                let _ = write!(text, "\\u{:04x}", u32::from(character));
            }
            _ => text.push(character),
        }
    }
    text.push('"');
}

/// Reads values from the front of a text. `None` from any method means that the text is not what was asked for.
#[derive(Debug)]
pub struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    /// A reader that has read nothing yet.
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// Bytes read so far: where a problem is.
    pub fn position(&self) -> usize {
        self.at
    }

    /// Nothing but white space is left.
    pub fn end(&mut self) -> Option<()> {
        self.peek().is_none().then_some(())
    }

    /// The first byte of the next value.
    pub fn peek(&mut self) -> Option<u8> {
        let rest = self.rest();
        let space = rest
            .iter()
            .take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
            .count();
        self.at += space;
        rest.get(space).copied()
    }

    /// An object, each of whose members `member` reads.
    pub fn object(&mut self, mut member: impl FnMut(&str, &mut Self) -> Option<()>) -> Option<()> {
        self.items(b"{}", &mut |reader| {
            let name = reader.string()?;
            reader.byte(b':')?;
            member(&name, reader)
        })
    }

    /// An array, each of whose elements `element` reads.
    pub fn array(&mut self, mut element: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.items(b"[]", &mut element)
    }

    // The same code for all of them, and none of what reads an item in it: of most members there is no need.
    fn items(
        &mut self,
        [open, close]: &[u8; 2],
        item: &mut dyn FnMut(&mut Self) -> Option<()>,
    ) -> Option<()> {
        self.byte(*open)?;
        if self.peek()? == *close {
            return self.byte(*close);
        }
        loop {
            item(self)?;
            match self.peek()? {
                b',' => self.byte(b',')?,
                _ => return self.byte(*close),
            }
        }
    }

    /// A string.
    pub fn string(&mut self) -> Option<Cow<'a, str>> {
        self.byte(b'"')?;
        let start = self.at;
        let mut unescaped: Option<String> = None;
        let mut copied = start;
        loop {
            match *self.rest().first()? {
                b'"' => {
                    let piece = self.text.get(copied..self.at)?;
                    self.at += 1;
                    return Some(match unescaped {
                        Some(text) => Cow::Owned(text + piece),
                        None => Cow::Borrowed(piece),
                    });
                }
                b'\\' => {
                    let text = unescaped.get_or_insert_default();
                    text.push_str(self.text.get(copied..self.at)?);
                    self.at += 1;
                    text.push(self.escape()?);
                    copied = self.at;
                }
                0..0x20 => return None,
                _ => self.at += 1,
            }
        }
    }

    /// A whole number that is not negative.
    pub fn integer(&mut self) -> Option<u64> {
        self.peek()?;
        let digits = self
            .rest()
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let number = self.text.get(self.at..self.at + digits)?;
        self.at += digits;
        match self.rest().first() {
            Some(b'.' | b'e' | b'E') => None,
            _ if digits > 1 && number.starts_with('0') => None,
            _ => number.parse().ok(),
        }
    }

    /// A whole number that is not negative and fits.
    pub fn number<T: TryFrom<u64>>(&mut self) -> Option<T> {
        T::try_from(self.integer()?).ok()
    }

    /// A string of hexadecimal digits, at most 16.
    pub fn hexadecimal(&mut self) -> Option<u64> {
        u64::from_str_radix(&self.string()?, 16).ok()
    }

    /// Any value, which is passed over.
    pub fn skip(&mut self) -> Option<()> {
        self.skip_nested(MAX_DEPTH)
    }

    fn skip_nested(&mut self, depth: u8) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        match self.peek()? {
            b'"' => self.string().map(drop),
            b'{' => self.object(|_, value| value.skip_nested(depth)),
            b'[' => self.array(|value| value.skip_nested(depth)),
            // A number or a word. That it is one is not checked: nobody asked for it.
            _ => {
                let inside = |byte: &&u8| matches!(byte, b'0'..=b'9' | b'a'..=b'z' | b'E' | b'+' | b'-' | b'.');
                let len = self.rest().iter().take_while(inside).count();
                self.at += len;
                (len > 0).then_some(())
            }
        }
    }

    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn byte(&mut self, wanted: u8) -> Option<()> {
        let found = self.peek()? == wanted;
        self.at += usize::from(found);
        found.then_some(())
    }

    /// What follows a backslash.
    fn escape(&mut self) -> Option<char> {
        let letter = *self.rest().first()?;
        self.at += 1;
        Some(match letter {
            b'"' | b'\\' | b'/' => char::from(letter),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.code_unit()?;
                if (0xd800..0xdc00).contains(&first) {
                    let low = self.rest().starts_with(b"\\u");
                    self.at += if low { 2 } else { 0 };
                    let second = self
                        .code_unit()
                        .filter(|unit| low && (0xdc00..0xe000).contains(unit))?;
                    return char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00));
                }
                return char::from_u32(first);
            }
            _ => return None,
        })
    }

    /// Four hexadecimal digits.
    fn code_unit(&mut self) -> Option<u32> {
        let digits = self.rest().first_chunk::<4>()?;
        self.at += 4;
        digits.iter().try_fold(0, |unit, digit| {
            Some(unit << 4 | char::from(*digit).to_digit(16)?)
        })
    }
}
