//! The OpenFeature Remote Evaluation Protocol, version 0.3.0: programs ask the edge for flags. `docs/ofrep.md`.

mod told;

use crate::answer::Answer;
use crate::bot;
use crate::configuration::Configuration;
use crate::context::{Context, Entropy, Given};
use crate::desk::Visit;
use crate::forms::{push_json, push_value};
use crate::head::RequestHead;
use crate::page;
use crate::parts::Parts;
use crate::query::{decoded, parameter};
use crate::route::{Relevant, TO_BROWSER, TO_ORIGIN, relevant};
use flagstone_core::layout::switch;
use flagstone_core::{Decision, Digest, Evaluator, Reason};
use flagstone_json::Json;
use std::borrow::Cow;
use std::fmt::{Display, Write as _};
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
/// The stream of events, as bulk evaluations name it.
const STREAMS: &str =
    r#","eventStreams":[{"type":"sse","endpoint":{"requestUri":"/ofrep/v1/events"}}]"#;

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
        match path.strip_prefix(ROOT)? {
            "evaluate/flags" => Some(Self::Flags),
            "events" if has_events => Some(Self::Events),
            path => decoded(path.strip_prefix("evaluate/flags/")?).map(Self::Flag),
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
        if let Some(origin) = origin.filter(|origin| cors.split(' ').any(|other| other == *origin))
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
    let Some(call) = Call::of(parts.head.path(), asked.has_events) else {
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
        Call::Events => return Ok(events(visit)),
        Call::Flag(key) => Some(key),
        Call::Flags => None,
    };
    let refuse = |code, details: &str| failure(400, key.as_deref(), Some(code), details);
    let body = asked
        .body
        .ok_or_else(|| refuse("PARSE_ERROR", "the body must have at most 65536 bytes"))?;
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
    let evaluation = Evaluation {
        visit,
        evaluator: Evaluator::new(visit.snapshot, &context, visit.now)
            .with_kills(visit.configuration.kills())
            .with_rollouts(visit.configuration.rollouts()),
        audience,
    };
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
            body.push(':');
            push_json(body, value);
            body.push(',');
        }
    }
    body.push_str("\"errorDetails\":");
    push_json(body, details);
    body.push('}');
}

fn json(status: u16, body: String) -> Answer {
    let mut answer = Answer::new(status, [("content-type", "application/json")]);
    answer.body = body.into();
    answer
}

/// What has changed since the event that the client had last. A shell asks again and again.
fn events<H: RequestHead>(visit: &Visit<'_, '_, H>) -> Answer {
    let now = version(visit);
    let mut answer = Answer::new(200, [("content-type", "text/event-stream")]);
    answer.body = match visit.parts.header_text("last-event-id") {
        // A comment, which keeps the connection.
        Some(seen) if seen == now => ":\n\n".into(),
        Some(_) => [
            "id: ",
            &now,
            "\nevent: message\ndata: {\"type\":\"refetchEvaluation\",\"etag\":\"",
            &now,
            "\"}\n\n",
        ]
        .concat()
        .into(),
        // Without data it is no event, and the client remembers it all the same.
        None => ["id: ", &now, "\n\n"].concat().into(),
    };
    answer
}

/// Names the configuration: it changes with all that a person or a guard changes.
fn version<H: RequestHead>(visit: &Visit<'_, '_, H>) -> String {
    let sequence = visit.configuration.control().sequence;
    [&text(sequence), "-", &text(visit.snapshot.digest())].concat()
}

/// As text. `to_string` would have a panic for what cannot be written.
fn text(value: impl Display) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = write!(text, "{value}");
    text
}

/// Whether a client has been told of a configuration that is later than this one.
pub(crate) fn is_behind(configuration: &Configuration, query: Option<&str>) -> bool {
    let told = query.and_then(|query| parameter(query, "flagConfigEtag"));
    let sequence = told
        .as_deref()
        .and_then(|told| told.trim_matches('"').split_once('-'));
    let sequence = sequence.and_then(|(sequence, _)| sequence.parse::<u64>().ok());
    sequence.is_some_and(|sequence| sequence > configuration.control().sequence)
}

/// Flags for one who asks.
struct Evaluation<'e, 'v, 'n, H> {
    visit: &'e Visit<'v, 'n, H>,
    evaluator: Evaluator<'n, 'e, Context<'v, 'n, H>>,
    audience: Audience,
}

impl<'n, H: RequestHead> Evaluation<'_, '_, 'n, H> {
    /// The flags that the caller may ask for, in the order of their keys.
    fn listed(&self) -> impl Iterator<Item = Relevant<'n>> {
        let roles = match self.audience {
            Audience::Server => TO_BROWSER | TO_ORIGIN,
            Audience::Visitor => TO_BROWSER,
        };
        let all = relevant(&self.visit.snapshot, &self.visit.edge, &[]);
        all.into_iter().filter(move |of| of.roles & roles != 0)
    }

    /// One flag.
    fn flag(&self, key: &str) -> Result<Answer, Answer> {
        let Some(of) = self.listed().find(|of| of.key == key) else {
            let details = "there is no such flag, or it is not exposed to you";
            return Err(failure(404, Some(key), Some("FLAG_NOT_FOUND"), details));
        };
        let mut body = String::new();
        let status = match self.push(&mut body, &of) {
            Ok(()) => {
                body.pop();
                self.push_metadata(&mut body);
                body.push('}');
                200
            }
            Err(Undecided) => 400,
        };
        Ok(json(status, body))
    }

    /// All flags.
    fn flags(&self) -> Answer {
        let mut body = String::from("{\"flags\":[");
        for (index, of) in self.listed().enumerate() {
            if index > 0 {
                body.push(',');
            }
            // Those that are not decided are listed with the reason.
            let _ = self.push(&mut body, &of);
        }
        body.push(']');
        self.push_metadata(&mut body);
        // A client cannot show a key there.
        if self.visit.asked.has_events && self.visit.is_on(switch::OFREP_PUBLIC) {
            body.push_str(STREAMS);
        }
        body.push('}');
        let tag = ["\"", &text(Digest::of(body.as_bytes())), "\""].concat();
        let had = self
            .visit
            .parts
            .header_text("if-none-match")
            .unwrap_or_default();
        let mut had = had.split(',').map(str::trim);
        let mut answer =
            match had.any(|had| had == "*" || had.strip_prefix("W/").unwrap_or(had) == tag) {
                true => Answer::new(304, []),
                false => json(200, body),
            };
        answer.set("etag", &tag);
        answer
    }

    fn push_metadata(&self, body: &mut String) {
        let revision = self.visit.configuration.control().revision;
        // Writing to a string does not fail.
        let _ = write!(body, ",\"metadata\":{{\"version\":{revision}}}");
    }

    /// Writes what a flag comes to.
    fn push(&self, body: &mut String, of: &Relevant<'n>) -> Result<(), Undecided> {
        let (decision, lacks_key) = self.decide(of);
        body.push('{');
        let problem = match decision.reason {
            Reason::Error => Some(("GENERAL", "the flag cannot be decided")),
            Reason::Default if lacks_key => Some((
                "TARGETING_KEY_MISSING",
                "the flag goes by `targetingKey`, and there is none",
            )),
            _ => None,
        };
        if let Some((code, details)) = problem {
            push_failure(body, Some(of.key), Some(code), details);
            return Err(Undecided);
        }
        body.push_str("\"key\":");
        push_json(body, of.key);
        body.push_str(",\"reason\":");
        push_json(body, reason(decision.reason));
        if let Some(variant) = decision.variant {
            body.push_str(",\"variant\":");
            push_json(body, variant.key());
            body.push_str(",\"value\":");
            push_value(body, variant.value());
        }
        body.push('}');
        Ok(())
    }

    /// Decides a flag, and says whether that lacked a targeting key.
    fn decide(&self, of: &Relevant<'n>) -> (Decision<'n>, bool) {
        let is_visitor = self.audience == Audience::Visitor;
        if is_visitor && self.visit.parts.is_bot() {
            return (bot::decision(of.flag, self.evaluator.kills), false);
        }
        let context = self.evaluator.attributes;
        context.take_lack();
        let mut decision = self.evaluator.evaluate(of.flag.index());
        // Where visitors are not to be known, the default is right.
        let is_known = context
            .identity()
            .is_none_or(|identity| identity.why.is_none());
        let lacks_key = context.take_lack() && is_known;
        let follows = is_visitor && self.visit.is_on(switch::FOLLOW_PAGE);
        if follows && decision.reason == Reason::Split {
            let kept = self.visit.parts.cookie(page::PAGE).unwrap_or_default();
            if page::keeps(kept, of.key) {
                decision.variant = of.flag.default().and_then(|index| of.flag.variant(index));
                decision.reason = Reason::Default;
            }
        }
        (decision, lacks_key)
    }
}

/// That a flag was not decided; the body says why.
struct Undecided;

/// The protocol's word: it has none for a default.
fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::Default => "UNKNOWN",
        other => other.as_str(),
    }
}

#[cfg(test)]
mod tests;
