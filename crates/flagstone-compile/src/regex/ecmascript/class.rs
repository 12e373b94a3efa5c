//! Classes: `[…]`.

use super::super::{Dialect, Fault, Node, Set, unit};
use super::escape::Place;
use super::{Parser, named_set};

/// A part of a class: one unit, which can begin or end a span, or several.
enum Part {
    Unit(u32),
    Set(Set),
}

impl Part {
    fn add_to(&self, set: &mut Set) {
        match self {
            Self::Unit(unit) => set.add(*unit, *unit),
            Self::Set(other) => set.extend(other),
        }
    }
}

impl Parser {
    /// At `[`. The empty class matches nothing, its opposite everything.
    pub(super) fn class(&mut self) -> Result<Node, Fault> {
        let at = self.cursor.at;
        self.cursor.at += 1;
        let negated = self.cursor.eat("^");
        let mut set = Set::default();
        while !self.cursor.eat("]") {
            let from_at = self.cursor.at;
            let from = self.part(at)?;
            if !self.cursor.eat("-") {
                from.add_to(&mut set);
                continue;
            }
            if self.cursor.looking_at("]") {
                from.add_to(&mut set);
                set.add(unit('-'), unit('-'));
                continue;
            }
            match (from, self.part(at)?) {
                (Part::Unit(from), Part::Unit(to)) if from <= to => set.add(from, to),
                (Part::Unit(_), Part::Unit(_)) => {
                    return self
                        .cursor
                        .fault(from_at, "a span of a class is out of order");
                }
                // With several units at one end there is no span, and `-` is itself.
                (from, to) => {
                    from.add_to(&mut set);
                    set.add(unit('-'), unit('-'));
                    to.add_to(&mut set);
                }
            }
        }
        let set = self.closed(set);
        Ok(Node::Set(if negated {
            set.complement(Dialect::EcmaScript.last_unit())
        } else {
            set
        }))
    }

    fn part(&mut self, class: usize) -> Result<Part, Fault> {
        let at = self.cursor.at;
        let Some(next) = self.cursor.next() else {
            return self.cursor.fault(class, "a class is not closed");
        };
        if next != unit('\\') {
            return Ok(Part::Unit(next));
        }
        let Some(letter) = self.cursor.peek() else {
            return self.cursor.fault(at, r"`\` at the end of the pattern");
        };
        if let Some(set) = named_set(letter) {
            self.cursor.at += 1;
            return Ok(Part::Set(set));
        }
        if letter == unit('b') {
            self.cursor.at += 1;
            return Ok(Part::Unit(0x08));
        }
        if letter == unit('k') && self.has_names {
            return self
                .cursor
                .fault(at, r"`\k` in a class, with groups that have names");
        }
        Ok(Part::Unit(self.character(Place::Class)))
    }
}
