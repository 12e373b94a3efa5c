//! What a visitor and an origin see of our service with five flags exposed, written by hand for this one configuration and with the least that
//! the platform offers: what it takes for it. Each request reads the control document, here a list of the flags; an instance reads their
//! snapshot once, the probe's. There are no kills, no other identities, no route, and nothing that goes wrong is dealt with.

use fastly::handle::BodyHandle;
use fastly::http::serve::Serve;
use fastly::http::{HeaderName, HeaderValue, header};
use fastly::kv_store::KVStore;
use fastly::{ConfigStore, Error, Request};
use probe::{Snapshot, aligned};

const VISITOR: [&str; 4] = ["x-user-key", "x-country", "x-app-version", "x-email"];
const FLAGS: HeaderName = HeaderName::from_static("feature-flags");
const VARY: &str = "cookie, x-app-version, x-country, x-email, x-user-key";
const ROOM: usize = 1024;

/// What an instance keeps.
#[derive(Default)]
struct Kept {
    control: String,
    keys: Vec<String>,
    words: Vec<u64>,
    len: usize,
}

fn main() {
    Serve::new().run_with_context(
        |request, kept| {
            if let Err(error) = serve(request, kept) {
                eprintln!("{error}");
            }
        },
        &mut Kept::default(),
    );
}

fn serve(request: Request, kept: &mut Kept) -> Result<(), Error> {
    let control = ConfigStore::try_open("flagstone")?.try_get("control")?;
    let control = control.ok_or_else(|| Error::msg("no control document"))?;
    if control != kept.control {
        *kept = read(control)?;
    }
    let head = request.as_handles().0;
    let visitor = VISITOR.map(|name| {
        let value = head.get_header_value(&HeaderName::from_static(name), ROOM);
        value.ok().flatten()
    });
    let [key, country, version, email] = visitor.each_ref().map(|value| match value {
        Some(value) => value.as_bytes(),
        None => b"",
    });
    let snapshot = Snapshot::trust(&kept.words, kept.len);
    let context = snapshot.context(key, country, version, email);
    let mut flags = String::new();
    for key in &kept.keys {
        let flag = snapshot.find(key.as_bytes());
        let is_on = flag.is_some_and(|flag| snapshot.evaluate(flag, &context));
        let separator = if flags.is_empty() { "" } else { ", " };
        flags.extend([separator, key, if is_on { "=on" } else { "=off" }]);
    }

    let url = request.get_url();
    let mut host = url.host_str().unwrap_or_default().to_owned();
    if let Some(port) = url.port() {
        host.extend([":", &port.to_string()]);
    }
    let host = HeaderValue::try_from(host)?;
    let scheme = HeaderValue::try_from(url.scheme())?;
    let (mut head, body) = request.into_handles();
    for name in head.get_header_names(ROOM).collect::<Result<Vec<_>, _>>()? {
        if name == FLAGS || name.as_str().starts_with("flagstone-") {
            head.remove_header(&name);
        }
    }
    head.insert_header(&HeaderName::from_static("x-forwarded-host"), &host);
    head.insert_header(&HeaderName::from_static("x-forwarded-proto"), &scheme);

    let body = body.unwrap_or_else(BodyHandle::new);
    let (mut head, body) = head.send(body, "stable")?;
    let vary = match head.get_header_value(&header::VARY, ROOM)? {
        Some(vary) => [vary.to_str()?, ", ", VARY].concat().try_into()?,
        None => HeaderValue::from_static(VARY),
    };
    let status = HeaderValue::from_static("flagstone; rev=4; id=header");
    head.insert_header(&header::VARY, &vary);
    head.insert_header(&FLAGS, &HeaderValue::try_from(flags)?);
    head.insert_header(&HeaderName::from_static("flagstone-status"), &status);
    head.send_to_client(body);
    Ok(())
}

fn read(control: String) -> Result<Kept, Error> {
    let store = KVStore::open("flags")?.ok_or_else(|| Error::msg("no store"))?;
    let bytes = store.lookup("probe-cut")?.take_body().into_bytes();
    Ok(Kept {
        keys: serde_json::from_str(&control)?,
        control,
        words: aligned(&bytes),
        len: bytes.len(),
    })
}
