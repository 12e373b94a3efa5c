//! Goals: what visitors are to reach, and which of it a rollout's variants are compared by.

use flagstone_compile::model::{Goal, Plan};

use super::Lower;
use crate::code::{BAD_GOAL, BAD_NAME, BAD_VALUE, UNKNOWN_GOAL};
use crate::document::{Table, elements, entries, text};
use crate::finding::Finding;
use crate::names::is_token;
use crate::path::Path;
use crate::suggest;

/// Every path.
const ANYWHERE: &str = "/*";

impl Lower<'_> {
    /// The goals, in the order of the file.
    pub(super) fn goals(&mut self, document: &Table<'_>) -> Vec<Goal> {
        let root = Path::Root.key("goals");
        let mut goals = Vec::new();
        for (name, node) in entries(document, "goals") {
            let Some(table) = node.get_ref().as_table() else {
                continue;
            };
            let path = root.key(name.get_ref());
            if !is_token(name.get_ref()) {
                let message = format!("`{}` cannot be the name of a goal", name.get_ref());
                self.report.add(
                    Finding::new(BAD_NAME, path, name.span(), message)
                        .help("letters, digits, `-`, `_` and `.`, such as `signed-up`".to_owned()),
                );
            }
            let pattern = text(table, "path").map_or(ANYWHERE, |(pattern, node)| {
                self.check_path(pattern, path.key("path"), node.span());
                pattern
            });
            let host = text(table, "host").map_or("", |(host, node)| {
                self.check_host(host, path.key("host"), node.span());
                host
            });
            let method = text(table, "method").map_or("", |(method, node)| {
                if !method.bytes().all(|byte| byte.is_ascii_uppercase()) || method.is_empty() {
                    let message = format!("`{method}` is not a method");
                    self.report.add(
                        Finding::new(BAD_VALUE, path.key("method"), node.span(), message)
                            .help("capital letters, such as `POST`".to_owned()),
                    );
                }
                method
            });
            let event = text(table, "event").map_or("", |(event, node)| {
                if !is_token(event) {
                    let message = format!("`{event}` cannot be the name of an event");
                    self.report.add(
                        Finding::new(BAD_NAME, path.key("event"), node.span(), message).help(
                            "letters, digits, `-`, `_` and `.`, such as `order-paid`".to_owned(),
                        ),
                    );
                }
                event
            });
            let is_any =
                pattern == ANYWHERE && [host, method, event].iter().all(|of| of.is_empty());
            let is_given = table.contains_key("path") || table.contains_key("event");
            if is_any || !is_given {
                let message = "every request would reach this goal";
                self.report.add(
                    Finding::new(BAD_GOAL, path, name.span(), message).help(
                        "give it a `path`, or the name of an `event` that the origin reports"
                            .to_owned(),
                    ),
                );
            }
            goals.push(Goal {
                name: name.get_ref().to_string(),
                host: host.to_owned(),
                path: pattern.to_owned(),
                method: method.to_owned(),
                event: event.to_owned(),
            });
        }
        goals
    }

    /// The goals of a plan, by their names.
    pub(super) fn plan_goals(
        &mut self,
        plan: &Table<'_>,
        straight: bool,
        path: Path<'_>,
    ) -> Vec<String> {
        let path = path.key("goals");
        let mut goals: Vec<String> = Vec::new();
        for (index, node) in elements(plan, "goals").enumerate() {
            let Some(name) = node.get_ref().as_str() else {
                continue;
            };
            let path = path.index(index);
            if !self.names.goals.contains(&name) {
                let message = format!("there is no goal `{name}`");
                let help = suggest::help(name, "goals", self.names.goals.iter().copied());
                let finding = Finding::new(UNKNOWN_GOAL, path, node.span(), message);
                self.report.add(finding.help(help));
            }
            let message = if goals.iter().any(|goal| goal == name) {
                Some(format!("`{name}` is named twice"))
            } else if index == Plan::MAX_GOALS {
                Some(format!("a plan has up to {} goals", Plan::MAX_GOALS))
            } else if straight && index == 0 {
                Some("goals are compared in stages, and this share grows all the time".to_owned())
            } else {
                None
            };
            if let Some(message) = message {
                self.report
                    .add(Finding::new(BAD_GOAL, path, node.span(), message));
            }
            goals.push(name.to_owned());
        }
        goals
    }
}
