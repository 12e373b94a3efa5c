//! A service's document, compiled in memory under a snapshot that says what the edge does with its flags.

use crate::service::{Options, Sdk, Service, import};
use flagstone_compile::model::{Edge, Flag, SdkKind, ServiceKind};
use flagstone_compile::{compile_imported, matches_pattern, read_edge};
use flagstone_core::Snapshot;

/// Compiles a document. `frame` is the snapshot of a `flagstone.toml` with `[source]`: identity, origins, routes, exposure
/// and the sources of attributes come from it, flags and segments from the document.
///
/// What the frame says about flags and variants that the document does not have is left out: they may come later.
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
    let mut model = import(service, document, &options).ok()?.model;
    model.edge = resolve(edge, &model.flags);
    compile_imported(&model).snapshot
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
