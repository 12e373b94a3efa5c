//! Flags.

use flagstone_compile::model::{Flag, Prerequisite, Value, Variant};
use toml::Spanned;
use toml::de::DeString;

use super::Lower;
use super::serve::Owner;
use crate::code::{BAD_VALUE, MISSING_KEY, MIXED_VARIANTS, SELF_REFERENCE, UNKNOWN_FLAG};
use crate::document::{Node, Table, day, entries, json_variant, text};
use crate::finding::Finding;
use crate::path::Path;
use crate::suggest;

impl Lower<'_> {
    /// All flags.
    pub(super) fn flags(&mut self, document: &Table<'_>) -> Vec<Flag> {
        entries(document, "flags")
            .filter_map(|(key, node)| self.flag(key, node))
            .collect()
    }

    fn flag(&mut self, key: &Spanned<DeString<'_>>, node: &Node<'_>) -> Option<Flag> {
        let table = node.get_ref().as_table()?;
        let name = &**key.get_ref();
        let path = Path::Root.key("flags");
        let path = path.key(name);
        self.check_key(name, path, key.span());
        let names = self.names;
        let variant_names = names.flags.get(name).map(Vec::as_slice).unwrap_or_default();
        let default = self.default(table, node, path);
        let owner = Owner {
            key: name,
            variants: variant_names,
            default: default.unwrap_or_default(),
        };
        if let Some((default, node)) = text(table, "default") {
            self.variant(default, owner, path.key("default"), node.span());
        }
        let variants = self.variants(table, node, path);
        let prerequisites = self.prerequisites(table, name, path);
        let rules = self.rules(table, owner, path);
        let plan = self.plan(node, owner, &rules, path);
        self.plans.extend(plan);
        Some(Flag {
            key: name.to_owned(),
            variants,
            default: default.map(str::to_owned),
            enabled: table
                .get("enabled")
                .and_then(|node| node.get_ref().as_bool())
                .unwrap_or(true),
            expires: table.get("expires").and_then(day),
            prerequisites,
            rules,
        })
    }

    /// Key of the default variant; `None` if whoever asks has a default.
    fn default<'t>(
        &mut self,
        table: &'t Table<'_>,
        node: &Node<'_>,
        path: Path<'_>,
    ) -> Option<&'t str> {
        let callers = table.get("callers_default").map(|node| node.get_ref());
        let is_callers = callers.and_then(|callers| callers.as_bool()) == Some(true);
        if let Some((default, node)) = text(table, "default") {
            if is_callers {
                let message = "a flag with a `default` does not serve its caller's";
                self.report.add(
                    Finding::new(BAD_VALUE, path.key("default"), node.span(), message)
                        .help("leave out `default` or `callers_default`".to_owned()),
                );
            }
            return Some(default);
        }
        if is_callers {
            return None;
        }
        if table.contains_key("variants") && !table.contains_key("default") {
            let message = "a flag with `variants` needs the key `default`";
            let help =
                "`default` is the variant served when no rule matches and when anything fails";
            self.report
                .add(Finding::new(MISSING_KEY, path, node.span(), message).help(help.to_owned()));
        }
        Some("off")
    }

    fn variants(&mut self, table: &Table<'_>, flag: &Node<'_>, path: Path<'_>) -> Vec<Variant> {
        let Some(node) = table.get("variants") else {
            return [("off", false), ("on", true)]
                .map(|(key, value)| Variant {
                    key: key.to_owned(),
                    value: Value::Boolean(value),
                })
                .into();
        };
        let path = path.key("variants");
        let is_json = table
            .get("json_variants")
            .and_then(|node| node.get_ref().as_bool())
            .unwrap_or_default();
        let mut variants: Vec<Variant> = Vec::new();
        let mut mixed = None;
        for (key, node) in entries(table, "variants") {
            let path = path.key(key.get_ref());
            self.check_key(key.get_ref(), path, key.span());
            let value = match (is_json, node.get_ref().as_str()) {
                (true, Some(text)) => self.json_text(text, node, path),
                _ => json_variant(node, path, self.report),
            };
            if let Some(value) = value {
                let differs = |first: &Variant| {
                    std::mem::discriminant(&first.value) != std::mem::discriminant(&value)
                };
                if mixed.is_none() && variants.first().is_some_and(differs) {
                    mixed = Some(node.span());
                }
                variants.push(Variant {
                    key: key.get_ref().to_string(),
                    value,
                });
            }
        }
        if let Some(span) = mixed {
            let message = "variants of one flag should have values of one type";
            self.report
                .add(Finding::new(MIXED_VARIANTS, path, span, message));
        }
        if node
            .get_ref()
            .as_table()
            .is_some_and(|table| table.is_empty())
        {
            self.report.add(Finding::new(
                MISSING_KEY,
                path,
                flag.span(),
                "a flag needs a variant",
            ));
        }
        variants
    }

    /// The value that a text of JSON stands for. Lists and objects are kept as they are written.
    fn json_text(&mut self, text: &str, node: &Node<'_>, path: Path<'_>) -> Option<Value> {
        match serde_json::from_str(text) {
            Ok(serde_json::Value::Bool(value)) => Some(Value::Boolean(value)),
            Ok(serde_json::Value::String(text)) => Some(Value::String(text)),
            Ok(serde_json::Value::Number(_)) => text.trim().parse().ok().map(Value::Number),
            Ok(_) => Some(Value::Json(text.to_owned())),
            Err(error) => {
                let message = format!("the value is not JSON: {error}");
                self.report.add(
                    Finding::new(BAD_VALUE, path, node.span(), message).help(
                        "with `json_variants`, text is JSON: `'\"text\"'`, `'null'`".to_owned(),
                    ),
                );
                None
            }
        }
    }

    fn prerequisites(
        &mut self,
        table: &Table<'_>,
        flag: &str,
        path: Path<'_>,
    ) -> Vec<Prerequisite> {
        let path = path.key("prerequisites");
        let mut prerequisites = Vec::new();
        for (key, node) in entries(table, "prerequisites") {
            let other = &**key.get_ref();
            let path = path.key(other);
            let names = self.names;
            let Some(known) = names.flags.get(other) else {
                let help = suggest::help(other, "flags", names.flag_keys());
                let message = format!("there is no flag `{other}`");
                self.report
                    .add(Finding::new(UNKNOWN_FLAG, path, key.span(), message).help(help));
                continue;
            };
            if other == flag {
                let message = "a flag cannot be its own prerequisite";
                self.report
                    .add(Finding::new(SELF_REFERENCE, path, key.span(), message));
                continue;
            }
            let owner = Owner {
                key: other,
                variants: known,
                default: "",
            };
            let mut variants = Vec::new();
            if let Some(variant) = node.get_ref().as_str() {
                self.variant(variant, owner, path, node.span());
                variants.push(variant.to_owned());
            }
            for (index, node) in node
                .get_ref()
                .as_array()
                .into_iter()
                .flat_map(|list| list.iter())
                .enumerate()
            {
                if let Some(variant) = node.get_ref().as_str() {
                    self.variant(variant, owner, path.index(index), node.span());
                    variants.push(variant.to_owned());
                }
            }
            prerequisites.push(Prerequisite {
                flag: other.to_owned(),
                variants,
            });
        }
        prerequisites
    }
}
