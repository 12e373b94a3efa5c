//! Flagstone on Fastly Compute.
//!
//! A shell: it translates between the platform and `flagstone-edge` and decides nothing.
//!
//! A sandbox serves one request after the other, as many as the platform lets it. Between them it keeps the configuration, and
//! nothing else: each request reads the control document, and the snapshot only if that names another. So no request is
//! served from an old one, and nothing of one visitor can come to the next. Only a flag service's document, which is long, is
//! looked at once in a while.
//!
//! Nothing here may panic: on this platform a panic is a 500 for the visitor. The SDK's functions that panic on what a
//! visitor sends are not called, above all those that take or give headers as `str`. `cargo xtask panics` looks at
//! what the compiler made of it.

use std::fmt::Arguments;
use std::io::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fastly::http::serve::Serve;
use fastly::http::{StatusCode, Url};
use fastly::log::Endpoint;
use fastly::{Request, Response};
use flagstone_core::UnixMillis;
use flagstone_edge::ledger::Pop;
use flagstone_edge::{Compile, Node, Options};

use counters::Counters;
use head::Head;
use page::Page;

mod answer;
mod counters;
mod head;
mod headers;
mod origin;
mod page;
mod store;

/// The log endpoint for reports.
const LOG: &str = "flagstone";

/// How long a sandbox waits for a further request. It does not compute meanwhile, but its memory is billed.
const WAIT: Duration = Duration::from_secs(1);
/// How long a sandbox takes further requests, so that whatever memory has been lost in it comes back.
const LIFETIME: Duration = Duration::from_secs(300);

/// What compiles flag services' documents.
#[cfg(feature = "import")]
const COMPILE: Option<Compile> = Some(flagstone_import::document::compile_document);
#[cfg(not(feature = "import"))]
const COMPILE: Option<Compile> = None;

fn main() {
    let mut node = empty();
    Serve::new()
        .with_max_lifetime(LIFETIME)
        .with_timeout(WAIT)
        .run_with_context(|request, node| serve(node, request), &mut node);
}

fn empty() -> Node {
    Node::new(Options {
        compile: COMPILE,
        ..Options::DEFAULT
    })
}

/// Serves a request with the configuration that is in force now.
fn serve(node: &mut Node, request: Request) {
    if !has_host(&request) {
        return Response::from_status(StatusCode::BAD_REQUEST).send_to_client();
    }
    let now = now();
    let entropy = entropy();
    match &entropy {
        Ok(_) => store::fetch(node, now),
        // A node that holds nothing gives nobody an id.
        Err(error) => {
            log(format_args!("no random bytes: {error}"));
            *node = empty();
        }
    }
    let random = entropy.unwrap_or_default();
    let head = Head::new(&request);
    if node.answers(&head) {
        return match answer::answer(node, request, now, random) {
            Some(answer) => Page::from(answer).send(),
            None => Response::from_status(StatusCode::INTERNAL_SERVER_ERROR).send_to_client(),
        };
    }
    let mut ledger = Pop::new(Counters::open(), &random);
    let plan = node.plan(&mut ledger, &head, now, || random);
    let page = origin::carry_out(&plan, &mut ledger, request);
    // Before it is sent, which may end here: the visitor may have left.
    write(ledger.lines());
    page.send();
}

/// Writes what was counted or seen to the log endpoint, if the service has one.
fn write(lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    if let Ok(mut endpoint) = Endpoint::try_from_name(LOG) {
        for line in lines {
            // A line a write is what the platform makes of it.
            drop(endpoint.write_all(line.as_bytes()));
        }
    }
}

/// Whether the request is for a host. The SDK panics on a URL that has none, such as one for `shop.example:99999`.
fn has_host(request: &Request) -> bool {
    let url = headers::url(request.as_handles().0);
    url.is_some_and(|url| Url::parse(&url).is_ok())
}

/// A clock before 1970 is taken for 1970.
fn now() -> UnixMillis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let millis = since.unwrap_or_default().as_millis();
    UnixMillis(i64::try_from(millis).unwrap_or(i64::MAX))
}

/// Bytes for an id. They are fetched although it may not be needed, because without them nobody must be given one.
fn entropy() -> Result<[u8; 16], getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

/// Writes a line for whoever runs `fastly log-tail`.
fn log(message: Arguments<'_>) {
    // Unlike `eprintln`, it does not panic when nobody listens.
    drop(writeln!(std::io::stderr(), "flagstone: {message}"));
}
