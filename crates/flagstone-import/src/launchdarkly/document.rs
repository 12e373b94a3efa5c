//! The document: where the flags and segments are, and how JavaScript looks at their members.

use crate::error::ImportError;
use crate::service::{IsAsked, Sdk};
use flagstone_compile::Index;
use flagstone_json::{Elements, Node, View};

/// A flag, with the members that decide. One that is null is not there.
#[derive(Clone, Copy)]
pub(super) struct Flag<'d> {
    /// The name under which it is kept.
    pub key: &'d str,
    /// Key and salt of its own.
    pub names: Names<'d>,
    pub on: Option<Node<'d>>,
    pub variations: Elements<'d>,
    pub off_variation: Option<Node<'d>>,
    pub fallthrough: Option<Node<'d>>,
    pub prerequisites: Elements<'d>,
    pub targets: Elements<'d>,
    pub context_targets: Elements<'d>,
    pub rules: Elements<'d>,
    /// Nothing asks for it.
    pub is_left_out: bool,
}

/// A segment.
#[derive(Clone, Copy)]
pub(super) struct Segment<'d> {
    /// The name under which it is kept.
    pub key: &'d str,
    /// What it is.
    pub json: Node<'d>,
    /// Nothing asks for it.
    pub is_left_out: bool,
}

/// What a flag or a segment adds to what is hashed.
#[derive(Clone, Copy)]
pub(super) struct Names<'d> {
    key: &'d str,
    salt: &'d str,
}

impl Names<'_> {
    /// Bytes of [`Names::joined`].
    pub fn len(&self) -> usize {
        self.key.len() + 1 + self.salt.len()
    }

    /// The key, a point and the salt.
    pub fn joined(&self) -> String {
        let mut text = String::with_capacity(self.len());
        text.push_str(self.key);
        text.push('.');
        text.push_str(self.salt);
        text
    }
}

impl<'d> Flag<'d> {
    /// Reads a flag; `None` if it is deleted. Each member is looked at once, of two with one name the last counts.
    fn read(key: &'d str, json: Node<'d>) -> Option<Self> {
        let none = Elements::none(json);
        let mut is_deleted = false;
        let mut flag = Self {
            key,
            names: Names { key, salt: "" },
            on: None,
            variations: none,
            off_variation: None,
            fallthrough: None,
            prerequisites: none,
            targets: none,
            context_targets: none,
            rules: none,
            is_left_out: false,
        };
        for (name, member) in json.members() {
            let some = Some(member).filter(|member| !member.is_null());
            match name {
                "key" => flag.names.key = member.text().unwrap_or(key),
                "salt" => flag.names.salt = member.text().unwrap_or_default(),
                "on" => flag.on = some,
                "variations" => flag.variations = member.elements(),
                "offVariation" => flag.off_variation = some,
                "fallthrough" => flag.fallthrough = some,
                "prerequisites" => flag.prerequisites = member.elements(),
                "targets" => flag.targets = member.elements(),
                "contextTargets" => flag.context_targets = member.elements(),
                "rules" => flag.rules = member.elements(),
                "deleted" => is_deleted = is_truthy(some),
                _ => {}
            }
        }
        (!is_deleted).then_some(flag)
    }
}

impl<'d> Segment<'d> {
    /// Key and salt of its own.
    pub fn names(&self) -> Names<'d> {
        let text = |name| self.json.get(name).and_then(Node::text);
        Names {
            key: text("key").unwrap_or(self.key),
            salt: text("salt").unwrap_or_default(),
        }
    }
}

/// Flags and segments by key.
pub(super) struct Document<'d> {
    flags: Items<Flag<'d>>,
    segments: Items<Segment<'d>>,
    /// For each flag whether it may require itself, over others or directly; empty if none does.
    circular: Vec<bool>,
    /// Whose oddities count.
    pub sdk: Sdk,
}

/// What is not deleted, in the order of the document.
struct Items<T> {
    list: Vec<T>,
    places: Index,
}

impl<'d> Document<'d> {
    /// Finds the flags and segments in what a poll, a stream's `put` or an edge store gives.
    pub fn read(json: Node<'d>, sdk: Sdk) -> Result<Self, ImportError> {
        let shape = |path: &str, expected| ImportError::Shape {
            path: path.to_owned(),
            expected,
        };
        let (data, path) = match (json.some("flags"), json.some("data")) {
            (None, Some(data)) => (data, "/data"),
            _ => (json, ""),
        };
        let flags = data.some("flags").ok_or_else(|| {
            shape(
                path,
                "an object with `flags`, as LaunchDarkly's SDKs and edge stores hold it",
            )
        })?;
        let segments = data.some("segments");
        for (name, json) in [("flags", Some(flags)), ("segments", segments)] {
            if json.is_some_and(|json| !json.is_object()) {
                let path = [path, "/", name].concat();
                return Err(shape(&path, "an object with a member for each key"));
            }
        }
        let segment = |key, json: Node<'d>| {
            (!is_truthy(json.get("deleted"))).then_some(Segment {
                key,
                json,
                is_left_out: false,
            })
        };
        let mut document = Self {
            flags: Items::of(Some(flags), Flag::read),
            segments: Items::of(segments, segment),
            circular: Vec::new(),
            sdk,
        };
        document.find_circles();
        Ok(document)
    }

    pub fn flags(&self) -> &[Flag<'d>] {
        &self.flags.list
    }

    pub fn segments(&self) -> &[Segment<'d>] {
        &self.segments.list
    }

    /// The flag with this key.
    pub fn flag(&self, key: &str) -> Option<&Flag<'d>> {
        self.flags.list.get(self.flags.place(key)?)
    }

    /// The place of the segment with this key.
    pub fn segment(&self, key: &str) -> Option<usize> {
        self.segments.place(key)
    }

    /// Whether a flag may come to require itself.
    pub fn is_circular(&self, key: &str) -> bool {
        let place = self.flags.place(key);
        place.is_some_and(|place| self.circular.get(place) == Some(&true))
    }

    /// Leaves out what is not asked for and what nothing depends on that is; says whether that is anything.
    pub fn reach(&mut self, is_asked: IsAsked<'_>) -> bool {
        for flag in &mut self.flags.list {
            flag.is_left_out = true;
        }
        for segment in &mut self.segments.list {
            segment.is_left_out = true;
        }
        let all = self.flags.list.iter().enumerate();
        let asked = all.filter(|(_, flag)| is_asked(flag.key));
        let mut flags: Vec<usize> = asked.map(|(place, _)| place).collect();
        let mut segments = Vec::new();
        while let Some(place) = flags.pop() {
            let Some(flag) = self.flags.list.get_mut(place) else {
                continue;
            };
            if !std::mem::take(&mut flag.is_left_out) {
                continue;
            }
            let (prerequisites, rules) = (flag.prerequisites, flag.rules);
            let keys = prerequisites.filter_map(|required| required.get("key"));
            flags.extend(keys.filter_map(|key| self.flags.place(key.text()?)));
            self.refer(rules, &mut segments);
        }
        while let Some(place) = segments.pop() {
            let Some(segment) = self.segments.list.get_mut(place) else {
                continue;
            };
            if std::mem::take(&mut segment.is_left_out) {
                let rules = list(segment.json, "rules");
                self.refer(rules, &mut segments);
            }
        }
        self.flags.list.iter().any(|flag| flag.is_left_out)
            || self.segments.list.iter().any(|segment| segment.is_left_out)
    }

    /// Adds the places of the segments that rules refer to.
    fn refer(&self, rules: Elements<'_>, places: &mut Vec<usize>) {
        let clauses = rules.flat_map(|rule| list(rule, "clauses"));
        let matches =
            |clause: &Node<'_>| clause.get("op").and_then(Node::text) == Some("segmentMatch");
        let keys = clauses
            .filter(matches)
            .flat_map(|clause| texts(clause, "values"));
        places.extend(keys.filter_map(|key| self.segments.place(key)));
    }

    /// Finds the flags that may require themselves, and those that require them.
    fn find_circles(&mut self) {
        // How many flags may require each other in a row before this is taken for a circle. It costs only time if it is none.
        const LONGEST: usize = 32;
        let mut open: Vec<(usize, &Flag<'_>)> = self.flags().iter().enumerate().collect();
        open.retain(|(_, flag)| flag.prerequisites.len() > 0);
        if open.is_empty() {
            return;
        }
        let mut circular = vec![false; self.flags().len()];
        let mark = |circular: &mut Vec<bool>, open: &[(usize, &Flag<'_>)], is| {
            for (place, _) in open {
                if let Some(mark) = circular.get_mut(*place) {
                    *mark = is;
                }
            }
        };
        mark(&mut circular, &open, true);
        for _ in 0..LONGEST {
            // What requires only flags that come to an end comes to an end.
            let is_open = |required: Node<'_>| {
                let key = required.get("key").and_then(Node::text);
                let place = key.and_then(|key| self.flags.place(key));
                place.is_some_and(|place| circular.get(place) == Some(&true))
            };
            let ends = |(_, flag): &(usize, &Flag<'_>)| !{ flag.prerequisites }.any(is_open);
            let (ended, rest): (Vec<_>, Vec<_>) = open.into_iter().partition(ends);
            open = rest;
            if ended.is_empty() {
                break;
            }
            mark(&mut circular, &ended, false);
        }
        if !open.is_empty() {
            self.circular = circular;
        }
    }
}

impl<T> Items<T> {
    /// The items of an object, as `read` has them; `None` for what is deleted.
    fn of<'d>(json: Option<Node<'d>>, read: impl Fn(&'d str, Node<'d>) -> Option<T>) -> Self {
        let Some(members) = json.map(Node::members) else {
            return Self {
                list: Vec::new(),
                places: Index::default(),
            };
        };
        let mut items = Self {
            list: Vec::with_capacity(members.len()),
            places: Index::with_capacity(members.len()),
        };
        let mut is_plain = true;
        for (key, json) in members {
            let place = items.list.len() as u32;
            let item = read(key, json);
            is_plain &= item.is_some();
            is_plain &= items.places.insert(key.as_bytes(), place).is_none();
            items.list.extend(item);
        }
        if is_plain {
            return items;
        }
        // Of two with the same key the last counts, also if it is deleted.
        let mut last = Index::with_capacity(members.len());
        for ((key, _), place) in members.zip(0..) {
            last.insert(key.as_bytes(), place);
        }
        items.list.clear();
        items.places = Index::default();
        for ((key, json), place) in members.zip(0..) {
            if last.get(key.as_bytes()) == Some(place)
                && let Some(item) = read(key, json)
            {
                items.places.insert(key.as_bytes(), items.list.len() as u32);
                items.list.push(item);
            }
        }
        items
    }

    fn place(&self, key: &str) -> Option<usize> {
        self.places.get(key.as_bytes()).map(|place| place as usize)
    }
}

/// Whether JavaScript takes a member for true.
pub(super) fn is_truthy(json: Option<Node<'_>>) -> bool {
    match json.map(Node::view) {
        None | Some(View::Null) => false,
        Some(View::Boolean(value)) => value,
        Some(View::Number(number)) => number != 0.0,
        Some(View::Text(text)) => !text.is_empty(),
        Some(View::List(_) | View::Object(_)) => true,
    }
}

/// The index of one of `count` variations; `None` if it is none.
pub(super) fn index(json: Option<Node<'_>>, count: usize) -> Option<usize> {
    let number = json?.number()?;
    let index = number as usize;
    (index as f64 == number && index < count).then_some(index)
}

/// The elements of a member that is a list; none if it is not.
pub(super) fn list<'d>(json: Node<'d>, name: &str) -> Elements<'d> {
    json.get(name).map_or(Elements::none(json), Node::elements)
}

/// The texts of a member that is a list.
pub(super) fn texts<'d>(json: Node<'d>, name: &str) -> impl Iterator<Item = &'d str> {
    list(json, name).filter_map(Node::text)
}
