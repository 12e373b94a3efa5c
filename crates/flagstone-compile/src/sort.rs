//! Sorting, in few bytes: the standard library's weighs 3 KB of wasm for each type.

/// Sorts into ascending order: Shell's sort with Ciura's gaps. Takes time of about n to the power of 1.3.
pub(crate) fn sort<T>(items: &mut [T], is_less: impl Fn(&T, &T) -> bool) {
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

fn pass<T>(items: &mut [T], gap: usize, is_less: &impl Fn(&T, &T) -> bool) {
    for end in gap..items.len() {
        let mut at = end;
        while let Some(before) = at.checked_sub(gap)
            && let (Some(low), Some(high)) = (items.get(before), items.get(at))
            && is_less(high, low)
        {
            items.swap(before, at);
            at = before;
        }
    }
}

/// Texts in ascending order, each once.
pub(crate) fn sorted(mut texts: Vec<&str>) -> Vec<&str> {
    sort(&mut texts, |a, b| a < b);
    texts.dedup();
    texts
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
