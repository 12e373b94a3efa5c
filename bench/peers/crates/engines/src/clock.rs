//! CPU time of this thread: other work on the machine disturbs it little.

use std::hint::black_box;

pub struct Cpu(i64);

impl Cpu {
    pub fn now() -> Self {
        let mut time = libc::timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        // SAFETY: `time` outlives the call.
        unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
        Self(time.tv_sec * 1_000_000_000 + time.tv_nsec)
    }

    /// Since this was taken.
    pub fn nanoseconds(&self) -> f64 {
        (Self::now().0 - self.0) as f64
    }
}

/// Other work on the machine only adds, so that it says more than the median.
pub fn lower_quartile(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    let place = times.len().saturating_sub(1) / 4;
    times.get(place).copied().unwrap_or(f64::NAN)
}

/// Nanoseconds of one call: the lower quartile of 15 batches, which take `milliseconds` together.
pub fn nanoseconds(milliseconds: f64, mut work: impl FnMut() -> u64) -> f64 {
    const BATCHES: u32 = 15;
    let mut batch = |calls: u64| {
        let start = Cpu::now();
        for _ in 0..calls {
            black_box(work());
        }
        start.nanoseconds()
    };
    let mut calls = 1;
    let taken = loop {
        let taken = batch(calls);
        if taken > 5e5 {
            break taken;
        }
        calls *= 2;
    };
    let wanted = milliseconds * 1e6 / f64::from(BATCHES);
    let calls = (calls as f64 * wanted / taken).max(1.0) as u64;
    lower_quartile((0..BATCHES).map(|_| batch(calls) / calls as f64).collect())
}
