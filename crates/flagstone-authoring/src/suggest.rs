//! "Did you mean".

/// The candidate that `word` is most likely a slip of: at most a third of its letters differ.
pub(crate) fn closest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let limit = word.chars().count().div_ceil(3);
    candidates
        .into_iter()
        .map(|candidate| (strsim::osa_distance(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= limit && *distance < candidate.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// As [`closest`], for dotted names: what comes before the last dot is not counted where it is the same.
pub(crate) fn closest_name<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let candidates: Vec<_> = candidates.into_iter().collect();
    let (parent, word) = name.rsplit_once('.').unwrap_or(("", name));
    let sibling = |candidate: &&'a str| {
        candidate
            .rsplit_once('.')
            .filter(|(other, _)| *other == parent)
    };
    let siblings = candidates.iter().filter_map(sibling).map(|(_, word)| word);
    match closest(word, siblings) {
        Some(word) => candidates
            .iter()
            .find(|candidate| sibling(candidate).is_some_and(|(_, other)| other == word))
            .copied(),
        None => closest(
            name,
            candidates
                .iter()
                .copied()
                .filter(|candidate| sibling(candidate).is_none()),
        ),
    }
}

/// A help line: the closest candidate, or else all of them if they are few.
pub(crate) fn help<'a>(
    word: &str,
    kind: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    let candidates: Vec<_> = candidates.into_iter().collect();
    if let Some(candidate) = closest(word, candidates.iter().copied()) {
        return Some(format!("did you mean `{candidate}`?"));
    }
    match candidates.len() {
        0 => Some(format!("there are no {kind}")),
        1..=20 => Some(format!("{kind}: `{}`", candidates.join("`, `"))),
        _ => None,
    }
}
