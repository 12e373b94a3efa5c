//! Conditions: from CEL to those of the model.
//!
//! The text is parsed by the crate `cel`; its tree is then lowered form by form. What has no counterpart in the model is
//! an error at its place.

mod bucket;
mod compare;
pub(crate) mod constant;
pub(crate) mod form;
pub(crate) mod function;
mod operand;
pub(crate) mod reading;
mod source;
pub(crate) mod syntax;

use std::ops::Range;

use flagstone_compile::model::{Condition, Test};

use self::form::Form;
use self::source::Source;
use crate::lower::Lower;
use crate::path::Path;

/// What CEL does not take for the name of a variable.
pub(crate) const RESERVED: [&str; 21] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "false",
    "for",
    "function",
    "if",
    "import",
    "in",
    "let",
    "loop",
    "namespace",
    "null",
    "package",
    "return",
    "true",
    "var",
    "void",
    "while",
];

/// Lowers a condition. On errors, which are reported, the condition is one that never holds.
///
/// `text` is the condition, `span` the place of the TOML string that holds it, `owner` the key of the flag that it stands
/// in, empty for a segment.
pub(crate) fn lower(
    context: &mut Lower<'_>,
    text: &str,
    span: Range<usize>,
    owner: &str,
    path: Path<'_>,
) -> Condition {
    let source = Source::new(text, context.text, span);
    match syntax::parse(&source) {
        Ok((expression, info)) => {
            let mut form = Form {
                context,
                source: &source,
                info: &info,
                owner,
                path,
            };
            form.condition(&expression)
        }
        Err(finding) => {
            context.report.add(finding.at(path));
            Condition::never()
        }
    }
}

/// The conjunction, as flat as it can be.
pub(crate) fn all(parts: Vec<Condition>) -> Condition {
    let mut flat = Vec::with_capacity(parts.len());
    for part in parts {
        match part {
            Condition::All(inner) => flat.extend(inner),
            other => flat.push(other),
        }
    }
    decided(&mut flat, &Condition::never());
    match flat.len() {
        1 => flat.pop().unwrap_or_else(Condition::always),
        _ => Condition::All(flat),
    }
}

/// The disjunction, as flat as it can be.
fn any(parts: Vec<Condition>) -> Condition {
    let mut flat = Vec::with_capacity(parts.len());
    for part in parts {
        match part {
            Condition::Any(inner) => flat.extend(inner),
            other => flat.push(other),
        }
    }
    decided(&mut flat, &Condition::always());
    match flat.len() {
        1 => flat.pop().unwrap_or_else(Condition::never),
        _ => Condition::Any(flat),
    }
}

/// A condition as it is read: flat, without double opposites and without constants that say nothing.
pub(crate) fn tidy(condition: &Condition) -> Condition {
    match condition {
        Condition::All(parts) => all(parts.iter().map(tidy).collect()),
        Condition::Any(parts) => any(parts.iter().map(tidy).collect()),
        Condition::Not(inner) => not(tidy(inner)),
        Condition::Test(Test::Within { name, scope, when }) => Condition::Test(Test::Within {
            name: name.clone(),
            scope: *scope,
            when: Box::new(tidy(when)),
        }),
        Condition::Test(test) => Condition::Test(test.clone()),
    }
}

/// Leaves out what a constant decides whatever it is: all that comes behind it, and before it what cannot fail.
fn decided(parts: &mut Vec<Condition>, constant: &Condition) {
    if let Some(at) = parts.iter().position(|part| part == constant) {
        let mut before = parts.iter().take(at);
        let kept = before.rposition(may_fail).map_or(0, |last| last + 1);
        parts.truncate(kept);
        parts.push(constant.clone());
    }
}

/// Whether an evaluation may end at this condition, so that it matters whether it is asked.
fn may_fail(condition: &Condition) -> bool {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().any(may_fail),
        Condition::Not(inner) => may_fail(inner),
        Condition::Test(test) => !matches!(
            test,
            Test::Attribute { .. } | Test::Now { .. } | Test::Inside(_)
        ),
    }
}

/// The opposite.
fn not(condition: Condition) -> Condition {
    match condition {
        Condition::Not(inner) => *inner,
        Condition::All(parts) if parts.is_empty() => Condition::never(),
        Condition::Any(parts) if parts.is_empty() => Condition::always(),
        other => Condition::Not(Box::new(other)),
    }
}
