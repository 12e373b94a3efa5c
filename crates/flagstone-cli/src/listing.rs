//! The flags of a source with their variants, for programs that read flags.

use crate::report::{Failure, Report};
use crate::source::{self, Input, SourceArguments};
use flagstone_compile::read_edge;
use flagstone_core::layout::{EdgeRecord, IndexRecord, Section};
use flagstone_core::{FlagIndex, Snapshot, Value};
use serde_json::Value as Json;
use std::collections::{BTreeMap, HashSet};

/// Whom flags must be exposed to, to be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Exposed {
    /// `[expose] browser`
    Browser,
    /// `[expose] origin`
    Origin,
}

/// One flag.
#[derive(Debug)]
pub struct Listed {
    pub key: String,
    /// What frontends call it: its key, unless the source gives it an alias.
    pub name: String,
    /// What the source says it is for.
    pub description: Option<String>,
    /// Keys and values, in the order of the source.
    pub variants: Vec<(String, Json)>,
    /// The value of the default variant, if the flag has one.
    pub default: Option<Json>,
}

/// Reads a source and lists its flags, ordered by their keys. `None` if the source has errors; they have been reported.
///
/// # Errors
/// If the file cannot be used, or does not have the environment.
pub fn list(
    arguments: &SourceArguments,
    exposed: Option<Exposed>,
    report: &Report,
) -> Result<Option<Vec<Listed>>, Failure> {
    let path = &arguments.path;
    let input = source::open(path)?;
    let descriptions = match &input {
        Input::Source(source) => source.descriptions(&arguments.options),
        Input::Snapshot(_) => BTreeMap::new(),
    };
    let Some(bytes) = source::compiled(input, arguments, report)? else {
        return Ok(None);
    };
    let snapshot = Snapshot::open(&bytes).map_err(Failure::open(path))?;
    let edge = snapshot.record::<EdgeRecord>(Section::Edge, 0);
    let chosen = exposed.map(|exposed| {
        let (first, count) = match (exposed, edge) {
            (Exposed::Browser, Some(edge)) => (edge.browser, edge.browser_count),
            (Exposed::Origin, Some(edge)) => (edge.origin, edge.origin_count),
            (_, None) => (0, 0),
        };
        let indices = snapshot.records::<IndexRecord>(Section::Indices, first, count);
        indices
            .map(|record| FlagIndex(record.index))
            .collect::<HashSet<_>>()
    });
    let aliases: Vec<(String, String)> =
        read_edge(&snapshot).map_or_else(Vec::new, |edge| edge.expose.aliases);
    let mut flags = Vec::new();
    for flag in snapshot.flags() {
        if chosen
            .as_ref()
            .is_some_and(|chosen| !chosen.contains(&flag.index()))
        {
            continue;
        }
        let default = flag.default().and_then(|index| flag.variant(index));
        let alias = aliases.iter().find(|(key, _)| key == flag.key());
        flags.push(Listed {
            key: flag.key().to_owned(),
            name: alias.map_or(flag.key(), |(_, alias)| alias).to_owned(),
            description: descriptions.get(flag.key()).cloned(),
            variants: flag
                .variants()
                .map(|variant| (variant.key().to_owned(), json(variant.value())))
                .collect(),
            default: default.map(|variant| json(variant.value())),
        });
    }
    flags.sort_by(|one, other| one.key.cmp(&other.key));
    Ok(Some(flags))
}

/// A verified snapshot has only JSON that can be read.
fn json(value: Value<'_>) -> Json {
    match value {
        Value::Boolean(value) => Json::Bool(value),
        Value::String(value) => Json::String(value.to_owned()),
        Value::Number { text, .. } | Value::Json(text) => {
            serde_json::from_str(text).unwrap_or_default()
        }
    }
}
