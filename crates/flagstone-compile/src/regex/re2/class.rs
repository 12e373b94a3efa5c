//! Classes: `[…]`, and those by name within.

use super::super::{Dialect, Fault, Node, Set, unit};
use super::Parser;

impl Parser {
    /// At `[`. A `]` that comes first is itself.
    pub(super) fn class(&mut self) -> Result<Node, Fault> {
        let at = self.cursor.at;
        self.cursor.at += 1;
        let negated = self.cursor.eat("^");
        let mut set = Set::default();
        let mut first = true;
        while first || !self.cursor.eat("]") {
            first = false;
            if let Some(named) = self.posix_class()? {
                set.extend(&named);
                continue;
            }
            if self.unicode_class()? {
                continue;
            }
            if let Some(named) = self.perl_class() {
                set.extend(&named);
                continue;
            }
            let from_at = self.cursor.at;
            let from = self.class_character(at)?;
            let mut to = from;
            if self.cursor.looking_at("-") && !self.cursor.looking_at("-]") {
                self.cursor.at += 1;
                to = self.class_character(at)?;
                if to < from {
                    return self.cursor.fault(from_at, "invalid character class range");
                }
            }
            set.add(from, to);
        }
        let set = self.closed(set);
        Ok(Node::Set(if negated {
            set.complement(Dialect::Re2.last_unit())
        } else {
            set
        }))
    }

    fn class_character(&mut self, class: usize) -> Result<u32, Fault> {
        match self.cursor.peek() {
            None => self.cursor.fault(class, "missing closing ]"),
            Some(code) if code == unit('\\') => self.character(),
            Some(code) => {
                self.cursor.at += 1;
                Ok(code)
            }
        }
    }

    /// `[:alpha:]`, `[:^alpha:]` and so on, if one comes next. Without `:]` anywhere behind it, `[:` is text.
    fn posix_class(&mut self) -> Result<Option<Set>, Fault> {
        let at = self.cursor.at;
        if !self.cursor.looking_at("[:") {
            return Ok(None);
        }
        // The colon is read again: it may be the one of `:]` too, and then the class has no name.
        self.cursor.at += 1;
        let mut text = String::new();
        while !self.cursor.eat(":]") {
            let Some(code) = self.cursor.next() else {
                self.cursor.at = at;
                return Ok(None);
            };
            text.push(char::from_u32(code).unwrap_or_default());
        }
        let name = text.strip_prefix(':').unwrap_or_default();
        let negated = name.starts_with('^');
        let name = name.strip_prefix('^').unwrap_or(name);
        let spans: &[(u32, u32)] = match name {
            "alnum" => &[(0x30, 0x39), (0x41, 0x5a), (0x61, 0x7a)],
            "alpha" => &[(0x41, 0x5a), (0x61, 0x7a)],
            "ascii" => &[(0x00, 0x7f)],
            "blank" => &[(0x09, 0x09), (0x20, 0x20)],
            "cntrl" => &[(0x00, 0x1f), (0x7f, 0x7f)],
            "digit" => &[(0x30, 0x39)],
            "graph" => &[(0x21, 0x7e)],
            "lower" => &[(0x61, 0x7a)],
            "print" => &[(0x20, 0x7e)],
            "punct" => &[(0x21, 0x2f), (0x3a, 0x40), (0x5b, 0x60), (0x7b, 0x7e)],
            "space" => &[(0x09, 0x0d), (0x20, 0x20)],
            "upper" => &[(0x41, 0x5a)],
            "word" => &[(0x30, 0x39), (0x41, 0x5a), (0x5f, 0x5f), (0x61, 0x7a)],
            "xdigit" => &[(0x30, 0x39), (0x41, 0x46), (0x61, 0x66)],
            _ => return self.cursor.fault(at, "invalid character class range"),
        };
        let set = self.closed(Set::of(spans));
        Ok(Some(if negated {
            set.complement(Dialect::Re2.last_unit())
        } else {
            set
        }))
    }
}
