//! From places in the model back to the text.

use std::collections::BTreeMap;
use std::ops::Range;

use flagstone_compile::Model;
use toml::de::DeValue;

use crate::document::{Node, Table, elements, entries};
use crate::path::Path;

/// Where the parts of a model were written, so that what the compiler finds in the model can be shown in the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places(BTreeMap<String, Place>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    span: Range<usize>,
    /// As findings of the document have it.
    path: String,
}

impl Places {
    /// Those of flags and segments that were not written in a `flagstone.toml`: their names, at the beginning of the text.
    pub fn of_model(model: &Model) -> Self {
        let mut places = Self::default();
        let flags = model.flags.iter().map(|flag| ("flags", &flag.key));
        let segments = model.segments.iter();
        for (of, key) in flags.chain(segments.map(|segment| ("segments", &segment.key))) {
            places.put(&format!("/{of}/{key}"), Path::Root.key(of).key(key), 0..0);
        }
        places
    }

    /// Where a part of the model is in the document: `flags."a/b".rules[0].when`.
    ///
    /// `path` is one as the compiler's findings have it, which counts the rules that `targets` become too.
    ///
    /// ```
    /// let text = "[flags.beta]\ntargets.on = ['u-1']\nrules = [{ when = 'true', serve = 'on' }]\n";
    /// let places = flagstone_authoring::read(text, None, &flagstone_authoring::no_files).places;
    /// assert_eq!(places.path("/flags/beta/rules/0"), "flags.beta.targets.on");
    /// assert_eq!(places.path("/flags/beta/rules/1/when"), "flags.beta.rules[0].when");
    /// assert_eq!(places.path("/routes/0/harm events"), "routes[0].\"harm events\"");
    /// ```
    pub fn path(&self, path: &str) -> String {
        let (place, rest) = self.around(path).unzip();
        let mut found = place.map_or_else(String::new, |place: &Place| place.path.clone());
        for step in rest.unwrap_or(path).split('/').skip(1) {
            let is_index = step.bytes().all(|byte| byte.is_ascii_digit());
            match is_index && !step.is_empty() && !found.is_empty() {
                true => found += &format!("[{step}]"),
                false => {
                    found += if found.is_empty() { "" } else { "." };
                    found += &Path::Root.key(step).to_string();
                }
            }
        }
        found
    }

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
        self.around(path).map(|(place, _)| place.span.clone())
    }

    /// The smallest known part that a path lies in, and the rest of the path.
    fn around<'p>(&self, path: &'p str) -> Option<(&Place, &'p str)> {
        let mut known = path;
        while !known.is_empty() {
            if let Some(place) = self.0.get(known) {
                return Some((place, path.strip_prefix(known)?));
            }
            known = known.rsplit_once('/').map_or("", |(parent, _)| parent);
        }
        None
    }

    fn put(&mut self, at: &str, path: Path<'_>, span: Range<usize>) {
        let path = path.to_string();
        self.0.insert(at.to_owned(), Place { span, path });
    }

    /// The places of a document's parts. They lie in the model as in the document, but for the rules of flags.
    pub(crate) fn of(document: &Table<'_>) -> Self {
        let mut places = Self::default();
        for (key, node) in document {
            let key = &**key.get_ref();
            let path = Path::Root.key(key);
            match (key, node.get_ref()) {
                ("flags", DeValue::Table(flags)) => {
                    places.put("/flags", path, node.span());
                    for (key, flag) in flags {
                        let key = &**key.get_ref();
                        places.add_flag(&format!("/flags/{key}"), path.key(key), flag);
                    }
                }
                _ => places.add(&format!("/{key}"), path, node),
            }
        }
        places
    }

    fn add_flag(&mut self, at: &str, path: Path<'_>, node: &Node<'_>) {
        self.put(at, path, node.span());
        let Some(flag) = node.get_ref().as_table() else {
            return;
        };
        for (key, node) in flag {
            match &**key.get_ref() {
                "rules" => {}
                key => self.add(&format!("{at}/{key}"), path.key(key), node),
            }
        }
        self.add_rules(at, path, flag);
    }

    /// The rules of a flag, in the order of the model: those that `targets` gives, those of `rules`, the flag's own.
    fn add_rules(&mut self, at: &str, path: Path<'_>, flag: &Table<'_>) {
        let mut index = 0;
        let targets = path.key("targets");
        for (key, keys) in entries(flag, "targets") {
            self.add(
                &format!("{at}/rules/{index}"),
                targets.key(key.get_ref()),
                keys,
            );
            index += 1;
        }
        let rules = path.key("rules");
        for (place, rule) in elements(flag, "rules").enumerate() {
            self.add(&format!("{at}/rules/{index}"), rules.index(place), rule);
            index += 1;
        }
        for key in ["serve", "rollout", "by", "reserve"] {
            if let Some(node) = flag.get(key) {
                self.add(&format!("{at}/rules/{index}/{key}"), path.key(key), node);
            }
        }
        if let Some(node) = flag.get("serve").or_else(|| flag.get("rollout")) {
            self.put(&format!("{at}/rules/{index}"), path, node.span());
        }
    }

    /// A value and its members. Elements of lists share the place of the list, unless they are tables.
    fn add(&mut self, at: &str, path: Path<'_>, node: &Node<'_>) {
        self.put(at, path, node.span());
        match node.get_ref() {
            DeValue::Table(table) => {
                for (key, node) in table {
                    let key = &**key.get_ref();
                    self.add(&format!("{at}/{key}"), path.key(key), node);
                }
            }
            DeValue::Array(list) => {
                for (index, item) in list
                    .iter()
                    .enumerate()
                    .filter(|(_, item)| item.get_ref().is_table())
                {
                    self.add(&format!("{at}/{index}"), path.index(index), item);
                }
            }
            _ => {}
        }
    }
}
