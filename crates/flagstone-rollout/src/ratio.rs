//! Whether units arrive in the arms as they were meant to.
//!
//! A mismatch says that the comparison is broken: units are lost or assigned wrongly in one arm. It holds a rollout, and
//! never rolls it back.

use crate::number::{ln, ln_gamma};

/// How strongly the planned shares are believed in: the sum of the Dirichlet distribution's parameters.
pub const CONCENTRATION: f64 = 1000.0;
/// The probability that a rollout without mismatch is ever found to have one, at most.
pub const LEVEL: f64 = 0.001;

/// The logarithm of the evidence that counts of units, first exposures of one stage, do not follow the planned shares.
///
/// The sequential test of Lindon and Malek (2022), a Dirichlet-multinomial mixture over the multinomial of the plan. Of
/// several stages the logarithms are added. Arms whose share is not above 0 are left out.
///
/// ```
/// use flagstone_rollout::ratio::{is_mismatch, log_evidence};
///
/// assert!(!is_mismatch(log_evidence(&[(5_050, 0.5), (4_950, 0.5)])));
/// assert!(is_mismatch(log_evidence(&[(5_250, 0.5), (4_750, 0.5)])));
/// ```
pub fn log_evidence(arms: &[(u64, f64)]) -> f64 {
    let mut log = 0.0;
    let mut units = 0.0;
    for (count, share) in arms.iter().filter(|(_, share)| *share > 0.0) {
        let (count, prior) = (*count as f64, CONCENTRATION * share);
        log += ln_gamma(prior + count) - ln_gamma(prior) - count * ln(*share);
        units += count;
    }
    log + ln_gamma(CONCENTRATION) - ln_gamma(CONCENTRATION + units)
}

/// Whether evidence, summed over the stages, is enough to call the shares wrong.
pub const fn is_mismatch(log_evidence: f64) -> bool {
    log_evidence >= -ln(LEVEL)
}
