//! What there is to say of a flag because of what it refers to.

use super::segment::Segments;
use crate::report::{Fidelity, Report};
use flagstone_compile::Model;
use flagstone_compile::model::{Condition, Rule, Test};
use std::collections::{HashMap, HashSet};

/// A flag or a segment, by key.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Node<'m> {
    Flag(&'m str),
    Segment(&'m str),
}

/// Adds to each flag what was said of segments that it refers to, and whether it depends on a flag that cannot be
/// evaluated.
pub(super) fn settle(model: &Model, segments: &Segments<'_>, report: &mut Report) {
    let mut uses: HashMap<Node<'_>, Vec<Node<'_>>> = HashMap::new();
    for flag in &model.flags {
        let mut found = Vec::new();
        for Rule { when, .. } in &flag.rules {
            collect(when, &mut found);
        }
        if !found.is_empty() {
            uses.insert(Node::Flag(&flag.key), found);
        }
    }
    for segment in &model.segments {
        let mut found = Vec::new();
        collect(&segment.when, &mut found);
        uses.insert(Node::Segment(&segment.key), found);
    }
    let not_evaluable = report
        .entries
        .iter()
        .filter(|entry| entry.fidelity == Fidelity::NotEvaluable);
    let not_evaluable: HashSet<String> = not_evaluable.map(|entry| entry.flag.clone()).collect();
    for entry in &mut report.entries {
        let flag = entry.flag.clone();
        let mut seen = HashSet::new();
        let mut open = vec![Node::Flag(&flag)];
        while let Some(node) = open.pop() {
            for next in uses.get(&node).map_or(&[][..], Vec::as_slice) {
                if *next == Node::Flag(&flag) {
                    entry.note(
                        Fidelity::NotEvaluable,
                        "it depends on itself, at which the SDK runs out of stack",
                    );
                }
                if !seen.insert(*next) {
                    continue;
                }
                match next {
                    Node::Segment(key) => {
                        for (fidelity, note) in segments.notes.get(*key).into_iter().flatten() {
                            entry.note(*fidelity, note.clone());
                        }
                    }
                    Node::Flag(key) if not_evaluable.contains(*key) => {
                        let note =
                            format!("it depends on flag `{key}`, which cannot be evaluated here");
                        entry.note(Fidelity::NotEvaluable, note);
                    }
                    Node::Flag(_) => {}
                }
                open.push(*next);
            }
        }
    }
}

fn collect<'m>(condition: &'m Condition, found: &mut Vec<Node<'m>>) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => {
            parts.iter().for_each(|part| collect(part, found));
        }
        Condition::Not(inner) => collect(inner, found),
        Condition::Test(Test::Segment(key)) => found.push(Node::Segment(key)),
        Condition::Test(Test::Flag { key, .. }) => found.push(Node::Flag(key)),
        Condition::Test(_) => {}
    }
}
