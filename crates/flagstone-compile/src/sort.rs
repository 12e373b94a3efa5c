//! Sorting, in few bytes: the standard library's weighs 3 KB of wasm for each type.

/// Sorts into ascending order: Shell's sort with Ciura's gaps. Takes time of about n to the power of 1.3.
pub(crate) fn sort<T: Copy>(items: &mut [T], is_less: impl Fn(&T, &T) -> bool) {
    const GAPS: [usize; 8] = [701, 301, 132, 57, 23, 10, 4, 1];
    // Beyond the known gaps each is 2.25 times the one before.
    let mut gap = 701;
    while gap < items.len() / 4 {
        gap = gap * 9 / 4;
    }
    while gap > 701 {
        pass(items, gap, &is_less);
        gap = gap * 4 / 9;
    }
    for gap in GAPS {
        pass(items, gap, &is_less);
    }
}

fn pass<T: Copy>(items: &mut [T], gap: usize, is_less: &impl Fn(&T, &T) -> bool) {
    for end in gap..items.len() {
        let Some(item) = items.get(end).copied() else {
            return;
        };
        let mut at = end;
        while let Some(before) = at.checked_sub(gap)
            && let Some(low) = items.get(before).copied()
            && is_less(&item, &low)
            && let Some(place) = items.get_mut(at)
        {
            *place = low;
            at = before;
        }
        if let Some(place) = items.get_mut(at) {
            *place = item;
        }
    }
}

/// Texts in ascending order, each once.
pub(crate) fn sorted(texts: Vec<&str>) -> Vec<&str> {
    // As a rule the first bytes decide, and need no call.
    let mut begun: Vec<(u128, &str)> = texts.into_iter().map(|text| (begin(text), text)).collect();
    sort(&mut begun, |a, b| a.0 < b.0 || a.0 == b.0 && a.1 < b.1);
    begun.dedup();
    begun.into_iter().map(|(_, text)| text).collect()
}

/// The first sixteen bytes of a text as a number in the same order, with zeros behind the end.
fn begin(text: &str) -> u128 {
    if let Some(first) = text.as_bytes().first_chunk() {
        return u128::from_be_bytes(*first);
    }
    let mut bytes = text.bytes();
    (0..16).fold(0, |number, _| {
        number << 8 | u128::from(bytes.next().unwrap_or(0))
    })
}

#[cfg(test)]
mod tests {
    use super::sort;

    #[test]
    fn sorts() {
        for count in [0, 1, 2, 3, 10, 700, 702, 5_000, 20_000u64] {
            let mut items: Vec<u64> = (0..count)
                .map(|number| number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 50)
                .collect();
            let mut expected = items.clone();
            expected.sort_unstable();
            sort(&mut items, |a, b| a < b);
            assert_eq!(items, expected, "{count}");
        }
    }
}
