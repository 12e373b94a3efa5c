//! Regular expressions in the dialects of other languages, compiled to programs.
//!
//! A pattern is parsed to a small tree and the tree becomes a nondeterministic automaton of at most [`MAX_PROGRAM`]
//! instructions, which the core runs in time proportional to the text times the program. This module is small, since
//! sources of flags that are read at the edge need it there; patterns of `flagstone.toml` become tables instead.

mod assemble;
mod ecmascript;
mod fold;
#[cfg(feature = "re2")]
mod re2;
mod set;

pub use flagstone_core::layout::MAX_PROGRAM;

use flagstone_core::layout::{InstructionRecord, SpanRecord};
use set::Set;
use std::fmt;

/// Whose regular expressions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// `new RegExp(source)` of JavaScript and `.test(text)`, or with `"i"` where case is ignored: units of UTF-16, with
    /// the old forms of the standard's annex B, as Node 20 has it.
    EcmaScript,
    /// RE2 as Go and RE2JS have it: code points, flags within the pattern, classes by name.
    Re2,
}

/// Why a pattern did not become a program. Places are bytes of the pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PatternError {
    /// It is no pattern of the dialect: the language itself refuses it.
    Syntax {
        /// Where.
        at: usize,
        /// What is wrong.
        message: &'static str,
    },
    /// It is a pattern of the dialect, with something that programs cannot do.
    Unsupported {
        /// Where.
        at: usize,
        /// The construct, in words.
        what: &'static str,
    },
    /// It needs more than [`MAX_PROGRAM`] instructions, or nests groups more than [`MAX_DEPTH`] deep.
    TooLarge,
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax { at, message } => write!(f, "{message}, at byte {at}"),
            Self::Unsupported { at, what } => write!(f, "{what} are not supported, at byte {at}"),
            Self::TooLarge => write!(f, "needs more than {MAX_PROGRAM} instructions"),
        }
    }
}

impl std::error::Error for PatternError {}

/// How deep groups can nest.
pub const MAX_DEPTH: usize = 200;

/// What is wrong with a pattern, if anything; takes time in proportion to its length and the size of its program.
///
/// ```
/// use flagstone_compile::regex::{Dialect, PatternError, check};
///
/// assert_eq!(check(Dialect::EcmaScript, r"^\w+@shop\.example$", false), Ok(()));
/// let lookahead = PatternError::Unsupported { at: 1, what: "lookaheads" };
/// assert_eq!(check(Dialect::EcmaScript, "a(?!b)", false), Err(lookahead));
/// assert!(matches!(check(Dialect::EcmaScript, "a)", false), Err(PatternError::Syntax { at: 1, .. })));
/// ```
///
/// # Errors
/// If the language refuses the pattern, if it has something that programs cannot do, or if the program is too large; the
/// first of these three that is the case.
pub fn check(dialect: Dialect, source: &str, ignore_case: bool) -> Result<(), PatternError> {
    compile(dialect, source, ignore_case).map(|_| ())
}

/// A pattern as the core runs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Program {
    pub(crate) code: Vec<InstructionRecord>,
    pub(crate) spans: Vec<SpanRecord>,
    pub(crate) start: u16,
}

pub(crate) fn compile(
    dialect: Dialect,
    source: &str,
    ignore_case: bool,
) -> Result<Program, PatternError> {
    // The places of the parser are units or code points.
    let bytes = |place: usize| {
        let width = |c: &char| match dialect {
            Dialect::EcmaScript => c.len_utf16(),
            Dialect::Re2 => 1,
        };
        let mut before = 0;
        let chars = source.chars().take_while(|c| {
            before += width(c);
            before <= place
        });
        chars.map(char::len_utf8).sum()
    };
    let parsed = match dialect {
        Dialect::EcmaScript => ecmascript::parse(source, ignore_case),
        #[cfg(feature = "re2")]
        Dialect::Re2 => re2::parse(source, ignore_case),
        #[cfg(not(feature = "re2"))]
        Dialect::Re2 => {
            return Err(PatternError::Unsupported {
                at: 0,
                what: "RE2's syntax, which this program was built without",
            });
        }
    };
    match parsed {
        Ok(Parsed {
            node,
            unsupported: None,
        }) => assemble::assemble(&node, dialect.last_unit()).ok_or(PatternError::TooLarge),
        Ok(Parsed {
            unsupported: Some((at, what)),
            ..
        }) => Err(PatternError::Unsupported {
            at: bytes(at),
            what,
        }),
        Err(Fault::Syntax { at, message }) => Err(PatternError::Syntax {
            at: bytes(at),
            message,
        }),
        Err(Fault::TooDeep) => Err(PatternError::TooLarge),
    }
}

impl Dialect {
    /// The greatest unit.
    fn last_unit(self) -> u32 {
        match self {
            Self::EcmaScript => 0xffff,
            Self::Re2 => char::MAX as u32,
        }
    }
}

/// A pattern as a tree. Whether a repetition is greedy, and which groups capture, does not matter for yes or no.
enum Node {
    Empty,
    /// One unit out of a set.
    Set(Set),
    Assert(Assertion),
    Concat(Vec<Node>),
    Alternate(Vec<Node>),
    Repeat {
        node: Box<Node>,
        min: u32,
        /// `None` without a limit.
        max: Option<u32>,
    },
}

impl Node {
    fn concat(mut nodes: Vec<Self>) -> Self {
        match nodes.len() {
            0 => Self::Empty,
            1 => nodes.swap_remove(0),
            _ => Self::Concat(nodes),
        }
    }

    fn alternate(mut branches: Vec<Self>) -> Self {
        match branches.len() {
            1 => branches.swap_remove(0),
            _ => Self::Alternate(branches),
        }
    }

    fn repeat(self, min: u32, max: Option<u32>) -> Self {
        Self::Repeat {
            node: Box::new(self),
            min,
            max,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(
    not(feature = "re2"),
    expect(dead_code, reason = "lines are RE2's affair")
)]
enum Assertion {
    Start,
    End,
    LineStart,
    LineEnd,
    Boundary,
    NotBoundary,
}

struct Parsed {
    node: Node,
    /// The first construct that programs cannot do. It is found while the rest is still read, since a mistake behind it
    /// matters more.
    unsupported: Option<(usize, &'static str)>,
}

/// Why parsing ended early.
enum Fault {
    Syntax { at: usize, message: &'static str },
    TooDeep,
}

/// A pattern's units or code points, and a place among them.
struct Cursor {
    units: Vec<u32>,
    at: usize,
}

impl Cursor {
    fn peek(&self) -> Option<u32> {
        self.ahead(0)
    }

    fn ahead(&self, count: usize) -> Option<u32> {
        self.units.get(self.at + count).copied()
    }

    fn next(&mut self) -> Option<u32> {
        let unit = self.peek()?;
        self.at += 1;
        Some(unit)
    }

    /// Goes on behind `text` if it comes next.
    fn eat(&mut self, text: &str) -> bool {
        let found = self.looking_at(text);
        if found {
            self.at += text.len();
        }
        found
    }

    /// Whether `text`, which is ASCII, comes next.
    fn looking_at(&self, text: &str) -> bool {
        let mut ahead = self.units.iter().skip(self.at);
        text.bytes().all(|byte| ahead.next() == Some(&byte.into()))
    }

    /// The value of the digit that comes next.
    fn digit(&self, radix: u32) -> Option<u32> {
        self.ahead_digit(0, radix)
    }

    fn ahead_digit(&self, count: usize, radix: u32) -> Option<u32> {
        char::from_u32(self.ahead(count)?)?.to_digit(radix)
    }

    /// A decimal number; one that is too large is the largest.
    fn number(&mut self) -> Option<u32> {
        let mut number = self.digit(10)?;
        self.at += 1;
        while let Some(digit) = self.digit(10) {
            number = number.saturating_mul(10).saturating_add(digit);
            self.at += 1;
        }
        Some(number)
    }

    /// `{2}`, `{2,}` or `{2,4}`, with numbers as the dialect reads them; anything else that begins with a brace is left alone.
    fn counts(&mut self, number: impl Fn(&mut Self) -> Option<u32>) -> Option<(u32, Option<u32>)> {
        let at = self.at;
        let counts = self.braces(number);
        if counts.is_none() {
            self.at = at;
        }
        counts
    }

    fn braces(&mut self, number: impl Fn(&mut Self) -> Option<u32>) -> Option<(u32, Option<u32>)> {
        if !self.eat("{") {
            return None;
        }
        let min = number(self)?;
        let max = if !self.eat(",") {
            Some(min)
        } else if self.looking_at("}") {
            None
        } else {
            Some(number(self)?)
        };
        self.eat("}").then_some((min, max))
    }

    fn fault<T>(&self, at: usize, message: &'static str) -> Result<T, Fault> {
        Err(Fault::Syntax { at, message })
    }
}

/// A character as a unit.
const fn unit(c: char) -> u32 {
    c as u32
}
