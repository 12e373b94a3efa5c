//! Our core behind bare exports. JavaScript writes texts and numbers of flags into a scratch area: those of a user all at once, or
//! each when a decision first asks for it.
#![expect(static_mut_refs, reason = "one thread, and no call while another runs")]

use core::cell::Cell;

use flagstone_core::{
    AttributeIndex, AttributeValue, Attributes, Evaluator, FlagIndex, Snapshot, UnixMillis, Value,
};
use scratch::{ASKED, bits, read};

#[cfg(feature = "services")]
mod bucket;

const NOW: UnixMillis = UnixMillis(1_795_376_100_000);
/// More attributes than the workload has.
const ATTRIBUTES: usize = 8;
/// Texts of a user: key, country, version, email.
const TEXTS: usize = 4;
/// Bytes of the scratch area for each, where they are asked for one by one.
const PLACE: usize = ASKED / TEXTS;

/// Which text of a user each attribute is.
static mut ROLES: [usize; ATTRIBUTES] = [usize::MAX; ATTRIBUTES];
static mut VISITOR: Visitor = Visitor([const { Cell::new(None) }; TEXTS]);
static mut EVALUATOR: Option<Evaluator<'static, 'static, Visitor>> = None;

#[link(wasm_import_module = "user")]
unsafe extern "C" {
    /// Writes a text of the user to its place in the scratch area; gives its bytes.
    safe fn write(which: usize) -> usize;
}

/// The texts that are there so far.
struct Visitor([Cell<Option<&'static str>>; TEXTS]);

impl Attributes for Visitor {
    #[inline]
    fn attribute(&self, index: AttributeIndex) -> AttributeValue<'_> {
        // SAFETY: there is one thread.
        let role = unsafe { ROLES.get(usize::from(index.0)) };
        let Some((which, known)) = role.and_then(|role| Some((*role, self.0.get(*role)?))) else {
            return AttributeValue::Missing;
        };
        AttributeValue::Text(known.get().unwrap_or_else(|| ask(which, known)))
    }
}

#[inline(never)]
fn ask(which: usize, known: &Cell<Option<&'static str>>) -> &'static str {
    let found = text(which * PLACE, write(which));
    known.set(Some(found));
    found
}

/// Pages of memory: an allocator would be a fifth of the code that a first request compiles.
#[unsafe(no_mangle)]
pub extern "C" fn alloc(len: usize) -> *mut u8 {
    const PAGE: usize = 65_536;
    let before = core::arch::wasm32::memory_grow::<0>(len.div_ceil(PAGE));
    (before * PAGE) as *mut u8
}

fn text(at: usize, len: usize) -> &'static str {
    std::str::from_utf8(read(at, len)).unwrap_or_default()
}

fn evaluator() -> &'static Evaluator<'static, 'static, Visitor> {
    // SAFETY: there is one thread.
    unsafe { EVALUATOR.as_ref().expect("opened") }
}

/// Opens the snapshot at an address that [`alloc`] gave, and compares it with its digest; gives the number of flags, or -1.
///
/// # Safety
/// There are so many bytes, and they stay.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn open(at: *const u8, len: usize) -> i32 {
    // SAFETY: as the caller promises.
    let bytes = unsafe { std::slice::from_raw_parts(at, len) };
    let Some(snapshot) = Snapshot::open(bytes).ok().filter(Snapshot::is_intact) else {
        return -1;
    };
    let role = |index| match snapshot
        .attribute(AttributeIndex(index))
        .map_or("", |attribute| attribute.name)
    {
        "user.key" => 0,
        "visitor.country" | "user.country" => 1,
        "visitor.version" | "user.appVersion" => 2,
        "visitor.email" | "user.email" => 3,
        _ => usize::MAX,
    };
    // SAFETY: there is one thread.
    unsafe {
        ROLES = std::array::from_fn(|index| role(index as u16));
        EVALUATOR = Some(Evaluator::new(snapshot, &VISITOR, NOW));
    }
    snapshot.flag_count() as i32
}

/// Takes a user, whose key, country, version and email address lie one behind the other in the scratch area.
#[unsafe(no_mangle)]
pub extern "C" fn user(key: usize, country: usize, version: usize, email: usize) {
    let all = text(0, key + country + version + email);
    let (key, rest) = all.split_at(key);
    let (country, rest) = rest.split_at(country);
    let (version, email) = rest.split_at(version);
    begin([key, country, version, email].map(Some));
}

/// Takes a user whose texts are asked for.
#[unsafe(no_mangle)]
pub extern "C" fn next_user() {
    begin([None; TEXTS]);
}

fn begin(texts: [Option<&'static str>; TEXTS]) {
    // SAFETY: there is one thread, and the old evaluator is not used again.
    unsafe {
        VISITOR = Visitor(texts.map(Cell::new));
        EVALUATOR = Some(Evaluator::new(evaluator().snapshot, &VISITOR, NOW));
    }
}

fn is_on(flag: FlagIndex) -> bool {
    let variant = evaluator().evaluate(flag).variant;
    variant.is_some_and(|variant| matches!(variant.value(), Value::Boolean(true)))
}

/// The number of the flag whose key lies in the scratch area, or -1.
#[unsafe(no_mangle)]
pub extern "C" fn find(len: usize) -> i32 {
    evaluator()
        .snapshot
        .find(text(ASKED, len))
        .map_or(-1, |flag| flag.0 as i32)
}

#[unsafe(no_mangle)]
pub extern "C" fn evaluate_key(len: usize) -> i32 {
    evaluator()
        .snapshot
        .find(text(ASKED, len))
        .map_or(-1, |flag| is_on(flag).into())
}

#[unsafe(no_mangle)]
pub extern "C" fn evaluate(flag: u32) -> i32 {
    is_on(FlagIndex(flag)).into()
}

/// Evaluates the flags whose numbers lie in the scratch area; a bit for each.
#[unsafe(no_mangle)]
pub extern "C" fn evaluate_some(count: usize) -> u32 {
    bits(count, |flag| is_on(FlagIndex(flag)))
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
    let flags = (0..evaluator().snapshot.flag_count()).map(FlagIndex);
    flags.filter(|flag| is_on(*flag)).count() as u32
}
