//! RE2's syntax, as Go's `regexp/syntax` and RE2JS read it.

use super::{Assertion, Cursor, Dialect, Fault, MAX_DEPTH, Node, Parsed, Set, fold, unit};

mod class;
mod escape;

/// The most that a repetition can count to, nested ones together.
const MAX_REPEAT: u32 = 1000;

/// Parses a pattern; `ignore_case` is `(?i)` before it.
pub(super) fn parse(source: &str, ignore_case: bool) -> Result<Parsed, Fault> {
    let mut parser = Parser {
        cursor: Cursor {
            units: source.chars().map(u32::from).collect(),
            at: 0,
        },
        flags: Flags {
            ignore_case,
            ..Flags::default()
        },
        names: Vec::new(),
        unsupported: None,
    };
    let node = parser.alternatives(0)?;
    Ok(Parsed {
        node,
        unsupported: parser.unsupported,
    })
}

/// The flags that hold from a place on, up to the end of the group.
#[derive(Clone, Copy, Default)]
struct Flags {
    ignore_case: bool,
    /// `^` and `$` at lines too.
    lines: bool,
    /// `.` for line feeds too.
    dot_all: bool,
}

struct Parser {
    cursor: Cursor,
    flags: Flags,
    names: Vec<String>,
    unsupported: Option<(usize, &'static str)>,
}

impl Parser {
    fn alternatives(&mut self, depth: usize) -> Result<Node, Fault> {
        if depth > MAX_DEPTH {
            return Err(Fault::TooDeep);
        }
        let mut branches = Vec::new();
        let mut branch: Vec<Node> = Vec::new();
        // Whether the last thing was a repetition, which cannot be repeated itself.
        let mut repeated = false;
        loop {
            let at = self.cursor.at;
            let Some(next) = self.cursor.peek() else {
                if depth > 0 {
                    return self.cursor.fault(at, "missing closing )");
                }
                break;
            };
            if let Some((min, max)) = self.repetition()? {
                self.cursor.eat("?");
                if repeated {
                    return self.cursor.fault(at, "invalid nested repetition operator");
                }
                let Some(node) = branch.pop() else {
                    return self
                        .cursor
                        .fault(at, "missing argument to repetition operator");
                };
                let node = node.repeat(min, max);
                if next == unit('{') && !may_repeat(&node, MAX_REPEAT) {
                    return self.cursor.fault(at, "invalid repeat count");
                }
                branch.push(node);
                repeated = true;
                continue;
            }
            repeated = false;
            match char::from_u32(next) {
                Some(')') if depth == 0 => return self.cursor.fault(at, "unexpected )"),
                Some(')') => break,
                Some('|') => {
                    self.cursor.at += 1;
                    branches.push(Node::concat(std::mem::take(&mut branch)));
                }
                Some('(') => branch.extend(self.group(depth)?),
                Some('\\') => self.escape(&mut branch)?,
                _ => branch.push(self.atom(next)?),
            }
        }
        branches.push(Node::concat(branch));
        Ok(Node::alternate(branches))
    }

    fn atom(&mut self, next: u32) -> Result<Node, Fault> {
        if next == unit('[') {
            return self.class();
        }
        self.cursor.at += 1;
        Ok(match char::from_u32(next) {
            Some('^') if self.flags.lines => Node::Assert(Assertion::LineStart),
            Some('^') => Node::Assert(Assertion::Start),
            Some('$') if self.flags.lines => Node::Assert(Assertion::LineEnd),
            Some('$') => Node::Assert(Assertion::End),
            Some('.') => {
                let excluded = if self.flags.dot_all {
                    Set::default()
                } else {
                    Set::one(0x0a)
                };
                Node::Set(excluded.complement(Dialect::Re2.last_unit()))
            }
            _ => self.literal(next),
        })
    }

    /// A group, or nothing for one that only sets flags.
    fn group(&mut self, depth: usize) -> Result<Option<Node>, Fault> {
        let at = self.cursor.at;
        let outside = self.flags;
        if self.cursor.eat("(?P<") || self.cursor.eat("(?<") {
            self.name(at)?;
        } else if self.cursor.eat("(?") {
            if !self.set_flags(at)? {
                return Ok(None);
            }
        } else {
            self.cursor.at += 1;
        }
        let node = self.alternatives(depth + 1)?;
        // The alternatives ended at `)`.
        self.cursor.at += 1;
        self.flags = outside;
        Ok(Some(node))
    }

    fn name(&mut self, group: usize) -> Result<(), Fault> {
        let mut name = String::new();
        while let Some(c) = self.cursor.peek().and_then(char::from_u32) {
            if !c.is_ascii_alphanumeric() && c != '_' {
                break;
            }
            name.push(c);
            self.cursor.at += 1;
        }
        if name.is_empty() || !self.cursor.eat(">") {
            return self.cursor.fault(group, "invalid named capture");
        }
        if self.names.contains(&name) {
            return self.cursor.fault(group, "duplicate capture group name");
        }
        self.names.push(name);
        Ok(())
    }

    /// Behind `(?`: letters, and whether a group follows (`:`) or the rest of the one that is open (`)`).
    fn set_flags(&mut self, group: usize) -> Result<bool, Fault> {
        let mut flags = self.flags;
        let mut value = true;
        // Behind a minus there must be a letter.
        let mut complete = true;
        while let Some(c) = self.cursor.next().and_then(char::from_u32) {
            match c {
                'i' => flags.ignore_case = value,
                'm' => flags.lines = value,
                's' => flags.dot_all = value,
                // Which of several matches is preferred does not matter.
                'U' => {}
                '-' if value => {
                    value = false;
                    complete = false;
                    continue;
                }
                ':' | ')' if complete => {
                    self.flags = flags;
                    return Ok(c == ':');
                }
                _ => break,
            }
            complete = true;
        }
        self.cursor
            .fault(group, "invalid or unsupported Perl syntax")
    }

    /// A repetition that comes next. Braces that are none are text, and left alone.
    fn repetition(&mut self) -> Result<Option<(u32, Option<u32>)>, Fault> {
        let at = self.cursor.at;
        let simple = [("*", 0, None), ("+", 1, None), ("?", 0, Some(1))];
        for (text, min, max) in simple {
            if self.cursor.eat(text) {
                return Ok(Some((min, max)));
            }
        }
        let counts = self.cursor.counts(number);
        if let Some((min, max)) = counts
            && (min > MAX_REPEAT || max.is_some_and(|max| max > MAX_REPEAT || max < min))
        {
            return self.cursor.fault(at, "invalid repeat count");
        }
        Ok(counts)
    }

    /// A code point that stands for itself.
    fn literal(&self, code: u32) -> Node {
        Node::Set(self.closed(Set::one(code)))
    }

    /// A set with all that is equal where case is ignored.
    fn closed(&self, set: Set) -> Set {
        let set = set.normal();
        if self.flags.ignore_case {
            fold::close(set, Dialect::Re2)
        } else {
            set
        }
    }
}

/// A number without zeros before it.
fn number(cursor: &mut Cursor) -> Option<u32> {
    if cursor.looking_at("0") && cursor.ahead_digit(1, 10).is_some() {
        return None;
    }
    cursor.number()
}

/// Whether counts of repetitions, nested ones multiplied, stay within `limit`.
fn may_repeat(node: &Node, limit: u32) -> bool {
    match node {
        // Where a count is needed, `*`, `+` and `?` count once: the limit stays.
        Node::Repeat { node, min, max } => {
            let count = match max {
                Some(0) => return true,
                Some(max) => *max,
                None => *min,
            };
            count <= limit && may_repeat(node, limit.checked_div(count).unwrap_or(limit))
        }
        Node::Concat(nodes) | Node::Alternate(nodes) => {
            nodes.iter().all(|node| may_repeat(node, limit))
        }
        Node::Empty | Node::Set(_) | Node::Assert(_) => true,
    }
}
