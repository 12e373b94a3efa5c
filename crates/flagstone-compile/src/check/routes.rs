//! Routes can be matched, and what they do can be done and cached.

use crate::finding::Finding;
use crate::model::{Action, Goal, Model, Route, is_token};

/// Combinations of variants that the responses of one route may have. Fastly keeps a few dozen variants of an object at
/// most, and each combination is another origin fetch.
const BUDGET: u64 = 64;

pub(super) fn check(model: &Model, findings: &mut Vec<Finding>) {
    for (index, origin) in model.edge.origins.iter().enumerate() {
        let path = format!("/origins/{}", origin.name);
        if !is_origin_name(&origin.name) {
            findings.push(
                Finding::error(
                    "invalid-origin",
                    &path,
                    format!("`{}` cannot name an origin", origin.name),
                )
                .help("small letters, digits and hyphens, beginning with a letter"),
            );
        }
        if model
            .edge
            .origins
            .iter()
            .take(index)
            .any(|other| other.name == origin.name)
        {
            findings.push(Finding::error(
                "duplicate-key",
                &path,
                format!("there are two origins `{}`", origin.name),
            ));
        }
    }
    if let Some(anonymous) = &model.edge.identity.anonymous
        && !(anonymous.cookie.starts_with("__Host-") && is_token(&anonymous.cookie))
    {
        findings.push(
            Finding::error("invalid-cookie", "/identity/anonymous", format!("`{}` cannot be used", anonymous.cookie))
                .help("a cookie name that begins with `__Host-`: browsers keep such a cookie to this host and to HTTPS"),
        );
    }
    for (index, route) in model.edge.routes.iter().enumerate() {
        one(model, route, &format!("/routes/{index}"), findings);
    }
    for (index, goal) in model.edge.goals.iter().enumerate() {
        let mut before = model.edge.goals.iter().take(index);
        if let Some(problem) = unreachable(goal, before.any(|other| other.name == goal.name)) {
            let path = format!("/goals/{}", goal.name);
            findings.push(Finding::error("invalid-goal", path, problem));
        }
    }
}

/// Why a goal cannot be one.
fn unreachable(goal: &Goal, is_twice: bool) -> Option<String> {
    if is_twice {
        return Some(format!("there are two goals `{}`", goal.name));
    }
    if let Err(problem) = pattern(&goal.path) {
        return Some(format!("`{}` {problem}", goal.path));
    }
    let names = [&goal.name, &goal.method, &goal.event].into_iter();
    let mut wrong = names.filter(|name| !name.is_empty() && !is_token(name));
    let wrong = wrong
        .next()
        .or(goal.name.is_empty().then_some(&goal.name))?;
    Some(format!("`{wrong}` is not a name"))
}

fn one(model: &Model, route: &Route, path: &str, findings: &mut Vec<Finding>) {
    if let Err(problem) = pattern(&route.path) {
        findings.push(
            Finding::error(
                "invalid-path",
                format!("{path}/path"),
                format!("`{}` {problem}", route.path),
            )
            .help("a path such as `/checkout/*` or `/shops/:shop/offers`"),
        );
    }
    let host = route.host.strip_prefix("*.").unwrap_or(&route.host);
    let legal = |byte: u8| {
        byte.is_ascii_lowercase()
            || byte.is_ascii_digit()
            || matches!(byte, b'.' | b'-' | b'[' | b']' | b':')
    };
    if !host.bytes().all(legal) || route.host == "*." {
        findings.push(
            Finding::error(
                "invalid-host",
                format!("{path}/host"),
                format!("`{}` matches no host", route.host),
            )
            .help("a host in small letters, or `*.` and a host"),
        );
    }
    for (index, event) in route.harm.events.iter().enumerate() {
        if !is_token(event) {
            findings.push(
                Finding::error(
                    "invalid-event",
                    format!("{path}/harm/events/{index}"),
                    format!("`{event}` cannot name an event"),
                )
                .help("letters, digits, `-`, `_`, `.`, without blanks: `payment-failed`"),
            );
        }
    }
    if route.flag.is_empty() && route.flags.is_none() {
        findings.push(
            Finding::error("idle-route", path, "the route does nothing")
                .help("give it a `flag` with `variants`, or the list of `flags` that its responses depend on"),
        );
    }
    for (key, action) in &route.variants {
        self::action(route, action, &format!("{path}/variants/{key}"), findings);
    }
    let flags = route
        .flags
        .iter()
        .flatten()
        .chain(std::iter::once(&route.flag).filter(|flag| !flag.is_empty()));
    let mut keys: Vec<&String> = flags.collect();
    keys.sort_unstable();
    keys.dedup();
    let counts = keys
        .iter()
        .filter_map(|key| model.flags.iter().find(|flag| flag.key == **key));
    let combinations = counts
        .map(|flag| flag.variants.len() as u64)
        .fold(1u64, u64::saturating_mul);
    if combinations > BUDGET {
        let message = format!(
            "the variants of its {} flags make {combinations} different responses",
            keys.len()
        );
        findings.push(
            Finding::error("too-many-responses", path, message).help(format!(
                "at most {BUDGET}, each is stored in the cache on its own; name fewer flags"
            )),
        );
    }
}

fn action(route: &Route, action: &Action, path: &str, findings: &mut Vec<Finding>) {
    if !action.rewrite.is_empty() {
        let rewrite = action
            .rewrite
            .split_once('?')
            .map_or(action.rewrite.as_str(), |(path, _)| path);
        let problem = match pattern(rewrite) {
            Err(problem) => Some(problem.to_owned()),
            Ok(()) if rewrite.ends_with('*') && !route.path.ends_with('*') => {
                Some("has a `*`, the route's path has none".to_owned())
            }
            Ok(()) => {
                let captured = |name: &str| route.path.split('/').any(|segment| segment == name);
                let unknown = rewrite
                    .split('/')
                    .find(|segment| segment.starts_with(':') && !captured(segment));
                unknown.map(|name| format!("has `{name}`, the route's path has not"))
            }
        };
        if let Some(problem) = problem {
            let path = format!("{path}/rewrite");
            findings.push(Finding::error(
                "invalid-rewrite",
                path,
                format!("`{}` {problem}", action.rewrite),
            ));
        }
    }
    let headers = [
        ("request_headers", &action.request_headers),
        ("response_headers", &action.response_headers),
    ];
    for (part, pairs) in headers {
        for (name, value) in pairs {
            // Many servers take `_` for `-`, so that visitors could send the same by another name.
            let is_alias = part == "request_headers" && name.contains('_');
            if !is_token(name)
                || is_alias
                || name.bytes().any(|byte| byte.is_ascii_uppercase())
                || is_reserved(name)
            {
                findings.push(
                    Finding::error("invalid-header", format!("{path}/{part}/{name}"), format!("`{name}` cannot be set"))
                        .help("a header name in small letters, with `-` and not `_` on requests, none that the edge, the platform or the connection sets itself"),
                );
            }
            if value.bytes().any(|byte| !(b' '..=b'~').contains(&byte)) || value.trim() != value {
                findings.push(
                    Finding::error(
                        "invalid-header",
                        format!("{path}/{part}/{name}"),
                        format!("the value of `{name}` cannot be sent"),
                    )
                    .help("visible ASCII characters and blanks between them"),
                );
            }
        }
    }
    for (name, value) in &action.cookies {
        let legal =
            |byte: u8| (b'!'..=b'~').contains(&byte) && !matches!(byte, b'"' | b',' | b';' | b'\\');
        if !is_token(name) || name.starts_with("__Host-flagstone") || !value.bytes().all(legal) {
            findings.push(
                Finding::error("invalid-cookie", format!("{path}/cookies/{name}"), format!("`{name}` cannot be set"))
                    .help("a name and a value of visible ASCII characters without quotes, commas, semicolons and backslashes"),
            );
        }
    }
}

/// `/`, segments, maybe a `*` as the last one.
fn pattern(path: &str) -> Result<(), &'static str> {
    let Some(rest) = path.strip_prefix('/') else {
        return Err("does not begin with `/`");
    };
    if path
        .bytes()
        .any(|byte| !(b'!'..=b'~').contains(&byte) || matches!(byte, b'?' | b'#'))
    {
        return Err("has characters that a path has not");
    }
    let segments: Vec<&str> = rest.split('/').collect();
    for (index, segment) in segments.iter().enumerate() {
        let is_last = index + 1 == segments.len();
        if segment.contains('*') && !(is_last && *segment == "*") {
            return Err("has a `*` that is not the whole last segment");
        }
        if *segment == ":" {
            return Err("has a `:` without a name");
        }
        // They are resolved before a request's path is looked at.
        if matches!(
            &*segment.to_ascii_lowercase().replace("%2e", "."),
            "." | ".."
        ) {
            return Err("has a segment `.` or `..`, which no request comes with");
        }
    }
    Ok(())
}

fn is_origin_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// Headers that configuration must not set: ours, the connection's, and those on which correctness rests.
fn is_reserved(name: &str) -> bool {
    name == "feature-flags"
        || name.starts_with("flagstone-")
        || matches!(
            name,
            "connection"
                | "content-length"
                | "cookie"
                | "host"
                | "keep-alive"
                | "set-cookie"
                | "te"
                | "trailer"
                | "transfer-encoding"
                | "upgrade"
                | "vary"
                | "cache-control"
                | "x-forwarded-host"
                | "x-forwarded-proto"
        )
}
