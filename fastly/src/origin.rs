//! Requests to origins, and their responses.

use std::io::Read;
use std::time::{Duration, Instant};

use fastly::experimental::RequestHandleCacheKey;
use fastly::handle::{BodyHandle, PendingRequestHandle, RequestHandle, ResponseHandle};
use fastly::http::request::SendErrorCause;
use fastly::http::{
    FramingHeadersMode, HeaderName, HeaderValue, Method, StatusCode, Url, Version, header,
};
use fastly::{Backend, Request};
use flagstone_edge::ledger::Ledger;
use flagstone_edge::{Changes, Edit, Ended, Next, Plan};
use flagstone_rollout::Outcome;
use sha2::{Digest, Sha256};

use crate::head::Answered;
use crate::headers::{self, Headers};
use crate::page::Page;
use crate::{log, now};

/// The longest URL that the platform takes, in bytes; the SDK panics when it refuses one.
const MAX_URL: usize = 8_192;

/// What a visitor says about the connection to the edge: a proxy behind it would take the headers away that `Connection` names, ours
/// among them. The edge takes none away for that, as on the other platform: one may be of a hop in front of it.
const CONNECTION: [HeaderName; 5] = [
    header::CONNECTION,
    header::TE,
    header::UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

/// Sends the request to the plan's origin, the backend of that name, and makes the visitor's response. When that has failed,
/// and may be done, the same happens by the plan's fallback.
///
/// Bodies are streams that the platform moves, and redirects are passed on to the visitor. Safe methods go through the
/// platform's cache, which tells apart what the plan tells apart.
pub fn carry_out(plan: &Plan, ledger: &mut impl Ledger, request: Request) -> Page {
    let is_head = request.get_method() == Method::HEAD;
    let mut page = attempt(plan, ledger, request, is_head);
    if is_head && content_length(&page.head).is_some() {
        // Else the platform says how long the body is that does not come.
        page.head
            .set_framing_headers_mode(FramingHeadersMode::ManuallyFromHeaders);
    }
    page
}

fn attempt(plan: &Plan, ledger: &mut impl Ledger, mut request: Request, is_head: bool) -> Page {
    let Some(fallback) = &plan.fallback else {
        let attempt = Attempt::make(plan, request.into());
        let next = plan.ended(ledger, &attempt.ended(), now());
        return attempt.respond(plan, edits(next));
    };
    let Some(copy) = Copied::of(&mut request) else {
        return plan.unreachable().into();
    };
    let mut first: Outgoing = request.into();
    first.body = copy.body.as_slice().into();
    let first = Attempt::make(plan, first).hold(is_head);
    let ended = first.ended();
    match plan.ended(ledger, &ended, now()) {
        Next::Respond(edits) => first.respond(plan, edits),
        Next::FailOver => {
            let second = Attempt::make(fallback, copy.into());
            let edits = plan.stood_in(ledger, &ended, &second.ended(), now());
            second.respond(fallback, edits)
        }
    }
}

/// The changes to the response of a plan without a fallback.
fn edits(next: Next) -> Vec<Edit> {
    match next {
        Next::Respond(edits) => edits,
        Next::FailOver => Vec::new(),
    }
}

/// A request on its way to an origin.
struct Outgoing {
    head: RequestHandle,
    body: BodyHandle,
    url: Url,
}

impl From<Request> for Outgoing {
    fn from(request: Request) -> Self {
        let url = request.get_url().clone();
        let (head, body) = request.into_handles();
        Self {
            head,
            body: body.unwrap_or_else(BodyHandle::new),
            url,
        }
    }
}

/// What it takes to send a request once more. The platform has none any more that was sent.
struct Copied {
    method: Method,
    url: Url,
    headers: Vec<(HeaderName, Vec<HeaderValue>)>,
    body: Vec<u8>,
}

impl Copied {
    /// Reads the body, which the plan found to be short; `None` if it is not, or breaks off.
    fn of(request: &mut Request) -> Option<Self> {
        let most = Plan::HELD;
        let mut bytes = Vec::new();
        let body = request.take_body();
        let read = body.take(most as u64 + 1).read_to_end(&mut bytes).ok()?;
        let handle = request.as_handles().0;
        let lines = |name: HeaderName| {
            let lines = handle.lines(&name);
            (name, lines)
        };
        (read <= most).then(|| Self {
            method: request.get_method().clone(),
            url: request.get_url().clone(),
            headers: handle.names().into_iter().map(lines).collect(),
            body: bytes,
        })
    }
}

impl From<Copied> for Outgoing {
    fn from(copy: Copied) -> Self {
        let mut head = RequestHandle::new();
        head.set_method(&copy.method);
        head.set_url(&copy.url);
        for (name, lines) in &copy.headers {
            head.set_header_values(name, lines);
        }
        Self {
            head,
            body: copy.body.into(),
            url: copy.url,
        }
    }
}

/// What came of sending a request.
struct Attempt {
    result: Result<(ResponseHandle, BodyHandle), Outcome>,
    took: Duration,
}

impl Attempt {
    fn make(plan: &Plan, request: Outgoing) -> Self {
        let begin = Instant::now();
        let result = send(plan, request);
        Self {
            result,
            took: begin.elapsed(),
        }
    }

    /// With the body in memory if it is short; if it broke off, the attempt has failed.
    fn hold(mut self, is_head: bool) -> Self {
        if let Ok((head, body)) = &mut self.result
            && !is_head
            && !matches!(
                head.get_status(),
                StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
            )
            && let Some(len) = content_length(head)
            && (1..=Plan::HELD).contains(&len)
        {
            let mut bytes = Vec::with_capacity(len);
            match body.read_to_end(&mut bytes) {
                Ok(read) if read == len => *body = bytes.into(),
                _ => self.result = Err(Outcome::Connection),
            }
        }
        self
    }

    fn outcome(&self) -> Outcome {
        match &self.result {
            Ok((head, _)) => Outcome::Status(head.get_status().as_u16()),
            Err(outcome) => *outcome,
        }
    }

    fn ended(&self) -> Ended {
        let head = self.result.as_ref().ok().map(|(head, _)| head);
        Ended {
            outcome: self.outcome(),
            latency_ms: u32::try_from(self.took.as_millis()).unwrap_or(u32::MAX),
            from_cache: head.is_some_and(is_from_cache),
            events: head.map(events).unwrap_or_default(),
        }
    }

    fn respond(self, plan: &Plan, last: Vec<Edit>) -> Page {
        let Ok((mut head, body)) = self.result else {
            return plan.unreachable().into();
        };
        let Changes { edits, element } = plan.respond(&Answered(&head));
        headers::apply(&mut head, &edits);
        headers::apply(&mut head, &last);
        Page {
            head,
            body,
            element,
        }
    }
}

fn content_length(head: &ResponseHandle) -> Option<usize> {
    let lines = head.lines(&header::CONTENT_LENGTH);
    str::from_utf8(lines.first()?.as_bytes()).ok()?.parse().ok()
}

fn is_from_cache(head: &ResponseHandle) -> bool {
    let lines = head.lines(&HeaderName::from_static("x-cache"));
    let line = lines.first();
    line.is_some_and(|line| line.as_bytes().ends_with(b"HIT"))
}

/// What the origin reports.
fn events(head: &ResponseHandle) -> String {
    let lines = head.lines(&HeaderName::from_static(Plan::EVENT));
    let lines: Vec<&str> = lines
        .iter()
        .filter_map(|line| str::from_utf8(line.as_bytes()).ok())
        .collect();
    lines.join(",")
}

/// How it went wrong, if it did.
fn send(plan: &Plan, request: Outgoing) -> Result<(ResponseHandle, BodyHandle), Outcome> {
    let Outgoing {
        mut head,
        body,
        mut url,
    } = request;
    let name = plan.origin.as_str();
    let refused = |reason: &dyn std::fmt::Display| {
        log(format_args!("origin `{name}`: {reason}"));
        Outcome::Connection
    };
    let backend = Backend::from_name(name).map_err(|error| refused(&error))?;

    let (path, query) = match plan.path_and_query.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (plan.path_and_query.as_str(), None),
    };
    // Also one that stays as it is: the platform has it as sent, this one is without dot segments.
    url.set_path(path);
    url.set_query(query);
    if url.as_str().len() > MAX_URL {
        return Err(refused(&"the URL is too long"));
    }
    head.set_url(&url);
    // The visitor's own matters to nobody behind the edge.
    head.set_version(Version::HTTP_11);
    for name in CONNECTION {
        head.remove_header(&name);
    }
    headers::apply(&mut head, &plan.request_edits);
    if !plan.cache_key.is_empty() {
        let mut hash = Sha256::new();
        for part in [name, url.as_str(), &plan.cache_key] {
            hash.update(part);
            hash.update([0]);
        }
        head.set_cache_key(hash.finalize().as_slice());
    }
    let result = match plan.timeout_ms {
        0 => head.send_to_backend(body, &backend),
        millis => match head.send_async_to_backend(body, &backend) {
            Ok(pending) if !is_in_time(&pending, millis) => {
                refused(&"no answer in time");
                return Err(Outcome::Timeout);
            }
            Ok(pending) => pending.wait(),
            Err(error) => Err(error),
        },
    };
    result.map_err(|error| {
        refused(&error);
        outcome(&error)
    })
}

/// Waits for the answer; whether it came within so many milliseconds.
#[allow(
    deprecated,
    reason = "so is the handle's number for a target that comes after ours"
)]
fn is_in_time(pending: &PendingRequestHandle, millis: u32) -> bool {
    let handles = [pending.as_u32()];
    let mut ready = u32::MAX;
    // SAFETY: the pointers are to locals, and the length is that of the list.
    #[expect(
        unsafe_code,
        reason = "the SDK has it for itself alone, and others poll"
    )]
    let status = unsafe {
        fastly_sys::fastly_async_io::select(handles.as_ptr(), handles.len(), millis, &raw mut ready)
    };
    // What cannot be waited for gives its error where the answer is taken.
    status.is_err() || ready != u32::MAX
}

fn outcome(cause: &SendErrorCause) -> Outcome {
    match cause {
        SendErrorCause::ConnectionTimeout
        | SendErrorCause::HttpResponseTimeout
        | SendErrorCause::DnsTimeout => Outcome::Timeout,
        SendErrorCause::TlsAlertReceived { .. }
        | SendErrorCause::TlsCertificateError
        | SendErrorCause::TlsConfigurationError
        | SendErrorCause::TlsProtocolError => Outcome::Tls,
        _ => Outcome::Connection,
    }
}
