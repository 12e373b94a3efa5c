//! How large flags may be, so that one that is too large does not spoil the others.

use flagstone_compile::model::{Condition, Matcher, Scalar, Test};
#[cfg(any(feature = "split", feature = "flagd", feature = "growthbook"))]
use flagstone_compile::model::{Rule, Serve};

/// How many variants and rules of a flag, tests of a condition and ranges of a rollout a snapshot has room for, with some left.
pub(crate) const MOST: usize = 60_000;

/// What there is to say of a flag that is larger.
#[cfg(any(feature = "split", feature = "flagd", feature = "growthbook"))]
pub(crate) const TOO_LARGE: &str = "it is larger than a snapshot has room for";

/// Whether rules are more than a snapshot has room for.
#[cfg(any(feature = "split", feature = "flagd", feature = "growthbook"))]
pub(crate) fn are_too_large(rules: &[Rule]) -> bool {
    let is_large = |rule: &Rule| match &rule.serve {
        Serve::Allocation(of) if of.ranges.len() > MOST => true,
        _ => is_too_large(&rule.when),
    };
    rules.len() > MOST || rules.iter().any(is_large)
}

/// Whether a condition has more tests, or ranges in them, than a snapshot has room for in one.
pub(crate) fn is_too_large(condition: &Condition) -> bool {
    tests(condition) > MOST
}

/// How many tests a condition takes at most, or ranges in them.
fn tests(condition: &Condition) -> usize {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => {
            let tests: usize = parts.iter().map(tests).sum();
            tests.max(1)
        }
        Condition::Not(inner) => tests(inner),
        Condition::Test(Test::Within { when, .. }) => tests(when) + 1,
        Condition::Test(Test::Attribute {
            matcher: Matcher::OneOf(scalars),
            ..
        }) => {
            let is_boolean = |scalar: &&Scalar| matches!(scalar, Scalar::Boolean(_));
            scalars.iter().filter(is_boolean).count() + 2
        }
        Condition::Test(Test::Bucket { ranges, .. }) => ranges.len().max(1),
        Condition::Test(_) => 1,
    }
}
