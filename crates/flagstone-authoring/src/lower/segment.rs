//! Segments.

use flagstone_compile::model::{Condition, Segment};
use toml::Spanned;
use toml::de::DeString;

use super::Lower;
use crate::code::{EMPTY_SEGMENT, UNREADABLE_FILE};
use crate::document::{Node, Table, elements, entries, text};
use crate::finding::Finding;
use crate::path::Path;

impl Lower<'_> {
    /// All segments.
    pub(super) fn segments(&mut self, document: &Table<'_>) -> Vec<Segment> {
        entries(document, "segments")
            .filter_map(|(key, node)| self.segment(key, node))
            .collect()
    }

    fn segment(&mut self, key: &Spanned<DeString<'_>>, node: &Node<'_>) -> Option<Segment> {
        let table = node.get_ref().as_table()?;
        let name = &**key.get_ref();
        let path = Path::Root.key("segments");
        let path = path.key(name);
        self.check_key(name, path, key.span());
        if !["included", "included_file", "when"]
            .into_iter()
            .any(|key| table.contains_key(key))
        {
            let message = format!("nobody belongs to segment `{name}`");
            self.report.add(
                Finding::new(EMPTY_SEGMENT, path, node.span(), message)
                    .help("give it `included`, `included_file` or `when`".to_owned()),
            );
        }
        Some(Segment {
            key: name.to_owned(),
            by: self.by(table, path),
            included: self.keys(table, "included", "included_file", path).into(),
            excluded: self.keys(table, "excluded", "excluded_file", path).into(),
            when: self.when(table, "", path).unwrap_or_else(Condition::never),
        })
    }

    /// Keys from a list and from a file with one key a line.
    fn keys(&mut self, table: &Table<'_>, list: &str, file: &str, path: Path<'_>) -> Vec<String> {
        let listed = elements(table, list).filter_map(|node| node.get_ref().as_str());
        let mut keys: Vec<String> = listed.map(str::to_owned).collect();
        if let Some((name, node)) = text(table, file) {
            match (self.read_file)(name) {
                Ok(content) => {
                    // Some editors begin a file with a mark of its bytes' order.
                    let content = content.strip_prefix('\u{feff}').unwrap_or(&content);
                    let lines = content
                        .lines()
                        .map(str::trim)
                        .filter(|line| !line.is_empty());
                    keys.extend(lines.map(str::to_owned));
                }
                Err(error) => {
                    let message = format!("cannot read `{name}`: {error}");
                    self.report.add(
                        Finding::new(UNREADABLE_FILE, path.key(file), node.span(), message)
                            .help("the path is relative to the file that names it".to_owned()),
                    );
                }
            }
        }
        keys
    }
}
