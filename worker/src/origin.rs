//! Requests to origins, and their responses.

use worker::js_sys::futures::JsFuture;
use worker::js_sys::{self, JsString, Promise, Reflect};
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::web_sys::{Request, RequestInit, Response, ResponseInit, WorkerGlobalScope};
use worker::{Env, worker_sys};

/// Starts sending `request` to the origin `name`: with its method, headers and body as they are, to its path and query.
///
/// The variable or binding `ORIGIN_<NAME>` says where that is (upper case, `_` for `-`): a URL, which is put before the
/// path, or a service binding, which sees the visitor's own URL. The body stays a stream that the runtime moves, and
/// a redirect is passed on to the visitor.
///
/// # Errors
/// When there is no such origin, or it is no URL.
pub fn send(request: &Request, env: &Env, name: &str) -> worker::Result<Promise> {
    let variable = format!("ORIGIN_{}", name.to_uppercase().replace('-', "_"));
    let binding = Reflect::get(env, &JsValue::from(&variable))?;
    let url = request.url();
    let Some(base) = binding.dyn_ref::<JsString>() else {
        if binding.is_undefined() {
            return Err(format!("there is no variable or binding `{variable}`").into());
        }
        let service: worker_sys::Fetcher = binding.unchecked_into();
        return Ok(service.fetch(&copy(request, &url)?)?);
    };
    let target = String::from(base).trim_end_matches('/').to_owned() + path_and_query(&url);
    let scope: WorkerGlobalScope = js_sys::global().unchecked_into();
    Ok(scope.fetch_with_request(&copy(request, &target)?))
}

/// The origin's response, with headers that can be changed.
///
/// # Errors
/// When the origin cannot be reached.
pub async fn response(answer: Promise) -> worker::Result<Response> {
    let response: Response = JsFuture::from(answer).await?.unchecked_into();
    // A response serves as the description of its own copy; status, headers and an upgraded socket go along.
    let init: &ResponseInit = response.unchecked_ref();
    Ok(Response::new_with_opt_readable_stream_and_init(
        response.body().as_ref(),
        init,
    )?)
}

/// A request to `url` that takes over everything else, the body included.
fn copy(request: &Request, url: &str) -> worker::Result<Request> {
    let init: &RequestInit = request.unchecked_ref();
    Ok(Request::new_with_str_and_init(url, init)?)
}

/// What follows the host in a URL that the runtime has written: there is always a path.
fn path_and_query(url: &str) -> &str {
    let host = url.find("://").map_or(0, |colon| colon + "://".len());
    let path = url.get(host..).and_then(|rest| rest.find('/'));
    path.and_then(|path| url.get(host + path..)).unwrap_or("/")
}
