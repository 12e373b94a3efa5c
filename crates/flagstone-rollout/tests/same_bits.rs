//! Equal arguments give equal bits on every platform. The digest was the same on x86-64, with and without optimisation,
//! and on WebAssembly.

use flagstone_rollout::breaker::window;
use flagstone_rollout::{PerArm, bounds};

#[test]
fn a_digest_of_many_numbers() {
    let (mut digest, mut random) = (0u64, 1u64);
    for _ in 0..200_000 {
        // Knuth's constants of a linear congruential generator.
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let p = ((random >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
        let failures = (random >> 60) as f64;
        let trials = 20.0 + (random >> 50) as f64;
        let events = PerArm {
            control: random >> 61,
            canary: random >> 62,
        };
        for number in [
            bounds::bernoulli_evidence(failures, trials, p),
            window::evidence(events, p),
        ] {
            digest = digest.rotate_left(5) ^ number.to_bits();
        }
    }
    assert_eq!(digest, 0x427c_16c6_eb49_5494);
}
