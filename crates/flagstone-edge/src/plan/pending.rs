//! What is left to decide when the origin has answered.

use super::Answer;
use crate::cache;
use crate::edit::Edit;
use crate::head::ResponseHead;
use crate::status::{IdSource, Problem, STATUS, Status, Why};
use std::fmt::Write as _;

/// Headers that tell shared caches of one kind or another to store a response whatever `Cache-Control` says.
const CDN_CACHE_CONTROLS: [&str; 3] = [
    "cdn-cache-control",
    "cloudflare-cdn-cache-control",
    "surrogate-control",
];

/// What a plan remembers for the time when the origin has answered, or cannot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pending {
    pub status: Status,
    /// Request headers that the response depends on, in alphabetical order, as in a header.
    pub vary: String,
    /// Shared caches must not store it.
    pub is_private: bool,
}

impl Pending {
    /// The response headers that [`respond`](Self::respond) may ask for.
    pub const ASKS: [&'static str; 2] = ["vary", "cache-control"];

    /// Whether it asks for one of them; if for none, it changes nothing.
    pub fn asks(&self, name: &str) -> bool {
        match name {
            "vary" => !self.vary.is_empty(),
            _ => self.is_private,
        }
    }

    /// Changes to the response's headers that depend on it.
    pub fn respond(&self, response: &(impl ResponseHead + ?Sized)) -> Vec<Edit> {
        let mut edits = Vec::new();
        if response.status() < 200 {
            return edits;
        }
        let set = |name: &'static str, value| Edit::Set(name.into(), value);
        if !self.vary.is_empty() {
            let vary = cache::vary(response.header("vary").as_deref(), &self.vary);
            edits.extend(vary.map(|value| set("vary", value)));
        }
        if self.is_private {
            let value = cache::private(response.header("cache-control").as_deref());
            edits.push(set("cache-control", value));
            edits.extend(CDN_CACHE_CONTROLS.map(Edit::Remove));
        }
        edits
    }

    /// The response when the origin cannot be reached.
    pub fn unreachable(&self) -> Answer {
        let status = Status {
            problem: Some(Problem::OriginUnreachable),
            ..self.status
        };
        let set = |name: &'static str, value: &str| Edit::Set(name.into(), value.to_owned());
        Answer {
            status: 502,
            edits: vec![
                set("cache-control", "no-store"),
                set("content-type", "text/plain;charset=utf-8"),
                set(STATUS, &status.value()),
            ],
            body: "The origin cannot be reached.\n",
        }
    }

    /// As text that [`parse`](Self::parse) reads: `7;minted;;undecided;private;cookie, user-agent`.
    pub fn text(&self) -> String {
        let mut text = String::with_capacity(64 + self.vary.len());
        if let Some(revision) = self.status.revision {
            // Writing to a string does not fail.
            let _ = write!(text, "{revision}");
        }
        for code in [
            self.status.id.map(IdSource::code),
            self.status.why.map(Why::code),
            self.status.problem.map(Problem::code),
            self.is_private.then_some("private"),
        ] {
            text.push(';');
            text.push_str(code.unwrap_or_default());
        }
        text.push(';');
        text.push_str(&self.vary);
        text
    }

    /// Reads what [`text`](Self::text) wrote. What it would never write is passed over.
    pub fn parse(text: &str) -> Self {
        let mut parts = text.split(';');
        let mut next = || parts.next().unwrap_or_default();
        Self {
            status: Status {
                revision: next().parse().ok(),
                id: named(&IdSource::ALL, next(), IdSource::code),
                why: named(&Why::ALL, next(), Why::code),
                problem: named(Problem::ALL, next(), Problem::code),
            },
            is_private: !next().is_empty(),
            vary: next().to_owned(),
        }
    }
}

fn named<T: Copy>(all: &[T], code: &str, code_of: fn(T) -> &'static str) -> Option<T> {
    all.iter().copied().find(|one| code_of(*one) == code)
}
