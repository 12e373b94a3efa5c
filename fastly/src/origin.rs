//! Requests to origins, and their responses.

use std::io::Read;
use std::thread::sleep;
use std::time::{Duration, Instant};

use fastly::http::StatusCode;
use fastly::http::request::{PollResult, SendErrorCause};
use fastly::{Backend, Request, Response};
use flagstone_edge::ledger::Ledger;
use flagstone_edge::{Changes, Edit, Ended, Next, Plan};
use flagstone_rollout::Outcome;
use sha2::{Digest, Sha256};

use crate::head::Answered;
use crate::page::Page;
use crate::{headers, log, now};

/// The longest URL that the platform takes, in bytes; the SDK panics when it refuses one.
const MAX_URL: usize = 8_192;

/// Sends the request to the plan's origin, the backend of that name, and makes the visitor's response. When that has failed,
/// and may be done, the same happens by the plan's fallback.
///
/// Bodies are streams that the platform moves, and redirects are passed on to the visitor. Safe methods go through the
/// platform's cache, which tells apart what the plan tells apart.
pub fn carry_out(plan: &Plan, ledger: &mut impl Ledger, mut request: Request) -> Page {
    let Some(fallback) = &plan.fallback else {
        let attempt = Attempt::make(plan, request);
        let next = plan.ended(ledger, &attempt.ended(), now());
        return attempt.respond(plan, edits(next));
    };
    let Some(body) = held(&mut request) else {
        return unreachable(plan).into();
    };
    let copy = |request: &Request| {
        let mut copy = request.clone_without_body();
        if !body.is_empty() {
            copy.set_body(body.as_slice());
        }
        copy
    };
    let is_head = request.get_method_str() == "HEAD";
    let first = Attempt::make(plan, copy(&request)).hold(is_head);
    let ended = first.ended();
    match plan.ended(ledger, &ended, now()) {
        Next::Respond(edits) => first.respond(plan, edits),
        Next::FailOver => {
            let second = Attempt::make(fallback, copy(&request));
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

/// What came of sending a request.
struct Attempt {
    result: Result<Response, Outcome>,
    took: Duration,
}

impl Attempt {
    fn make(plan: &Plan, request: Request) -> Self {
        let begin = Instant::now();
        let result = send(plan, request);
        Self {
            result,
            took: begin.elapsed(),
        }
    }

    /// With the body in memory if it is short; if it broke off, the attempt has failed.
    fn hold(mut self, is_head: bool) -> Self {
        if let Ok(response) = &mut self.result
            && !is_head
            && response.get_status() != StatusCode::NOT_MODIFIED
            && response
                .get_content_length()
                .is_some_and(|len| (1..=Plan::HELD).contains(&len))
        {
            let len = response.get_content_length();
            let mut bytes = Vec::with_capacity(len.unwrap_or_default());
            match response.take_body().read_to_end(&mut bytes) {
                Ok(_) if len == Some(bytes.len()) => response.set_body(bytes),
                _ => self.result = Err(Outcome::Connection),
            }
        }
        self
    }

    fn outcome(&self) -> Outcome {
        match &self.result {
            Ok(response) => Outcome::Status(response.get_status().as_u16()),
            Err(outcome) => *outcome,
        }
    }

    fn ended(&self) -> Ended {
        let cached = |response: &Response| {
            let header = response.get_header("x-cache");
            header.is_some_and(|value| value.as_bytes().ends_with(b"HIT"))
        };
        Ended {
            outcome: self.outcome(),
            latency_ms: u32::try_from(self.took.as_millis()).unwrap_or(u32::MAX),
            from_cache: self.result.as_ref().is_ok_and(cached),
            events: self.result.as_ref().map(events).unwrap_or_default(),
        }
    }

    fn respond(self, plan: &Plan, last: Vec<Edit>) -> Page {
        let Ok(mut response) = self.result else {
            return unreachable(plan).into();
        };
        let Changes { edits, element } = plan.respond(&Answered(&response));
        headers::apply(&mut response, edits);
        headers::apply(&mut response, last);
        Page { response, element }
    }
}

/// What the origin reports.
fn events(response: &Response) -> String {
    let lines = response.get_header_all(Plan::EVENT);
    let lines: Vec<&str> = lines
        .filter_map(|line| str::from_utf8(line.as_bytes()).ok())
        .collect();
    lines.join(",")
}

/// Reads a request's body, which the plan found to be short; `None` if it is not, or breaks off.
fn held(request: &mut Request) -> Option<Vec<u8>> {
    let most = Plan::HELD;
    let mut bytes = Vec::new();
    let body = request.take_body();
    let read = body.take(most as u64 + 1).read_to_end(&mut bytes).ok()?;
    (read <= most).then_some(bytes)
}

/// How it went wrong, if it did.
fn send(plan: &Plan, mut request: Request) -> Result<Response, Outcome> {
    let name = plan.origin.as_str();
    let refused = |reason: &dyn std::fmt::Display| {
        log(format_args!("origin `{name}`: {reason}"));
        Outcome::Connection
    };
    let backend = Backend::from_name(name).map_err(|error| refused(&error))?;

    let mut url = request.get_url().clone();
    let (path, query) = match plan.path_and_query.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (plan.path_and_query.as_str(), None),
    };
    url.set_path(path);
    url.set_query(query);
    if url.as_str().len() > MAX_URL {
        return Err(refused(&"the URL is too long"));
    }
    if !plan.cache_key.is_empty() {
        let mut hash = Sha256::new();
        for part in [name, url.as_str(), &plan.cache_key] {
            hash.update(part);
            hash.update([0]);
        }
        request.set_cache_key(hash.finalize().as_slice());
    }
    request.set_url(url);
    headers::apply(&mut request, plan.request_edits.clone());
    let result = match plan.timeout_ms {
        0 => request.send(backend),
        millis => {
            let mut pending = request
                .send_async(backend)
                .map_err(|error| refused(error.root_cause()))?;
            let begin = Instant::now();
            loop {
                pending = match pending.poll() {
                    PollResult::Done(result) => break result,
                    PollResult::Pending(pending) => pending,
                };
                let elapsed = begin.elapsed();
                if elapsed >= Duration::from_millis(millis.into()) {
                    refused(&"no answer in time");
                    return Err(Outcome::Timeout);
                }
                // The SDK cannot wait for so long at most; a sixteenth of the time so far is lost.
                sleep((elapsed / 16).clamp(Duration::from_micros(200), Duration::from_millis(20)));
            }
        }
    };
    result.map_err(|error| {
        let outcome = outcome(error.root_cause());
        refused(error.root_cause());
        outcome
    })
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

/// The answer when the origin cannot be reached.
fn unreachable(plan: &Plan) -> Response {
    headers::response(plan.unreachable())
}
