//! What there is to say of a flag because of what it refers to.

use super::named::Named;
use crate::report::{Fidelity, Report};
use flagstone_compile::Model;
use flagstone_compile::model::{Condition, Test};

/// Adds to each flag what was said of segments that it refers to, by their places in the model, and whether it depends on
/// itself or on a flag that cannot be evaluated.
pub(super) fn settle(model: &Model, notes: &[Vec<(Fidelity, String)>], report: &mut Report) {
    // Segments first, then flags.
    let mut segments = Named::default();
    for (index, segment) in model.segments.iter().enumerate() {
        segments.set(&segment.key, index);
    }
    let mut flags = Named::default();
    for (index, flag) in model.flags.iter().enumerate() {
        flags.set(&flag.key, model.segments.len() + index);
    }
    let place = |test: &Test| match test {
        Test::Segment(key) => segments.get(key).map(|(_, place)| *place),
        Test::Flag { key, .. } => flags.get(key).map(|(_, place)| *place),
        _ => None,
    };
    let of_segments = model.segments.iter().map(|segment| vec![&segment.when]);
    let of_flags = model.flags.iter();
    let of_flags = of_flags.map(|flag| flag.rules.iter().map(|rule| &rule.when).collect());
    let uses: Vec<Vec<usize>> = of_segments
        .chain(of_flags)
        .map(|conditions: Vec<&Condition>| {
            let mut found = Vec::new();
            for condition in conditions {
                collect(condition, &place, &mut found);
            }
            found
        })
        .collect();
    // Of what was not written, and so has no place, nothing depends.
    let mut known = vec![None; uses.len()];
    for entry in &report.entries {
        if let Some((_, place)) = flags.get(&entry.flag)
            && let Some(known) = known.get_mut(*place)
        {
            *known = Some((entry.flag.clone(), entry.fidelity));
        }
    }
    // The last entry, counted from 1, for which a place was come to.
    let mut seen = vec![0; known.len()];
    for (turn, entry) in (1..).zip(&mut report.entries) {
        let Some((_, start)) = flags.get(&entry.flag) else {
            continue;
        };
        let uses = |place: usize| uses.get(place).map_or(&[][..], Vec::as_slice);
        if uses(*start).is_empty() {
            continue;
        }
        let mut open = vec![*start];
        let mut left = MOST;
        while let Some(place) = open.pop() {
            left -= 1;
            if left == 0 {
                break;
            }
            for next in uses(place) {
                if next == start {
                    let note = "it depends on itself, at which the SDK runs out of stack";
                    entry.note(Fidelity::NotEvaluable, note);
                }
                match seen.get_mut(*next) {
                    Some(seen) if *seen != turn => *seen = turn,
                    _ => continue,
                }
                for (fidelity, note) in notes.get(*next).into_iter().flatten() {
                    entry.note(*fidelity, note.clone());
                }
                if let Some(Some((flag, Fidelity::NotEvaluable))) = known.get(*next) {
                    let note =
                        format!("it depends on flag `{flag}`, which cannot be evaluated here");
                    entry.note(Fidelity::NotEvaluable, note);
                }
                open.push(*next);
            }
        }
    }
}

/// How many flags and segments are looked at for one flag. An evaluation ends after 16 steps from one to another, so that a
/// flag with more below it hardly makes sense.
const MOST: u32 = 1000;

/// The places of what a condition refers to.
fn collect(condition: &Condition, place: &impl Fn(&Test) -> Option<usize>, found: &mut Vec<usize>) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => {
            for part in parts {
                collect(part, place, found);
            }
        }
        Condition::Not(inner) => collect(inner, place, found),
        Condition::Test(test) => found.extend(place(test)),
    }
}
