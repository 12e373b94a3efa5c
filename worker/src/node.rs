//! The configuration that this isolate holds, and how it comes from Workers KV.

use std::cell::RefCell;

use flagstone_core::UnixMillis;
use flagstone_edge::{Compile, Fetched, Need, Node, Options};
use worker::js_sys::{Date, JsString, Reflect};
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::{Env, KvStore, console_error};

/// Binding of the KV namespace.
const STORE: &str = "FLAGS";
/// Variable: seconds for which a control document is served without asking for a newer one; 30 if it is not set.
const TTL: &str = "FLAGSTONE_CONTROL_TTL_SECONDS";
/// Seconds for which Workers KV keeps the control document, or a flag service's, near this isolate: the least that it
/// allows.
const CONTROL_CACHE_TTL: u64 = 30;
/// The same for snapshots. They never change, but that a key is absent is kept for this long too, and a snapshot may
/// reach this place after the control document that names it.
const SNAPSHOT_CACHE_TTL: u64 = 300;

/// What compiles flag services' documents.
#[cfg(feature = "import")]
const COMPILE: Option<Compile> = Some(flagstone_import::document::compile_document);
#[cfg(not(feature = "import"))]
const COMPILE: Option<Compile> = None;

thread_local! {
    /// Made by the first request, which brings the environment. No borrow lasts over an `await`.
    static NODE: RefCell<Option<Node>> = const { RefCell::new(None) };
}

/// Lends the isolate's node.
pub fn with<T>(env: &Env, borrow: impl FnOnce(&mut Node) -> T) -> T {
    NODE.with_borrow_mut(|node| borrow(node.get_or_insert_with(|| Node::new(options(env)))))
}

/// Fetches what the node needs.
///
/// Requests that come before the first configuration is there each fetch it for themselves: on this platform a promise
/// belongs to the request that made it, and ends with that. Whoever comes second finds the snapshot held.
pub async fn fetch(env: &Env) {
    let mut need = Some(Need::Control);
    while let Some(wanted) = need {
        let fetched = read(env, &wanted).await;
        need = with(env, |node| node.take(wanted, fetched, now()));
    }
}

/// The time, which on this platform stands still between one I/O and the next.
pub fn now() -> UnixMillis {
    UnixMillis(Date::now() as i64)
}

async fn read(env: &Env, need: &Need) -> Fetched {
    let cache_ttl = match need {
        Need::Control | Need::Document(_) => CONTROL_CACHE_TTL,
        Need::Snapshot(_) => SNAPSHOT_CACHE_TTL,
    };
    let key = need.key();
    let value = async {
        let store = KvStore::from_this(env, STORE)?;
        store.get(&key).cache_ttl(cache_ttl).bytes().await
    };
    match value.await {
        Ok(Some(bytes)) => Fetched::Bytes(bytes),
        Ok(None) => Fetched::Absent,
        Err(error) => {
            console_error!("flagstone: `{key}` in {STORE}: {error}");
            Fetched::Failed
        }
    }
}

fn options(env: &Env) -> Options {
    let seconds = variable(env, TTL).and_then(|text| text.parse::<u32>().ok());
    let ttl = seconds.map(|seconds| seconds.saturating_mul(1_000));
    Options {
        ttl: ttl.unwrap_or(Options::DEFAULT.ttl),
        compile: COMPILE,
    }
}

/// The text of a variable; `None` if it is not set.
pub fn variable(env: &Env, name: &str) -> Option<String> {
    let value = Reflect::get(env, &JsValue::from(name)).ok()?;
    value.dyn_into::<JsString>().ok().map(String::from)
}
