//! The forms of a document.

use crate::error::ImportError;
use crate::json::Json;
use std::collections::{HashMap, HashSet};

/// Flags and segments as the SDK's stores hold them once it has read everything.
#[derive(Default)]
pub(super) struct Document<'d> {
    /// By name, in the order of the document.
    pub flags: Vec<(&'d str, &'d Json<'d>)>,
    /// Where flags without a name lie.
    pub nameless: Vec<String>,
    pub rule_based: HashMap<&'d str, &'d Json<'d>>,
    pub segments: Members<'d>,
    pub large: Members<'d>,
}

/// Keys of segments, by name.
pub(super) type Members<'d> = HashMap<&'d str, Vec<&'d str>>;

impl<'d> Document<'d> {
    pub fn read(json: &'d Json<'d>) -> Result<Self, ImportError> {
        let mut document = Self::default();
        match json.some("splitChanges") {
            Some(Json::List(bodies)) => {
                for (index, body) in bodies.iter().enumerate() {
                    document.body(body, &format!("/splitChanges/{index}"))?;
                }
            }
            Some(body) => document.body(body, "/splitChanges")?,
            None => document.body(json, "")?,
        }
        // Keys may come by name or as bodies of `/segmentChanges`.
        for name in ["segments", "segmentChanges"] {
            if let Some(segments) = json.some(name) {
                members(segments, &mut document.segments, &format!("/{name}"))?;
            }
        }
        if let Some(segments) = json.some("largeSegments") {
            members(segments, &mut document.large, "/largeSegments")?;
        }
        Ok(document)
    }

    /// A body of `/splitChanges`, which replaces what it names. Before version 1.3 of the protocol it is `{"splits": …}`.
    fn body(&mut self, body: &'d Json<'d>, path: &str) -> Result<(), ImportError> {
        let (ff, rbs, splits) = (body.some("ff"), body.some("rbs"), body.some("splits"));
        if ff.is_none() && rbs.is_none() && splits.is_none() {
            return Err(ImportError::Shape {
                path: path.to_owned(),
                expected: "an object with `ff` or `splits`",
            });
        }
        let flags = match ff {
            Some(ff) => items(ff.get("d"), &format!("{path}/ff/d"))?,
            None => items(splits, &format!("{path}/splits"))?,
        };
        let segments = match rbs {
            Some(rbs) => items(rbs.get("d"), &format!("{path}/rbs/d"))?,
            None => &[],
        };
        let mut places: HashMap<&str, usize> = HashMap::new();
        for (index, (name, _)) in self.flags.iter().enumerate() {
            places.insert(name, index);
        }
        let mut archived = HashSet::new();
        for (index, flag) in flags.iter().enumerate() {
            match flag.get("name").and_then(Json::text) {
                None => self.nameless.push(format!("{path}/ff/d/{index}")),
                Some(name) if is_archived(flag) => {
                    archived.insert(name);
                }
                Some(name) => match places.get(name).and_then(|at| self.flags.get_mut(*at)) {
                    Some((_, known)) => *known = flag,
                    None => {
                        places.insert(name, self.flags.len());
                        self.flags.push((name, flag));
                    }
                },
            }
        }
        // What is archived is removed after everything else was added, wherever it stands.
        self.flags.retain(|(name, _)| !archived.contains(name));
        let named = |segment: &'d Json<'d>| Some((segment.get("name")?.text()?, segment));
        let (removed, added): (Vec<_>, Vec<_>) = segments
            .iter()
            .filter_map(named)
            .partition(|(_, segment)| is_archived(segment));
        self.rule_based.extend(added);
        for (name, _) in removed {
            self.rule_based.remove(name);
        }
        Ok(())
    }
}

fn is_archived(item: &Json<'_>) -> bool {
    item.get("status").and_then(Json::text) == Some("ARCHIVED")
}

/// A list that may be missing.
fn items<'d>(json: Option<&'d Json<'d>>, path: &str) -> Result<&'d [Json<'d>], ImportError> {
    match json {
        None | Some(Json::Null) => Ok(&[]),
        Some(Json::List(items)) => Ok(items),
        Some(_) => Err(ImportError::Shape {
            path: path.to_owned(),
            expected: "a list",
        }),
    }
}

/// `{name: keys}`, `{name: body}` or a list of bodies.
fn members<'d>(
    json: &'d Json<'d>,
    segments: &mut Members<'d>,
    path: &str,
) -> Result<(), ImportError> {
    match json {
        Json::Object(named) => {
            for (name, value) in named {
                match value {
                    Json::List(keys) => {
                        segments.insert(name, keys.iter().filter_map(Json::text).collect());
                    }
                    body => change(segments, name, body),
                }
            }
            Ok(())
        }
        Json::List(bodies) => {
            for body in bodies {
                if let Some(name) = body.get("name").and_then(Json::text) {
                    change(segments, name, body);
                }
            }
            Ok(())
        }
        _ => Err(ImportError::Shape {
            path: path.to_owned(),
            expected: "an object of lists of keys, or a list of segment changes",
        }),
    }
}

/// Applies a body of `/segmentChanges`.
fn change<'d>(segments: &mut Members<'d>, name: &'d str, body: &'d Json<'d>) {
    let list = |name| body.get(name).map_or(&[][..], Json::elements);
    let keys = segments.entry(name).or_default();
    keys.extend(list("added").iter().filter_map(Json::text));
    let removed: HashSet<&str> = list("removed").iter().filter_map(Json::text).collect();
    if !removed.is_empty() {
        keys.retain(|key| !removed.contains(key));
    }
}
