//! The wasm's side of `worker/guard.mjs`.

use std::panic;

use wasm_bindgen::handler::schedule_reinit;
use wasm_bindgen::prelude::wasm_bindgen;
use worker::js_sys::Promise;
use worker::web_sys::Request;

#[wasm_bindgen(raw_module = "../guard.mjs")]
extern "C" {
    /// Tells the shim that `request` is on its way to an origin, whose response `answer` will be.
    ///
    /// From here on the request is never sent a second time, unless its method is safe.
    pub fn sent(request: &Request, answer: &Promise);

    /// Hands all running requests back to the shim.
    fn abandon(cause: &str);
}

/// Makes each panic replace this instance.
///
/// The shim hears of a trap only when nobody catches it on the way; a panic in a callback from a stream would
/// pass unnoticed and leave a damaged instance in use.
pub fn install() {
    let inner = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        inner(info);
        replace_instance();
        abandon(&info.to_string());
    }));
}

/// Has the next call from JavaScript run in a new instance of the same module, all statics fresh.
///
/// Exported for traps that run no panic hook: stack overflow, access out of bounds, failed allocation. It needs no
/// stack and no memory of this instance.
#[wasm_bindgen(js_name = replaceInstance)]
pub fn replace_instance() {
    schedule_reinit();
}
