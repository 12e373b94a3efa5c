//! Where attributes and the identity come from can be asked for.

use crate::finding::Finding;
use crate::model::{Model, Source, is_token};

pub(super) fn check(model: &Model, findings: &mut Vec<Finding>) {
    let attributes = &model.edge.attributes;
    let attributes = attributes
        .iter()
        .map(|(name, source)| (format!("/context/{name}"), source));
    let identity = model.edge.identity.sources.iter().enumerate();
    let identity = identity.map(|(index, source)| (format!("/identity/sources/{index}"), source));
    for (path, source) in attributes.chain(identity) {
        if let Source::Header(name) = source
            && !is_token(name)
        {
            let message = format!("`{name}` cannot be the name of a header");
            findings.push(
                Finding::error("invalid-header", path, message)
                    .help("letters, digits, `-`, without blanks"),
            );
        }
    }
}
