//! What the parts of a service's bucketing are called.

use flagstone_compile::model::{Absent, Algorithm, Bucketing};

/// Each algorithm's name.
pub(crate) const ALGORITHMS: [(&str, Algorithm); 12] = [
    ("native", Algorithm::Native),
    ("launchdarkly", Algorithm::LaunchDarkly),
    ("split", Algorithm::Split),
    ("split-legacy", Algorithm::SplitLegacy),
    ("unleash", Algorithm::Unleash),
    ("unleash-utf8", Algorithm::UnleashUtf8),
    ("unleash-text", Algorithm::UnleashText),
    ("unleash-truthy", Algorithm::UnleashTruthy),
    ("growthbook-v1", Algorithm::GrowthBookV1),
    ("growthbook-v2", Algorithm::GrowthBookV2),
    ("flagd", Algorithm::Flagd),
    ("flagd-text", Algorithm::FlagdText),
];

/// What a unit without a position gets.
pub(crate) const ABSENT: [(&str, Absent); 4] = [
    ("default", Absent::Default),
    ("first", Absent::First),
    ("next", Absent::Next),
    ("fail", Absent::Fail),
];

/// Why a range that ends before `to` is not one of a bucketing's, and what helps; `None` if it is.
pub(crate) fn misfit(bucketing: &Bucketing, to: u64) -> Option<(String, String)> {
    let Bucketing {
        algorithm, modulus, ..
    } = bucketing;
    let word = name(&ALGORITHMS, algorithm).unwrap_or_default();
    let positions = algorithm.positions(*modulus);
    let end = positions.end;
    if positions.is_empty() {
        let message = format!("`{word}` has no positions without `modulus`");
        return Some((
            message,
            "say how many there are, for example 100".to_owned(),
        ));
    }
    (to > end).then(|| {
        (
            format!("`{word}` has no position beyond {}", end - 1),
            format!("`to`, the one after the last, is at most {end}"),
        )
    })
}

/// The thing with this name.
pub(crate) fn find<T: Copy>(names: &[(&'static str, T)], word: &str) -> Option<T> {
    let found = names.iter().find(|(name, _)| *name == word);
    found.map(|(_, thing)| *thing)
}

/// The name of this thing.
pub(crate) fn name<T: PartialEq>(names: &[(&'static str, T)], thing: &T) -> Option<&'static str> {
    let found = names.iter().find(|(_, of)| of == thing);
    found.map(|(name, _)| *name)
}

/// All names.
pub(crate) fn words<T>(names: &[(&'static str, T)]) -> Vec<&'static str> {
    names.iter().map(|(name, _)| *name).collect()
}

#[cfg(test)]
mod tests {
    use super::{ABSENT, ALGORITHMS, name};
    use flagstone_compile::model::{Absent, Algorithm};

    #[test]
    fn everything_has_a_name() {
        let reference = include_str!("../../../docs/authoring.md");
        for algorithm in Algorithm::ALL {
            let name = name(&ALGORITHMS, algorithm).unwrap_or("a name for it");
            assert!(reference.contains(&format!("`{name}`")), "{algorithm:?}");
        }
        for absent in Absent::ALL {
            assert!(name(&ABSENT, absent).is_some(), "{absent:?}");
        }
    }
}
