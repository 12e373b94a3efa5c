//! The text of a condition and its place in the file.

use std::ops::Range;

use cel::IdedExpr;
use cel::common::ast::{EntryExpr, Expr, LiteralValue, SourceInfo};

/// The text of a condition.
pub(super) struct Source<'a> {
    pub(super) text: &'a str,
    /// Offset in the file of the text's first byte, if each byte of the text is one byte of the file.
    exact: Option<usize>,
    /// The place of the TOML string.
    span: Range<usize>,
    /// Pairs of brackets, by their offsets in the text.
    brackets: Vec<(usize, usize)>,
    pub(super) weight: Weight,
}

impl<'a> Source<'a> {
    /// `span` is the place of the TOML string in `file`.
    pub(super) fn new(text: &'a str, file: &str, span: Range<usize>) -> Self {
        let raw = file.get(span.clone()).unwrap_or_default();
        let quote = ["'''", "\"\"\"", "'", "\""]
            .into_iter()
            .find(|quote| raw.starts_with(quote));
        let quote = quote.unwrap_or_default();
        let body = raw
            .strip_prefix(quote)
            .and_then(|raw| raw.strip_suffix(quote))
            .unwrap_or_default();
        // A line break behind three quotes is not part of the text.
        let text_start = match quote.len() {
            3 if body.starts_with("\r\n") => 2,
            3 if body.starts_with('\n') => 1,
            _ => 0,
        };
        let is_exact = body.get(text_start..) == Some(text);
        let (brackets, weight) = scan(text);
        let exact = is_exact.then_some(span.start + quote.len() + text_start);
        Self {
            text,
            exact,
            span,
            brackets,
            weight,
        }
    }

    /// From offsets in the text to offsets in the file. A string with escapes is pointed at as a whole.
    pub(super) fn in_file(&self, range: Range<usize>) -> Range<usize> {
        match self.exact {
            Some(start) => start + range.start..start + range.end,
            None => self.span.clone(),
        }
    }

    /// The part of the text that an expression is made of.
    pub(super) fn extent(&self, expression: &IdedExpr, info: &SourceInfo) -> Range<usize> {
        let mut extent = self.token(expression, info);
        self.extend(expression, info, &mut extent);
        // Brackets around a part belong to the whole.
        loop {
            let before = extent.clone();
            for (open, close) in &self.brackets {
                if extent.contains(open) != extent.contains(close) {
                    extent = extent.start.min(*open)..extent.end.max(close + 1);
                }
            }
            if extent == before {
                break extent;
            }
        }
    }

    fn extend(&self, expression: &IdedExpr, info: &SourceInfo, extent: &mut Range<usize>) {
        let mut add = |part: &IdedExpr| {
            let token = self.token(part, info);
            if !token.is_empty() {
                *extent = extent.start.min(token.start)..extent.end.max(token.end);
            }
            self.extend(part, info, extent);
        };
        match &expression.expr {
            Expr::Call(call) => call
                .target
                .as_deref()
                .into_iter()
                .chain(&call.args)
                .for_each(&mut add),
            Expr::Select(select) => add(&select.operand),
            Expr::List(list) => list.elements.iter().for_each(&mut add),
            Expr::Map(map) => map.entries.iter().for_each(|entry| match &entry.expr {
                EntryExpr::MapEntry(entry) => {
                    [&entry.key, &entry.value].into_iter().for_each(&mut add)
                }
                EntryExpr::StructField(_) => {}
            }),
            Expr::Comprehension(comprehension) => add(&comprehension.iter_range),
            _ => {}
        }
    }

    /// The token that an expression hangs on, with what goes before it: the name of a function, the minus of a number.
    fn token(&self, expression: &IdedExpr, info: &SourceInfo) -> Range<usize> {
        let Some((start, last)) = info.offset_for(expression.id) else {
            return 0..0;
        };
        let end = (last as usize + 1).min(self.text.len());
        let start = (start as usize).min(end);
        let before = self.text.get(..start).unwrap_or_default().trim_end();
        let is_function = match &expression.expr {
            Expr::Call(call) => call.target.is_none(),
            Expr::Select(select) => select.test,
            _ => false,
        };
        match &expression.expr {
            _ if is_function && self.text.get(start..end) == Some("(") => {
                let name = before.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
                name.len()..end
            }
            Expr::Literal(LiteralValue::Int(_) | LiteralValue::Double(_))
                if before.ends_with('-') =>
            {
                // `a -5` is a subtraction, which is a call; only the sign of a number gets here.
                before.len() - 1..end
            }
            Expr::Select(select) => {
                let behind = self.text.get(end..).unwrap_or_default();
                let name = behind.len() - behind.trim_start().trim_start_matches('`').len();
                let escaped = usize::from(
                    behind
                        .get(..name)
                        .is_some_and(|skipped| skipped.contains('`')),
                );
                start..(end + name + select.field.len() + escaped).min(self.text.len())
            }
            Expr::Call(call) if call.target.is_some() => {
                // The bracket; the name is between it and the target.
                let name = before.len() - call.func_name.len().min(before.len());
                name..end
            }
            _ => start..end,
        }
    }
}

/// What makes a parser recurse.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Weight {
    /// Operators, dots and opening brackets, but for `&&`, `||` and `,`.
    pub(super) operators: usize,
    /// Brackets that are open at the same time, and question marks.
    pub(super) nesting: usize,
    /// A bracket is never closed.
    pub(super) unclosed: bool,
}

/// Finds pairs of brackets and what makes a parser recurse, outside of strings and comments.
fn scan(text: &str) -> (Vec<(usize, usize)>, Weight) {
    let bytes = text.as_bytes();
    let mut open = Vec::new();
    let mut pairs = Vec::new();
    let (mut operators, mut deepest, mut choices) = (0, 0, 0);
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' | b'\'' => {
                at = string_end(bytes, at);
                continue;
            }
            b'/' if bytes.get(at + 1) == Some(&b'/') => {
                let rest = bytes.get(at..).unwrap_or_default();
                at += rest
                    .iter()
                    .position(|byte| *byte == b'\n')
                    .unwrap_or(rest.len());
                continue;
            }
            b'(' | b'[' | b'{' => {
                open.push(at);
                operators += 1;
                deepest = deepest.max(open.len());
            }
            b')' | b']' | b'}' => pairs.extend(open.pop().map(|open| (open, at))),
            b'?' => choices += 1,
            b'.' | b'+' | b'-' | b'*' | b'/' | b'%' | b'<' | b'>' | b'=' | b'!' => operators += 1,
            _ => {}
        }
        at += 1;
    }
    (
        pairs,
        Weight {
            operators,
            nesting: deepest + choices,
            unclosed: !open.is_empty(),
        },
    )
}

/// The offset behind the string that begins at `start`; the end of the text if the string is not closed.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let raw = start
        .checked_sub(1)
        .and_then(|before| bytes.get(before))
        .is_some_and(|before| b"rR".contains(before));
    let rest = bytes.get(start..).unwrap_or_default();
    let quote = match rest {
        [a, b, c, ..] if a == b && b == c => rest.get(..3),
        _ => rest.get(..1),
    }
    .unwrap_or_default();
    let mut at = start + quote.len();
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with(quote) {
            return at + quote.len();
        }
        at += if !raw && rest.starts_with(b"\\") {
            2
        } else {
            1
        };
    }
    bytes.len()
}
