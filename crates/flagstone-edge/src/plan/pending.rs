//! What is left to decide when the origin has answered.

use super::goals::Goals;
use super::watched::Watched;
use super::{Answer, Changes};
use crate::append::Append;
use crate::cache;
use crate::digits::{hex, number, push_hex, push_number};
use crate::edit::Edit;
use crate::forms;
use crate::head::ResponseHead;
use crate::page;
use crate::status::{Guard, IdSource, Problem, STATUS, Status, Why};
use flagstone_core::layout::Statuses;
use flagstone_core::{text_split, text_split_once};

/// Headers that tell shared caches of one kind or another to store a response whatever `Cache-Control` says.
pub(super) const CDN_CACHE_CONTROLS: [&str; 3] = [
    "cdn-cache-control",
    "cloudflare-cdn-cache-control",
    "surrogate-control",
];

/// What a plan remembers for the time when the origin has answered, or cannot.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Pending {
    pub status: Status,
    /// Request headers that the response depends on, in alphabetical order, as in a header.
    pub vary: String,
    /// Shared caches must not store it.
    pub is_private: bool,
    /// Which of the origin's statuses are failures.
    pub failures: Statuses,
    /// Whether there is a fallback that may be asked.
    pub has_fallback: bool,
    /// The flags that act.
    pub watched: Vec<Watched>,
    /// What the request may bring a visitor nearer to.
    pub goals: Option<Goals>,
    /// Entries of `Server-Timing`.
    pub server_timing: Option<String>,
    /// The content of the script element, if the response may be a page that gets one.
    pub script: Option<String>,
}

impl Pending {
    /// The response headers that [`respond`](Self::respond) may ask for.
    pub const ASKS: [&'static str; 7] = [
        "vary",
        "cache-control",
        "server-timing",
        "content-type",
        "content-encoding",
        "content-disposition",
        "content-security-policy",
    ];

    /// Whether it asks for one of them; if for none, it changes nothing.
    pub fn asks(&self, name: &str) -> bool {
        match name {
            "vary" => !self.vary.is_empty(),
            "cache-control" => self.is_private || self.script.is_some(),
            "server-timing" => self.server_timing.is_some(),
            _ => self.script.is_some(),
        }
    }

    /// Whether how an attempt ends is to be told.
    pub fn is_watched(&self) -> bool {
        !self.watched.is_empty() || self.goals.is_some()
    }

    /// Whether what an origin reports matters.
    pub fn reads_events(&self) -> bool {
        self.watched.iter().any(Watched::reads_events)
            || self.goals.as_ref().is_some_and(Goals::reads_events)
    }

    /// Changes to the response that depend on it.
    pub fn respond(&self, response: &(impl ResponseHead + ?Sized)) -> Changes {
        let mut edits = Vec::new();
        if response.status() < 200 {
            return Changes::default();
        }
        let set = |name: &'static str, value| Edit::Set(name.into(), value);
        if !self.vary.is_empty() {
            let vary = cache::vary(response.header("vary").as_deref(), &self.vary);
            edits.extend(vary.map(|value| set("vary", value)));
        }
        if self.is_private {
            let value = cache::private(response.header("cache-control").as_deref());
            edits.push(set("cache-control", value));
            edits.extend(CDN_CACHE_CONTROLS.map(|name| Edit::Remove(name.into())));
        }
        if let Some(ours) = &self.server_timing {
            // The origin's line stays as it is, unless it says what only we say.
            let theirs = response.header("server-timing");
            edits.push(
                match theirs.and_then(|theirs| forms::foreign_timing(&theirs)) {
                    Some(others) if !others.is_empty() => {
                        set("server-timing", [&others, ", ", ours].concat())
                    }
                    Some(_) => set("server-timing", ours.clone()),
                    None => Edit::Append("server-timing".into(), ours.clone()),
                },
            );
        }
        let is_page = || cfg!(feature = "pages") && page::is_page(response);
        let script = self.script.as_ref().filter(|_| is_page());
        let element = script.map(|script| {
            edits.extend(page::edits());
            let policy = response.header("content-security-policy");
            forms::element(script, policy.as_deref())
        });
        Changes { edits, element }
    }

    /// The response when the origin cannot be reached.
    pub fn unreachable(&self) -> Answer {
        let status = Status {
            // A new one is not set.
            id: self.status.id.filter(|id| *id != IdSource::Minted),
            problem: Some(Problem::OriginUnreachable),
            ..self.status
        };
        let mut answer = Answer::new(502, [("content-type", "text/plain;charset=utf-8")]);
        answer.set(STATUS, &status.value());
        answer.body = "The origin cannot be reached.\n".into();
        answer
    }

    /// As text that [`parse`](Self::parse) reads: `7;minted;;undecided;;;private;0.ffffffff;;cookie, user-agent`, and each flag
    /// that is watched after a further semicolon.
    pub fn text(&self) -> String {
        let mut text = String::with_capacity(64 + self.vary.len() + 128 * self.watched.len());
        if let Some(revision) = self.status.revision {
            push_number(&mut text, revision);
        }
        for code in [
            self.status.id.map(IdSource::code),
            self.status.why.map(Why::code),
            self.status.problem.map(Problem::code),
            self.status.guard.map(Guard::code),
            self.status.is_fallback.then_some("fallback"),
            self.is_private.then_some("private"),
        ] {
            text.append(";");
            text.append(code.unwrap_or_default());
        }
        let Statuses { client, server } = self.failures;
        for (before, bits) in [(';', client), ('.', server)] {
            text.push(before);
            push_hex(&mut text, bits.into(), 1);
        }
        text.append(";");
        text.append(if self.has_fallback { "falls-back" } else { "" });
        text.append(";");
        text.append(&self.vary);
        for watched in &self.watched {
            text.append(";");
            watched.push(&mut text);
        }
        text.append("\n");
        if let Some(goals) = &self.goals {
            goals.push(&mut text);
        }
        // A line each, which may be empty.
        for form in [&self.server_timing, &self.script] {
            text.append("\n");
            text.append(form.as_deref().unwrap_or_default());
        }
        text
    }

    /// Reads what [`text`](Self::text) wrote. What it would never write is passed over.
    pub fn parse(text: &str) -> Self {
        let mut lines = text_split(text, b'\n');
        let mut parts = text_split(lines.next().unwrap_or_default(), b';');
        // A line each, which may be empty.
        let mut line = || lines.next().filter(|line| !line.is_empty());
        let goals = line().and_then(Goals::parse);
        let mut form = || line().map(str::to_owned);
        let mut next = || parts.next().unwrap_or_default();
        Self {
            status: Status {
                revision: number(next()),
                id: named(&IdSource::ALL, next(), IdSource::code),
                why: named(&Why::ALL, next(), Why::code),
                problem: named(Problem::ALL, next(), Problem::code),
                guard: named(&Guard::ALL, next(), Guard::code),
                is_fallback: !next().is_empty(),
            },
            is_private: !next().is_empty(),
            failures: statuses(next()).unwrap_or_default(),
            has_fallback: !next().is_empty(),
            vary: next().to_owned(),
            watched: parts.filter_map(Watched::parse).collect(),
            goals,
            server_timing: form(),
            script: form(),
        }
    }
}

fn statuses(text: &str) -> Option<Statuses> {
    let (client, server) = text_split_once(text, ".")?;
    Some(Statuses {
        client: hex(client)?,
        server: hex(server)?,
    })
}

fn named<T: Copy>(all: &[T], code: &str, code_of: fn(T) -> &'static str) -> Option<T> {
    all.iter().copied().find(|one| code_of(*one) == code)
}
