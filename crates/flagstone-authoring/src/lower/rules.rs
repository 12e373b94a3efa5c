//! The rules of a flag, in the order in which they are asked.

use std::collections::HashMap;
use std::ops::Range;

use flagstone_compile::model::{
    Absent, Condition, Matcher, Order, Rest, Rule, Scalar, Serve, TARGETING_KEY, Test,
};
use flagstone_core::UnixMillis;
use toml::de::DeValue;

use super::Lower;
use super::serve::{Owner, WAYS};
use crate::cel::{self, all};
use crate::code::{
    DUPLICATE_RULE_NAME, DUPLICATE_TARGET, EMPTY_WINDOW, SERVE_OR_ROLLOUT, UNREACHABLE_RULE,
};
use crate::document::{Node, Table, elements, entries, instant, text};
use crate::finding::Finding;
use crate::path::Path;

/// Name of the rules that `targets` becomes.
pub(crate) const TARGETS: &str = "targets";

impl Lower<'_> {
    /// The rules: those of `targets`, those of `rules`, and the one that stands in the flag itself.
    pub(super) fn rules(
        &mut self,
        table: &Table<'_>,
        owner: Owner<'_>,
        path: Path<'_>,
    ) -> Vec<Rule> {
        let mut rules = self.targets(table, owner, path);
        self.check_names(table, path);
        // The rule behind which nothing is reached.
        let mut last: Option<Range<usize>> = None;
        let rules_path = path.key("rules");
        for (index, node) in elements(table, "rules").enumerate() {
            let path = rules_path.index(index);
            self.check_reached(&last, path, node.span());
            let Some(rule) = self.rule(node, owner, path) else {
                continue;
            };
            if last.is_none() && rule.when == Condition::always() && ends(&rule.serve) {
                last = Some(node.span());
            }
            rules.push(rule);
        }
        let serve = self.serve(table, owner, path);
        if let Some(node) = table.get("serve").or_else(|| table.get("rollout")) {
            self.check_reached(&last, path, node.span());
        }
        if let Some(serve) = serve {
            rules.push(Rule {
                name: String::new(),
                when: Condition::always(),
                serve,
            });
        }
        // The flag's own window holds for each of its rules.
        let window = self.window(table, path);
        if !window.is_empty() {
            for rule in &mut rules {
                let when = std::mem::replace(&mut rule.when, Condition::always());
                rule.when = all(window.iter().cloned().chain([when]).collect());
            }
        }
        rules
    }

    /// One of `rules`. One that says nothing of use still takes its place, so that the places of the others are right.
    fn rule(&mut self, node: &Node<'_>, owner: Owner<'_>, path: Path<'_>) -> Option<Rule> {
        let table = node.get_ref().as_table()?;
        if !WAYS.into_iter().any(|key| table.contains_key(key)) {
            self.report.add(
                Finding::new(
                    SERVE_OR_ROLLOUT,
                    path,
                    node.span(),
                    "a rule needs `serve` or `rollout`",
                )
                .help("for example `serve = \"on\"` or `rollout = { on = 5 }`".to_owned()),
            );
        }
        let mut parts = self.window(table, path);
        parts.extend(self.when(table, owner.key, path));
        let serve = self.serve(table, owner, path);
        Some(Rule {
            name: text(table, "name").map_or_else(String::new, |(name, _)| name.to_owned()),
            when: all(parts),
            serve: serve.unwrap_or_else(|| Serve::Variant(owner.default.to_owned())),
        })
    }

    fn check_reached(&mut self, last: &Option<Range<usize>>, path: Path<'_>, span: Range<usize>) {
        if let Some(last) = last {
            self.report.add(
                Finding::new(UNREACHABLE_RULE, path, span, "this is never reached")
                    .label(last.clone(), "this rule matches everybody"),
            );
        }
    }

    fn check_names(&mut self, table: &Table<'_>, path: Path<'_>) {
        let path = path.key("rules");
        let mut seen: HashMap<&str, Range<usize>> = HashMap::new();
        for (index, node) in elements(table, "rules").enumerate() {
            let Some((name, node)) = node
                .get_ref()
                .as_table()
                .and_then(|rule| text(rule, "name"))
            else {
                continue;
            };
            if name.is_empty() {
                continue;
            }
            if let Some(first) = seen.get(name) {
                let path = path.index(index);
                let message = format!("there are two rules `{name}`");
                self.report.add(
                    Finding::new(DUPLICATE_RULE_NAME, path.key("name"), node.span(), message)
                        .label(first.clone(), "the first is here"),
                );
            } else {
                seen.insert(name, node.span());
            }
        }
    }

    /// A rule for each variant under `targets`.
    fn targets(&mut self, table: &Table<'_>, owner: Owner<'_>, path: Path<'_>) -> Vec<Rule> {
        let path = path.key(TARGETS);
        let mut rules = Vec::new();
        let mut seen: HashMap<&str, (&str, Range<usize>)> = HashMap::new();
        for (name, node) in entries(table, TARGETS) {
            let variant = &**name.get_ref();
            let path = path.key(variant);
            self.variant(variant, owner, path, name.span());
            let mut keys = Vec::new();
            for (index, node) in node.get_ref().as_array().into_iter().flatten().enumerate() {
                let Some(key) = node.get_ref().as_str() else {
                    continue;
                };
                match seen.get(key) {
                    None => {
                        seen.insert(key, (variant, node.span()));
                        keys.push(Scalar::Text(key.to_owned()));
                    }
                    // Twice for the same variant does no harm.
                    Some((first, _)) if *first == variant => {}
                    Some((_, span)) => {
                        let message = format!("`{key}` is a target of two variants");
                        self.report.add(
                            Finding::new(DUPLICATE_TARGET, path.index(index), node.span(), message)
                                .label(span.clone(), "the first is here"),
                        );
                    }
                }
            }
            rules.push(Rule {
                name: TARGETS.to_owned(),
                when: Condition::Test(Test::attribute(TARGETING_KEY, Matcher::OneOf(keys))),
                serve: Serve::Variant(variant.to_owned()),
            });
        }
        rules
    }

    /// The tests that hold from a table's `start` up to its `stop`.
    fn window(&mut self, table: &Table<'_>, path: Path<'_>) -> Vec<Condition> {
        let moment = |key| match table.get(key)?.get_ref() {
            DeValue::Datetime(date_time) => instant(date_time),
            _ => None,
        };
        let (start, stop) = (moment("start"), moment("stop"));
        if let (Some(from), Some(to), Some(node)) = (start, stop, table.get("stop"))
            && to <= from
        {
            let mut finding = Finding::new(
                EMPTY_WINDOW,
                path.key("stop"),
                node.span(),
                "`stop` is not after `start`",
            );
            if let Some(start) = table.get("start") {
                finding = finding.label(start.span(), "`start` is here");
            }
            self.report.add(finding);
        }
        let now = |order, time: UnixMillis| Condition::Test(Test::Now { order, time });
        [
            start.map(|time| now(Order::GreaterOrEqual, time)),
            stop.map(|time| now(Order::Less, time)),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// The condition under `when`; `None` if there is none. `owner` is the flag that it stands in, empty for none.
    pub(super) fn when(
        &mut self,
        table: &Table<'_>,
        owner: &str,
        path: Path<'_>,
    ) -> Option<Condition> {
        let node = table.get("when")?;
        let source = node.get_ref().as_str()?;
        Some(cel::lower(
            self,
            source,
            node.span(),
            owner,
            path.key("when"),
        ))
    }
}

/// Whether no rule behind one that serves this and matches everybody is ever asked.
fn ends(serve: &Serve) -> bool {
    match serve {
        Serve::Allocation(allocation) => {
            allocation.rest != Rest::Next && allocation.absent != Absent::Next
        }
        Serve::Variant(_) | Serve::Split(_) | Serve::Expression(_) | Serve::Default => true,
    }
}
