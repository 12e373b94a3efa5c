//! A file with `[source]` held against the document that its flags are to come from.

use crate::report::Failure;
use crate::source::{Compiled, Input, SdkForm, Source, open};
use crate::suggest::similar;
use flagstone_authoring::{Finding, Places, Severity};
use flagstone_compile::model::{Edge, Flag, Route, SdkKind, ServiceKind};
use flagstone_compile::{Model, matches_pattern};
use flagstone_import::Service;
use flagstone_import::document::resolve;
use std::path::Path;

/// What is to be said of a file when its flags come from a document: names that the document does not have, and what
/// keeps both from being compiled together at the edge.
///
/// # Errors
/// If the file has no source, or the document is not of its service.
pub fn findings(
    file: &Path,
    compiled: &Compiled,
    document: &Path,
) -> Result<Vec<Finding>, Failure> {
    let Some(edge) = compiled.model.as_ref().map(|model| &model.edge) else {
        // What is wrong with the file is reported already.
        return Ok(Vec::new());
    };
    let no_source = || Failure::NoSource {
        path: file.to_owned(),
    };
    let from = edge.source.as_ref().ok_or_else(no_source)?;
    let service = match from.service {
        ServiceKind::None => return Err(no_source()),
        ServiceKind::LaunchDarkly => Service::LaunchDarkly,
        ServiceKind::Split => Service::Split,
        ServiceKind::Unleash => Service::Unleash,
        ServiceKind::Flagd => Service::Flagd,
        ServiceKind::GrowthBook => Service::GrowthBook,
    };
    let sdk = match from.sdk {
        SdkKind::Node => SdkForm::Node,
        SdkKind::Other => SdkForm::Other,
    };
    let Input::Source(source) = open(document)? else {
        return Err(Failure::IsSnapshot {
            path: document.to_owned(),
        });
    };
    let model = source.import(service, sdk)?.model;
    let mut check = Check {
        document: source.name(),
        flags: &model.flags,
        places: &compiled.places,
        findings: Vec::new(),
    };
    check.edge(edge);
    let mut findings = check.findings;
    findings.extend(together(&source, model, edge, &compiled.places)?);
    findings.sort_by_key(|finding| finding.span.start);
    Ok(findings)
}

/// What the compiler finds when both are put together, as the edge does it.
fn together(
    source: &Source,
    mut model: Model,
    edge: &Edge,
    places: &Places,
) -> Result<Vec<Finding>, Failure> {
    model.edge = resolve(edge.clone(), &model.flags);
    let (_, findings) = source.compile_imported(&model)?;
    let placed = findings.into_iter().map(|finding| Finding {
        span: places.find("/source").unwrap_or_default(),
        message: format!("with `{}`: {}", source.name(), finding.message),
        ..finding
    });
    Ok(placed.collect())
}

struct Check<'a> {
    document: &'a str,
    flags: &'a [Flag],
    places: &'a Places,
    findings: Vec<Finding>,
}

impl Check<'_> {
    fn edge(&mut self, edge: &Edge) {
        for (index, route) in edge.routes.iter().enumerate() {
            self.route(route, &format!("/routes/{index}"));
        }
        self.patterns(&edge.expose.browser, "/expose/browser");
        self.patterns(&edge.expose.origin, "/expose/origin");
    }

    fn route(&mut self, route: &Route, path: &str) {
        if !route.flag.is_empty() {
            match self.flags.iter().find(|flag| flag.key == route.flag) {
                Some(flag) => {
                    let keys: Vec<&str> = flag.variants.iter().map(|of| of.key.as_str()).collect();
                    let unknown = route.variants.iter().map(|(key, _)| key.as_str());
                    for key in unknown.filter(|key| !keys.contains(key)) {
                        let message = format!("flag `{}` has no variant `{key}`", flag.key);
                        let place = format!("{path}/variants/{key}");
                        self.warn("unknown-variant", &place, message, similar(key, &keys));
                    }
                }
                None => self.unknown(&route.flag, &format!("{path}/flag")),
            }
        }
        self.patterns(
            route.flags.as_deref().unwrap_or_default(),
            &format!("{path}/flags"),
        );
    }

    /// Keys and patterns that no flag of the document has.
    fn patterns(&mut self, patterns: &[String], path: &str) {
        for pattern in patterns {
            let is_there = |flag: &Flag| matches_pattern(pattern, &flag.key);
            if self.flags.iter().any(is_there) {
                continue;
            }
            if pattern.contains('*') {
                let message = format!("no flag matches `{pattern}`");
                self.warn("matches-nothing", path, message, None);
            } else {
                self.unknown(pattern, path);
            }
        }
    }

    fn unknown(&mut self, key: &str, path: &str) {
        let keys: Vec<&str> = self.flags.iter().map(|flag| flag.key.as_str()).collect();
        let message = format!("there is no flag `{key}`");
        self.warn("unknown-flag", path, message, similar(key, &keys));
    }

    /// A warning, since what is missing may come later; it is passed over until then.
    fn warn(&mut self, code: &'static str, path: &str, message: String, similar: Option<&str>) {
        self.findings.push(Finding {
            severity: Severity::Warning,
            code,
            message: format!("with `{}`: {message}", self.document),
            help: similar.map(|similar| format!("did you mean `{similar}`?")),
            path: self.places.path(path),
            span: self.places.find(path).unwrap_or_default(),
            labels: Vec::new(),
        });
    }
}
