//! An empty handler of the crate `worker`, to know what it costs.

use worker::{Context, Env, Headers, Request, Response, Result, event};

#[event(fetch)]
async fn fetch(_: Request, _: Env, _: Context) -> Result<Response> {
    let headers = Headers::new();
    headers.set("x-flags", "00000")?;
    Ok(Response::ok("ok")?.with_headers(headers))
}
