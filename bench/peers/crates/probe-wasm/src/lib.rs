//! The probe behind bare exports. JavaScript writes texts and numbers of flags into a scratch area.
#![expect(static_mut_refs, reason = "one thread, and no call while another runs")]

use probe::{Context, Snapshot};
use scratch::{ASKED, bits, read};

static mut ANSWERS: [u64; 4096] = [0; 4096];
static mut SNAPSHOT: Option<Snapshot<'static>> = None;
static mut CONTEXT: Option<Context<'static>> = None;

#[unsafe(no_mangle)]
pub extern "C" fn alloc(len: usize) -> *mut u64 {
    vec![0; len.div_ceil(8)].leak().as_mut_ptr()
}

fn snapshot() -> &'static Snapshot<'static> {
    // SAFETY: there is one thread.
    unsafe { SNAPSHOT.as_ref().expect("opened") }
}

fn context() -> &'static Context<'static> {
    // SAFETY: there is one thread.
    unsafe { CONTEXT.as_ref().expect("a context") }
}

/// Opens the snapshot at an address that [`alloc`] gave; gives the number of flags, or -1.
///
/// # Safety
/// There are so many bytes, and they stay.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn open(at: *const u64, len: usize) -> i32 {
    // SAFETY: as the caller promises; there is one thread.
    unsafe {
        SNAPSHOT = Snapshot::open(std::slice::from_raw_parts(at, len.div_ceil(8)), len);
        SNAPSHOT.map_or(-1, |snapshot| snapshot.flag_count() as i32)
    }
}

/// Takes a user, whose key, country, version and email address lie one behind the other in the scratch area.
#[unsafe(no_mangle)]
pub extern "C" fn user(key: usize, country: usize, version: usize, email: usize) {
    let (country_at, version_at) = (key, key + country);
    let email_at = version_at + version;
    let texts = (
        read(0, key),
        read(country_at, country),
        read(version_at, version),
        read(email_at, email),
    );
    // SAFETY: there is one thread.
    unsafe { CONTEXT = Some(snapshot().context(texts.0, texts.1, texts.2, texts.3)) };
}

/// The number of the flag whose key lies in the scratch area, or -1.
#[unsafe(no_mangle)]
pub extern "C" fn find(len: usize) -> i32 {
    snapshot()
        .find(read(ASKED, len))
        .map_or(-1, |flag| flag as i32)
}

#[unsafe(no_mangle)]
pub extern "C" fn evaluate_key(len: usize) -> i32 {
    match snapshot().find(read(ASKED, len)) {
        Some(flag) => snapshot().evaluate(flag, context()).into(),
        None => -1,
    }
}

#[unsafe(no_mangle)]
pub extern "C" fn evaluate(flag: u32) -> i32 {
    snapshot().evaluate(flag, context()).into()
}

/// Evaluates the flags whose numbers lie in the scratch area; a bit for each.
#[unsafe(no_mangle)]
pub extern "C" fn evaluate_some(count: usize) -> u32 {
    bits(count, |flag| snapshot().evaluate(flag, context()))
}

/// Both at once: takes a user, and evaluates the flags whose numbers lie in the scratch area.
#[unsafe(no_mangle)]
pub extern "C" fn decide(
    key: usize,
    country: usize,
    version: usize,
    email: usize,
    count: usize,
) -> u32 {
    user(key, country, version, email);
    evaluate_some(count)
}

/// Evaluates all flags; gives how many are on.
#[unsafe(no_mangle)]
pub extern "C" fn evaluate_all() -> u32 {
    // SAFETY: there is one thread.
    let answers = unsafe { &mut ANSWERS };
    let words = snapshot().flag_count().div_ceil(64) as usize;
    snapshot().evaluate_all(context(), &mut answers[..words])
}
