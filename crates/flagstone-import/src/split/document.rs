//! The forms of a document.

use super::named::Named;
use crate::error::ImportError;
use flagstone_json::Json;
use std::collections::HashSet;

/// Flags and segments as the SDK's stores hold them once it has read everything.
#[derive(Default)]
pub(super) struct Document<'d> {
    pub flags: Named<'d, &'d Json<'d>>,
    /// Where flags without a name lie.
    pub nameless: Vec<String>,
    pub rule_based: Named<'d, &'d Json<'d>>,
    /// Keys of segments.
    pub segments: Members<'d>,
    pub large: Members<'d>,
}

/// Keys of segments.
pub(super) type Members<'d> = Named<'d, Vec<&'d str>>;

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
            members(json, name, &mut document.segments)?;
        }
        members(json, "largeSegments", &mut document.large)?;
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
        let (flags, place) = match ff {
            Some(ff) => (ff.get("d"), "ff/d"),
            None => (splits, "splits"),
        };
        for index in update(&mut self.flags, items(flags, path, place)?) {
            self.nameless.push(format!("{path}/{place}/{index}"));
        }
        let segments = rbs.and_then(|rbs| rbs.get("d"));
        update(&mut self.rule_based, items(segments, path, "rbs/d")?);
        Ok(())
    }
}

/// Adds what is not archived, then removes what is, wherever it stands. Gives the places of what has no name.
fn update<'d>(known: &mut Named<'d, &'d Json<'d>>, items: &'d [Json<'d>]) -> Vec<usize> {
    let mut nameless = Vec::new();
    let mut archived = HashSet::new();
    for (index, item) in items.iter().enumerate() {
        let is_archived = item.get("status").and_then(Json::text) == Some("ARCHIVED");
        match item.get("name").and_then(Json::text) {
            None => nameless.push(index),
            Some(name) if is_archived => {
                archived.insert(name);
            }
            Some(name) => known.set(name, item),
        }
    }
    known.remove(&archived);
    nameless
}

/// A list that may be missing.
fn items<'d>(
    json: Option<&'d Json<'d>>,
    path: &str,
    place: &str,
) -> Result<&'d [Json<'d>], ImportError> {
    match json {
        None | Some(Json::Null) => Ok(&[]),
        Some(Json::List(items)) => Ok(items),
        Some(_) => Err(ImportError::Shape {
            path: format!("{path}/{place}"),
            expected: "a list",
        }),
    }
}

/// `{name: keys}`, `{name: body}` or a list of bodies, as a member of a document.
fn members<'d>(
    json: &'d Json<'d>,
    name: &str,
    segments: &mut Members<'d>,
) -> Result<(), ImportError> {
    match json.get(name) {
        None | Some(Json::Null) => {}
        Some(Json::Object(named)) => {
            for (name, value) in named {
                match value {
                    Json::List(keys) => {
                        segments.set(name, keys.iter().filter_map(Json::text).collect());
                    }
                    body => change(segments, name, body),
                }
            }
        }
        Some(Json::List(bodies)) => {
            for body in bodies {
                if let Some(name) = body.get("name").and_then(Json::text) {
                    change(segments, name, body);
                }
            }
        }
        Some(_) => {
            return Err(ImportError::Shape {
                path: format!("/{name}"),
                expected: "an object of lists of keys, or a list of segment changes",
            });
        }
    }
    Ok(())
}

/// Applies a body of `/segmentChanges`.
fn change<'d>(segments: &mut Members<'d>, name: &'d str, body: &'d Json<'d>) {
    let list = |name| body.get(name).map_or(&[][..], Json::elements);
    let Some(keys) = segments.or_default(name) else {
        return;
    };
    keys.extend(list("added").iter().filter_map(Json::text));
    let removed: HashSet<&str> = list("removed").iter().filter_map(Json::text).collect();
    if !removed.is_empty() {
        keys.retain(|key| !removed.contains(key));
    }
}
