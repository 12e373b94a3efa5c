//! From places in the model back to the text.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::de::DeValue;

use crate::document::{Node, Table, elements, entries};

/// Where the parts of a model were written, so that what the compiler finds in the model can be shown in the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places(BTreeMap<String, Range<usize>>);

impl Places {
    /// The bytes of the text that a part of the model comes from, or else the smallest known part around it.
    ///
    /// `path` is one as the compiler's findings have it: `/flags/new-checkout/rules/1/when`, `/routes/0/path`.
    ///
    /// ```
    /// let text = "[flags.beta]\nserve = 'on'\n";
    /// let places = flagstone_authoring::read(text, None, &flagstone_authoring::no_files).places;
    /// assert_eq!(places.find("/flags/beta/rules/0/serve").map(|span| &text[span]), Some("'on'"));
    /// assert_eq!(places.find("/flags/beta/enabled").map(|span| &text[span]), Some("[flags.beta]"));
    /// assert_eq!(places.find("/flags/other").map(|span| &text[span]), Some("flags"));
    /// assert_eq!(places.find("/segments/other"), None);
    /// ```
    pub fn find(&self, path: &str) -> Option<Range<usize>> {
        let mut rest = path;
        while !rest.is_empty() {
            if let Some(span) = self.0.get(rest) {
                return Some(span.clone());
            }
            rest = rest.rsplit_once('/').map_or("", |(parent, _)| parent);
        }
        None
    }

    /// The places of a document's parts. They lie in the model as in the document, but for the rules of flags.
    pub(crate) fn of(document: &Table<'_>) -> Self {
        let mut places = Self::default();
        for (key, node) in document {
            match (&**key.get_ref(), node.get_ref()) {
                ("flags", DeValue::Table(flags)) => {
                    places.0.insert("/flags".to_owned(), node.span());
                    for (key, flag) in flags {
                        places.add_flag(&format!("/flags/{}", key.get_ref()), flag);
                    }
                }
                (key, _) => places.add(&format!("/{key}"), node),
            }
        }
        places
    }

    fn add_flag(&mut self, path: &str, node: &Node<'_>) {
        self.0.insert(path.to_owned(), node.span());
        let Some(flag) = node.get_ref().as_table() else {
            return;
        };
        for (key, node) in flag {
            match &**key.get_ref() {
                "rules" => {}
                key => self.add(&format!("{path}/{key}"), node),
            }
        }
        self.add_rules(path, flag);
    }

    /// The rules of a flag, in the order of the model: those that `targets` gives, those of `rules`, the flag's own.
    fn add_rules(&mut self, path: &str, flag: &Table<'_>) {
        let mut index = 0;
        for (_, keys) in entries(flag, "targets") {
            self.add(&format!("{path}/rules/{index}"), keys);
            index += 1;
        }
        for rule in elements(flag, "rules") {
            self.add(&format!("{path}/rules/{index}"), rule);
            index += 1;
        }
        for key in ["serve", "rollout", "by", "reserve"] {
            if let Some(node) = flag.get(key) {
                self.add(&format!("{path}/rules/{index}/{key}"), node);
            }
        }
        if let Some(node) = flag.get("serve").or_else(|| flag.get("rollout")) {
            self.add(&format!("{path}/rules/{index}"), node);
        }
    }

    /// A value and its members. Elements of lists share the place of the list, unless they are tables.
    fn add(&mut self, path: &str, node: &Node<'_>) {
        self.0.insert(path.to_owned(), node.span());
        match node.get_ref() {
            DeValue::Table(table) => {
                for (key, node) in table {
                    self.add(&format!("{path}/{}", key.get_ref()), node);
                }
            }
            DeValue::Array(list) => {
                for (index, item) in list
                    .iter()
                    .enumerate()
                    .filter(|(_, item)| item.get_ref().is_table())
                {
                    self.add(&format!("{path}/{index}"), item);
                }
            }
            _ => {}
        }
    }
}
