//! The health page: its files, what it shows, and what people do by it.

use super::super::rollout::{Change, act};
use super::http::{Question, Site, json, only, plain, question, whole};
use crate::clock;
use flagstone_guard::{Action, page};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue, WWW_AUTHENTICATE};
use hyper::http::request::Parts;
use hyper::{Response, StatusCode};
use tokio::task::spawn_blocking;

/// Answers what is below [`page::PATH`], of whoever has shown the token.
pub async fn answer(parts: &Parts, body: Incoming, site: &Site) -> Response<Full<Bytes>> {
    let path = parts.uri.path();
    let response = match (parts.method.as_str(), path) {
        ("POST", page::ACTIONS) => done(parts, body, site).await,
        (_, page::ACTIONS) => only("POST", "POST actions here\n"),
        ("GET", page::HEALTH) => question(Question::Health, site).await,
        ("GET", _) => match page::file(path) {
            Some(file) => {
                let mut response = plain(StatusCode::OK, file.text);
                let kind = HeaderValue::from_static(file.kind);
                response.headers_mut().insert(CONTENT_TYPE, kind);
                response
            }
            None => plain(StatusCode::NOT_FOUND, page::NOTHING),
        },
        _ => only("GET", page::ONLY_GET),
    };
    guarded(response)
}

/// What is answered to whoever has not shown the token.
pub fn refused() -> Response<Full<Bytes>> {
    let mut response = plain(StatusCode::UNAUTHORIZED, "the token is needed\n");
    let challenge = HeaderValue::from_static(page::CHALLENGE);
    response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    guarded(response)
}

/// What is answered where there is no token that could be shown.
pub fn closed() -> Response<Full<Bytes>> {
    plain(
        StatusCode::NOT_FOUND,
        "there is no page without --token: it can stop rollouts\n",
    )
}

fn guarded(mut response: Response<Full<Bytes>>) -> Response<Full<Bytes>> {
    for (name, value) in page::HEADERS {
        let (name, value) = (
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
        response.headers_mut().insert(name, value);
    }
    response
}

async fn done(parts: &Parts, body: Incoming, site: &Site) -> Response<Full<Bytes>> {
    let header = |name: &str| {
        parts
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    if !page::is_own(header("sec-fetch-site"), header("content-type")) {
        return plain(StatusCode::FORBIDDEN, page::FOREIGN);
    }
    let body = match whole(body, page::LARGEST, page::TOO_LARGE).await {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    let action = match Action::read(&String::from_utf8_lossy(&body)) {
        Ok(action) => action,
        Err(error) => return plain(StatusCode::BAD_REQUEST, format!("{error}\n")),
    };
    let stores = site.stores.clone();
    // Stores wait for the network.
    let change = spawn_blocking(move || {
        act(&stores, &action, clock::now()).map_err(|failure| failure.to_string())
    });
    match change.await {
        Ok(Ok(Change::Made { document, .. })) => json(document.audit() + "\n"),
        Ok(Ok(Change::Refused(why))) => plain(StatusCode::CONFLICT, why + "\n"),
        Ok(Ok(Change::Overtaken)) => plain(
            StatusCode::CONFLICT,
            "somebody else has changed the control document at the same time; look again\n",
        ),
        Ok(Err(problem)) => plain(StatusCode::BAD_GATEWAY, problem + "\n"),
        Err(_) => plain(StatusCode::INTERNAL_SERVER_ERROR, "it was not done\n"),
    }
}
