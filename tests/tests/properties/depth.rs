//! References go as deep as the evaluator follows them, and no deeper.

use crate::build::{bytes, flag, flags, segment, variant};
use flagstone_compile::compile;
use flagstone_compile::model::{Condition, Flag, Model, Prerequisite, Rule, Segment, Serve, Test};
use flagstone_core::{MAX_DEPTH, Snapshot, UnixMillis};

/// A reference to another flag or segment.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Link {
    Prerequisite,
    FlagInCondition,
    Segment,
}

/// Flags and segments, each referring to the next as the links say; the last holds for everybody. The first is flag `f`.
fn chain(links: &[Link]) -> Model {
    let name = |index: usize| {
        if index == 0 {
            "f".to_owned()
        } else {
            format!("n{index}")
        }
    };
    let mut model = flags(vec![]);
    for index in 0..=links.len() {
        // What this one is, is said by the link that leads to it.
        let is_segment = index > 0 && links[index - 1] == Link::Segment;
        let next = name(index + 1);
        let when = match links.get(index) {
            None => Condition::always(),
            Some(Link::Segment) => Condition::Test(Test::Segment(next)),
            // A segment has no prerequisites.
            Some(Link::Prerequisite) if !is_segment => Condition::always(),
            Some(_) => Condition::Test(Test::Flag {
                key: next,
                variants: vec!["v1".to_owned()],
                enabled_only: false,
            }),
        };
        if is_segment {
            let node: Segment = segment(&name(index), when);
            model.segments.push(node);
        } else {
            let mut node: Flag = flag(&name(index), 1, None);
            if links.get(index) == Some(&Link::Prerequisite) {
                node.prerequisites.push(Prerequisite {
                    flag: name(index + 1),
                    variants: vec!["v1".to_owned()],
                });
            }
            node.rules.push(Rule {
                name: String::new(),
                when,
                serve: Serve::Variant("v1".to_owned()),
            });
            model.flags.push(node);
        }
    }
    model
}

#[test]
fn chains_of_every_kind() {
    use Link::{FlagInCondition, Prerequisite, Segment};
    let patterns: &[&[Link]] = &[
        &[Prerequisite],
        &[FlagInCondition],
        &[Segment],
        &[Prerequisite, Segment],
        &[Segment, FlagInCondition],
        &[FlagInCondition, Prerequisite, Segment, Segment],
        &[Segment, Segment, Segment, Prerequisite],
    ];
    let deepest = usize::from(MAX_DEPTH);
    for pattern in patterns {
        for length in [0, 1, 2, deepest - 1, deepest, deepest + 1, deepest + 5] {
            // Turned round, so that the last link is of every kind too.
            for start in 0..pattern.len() {
                let links: Vec<Link> = pattern
                    .iter()
                    .cycle()
                    .skip(start)
                    .take(length)
                    .copied()
                    .collect();
                check(&links);
            }
        }
    }
}

fn check(links: &[Link]) {
    let model = chain(links);
    if links.len() <= usize::from(MAX_DEPTH) {
        let bytes = bytes(&model);
        let snapshot = Snapshot::open(&bytes).unwrap();
        snapshot.verify().unwrap();
        assert_eq!(variant(snapshot, "u", UnixMillis(0)), 1, "{links:?}");
    } else {
        let compiled = compile(&model);
        let codes: Vec<&str> = compiled
            .findings
            .iter()
            .map(|finding| finding.code)
            .collect();
        assert_eq!(codes, ["too-deep"], "{links:?}");
        assert_eq!(compiled.snapshot, None, "{links:?}");
    }
}
