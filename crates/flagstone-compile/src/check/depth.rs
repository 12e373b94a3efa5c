//! Flags and segments refer to each other without circles, not too deep, and not so often that an evaluation would be
//! given up.

use crate::finding::Finding;
use crate::model::{Condition, Matcher, Model, Test};
use flagstone_core::{MAX_DEPTH, MAX_TESTS};
use std::collections::HashMap;

/// What refers and is referred to.
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

/// Of a chain that is too much only the first is reported, or if `each_flag` every flag as well.
pub(super) fn check(model: &Model, each_flag: bool, findings: &mut Vec<Finding>) {
    let mut uses: HashMap<Node<'_>, Uses<'_>> = HashMap::new();
    let mut order = Vec::new();
    for segment in &model.segments {
        let node = Node::Segment(&segment.key);
        order.push(node);
        uses.entry(node).or_default().condition(&segment.when);
    }
    for flag in &model.flags {
        let node = Node::Flag(&flag.key);
        order.push(node);
        let uses = uses.entry(node).or_default();
        for required in &flag.prerequisites {
            uses.reference(Node::Flag(&required.flag));
        }
        for rule in &flag.rules {
            uses.condition(&rule.when);
        }
    }
    let mut walk = Walk {
        uses: &uses,
        finished: HashMap::new(),
        each_flag,
        findings,
    };
    for node in order {
        walk.from(node);
    }
}

/// What the conditions of a flag or a segment are made of.
#[derive(Default)]
struct Uses<'m> {
    /// Each with its own test.
    references: Vec<Node<'m>>,
    tests: u64,
}

impl<'m> Uses<'m> {
    fn reference(&mut self, to: Node<'m>) {
        self.references.push(to);
        self.tests += 1;
    }

    fn condition(&mut self, condition: &'m Condition) {
        match condition {
            Condition::All(parts) | Condition::Any(parts) => {
                self.tests += u64::from(parts.is_empty());
                parts.iter().for_each(|part| self.condition(part));
            }
            Condition::Not(inner) => self.condition(inner),
            Condition::Test(Test::Segment(key) | Test::SegmentUnlessFails(key)) => {
                self.reference(Node::Segment(key))
            }
            Condition::Test(Test::Flag { key, .. }) => self.reference(Node::Flag(key)),
            Condition::Test(Test::Attribute {
                matcher: Matcher::OneOf(scalars),
                ..
            }) => self.tests += scalars.len().max(1) as u64,
            Condition::Test(Test::Within { when, .. }) => {
                self.tests += 1;
                self.condition(when);
            }
            Condition::Test(
                Test::Attribute { .. }
                | Test::Now { .. }
                | Test::Bucket { .. }
                | Test::Inside(_)
                | Test::Expression { .. }
                | Test::Fail
                | Test::Abort,
            ) => self.tests += 1,
        }
    }
}

/// What is known of a flag or a segment, everything that it refers to included.
#[derive(Clone, Copy, Default)]
struct Extent {
    /// How many references follow each other.
    depth: usize,
    /// How many tests one evaluation runs at most.
    tests: u64,
}

struct Walk<'w, 'm> {
    uses: &'w HashMap<Node<'m>, Uses<'m>>,
    /// `None` for nodes on the way to here.
    finished: HashMap<Node<'m>, Option<Extent>>,
    each_flag: bool,
    findings: &'w mut Vec<Finding>,
}

impl<'m> Walk<'_, 'm> {
    /// Visits whatever can be reached from a node, the node itself last. The way is a list and not the call stack, which
    /// a long chain would exhaust.
    fn from(&mut self, root: Node<'m>) {
        let mut way = Vec::new();
        self.enter(root, &mut way);
        while let Some((node, next, extent)) = way.last_mut() {
            let (node, uses) = (*node, self.uses.get(node));
            let Some(to) = uses.and_then(|uses| uses.references.get(*next)).copied() else {
                let extent = *extent;
                way.pop();
                self.leave(node, extent);
                continue;
            };
            match self.finished.get(&to) {
                Some(Some(found)) => {
                    *next += 1;
                    extent.depth = extent.depth.max(found.depth + 1);
                    extent.tests = extent.tests.saturating_add(found.tests);
                }
                Some(None) => {
                    *next += 1;
                    self.circle(to, &way);
                }
                None => self.enter(to, &mut way),
            }
        }
    }

    fn enter(&mut self, node: Node<'m>, way: &mut Vec<Step<'m>>) {
        let Some(uses) = self.uses.get(&node) else {
            // A name that leads nowhere; the writer says so.
            self.finished.insert(node, Some(Extent::default()));
            return;
        };
        if self.finished.contains_key(&node) {
            return;
        }
        self.finished.insert(node, None);
        let extent = Extent {
            depth: 0,
            tests: uses.tests,
        };
        way.push((node, 0, extent));
    }

    fn leave(&mut self, node: Node<'m>, extent: Extent) {
        let is_each = self.each_flag && matches!(node, Node::Flag(_));
        let is_named = |reached: fn(&Extent) -> bool| {
            let references = self.uses.get(&node).map(|uses| uses.references.iter());
            let mut below = references
                .into_iter()
                .flatten()
                .filter_map(|to| *self.finished.get(to)?);
            reached(&extent) && (is_each || !below.any(|extent| reached(&extent)))
        };
        let too_deep = |extent: &Extent| extent.depth > usize::from(MAX_DEPTH);
        let too_many = |extent: &Extent| extent.tests > u64::from(MAX_TESTS);
        if is_named(too_deep) {
            let message = format!(
                "{} depends on others over more than {MAX_DEPTH} steps",
                node.name()
            );
            self.findings
                .push(Finding::error("too-deep", node.path(), message));
        }
        if is_named(too_many) {
            let message = format!(
                "one evaluation of {} may take {} tests, those of what it refers to included",
                node.name(),
                extent.tests
            );
            self.findings.push(
                Finding::error("too-many-tests", node.path(), message)
                    .help(format!("at most {MAX_TESTS}; refer to each segment once")),
            );
        }
        self.finished.insert(node, Some(extent));
    }

    fn circle(&mut self, node: Node<'m>, way: &[Step<'m>]) {
        let circle: Vec<String> = way
            .iter()
            .map(|(of, ..)| *of)
            .skip_while(|of| *of != node)
            .chain([node])
            .map(Node::name)
            .collect();
        let message = format!("{} depends on itself: {}", node.name(), circle.join(" → "));
        self.findings
            .push(Finding::error("circle", node.path(), message));
    }
}

/// A node on the way, the next of its references, and what is known of those before.
type Step<'m> = (Node<'m>, usize, Extent);
