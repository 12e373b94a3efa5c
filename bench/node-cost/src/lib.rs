//! What a rollout costs a node, as a bare wasm, to be timed by `measure.mjs`: the operations that `bench/instructions` counts.

#[path = "../../instructions/src/rollout.rs"]
mod rollout;

use flagstone_rollout::{Breaker, UnitFilter};
use std::hint::black_box;

/// Declares functions that JavaScript calls.
macro_rules! exports {
    ($($(#[$meta:meta])* fn $name:ident($($argument:ident: $type:ty),*) $(-> $result:ty)? $body:block)*) => {$(
        $(#[$meta])*
        #[expect(unsafe_code, reason = "the name is the only one, and needed for the linker")]
        #[unsafe(no_mangle)]
        pub extern "C" fn $name($($argument: $type),*) $(-> $result)? $body
    )*};
}

exports! {
    /// Makes fetches, and tells nobody of them: what the loop itself takes.
    fn nothing(repetitions: u32) {
        for _ in 0..repetitions {
            let fetch = rollout::FETCH;
            black_box(black_box(&fetch).stage);
        }
    }

    /// Tells a node of fetches that succeeded.
    fn successes(repetitions: u32) {
        rollout::successes(repetitions.into());
    }

    /// Tells a node of fetches that failed, each of another unit.
    fn events(repetitions: u32) {
        rollout::events(repetitions.into());
    }

    /// Adds strata of six metrics to a guard's evidence.
    fn strata(repetitions: u32) {
        rollout::strata(repetitions.into());
    }

    /// Bytes of a breaker and its filter.
    fn state() -> usize {
        size_of::<Breaker>() + size_of::<UnitFilter>()
    }
}
