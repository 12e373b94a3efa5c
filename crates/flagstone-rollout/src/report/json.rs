//! As much of JSON as lines of counts need. A dependency would be the only one.

use std::fmt::Write as _;

/// How deep values that nobody asked for may be nested.
const MAX_DEPTH: u8 = 16;

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

    /// An object, each of whose members `member` reads.
    pub fn object(&mut self, mut member: impl FnMut(&str, &mut Self) -> Option<()>) -> Option<()> {
        self.items(b"{}", |reader| {
            let name = reader.string()?;
            reader.byte(b':')?;
            member(&name, reader)
        })
    }

    /// An array, each of whose elements `element` reads.
    pub fn array(&mut self, element: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.items(b"[]", element)
    }

    fn items(
        &mut self,
        [open, close]: &[u8; 2],
        mut item: impl FnMut(&mut Self) -> Option<()>,
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

    /// A whole number that is not negative and fits.
    pub fn number<T: TryFrom<u64>>(&mut self) -> Option<T> {
        self.peek()?;
        let digits = self.word(|byte| byte.is_ascii_digit());
        T::try_from(digits.parse::<u64>().ok()?).ok()
    }

    /// A string of hexadecimal digits, at most 16.
    pub fn hexadecimal(&mut self) -> Option<u64> {
        u64::from_str_radix(&self.string()?, 16).ok()
    }

    /// A string.
    pub fn string(&mut self) -> Option<String> {
        self.byte(b'"')?;
        let mut value = String::new();
        loop {
            value.push_str(self.word(|byte| !matches!(byte, b'"' | b'\\' | 0..b' ')));
            let end = *self.rest().first()?;
            self.at += 1;
            match end {
                b'"' => return Some(value),
                b'\\' => value.push(self.escape()?),
                _ => return None,
            }
        }
    }

    /// What follows a backslash. Surrogates are not read; nothing here writes them.
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
                let digits = self.text.get(self.at..self.at + 4)?;
                self.at += 4;
                char::from_u32(u32::from_str_radix(digits, 16).ok()?)?
            }
            _ => return None,
        })
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
                let word = self.word(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
                (!word.is_empty()).then_some(())
            }
        }
    }

    /// The longest piece of such bytes.
    fn word(&mut self, is_in: impl Fn(u8) -> bool) -> &'a str {
        let rest = self.rest();
        let len = rest.iter().take_while(|byte| is_in(**byte)).count();
        let word = self.text.get(self.at..self.at + len).unwrap_or_default();
        self.at += len;
        word
    }

    /// The first byte of the next value.
    fn peek(&mut self) -> Option<u8> {
        self.word(|byte| byte.is_ascii_whitespace());
        self.rest().first().copied()
    }

    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn byte(&mut self, wanted: u8) -> Option<()> {
        let found = self.peek()? == wanted;
        self.at += usize::from(found);
        found.then_some(())
    }
}
