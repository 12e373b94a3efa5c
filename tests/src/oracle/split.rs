//! Percentage rollouts, by the words of `docs/bucketing.md`.

use flagstone_compile::model::{Flag, Share, Split};
use flagstone_core::UnixMillis;
use serde_json::Value;
use std::io::Cursor;
use std::ops::Range;

const TOTAL: u64 = 1_000_000;

/// The text that is hashed for an attribute's value; `None` if it cannot be bucketed by.
pub(super) fn unit(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) => (!text.is_empty()).then(|| text.clone()),
        Value::Number(number) => {
            let number = number.as_f64()?;
            let is_whole = number.fract() == 0.0 && number.abs() <= 2f64.powi(53);
            is_whole.then(|| format!("{}", number as i64))
        }
        _ => None,
    }
}

/// Which of `total` parts a unit of a flag falls on.
pub fn bucket(flag: &str, unit: &str, total: u64) -> u64 {
    let text = format!("{flag}{unit}");
    let hash = murmur3::murmur3_32(&mut Cursor::new(text), 0).unwrap_or(0);
    (u64::from(hash) * total) >> 32
}

/// The variant that a unit gets.
pub(super) fn variant<'f>(
    flag: &'f Flag,
    split: &'f Split,
    unit: &str,
    now: UnixMillis,
) -> &'f str {
    let bucket = bucket(&flag.key, unit, TOTAL);
    let slots = slots(flag, split);
    let listed = split
        .shares
        .iter()
        .filter(|(key, _)| Some(key) != flag.default.as_ref());
    for (key, share) in listed {
        if let Some(place) = place(&slots, key, bucket)
            && place < share_at(share, now)
        {
            return key;
        }
    }
    flag.default.as_deref().unwrap_or_default()
}

/// The stretch of buckets that each variant but the default owns.
pub fn slots<'f>(flag: &'f Flag, split: &Split) -> Vec<(&'f str, Range<u64>)> {
    let owners: Vec<&str> = flag
        .variants
        .iter()
        .map(|variant| variant.key.as_str())
        .filter(|key| Some(*key) != flag.default.as_deref())
        .collect();
    let count = owners.len() as u64;
    let mut slots = Vec::new();
    let mut start = 0;
    for (index, key) in (0u64..).zip(owners) {
        let end = if split.reserve.is_empty() {
            TOTAL * (index + 1) / count
        } else {
            let mut reserved = split.reserve.iter().filter(|(of, _)| of == key);
            start + reserved.next().map_or(0, |(_, size)| u64::from(size.0))
        };
        slots.push((key, start..end));
        start = end;
    }
    slots
}

/// The how-manieth bucket this is of those that a variant takes as it grows: its own slot from the start, then the other
/// slots, in their order, from their ends.
fn place(slots: &[(&str, Range<u64>)], key: &str, bucket: u64) -> Option<u64> {
    let mut before = 0;
    for (_, slot) in slots.iter().filter(|(of, _)| *of == key) {
        if slot.contains(&bucket) {
            return Some(bucket - slot.start);
        }
        before += slot.end - slot.start;
    }
    for (_, slot) in slots.iter().filter(|(of, _)| *of != key) {
        if slot.contains(&bucket) {
            return Some(before + (slot.end - 1 - bucket));
        }
        before += slot.end - slot.start;
    }
    None
}

/// A share at a moment, in parts per million, rounded down.
pub fn share_at(share: &Share, now: UnixMillis) -> u64 {
    let points = match share {
        Share::Fixed(weight) => return weight.0.into(),
        Share::Ramp(points) => points,
        // Nothing has begun.
        Share::Planned => return 0,
    };
    let before = points.iter().rfind(|point| point.at <= now);
    let after = points.iter().find(|point| point.at > now);
    let share = match (before, after) {
        (None, None) => 0,
        (Some(only), None) | (None, Some(only)) => i128::from(only.share.0),
        (Some(a), Some(b)) => {
            let (from, to) = (i128::from(a.share.0), i128::from(b.share.0));
            let elapsed = i128::from(now.0) - i128::from(a.at.0);
            let duration = i128::from(b.at.0) - i128::from(a.at.0);
            from + ((to - from) * elapsed).div_euclid(duration)
        }
    };
    share.try_into().unwrap_or(0)
}
