//! Flagstone on Cloudflare Workers.
//!
//! A shell: it translates between the platform and `flagstone-edge` and decides nothing. What happens when this
//! code breaks is in `worker/shim.mjs`.

use flagstone_edge::{Answer, Plan, Step};
use wasm_bindgen::prelude::wasm_bindgen;
use worker::wasm_bindgen::JsValue;
use worker::web_sys::{Request, Response, ResponseInit};
use worker::worker_sys::Context as JsContext;
use worker::{Context, Env, console_error, event};

use head::{Answered, Head, Url};

mod cache;
#[cfg(feature = "faults")]
mod faults;
mod guard;
mod head;
mod headers;
mod node;
mod origin;

#[event(start)]
fn start() {
    guard::install();
}

/// Serves a request. Unlike a handler made by `#[event(fetch)]`, which turns an error into a 500 of its own, this one
/// hands it to the shim.
///
/// # Errors
/// When the runtime refuses what no request should make it refuse. The shim answers then.
#[wasm_bindgen(wasm_bindgen_futures = worker::wasm_bindgen_futures)]
pub async fn fetch(request: Request, env: Env, context: JsContext) -> Result<Response, JsValue> {
    #[cfg(feature = "faults")]
    faults::before_sending(&request)?;

    let step = node::with(&env, |node| node.next(node::now()));
    match step {
        Step::Load => node::fetch(&env).await,
        // Beside the response, which does not wait for it.
        Step::Refresh => {
            let env = env.clone();
            Context::new(context).wait_until(async move { node::fetch(&env).await });
        }
        Step::Serve => {}
    }
    let (method, url) = (request.method(), request.url());
    let head = Head::new(&request, &method, &url);
    let plan = node::with(&env, |node| node.plan(&head, node::now(), entropy));
    carry_out(&plan, &request, &Url::split(&url), &env).await
}

/// Sends the request to its origin, and makes the visitor's response.
async fn carry_out(
    plan: &Plan,
    request: &Request,
    url: &Url<'_>,
    env: &Env,
) -> Result<Response, JsValue> {
    let answer = match origin::send(request, url, env, plan) {
        Ok(answer) => answer,
        Err(error) => return unreachable(plan, &error),
    };
    guard::sent(request, &answer);

    #[cfg(feature = "faults")]
    faults::after_sending(request).await?;

    let response = match origin::response(answer).await {
        Ok(response) => response,
        Err(error) => return unreachable(plan, &error),
    };
    let headers = response.headers();
    headers::apply(&headers, &plan.respond(&Answered::new(&response, &headers)));
    Ok(response)
}

/// The answer when the origin cannot be reached.
fn unreachable(plan: &Plan, error: &JsValue) -> Result<Response, JsValue> {
    console_error!("flagstone: origin `{}`: {error:?}", plan.origin);
    let Answer {
        status,
        edits,
        body,
    } = plan.unreachable();
    let init = ResponseInit::new();
    init.set_status(status);
    let response = Response::new_with_opt_str_and_init(Some(body), &init)?;
    headers::apply(&response.headers(), &edits);
    Ok(response)
}

#[wasm_bindgen]
extern "C" {
    /// Fails only for more than 65,536 bytes.
    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues)]
    fn fill_with_random(bytes: &mut [u8]);
}

fn entropy() -> [u8; 16] {
    let mut bytes = [0; 16];
    fill_with_random(&mut bytes);
    bytes
}
