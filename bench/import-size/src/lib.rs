//! The way from a flag service's document to a snapshot, as a bare wasm, to be weighed: `cargo xtask build imports`.
//!
//! Built with one of the features it holds that importer; built with none, what all of them share: JSON, the writer of
//! snapshots, regular expressions, the allocator. The difference is what an importer adds to a Worker that compiles documents.

use flagstone_import::document::{compile_document, compile_frame};

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
    let (frame, document) = unsafe {
        (
            core::slice::from_raw_parts(frame, frame_len),
            core::slice::from_raw_parts(document, document_len),
        )
    };
    compile_document(frame, document).map_or(0, |snapshot| snapshot.len())
}

/// Compiles what a frame says about the edge, and patterns beside it; the bytes of the snapshot, 0 if there is none.
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
    let (frame, document) = unsafe {
        (
            core::slice::from_raw_parts(frame, frame_len),
            core::slice::from_raw_parts(document, document_len),
        )
    };
    compile_frame(frame, document).map_or(0, |snapshot| snapshot.len())
}
