//! JavaScript's syntax, without the flag `u`: ECMA-262, with annex B.1.2 where engines go beyond it.

use super::{Assertion, Cursor, Dialect, Fault, MAX_DEPTH, Node, Parsed, Set, fold, unit};

mod class;
mod escape;
mod name;

/// Parses `new RegExp(source)`, or with `"i"`.
pub(super) fn parse(source: &str, ignore_case: bool) -> Result<Parsed, Fault> {
    let cursor = Cursor {
        units: source.encode_utf16().map(u32::from).collect(),
        at: 0,
    };
    let (groups, has_names) = count_groups(&cursor.units);
    let mut parser = Parser {
        cursor,
        ignore_case,
        groups,
        has_names,
        opened: 0,
        open: Vec::new(),
        names: Vec::new(),
        named: Vec::new(),
        unsupported: None,
    };
    let node = parser.disjunction(0)?;
    if let Some((at, _)) = parser
        .named
        .iter()
        .find(|(_, name)| !parser.names.contains(name))
    {
        return parser.cursor.fault(*at, "there is no group of this name");
    }
    Ok(Parsed {
        node,
        unsupported: parser.unsupported,
    })
}

/// How many groups capture, and whether one has a name: both change what `\1` and `\k` before them mean.
fn count_groups(units: &[u32]) -> (u32, bool) {
    let (mut groups, mut has_names) = (0, false);
    let mut in_class = false;
    let mut rest = units;
    while let Some((unit, behind)) = rest.split_first() {
        rest = behind;
        match char::from_u32(*unit) {
            Some('\\') => rest = rest.get(1..).unwrap_or_default(),
            Some('[') => in_class = true,
            Some(']') => in_class = false,
            Some('(') if !in_class => {
                let mut next = rest.iter().map(|unit| char::from_u32(*unit));
                match (next.next(), next.next(), next.next()) {
                    (Some(Some('?')), Some(Some('<')), Some(Some('=' | '!'))) => {}
                    (Some(Some('?')), Some(Some('<')), _) => {
                        groups += 1;
                        has_names = true;
                    }
                    (Some(Some('?')), ..) => {}
                    _ => groups += 1,
                }
            }
            _ => {}
        }
    }
    (groups, has_names)
}

struct Parser {
    cursor: Cursor,
    ignore_case: bool,
    /// Groups that capture, in the whole pattern.
    groups: u32,
    has_names: bool,
    /// Groups that capture, so far.
    opened: u32,
    /// Those that are still open.
    open: Vec<u32>,
    names: Vec<String>,
    /// References to names, and where.
    named: Vec<(usize, String)>,
    unsupported: Option<(usize, &'static str)>,
}

/// What a group turned out to be, as far as a quantifier behind it is concerned.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Quantifiable {
    Yes,
    /// A lookbehind: the engine refuses a quantifier.
    No,
}

impl Parser {
    fn unsupported(&mut self, at: usize, what: &'static str) {
        self.unsupported.get_or_insert((at, what));
    }

    /// Alternatives, up to the end of the group or of the pattern.
    fn disjunction(&mut self, depth: usize) -> Result<Node, Fault> {
        if depth > MAX_DEPTH {
            return Err(Fault::TooDeep);
        }
        let mut branches = Vec::new();
        let mut branch = Vec::new();
        loop {
            let at = self.cursor.at;
            let Some(next) = self.cursor.peek() else {
                if depth > 0 {
                    return self.cursor.fault(at, "a group is not closed");
                }
                break;
            };
            // Surrogates are no characters, and mean nothing but themselves.
            match char::from_u32(next) {
                Some(')') if depth == 0 => {
                    return self.cursor.fault(at, "`)` without a group");
                }
                Some(')') => break,
                Some('|') => {
                    self.cursor.at += 1;
                    branches.push(Node::concat(std::mem::take(&mut branch)));
                    continue;
                }
                Some('*' | '+' | '?') => return self.cursor.fault(at, "nothing to repeat"),
                Some('{') if self.cursor.counts(Cursor::number).is_some() => {
                    return self.cursor.fault(at, "nothing to repeat");
                }
                _ => {}
            }
            if let Some(assertion) = self.assertion() {
                branch.push(Node::Assert(assertion));
                continue;
            }
            let (node, quantifiable) = self.atom(depth)?;
            branch.push(self.quantified(node, quantifiable)?);
        }
        branches.push(Node::concat(branch));
        Ok(Node::alternate(branches))
    }

    /// What stands for a place and cannot be repeated.
    fn assertion(&mut self) -> Option<Assertion> {
        let all = [
            ("^", Assertion::Start),
            ("$", Assertion::End),
            (r"\b", Assertion::Boundary),
            (r"\B", Assertion::NotBoundary),
        ];
        all.into_iter()
            .find_map(|(text, assertion)| self.cursor.eat(text).then_some(assertion))
    }

    fn atom(&mut self, depth: usize) -> Result<(Node, Quantifiable), Fault> {
        let node = match self.cursor.peek().and_then(char::from_u32) {
            Some('(') => return self.group(depth),
            Some('[') => self.class()?,
            Some('\\') => self.escape()?,
            Some('.') => {
                self.cursor.at += 1;
                let ends = Set::of(&[(0x0a, 0x0a), (0x0d, 0x0d), (0x2028, 0x2029)]);
                Node::Set(ends.complement(Dialect::EcmaScript.last_unit()))
            }
            _ => {
                let next = self.cursor.next().unwrap_or_default();
                self.literal(next)
            }
        };
        Ok((node, Quantifiable::Yes))
    }

    fn group(&mut self, depth: usize) -> Result<(Node, Quantifiable), Fault> {
        let at = self.cursor.at;
        let mut quantifiable = Quantifiable::Yes;
        let mut captures = false;
        let mut looks = false;
        if self.cursor.eat("(?:") {
        } else if self.cursor.eat("(?=") || self.cursor.eat("(?!") {
            looks = true;
            self.unsupported(at, "lookaheads");
        } else if self.cursor.eat("(?<=") || self.cursor.eat("(?<!") {
            looks = true;
            quantifiable = Quantifiable::No;
            self.unsupported(at, "lookbehinds");
        } else if self.cursor.eat("(?<") {
            captures = true;
            let name = self.name()?;
            if self.names.contains(&name) {
                return self.cursor.fault(at, "two groups have the same name");
            }
            self.names.push(name);
        } else if self.cursor.eat("(?") {
            return self.cursor.fault(at, "a group of no known kind");
        } else {
            self.cursor.at += 1;
            captures = true;
        }
        if captures {
            self.opened += 1;
            self.open.push(self.opened);
        }
        let node = self.disjunction(depth + 1)?;
        // The disjunction ended at `)`.
        self.cursor.at += 1;
        if captures {
            self.open.pop();
        }
        Ok((if looks { Node::Empty } else { node }, quantifiable))
    }

    /// A node and the quantifier behind it, if there is one.
    fn quantified(&mut self, node: Node, quantifiable: Quantifiable) -> Result<Node, Fault> {
        let at = self.cursor.at;
        let (min, max) = if self.cursor.eat("*") {
            (0, None)
        } else if self.cursor.eat("+") {
            (1, None)
        } else if self.cursor.eat("?") {
            (0, Some(1))
        } else if let Some((min, max)) = self.cursor.counts(Cursor::number) {
            if max.is_some_and(|max| max < min) {
                return self
                    .cursor
                    .fault(at, "a repetition's limits are out of order");
            }
            (min, max)
        } else {
            return Ok(node);
        };
        self.cursor.eat("?");
        if quantifiable == Quantifiable::No {
            return self.cursor.fault(at, "a lookbehind cannot be repeated");
        }
        Ok(node.repeat(min, max))
    }

    /// A unit that stands for itself.
    fn literal(&self, unit: u32) -> Node {
        Node::Set(self.closed(Set::one(unit)))
    }

    /// A set with all that is equal where case is ignored.
    fn closed(&self, set: Set) -> Set {
        let set = set.normal();
        if self.ignore_case {
            fold::close(set, Dialect::EcmaScript)
        } else {
            set
        }
    }
}

/// `\d`, `\D`, `\s`, `\S`, `\w` and `\W`.
fn named_set(letter: u32) -> Option<Set> {
    let spans: &[(u32, u32)] = match char::from_u32(letter)?.to_ascii_lowercase() {
        'd' => &[(0x30, 0x39)],
        'w' => &[(0x30, 0x39), (0x41, 0x5a), (0x5f, 0x5f), (0x61, 0x7a)],
        's' => &[
            (0x09, 0x0d),
            (0x20, 0x20),
            (0xa0, 0xa0),
            (0x1680, 0x1680),
            (0x2000, 0x200a),
            (0x2028, 0x2029),
            (0x202f, 0x202f),
            (0x205f, 0x205f),
            (0x3000, 0x3000),
            (0xfeff, 0xfeff),
        ],
        _ => return None,
    };
    let set = Set::of(spans);
    Some(if letter < unit('a') {
        set.complement(Dialect::EcmaScript.last_unit())
    } else {
        set
    })
}
