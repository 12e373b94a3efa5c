//! Flagstone on Cloudflare Workers.
//!
//! A shell: it translates between the platform and `flagstone-edge` and decides nothing. What happens when this
//! code breaks is in `worker/shim.mjs`.

use worker::web_sys::{Request, Response, ResponseInit};
use worker::{Context, Env, console_error, event};

#[cfg(feature = "faults")]
mod faults;
mod guard;
mod origin;

#[event(start)]
fn start() {
    guard::install();
}

#[event(fetch)]
async fn fetch(request: Request, env: Env, _context: Context) -> worker::Result<Response> {
    match forward(&request, &env).await {
        Ok(response) => Ok(response),
        Err(error) => {
            console_error!("flagstone: origin `stable`: {error}");
            let init = ResponseInit::new();
            init.set_status(502);
            Ok(Response::new_with_opt_str_and_init(None, &init)?)
        }
    }
}

async fn forward(request: &Request, env: &Env) -> worker::Result<Response> {
    #[cfg(feature = "faults")]
    faults::before_sending(request);

    let answer = origin::send(request, env, "stable")?;
    guard::sent(request, &answer);

    #[cfg(feature = "faults")]
    faults::after_sending(request).await;

    origin::response(answer).await
}
