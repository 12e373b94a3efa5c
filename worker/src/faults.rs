//! Ways to break, for the tests of `worker/shim.mjs`. Only with the feature `faults`, never in a release.
#![expect(clippy::panic, reason = "to break is the purpose")]

use std::hint::black_box;
use std::time::Duration;

use worker::Delay;
use worker::wasm_bindgen::JsValue;
use worker::web_sys::Request;

/// Breaks on `/.flagstone/faults/<fault>`, before anything has been sent.
///
/// # Errors
/// For the fault `error`, which leaves the instance whole.
pub fn before_sending(request: &Request) -> Result<(), JsValue> {
    match fault(request).as_deref() {
        Some("panic") => panic!("a fault was asked for"),
        Some("overflow") => {
            overflow(0);
        }
        Some("out-of-bounds") => out_of_bounds(),
        Some("error") => return Err(JsValue::from("a fault was asked for")),
        _ => {}
    }
    Ok(())
}

/// Breaks on `/.flagstone/faults/<fault>-sent`, while the origin has the request.
///
/// # Errors
/// For the fault `error-sent`.
pub async fn after_sending(request: &Request) -> Result<(), JsValue> {
    let fault = fault(request);
    if fault
        .as_deref()
        .is_some_and(|fault| fault.ends_with("-sent"))
    {
        Delay::from(Duration::from_millis(20)).await;
    }
    match fault.as_deref() {
        Some("panic-sent") => panic!("a fault was asked for"),
        Some("overflow-sent") => {
            overflow(0);
        }
        Some("out-of-bounds-sent") => out_of_bounds(),
        Some("error-sent") => return Err(JsValue::from("a fault was asked for")),
        _ => {}
    }
    Ok(())
}

fn fault(request: &Request) -> Option<String> {
    let url = request.url();
    let (_, fault) = url.split_once("/.flagstone/faults/")?;
    fault.split(['?', '/']).next().map(str::to_owned)
}

#[expect(unconditional_recursion, reason = "to overflow the stack")]
fn overflow(depth: u64) -> u64 {
    let frame = black_box([depth; 64]);
    overflow(depth + 1) + frame.iter().sum::<u64>()
}

#[expect(unsafe_code, reason = "safe code cannot access out of bounds")]
fn out_of_bounds() {
    let beyond = black_box(usize::MAX - 64) as *const u8;
    // SAFETY: none; the access traps, and that is what is asked for.
    black_box(unsafe { beyond.read_volatile() });
}
