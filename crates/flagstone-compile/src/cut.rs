//! What of a model requests can ask for.

use crate::index::Index;
use crate::model::{Condition, Flag, Model, Segment, Test};

/// The model without what no request at the edge can ask for. What is left decides as before.
///
/// Left are the flags that routes name or that are exposed, and the flags and segments that these depend on, with their
/// plans. If that is all, the model is as it was; else [`Edge::is_cut`](crate::model::Edge::is_cut) says that it is not. So
/// is a model whose flags are elsewhere, which has no others anyway.
///
/// Takes time in proportion to the model.
pub fn cut(mut model: Model) -> Model {
    if model.edge.source.is_some() {
        return model;
    }
    let Reached {
        flags, segments, ..
    } = Reached::of(&model);
    if flags.are_all() && segments.are_all() {
        return model;
    }
    model.flags.retain(|flag| flags.has(&flag.key));
    model.segments.retain(|segment| segments.has(&segment.key));
    model.plans.retain(|plan| flags.has(&plan.flag));
    let aliases = &mut model.edge.expose.aliases;
    aliases.retain(|(flag, _)| flags.has(flag));
    model.edge.is_cut = true;
    model
}

/// Some of what has a key.
struct Keyed {
    places: Index,
    is_in: Vec<bool>,
}

impl Keyed {
    /// None of those with these keys yet.
    fn new<'m>(keys: impl ExactSizeIterator<Item = &'m str>) -> Self {
        let is_in = vec![false; keys.len()];
        let mut places = Index::with_capacity(keys.len());
        for (key, place) in keys.zip(0..) {
            places.insert(key.as_bytes(), place);
        }
        Self { places, is_in }
    }

    fn place(&self, key: &str) -> Option<usize> {
        self.places.get(key.as_bytes()).map(|place| place as usize)
    }

    fn has(&self, key: &str) -> bool {
        let place = self.place(key);
        place.and_then(|place| self.is_in.get(place)) == Some(&true)
    }

    fn are_all(&self) -> bool {
        self.is_in.iter().all(|is_in| *is_in)
    }

    /// Adds what has this key; its place, if it was not among them.
    fn add(&mut self, key: &str) -> Option<usize> {
        let place = self.place(key)?;
        let was_in = std::mem::replace(self.is_in.get_mut(place)?, true);
        (!was_in).then_some(place)
    }
}

/// What requests can ask for.
struct Reached<'m> {
    model: &'m Model,
    flags: Keyed,
    segments: Keyed,
    /// Of what was found, what it depends on is to be looked for.
    open: Vec<Open<'m>>,
}

enum Open<'m> {
    Flag(&'m Flag),
    Segment(&'m Segment),
}

impl<'m> Reached<'m> {
    fn of(model: &'m Model) -> Self {
        let mut reached = Self {
            model,
            flags: Keyed::new(model.flags.iter().map(|flag| flag.key.as_str())),
            segments: Keyed::new(model.segments.iter().map(|segment| segment.key.as_str())),
            open: Vec::new(),
        };
        let expose = &model.edge.expose;
        let exposed = expose.browser.iter().chain(&expose.origin);
        let routes = model.edge.routes.iter();
        let named = routes.flat_map(|route| route.flags.iter().flatten().chain([&route.flag]));
        for key in exposed.chain(named) {
            reached.flag(key);
        }
        while let Some(open) = reached.open.pop() {
            match open {
                Open::Segment(segment) => reached.condition(&segment.when),
                Open::Flag(flag) => {
                    for required in &flag.prerequisites {
                        reached.flag(&required.flag);
                    }
                    for rule in &flag.rules {
                        reached.condition(&rule.when);
                    }
                }
            }
        }
        reached
    }

    fn flag(&mut self, key: &str) {
        let place = self.flags.add(key);
        let flag = place.and_then(|place| self.model.flags.get(place));
        self.open.extend(flag.map(Open::Flag));
    }

    fn segment(&mut self, key: &str) {
        let place = self.segments.add(key);
        let segment = place.and_then(|place| self.model.segments.get(place));
        self.open.extend(segment.map(Open::Segment));
    }

    fn condition(&mut self, condition: &Condition) {
        match condition {
            Condition::All(parts) | Condition::Any(parts) => {
                parts.iter().for_each(|part| self.condition(part));
            }
            Condition::Not(inner) => self.condition(inner),
            Condition::Test(test) => match test {
                Test::Segment(key) | Test::SegmentUnlessFails(key) => self.segment(key),
                Test::Flag { key, .. } | Test::Inside(key) => self.flag(key),
                Test::Within { when, .. } => self.condition(when),
                Test::Attribute { .. }
                | Test::Now { .. }
                | Test::Bucket { .. }
                | Test::Expression { .. }
                | Test::Fail
                | Test::Abort => {}
            },
        }
    }
}

#[cfg(test)]
mod tests;
