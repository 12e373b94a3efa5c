//! What is to be done to one request and to its response.

use crate::configuration::Configuration;
use crate::edit::Edit;
use crate::head::{RequestHead, ResponseHead};
use crate::status::{Problem, STATUS, Status};
use flagstone_core::UnixMillis;

/// The origin for requests that nothing else is decided about.
const STABLE: &str = "stable";

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
    /// What a cache in front of the origin must add to its key: `banner=red&new-checkout=treatment`. Empty: nothing.
    pub cache_key: String,
    /// Whether the request counts as an exposure: not for declared bots and prefetches.
    pub is_counted: bool,
    status: Status,
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
    pub fn respond(&self, _response: &(impl ResponseHead + ?Sized)) -> Vec<Edit> {
        vec![
            Edit::Remove("feature-flags"),
            Edit::Set(STATUS.into(), self.status.value()),
        ]
    }

    /// The response when the origin cannot be reached.
    pub fn unreachable(&self) -> Answer {
        let status = Status { problem: Some(Problem::OriginUnreachable), ..self.status };
        Answer {
            status: 502,
            edits: vec![
                Edit::Set("cache-control".into(), "no-store".to_owned()),
                Edit::Set("content-type".into(), "text/plain;charset=utf-8".to_owned()),
                Edit::Set(STATUS.into(), status.value()),
            ],
            body: "The origin cannot be reached.\n",
        }
    }
}

/// Plans a request; without a configuration it goes to the origin `stable`.
pub(crate) fn plan(
    _configuration: Option<&Configuration>,
    problem: Option<Problem>,
    request: &impl RequestHead,
    _now: UnixMillis,
    _entropy: impl FnOnce() -> [u8; 16],
) -> Plan {
    let mut path_and_query = request.path().to_owned();
    if let Some(query) = request.query() {
        path_and_query.push('?');
        path_and_query.push_str(query);
    }
    Plan {
        origin: STABLE.to_owned(),
        fallback: None,
        path_and_query,
        request_edits: vec![
            Edit::RemovePrefix("flagstone-"),
            Edit::Remove("feature-flags"),
            Edit::Set("x-forwarded-host".into(), request.host().to_owned()),
            Edit::Set("x-forwarded-proto".into(), request.scheme().to_owned()),
        ],
        cache_key: String::new(),
        is_counted: true,
        status: Status { problem, ..Status::default() },
    }
}
