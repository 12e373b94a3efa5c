//! A small reader of JSON: enough for the control document. `serde_json` would add 19 KB to the compressed Worker.

use std::borrow::Cow;

/// How deep values that nobody asked for may be nested.
const MAX_DEPTH: u8 = 32;

/// Reads values from the front of a text. `None` from any method means that the text is not what was asked for.
pub(crate) struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
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
        self.byte(b'{')?;
        if self.peek()? == b'}' {
            return self.byte(b'}');
        }
        loop {
            let name = self.string()?;
            self.byte(b':')?;
            member(&name, self)?;
            match self.peek()? {
                b',' => self.byte(b',')?,
                _ => return self.byte(b'}'),
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

    /// Any value, which is passed over.
    pub fn skip(&mut self) -> Option<()> {
        self.skip_nested(MAX_DEPTH)
    }

    fn skip_nested(&mut self, depth: u8) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        match self.peek()? {
            b'"' => self.string().map(drop),
            b'{' => self.object(|_, value| value.skip_nested(depth)),
            b'[' => {
                self.byte(b'[')?;
                if self.peek()? == b']' {
                    return self.byte(b']');
                }
                loop {
                    self.skip_nested(depth)?;
                    match self.peek()? {
                        b',' => self.byte(b',')?,
                        _ => return self.byte(b']'),
                    }
                }
            }
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
