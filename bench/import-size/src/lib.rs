//! The way from a flag service's document to a snapshot, as a bare wasm, to be weighed: `cargo xtask sizes`.
//!
//! Built with one of the features it holds that importer; built with none, what all of them share: JSON, the writer of
//! snapshots, regular expressions, the evaluator, the allocator. The difference is what an importer adds to a Worker that compiles documents.

#[cfg(feature = "launchdarkly")]
use core::hint::black_box;
use flagstone_core::{
    AttributeIndex, AttributeValue, Attributes, Evaluator, FlagIndex, Snapshot, UnixMillis,
};
#[cfg(feature = "launchdarkly")]
use flagstone_core::{Digest, hash};
use flagstone_import::document::{compile_document, compile_frame};
#[cfg(feature = "launchdarkly")]
use flagstone_import::{Options, Service, import};
use flagstone_json::Json;
use flagstone_json::Tape;
#[cfg(feature = "launchdarkly")]
use flagstone_json::{Node, View};

#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

/// Two values of the host's.
///
/// # Safety
/// Each pointer leads to as many readable bytes as its length says.
#[expect(
    unsafe_code,
    reason = "the host hands over addresses in this module's memory"
)]
unsafe fn both<'h>(
    one: *const u8,
    one_len: usize,
    other: *const u8,
    other_len: usize,
) -> (&'h [u8], &'h [u8]) {
    // SAFETY: as the caller promises.
    unsafe {
        (
            core::slice::from_raw_parts(one, one_len),
            core::slice::from_raw_parts(other, other_len),
        )
    }
}

/// Compiles a document under a frame; the bytes of the snapshot, 0 if there is none.
///
/// # Safety
/// Each pointer leads to as many readable bytes as its length says.
#[expect(
    unsafe_code,
    reason = "the host hands over addresses in this module's memory"
)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn compile(
    frame: *const u8,
    frame_len: usize,
    document: *const u8,
    document_len: usize,
) -> usize {
    // SAFETY: as the caller promises.
    let (frame, document) = unsafe { both(frame, frame_len, document, document_len) };
    compile_document(frame, document).map_or(0, |snapshot| snapshot.len())
}

/// The same, and where these bytes stay from then on.
///
/// # Safety
/// Each pointer leads to as many readable bytes as its length says.
#[cfg(feature = "launchdarkly")]
#[expect(
    unsafe_code,
    reason = "the host hands over addresses in this module's memory"
)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keep(
    frame: *const u8,
    frame_len: usize,
    document: *const u8,
    document_len: usize,
) -> *const u8 {
    // SAFETY: as the caller promises.
    let (frame, document) = unsafe { both(frame, frame_len, document, document_len) };
    let compiled = compile_document(frame, document).unwrap_or_default();
    Vec::leak(compiled).as_ptr()
}

/// What a node does with a document that another has compiled: takes its digest, by which that is found, and checks what was found. Its
/// bytes, 0 if it is damaged.
///
/// # Safety
/// Each pointer leads to as many readable bytes as its length says.
#[cfg(feature = "launchdarkly")]
#[expect(
    unsafe_code,
    reason = "the host hands over addresses in this module's memory"
)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn take(
    compiled: *const u8,
    compiled_len: usize,
    document: *const u8,
    document_len: usize,
) -> usize {
    // SAFETY: as the caller promises.
    let (compiled, document) = unsafe { both(compiled, compiled_len, document, document_len) };
    black_box(Digest::of(document));
    let is_intact = Snapshot::open(compiled).is_ok_and(|snapshot| snapshot.is_intact());
    if is_intact { compiled_len } else { 0 }
}

/// Reads a document as a tape; the members of its root.
///
/// # Safety
/// The pointer leads to as many readable bytes as the length says.
#[expect(
    unsafe_code,
    reason = "the host hands over addresses in this module's memory"
)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn read(document: *const u8, document_len: usize) -> usize {
    // SAFETY: as the caller promises.
    let document = unsafe { core::slice::from_raw_parts(document, document_len) };
    let text = str::from_utf8(document).unwrap_or_default();
    Tape::read(text).map_or(0, |tape| tape.root().members().len())
}

/// Reads a document as a tree and lowers all of it; the number of flags.
///
/// # Safety
/// The pointer leads to as many readable bytes as the length says.
#[cfg(feature = "launchdarkly")]
#[expect(
    unsafe_code,
    reason = "the host hands over addresses in this module's memory"
)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lower(document: *const u8, document_len: usize) -> usize {
    // SAFETY: as the caller promises.
    let document = unsafe { core::slice::from_raw_parts(document, document_len) };
    let text = str::from_utf8(document).unwrap_or_default();
    let imported = import(Service::LaunchDarkly, text, &Options::default());
    imported.map_or(0, |imported| imported.model.flags.len())
}

/// The least that whoever compiles all of LaunchDarkly's flags does with a document: reads it, hashes the keys of segments, and copies
/// what each flag says to where it is read later, without a look at what it means. The bytes of that.
///
/// # Safety
/// The pointer leads to as many readable bytes as the length says.
#[cfg(feature = "launchdarkly")]
#[expect(
    unsafe_code,
    reason = "the host hands over addresses in this module's memory"
)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn least(document: *const u8, document_len: usize) -> usize {
    // SAFETY: as the caller promises.
    let document = unsafe { core::slice::from_raw_parts(document, document_len) };
    let text = str::from_utf8(document).unwrap_or_default();
    Tape::read(text).map_or(0, |tape| {
        let mut out = Vec::new();
        for (name, group) in tape.root().members() {
            for (key, item) in group.members() {
                out.extend_from_slice(key.as_bytes());
                copy(item, name == "segments", &mut out);
            }
        }
        out.len()
    })
}

#[cfg(feature = "launchdarkly")]
fn copy(node: Node<'_>, is_hashed: bool, out: &mut Vec<u8>) {
    match node.view() {
        View::Null => out.push(0),
        View::Boolean(value) => out.push(value.into()),
        View::Number(number) => out.extend_from_slice(&number.to_le_bytes()),
        View::Text(text) if is_hashed => {
            out.extend_from_slice(&hash::key(text.as_bytes()).to_le_bytes());
        }
        View::Text(text) => out.extend_from_slice(text.as_bytes()),
        View::List(elements) => elements.for_each(|element| copy(element, is_hashed, out)),
        View::Object(members) => members.for_each(|(_, value)| copy(value, is_hashed, out)),
    }
}

/// Compiles what a frame says about the edge and patterns beside it, and decides a flag.
///
/// # Safety
/// The pointers lead to as many readable bytes as their lengths say.
#[expect(
    unsafe_code,
    reason = "the host hands over addresses in this module's memory"
)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn share(
    frame: *const u8,
    frame_len: usize,
    document: *const u8,
    document_len: usize,
) -> usize {
    // SAFETY: as the caller promises.
    let (frame, document) = unsafe { both(frame, frame_len, document, document_len) };
    decide(frame, document).unwrap_or(0)
}

/// Every attribute has the same value.
struct Whole<'j>(Json<'j>);

impl Attributes for Whole<'_> {
    fn attribute(&self, _: AttributeIndex) -> AttributeValue<'_> {
        self.0.value()
    }
}

fn decide(frame: &[u8], document: &[u8]) -> Option<usize> {
    let bytes = compile_frame(frame, document)?;
    let attributes = Whole(Json::read(str::from_utf8(document).ok()?).ok()?);
    let evaluator = Evaluator::new(Snapshot::open(&bytes).ok()?, &attributes, UnixMillis(0));
    Some(evaluator.evaluate(FlagIndex(0)).reason as usize)
}
