//! Flags and segments refer to each other without circles, and not too deep.

use crate::finding::Finding;
use crate::model::{Condition, Model, Test};
use flagstone_core::MAX_DEPTH;
use std::collections::HashMap;

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Node<'m> {
    Flag(&'m str),
    Segment(&'m str),
}

impl Node<'_> {
    fn path(self) -> String {
        match self {
            Self::Flag(key) => format!("/flags/{key}"),
            Self::Segment(key) => format!("/segments/{key}"),
        }
    }

    fn name(self) -> String {
        match self {
            Self::Flag(key) => format!("flag `{key}`"),
            Self::Segment(key) => format!("segment `{key}`"),
        }
    }
}

pub(super) fn check(model: &Model, findings: &mut Vec<Finding>) {
    let mut references: HashMap<Node<'_>, Vec<Node<'_>>> = HashMap::new();
    let mut order = Vec::new();
    for segment in &model.segments {
        let node = Node::Segment(&segment.key);
        order.push(node);
        collect(&segment.when, references.entry(node).or_default());
    }
    for flag in &model.flags {
        let node = Node::Flag(&flag.key);
        order.push(node);
        let to = references.entry(node).or_default();
        to.extend(
            flag.prerequisites
                .iter()
                .map(|required| Node::Flag(&required.flag)),
        );
        for rule in &flag.rules {
            collect(&rule.when, to);
        }
    }
    let mut walk = Walk {
        references: &references,
        depths: HashMap::new(),
        way: Vec::new(),
        findings,
    };
    for node in order {
        walk.depth(node);
    }
}

fn collect<'m>(condition: &'m Condition, to: &mut Vec<Node<'m>>) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => {
            parts.iter().for_each(|part| collect(part, to))
        }
        Condition::Not(inner) => collect(inner, to),
        Condition::Test(Test::Segment(key)) => to.push(Node::Segment(key)),
        Condition::Test(Test::Flag { key, .. }) => to.push(Node::Flag(key)),
        Condition::Test(Test::Attribute { .. } | Test::Now { .. }) => {}
    }
}

struct Walk<'w, 'm> {
    references: &'w HashMap<Node<'m>, Vec<Node<'m>>>,
    /// Finished nodes.
    depths: HashMap<Node<'m>, usize>,
    /// Nodes on the way to here.
    way: Vec<Node<'m>>,
    findings: &'w mut Vec<Finding>,
}

impl<'m> Walk<'_, 'm> {
    /// How many references follow each other from here on.
    fn depth(&mut self, node: Node<'m>) -> usize {
        if let Some(depth) = self.depths.get(&node) {
            return *depth;
        }
        if let Some(start) = self.way.iter().position(|of| *of == node) {
            let circle: Vec<String> = self
                .way
                .iter()
                .skip(start)
                .chain([&node])
                .map(|node| node.name())
                .collect();
            let message = format!("{} depends on itself: {}", node.name(), circle.join(" → "));
            self.findings
                .push(Finding::error("circle", node.path(), message));
            return 0;
        }
        self.way.push(node);
        let mut depth = 0;
        for next in self.references.get(&node).into_iter().flatten() {
            depth = depth.max(self.depth(*next) + 1);
        }
        self.way.pop();
        if depth == usize::from(MAX_DEPTH) {
            let message = format!(
                "{} depends on others over more than {} steps",
                node.name(),
                MAX_DEPTH - 1
            );
            self.findings
                .push(Finding::error("too-deep", node.path(), message));
        }
        self.depths.insert(node, depth);
        depth
    }
}
