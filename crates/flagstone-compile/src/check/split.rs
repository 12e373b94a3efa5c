//! Shares fit into their slots, and into 100 %.

use crate::finding::Finding;
use crate::model::{Flag, Model, RampPoint, Serve, Share, Split};
use crate::slots::{Slots, peak};
use flagstone_core::layout::PointRecord;
use flagstone_core::{UnixMillis, Weight, ramp_share};

fn share_at(share: &Share, now: UnixMillis) -> u64 {
    let weight = match share {
        Share::Fixed(weight) => *weight,
        // Where it ends.
        Share::Planned => Weight::TOTAL,
        Share::Ramp(points) => ramp_share(
            points.iter().map(|RampPoint { at, share }| PointRecord {
                at: at.0,
                share: share.0,
            }),
            now,
        ),
    };
    weight.0.into()
}

pub(super) fn check(model: &Model, findings: &mut Vec<Finding>) {
    for flag in &model.flags {
        for (index, rule) in flag.rules.iter().enumerate() {
            if let Serve::Split(split) = &rule.serve {
                one(
                    flag,
                    split,
                    &format!("/flags/{}/rules/{index}", flag.key),
                    findings,
                );
            }
        }
    }
}

fn one(flag: &Flag, split: &Split, path: &str, findings: &mut Vec<Finding>) {
    let rollout = format!("{path}/rollout");
    for (index, (key, share)) in split.shares.iter().enumerate() {
        if split
            .shares
            .iter()
            .take(index)
            .any(|(other, _)| other == key)
        {
            findings.push(Finding::error(
                "duplicate-variant",
                &rollout,
                format!("variant `{key}` is listed twice"),
            ));
        }
        if let Share::Ramp(points) = share {
            if points.is_empty() {
                findings.push(Finding::error(
                    "empty-ramp",
                    &rollout,
                    format!("the ramp of `{key}` has no points"),
                ));
            }
            if points
                .windows(2)
                .any(|pair| matches!(pair, [a, b] if a.at > b.at))
            {
                let message =
                    format!("the points of the ramp of `{key}` are not in ascending order of time");
                findings.push(Finding::error("unordered-ramp", &rollout, message));
            }
        }
    }
    totals(flag, split, &rollout, findings);
    slots(flag, split, path, findings);
}

/// No moment at which the shares make more than 100 %; a listed default makes it just 100 %.
fn totals(flag: &Flag, split: &Split, path: &str, findings: &mut Vec<Finding>) {
    let mut keys = split.shares.iter().map(|(key, _)| key);
    let fills = keys.any(|key| Some(key) == flag.default.as_ref());
    match wrong_sum(&split.shares, fills) {
        Some(sum) if sum > Weight::TOTAL.0.into() => {
            let message = format!("the shares make {} %", per_cent(sum));
            findings.push(Finding::error("shares-above-100", path, message).help("at most 100 %"));
        }
        Some(sum) => {
            let message = format!(
                "the shares make {} % although the default `{}` is listed",
                per_cent(sum),
                flag.default.as_deref().unwrap_or_default()
            );
            findings
                .push(Finding::error("shares-below-100", path, message).help(
                    "leave the default out, it gets what the others leave; or make it 100 %",
                ));
        }
        None => {}
    }
}

/// What shares make together at a moment at which that is more than 100 %, or less where they are to fill it (`fills`), in
/// parts per million; `None` if they fit at every moment.
pub fn wrong_sum(shares: &[(String, Share)], fills: bool) -> Option<u64> {
    let total = u64::from(Weight::TOTAL.0);
    let points = shares.iter().flat_map(|(_, share)| match share {
        Share::Fixed(_) | Share::Planned => &[][..],
        Share::Ramp(points) => points,
    });
    // The sum is made of straight lines between points, so its largest value is at one of them; or just before one where
    // a share jumps.
    let moments = points.flat_map(|point| [point.at.0, point.at.0.saturating_sub(1)]);
    let moments = moments.chain([i64::MIN]).map(UnixMillis);
    let sum = |now| -> u64 { shares.iter().map(|(_, share)| share_at(share, now)).sum() };
    let sums: Vec<u64> = moments.map(sum).collect();
    // Each ramp is rounded down on its own; together they may miss less than one part each.
    let is_ramp = |(_, share): &&(String, Share)| matches!(share, Share::Ramp(_));
    let missed = (shares.iter().filter(is_ramp).count() as u64).saturating_sub(1);
    let (most, least) = (sums.iter().max().copied(), sums.iter().min().copied());
    most.filter(|sum| *sum > total)
        .or(least.filter(|sum| fills && sum + missed < total))
}

fn slots(flag: &Flag, split: &Split, path: &str, findings: &mut Vec<Finding>) {
    let reserved = !split.reserve.is_empty();
    let path_of_reserve = format!("{path}/reserve");
    let sum: u64 = split
        .reserve
        .iter()
        .map(|(_, size)| u64::from(size.0))
        .sum();
    if sum > Weight::TOTAL.0.into() {
        let message = format!("{} % are reserved", per_cent(sum));
        findings.push(
            Finding::error("reserve-above-100", &path_of_reserve, message).help("at most 100 %"),
        );
        return;
    }
    for (key, _) in &split.reserve {
        if Some(key) == flag.default.as_ref()
            || !flag.variants.iter().any(|variant| variant.key == *key)
        {
            let message = format!("`{key}` is not one of the variants that can be rolled out");
            findings.push(Finding::error("invalid-reserve", &path_of_reserve, message));
        }
    }
    let slots = Slots::new(flag, split);
    let others_idle = |key: &str| {
        let mut others = split
            .shares
            .iter()
            .filter(|(other, _)| other != key && Some(other) != flag.default.as_ref());
        others.all(|(_, share)| peak(share).0 == 0)
    };
    for (key, share) in split
        .shares
        .iter()
        .filter(|(key, _)| Some(key) != flag.default.as_ref())
    {
        let (size, peak) = (slots.size(key), peak(share).0);
        if peak > size && (reserved || (slots.count() > 2 && !others_idle(key))) {
            let message = format!(
                "{} % of `{key}` are more than the {} % reserved for it, so somebody would have to move when another \
                 variant grows",
                per_cent(peak.into()),
                per_cent(size.into()),
            );
            findings.push(Finding::error("share-above-reserve", format!("{path}/rollout"), message).help(
                "say how far each variant may grow, as in `reserve = { a = 60, b = 20, c = 20 }`; changing it moves visitors",
            ));
        }
    }
}

/// Parts per million as per cent, without needless zeros.
fn per_cent(parts: u64) -> String {
    let text = format!("{}.{:04}", parts / 10_000, parts % 10_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
