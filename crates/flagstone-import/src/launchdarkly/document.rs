//! The document: where the flags and segments are, and how JavaScript looks at their members.

use crate::error::ImportError;
use crate::json::Json;
use crate::service::Sdk;
use std::collections::{HashMap, HashSet};

/// A flag or a segment.
#[derive(Clone, Copy)]
pub(super) struct Item<'d, 'j> {
    /// The name under which it is kept.
    pub key: &'d str,
    /// What it is.
    pub json: &'d Json<'j>,
}

impl Item<'_, '_> {
    /// The key that it says itself, which is the one that is hashed.
    pub fn own_key(&self) -> &str {
        self.json
            .some("key")
            .and_then(Json::text)
            .unwrap_or(self.key)
    }
}

/// Flags and segments by key.
pub(super) struct Document<'d, 'j> {
    flags: Items<'d, 'j>,
    segments: Items<'d, 'j>,
    /// Flags that may require themselves, over others or directly.
    circular: HashSet<&'d str>,
    /// Whose oddities count.
    pub sdk: Sdk,
}

/// What is not deleted, in the order of the document.
#[derive(Default)]
struct Items<'d, 'j> {
    list: Vec<Item<'d, 'j>>,
    places: HashMap<&'d str, usize>,
}

impl<'d, 'j> Document<'d, 'j> {
    /// Finds the flags and segments in what a poll, a stream's `put` or an edge store gives.
    pub fn read(json: &'d Json<'j>, sdk: Sdk) -> Result<Self, ImportError> {
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
            if json.is_some_and(|json| !matches!(json, Json::Object(_))) {
                let path = format!("{path}/{name}");
                return Err(shape(&path, "an object with a member for each key"));
            }
        }
        let flags = Items::of(flags);
        Ok(Self {
            circular: circular(&flags),
            flags,
            segments: segments.map(Items::of).unwrap_or_default(),
            sdk,
        })
    }

    pub fn flags(&self) -> impl Iterator<Item = Item<'d, 'j>> {
        self.flags.list.iter().copied()
    }

    pub fn segments(&self) -> impl Iterator<Item = Item<'d, 'j>> {
        self.segments.list.iter().copied()
    }

    /// The flag with this key.
    pub fn flag(&self, key: &str) -> Option<&'d Json<'j>> {
        self.flags.find(key).map(|(_, json)| json)
    }

    /// Whether a flag may come to require itself.
    pub fn is_circular(&self, key: &str) -> bool {
        self.circular.contains(key)
    }

    /// The place of the segment with this key.
    pub fn segment(&self, key: &str) -> Option<usize> {
        self.segments.find(key).map(|(place, _)| place)
    }
}

impl<'d, 'j> Items<'d, 'j> {
    fn of(json: &'d Json<'j>) -> Self {
        let members = json.members();
        let mut items = Self {
            list: Vec::with_capacity(members.len()),
            places: HashMap::with_capacity(members.len()),
        };
        for (key, json) in members {
            let item = Item { key, json };
            // Of two with the same key the last counts.
            match items.places.insert(key, items.list.len()) {
                None => items.list.push(item),
                Some(place) => {
                    items.places.insert(key, place);
                    if let Some(before) = items.list.get_mut(place) {
                        *before = item;
                    }
                }
            }
        }
        if items.list.iter().any(|item| is_deleted(item.json)) {
            items.list.retain(|item| !is_deleted(item.json));
            let places = items.list.iter().enumerate();
            items.places = places.map(|(place, item)| (item.key, place)).collect();
        }
        items
    }

    fn find(&self, key: &str) -> Option<(usize, &'d Json<'j>)> {
        let place = *self.places.get(key)?;
        Some((place, self.list.get(place)?.json))
    }
}

/// The flags that may require themselves, and those that require them.
fn circular<'d>(flags: &Items<'d, '_>) -> HashSet<&'d str> {
    // How many flags may require each other in a row before this is taken for a circle. It costs only time if it is none.
    const LONGEST: usize = 32;
    let requires = |item: &Item<'d, '_>| list(item.json, "prerequisites");
    let mut open: Vec<Item<'d, '_>> = flags.list.clone();
    open.retain(|item| !requires(item).is_empty());
    let mut keys: HashSet<&str> = open.iter().map(|item| item.key).collect();
    for _ in 0..LONGEST {
        // What requires only flags that come to an end comes to an end.
        let is_open = |required: &Json<'_>| {
            let key = required.get("key").and_then(Json::text);
            key.is_some_and(|key| keys.contains(key))
        };
        let before = open.len();
        open.retain(|item| requires(item).iter().any(is_open));
        if open.len() == before {
            break;
        }
        keys = open.iter().map(|item| item.key).collect();
    }
    keys
}

fn is_deleted(json: &Json<'_>) -> bool {
    is_truthy(json.get("deleted"))
}

/// Whether JavaScript takes a member for true.
pub(super) fn is_truthy(json: Option<&Json<'_>>) -> bool {
    match json {
        None | Some(Json::Null) => false,
        Some(Json::Boolean(value)) => *value,
        Some(Json::Number(number)) => *number != 0.0,
        Some(Json::Text(text)) => !text.is_empty(),
        Some(Json::List(_) | Json::Object(_)) => true,
    }
}

/// The index of one of `count` variations; `None` if it is none.
pub(super) fn index(json: Option<&Json<'_>>, count: usize) -> Option<usize> {
    let number = json?.number()?;
    let index = number as usize;
    (index as f64 == number && index < count).then_some(index)
}

/// The elements of a member that is a list; none if it is not.
pub(super) fn list<'d, 'j>(json: &'d Json<'j>, name: &str) -> &'d [Json<'j>] {
    json.get(name).map_or(&[], Json::elements)
}

/// The texts of a member that is a list.
pub(super) fn texts<'d>(json: &'d Json<'_>, name: &str) -> impl Iterator<Item = &'d str> {
    list(json, name).iter().filter_map(Json::text)
}
