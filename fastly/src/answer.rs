//! Requests that are for the edge itself: what the platform knows beside their heads.

use std::io::Read;
use std::net::IpAddr;
use std::time::Duration;

use fastly::erl::{ERL, Penaltybox, RateCounter, RateWindow};
use fastly::{ConfigStore, Request};
use flagstone_core::UnixMillis;
use flagstone_edge::{Answer, Asked, Node};

use crate::counters;
use crate::head::Head;
use crate::store::{self, CONFIG_STORE};
use crate::{log, write};

/// The item of the Secret Store that programs show.
const KEY: &str = "ofrep-key";
/// The item of the Config Store that limits clients: so many requests a second, averaged over a minute.
const LIMIT: &str = "ofrep-limit";
/// How long a client that asks too often waits.
const SHUT: Duration = Duration::from_secs(60);

/// Answers a request that is for the edge itself; `None` if it is not.
pub fn answer(
    node: &Node,
    mut request: Request,
    now: UnixMillis,
    random: [u8; 16],
) -> Option<Answer> {
    let body = body(&mut request);
    let key = store::secret(KEY).and_then(|key| String::from_utf8(key).ok());
    let asked = Asked {
        body: body.as_deref(),
        key: key.as_deref(),
        is_limited: request.get_client_ip_addr().is_some_and(is_limited),
        // A response that stays open is another product of the platform's, Fanout.
        has_events: false,
    };
    let answer = node.answer(&Head::new(&request), &asked, now, || random)?;
    write(&answer.lines);
    Some(answer)
}

/// A body; `None` if it is too long.
fn body(request: &mut Request) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let most = Asked::MAX_BODY as u64 + 1;
    if let Err(error) = request.take_body().take(most).read_to_end(&mut bytes) {
        // What is cut off is no JSON.
        log(format_args!("a body broke off: {error}"));
    }
    (bytes.len() <= Asked::MAX_BODY).then_some(bytes)
}

/// Whether a client asks too often, if the service has a limit.
fn is_limited(client: IpAddr) -> bool {
    let limit = || {
        let store = ConfigStore::try_open(CONFIG_STORE).ok()?;
        store.try_get(LIMIT).ok()??.trim().parse().ok()
    };
    let Some(limit) = limit() else { return false };
    let limiter = ERL::open(
        RateCounter::open(counters::NAME),
        Penaltybox::open(counters::NAME),
    );
    let entry = format!("ofrep {client}");
    let is_limited = limiter.check_rate(&entry, 1, RateWindow::SixtySecs, limit, SHUT);
    is_limited.unwrap_or(false)
}
