//! Rollouts with the bucketing of a flag service: `bucketing`, `ranges`, `rest` and `absent` of a rule.

use flagstone_compile::model::{
    Absent, Algorithm, Allocation, Bucketing, Range, Rest, TARGETING_KEY,
};
use toml::de::DeValue;

use super::Lower;
use super::serve::Owner;
use crate::bucketing::{ABSENT, ALGORITHMS, find, misfit, words};
use crate::code::{BAD_BUCKETING, BAD_NAME};
use crate::document::{Node, Table, elements, text};
use crate::finding::Finding;
use crate::names;
use crate::path::Path;
use crate::suggest;

/// The words of `rest`; a table names a variant.
const RESTS: [(&str, Rest); 3] = [
    ("default", Rest::Default),
    ("next", Rest::Next),
    ("fail", Rest::Fail),
];

impl Lower<'_> {
    /// The rollout that a rule with `bucketing` and `ranges` has; `None` if something is wrong with it.
    pub(super) fn allocation(
        &mut self,
        table: &Table<'_>,
        owner: Owner<'_>,
        path: Path<'_>,
    ) -> Option<Allocation> {
        let bucketing = self.bucketing(table, path);
        let ranges = self.ranges(table, owner, path);
        let rest = self.rest(table, owner, path);
        let absent = match table.get("absent") {
            Some(_) => self.word(table, "absent", &ABSENT, path),
            None => Some(Absent::Default),
        };
        let (bucketing, ranges) = (bucketing?, ranges?);
        let mut nodes = elements(table, "ranges").zip(&ranges).enumerate();
        let misfit = nodes
            .find_map(|(index, (node, range))| Some((index, node, misfit(&bucketing, range.to)?)));
        if let Some((index, node, (message, help))) = misfit {
            let path = path.key("ranges");
            let finding = Finding::new(BAD_BUCKETING, path.index(index), node.span(), message);
            self.report.add(finding.help(help));
            return None;
        }
        Some(Allocation {
            bucketing,
            ranges,
            rest: rest?,
            absent: absent?,
        })
    }

    fn bucketing(&mut self, table: &Table<'_>, path: Path<'_>) -> Option<Bucketing> {
        let table = table.get("bucketing")?.get_ref().as_table()?;
        let path = path.key("bucketing");
        let algorithm: Option<Algorithm> = self.word(table, "algorithm", &ALGORITHMS, path);
        let by = self.units(table, path);
        let number = |key| match table.get(key) {
            Some(node) => whole(node).and_then(|number| u32::try_from(number).ok()),
            None => Some(0),
        };
        Some(Bucketing {
            algorithm: algorithm?,
            by: by?,
            salt: text(table, "salt").map_or_else(String::new, |(salt, _)| salt.to_owned()),
            seed: number("seed")?,
            modulus: number("modulus")?,
        })
    }

    /// The attributes under `by`, one or several.
    fn units(&mut self, table: &Table<'_>, path: Path<'_>) -> Option<Vec<String>> {
        let Some(node) = table.get("by") else {
            return Some(vec![TARGETING_KEY.to_owned()]);
        };
        let path = path.key("by");
        let nodes: Vec<&Node<'_>> = match node.get_ref() {
            DeValue::Array(list) => list.iter().collect(),
            _ => vec![node],
        };
        if nodes.is_empty() {
            let message = "there is nothing to bucket by";
            self.report.add(
                Finding::new(BAD_BUCKETING, path, node.span(), message)
                    .help("leave `by` out for the targeting key".to_owned()),
            );
            return None;
        }
        let mut by = Vec::new();
        for node in nodes {
            let name = node.get_ref().as_str()?;
            if name.is_empty() {
                let message = "an attribute has a name";
                self.report
                    .add(Finding::new(BAD_NAME, path, node.span(), message));
                return None;
            }
            // Names of a service's attributes are taken as they are, so that none is refused.
            if self.names.origin(name) != names::Origin::Impossible {
                self.attribute(name, path, node.span());
            }
            by.push(name.to_owned());
        }
        Some(by)
    }

    fn ranges(
        &mut self,
        table: &Table<'_>,
        owner: Owner<'_>,
        path: Path<'_>,
    ) -> Option<Vec<Range>> {
        let path = path.key("ranges");
        let mut ranges = Some(Vec::new());
        for (index, node) in elements(table, "ranges").enumerate() {
            let range = self.range(node, owner, path.index(index));
            ranges = match (ranges, range) {
                (Some(mut ranges), Some(range)) => {
                    ranges.push(range);
                    Some(ranges)
                }
                _ => None,
            };
        }
        ranges
    }

    fn range(&mut self, node: &Node<'_>, owner: Owner<'_>, path: Path<'_>) -> Option<Range> {
        let table = node.get_ref().as_table()?;
        let (variant, serve) = text(table, "serve")?;
        let known = self.variant(variant, owner, path.key("serve"), serve.span());
        let (from, to) = (whole(table.get("from")?)?, whole(table.get("to")?)?);
        if from > to {
            let message = format!("the range from {from} to {to} ends before it begins");
            self.report
                .add(Finding::new(BAD_BUCKETING, path, node.span(), message));
            return None;
        }
        known.map(|()| Range {
            from,
            to,
            variant: variant.to_owned(),
        })
    }

    /// What is served outside of all ranges.
    fn rest(&mut self, table: &Table<'_>, owner: Owner<'_>, path: Path<'_>) -> Option<Rest> {
        let Some(node) = table.get("rest") else {
            return Some(Rest::Default);
        };
        match node.get_ref() {
            DeValue::Table(rest) => {
                let (variant, serve) = text(rest, "serve")?;
                let path = path.key("rest");
                self.variant(variant, owner, path.key("serve"), serve.span())?;
                Some(Rest::Variant(variant.to_owned()))
            }
            _ => {
                let index = self.word(table, "rest", &numbered(&RESTS), path)?;
                RESTS.get(index).map(|(_, rest)| rest.clone())
            }
        }
    }

    /// The thing that a word stands for.
    fn word<T: Copy>(
        &mut self,
        table: &Table<'_>,
        key: &str,
        names: &[(&'static str, T)],
        path: Path<'_>,
    ) -> Option<T> {
        let (word, node) = text(table, key)?;
        let found = find(names, word);
        if found.is_none() {
            let help = suggest::help(word, "known words", words(names));
            let message = format!("`{word}` is not known here");
            self.report
                .add(Finding::new(BAD_BUCKETING, path.key(key), node.span(), message).help(help));
        }
        found
    }
}

/// Names with their places.
fn numbered<T>(names: &[(&'static str, T)]) -> Vec<(&'static str, usize)> {
    let names = names.iter().enumerate();
    names.map(|(index, (name, _))| (*name, index)).collect()
}

/// The word for what is served outside of all ranges; `None` for a variant.
pub(crate) fn rest_word(rest: &Rest) -> Option<&'static str> {
    crate::bucketing::name(&RESTS, rest)
}

/// A whole number that is not negative. Its range was checked with the document's shape.
fn whole(node: &Node<'_>) -> Option<u64> {
    match node.get_ref() {
        DeValue::Integer(text) => i64::from_str_radix(text.as_str(), text.radix())
            .ok()
            .and_then(|number| u64::try_from(number).ok()),
        _ => None,
    }
}
