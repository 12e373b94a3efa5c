//! From text to a model and findings.

use std::io;

use flagstone_compile::Model;
use toml::de::DeValue;

use crate::code::{ONLY_IN_ENVIRONMENT, UNKNOWN_ENVIRONMENT};
use crate::document::{Table, complete, conform, entries, overlay, parse};
use crate::finding::{Finding, Report};
use crate::grammar::DOCUMENT;
use crate::lower::lower;
use crate::names::Names;
use crate::path::Path;
use crate::places::Places;
use crate::suggest;

/// Gives the content of a file that `flagstone.toml` names, by its path relative to it.
pub type ReadFile<'a> = &'a dyn Fn(&str) -> io::Result<String>;

/// A [`ReadFile`] for texts that stand alone: every file is missing.
///
/// # Errors
///
/// Always [`io::ErrorKind::NotFound`].
pub fn no_files(_path: &str) -> io::Result<String> {
    Err(io::ErrorKind::NotFound.into())
}

/// What became of a text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// The model, if there is no error among the findings.
    pub model: Option<Model>,
    /// Errors and warnings, in the order of the text.
    pub findings: Vec<Finding>,
    /// Names of the environments, in the order of the text. None if the text is not TOML.
    pub environments: Vec<String>,
    /// Where the parts of the model were written.
    pub places: Places,
}

/// Reads the text of a `flagstone.toml`, with an environment's changes laid over it, or as it stands.
///
/// Keys and types are checked in all environments; what they mean, in the one that is asked for. `read_file` is asked
/// for the files of segments. The model is right in itself (names refer to something, shares fit), but not checked for
/// cycles, regular expressions and the limits of the snapshot; that is the compiler's part.
pub fn read(text: &str, environment: Option<&str>, read_file: ReadFile<'_>) -> Outcome {
    let mut report = Report::default();
    let Some(mut document) = parse(text, &mut report) else {
        return Outcome {
            findings: report.into_findings(),
            ..Outcome::default()
        };
    };
    conform(&document, &DOCUMENT, Path::Root, &mut report);
    let environments = document.remove("environments");
    let environments: &Table<'_> = match environments.as_ref().map(|node| node.get_ref()) {
        Some(DeValue::Table(table)) => table,
        _ => &Table::new(),
    };
    if let Some(name) = environment {
        match environments.get(name).map(|node| node.get_ref()) {
            Some(DeValue::Table(above)) => {
                report_drift(&document, above, name, &mut report);
                overlay(&mut document, above);
            }
            // What it is was reported with the document's shape.
            Some(_) => {}
            None => {
                let known = environments.keys().map(|key| &**key.get_ref());
                report.add(
                    Finding::new(
                        UNKNOWN_ENVIRONMENT,
                        Path::Root,
                        0..0,
                        format!("there is no environment `{name}`"),
                    )
                    .help(suggest::help(name, "environments", known)),
                );
            }
        }
    }
    complete(&document, 0..0, &DOCUMENT, Path::Root, &mut report);
    let mut names = Names::gather(&document);
    let places = Places::of(&document);
    let model = lower(&document, text, read_file, &mut names, &mut report);
    Outcome {
        model: (!report.has_errors()).then_some(model),
        findings: report.into_findings(),
        environments: environments
            .iter()
            .filter(|(_, node)| node.get_ref().is_table())
            .map(|(key, _)| key.get_ref().to_string())
            .collect(),
        places,
    }
}

/// Reports flags and segments that an environment has and the base has not.
fn report_drift(base: &Table<'_>, above: &Table<'_>, environment: &str, report: &mut Report) {
    for (kind, section) in [("flag", "flags"), ("segment", "segments")] {
        let known = base.get(section).and_then(|node| node.get_ref().as_table());
        for (key, _) in entries(above, section) {
            let key_text = &**key.get_ref();
            if known.is_some_and(|known| known.contains_key(key_text)) {
                continue;
            }
            let candidates = known
                .into_iter()
                .flat_map(|known| known.keys().map(|key| &**key.get_ref()));
            let help = match suggest::closest(key_text, candidates) {
                Some(candidate) => format!("did you mean `{candidate}`?"),
                None => format!("add it to `[{section}]` too, so that all environments know it"),
            };
            let message = format!("{kind} `{key_text}` exists only in environment `{environment}`");
            let path = Path::Root.key("environments");
            let path = path.key(environment);
            let path = path.key(section);
            let path = path.key(key_text);
            report.add(Finding::new(ONLY_IN_ENVIRONMENT, path, key.span(), message).help(help));
        }
    }
}
