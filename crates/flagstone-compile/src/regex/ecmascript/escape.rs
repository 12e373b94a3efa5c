//! What begins with `\`.

use super::super::{Fault, Node, unit};
use super::{Parser, named_set};

/// Where an escape stands: classes know a few more.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Pattern,
    Class,
}

impl Parser {
    /// At `\`, outside of classes.
    pub(super) fn escape(&mut self) -> Result<Node, Fault> {
        let at = self.cursor.at;
        let Some(letter) = self.cursor.ahead(1) else {
            return self.cursor.fault(at, r"`\` at the end of the pattern");
        };
        if let Some(set) = named_set(letter) {
            self.cursor.at += 2;
            return Ok(Node::Set(self.closed(set)));
        }
        if letter == unit('k') && self.has_names {
            self.cursor.at += 2;
            if !self.cursor.eat("<") {
                return self.cursor.fault(at, r"`\k` without the name of a group");
            }
            let name = self.name()?;
            self.named.push((at, name));
            self.unsupported(at, "backreferences");
            return Ok(Node::Empty);
        }
        if let Some(group) = self.reference() {
            // What a group refers to within itself has not been matched yet: nothing.
            if !self.open.contains(&group) {
                self.unsupported(at, "backreferences");
            }
            return Ok(Node::Empty);
        }
        self.cursor.at += 1;
        let unit = self.character(Place::Pattern);
        Ok(self.literal(unit))
    }

    /// `\1` and so on, if there are as many groups; else it is something else, and left alone.
    fn reference(&mut self) -> Option<u32> {
        let mut digits = 1;
        let mut group = self.cursor.ahead_digit(digits, 10)?;
        if group == 0 {
            return None;
        }
        loop {
            digits += 1;
            let Some(digit) = self.cursor.ahead_digit(digits, 10) else {
                break;
            };
            group = group.saturating_mul(10).saturating_add(digit);
        }
        if group > self.groups {
            return None;
        }
        self.cursor.at += digits;
        Some(group)
    }

    /// Behind `\`, where something follows: the unit that the escape stands for. What is no escape is the letter itself.
    pub(super) fn character(&mut self, place: Place) -> u32 {
        let at = self.cursor.at;
        let Some(letter) = self.cursor.next() else {
            return unit('\\');
        };
        match char::from_u32(letter) {
            Some('t') => 0x09,
            Some('n') => 0x0a,
            Some('v') => 0x0b,
            Some('f') => 0x0c,
            Some('r') => 0x0d,
            Some('c') => {
                let control = self.cursor.peek().and_then(char::from_u32);
                match control {
                    Some(c)
                        if c.is_ascii_alphabetic()
                            || place == Place::Class && (c.is_ascii_digit() || c == '_') =>
                    {
                        self.cursor.at += 1;
                        unit(c) & 0x1f
                    }
                    // The backslash is itself, and what follows it too.
                    _ => {
                        self.cursor.at = at;
                        unit('\\')
                    }
                }
            }
            Some('0'..='7') => {
                self.cursor.at = at;
                self.octal()
            }
            Some('x') => self.hexadecimal(2).unwrap_or(letter),
            Some('u') => self.hexadecimal(4).unwrap_or(letter),
            _ => letter,
        }
    }

    /// Up to three octal digits of a number below 256.
    fn octal(&mut self) -> u32 {
        let mut value = 0;
        for _ in 0..3 {
            let Some(digit) = self.cursor.digit(8).filter(|_| value < 32) else {
                break;
            };
            value = value * 8 + digit;
            self.cursor.at += 1;
        }
        value
    }

    /// Exactly `count` hexadecimal digits; otherwise nothing is read.
    pub(super) fn hexadecimal(&mut self, count: usize) -> Option<u32> {
        let mut value = 0;
        for ahead in 0..count {
            value = value * 16 + self.cursor.ahead_digit(ahead, 16)?;
        }
        self.cursor.at += count;
        Some(value)
    }
}
