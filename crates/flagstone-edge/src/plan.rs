//! What is to be done to one request and to its response.

mod attempt;
mod decide;
mod goals;
mod harm;
mod pending;
mod tell;
mod watch;
mod watched;

use crate::append::Append;
pub(crate) use attempt::{Attempts, Served};
pub use attempt::{Ended, Next};
pub use goals::Key;
pub(crate) use harm::Harm;
use pending::CDN_CACHE_CONTROLS;
pub(crate) use pending::Pending;
pub use watched::Compared;
pub(crate) use watched::Watched;

use crate::answer::Answer;
use crate::configuration::Configuration;
use crate::edit::Edit;
use crate::head::{RequestHead, ResponseHead};
use crate::ledger::Ledger;
use crate::parts::Parts;
use crate::path::forwarded_host;
use crate::status::{Problem, STATUS, Status};
use flagstone_core::UnixMillis;

/// The origin for requests that nothing else is decided about.
const STABLE: &str = "stable";
/// The header that tells flags.
const FLAGS: &str = "feature-flags";
/// The response header in which origins report what has happened to a visitor.
const EVENT: &str = "flagstone-event";

/// What is to be done to one request and to its response: owned data.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The name of the origin that gets the request.
    pub origin: String,
    /// Milliseconds until the head of its response must be there, else the attempt has failed; 0: as long as the platform
    /// waits.
    pub timeout_ms: u32,
    /// What is to be done instead when the attempt has failed and [`ended`](Self::ended) says so: the request as control would
    /// have it. Then the request's body, if it has one, is short, and is to be kept for that; and a response of at most
    /// [`HELD`](Self::HELD) bytes is to be read to its end before its head is passed on, since a body that breaks off is a
    /// failure too.
    pub fallback: Option<Box<Plan>>,
    /// Path and query towards the origin, in the form of a request line: `/v2/cart?beta=1`.
    pub path_and_query: String,
    /// Changes to the request's headers.
    pub request_edits: Vec<Edit>,
    /// What a cache in front of the origin must add to its key: `banner=red&new-checkout=treatment`, keys and variants
    /// percent-encoded, ASCII. Empty: nothing.
    pub cache_key: String,
    /// Whether the `Feature-Flags` that the origin gets says all that the key tells apart, so that a cache may go by it.
    pub is_told: bool,
    /// Whether the request counts as an exposure to its flags: not for declared bots and prefetches.
    pub is_counted: bool,
    response: Response,
    pending: Pending,
}

/// What is to be done to the response whatever it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Response {
    /// `Feature-Flags` for the browser.
    flags: Option<String>,
    /// Headers that actions set.
    headers: Vec<(String, String)>,
    /// Values of `Set-Cookie`.
    cookies: Vec<String>,
    /// No cache may store it.
    is_unstorable: bool,
    /// The origin was asked to report events, which are not for visitors.
    hides_events: bool,
}

impl Response {
    fn edits(self, pending: &Pending) -> Vec<Edit> {
        let Self {
            flags,
            headers,
            cookies,
            is_unstorable,
            hides_events,
        } = self;
        let mut edits = Vec::with_capacity(2 + headers.len() + cookies.len());
        let headers = headers.into_iter();
        edits.extend(headers.map(|(name, value)| Edit::Set(name.into(), value)));
        let cookies = cookies.into_iter();
        edits.extend(cookies.map(|cookie| Edit::Append("set-cookie".into(), cookie)));
        if is_unstorable {
            edits.push(Edit::Set("cache-control".into(), "no-store".to_owned()));
            edits.extend(CDN_CACHE_CONTROLS.map(|name| Edit::Remove(name.into())));
        }
        edits.extend(hides_events.then_some(Edit::Remove(EVENT.into())));
        // Last, so that they are ours whatever the origin and the configuration have set.
        edits.push(match flags {
            Some(flags) => Edit::Set(FLAGS.into(), flags),
            None => Edit::Remove(FLAGS.into()),
        });
        edits.push(Edit::Set(STATUS.into(), pending.status.value()));
        edits
    }
}

/// Changes to an origin's response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Changes to its headers.
    pub edits: Vec<Edit>,
    /// What to put into the page, at the place that [`HeadFinder`](crate::HeadFinder) finds, while it streams by.
    pub element: Option<String>,
}

impl Plan {
    /// So many bytes of a response can be kept until all of them are there.
    pub const HELD: usize = 65_536;
    /// The response header, a list of names, in which origins report what has happened to a visitor: [`Ended::events`].
    pub const EVENT: &str = EVENT;

    /// Changes to the origin's response.
    ///
    /// They are the same for every status, so that a 304 updates what a cache holds just as the 200 would. Only a
    /// response that is none yet (101 and other 1xx) says nothing to caches.
    pub fn respond(&self, response: &(impl ResponseHead + ?Sized)) -> Changes {
        let mut changes = self.pending.respond(response);
        changes
            .edits
            .splice(0..0, self.response.clone().edits(&self.pending));
        changes
    }

    /// The response when the origin cannot be reached.
    pub fn unreachable(&self) -> Answer {
        self.pending.unreachable()
    }

    /// The changes to the response's headers that do not depend on it, and what is left to decide.
    pub(crate) fn into_response(self) -> (Vec<Edit>, Pending) {
        (self.response.edits(&self.pending), self.pending)
    }

    /// Nothing but what is done to every request: it goes to the origin `stable` as it is, without the headers that
    /// nobody outside may set.
    fn pass_through(parts: &Parts<'_, impl RequestHead>, problem: Option<Problem>) -> Self {
        let head = parts.head;
        let query = head.query();
        let mut path_and_query =
            String::with_capacity(parts.path.len() + 1 + query.map_or(0, str::len));
        path_and_query.append(&parts.path);
        if let Some(query) = query {
            path_and_query.append("?");
            path_and_query.append(query);
        }
        let mut request_edits = Vec::with_capacity(8);
        request_edits.extend([
            Edit::RemovePrefix("flagstone-"),
            Edit::Remove(FLAGS.into()),
            Edit::Set(
                "x-forwarded-host".into(),
                forwarded_host(head.host(), head.scheme()),
            ),
            Edit::Set("x-forwarded-proto".into(), head.scheme().to_owned()),
        ]);
        Self {
            origin: STABLE.to_owned(),
            timeout_ms: 0,
            fallback: None,
            path_and_query,
            request_edits,
            cache_key: String::new(),
            is_told: true,
            is_counted: false,
            response: Response::default(),
            pending: Pending {
                status: Status {
                    problem,
                    ..Status::default()
                },
                ..Pending::default()
            },
        }
    }
}

/// Plans a request's `attempts`; without a configuration it is passed through.
pub(crate) fn plan(
    attempts: Attempts,
    ledger: &mut impl Ledger,
    configuration: Option<&Configuration>,
    problem: Option<Problem>,
    request: &impl RequestHead,
    now: UnixMillis,
    entropy: impl FnOnce() -> [u8; 16],
) -> Plan {
    let parts = Parts::new(request);
    let mut plan = Plan::pass_through(&parts, problem);
    if let Some(configuration) = configuration {
        let (plan, parts) = (&mut plan, &parts);
        let mut entropy = Some(entropy);
        // For all ledgers and sources of randomness the same code.
        let mut draw = || entropy.take().map(|entropy| entropy());
        decide::decide(attempts, plan, ledger, configuration, parts, now, &mut draw);
    }
    plan
}

#[cfg(test)]
mod tests;
