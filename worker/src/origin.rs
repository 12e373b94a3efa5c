//! Requests to origins, and their responses.

use flagstone_edge::Plan;
use worker::js_sys::futures::JsFuture;
use worker::js_sys::{self, JsString, Promise, Reflect};
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::web_sys::{Request, RequestInit, Response, ResponseInit, WorkerGlobalScope};
use worker::{Env, worker_sys};

use crate::head::Url;
use crate::{cache, headers};

/// Starts sending `request` as the plan says: to its origin, path and query, with its headers.
///
/// The variable or binding `ORIGIN_<NAME>` says where the origin is (upper case, `_` for `-`): a URL, which is put
/// before the path, or a service binding, which sees the visitor's own host. The body stays a stream that the runtime
/// moves, and a redirect is passed on to the visitor.
///
/// # Errors
/// When there is no such origin, or it is no URL. Nothing has been sent then.
pub fn send(request: &Request, url: &Url<'_>, env: &Env, plan: &Plan) -> Result<Promise, JsValue> {
    let variable = format!("ORIGIN_{}", plan.origin.to_uppercase().replace('-', "_"));
    let binding = Reflect::get(env, &JsValue::from(&variable))?;
    let Some(base) = binding.dyn_ref::<JsString>() else {
        if binding.is_undefined() {
            return Err(format!("there is no variable or binding `{variable}`").into());
        }
        let target = [url.scheme, "://", url.host, &plan.path_and_query].concat();
        let service: worker_sys::Fetcher = binding.unchecked_into();
        return service.fetch(&copy(request, &target, plan)?);
    };
    let target = String::from(base).trim_end_matches('/').to_owned() + &plan.path_and_query;
    let copy = copy(request, &target, plan)?;
    let scope: WorkerGlobalScope = js_sys::global().unchecked_into();
    if plan.cache_key.is_empty() {
        return Ok(scope.fetch_with_request(&copy));
    }
    let options = cache::options(env, &plan.cache_key, &target)?;
    Ok(scope.fetch_with_request_and_init(&copy, &options))
}

/// Waits for the origin's response; its headers can be changed.
///
/// # Errors
/// When the origin cannot be reached.
pub async fn response(answer: Promise) -> Result<Response, JsValue> {
    let response: Response = JsFuture::from(answer).await?.unchecked_into();
    // A response serves as the description of its own copy; status, headers and an upgraded socket go along.
    let init: &ResponseInit = response.unchecked_ref();
    Response::new_with_opt_readable_stream_and_init(response.body().as_ref(), init)
}

/// A request to `url` with the plan's headers, which takes over everything else, the body included.
fn copy(request: &Request, url: &str, plan: &Plan) -> Result<Request, JsValue> {
    let init: &RequestInit = request.unchecked_ref();
    let copy = Request::new_with_str_and_init(url, init)?;
    headers::apply(&copy.headers(), &plan.request_edits);
    Ok(copy)
}
