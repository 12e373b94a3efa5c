//! The OpenFeature Remote Evaluation Protocol, version 0.3.0: programs ask the edge for flags. `docs/ofrep.md`.

mod evaluation;
mod events;
mod told;

pub(crate) use events::is_behind;

use crate::answer::Answer;
use crate::append::Append;
use crate::context::{Entropy, Given, text};
use crate::desk::{Asked, Visit};
use crate::forms::push_json;
use crate::head::RequestHead;
use crate::parts::Parts;
use crate::path::strip;
use crate::query::decoded;
use evaluation::Evaluation;
use flagstone_core::layout::switch;
use flagstone_core::text_split;
use flagstone_json::Json;
use std::borrow::Cow;
use subtle::ConstantTimeEq as _;
use told::Told;

/// Below it everything is.
pub(crate) const ROOT: &str = "/ofrep/v1/";
/// What a key follows in `Authorization`.
const BEARER: &[u8] = b"bearer ";
/// How deep bodies may be nested.
const DEPTH: u8 = 32;
/// Seconds after which a client that asked too often may ask again: the longest that the platforms' limiters count over.
const RETRY_AFTER: &str = "60";
/// Seconds for which browsers may remember that a page of another origin may ask.
const PREFLIGHT_AGE: &str = "7200";

/// What is asked.
enum Call<'p> {
    /// A flag.
    Flag(Cow<'p, str>),
    /// All flags that the caller may ask for.
    Flags,
    /// To be told when they may have changed.
    Events,
}

impl<'p> Call<'p> {
    fn of(path: &'p str, has_events: bool) -> Option<Self> {
        let path = strip(path, ROOT)?;
        if has_events && strip(path, "events") == Some("") {
            return Some(Self::Events);
        }
        match strip(path, "evaluate/flags")? {
            "" => Some(Self::Flags),
            key => decoded(key.strip_prefix('/')?).map(Self::Flag),
        }
    }

    fn method(&self) -> &'static str {
        match self {
            Self::Flag(_) | Self::Flags => "POST",
            Self::Events => "GET",
        }
    }
}

/// Who asks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Audience {
    /// A program with the platform's key, about anybody.
    Server,
    /// Anybody, about themselves.
    Visitor,
}

/// Answers a request below [`ROOT`].
pub(crate) fn answer<'v, H: RequestHead>(
    visit: &Visit<'v, '_, H>,
    entropy: &'v mut Entropy<'v>,
) -> Answer {
    let mut answer = reply(visit, entropy).unwrap_or_else(|refusal| refusal);
    let cors = visit
        .snapshot
        .text(visit.edge.cors_offset, visit.edge.cors_len.into());
    let cors = cors.unwrap_or_default();
    if cors == "*" {
        answer.set("access-control-allow-origin", "*");
    } else if !cors.is_empty() {
        answer.set("vary", "origin");
        let origin = visit.parts.header_text("origin");
        if let Some(origin) =
            origin.filter(|origin| text_split(cors, b' ').any(|other| other == *origin))
        {
            answer.set("access-control-allow-origin", origin);
        }
    }
    if !cors.is_empty() {
        answer.set("access-control-expose-headers", "ETag, Retry-After");
    }
    answer
}

fn reply<'v, H: RequestHead>(
    visit: &Visit<'v, '_, H>,
    entropy: &'v mut Entropy<'v>,
) -> Result<Answer, Answer> {
    let (parts, asked) = (visit.parts, visit.asked);
    let Some(call) = Call::of(&parts.path, asked.has_events) else {
        let details =
            "there is `POST /ofrep/v1/evaluate/flags` and `POST /ofrep/v1/evaluate/flags/{key}`";
        return Err(failure(404, None, None, details));
    };
    let allowed = call.method();
    let methods = [allowed, ", OPTIONS"].concat();
    if parts.head.method() == "OPTIONS" {
        return Ok(Answer::new(
            204,
            [
                ("allow", &methods),
                ("access-control-allow-methods", allowed),
                (
                    "access-control-allow-headers",
                    "Authorization, Content-Type, If-None-Match, X-API-Key",
                ),
                ("access-control-max-age", PREFLIGHT_AGE),
            ],
        ));
    }
    if parts.head.method() != allowed {
        let mut refusal = failure(405, None, None, &["the method must be ", allowed].concat());
        refusal.set("allow", &methods);
        return Err(refusal);
    }
    if asked.is_limited {
        let mut refusal = failure(429, None, None, "asked too often");
        refusal.set("retry-after", RETRY_AFTER);
        return Err(refusal);
    }
    let audience = audience(visit)?;
    let key = match call {
        Call::Events => return Ok(events::answer(visit)),
        Call::Flag(key) => Some(key),
        Call::Flags => None,
    };
    let refuse = |code, details: &str| failure(400, key.as_deref(), Some(code), details);
    let body = asked.body.ok_or_else(|| {
        let most = Asked::MAX_BODY;
        refuse(
            "PARSE_ERROR",
            &text(format_args!("the body must have at most {most} bytes")),
        )
    })?;
    let body = String::from_utf8_lossy(body);
    let body = Json::read_within(&body, DEPTH).map_err(|error| {
        refuse(
            "PARSE_ERROR",
            &text(format_args!(
                "the body {error}; at most {DEPTH} levels deep"
            )),
        )
    })?;
    let told =
        Told::read(&body, visit.snapshot).map_err(|details| refuse("INVALID_CONTEXT", details))?;
    let given = Given {
        attributes: &told,
        is_visitor: audience == Audience::Visitor,
    };
    let context = visit.context(given, entropy);
    let evaluation = Evaluation::new(visit, &context, audience);
    match &key {
        Some(key) => evaluation.flag(key),
        None => Ok(evaluation.flags()),
    }
}

/// Who asks, by the key that they show.
fn audience<H: RequestHead>(visit: &Visit<'_, '_, H>) -> Result<Audience, Answer> {
    let unauthorized = |details| {
        let mut refusal = failure(401, None, None, details);
        refusal.set("www-authenticate", "Bearer");
        Err(refusal)
    };
    let ours = visit.asked.key.filter(|key| !key.is_empty());
    match (shown(visit.parts), ours) {
        (Some(shown), Some(ours)) => match bool::from(shown.ct_eq(ours.as_bytes())) {
            true => Ok(Audience::Server),
            false => unauthorized("the key is wrong"),
        },
        (Some(_), None) => unauthorized("the edge has no key set up, so none is right"),
        (None, _) if visit.is_on(switch::OFREP_PUBLIC) => Ok(Audience::Visitor),
        (None, _) => {
            unauthorized("a key is needed: `Authorization: Bearer KEY` or `X-API-Key: KEY`")
        }
    }
}

/// The key that a request shows. Pages behind a password send it along in another scheme.
fn shown<'p>(parts: &'p Parts<'_, impl RequestHead>) -> Option<&'p [u8]> {
    let bearer = || {
        let (scheme, key) = parts
            .header("authorization")?
            .split_at_checked(BEARER.len())?;
        scheme.eq_ignore_ascii_case(BEARER).then_some(key)
    };
    let key = bearer().or_else(|| parts.header("x-api-key"));
    key.map(<[u8]>::trim_ascii)
}

/// A refusal, as the protocol writes it.
fn failure(status: u16, key: Option<&str>, code: Option<&str>, details: &str) -> Answer {
    let mut body = String::from("{");
    push_failure(&mut body, key, code, details);
    json(status, body)
}

fn push_failure(body: &mut String, key: Option<&str>, code: Option<&str>, details: &str) {
    for (name, value) in [("key", key), ("errorCode", code)] {
        if let Some(value) = value {
            push_json(body, name);
            body.append(":");
            push_json(body, value);
            body.append(",");
        }
    }
    body.append("\"errorDetails\":");
    push_json(body, details);
    body.append("}");
}

fn json(status: u16, body: String) -> Answer {
    let mut answer = Answer::new(status, [("content-type", "application/json")]);
    answer.body = body.into();
    answer
}

#[cfg(test)]
mod tests;
