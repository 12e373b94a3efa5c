//! Reports of browsers that people have seen a variant: `docs/frontend.md` lays their form down.

use crate::answer::Answer;
use crate::append::Append;
use crate::context::{Entropy, Given};
use crate::desk::Visit;
use crate::forms::push_json;
use crate::head::RequestHead;
use crate::identity::may_store;
use crate::route::{TO_BROWSER, named, pairs};
use flagstone_core::{AttributeIndex, AttributeValue, Attributes, Flag};
use flagstone_json::Json;
use std::fmt::Write as _;

/// Where they are sent.
pub(crate) const PATH: &str = "/.flagstone/exposure";
/// Reports in one body.
const MOST: usize = 100;
/// How deep bodies may be nested.
const DEPTH: u8 = 8;
/// How long ago something may have been seen, in milliseconds: a day.
const LONGEST: f64 = 86_400_000.0;
/// The version of the form.
const VERSION: f64 = 1.0;

/// Takes a report. Nobody waits for the answer: what is to be passed over gets the same.
pub(crate) fn answer<'v, H: RequestHead>(
    visit: &Visit<'v, '_, H>,
    entropy: &'v mut Entropy<'v>,
) -> Answer {
    let parts = visit.parts;
    if parts.head.method() != "POST" {
        return Answer::new(405, [("allow", "POST")]);
    }
    // Browsers say where a request comes from, and no page can say otherwise.
    if parts
        .header("sec-fetch-site")
        .is_some_and(|site| site.trim_ascii() != b"same-origin")
    {
        return Answer::new(403, []);
    }
    let mut answer = Answer::new(204, []);
    let is_heard = !visit.asked.is_limited
        && !parts.is_bot()
        && may_store(parts, &visit.snapshot, &visit.edge);
    if is_heard {
        answer.lines = lines(visit, entropy).unwrap_or_default();
    }
    answer
}

fn lines<'v, H: RequestHead>(
    visit: &Visit<'v, '_, H>,
    entropy: &'v mut Entropy<'v>,
) -> Option<Vec<String>> {
    let body = String::from_utf8_lossy(visit.asked.body?);
    let body = Json::read_within(&body, DEPTH).ok()?;
    let view = body.get("view")?.text().filter(|view| is_id(view))?;
    if body.get("version")?.number() != Some(VERSION) {
        return None;
    }
    let nothing = Given {
        attributes: &(),
        is_visitor: true,
    };
    let context = visit.context(nothing, entropy);
    let unit = match context.attribute(AttributeIndex::TARGETING_KEY) {
        AttributeValue::Text(key) => Some(key),
        _ => None,
    };
    let flag = |name: &str| -> Option<Flag<'_>> {
        let (first, count) = (visit.edge.aliases, visit.edge.aliases_count);
        let alias = pairs(&visit.snapshot, first, count).find(|(_, alias)| *alias == name);
        let key = alias.map_or(name, |(key, _)| key);
        let of = named(&visit.snapshot, &visit.edge, key)?;
        (of.roles & TO_BROWSER != 0).then_some(of.flag)
    };
    let exposures = body.get("exposures")?.elements().iter().take(MOST);
    let lines = exposures.filter_map(|exposure| {
        let flag = flag(exposure.get("flag")?.text()?)?;
        let variant = exposure.get("variant")?.text()?;
        flag.find_variant(variant)?;
        let ago = exposure.get("ago").and_then(Json::number).unwrap_or(0.0);
        let time = visit.now.0 - ago.clamp(0.0, LONGEST) as i64;
        let mut line = String::with_capacity(160);
        // Writing to a string does not fail.
        let _ = write!(
            line,
            r#"{{"flagstone":"exposure","view":"{view}","time":{time},"flag":"#
        );
        push_json(&mut line, flag.key());
        line.append(",\"variant\":");
        push_json(&mut line, variant);
        let revision = exposure.get("revision").and_then(Json::number);
        if let Some(revision) = revision.filter(|number| *number >= 0.0) {
            let _ = write!(line, ",\"revision\":{}", revision as u64);
        }
        if let Some(unit) = unit {
            line.append(",\"unit\":");
            push_json(&mut line, unit);
        }
        line.append("}\n");
        Some(line)
    });
    Some(lines.collect())
}

/// Whether it names a page view: 16 hexadecimal digits.
fn is_id(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests;
