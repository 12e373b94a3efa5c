//! Parsing, and the parser's complaints in plain words.

use std::ops::Range;
use std::thread::Builder;

use cel::IdedExpr;
use cel::common::ast::SourceInfo;
use cel::parser::{ParseError, ParseErrors, Parser};

use super::source::Source;
use crate::code::{CONDITION_SIZE, CONDITION_SYNTAX, Code};
use crate::finding::Finding;
use crate::path::Path;

/// The parser recurses for each of several operators in a row, so their number is limited.
const MOST_OPERATORS: usize = 1_000;

/// It recurses far more for each bracket within a bracket.
const MOST_NESTED: usize = 32;

/// Up to here the stack of any thread will do. Without optimisation the parser takes 150 KB of it for each bracket.
const LIGHT_OPERATORS: usize = 200;
const LIGHT_NESTING: usize = 4;

/// Enough for all that the limits allow, also without optimisation.
const STACK_BYTES: usize = 64 << 20;

/// A finding whose path is not known yet.
pub(super) struct Complaint {
    code: Code,
    span: Range<usize>,
    message: String,
    help: Option<String>,
}

impl Complaint {
    /// The finding, with its path.
    pub(super) fn at(self, path: Path<'_>) -> Finding {
        Finding::new(self.code, path, self.span, self.message).help(self.help)
    }
}

/// Parses a condition. Only the first mistake is given: the others are mostly its consequences.
pub(super) fn parse(source: &Source<'_>) -> Result<(IdedExpr, SourceInfo), Complaint> {
    let whole = |code, message: String, help: &str| Complaint {
        code,
        span: source.in_file(0..source.text.len()),
        message,
        help: Some(help.to_owned()),
    };
    let is_light =
        source.weight.operators <= MOST_OPERATORS && source.weight.nesting <= MOST_NESTED;
    if let Some(at) = source.weight.broken.filter(|_| !is_light) {
        return Err(unexpected(source, at));
    }
    if source.weight.operators > MOST_OPERATORS {
        let message = format!("the condition has more than {MOST_OPERATORS} operators");
        let help = "use `in [...]` for many constants, or move parts into segments";
        return Err(whole(CONDITION_SIZE, message, help));
    }
    if source.weight.nesting > MOST_NESTED {
        let message = format!("the condition is nested more than {MOST_NESTED} times");
        return Err(whole(CONDITION_SIZE, message, "move parts into segments"));
    }
    if source.text.trim().is_empty() {
        let message = "the condition is empty".to_owned();
        return Err(whole(
            CONDITION_SYNTAX,
            message,
            "leave `when` out to match everybody",
        ));
    }
    run(source).map_err(|errors| match errors.errors.first() {
        Some(error) => explain(source, error),
        None => whole(
            CONDITION_SYNTAX,
            "not a condition".to_owned(),
            "see docs/authoring.md",
        ),
    })
}

/// Runs the parser, on a larger stack where it could need one.
fn run(source: &Source<'_>) -> Result<(IdedExpr, SourceInfo), ParseErrors> {
    let parse = || {
        Parser::new()
            .enable_ident_escape_syntax(true)
            .parse_with_source_info(source.text)
    };
    if source.weight.operators <= LIGHT_OPERATORS && source.weight.nesting <= LIGHT_NESTING {
        return parse();
    }
    std::thread::scope(|scope| {
        let thread = Builder::new()
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, parse);
        thread
            .ok()
            .and_then(|thread| thread.join().ok())
            .unwrap_or(Err(ParseErrors { errors: Vec::new() }))
    })
}

fn explain(source: &Source<'_>, error: &ParseError) -> Complaint {
    let offset = offset(source.text, error.pos);
    let message = error
        .msg
        .strip_prefix("Syntax error: ")
        .unwrap_or(&error.msg);
    let words = |message: &str, help: &str| complaint(source, offset, message, help);
    if let Some(name) = message.strip_prefix("reserved identifier: ") {
        return words(&format!("`{name}` is a reserved word of CEL"), "");
    }
    if message.starts_with("invalid argument to has()") {
        return words(
            "`has` takes a dotted name",
            "for names that cannot be dotted: `request.headers[\"x-beta\"] != null`",
        );
    }
    if message.contains("int literal")
        || message.contains("double literal")
        || message.contains("uint literal")
    {
        return words("this number is out of range", "");
    }
    unexpected(source, offset)
}

/// Nothing can go on like this.
fn unexpected(source: &Source<'_>, offset: usize) -> Complaint {
    let rest = source.text.get(offset..).unwrap_or_default();
    let words = |message: &str, help: &str| complaint(source, offset, message, help);
    if rest.is_empty() {
        let help = if source.weight.unclosed {
            "is there a bracket that is not closed?"
        } else {
            ""
        };
        return words("the condition ends too early", help);
    }
    if rest.starts_with(['"', '\'']) {
        return words(
            "this text is not closed, or has a backslash where none can be",
            "a backslash in text is written `\\\\`, or not at all: `r\"\\d+\"`",
        );
    }
    let help = match rest {
        rest if rest.starts_with("and ") => "`and` is written `&&`",
        rest if rest.starts_with("or ") => "`or` is written `||`",
        rest if rest.starts_with('=') => "equality is written `==`",
        rest if rest.starts_with('&') => "`and` is written `&&`",
        rest if rest.starts_with('|') => "`or` is written `||`",
        _ if source
            .text
            .get(..offset)
            .is_some_and(|before| before.trim_end().ends_with("not")) =>
        {
            "`not` is written `!`"
        }
        _ => "",
    };
    words(&format!("`{}` is not expected here", word(rest)), help)
}

fn complaint(source: &Source<'_>, offset: usize, message: &str, help: &str) -> Complaint {
    let rest = source.text.get(offset..).unwrap_or_default();
    Complaint {
        code: CONDITION_SYNTAX,
        span: source.in_file(offset..offset + word(rest).len()),
        message: message.to_owned(),
        help: (!help.is_empty()).then(|| help.to_owned()),
    }
}

/// The byte offset of the parser's position: line and column from 1, the column in characters.
fn offset(text: &str, (line, column): (isize, isize)) -> usize {
    let skip = |from: isize| usize::try_from(from.saturating_sub(1)).unwrap_or_default();
    let start: usize = text
        .split_inclusive('\n')
        .take(skip(line))
        .map(str::len)
        .sum();
    let rest = text.get(start..).unwrap_or_default();
    start
        + rest
            .char_indices()
            .nth(skip(column))
            .map_or(rest.len(), |(at, _)| at)
}

/// The word or the sign that a text begins with.
fn word(text: &str) -> &str {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let length = match text.chars().next() {
        Some(first) if is_word(first) => text.find(|c| !is_word(c)).unwrap_or(text.len()),
        Some(first) => first.len_utf8(),
        None => 0,
    };
    text.get(..length).unwrap_or_default()
}
