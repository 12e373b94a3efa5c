//! What there is to say of a flag because of what it refers to.

use crate::report::{Fidelity, Report};
use flagstone_compile::Model;
use flagstone_compile::model::{Condition, Flag, Test};
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet, VecDeque};

/// Adds to each flag what was said of segments that it refers to, by their places in the model; what there is to say of one
/// that depends on itself, if anything; and whether it depends on a flag that cannot be evaluated.
pub(crate) fn settle(
    model: &Model,
    of_segments: &[Vec<(Fidelity, String)>],
    of_circles: Option<&str>,
    report: &mut Report,
) {
    // Segments first, then flags.
    let keys = model.flags.iter().map(|flag| &*flag.key);
    let flags: HashMap<&str, usize> = keys.zip(model.segments.len()..).collect();
    let uses = Uses::of(model, &flags);
    let says_more = of_circles.is_some() || !of_segments.is_empty();
    for entry in report.entries.iter_mut().filter(|_| says_more) {
        let Some(place) = flags.get(&*entry.flag) else {
            continue;
        };
        let reached = uses.reached(*place);
        if let Some(note) = of_circles
            && reached.contains(place)
        {
            entry.note(Fidelity::NotEvaluable, note);
        }
        let notes = reached.iter().filter_map(|place| of_segments.get(*place));
        for (fidelity, note) in notes.flatten() {
            entry.note(*fidelity, note.clone());
        }
    }
    // Nothing depends on what was not written, and so has no place.
    let failing = report.entries.iter();
    let failing = failing.filter(|entry| entry.fidelity == Fidelity::NotEvaluable);
    let failing = failing.filter_map(|entry| flags.get(&*entry.flag).copied());
    let nearest = uses.nearest(failing);
    for entry in &mut report.entries {
        let Some(place) = flags.get(&*entry.flag) else {
            continue;
        };
        let failing = nearest.get(place).filter(|failing| *failing != place);
        let failing = failing.and_then(|place| model.flags.get(place - model.segments.len()));
        if let Some(Flag { key, .. }) = failing {
            let note = format!("it depends on flag `{key}`, which cannot be evaluated here");
            entry.note(Fidelity::NotEvaluable, note);
        }
    }
}

/// How many flags and segments are looked at for what there is to say of one flag. An evaluation ends after 16 steps from one to
/// another, so that a flag with more below it hardly makes sense.
const MOST: usize = 1000;

/// The places of what each segment and each flag refers to.
struct Uses(Vec<Vec<usize>>);

impl Uses {
    fn of(model: &Model, flags: &HashMap<&str, usize>) -> Self {
        let keys = model.segments.iter().map(|segment| &*segment.key);
        let segments: HashMap<&str, usize> = keys.zip(0..).collect();
        let place = |test: &Test| match test {
            Test::Segment(key) | Test::SegmentUnlessFails(key) => segments.get(&**key).copied(),
            Test::Flag { key, .. } => flags.get(&**key).copied(),
            _ => None,
        };
        let of_segments = model.segments.iter().map(|segment| {
            let mut found = Vec::new();
            collect(&segment.when, &place, &mut found);
            found
        });
        let of_flags = model.flags.iter().map(|flag| {
            let mut found = Vec::new();
            // Nobody comes to the rules of a flag that is disabled.
            for rule in flag.rules.iter().filter(|_| flag.enabled) {
                collect(&rule.when, &place, &mut found);
            }
            found
        });
        Self(of_segments.chain(of_flags).collect())
    }

    /// For each that is one of some flags, or refers to one over others or directly, the nearest. Takes time in proportion to
    /// what refers to what.
    fn nearest(&self, flags: impl Iterator<Item = usize>) -> HashMap<usize, usize> {
        let mut users: HashMap<usize, Vec<usize>> = HashMap::new();
        for (user, used) in self.0.iter().enumerate() {
            for place in used {
                users.entry(*place).or_default().push(user);
            }
        }
        let mut open: VecDeque<(usize, usize)> = flags.map(|flag| (flag, flag)).collect();
        let mut nearest: HashMap<usize, usize> = open.iter().copied().collect();
        while let Some((place, flag)) = open.pop_front() {
            for user in users.get(&place).into_iter().flatten() {
                if let Entry::Vacant(entry) = nearest.entry(*user) {
                    entry.insert(flag);
                    open.push_back((*user, flag));
                }
            }
        }
        nearest
    }

    /// What something refers to, over others or directly; itself only if it does.
    fn reached(&self, from: usize) -> Vec<usize> {
        let mut reached = Vec::new();
        let mut seen = HashSet::new();
        let mut open = vec![from];
        while let Some(place) = open.pop() {
            for next in self.0.get(place).into_iter().flatten() {
                if reached.len() < MOST && seen.insert(*next) {
                    reached.push(*next);
                    open.push(*next);
                }
            }
        }
        reached
    }
}

/// The places of what a condition refers to.
fn collect(condition: &Condition, place: &impl Fn(&Test) -> Option<usize>, found: &mut Vec<usize>) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => {
            for part in parts {
                collect(part, place, found);
            }
        }
        Condition::Not(inner) => collect(inner, place, found),
        Condition::Test(Test::Within { when, .. }) => collect(when, place, found),
        Condition::Test(test) => found.extend(place(test)),
    }
}
