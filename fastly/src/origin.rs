//! Requests to origins, and their responses.

use fastly::http::StatusCode;
use fastly::{Backend, Request, Response};
use flagstone_edge::Plan;
use sha2::{Digest, Sha256};

use crate::head::Answered;
use crate::{headers, log};

/// The longest URL that the platform takes, in bytes; the SDK panics when it refuses one.
const MAX_URL: usize = 8_192;

/// Sends the request to the plan's origin, the backend of that name, and makes the visitor's response.
///
/// Bodies are streams that the platform moves, and redirects are passed on to the visitor. Safe methods go through the
/// platform's cache, which tells apart what the plan tells apart.
pub fn carry_out(plan: &Plan, request: Request) -> Response {
    match send(plan, request) {
        Some(mut response) => {
            let edits = plan.respond(&Answered(&response));
            headers::apply(&mut response, edits);
            response
        }
        None => unreachable(plan),
    }
}

/// `None` if the origin cannot be reached.
fn send(plan: &Plan, mut request: Request) -> Option<Response> {
    let name = plan.origin.as_str();
    let refused = |reason: &dyn std::fmt::Display| log(format_args!("origin `{name}`: {reason}"));
    let backend = Backend::from_name(name).map_err(|error| refused(&error));
    let backend = backend.ok()?;

    let mut url = request.get_url().clone();
    let (path, query) = match plan.path_and_query.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (plan.path_and_query.as_str(), None),
    };
    url.set_path(path);
    url.set_query(query);
    if url.as_str().len() > MAX_URL {
        refused(&"the URL is too long");
        return None;
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
    request
        .send(backend)
        .map_err(|error| refused(error.root_cause()))
        .ok()
}

/// The answer when the origin cannot be reached.
fn unreachable(plan: &Plan) -> Response {
    let answer = plan.unreachable();
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::BAD_GATEWAY);
    let mut response = Response::from_status(status).with_body(answer.body);
    headers::apply(&mut response, answer.edits);
    response
}
