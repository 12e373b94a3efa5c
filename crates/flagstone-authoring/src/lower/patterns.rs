//! Lists of flag keys and patterns, and which flags leave the edge.

use flagstone_compile::matches_pattern as matches;
use flagstone_compile::model::Expose;

use super::Lower;
use crate::code::{MATCHES_NOTHING, UNKNOWN_FLAG};
use crate::document::{Table, boolean, constant, elements, entries};
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
        let is_on = |key| boolean(table, key).unwrap_or(false);
        let budget = table
            .get("budget")
            .and_then(|node| constant(node.get_ref()))
            .map(|budget| budget as u16);
        Expose {
            browser: self.flag_list(document, table, "browser", path),
            origin: self.flag_list(document, table, "origin", path),
            reasons: is_on("reasons"),
            values: is_on("values"),
            server_timing: is_on("server_timing"),
            script: is_on("script"),
            cookie: is_on("cookie"),
            exposures: is_on("exposures"),
            budget: budget.unwrap_or(Expose::BUDGET),
            aliases: self.aliases(table, path.key("aliases")),
        }
    }

    /// The names of flags towards frontends, in the order of the file. That they are legal is checked with the model.
    fn aliases(&mut self, expose: &Table<'_>, path: Path<'_>) -> Vec<(String, String)> {
        let mut aliases = Vec::new();
        for (flag, node) in entries(expose, "aliases") {
            let names = self.names;
            let key: &str = flag.get_ref();
            let Some(alias) = node.get_ref().as_str() else {
                continue;
            };
            if !names.has_source && !names.flags.contains_key(key) {
                let message = format!("there is no flag `{key}`");
                let help = suggest::help(key, "flags", names.flag_keys());
                self.report.add(
                    Finding::new(UNKNOWN_FLAG, path.key(key), flag.span(), message).help(help),
                );
            }
            aliases.push((key.to_owned(), alias.to_owned()));
        }
        aliases
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
