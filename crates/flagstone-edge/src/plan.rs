//! What is to be done to one request and to its response.

mod decide;

use crate::cache;
use crate::configuration::Configuration;
use crate::edit::Edit;
use crate::head::{RequestHead, ResponseHead};
use crate::parts::Parts;
use crate::path::forwarded_host;
use crate::status::{Problem, STATUS, Status};
use flagstone_core::UnixMillis;

/// The origin for requests that nothing else is decided about.
const STABLE: &str = "stable";
/// The header that tells flags.
const FLAGS: &str = "feature-flags";
/// Headers that tell shared caches of one kind or another to store a response whatever `Cache-Control` says.
const CDN_CACHE_CONTROLS: [&str; 3] = [
    "cdn-cache-control",
    "cloudflare-cdn-cache-control",
    "surrogate-control",
];

/// What is to be done to one request and to its response: owned data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The name of the origin that gets the request.
    pub origin: String,
    /// The name of the origin that stands in for it, if there is one.
    pub fallback: Option<String>,
    /// Path and query towards the origin, in the form of a request line: `/v2/cart?beta=1`.
    pub path_and_query: String,
    /// Changes to the request's headers.
    pub request_edits: Vec<Edit>,
    /// What a cache in front of the origin must add to its key: `banner=red&new-checkout=treatment`, keys and variants
    /// percent-encoded, ASCII. Empty: nothing.
    pub cache_key: String,
    /// Whether the request counts as an exposure to its flags: not for declared bots and prefetches.
    pub is_counted: bool,
    response: Response,
    status: Status,
}

/// What is to be done to the response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Response {
    /// `Feature-Flags` for the browser.
    flags: Option<String>,
    /// Headers that actions set.
    headers: Vec<(String, String)>,
    /// Values of `Set-Cookie`.
    cookies: Vec<String>,
    /// Request headers that the response depends on, in alphabetical order.
    vary: Vec<String>,
    /// Shared caches must not store it.
    is_private: bool,
}

/// A response that the edge makes itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Its headers, as edits of an empty list.
    pub edits: Vec<Edit>,
    /// Its body.
    pub body: &'static str,
}

impl Plan {
    /// Changes to the headers of the origin's response.
    ///
    /// They are the same for every status, so that a 304 updates what a cache holds just as the 200 would. Only a
    /// response that is none yet (101 and other 1xx) says nothing to caches.
    pub fn respond(&self, response: &(impl ResponseHead + ?Sized)) -> Vec<Edit> {
        let plan = &self.response;
        let set = |name: &'static str, value| Edit::Set(name.into(), value);
        let mut edits: Vec<Edit> = Vec::with_capacity(4 + plan.headers.len() + plan.cookies.len());
        let headers = plan.headers.iter();
        edits.extend(headers.map(|(name, value)| Edit::Set(name.clone().into(), value.clone())));
        let cookies = plan.cookies.iter();
        edits.extend(cookies.map(|cookie| Edit::Append("set-cookie".into(), cookie.clone())));
        if response.status() >= 200 {
            if !plan.vary.is_empty() {
                let vary = cache::vary(response.header("vary").as_deref(), &plan.vary);
                edits.extend(vary.map(|value| set("vary", value)));
            }
            if plan.is_private {
                let value = cache::private(response.header("cache-control").as_deref());
                edits.push(set("cache-control", value));
                edits.extend(CDN_CACHE_CONTROLS.map(Edit::Remove));
            }
        }
        // Last, so that they are ours whatever the origin and the configuration have set.
        edits.push(match &plan.flags {
            Some(flags) => set(FLAGS, flags.clone()),
            None => Edit::Remove(FLAGS),
        });
        edits.push(set(STATUS, self.status.value()));
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

    /// Nothing but what is done to every request: it goes to the origin `stable` as it is, without the headers that
    /// nobody outside may set.
    fn pass_through(parts: &Parts<'_, impl RequestHead>, problem: Option<Problem>) -> Self {
        let head = parts.head;
        let mut path_and_query = parts.path.clone().into_owned();
        if let Some(query) = head.query() {
            path_and_query.push('?');
            path_and_query.push_str(query);
        }
        Self {
            origin: STABLE.to_owned(),
            fallback: None,
            path_and_query,
            request_edits: vec![
                Edit::RemovePrefix("flagstone-"),
                Edit::Remove(FLAGS),
                Edit::Set(
                    "x-forwarded-host".into(),
                    forwarded_host(head.host(), head.scheme()),
                ),
                Edit::Set("x-forwarded-proto".into(), head.scheme().to_owned()),
            ],
            cache_key: String::new(),
            is_counted: false,
            response: Response::default(),
            status: Status {
                problem,
                ..Status::default()
            },
        }
    }
}

/// Plans a request; without a configuration it is passed through.
pub(crate) fn plan(
    configuration: Option<&Configuration>,
    problem: Option<Problem>,
    request: &impl RequestHead,
    now: UnixMillis,
    entropy: impl FnOnce() -> [u8; 16],
) -> Plan {
    let parts = Parts::new(request);
    let mut plan = Plan::pass_through(&parts, problem);
    if let Some(configuration) = configuration {
        decide::decide(&mut plan, configuration, &parts, now, entropy);
    }
    plan
}

#[cfg(test)]
mod tests;
