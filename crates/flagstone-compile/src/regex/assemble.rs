//! From a tree to a program, from its end to its beginning: what comes next is known when an instruction is written.

use super::set::Set;
use super::{Assertion, Node, Program};
use flagstone_core::layout::{InstructionRecord, MAX_PROGRAM, SpanRecord, Step};

/// The program of a pattern; `None` if it is too large.
pub(super) fn assemble(node: &Node, last_unit: u32) -> Option<Program> {
    let mut assembler = Assembler {
        code: Vec::new(),
        spans: Vec::new(),
        sets: Vec::new(),
        last_unit,
    };
    let end = assembler.push(Step::Match, 0, 0, 0)?;
    let pattern = assembler.node(node, end)?;
    let start = if begins_at_start(node) {
        pattern
    } else {
        // It may begin anywhere: here, or one unit further on.
        let start = assembler.push(Step::Split, pattern, 0, 0)?;
        let skip = assembler.push(Step::Any, start, 0, 0)?;
        assembler.set_second(start, skip);
        start
    };
    Some(Program {
        code: assembler.code,
        spans: assembler.spans,
        start,
    })
}

/// Whether it can match at the start of a text only.
fn begins_at_start(node: &Node) -> bool {
    match node {
        Node::Assert(assertion) => *assertion == Assertion::Start,
        Node::Concat(nodes) => nodes.first().is_some_and(begins_at_start),
        Node::Alternate(branches) => branches.iter().all(begins_at_start),
        Node::Repeat { node, min, .. } => *min > 0 && begins_at_start(node),
        Node::Empty | Node::Set(_) => false,
    }
}

struct Assembler {
    code: Vec<InstructionRecord>,
    spans: Vec<SpanRecord>,
    /// Sets that are in `spans`: the first and how many. A list, since there are mostly a few, and a table weighs more.
    sets: Vec<(Set, u16, u16)>,
    last_unit: u32,
}

impl Assembler {
    fn push(&mut self, step: Step, next: u16, a: u16, b: u16) -> Option<u16> {
        let place = self.code.len();
        if place >= MAX_PROGRAM {
            return None;
        }
        let step = step as u16;
        self.code.push(InstructionRecord { step, next, a, b });
        u16::try_from(place).ok()
    }

    fn set_next(&mut self, place: u16, next: u16) {
        if let Some(instruction) = self.code.get_mut(usize::from(place)) {
            instruction.next = next;
        }
    }

    /// Sets the second way of a split.
    fn set_second(&mut self, place: u16, a: u16) {
        if let Some(instruction) = self.code.get_mut(usize::from(place)) {
            instruction.a = a;
        }
    }

    /// Writes a node that goes on at `next`, and gives the place to enter it. It is `next` itself if the node is empty.
    fn node(&mut self, node: &Node, next: u16) -> Option<u16> {
        match node {
            Node::Empty => Some(next),
            Node::Set(set) => self.set(set, next),
            Node::Assert(assertion) => {
                let step = match assertion {
                    Assertion::Start => Step::Start,
                    Assertion::End => Step::End,
                    Assertion::LineStart => Step::LineStart,
                    Assertion::LineEnd => Step::LineEnd,
                    Assertion::Boundary => Step::Boundary,
                    Assertion::NotBoundary => Step::NotBoundary,
                };
                self.push(step, next, 0, 0)
            }
            Node::Concat(nodes) => nodes
                .iter()
                .rev()
                .try_fold(next, |next, node| self.node(node, next)),
            Node::Alternate(branches) => {
                let mut entry = None;
                for branch in branches.iter().rev() {
                    let branch = self.node(branch, next)?;
                    entry = Some(match entry {
                        None => branch,
                        Some(rest) => self.push(Step::Split, branch, rest, 0)?,
                    });
                }
                entry
            }
            Node::Repeat { node, min, max } => self.repeat(node, *min, *max, next),
        }
    }

    fn repeat(&mut self, node: &Node, min: u32, max: Option<u32>, next: u16) -> Option<u16> {
        let mut entry = next;
        let mut required = min;
        match max {
            None => {
                let split = self.push(Step::Split, 0, next, 0)?;
                let body = self.node(node, split)?;
                if body == split {
                    // Nothing was written: there is nothing to repeat.
                    self.code.pop();
                    return Some(next);
                }
                self.set_next(split, body);
                // Once is required: enter the loop by its body.
                entry = if min == 0 { split } else { body };
                required = min.saturating_sub(1);
            }
            Some(max) => {
                for _ in min..max {
                    let body = self.node(node, entry)?;
                    if body == entry {
                        break;
                    }
                    entry = self.push(Step::Split, body, next, 0)?;
                }
            }
        }
        for _ in 0..required {
            let body = self.node(node, entry)?;
            if body == entry {
                break;
            }
            entry = body;
        }
        Some(entry)
    }

    fn set(&mut self, set: &Set, next: u16) -> Option<u16> {
        match *set.spans() {
            [(0, last)] if last >= self.last_unit => self.push(Step::Any, next, 0, 0),
            [(from, to)] if to <= u32::from(u16::MAX) => {
                self.push(Step::Span, next, from as u16, to as u16)
            }
            _ => {
                let known = self.sets.iter().find(|(known, ..)| known == set);
                let (first, count) = match known {
                    Some((_, first, count)) => (*first, *count),
                    None => self.spans(set)?,
                };
                self.push(Step::Set, next, first, count)
            }
        }
    }

    fn spans(&mut self, set: &Set) -> Option<(u16, u16)> {
        let first = u16::try_from(self.spans.len()).ok()?;
        let records = set.spans().iter();
        self.spans.extend(records.map(|(from, to)| SpanRecord {
            from: *from,
            to: *to,
        }));
        let count = u16::try_from(self.spans.len()).ok()?.checked_sub(first)?;
        self.sets.push((set.clone(), first, count));
        Some((first, count))
    }
}
