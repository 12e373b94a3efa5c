//! The way from a flag service's document to a snapshot, as a bare wasm, to be weighed: `cargo xtask build imports`.
//!
//! Built with one of the features, it is an upper bound of what that importer adds to the Worker, which has an allocator
//! and much of the standard library already.

use flagstone_import::document::compile_document;

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
