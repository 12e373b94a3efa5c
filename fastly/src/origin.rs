//! Requests to origins, and their responses.

use fastly::http::StatusCode;
use fastly::{Request, Response};

/// Sends `request` to the backend `name` as it is, and gives its response as it is.
///
/// Bodies are streams that the platform moves, and redirects are passed on to the visitor. The platform's own cache is
/// not asked: it does not know which backend an object came from. A backend that is absent or fails gives 502.
pub fn send(request: Request, name: &str) -> Response {
    match request.with_pass(true).send(name) {
        Ok(response) => response,
        Err(error) => {
            eprintln!("flagstone: origin `{name}`: {error}");
            Response::from_status(StatusCode::BAD_GATEWAY)
        }
    }
}
