//! Ways to break, for the tests of `worker/shim.mjs`. Only with the feature `faults`, never in a release.
#![expect(clippy::panic, reason = "to break is the purpose")]

use std::cell::RefCell;
use std::hint::black_box;

/// In the path of a request that asks for a fault, before its name.
const MARK: &[u8] = b"/.flagstone/faults/";

thread_local! {
    /// The fault that the last request has asked for after it has been sent.
    static LATER: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Breaks on `/.flagstone/faults/<fault>`, before anything has been sent. `written` holds the request's texts.
///
/// `None` for the fault `error`, which leaves the instance whole.
pub fn before_sending(written: &[u8]) -> Option<()> {
    let mark = written.windows(MARK.len()).position(|part| part == MARK);
    let Some(fault) = mark.and_then(|mark| written.get(mark + MARK.len()..)) else {
        return Some(());
    };
    let is_name = |byte: &&u8| byte.is_ascii_lowercase() || **byte == b'-';
    let fault: Vec<u8> = fault.iter().take_while(is_name).copied().collect();
    let fault = String::from_utf8(fault).ok()?;
    match fault.strip_suffix("-sent") {
        Some(later) => LATER.set(later.to_owned()),
        None => happen(&fault)?,
    }
    Some(())
}

/// Breaks if the last request was for `/.flagstone/faults/<fault>-sent`, when its origin has answered or failed.
///
/// `None` for the fault `error`.
pub fn after_sending() -> Option<()> {
    happen(&LATER.take())
}

fn happen(fault: &str) -> Option<()> {
    match fault {
        "panic" => panic!("a fault was asked for"),
        "overflow" => {
            overflow(0);
        }
        "out-of-bounds" => out_of_bounds(),
        "error" => return None,
        _ => {}
    }
    Some(())
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
