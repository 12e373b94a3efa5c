//! What begins with `\`.

use super::super::{Assertion, Dialect, Fault, Node, Set, unit};
use super::Parser;

impl Parser {
    /// At `\`, outside of classes: adds what it stands for to a branch.
    pub(super) fn escape(&mut self, branch: &mut Vec<Node>) -> Result<(), Fault> {
        let assertions = [
            (r"\A", Assertion::Start),
            (r"\z", Assertion::End),
            (r"\b", Assertion::Boundary),
            (r"\B", Assertion::NotBoundary),
        ];
        for (text, assertion) in assertions {
            if self.cursor.eat(text) {
                branch.push(Node::Assert(assertion));
                return Ok(());
            }
        }
        if self.cursor.eat(r"\Q") {
            while !self.cursor.eat(r"\E") {
                let Some(code) = self.cursor.next() else {
                    break;
                };
                branch.push(self.literal(code));
            }
            return Ok(());
        }
        if self.unicode_class()? {
            branch.push(Node::Empty);
        } else if let Some(set) = self.perl_class() {
            branch.push(Node::Set(set));
        } else {
            let code = self.character()?;
            branch.push(self.literal(code));
        }
        Ok(())
    }

    /// `\pL`, `\P{Greek}` and so on, if it comes next. What is in them takes large
    /// tables, and so do the names there are: a long one is taken for one of them.
    pub(super) fn unicode_class(&mut self) -> Result<bool, Fault> {
        const WRONG: &str = "invalid character class range";
        let at = self.cursor.at;
        if !self.cursor.eat(r"\p") && !self.cursor.eat(r"\P") {
            return Ok(false);
        }
        let Some(name) = self.cursor.next() else {
            return self.cursor.fault(at, WRONG);
        };
        if name == unit('{') {
            let start = self.cursor.at;
            loop {
                match self.cursor.next() {
                    None => return self.cursor.fault(at, WRONG),
                    Some(code) if code == unit('}') => break,
                    Some(_) => {}
                }
            }
            if self.cursor.at == start + 1 {
                return self.cursor.fault(at, WRONG);
            }
        } else if !"CLMNPSZ".chars().any(|known| unit(known) == name) {
            return self.cursor.fault(at, WRONG);
        }
        self.unsupported
            .get_or_insert((at, "classes of Unicode properties"));
        Ok(true)
    }

    /// `\d`, `\s`, `\w` and their opposites, if one comes next.
    pub(super) fn perl_class(&mut self) -> Option<Set> {
        if !self.cursor.looking_at(r"\") {
            return None;
        }
        let letter = char::from_u32(self.cursor.ahead(1)?)?;
        let spans: &[(u32, u32)] = match letter.to_ascii_lowercase() {
            'd' => &[(0x30, 0x39)],
            'w' => &[(0x30, 0x39), (0x41, 0x5a), (0x5f, 0x5f), (0x61, 0x7a)],
            's' => &[(0x09, 0x0a), (0x0c, 0x0d), (0x20, 0x20)],
            _ => return None,
        };
        self.cursor.at += 2;
        let set = self.closed(Set::of(spans));
        Some(if letter.is_ascii_uppercase() {
            set.complement(Dialect::Re2.last_unit())
        } else {
            set
        })
    }

    /// At `\`: the code point that the escape stands for.
    pub(super) fn character(&mut self) -> Result<u32, Fault> {
        let at = self.cursor.at;
        self.cursor.at += 1;
        let Some(letter) = self.cursor.next() else {
            return self
                .cursor
                .fault(at, "trailing backslash at end of expression");
        };
        let code = match char::from_u32(letter) {
            Some('a') => Some(0x07),
            Some('t') => Some(0x09),
            Some('n') => Some(0x0a),
            Some('v') => Some(0x0b),
            Some('f') => Some(0x0c),
            Some('r') => Some(0x0d),
            // One digit alone would look like a reference to a group.
            Some('1'..='7') if self.cursor.digit(8).is_none() => None,
            Some(c @ '0'..='7') => Some(self.octal(c)),
            Some('x') => self.hexadecimal(),
            Some(c) if c.is_ascii() && !c.is_ascii_alphanumeric() => Some(letter),
            _ => None,
        };
        match code {
            Some(code) => Ok(code),
            None => self.cursor.fault(at, "invalid escape sequence"),
        }
    }

    fn octal(&mut self, first: char) -> u32 {
        let mut value = first.to_digit(8).unwrap_or(0);
        for _ in 0..2 {
            let Some(digit) = self.cursor.digit(8) else {
                break;
            };
            value = value * 8 + digit;
            self.cursor.at += 1;
        }
        value
    }

    /// Two digits, or any number in braces.
    fn hexadecimal(&mut self) -> Option<u32> {
        if !self.cursor.eat("{") {
            let value = self.cursor.digit(16)? * 16 + self.cursor.ahead_digit(1, 16)?;
            self.cursor.at += 2;
            return Some(value);
        }
        let mut value = self.cursor.digit(16)?;
        self.cursor.at += 1;
        while let Some(digit) = self.cursor.digit(16) {
            value = value * 16 + digit;
            self.cursor.at += 1;
            if value > Dialect::Re2.last_unit() {
                return None;
            }
        }
        self.cursor.eat("}").then_some(value)
    }
}
