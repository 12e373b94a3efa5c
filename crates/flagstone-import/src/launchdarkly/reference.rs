//! Attribute references, and the attributes' names in the model.

use super::flag::MOST;
use crate::service::Sdk;
use flagstone_json::{Json, Node};
use std::borrow::Cow;

/// The kind of context that counts where none is named.
pub(super) const USER: &str = "user";
/// The attribute that is the list of a context's kinds.
pub(super) const KIND: &str = "kind";

/// An attribute that a definition refers to.
pub(super) enum Reference {
    /// One that a context can have, by its name in the model.
    Attribute(String),
    /// One of a kind of context that there cannot be.
    Nowhere,
    /// The reference makes no sense.
    Invalid,
}

/// Reads a reference beside a member that names the kind of context it is about.
pub(super) fn read(text: &str, kind: Option<Node<'_>>, sdk: Sdk) -> Reference {
    // COMPAT(launchdarkly): without a kind it is a name, as it was before there were kinds.
    let is_literal = !super::document::is_truthy(kind);
    let steps: Option<Vec<Cow<'_, str>>> = if is_literal {
        (!text.is_empty()).then(|| vec![text.into()])
    } else {
        steps(text, sdk)
    };
    let Some(steps) = steps else {
        return Reference::Invalid;
    };
    if let [only] = &*steps
        && only == KIND
    {
        return Reference::Attribute(KIND.to_owned());
    }
    let Some(kind) = self::kind(kind) else {
        return Reference::Nowhere;
    };
    let name = name(kind, steps.iter().map(AsRef::as_ref));
    if name.len() > MOST {
        return Reference::Invalid;
    }
    Reference::Attribute(name)
}

/// The kind that a member names; `None` if there cannot be such a context.
pub(super) fn kind<'k>(json: Option<Node<'k>>) -> Option<&'k str> {
    match json {
        None => Some(USER),
        Some(json) if json.is_null() => Some(USER),
        Some(json) => json.text().filter(|kind| is_kind(kind)),
    }
}

/// Whether a context can be of this kind.
pub(super) fn is_kind(kind: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    !kind.is_empty() && kind != KIND && kind.bytes().all(legal)
}

/// The name of the key of a kind.
pub(super) fn key_of(kind: &str) -> String {
    name(kind, ["key"].into_iter())
}

/// The name of the attribute that says whether the context of a kind is anonymous.
pub(super) fn anonymous_of(kind: &str) -> String {
    name(kind, ["anonymous"].into_iter())
}

/// The steps of a reference; `None` if it makes no sense.
#[inline(never)]
fn steps(text: &str, sdk: Sdk) -> Option<Vec<Cow<'_, str>>> {
    let Some(path) = text.strip_prefix('/') else {
        // COMPAT(launchdarkly): Node holds a plain name against the pattern for paths.
        let is_odd =
            sdk == Sdk::Node && (text.contains("//") || text.ends_with('~') || text == "_meta");
        return (!text.is_empty() && !is_odd).then(|| vec![text.into()]);
    };
    if path.is_empty() || text.contains("//") || text.ends_with('~') {
        return None;
    }
    if sdk == Sdk::Other && (path.ends_with('/') || !is_escaped(path, &['0', '1'])) {
        return None;
    }
    if sdk == Sdk::Node {
        // COMPAT(launchdarkly): `.` of the pattern does not go beyond the end of a line, and its class has two more members.
        let ends_line = |c| matches!(c, '\n' | '\r' | '\u{2028}' | '\u{2029}');
        let line = path.find(ends_line).unwrap_or(path.len());
        // A tilde is still seen when it is the last of its line.
        let seen = path.get(line..).and_then(|rest| rest.chars().next());
        let end = line + seen.map_or(0, char::len_utf8);
        if !is_escaped(path.get(..end)?, &['0', '1', '|', '^']) {
            return None;
        }
    }
    let steps: Vec<Cow<'_, str>> = path.split('/').map(|step| unescape(step, sdk)).collect();
    // What is below `_meta` cannot be referred to.
    let is_meta = sdk == Sdk::Node && steps.first().is_some_and(|first| first == "_meta");
    (!is_meta).then_some(steps)
}

/// Whether every tilde that something follows is followed by one of some characters.
fn is_escaped(path: &str, allowed: &[char]) -> bool {
    path.split('~')
        .skip(1)
        .all(|behind| match behind.chars().next() {
            Some(next) => allowed.contains(&next),
            // Two tildes: the second is what follows. At the end nothing does, or it was refused before.
            None => path.ends_with('~') && !path.contains("~~"),
        })
}

fn unescape(step: &str, sdk: Sdk) -> Cow<'_, str> {
    // COMPAT(launchdarkly): Node leaves a step that begins with a tilde as it is.
    if !step.contains('~') || (sdk == Sdk::Node && step.starts_with('~')) {
        return step.into();
    }
    step.replace("~1", "/").replace("~0", "~").into()
}

/// The name of an attribute: `user.email`, `user.address["x y"]`, `["a.b"].name` for a kind that is no identifier.
fn name<'s>(kind: &'s str, steps: impl Iterator<Item = &'s str>) -> String {
    let mut name = String::with_capacity(kind.len() + 16);
    for step in std::iter::once(kind).chain(steps) {
        if !is_identifier(step) {
            name.push('[');
            name.push_str(&Json::Text(step.into()).to_string());
            name.push(']');
            continue;
        }
        if !name.is_empty() {
            name.push('.');
        }
        name.push_str(step);
    }
    name
}

fn is_identifier(step: &str) -> bool {
    !step.starts_with(|first: char| first.is_ascii_digit())
        && !step.is_empty()
        && step
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The kind and the steps of a name that [`read`] gave.
#[cfg(feature = "answers")]
pub(super) fn parts(name: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        if let Some(quoted) = rest.strip_prefix('[') {
            // The text ends with the first quote that no backslash stands before.
            let mut is_escaped = false;
            let mut inside = quoted.char_indices().skip(1);
            let end = inside.find(|(_, c)| {
                let ends = *c == '"' && !is_escaped;
                is_escaped = *c == '\\' && !is_escaped;
                ends
            });
            let Some((at, _)) = end else { break };
            let step = quoted.get(..=at).map(Json::read);
            match step {
                Some(Ok(Json::Text(step))) => parts.push(step.into_owned()),
                _ => break,
            }
            rest = quoted.get(at + 2..).unwrap_or_default();
            continue;
        }
        let text = rest.strip_prefix('.').unwrap_or(rest);
        let end = text.find(['.', '[']).unwrap_or(text.len());
        let (step, behind) = text.split_at_checked(end).unwrap_or((text, ""));
        parts.push(step.to_owned());
        rest = behind;
    }
    parts
}

#[cfg(test)]
mod tests;
