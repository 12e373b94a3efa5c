//! Segments.

use super::clause::{Clauses, conditions};
use super::document::{self, Document, is_truthy, list, texts};
use super::flag::{MOST, fail, is_name, one_of};
use super::reference::{self, USER, key_of};
use super::rollout::{bucket_by, bucketing, position_of, weight};
use crate::report::Fidelity;
use flagstone_compile::model::{
    Absent, Condition, Keys, Matcher, Reading, Scalar, Segment, TARGETING_KEY, Test,
};
use flagstone_compile::{Index, Model};
use flagstone_core::hash;
use flagstone_json::Node;

/// What is known of the segments before flags are lowered, in the order of the document and of the model.
pub(super) struct Segments {
    list: Vec<Known>,
}

struct Known {
    /// Its key in the model.
    name: String,
    /// For an unbounded segment the kind of context whose key is looked up; empty if there cannot be one.
    unbounded: Option<String>,
    /// What whoever refers to it should know.
    notes: Vec<Note>,
}

type Note = (Fidelity, String);

impl Segments {
    /// The key in the model of the segment at a place.
    pub fn name(&self, place: usize) -> String {
        let known = self.list.get(place);
        known.map_or_else(String::new, |known| known.name.clone())
    }

    /// What whoever refers to the segment at a place should know.
    pub fn notes(&self, place: usize) -> &[Note] {
        self.list.get(place).map_or(&[], |known| &known.notes)
    }

    /// For each segment, if it is unbounded, the kind of context whose key is looked up.
    #[cfg(feature = "answers")]
    pub fn unbounded(&self) -> impl Iterator<Item = Option<&str>> {
        self.list.iter().map(|known| known.unbounded.as_deref())
    }
}

/// Lowers all segments.
pub(super) fn lower(document: &Document<'_>, model: &mut Model) -> Segments {
    let mut segments = Segments { list: Vec::new() };
    let mut names = Index::with_capacity(document.segments().len());
    for (place, item) in document.segments().iter().enumerate() {
        let mut name = item.key.to_owned();
        // The key is only a name here: flags refer to segments by place.
        let mut number = place;
        while !is_name(&name) || names.get(name.as_bytes()).is_some() {
            name = format!("segment {number}");
            number += 1;
        }
        names.insert(name.as_bytes(), place as u32);
        let unbounded = is_truthy(item.json.get("unbounded"));
        let mut notes = Vec::new();
        if unbounded {
            let note = format!(
                "segment `{name}` is unbounded: its members are not in the document, only its rules count"
            );
            notes.push((Fidelity::Noted, note));
        }
        let kind = item.json.some("unboundedContextKind");
        let kind = kind.filter(|kind| is_truthy(Some(*kind)));
        let kind = reference::kind(kind).unwrap_or("");
        segments.list.push(Known {
            name,
            unbounded: unbounded.then(|| kind.to_owned()),
            notes,
        });
    }
    let mut references = Vec::new();
    for (place, item) in document.segments().iter().enumerate() {
        let mut rules = Rules::default();
        if !item.is_left_out {
            let segment = segment(document, &segments, place, item, &mut rules);
            model.segments.push(segment);
        }
        references.push(rules.segments);
        if let Some(known) = segments.list.get_mut(place) {
            known.notes.extend(rules.notes);
        }
    }
    segments.pass_on(&references);
    segments
}

impl Segments {
    /// Makes the notes of each segment those of all that it refers to as well.
    fn pass_on(&mut self, references: &[Vec<usize>]) {
        if self.list.iter().all(|known| known.notes.is_empty()) {
            return;
        }
        let reached = |from: usize| {
            let mut seen = vec![false; self.list.len()];
            let mut open = vec![from];
            let mut places = Vec::new();
            while let Some(place) = open.pop() {
                let Some(is_seen @ false) = seen.get_mut(place) else {
                    continue;
                };
                *is_seen = true;
                places.push(place);
                open.extend(references.get(place).into_iter().flatten().copied());
            }
            places
        };
        let notes = |places: Vec<usize>| {
            let notes = places.into_iter().flat_map(|place| self.notes(place));
            notes.cloned().collect()
        };
        let all: Vec<Vec<Note>> = (0..self.list.len()).map(reached).map(notes).collect();
        for (known, notes) in self.list.iter_mut().zip(all) {
            known.notes = notes;
        }
    }
}

/// The rules of a segment while they are lowered.
#[derive(Default)]
struct Rules {
    conditions: Vec<Condition>,
    tests: usize,
    segments: Vec<usize>,
    notes: Vec<Note>,
}

fn segment(
    document: &Document<'_>,
    segments: &Segments,
    place: usize,
    item: &document::Segment<'_>,
    rules: &mut Rules,
) -> Segment {
    for rule in list(item.json, "rules") {
        rules.rule(document, segments, item, rule);
    }
    if rules.tests > MOST {
        let note = "one of its segments is larger than a snapshot has room for".to_owned();
        rules.notes.push((Fidelity::NotEvaluable, note));
        rules.conditions = vec![Condition::Test(Test::Abort)];
    }
    let rules = Condition::Any(std::mem::take(&mut rules.conditions));
    let mut segment = Segment {
        key: segments.name(place),
        by: TARGETING_KEY.to_owned(),
        included: Keys::default(),
        excluded: Keys::default(),
        when: Condition::never(),
    };
    let unbounded = segments
        .list
        .get(place)
        .and_then(|known| known.unbounded.as_deref());
    segment.when = match unbounded {
        None => {
            let included = Lists::new(item.json, "included", "includedContexts");
            let excluded = Lists::new(item.json, "excluded", "excludedContexts");
            let has_others = !included.others.is_empty();
            let mut is_included = included.others;
            let mut is_other = Vec::new();
            segment.included = set(&included.users);
            if has_others {
                // Who is included by another kind of context must not be excluded before that is seen.
                if !excluded.users.is_empty() {
                    let users = excluded.users.into_iter().map(str::to_owned).collect();
                    is_other.push(not_in(TARGETING_KEY.to_owned(), users));
                }
            } else {
                segment.excluded = set(&excluded.users);
            }
            for (name, keys) in excluded.others {
                is_other.push(not_in(name, keys));
            }
            is_other.push(rules);
            let mut any: Vec<Condition> = is_included
                .drain(..)
                .map(|(name, keys)| Condition::Test(one_of(name, keys, Reading::default())))
                .collect();
            any.push(Condition::All(is_other));
            Condition::Any(any)
        }
        // A generation is what makes the store's members valid; without one nobody is a member.
        Some("") => Condition::never(),
        Some(_) if !is_truthy(item.json.get("generation")) => Condition::never(),
        Some(kind) => {
            let empty = Test::attribute(key_of(kind), Matcher::Equals(Scalar::Text(String::new())));
            Condition::All(vec![
                Condition::Not(Box::new(Condition::Test(empty))),
                rules,
            ])
        }
    };
    segment
}

/// Keys that a segment lists, those of users apart.
struct Lists<'d> {
    users: Vec<&'d str>,
    /// The attribute that is the key of a kind, and keys.
    others: Vec<(String, Vec<String>)>,
}

impl<'d> Lists<'d> {
    fn new(json: Node<'d>, of_users: &str, of_contexts: &str) -> Self {
        // COMPAT(launchdarkly): an empty key is in no list.
        let keys = |json, name| texts(json, name).filter(|key| !key.is_empty());
        let mut lists = Self {
            users: keys(json, of_users).collect(),
            others: Vec::new(),
        };
        for target in list(json, of_contexts) {
            let mut keys = keys(target, "values").peekable();
            match reference::kind(target.get("contextKind")) {
                Some(USER) => lists.users.extend(keys),
                Some(kind) if keys.peek().is_some() => {
                    let keys = keys.map(str::to_owned).collect();
                    lists.others.push((key_of(kind), keys));
                }
                _ => {}
            }
        }
        lists
    }
}

/// Keys as a set. What goes straight into a snapshot needs no copies of them.
fn set(keys: &[&str]) -> Keys {
    if cfg!(feature = "answers") {
        return keys.iter().map(|key| (*key).to_owned()).collect();
    }
    Keys::Hashes(keys.iter().map(|key| hash::key(key.as_bytes())).collect())
}

/// Whether a key is not in a list; a key that there is not is in none.
fn not_in(name: String, keys: Vec<String>) -> Condition {
    let reading = Reading {
        missing_is_no: true,
        ..Reading::default()
    };
    Condition::Not(Box::new(Condition::Test(one_of(name, keys, reading))))
}

impl Rules {
    fn rule(
        &mut self,
        document: &Document<'_>,
        segments: &Segments,
        item: &document::Segment<'_>,
        rule: Node<'_>,
    ) {
        let Some(Clauses {
            mut parts,
            tests,
            segments,
            notes,
        }) = conditions(document, segments, rule)
        else {
            return;
        };
        self.tests += tests + 1;
        self.segments.extend(segments);
        self.notes.extend(notes);
        if rule.some("weight").is_some() {
            let kind = rule.some("rolloutContextKind");
            let by = rule.some("bucketBy").and_then(Node::text).unwrap_or("");
            let by = bucket_by(by, kind, document.sdk);
            parts.push(match by {
                None => fail(),
                Some(_) if item.names().len() > MOST => Condition::Test(Test::Abort),
                Some(by) => match position_of(weight(rule)) {
                    0 => Condition::never(),
                    end => Condition::Test(Test::Bucket {
                        bucketing: bucketing(by, item.names().joined()),
                        ranges: vec![(0, end)],
                        // Whoever has nothing to be bucketed by is at position 0.
                        absent: Absent::First,
                    }),
                },
            });
        }
        self.conditions.push(Condition::All(parts));
    }
}
