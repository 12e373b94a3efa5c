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
    /// Where something begins that is no token. Behind it nobody knows what is text, so everything is counted.
    pub(super) broken: Option<usize>,
}

/// Finds pairs of brackets and what makes a parser recurse, outside of strings, names in backticks and comments.
fn scan(text: &str) -> (Vec<(usize, usize)>, Weight) {
    let bytes = text.as_bytes();
    let mut open = Vec::new();
    let mut pairs = Vec::new();
    let (mut operators, mut deepest, mut choices) = (0, 0, 0);
    let mut broken = None;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if broken.is_none() {
            match passed_over(bytes, at) {
                Some(end) if end > at => {
                    at = end;
                    continue;
                }
                Some(_) => {}
                None => broken = Some(at),
            }
        }
        match byte {
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
            broken,
        },
    )
}

/// The offset behind the string, the name in backticks or the comment that begins at `at`; `at` if none does. `None` if
/// what begins there is no token of CEL: after it, the parser reads on at a place of its own.
fn passed_over(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = bytes.get(at..).unwrap_or_default();
    let before = at.checked_sub(1).and_then(|before| bytes.get(before));
    match rest {
        [b'"' | b'\'', ..] => string_end(bytes, at),
        [b'`', name @ ..] => {
            let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.-/ ".contains(byte);
            let length = name.iter().position(|byte| !is_part(byte))?;
            (length > 0 && name.get(length) == Some(&b'`')).then_some(at + length + 2)
        }
        [b'/', b'/', ..] => {
            let length = rest.iter().position(|byte| *byte == b'\n');
            Some(at + length.unwrap_or(rest.len()))
        }
        [sign @ (b'=' | b'&' | b'|'), next @ ..] => {
            let is_first = next.first() == Some(sign);
            let is_second = before == Some(sign)
                || *sign == b'=' && before.is_some_and(|before| b"<>!".contains(before));
            (is_first || is_second).then_some(at)
        }
        _ => Some(at),
    }
}

/// The offset behind the string that begins at `start`; `None` if it is not closed, or has a backslash or a line break
/// where none can be.
fn string_end(bytes: &[u8], start: usize) -> Option<usize> {
    let before = bytes.get(..start).unwrap_or_default();
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let is_raw = matches!(before, [.., b'r' | b'R']);
    let prefix = before.iter().rev().take_while(|byte| is_word(byte)).count();
    let prefix = before.get(start - prefix..).unwrap_or_default();
    let rest = bytes.get(start..).unwrap_or_default();
    let quote = match rest {
        [a, b, c, ..] if a == b && b == c => rest.get(..3)?,
        _ => rest.get(..1)?,
    };
    if !matches!(
        prefix,
        [] | [b'b' | b'B' | b'r' | b'R'] | [b'b' | b'B', b'r' | b'R']
    ) {
        return None;
    }
    let mut at = start + quote.len();
    loop {
        let rest = bytes.get(at..)?;
        if rest.starts_with(quote) {
            return Some(at + quote.len());
        }
        at += match rest {
            [] => return None,
            [b'\n' | b'\r', ..] if quote.len() == 1 => return None,
            [b'\\', escape @ ..] if !is_raw => 1 + escape_length(escape)?,
            _ => 1,
        };
    }
}

/// The length of what may stand behind a backslash; `None` if it may not.
fn escape_length(escape: &[u8]) -> Option<usize> {
    let (first, digits) = escape.split_first()?;
    let (length, radix) = match first {
        b'a' | b'b' | b'f' | b'n' | b'r' | b't' | b'v' | b'"' | b'\'' | b'\\' | b'?' | b'`' => {
            return Some(1);
        }
        b'0'..=b'3' => (2, 8),
        b'x' | b'X' => (2, 16),
        b'u' => (4, 16),
        b'U' => (8, 16),
        _ => return None,
    };
    let digits = digits.get(..length)?;
    let is_digit = |digit: &u8| char::from(*digit).is_digit(radix);
    digits.iter().all(is_digit).then_some(1 + length)
}
