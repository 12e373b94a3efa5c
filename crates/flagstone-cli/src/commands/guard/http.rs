//! The guard's HTTP server: lines in, figures out.

use super::super::rollout::Stores;
use super::page;
use super::turn::{Answer, Batch, Message};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flagstone_guard::asked;
use flagstone_guard::page::PATH;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{
    ALLOW, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE,
};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use sha2::{Digest, Sha256};
use std::convert::Infallible;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::Duration;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::timeout;

/// The largest batch, in bytes.
const LARGEST: usize = 8 << 20;
/// Connections at once. Further ones wait in the system's queue.
const CONNECTIONS: usize = 512;
/// How long a request's head may take, and then its body.
const PATIENCE: Duration = Duration::from_secs(30);
/// Where Fastly asks whether logs may be sent here.
const CHALLENGE: &str = "/.well-known/fastly/logging/challenge";

/// Who may ask, and what Fastly's challenge is answered with.
#[derive(Clone, Debug)]
pub struct Access {
    /// What must follow `Bearer`.
    pub token: Option<String>,
    /// Ids of Fastly services that may send logs; any if there are none.
    pub services: Vec<String>,
}

/// What requests are answered with.
pub struct Site {
    pub access: Access,
    /// What the health page's actions change.
    pub stores: Stores,
    pub guard: SyncSender<Message>,
}

/// What is asked of the guard.
#[derive(Clone, Debug)]
pub enum Question {
    Rollouts,
    Rollout(String),
    Decisions,
    Metrics,
    Health,
}

/// Serves for ever.
///
/// # Errors
/// If the listener cannot be used.
pub fn serve(listener: TcpListener, site: Site) -> std::io::Result<()> {
    listener.set_nonblocking(true)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let site = Arc::new(site);
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    runtime.block_on(async move {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        loop {
            let place = Arc::clone(&room).acquire_owned().await;
            let Ok((stream, _)) = listener.accept().await else {
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            let site = Arc::clone(&site);
            let service = service_fn(move |request| {
                let site = Arc::clone(&site);
                async move { Ok::<_, Infallible>(answer(request, &site).await) }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(PATIENCE)
                .serve_connection(TokioIo::new(stream), service);
            tokio::spawn(async move {
                // Whoever went away has no use for an error.
                let _ = connection.await;
                drop(place);
            });
        }
    })
}

async fn answer(request: Request<Incoming>, site: &Site) -> Response<Full<Bytes>> {
    let Site { access, guard, .. } = site;
    let (parts, body) = request.into_parts();
    let (method, path) = (&parts.method, parts.uri.path());
    if method == Method::GET && path == CHALLENGE {
        return plain(StatusCode::OK, access.challenge());
    }
    let given = parts
        .headers
        .get(AUTHORIZATION)
        .map(|value| value.as_bytes());
    if path.starts_with(PATH) {
        return match &access.token {
            None => page::closed(),
            Some(_) if !access.allows(given) => page::refused(),
            Some(_) => page::answer(&parts, body, site).await,
        };
    }
    if !access.allows(given) {
        let mut response = plain(StatusCode::UNAUTHORIZED, "a bearer token is needed\n");
        let challenge = HeaderValue::from_static("Bearer");
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        return response;
    }
    let question = match (method.as_str(), path) {
        ("POST", "/lines") => {
            if parts.headers.contains_key(CONTENT_ENCODING) {
                return plain(
                    StatusCode::UNSUPPORTED_MEDIA_TYPE,
                    "send lines uncompressed\n",
                );
            }
            return lines(body, guard).await;
        }
        (_, "/lines") => return only("POST", "POST lines here\n"),
        ("GET", "/rollouts") => Question::Rollouts,
        ("GET", "/decisions") => Question::Decisions,
        ("GET", "/metrics") => Question::Metrics,
        ("GET", path) => match asked(path) {
            Some(flag) => Question::Rollout(flag.into_owned()),
            None => return plain(StatusCode::NOT_FOUND, "no such page\n"),
        },
        _ => return only("GET", "only GET\n"),
    };
    self::question(question, site).await
}

/// Asks the guard.
pub async fn question(question: Question, site: &Site) -> Response<Full<Bytes>> {
    let kind = match question {
        Question::Metrics => "text/plain; version=0.0.4; charset=utf-8",
        _ => "application/json",
    };
    let (reply, asked) = oneshot::channel();
    match ask(&site.guard, Message::Ask { question, reply }, asked).await {
        Some(Answer::Text(text)) => respond(StatusCode::OK, kind, text),
        Some(Answer::Nothing) => plain(StatusCode::NOT_FOUND, "there is none\n"),
        Some(Answer::Unknown(why)) => plain(StatusCode::SERVICE_UNAVAILABLE, why + "\n"),
        None => plain(StatusCode::SERVICE_UNAVAILABLE, "the guard is busy\n"),
    }
}

/// Takes a batch; it is answered once it is on the disk.
async fn lines(body: Incoming, guard: &SyncSender<Message>) -> Response<Full<Bytes>> {
    let body = match whole(body, LARGEST, "at most 8 MiB\n").await {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    let text = String::from_utf8_lossy(&body).into_owned();
    let (reply, saved) = oneshot::channel();
    let message = Message::Lines(Batch {
        text,
        input: None,
        reply,
    });
    match ask(guard, message, saved).await {
        Some(Some(text)) => respond(StatusCode::OK, "application/json", text),
        _ => plain(
            StatusCode::SERVICE_UNAVAILABLE,
            "not saved, send it again\n",
        ),
    }
}

/// A body of at most `largest` bytes that comes in time, or what is answered else: `too_large` where it is that.
pub async fn whole<B>(
    body: B,
    largest: usize,
    too_large: &'static str,
) -> Result<Bytes, Response<Full<Bytes>>>
where
    B: Body,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    match timeout(PATIENCE, Limited::new(body, largest).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            Err(plain(StatusCode::PAYLOAD_TOO_LARGE, too_large))
        }
        Ok(Err(_)) => Err(plain(StatusCode::BAD_REQUEST, "the body did not end\n")),
        Err(_) => Err(plain(
            StatusCode::REQUEST_TIMEOUT,
            "the body took too long\n",
        )),
    }
}

/// Sends a message, if there is room for it, and waits for the answer.
async fn ask<T>(
    guard: &SyncSender<Message>,
    message: Message,
    answer: oneshot::Receiver<T>,
) -> Option<T> {
    guard.try_send(message).ok()?;
    answer.await.ok()
}

impl Access {
    /// Compares in constant time: the digests are.
    fn allows(&self, given: Option<&[u8]>) -> bool {
        let Some(token) = &self.token else {
            return true;
        };
        let is_it = |given: &[u8]| Sha256::digest(given) == Sha256::digest(token.as_bytes());
        let Some(given) = given else { return false };
        // Browsers ask for a name and a password, and send them together.
        match (
            given.strip_prefix(b"Bearer "),
            given.strip_prefix(b"Basic "),
        ) {
            (Some(given), _) => is_it(given),
            (None, Some(pair)) => {
                let pair = STANDARD.decode(pair).unwrap_or_default();
                let mut parts = pair.splitn(2, |byte| *byte == b':');
                parts.nth(1).is_some_and(is_it)
            }
            (None, None) => false,
        }
    }

    /// The SHA-256 of each service's id, or a star for all.
    fn challenge(&self) -> String {
        if self.services.is_empty() {
            return "*\n".to_owned();
        }
        let digests = self.services.iter().map(|service| {
            let digest = Sha256::digest(service.as_bytes());
            digest
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect::<String>()
                + "\n"
        });
        digests.collect()
    }
}

/// What is answered where a path has another method.
pub fn only(method: &'static str, text: &str) -> Response<Full<Bytes>> {
    let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, text);
    let method = HeaderValue::from_static(method);
    response.headers_mut().insert(ALLOW, method);
    response
}

pub fn plain(status: StatusCode, text: impl Into<String>) -> Response<Full<Bytes>> {
    respond(status, "text/plain; charset=utf-8", text.into())
}

/// JSON.
pub fn json(text: String) -> Response<Full<Bytes>> {
    respond(StatusCode::OK, "application/json", text)
}

fn respond(status: StatusCode, kind: &'static str, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert("cache-control", HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests;
