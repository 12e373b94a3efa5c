//! From a document of the right shape to a model.
//!
//! Values of wrong types were reported with the document's shape; here they are passed over as if they were absent,
//! without a second finding.

pub(crate) mod allocation;
mod flag;
mod goal;
pub(crate) mod identity;
mod ofrep;
mod patterns;
mod plan;
mod route;
pub(crate) mod rules;
mod segment;
pub(crate) mod serve;
pub(crate) mod share;
pub(crate) mod source;

use std::collections::BTreeSet;
use std::ops::Range;

use flagstone_compile::Model;
use flagstone_compile::model::{ELEMENT, Edge, Plan};

use crate::code::{BAD_NAME, NO_SOURCE, UNKNOWN_ATTRIBUTE};
use crate::document::Table;
use crate::finding::{Finding, Report};
use crate::names::{Names, Origin, member};
use crate::path::Path;
use crate::read::ReadFile;
use crate::suggest;

/// Lowers a document. The model is of use only if no error is reported.
pub(crate) fn lower<'a>(
    document: &'a Table<'_>,
    text: &str,
    read_file: ReadFile<'_>,
    names: &mut Names<'a>,
    report: &mut Report,
) -> Model {
    names.context = identity::context(document, report);
    let mut lower = Lower {
        text,
        names,
        read_file,
        report,
        reported: BTreeSet::new(),
        plans: Vec::new(),
    };
    let source = lower.source(document);
    let flags = match &source {
        Some(_) => lower.stubs(),
        None => lower.flags(document),
    };
    let segments = lower.segments(document);
    let edge = Edge {
        identity: lower.identity(document),
        attributes: identity::in_file_order(document, lower.names),
        origins: lower.origins(document),
        routes: lower.routes(document),
        goals: lower.goals(document),
        expose: lower.expose(document),
        ofrep: lower.ofrep(document),
        source,
        is_cut: false,
    };
    Model {
        flags,
        segments,
        plans: lower.plans,
        edge,
    }
}

/// What all parts of lowering share.
pub(crate) struct Lower<'a> {
    /// The text of the file.
    pub(crate) text: &'a str,
    pub(crate) names: &'a Names<'a>,
    read_file: ReadFile<'a>,
    pub(crate) report: &'a mut Report,
    /// Attributes without a source that were reported already.
    reported: BTreeSet<String>,
    /// Plans of the flags so far.
    plans: Vec<Plan>,
}

impl Lower<'_> {
    /// Checks that an attribute can be there at the edge.
    pub(crate) fn attribute(&mut self, name: &str, path: Path<'_>, span: Range<usize>) {
        let origin = self.names.origin(name);
        let is_known = matches!(origin, Origin::Known(_)) || is_element(name);
        if is_known || !self.reported.insert(name.to_owned()) {
            return;
        }
        let likely = suggest::closest_name(name, self.names.attributes())
            .map(|candidate| format!("did you mean `{candidate}`?"));
        let finding = match origin {
            Origin::Impossible => Finding::new(
                UNKNOWN_ATTRIBUTE,
                path,
                span,
                format!("there is no attribute `{name}`"),
            )
            .help(likely.or_else(|| self.siblings(name))),
            Origin::NoHeader => {
                let header = member(name).map_or(name, |(_, header)| header);
                let message = format!("`{header}` cannot be the name of a header");
                Finding::new(BAD_NAME, path, span, message)
                    .help("letters, digits, `-`, without blanks: `x-beta`".to_owned())
            }
            _ => Finding::new(
                NO_SOURCE,
                path,
                span,
                format!("`{name}` has no source at the edge and is always missing there"),
            )
            .help(likely.unwrap_or_else(|| {
                let name = crate::write::toml::text(name);
                format!("give it one under `[context]`, for example `{name} = \"cookie:NAME\"`")
            })),
        };
        self.report.add(finding);
    }

    /// A help line: the attributes with the same first part.
    fn siblings(&self, name: &str) -> Option<String> {
        let root = name.split_once('.').map_or(name, |(root, _)| root);
        let siblings: Vec<_> = self
            .names
            .attributes()
            .filter(|other| {
                other
                    .strip_prefix(root)
                    .is_some_and(|rest| rest.starts_with('.'))
            })
            .chain(
                crate::names::COLLECTIONS
                    .into_iter()
                    .filter(|_| root == "request"),
            )
            .collect();
        (!siblings.is_empty()).then(|| format!("there are `{}`", siblings.join("`, `")))
    }

    /// Checks a key of a flag, a segment or a variant.
    fn check_key(&mut self, key: &str, path: Path<'_>, span: Range<usize>) {
        if key.is_empty() || key.len() > 255 {
            let message = "keys have 1 to 255 bytes";
            self.report.add(Finding::new(BAD_NAME, path, span, message));
        }
    }
}

/// Whether a name is that of an element of a list, or of something in one.
pub(crate) fn is_element(name: &str) -> bool {
    name.starts_with(ELEMENT)
}

/// The form of origins' names: `[a-z][a-z0-9-]*`.
fn is_origin_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}
