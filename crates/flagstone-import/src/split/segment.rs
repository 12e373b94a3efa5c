//! Segments: lists of keys, and those with rules.

use super::condition::{Shape, of_segment};
use super::document::{Document, Members};
use super::flag::is_key;
use super::javascript::truthy;
use super::named::Named;
use super::{Reader, not};
use crate::report::Fidelity;
use crate::size::is_too_large;
use flagstone_compile::Model;
use flagstone_compile::model::{Condition, Keys, Segment, TARGETING_KEY, Test};
use flagstone_json::Json;
use std::collections::HashSet;

/// The kinds of segments; names are unique in each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Standard,
    Large,
    RuleBased,
}

/// The segments that flags refer to, as they come to be needed.
#[derive(Default)]
pub(super) struct Segments<'d> {
    /// Their keys in the model.
    standard: Named<'d, String>,
    large: Named<'d, String>,
    rule_based: Named<'d, String>,
    /// How many there are.
    count: usize,
    /// Those that are not in the model yet.
    open: Vec<(Kind, &'d str)>,
    /// What is to be said of flags that refer to a segment, by its place in the model.
    pub notes: Vec<Vec<(Fidelity, String)>>,
}

impl<'d> Segments<'d> {
    fn keys(&mut self, kind: Kind) -> &mut Named<'d, String> {
        match kind {
            Kind::Standard => &mut self.standard,
            Kind::Large => &mut self.large,
            Kind::RuleBased => &mut self.rule_based,
        }
    }
}

/// A key for a segment: its name, unless one of another kind has it or it cannot be a key.
fn key(document: &Document<'_>, kind: Kind, name: &str, count: usize) -> String {
    let Document {
        segments,
        large,
        rule_based,
        ..
    } = document;
    let is_alone = match kind {
        Kind::Standard => true,
        Kind::RuleBased => !segments.contains(name),
        Kind::Large => !segments.contains(name) && !rule_based.contains(name),
    };
    if is_alone && is_key(name) {
        return name.to_owned();
    }
    let is_name =
        |key: &str| segments.contains(key) || large.contains(key) || rule_based.contains(key);
    let mut key = match kind {
        Kind::Standard => String::new(),
        Kind::Large => format!("{name} (large)"),
        Kind::RuleBased => format!("{name} (rule-based)"),
    };
    if !is_key(&key) || is_name(&key) {
        key = format!("segment {count}");
        while is_name(&key) {
            key.push('\'');
        }
    }
    key
}

impl<'d> Reader<'d> {
    /// A test of a segment that is in the document.
    fn in_kind(&mut self, kind: Kind, name: &'d str) -> Condition {
        if let Some((_, key)) = self.segments.keys(kind).get(name) {
            return Condition::Test(Test::Segment(key.clone()));
        }
        self.segments.count += 1;
        self.segments.open.push((kind, name));
        let key = key(self.document, kind, name, self.segments.count);
        self.segments.keys(kind).set(name, key.clone());
        Condition::Test(Test::Segment(key))
    }

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
        match self.list(large).get(name) {
            Some((name, _)) => self.in_kind(kind, name),
            None => {
                self.not_there(name, large);
                Condition::never()
            }
        }
    }

    /// The keys in a list; `None` if it is not there.
    pub(super) fn members(&mut self, name: &str, large: bool) -> Option<Vec<String>> {
        match self.list(large).get(name) {
            Some((_, keys)) => Some(keys.iter().map(|key| (*key).to_owned()).collect()),
            None => {
                self.not_there(name, large);
                None
            }
        }
    }

    fn not_there(&mut self, name: &str, large: bool) {
        self.missing(if large { "large segment" } else { "segment" }, name);
    }

    /// Says that nobody is in a segment, since it is not in the document.
    fn missing(&mut self, kind: &str, name: &str) {
        let note = format!("{kind} `{name}` is not in the document: nobody belongs to it");
        self.note(Fidelity::Noted, note);
    }
    /// When the key belongs to a segment with rules.
    pub(super) fn in_rule_based(&mut self, name: &str) -> Condition {
        match self.document.rule_based.get(name) {
            Some((name, _)) => self.in_kind(Kind::RuleBased, name),
            None => {
                self.missing("rule-based segment", name);
                Condition::never()
            }
        }
    }

    /// Adds all segments that something refers to.
    pub(super) fn write_segments(&mut self, model: &mut Model) {
        while let Some((kind, name)) = self.segments.open.pop() {
            let Some((_, key)) = self.segments.keys(kind).get(name) else {
                continue;
            };
            let key = key.clone();
            let mut segment = Segment {
                key,
                by: TARGETING_KEY.to_owned(),
                included: Keys::default(),
                excluded: Keys::default(),
                when: Condition::never(),
            };
            match kind {
                Kind::Standard | Kind::Large => {
                    segment.included = self
                        .members(name, kind == Kind::Large)
                        .unwrap_or_default()
                        .into();
                }
                Kind::RuleBased => {
                    if let Some((_, json)) = self.document.rule_based.get(name) {
                        self.rule_based(json, &mut segment);
                    }
                }
            }
            let notes = std::mem::take(&mut self.notes);
            self.segments.notes.push(notes);
            model.segments.push(segment);
        }
    }

    fn rule_based(&mut self, json: &'d Json<'d>, segment: &mut Segment) {
        let mut parts = Vec::new();
        match Excluded::read(json) {
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
                        Some("rule-based") if self.segment_may_throw(name) => self
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
        segment.when = match Condition::All(parts) {
            condition if is_too_large(&condition) => {
                self.fail("one of its segments is larger than a snapshot has room for")
            }
            condition => condition,
        };
    }

    /// Whether the SDK may throw when it looks whether a key belongs to a segment with rules.
    fn segment_may_throw(&self, name: &str) -> bool {
        let mut seen = HashSet::new();
        let mut open = vec![name];
        while let Some(name) = open.pop() {
            let Some((name, json)) = self.document.rule_based.get(name) else {
                continue;
            };
            if !seen.insert(name) {
                continue;
            }
            let conditions = of_segment(json);
            let shape = conditions.map(|conditions| Shape::of(Some(conditions), self.sdk));
            let Some(Excluded { segments, .. }) = Excluded::read(json) else {
                return true;
            };
            if let Some(Shape::Throws(_)) = shape {
                return true;
            }
            for other in segments {
                if other.get("type").and_then(Json::text) == Some("rule-based") {
                    open.extend(other.get("name").and_then(Json::text));
                }
            }
        }
        false
    }
}

/// What a segment with rules excludes.
struct Excluded<'d> {
    keys: &'d [Json<'d>],
    segments: &'d [Json<'d>],
}

impl<'d> Excluded<'d> {
    /// `None` for what the SDK would throw at, or for lists that are none.
    fn read(segment: &'d Json<'d>) -> Option<Self> {
        let excluded = segment.get("excluded").filter(|of| truthy(Some(of)));
        let list = |name| match excluded.and_then(|excluded| excluded.get(name)) {
            Some(Json::List(list)) => Some(list.as_slice()),
            other if truthy(other) => None,
            _ => Some(&[][..]),
        };
        let (keys, segments) = (list("keys")?, list("segments")?);
        (!segments.iter().any(Json::is_null)).then_some(Self { keys, segments })
    }
}
