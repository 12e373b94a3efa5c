//! Segments: lists of keys, and those with rules.

use super::condition::{Shape, of_segment};
use super::document::Members;
use super::flag::is_key;
use super::javascript::truthy;
use super::{Reader, not};
use crate::json::Json;
use crate::report::Fidelity;
use flagstone_compile::Model;
use flagstone_compile::model::{Condition, Segment, TARGETING_KEY, Test};
use std::collections::{HashMap, HashSet};

/// The kinds of segments; names are unique in each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Standard,
    Large,
    RuleBased,
}

/// The segments that flags refer to, as they come to be needed.
#[derive(Default)]
pub(super) struct Segments<'d> {
    /// Their keys in the model.
    keys: HashMap<(Kind, &'d str), String>,
    taken: HashSet<String>,
    /// Those that are not in the model yet.
    open: Vec<(Kind, &'d str)>,
    /// What is to be said of flags that refer to a segment, by its key.
    pub notes: HashMap<String, Vec<(Fidelity, String)>>,
}

impl<'d> Segments<'d> {
    /// A test of a segment.
    fn test(&mut self, kind: Kind, name: &'d str) -> Condition {
        let Self {
            keys, taken, open, ..
        } = self;
        let key = keys.entry((kind, name)).or_insert_with(|| {
            open.push((kind, name));
            let plain = if is_key(name) { name } else { "segment" };
            let candidates = (1..).map(|count| match (count, kind) {
                (1, _) => plain.to_owned(),
                (2, Kind::RuleBased) => format!("{plain} (rule-based)"),
                (2, Kind::Large) => format!("{plain} (large)"),
                _ => format!("segment {count}"),
            });
            let mut free = candidates.filter(|key| is_key(key) && !taken.contains(key));
            let key = free.next().unwrap_or_default();
            taken.insert(key.clone());
            key
        });
        Condition::Test(Test::Segment(key.clone()))
    }
}

impl<'d> Reader<'d> {
    fn list(&self, large: bool) -> &'d Members<'d> {
        if large {
            &self.document.large
        } else {
            &self.document.segments
        }
    }

    /// When the key is in a list.
    pub(super) fn in_segment(&mut self, name: &str, large: bool) -> Condition {
        let kind = if large { Kind::Large } else { Kind::Standard };
        match self.list(large).get_key_value(name) {
            Some((name, _)) => self.segments.test(kind, name),
            None => {
                self.not_there(name, large);
                Condition::never()
            }
        }
    }

    /// The keys in a list; `None` if it is not there.
    pub(super) fn members(&mut self, name: &str, large: bool) -> Option<Vec<String>> {
        match self.list(large).get(name) {
            Some(keys) => Some(keys.iter().map(|key| (*key).to_owned()).collect()),
            None => {
                self.not_there(name, large);
                None
            }
        }
    }

    fn not_there(&mut self, name: &str, large: bool) {
        self.missing(if large { "large segment" } else { "segment" }, name);
    }

    /// When the key belongs to a segment with rules.
    pub(super) fn in_rule_based(&mut self, name: &str) -> Condition {
        match self.document.rule_based.get_key_value(name) {
            Some((name, _)) => self.segments.test(Kind::RuleBased, name),
            None => {
                self.missing("rule-based segment", name);
                Condition::never()
            }
        }
    }

    /// Adds all segments that something refers to.
    pub(super) fn write_segments(&mut self, model: &mut Model) {
        while let Some((kind, name)) = self.segments.open.pop() {
            let key = self.segments.keys.get(&(kind, name));
            let Some(key) = key.cloned() else { continue };
            let mut segment = Segment {
                key,
                by: TARGETING_KEY.to_owned(),
                included: Vec::new(),
                excluded: Vec::new(),
                when: Condition::never(),
            };
            match kind {
                Kind::Standard | Kind::Large => {
                    segment.included = self.members(name, kind == Kind::Large).unwrap_or_default();
                }
                Kind::RuleBased => {
                    if let Some(json) = self.document.rule_based.get(name).copied() {
                        self.rule_based(json, &mut segment);
                    }
                }
            }
            let notes = std::mem::take(&mut self.notes);
            self.segments.notes.insert(segment.key.clone(), notes);
            model.segments.push(segment);
        }
    }

    fn rule_based(&mut self, json: &'d Json<'d>, segment: &mut Segment) {
        let mut parts = Vec::new();
        let excluded = json.get("excluded").filter(|of| truthy(Some(of)));
        match Excluded::read(excluded) {
            None => {
                parts.push(self.fail(
                    "what a rule-based segment excludes is not of the shape that the SDK reads",
                ))
            }
            Some(Excluded { keys, segments }) => {
                segment.excluded = keys
                    .iter()
                    .filter_map(|key| key.text().map(str::to_owned))
                    .collect();
                for other in segments {
                    let name = other.get("name").and_then(Json::text).unwrap_or_default();
                    let is_in = match other.get("type").and_then(Json::text) {
                        Some("standard") => self.in_segment(name, false),
                        Some("large") => self.in_segment(name, true),
                        Some("rule-based") if self.may_throw(name, &mut HashSet::new()) => self
                            .fail("a rule-based segment excludes another at which the SDK throws"),
                        Some("rule-based") => self.in_rule_based(name),
                        _ => continue,
                    };
                    parts.push(not(is_in));
                }
            }
        }
        let conditions = of_segment(json);
        match conditions.map(|conditions| Shape::of(Some(conditions), self.sdk)) {
            // Where the SDK throws, the matcher that asked does not match.
            None | Some(Shape::Throws(_)) => return,
            Some(Shape::Unsupported) => self.note(
                Fidelity::Noted,
                "a rule-based segment has a matcher that the SDK does not support, or none at all: everybody who is not excluded belongs to it",
            ),
            Some(Shape::Sound) => {
                let conditions = conditions.map_or(&[][..], Json::elements);
                let any = conditions.iter().map(|condition| self.matches(condition));
                parts.push(Condition::Any(any.collect()));
            }
        }
        segment.when = Condition::All(parts);
    }

    /// Whether the SDK may throw when it looks whether a key belongs to a segment with rules.
    fn may_throw(&self, name: &'d str, seen: &mut HashSet<&'d str>) -> bool {
        let Some(json) = self.document.rule_based.get(name) else {
            return false;
        };
        if !seen.insert(name) {
            return false;
        }
        let conditions = of_segment(json).map(|conditions| Shape::of(Some(conditions), self.sdk));
        if let Some(Shape::Throws(_)) = conditions {
            return true;
        }
        let excluded = json.get("excluded").filter(|of| truthy(Some(of)));
        let Some(Excluded { segments, .. }) = Excluded::read(excluded) else {
            return true;
        };
        segments.iter().any(|other| {
            let name = other.get("name").and_then(Json::text).unwrap_or_default();
            other.get("type").and_then(Json::text) == Some("rule-based")
                && self.may_throw(name, seen)
        })
    }
}

/// What a segment with rules excludes.
struct Excluded<'d> {
    keys: &'d [Json<'d>],
    segments: &'d [Json<'d>],
}

impl<'d> Excluded<'d> {
    /// `None` for what the SDK would throw at, or for lists that are none.
    fn read(json: Option<&'d Json<'d>>) -> Option<Self> {
        let list = |name| match json.and_then(|json| json.get(name)) {
            Some(Json::List(list)) => Some(list.as_slice()),
            other if truthy(other) => None,
            _ => Some(&[][..]),
        };
        let (keys, segments) = (list("keys")?, list("segments")?);
        (!segments.iter().any(Json::is_null)).then_some(Self { keys, segments })
    }
}
