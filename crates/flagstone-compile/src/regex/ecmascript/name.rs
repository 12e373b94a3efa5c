//! Names of groups.

use super::super::{Fault, unit};
use super::Parser;

const NO_NAME: &str = "a group's name is missing or no name";

impl Parser {
    /// Behind `<`: a name and `>`. Names are identifiers of JavaScript. Which letters beyond ASCII can be in one takes a
    /// large table to tell, so such names are reported as unsupported.
    pub(super) fn name(&mut self) -> Result<String, Fault> {
        let mut name = String::new();
        loop {
            let at = self.cursor.at;
            let Some(next) = self.cursor.next() else {
                return self.cursor.fault(at, NO_NAME);
            };
            let escaped = next == unit('\\');
            let code = if escaped {
                self.name_escape()
            } else {
                self.paired(next)
            };
            match code.and_then(char::from_u32) {
                Some('>') if !escaped && !name.is_empty() => return Ok(name),
                Some(c) if c.is_ascii_alphabetic() || c == '$' || c == '_' => name.push(c),
                Some(c) if c.is_ascii_digit() && !name.is_empty() => name.push(c),
                Some(c) if !c.is_ascii() => {
                    self.unsupported(at, "names of groups beyond ASCII");
                    name.push(c);
                }
                _ => return self.cursor.fault(at, NO_NAME),
            }
        }
    }

    /// Behind `\`: the code point of `u0041`, of a pair of those, or of `u{41}`.
    fn name_escape(&mut self) -> Option<u32> {
        if !self.cursor.eat("u") {
            return None;
        }
        if self.cursor.eat("{") {
            let mut value = self.cursor.digit(16)?;
            self.cursor.at += 1;
            while let Some(digit) = self.cursor.digit(16) {
                value = value.saturating_mul(16).saturating_add(digit);
                self.cursor.at += 1;
            }
            return self.cursor.eat("}").then_some(value);
        }
        let first = self.hexadecimal(4)?;
        let at = self.cursor.at;
        if (0xd800..0xdc00).contains(&first) && self.cursor.eat(r"\u") {
            match self.hexadecimal(4) {
                Some(second) if (0xdc00..0xe000).contains(&second) => {
                    return Some(pair(first, second));
                }
                _ => self.cursor.at = at,
            }
        }
        Some(first)
    }

    /// A unit, with the one behind it if the two are a pair.
    fn paired(&mut self, first: u32) -> Option<u32> {
        match self.cursor.peek() {
            Some(second)
                if (0xd800..0xdc00).contains(&first) && (0xdc00..0xe000).contains(&second) =>
            {
                self.cursor.at += 1;
                Some(pair(first, second))
            }
            _ => Some(first),
        }
    }
}

fn pair(high: u32, low: u32) -> u32 {
    0x1_0000 + ((high & 0x3ff) << 10 | (low & 0x3ff))
}
