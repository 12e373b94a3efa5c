//! A service's document, compiled in memory under a snapshot that says what the edge does with its flags.

use crate::service::{Options, Sdk, Service, import_asked};
use flagstone_compile::Model;
use flagstone_compile::model::{
    Condition, Edge, Flag, Keys, Matcher, SdkKind, Segment, ServiceKind, TARGETING_KEY, Test,
};
use flagstone_compile::regex::Dialect;
use flagstone_compile::{compile_imported, cut, matches_pattern, read_edge};
use flagstone_core::Snapshot;
use flagstone_json::Json;
use std::borrow::Cow;

/// Compiles a document. `frame` is the snapshot of a `flagstone.toml` with `[source]`: identity, origins, routes, exposure
/// and the sources of attributes come from it, flags and segments from the document.
///
/// What the frame says about flags and variants that the document does not have is left out: they may come later. So are flags
/// of the document that no request can ask for, as [`cut`] has it; but the document must be JSON as a whole.
///
/// `None` if the frame has no source, if the document is not of that service, or if it cannot be compiled.
pub fn compile_document(frame: &[u8], document: &[u8]) -> Option<Vec<u8>> {
    let frame = Snapshot::open(frame).ok()?;
    let edge = read_edge(&frame)?;
    let source = edge.source.as_ref()?;
    let service = match source.service {
        ServiceKind::None => return None,
        ServiceKind::LaunchDarkly => Service::LaunchDarkly,
        ServiceKind::Split => Service::Split,
        ServiceKind::Unleash => Service::Unleash,
        ServiceKind::Flagd => Service::Flagd,
        ServiceKind::GrowthBook => Service::GrowthBook,
    };
    let options = Options {
        sdk: match source.sdk {
            SdkKind::Node => Sdk::Node,
            SdkKind::Other => Sdk::Other,
        },
    };
    let document = str::from_utf8(document).ok()?;
    let is_asked = |key: &str| asks(&edge, key);
    let imported = import_asked(service, document, &options, Some(&is_asked));
    compile_asked(edge, imported.ok()?.model)
}

/// Compiles what requests can ask for.
fn compile_asked(edge: Edge, mut model: Model) -> Option<Vec<u8>> {
    let is_cut = model.edge.is_cut;
    model.edge = resolve(edge, &model.flags);
    let mut model = cut(model);
    model.edge.is_cut |= is_cut;
    compile_imported(&model).snapshot
}

/// Whether a frame exposes a flag or has it on a route.
fn asks(edge: &Edge, key: &str) -> bool {
    let routes = edge.routes.iter();
    let mut patterns = routes
        .flat_map(|route| route.flags.iter().flatten())
        .chain(&edge.expose.browser)
        .chain(&edge.expose.origin);
    patterns.any(|pattern| matches_pattern(pattern, key))
        || edge.routes.iter().any(|route| route.flag == key)
}

/// Compiles what a frame says about the edge and a document of segments by name, each a list of patterns of JavaScript. Of no
/// use but to weigh what importers share.
#[doc(hidden)]
pub fn compile_frame(frame: &[u8], document: &[u8]) -> Option<Vec<u8>> {
    let edge = read_edge(&Snapshot::open(frame).ok()?)?;
    let document = Json::read(str::from_utf8(document).ok()?).ok()?;
    let segment = |(key, patterns): &(Cow<'_, str>, Json<'_>)| Segment {
        key: key.to_string(),
        by: TARGETING_KEY.to_owned(),
        included: Keys::default(),
        excluded: Keys::default(),
        when: Condition::Any(
            patterns
                .elements()
                .iter()
                .map(|pattern| {
                    let pattern = pattern.to_string();
                    Condition::Test(Test::attribute(
                        TARGETING_KEY,
                        Matcher::MatchesIn {
                            dialect: Dialect::EcmaScript,
                            pattern,
                            ignore_case: false,
                        },
                    ))
                })
                .collect(),
        ),
    };
    let segments = document.members().iter().map(segment).collect();
    let model = Model {
        segments,
        ..Model::default()
    };
    compile_asked(edge, model)
}

/// The edge with the flags that there are: patterns become keys, what is unknown is left out.
pub fn resolve(mut edge: Edge, flags: &[Flag]) -> Edge {
    let keys = |patterns: &[String]| -> Vec<String> {
        let is_wanted = |flag: &&Flag| patterns.iter().any(|of| matches_pattern(of, &flag.key));
        let wanted = flags.iter().filter(is_wanted);
        wanted.map(|flag| flag.key.clone()).collect()
    };
    edge.source = None;
    edge.expose.browser = keys(&edge.expose.browser);
    edge.expose.origin = keys(&edge.expose.origin);
    for route in &mut edge.routes {
        route.flags = route.flags.as_deref().map(keys);
        match flags.iter().find(|flag| flag.key == route.flag) {
            Some(flag) => route
                .variants
                .retain(|(key, _)| flag.variants.iter().any(|variant| variant.key == *key)),
            None => {
                route.flag.clear();
                route.variants.clear();
            }
        }
    }
    // A route that neither acts nor narrows is none.
    edge.routes
        .retain(|route| !route.flag.is_empty() || route.flags.is_some());
    edge
}
