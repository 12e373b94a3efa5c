//! Requests that are for the edge itself: it answers them, and no origin sees them.

use crate::answer::Answer;
use crate::configuration::Configuration;
use crate::context::{Context, Entropy, Given};
use crate::exposure;
use crate::head::RequestHead;
use crate::ofrep;
use crate::parts::Parts;
use crate::path;
use crate::refresh::Node;
use crate::status::{Problem, STATUS, Status};
use flagstone_core::layout::{EdgeRecord, Section, switch};
use flagstone_core::{Snapshot, UnixMillis};

/// What comes with a request that is for the edge itself, beside its head.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked<'a> {
    /// Its body; `None` if it has more than [`Asked::MAX_BODY`] bytes.
    pub body: Option<&'a [u8]>,
    /// The key that programs show to ask for all flags, if the platform keeps one.
    pub key: Option<&'a str>,
    /// Whether the platform's limiter refuses the client.
    pub is_limited: bool,
    /// Whether this shell keeps a response open, and asks again in its name for what is new.
    pub has_events: bool,
}

impl Asked<'_> {
    /// Bytes that a body may have.
    pub const MAX_BODY: usize = 65_536;
    /// The headers that the answer depends on, beside those that planning a request may ask for.
    pub const HEADERS: [&'static str; 8] = [
        "authorization",
        "x-api-key",
        "origin",
        "if-none-match",
        "last-event-id",
        "sec-fetch-site",
        "sec-gpc",
        "cookie",
    ];
}

impl Node {
    /// Whether a request is for the edge itself: then it is not planned, but [answered](Self::answer). Costs next to
    /// nothing where it is not.
    pub fn answers(&self, request: &impl RequestHead) -> bool {
        let configuration = self.configuration();
        configuration.is_some_and(|held| desk(held, request.path()).is_some())
    }

    /// Answers a request that is for the edge itself; `None` if it is not.
    ///
    /// `entropy` gives 16 random bytes and is asked at most once.
    pub fn answer(
        &self,
        request: &impl RequestHead,
        asked: &Asked<'_>,
        now: UnixMillis,
        entropy: impl FnOnce() -> [u8; 16],
    ) -> Option<Answer> {
        let mut entropy = Some(entropy);
        let mut draw = || entropy.take().map(|entropy| entropy());
        let held = self.configuration()?;
        answer(held, self.problem(), request, asked, now, &mut draw)
    }

    /// Whether the client has been told of a configuration that is later than what is held, so that it is to be fetched before
    /// the request is answered.
    pub fn is_behind(&self, request: &impl RequestHead) -> bool {
        let configuration = self.configuration();
        configuration.is_some_and(|held| ofrep::is_behind(held, request.query()))
    }
}

/// Who answers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Desk {
    Ofrep,
    Exposure,
}

/// Whose path it is, if that is switched on. Paths are compared as with patterns of routes.
pub(crate) fn desk(configuration: &Configuration, path: &str) -> Option<Desk> {
    let path = path::resolve(path);
    let (desk, switch) = match path::strip(&path, exposure::PATH) {
        Some("") => (Desk::Exposure, switch::EXPOSURES),
        _ => path::strip(&path, ofrep::ROOT).map(|_| (Desk::Ofrep, switch::OFREP))?,
    };
    let edge: EdgeRecord = configuration.snapshot()?.record(Section::Edge, 0)?;
    (edge.switches & switch != 0).then_some(desk)
}

/// Whoever answers knows this.
pub(crate) struct Visit<'v, 'n, H> {
    pub configuration: &'n Configuration,
    pub snapshot: Snapshot<'n>,
    pub edge: EdgeRecord,
    pub parts: &'v Parts<'n, H>,
    pub asked: &'v Asked<'v>,
    pub now: UnixMillis,
}

impl<'v, 'n, H: RequestHead> Visit<'v, 'n, H> {
    pub fn is_on(&self, switch: u16) -> bool {
        self.edge.switches & switch != 0
    }

    /// The context of this one.
    pub fn context(&self, given: Given<'v>, entropy: &'v mut Entropy<'v>) -> Context<'v, 'n, H> {
        Context::new(self.parts, self.snapshot, self.edge, entropy).given(given)
    }
}

/// Answers a request; `None` if it is not for the edge itself.
pub(crate) fn answer(
    configuration: &Configuration,
    problem: Option<Problem>,
    request: &impl RequestHead,
    asked: &Asked<'_>,
    now: UnixMillis,
    entropy: &mut Entropy<'_>,
) -> Option<Answer> {
    let desk = desk(configuration, request.path())?;
    let snapshot = configuration.snapshot()?;
    let visit = Visit {
        configuration,
        snapshot,
        edge: snapshot.record(Section::Edge, 0)?,
        parts: &Parts::new(request),
        asked,
        now,
    };
    let mut answer = match desk {
        Desk::Ofrep => ofrep::answer(&visit, entropy),
        Desk::Exposure => exposure::answer(&visit, entropy),
    };
    let status = Status {
        revision: Some(configuration.control().revision),
        problem: problem.or(configuration.problem()),
        ..Status::default()
    };
    answer.set(STATUS, &status.value());
    Some(answer)
}
