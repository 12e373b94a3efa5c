//! "Did you mean".

/// The name that is most like a word, if one is like it at all.
pub fn similar<'n>(word: &str, names: &[&'n str]) -> Option<&'n str> {
    let likeness = |name: &str| strsim::jaro_winkler(name, word);
    let names = names.iter().copied();
    let (name, likeness) = names
        .map(|name| (name, likeness(name)))
        .max_by(|(_, a), (_, b)| a.total_cmp(b))?;
    (likeness > 0.8).then_some(name)
}
