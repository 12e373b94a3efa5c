//! Patterns of flag keys.

/// Whether a pattern, in which each `*` stands for any letters, matches the whole of a text.
pub fn matches_pattern(pattern: &str, text: &str) -> bool {
    let Some((head, mut rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(head) else {
        return false;
    };
    // The leftmost place for each part between two stars leaves most for the parts behind it.
    while let Some((part, behind)) = rest.split_once('*') {
        let Some(at) = text.find(part) else {
            return false;
        };
        text = text.get(at + part.len()..).unwrap_or_default();
        rest = behind;
    }
    text.ends_with(rest)
}

#[cfg(test)]
mod tests;
