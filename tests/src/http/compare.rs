//! What a host did, held against what a case expects and against what another host did.

use regex::bytes::Regex;

use super::case::{Case, Message, Value};
use crate::hosts::{Headers, Request, Response};

/// What a host did with a request.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The name of each origin that was asked, and what it received.
    pub seen: Vec<(String, Request)>,
    /// The response to the visitor.
    pub response: Response,
}

/// Headers of the connection, and such as the runtimes add by themselves.
const IGNORED: [&str; 13] = [
    "accept-encoding", // Cloudflare replaces it
    "cdn-loop",
    "cf-connecting-ip",
    "cf-ew-via",
    "cf-ray",
    "cf-worker",
    "connection",
    "content-length",
    "date",
    "fastly-xqd-cache-key", // Viceroy passes on what the platform takes for itself
    "host",                 // depends on where the origin is
    "transfer-encoding",
    "x-forwarded-for",
];

/// What is not as the case expects.
pub fn check(case: &Case, outcome: &Outcome) -> Vec<String> {
    let mut problems = Vec::new();
    let mut problem = |text: String| problems.push(text);
    let sent = case.request();
    let asked = case.asked();
    let names = |names: &mut dyn Iterator<Item = &str>| {
        let mut names: Vec<String> = names.map(str::to_owned).collect();
        names.sort();
        names
    };
    let seen = names(&mut outcome.seen.iter().map(|(origin, _)| origin.as_str()));
    if seen != names(&mut asked.iter().copied()) {
        problem(format!("{seen:?} were asked instead of {asked:?}"));
    }
    let last = asked.last().copied().unwrap_or_default();
    if let Some((_, seen)) = outcome.seen.iter().find(|(origin, _)| origin == last) {
        if seen.method != sent.method {
            problem(format!("the origin was asked to {}", seen.method));
        }
        let path = case.expect.request.path.as_ref().unwrap_or(&sent.target);
        if seen.target != *path {
            problem(format!(
                "the origin was asked for `{}` instead of `{path}`",
                seen.target
            ));
        }
        if seen.body
            != case
                .expect
                .request
                .body
                .as_ref()
                .map_or(sent.body.as_slice(), |body| body.as_bytes())
        {
            problem(format!(
                "the origin received the body `{}`",
                seen.body.escape_ascii()
            ));
        }
        headers("request", &case.expect.request, &seen.headers, &mut problem);
    }

    let (expected, response) = (&case.expect.response, &outcome.response);
    let answer = case.answer(last).unwrap_or_else(|| Response::new(502));
    let status = expected.status.unwrap_or(answer.status);
    if response.status != status {
        problem(format!("status {} instead of {status}", response.status));
    }
    let body = expected
        .body
        .as_ref()
        .map_or(answer.body.as_slice(), |body| body.as_bytes());
    let is_right = match &expected.body {
        Some(text) => fits(&Value::Text(text.clone()), &response.body),
        None => response.body == answer.body,
    };
    if !is_right {
        problem(format!(
            "body `{}` instead of `{}`",
            response.body.escape_ascii(),
            body.escape_ascii()
        ));
    }
    headers("response", expected, &response.headers, &mut problem);
    if response.headers.all("flagstone-status").count() != 1 {
        problem("there is not one Flagstone-Status".to_owned());
    }
    problems
}

fn headers(what: &str, expected: &Message, headers: &Headers, problem: &mut impl FnMut(String)) {
    for (name, values) in &expected.headers {
        let values = values.all();
        let found: Vec<&[u8]> = headers.all(name).collect();
        let fits = found.len() == values.len()
            && values
                .iter()
                .zip(&found)
                .all(|(value, found)| fits(value, found));
        if !fits {
            let found: Vec<String> = found
                .iter()
                .map(|line| line.escape_ascii().to_string())
                .collect();
            problem(format!(
                "{what} header {name}: {found:?} instead of {values:?}"
            ));
        }
    }
}

fn fits(expected: &Value, found: &[u8]) -> bool {
    match expected {
        Value::Text(text) if text.starts_with('~') => {
            Regex::new(text.trim_start_matches('~')).is_ok_and(|pattern| pattern.is_match(found))
        }
        expected => expected.bytes() == found,
    }
}

/// What a host did otherwise than another one. Random ids may differ, and the headers of the connection.
pub fn compare(reference: &Outcome, other: &Outcome) -> Vec<String> {
    let mut problems = Vec::new();
    let mut differ = |what: &str, one: String, two: String| {
        if one != two {
            problems.push(format!("{what}: {two} instead of {one}"));
        }
    };
    for ((origin, one), (other_origin, two)) in reference.seen.iter().zip(&other.seen) {
        differ("origin", origin.clone(), other_origin.clone());
        differ("path at the origin", one.target.clone(), two.target.clone());
        differ(
            "headers at the origin",
            canonical(&one.headers),
            canonical(&two.headers),
        );
        differ(
            "body at the origin",
            format!("{:?}", one.body),
            format!("{:?}", two.body),
        );
    }
    let (one, two) = (&reference.response, &other.response);
    differ("status", one.status.to_string(), two.status.to_string());
    differ("headers", canonical(&one.headers), canonical(&two.headers));
    differ("body", format!("{:?}", one.body), format!("{:?}", two.body));
    problems
}

/// Headers in the order of their names, lines of one name in their own order.
fn canonical(headers: &Headers) -> String {
    let mut lines: Vec<(String, String)> = headers
        .0
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value.escape_ascii().to_string()))
        .filter(|(name, _)| !IGNORED.contains(&name.as_str()))
        // Cloudflare's runtime drops the header when nothing is in it.
        .filter(|(name, value)| name != "cookie" || !value.is_empty())
        .collect();
    lines.sort_by(|(one, _), (two, _)| one.cmp(two));
    let text: String = lines
        .iter()
        .map(|(name, value)| format!("\n  {name}: {value}"))
        .collect();
    // Ids are random, and signed notes have the time.
    match regex::Regex::new("[0-9a-f]{32}([0-9a-f]{11})*") {
        Ok(id) => id.replace_all(&text, "<id>").into_owned(),
        Err(_) => text,
    }
}
