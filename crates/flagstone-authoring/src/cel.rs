//! Conditions: from CEL to those of the model.
//!
//! The text is parsed by the crate `cel`; its tree is then lowered form by form. What has no counterpart in the model is
//! an error at its place.

mod compare;
mod constant;
mod form;
mod operand;
mod source;
mod syntax;

use std::ops::Range;

use flagstone_compile::model::Condition;

use self::form::Form;
use self::source::Source;
use crate::lower::Lower;
use crate::path::Path;

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
            // False decides whatever the others are.
            Condition::Any(inner) if inner.is_empty() => return Condition::never(),
            other => flat.push(other),
        }
    }
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
            Condition::All(inner) if inner.is_empty() => return Condition::always(),
            other => flat.push(other),
        }
    }
    match flat.len() {
        1 => flat.pop().unwrap_or_else(Condition::never),
        _ => Condition::Any(flat),
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
