//! An allocator that knows how much has come into use.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::Relaxed};

/// Counting takes some nanoseconds of each allocation: it is done only where it is asked for, and never where time is taken.
static COUNTS: AtomicBool = AtomicBool::new(false);
static USED: AtomicI64 = AtomicI64::new(0);

pub struct Counting;

// SAFETY: the system's allocator does all that matters.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as i64);
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as i64));
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size as i64 - layout.size() as i64);
        // SAFETY: as the caller promises.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

fn count(bytes: i64) {
    if COUNTS.load(Relaxed) {
        USED.fetch_add(bytes, Relaxed);
    }
}

/// Bytes that are in use after `work` and were not before.
pub fn used(work: impl FnOnce()) -> i64 {
    USED.store(0, Relaxed);
    COUNTS.store(true, Relaxed);
    work();
    COUNTS.store(false, Relaxed);
    USED.load(Relaxed)
}
