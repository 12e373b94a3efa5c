//! Lists of flag keys and patterns, and which flags leave the edge.

use flagstone_compile::matches_pattern as matches;
use flagstone_compile::model::Expose;

use super::Lower;
use crate::code::{MATCHES_NOTHING, UNKNOWN_FLAG};
use crate::document::{Table, elements, entries};
use crate::finding::Finding;
use crate::path::Path;
use crate::suggest;

impl Lower<'_> {
    /// Which flags leave the edge.
    pub(super) fn expose(&mut self, document: &Table<'_>) -> Expose {
        let path = Path::Root.key("expose");
        let Some(table) = document
            .get("expose")
            .and_then(|node| node.get_ref().as_table())
        else {
            return Expose::default();
        };
        Expose {
            browser: self.flag_list(document, table, "browser", path),
            origin: self.flag_list(document, table, "origin", path),
        }
    }

    /// The flags that a list of keys and patterns names, in the order of the file, each once.
    pub(super) fn flag_list(
        &mut self,
        document: &Table<'_>,
        table: &Table<'_>,
        key: &str,
        path: Path<'_>,
    ) -> Vec<String> {
        let path = path.key(key);
        let mut patterns = Vec::new();
        for (index, node) in elements(table, key).enumerate() {
            let Some(pattern) = node.get_ref().as_str() else {
                continue;
            };
            let names = self.names;
            if names.has_source {
                // The document will tell what there is.
            } else if pattern.contains('*') {
                if !names.flag_keys().any(|flag| matches(pattern, flag)) {
                    let message = format!("no flag matches `{pattern}`");
                    self.report.add(Finding::new(
                        MATCHES_NOTHING,
                        path.index(index),
                        node.span(),
                        message,
                    ));
                }
            } else if !names.flags.contains_key(pattern) {
                let message = format!("there is no flag `{pattern}`");
                let help = suggest::help(pattern, "flags", names.flag_keys());
                self.report.add(
                    Finding::new(UNKNOWN_FLAG, path.index(index), node.span(), message).help(help),
                );
            }
            patterns.push(pattern);
        }
        if self.names.has_source {
            return patterns.into_iter().map(str::to_owned).collect();
        }
        entries(document, "flags")
            .map(|(flag, _)| flag.get_ref())
            .filter(|flag| patterns.iter().any(|pattern| matches(pattern, flag)))
            .map(ToString::to_string)
            .collect()
    }
}
