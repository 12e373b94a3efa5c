//! Names towards frontends can be written, and tell flags apart.

use crate::finding::Finding;
use crate::model::{Expose, Model};
use std::collections::HashSet;

pub(super) fn check(model: &Model, findings: &mut Vec<Finding>) {
    let expose = &model.edge.expose;
    if expose.budget < Expose::LEAST_BUDGET {
        findings.push(
            Finding::error(
                "invalid-budget",
                "/expose/budget",
                format!("{} bytes hold no flags", expose.budget),
            )
            .help(format!("at least {}", Expose::LEAST_BUDGET)),
        );
    }
    let mut seen = HashSet::new();
    for (flag, alias) in &expose.aliases {
        let path = format!("/expose/aliases/{flag}");
        if !is_dictionary_key(alias) {
            findings.push(
                Finding::error("invalid-alias", &path, format!("`{alias}` cannot be written in `Feature-Flags`"))
                    .help("small letters, digits, `_`, `-`, `.` and `*`, beginning with a letter; at most 255 bytes"),
            );
        }
        let is_taken = model
            .flags
            .iter()
            .any(|other| other.key == *alias && other.key != *flag);
        if is_taken || !seen.insert(alias) {
            findings.push(Finding::error(
                "duplicate-key",
                &path,
                format!("another flag is called `{alias}` too"),
            ));
        }
    }
}

/// Whether it is a key of a Dictionary of RFC 9651, and not the one that stands for the configuration itself.
fn is_dictionary_key(text: &str) -> bool {
    text.len() <= 255
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-.*".contains(&byte)
        })
}
