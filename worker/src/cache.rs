//! Cloudflare's cache in front of the origins.

use worker::Env;
use worker::js_sys::{JSON, Object, Reflect};
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::web_sys::{RequestCache, RequestInit};

use crate::node::variable;

/// Variable: how responses that depend on flags are cached.
const MODE: &str = "FLAGSTONE_CACHE";
/// `vary`: the origin says `Vary: Feature-Flags`, and the cache keeps a copy for each value of the header. On a
/// `Vary` with other names the cache is not used.
const VARY: &str =
    r#"{"default":{"action":"bypass"},"headers":{"feature-flags":{"action":"passthrough"}}}"#;

/// Options of a fetch from `url` whose response depends on the flags in `key`, which is not empty.
///
/// # Errors
/// None that the runtime is known to give.
pub fn options(env: &Env, key: &str, url: &str) -> Result<RequestInit, JsValue> {
    let init = RequestInit::new();
    match variable(env, MODE).as_deref() {
        Some("key") => cf(&init, "cacheKey", &JsValue::from([url, "#", key].concat()))?,
        Some("vary") => cf(&init, "vary", &JSON::parse(VARY)?)?,
        // Right without anybody's help.
        _ => init.set_cache(RequestCache::NoStore),
    }
    Ok(init)
}

/// Sets a single option of Cloudflare's own.
fn cf(init: &RequestInit, name: &str, value: &JsValue) -> Result<(), JsValue> {
    let cf = Object::new();
    Reflect::set(&cf, &JsValue::from(name), value)?;
    Reflect::set(init.unchecked_ref(), &JsValue::from("cf"), &cf)?;
    Ok(())
}
