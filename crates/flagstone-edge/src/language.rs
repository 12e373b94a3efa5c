//! Reading `Accept-Language`.

use flagstone_core::{text_split, text_split_once};

/// The language that the visitor likes best, in lower case; the first of several with the same weight. `None` if there
/// is none, or any will do.
pub(crate) fn preferred(header: &str) -> Option<String> {
    let mut best: Option<(u16, &str)> = None;
    for range in text_split(header, b',') {
        let (tag, parameters) = text_split_once(range, ";").unwrap_or((range, ""));
        let tag = tag.trim_ascii();
        let is_tag = tag
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let weight = weight(parameters).unwrap_or(0);
        if is_tag && !tag.is_empty() && weight > best.map_or(0, |(weight, _)| weight) {
            best = Some((weight, tag));
        }
    }
    best.map(|(_, tag)| tag.to_ascii_lowercase())
}

/// The weight in thousandths: `q=0.5` gives 500, nothing 1000. `None` if it is not a weight.
fn weight(parameters: &str) -> Option<u16> {
    let text = parameters.trim_ascii();
    if text.is_empty() {
        return Some(1000);
    }
    let text = text
        .strip_prefix("q=")
        .or_else(|| text.strip_prefix("Q="))?;
    let (whole, decimals) = text_split_once(text, ".").unwrap_or((text, ""));
    let whole: u16 = match whole {
        "0" => 0,
        "1" => 1000,
        _ => return None,
    };
    if decimals.len() > 3 || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = decimals.bytes().map(|digit| u16::from(digit - b'0'));
    let thousandths: u16 = digits
        .zip([100, 10, 1])
        .map(|(digit, place)| digit * place)
        .sum();
    Some(whole + thousandths).filter(|weight| *weight <= 1000)
}

#[cfg(test)]
mod tests;
