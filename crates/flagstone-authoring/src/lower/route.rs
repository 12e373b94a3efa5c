//! Origins and routes.

use std::ops::Range;

use flagstone_compile::model::{Action, Harm, Origin, RepeatKind, Route, Statuses};
use toml::de::DeValue;

use super::serve::Owner;
use super::{Lower, is_origin_name};
use crate::code::{
    BAD_NAME, BAD_PATTERN, BAD_VALUE, FALLBACK_CYCLE, IDLE_ROUTE, RESERVED_NAME, UNKNOWN_FLAG,
    UNKNOWN_ORIGIN,
};
use crate::document::{Node, Table, elements, entries, text};
use crate::finding::Finding;
use crate::names::is_token;
use crate::path::Path;
use crate::suggest;

/// How long the head of a response may take where there is a fallback, in milliseconds.
const PATIENCE_MS: u32 = 10_000;
/// Headers that say how a message is carried, or that Flagstone sets itself.
const RESERVED_HEADERS: [&str; 13] = [
    "connection",
    "content-length",
    "feature-flags",
    "host",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

impl Lower<'_> {
    /// The origins; `stable` first if the file does not name it.
    pub(super) fn origins(&mut self, document: &Table<'_>) -> Vec<Origin> {
        let mut origins = Vec::new();
        let root = Path::Root.key("origins");
        if !entries(document, "origins").any(|(name, _)| name.get_ref() == "stable") {
            origins.push(Origin {
                name: "stable".to_owned(),
                ..Origin::default()
            });
        }
        for (name, node) in entries(document, "origins") {
            let Some(table) = node.get_ref().as_table() else {
                continue;
            };
            let path = root.key(name.get_ref());
            if !is_origin_name(name.get_ref()) {
                let message = format!("`{}` cannot be the name of an origin", name.get_ref());
                self.report
                    .add(
                        Finding::new(BAD_NAME, path, name.span(), message).help(
                            "names have small letters, digits and `-`, and begin with a letter"
                                .to_owned(),
                        ),
                    );
            }
            let fallback = text(table, "fallback").map(|(fallback, node)| {
                self.origin(fallback, path.key("fallback"), node.span());
                fallback.to_owned()
            });
            let timeout = integer(table, "timeout_ms");
            origins.push(Origin {
                name: name.get_ref().to_string(),
                timeout_ms: match fallback {
                    Some(_) => timeout.unwrap_or(PATIENCE_MS),
                    None => timeout.unwrap_or(0),
                },
                fallback,
                failures: match table.contains_key("failures") {
                    true => self.statuses(table, "failures", path),
                    false => Statuses::default(),
                },
            });
        }
        self.check_fallbacks(document, &origins);
        origins
    }

    /// The statuses under a key; none if there is no such key.
    fn statuses(&mut self, table: &Table<'_>, key: &str, path: Path<'_>) -> Statuses {
        let path = path.key(key);
        let mut statuses = Statuses::NONE;
        for (index, node) in elements(table, key).enumerate() {
            let Some(text) = node.get_ref().as_str() else {
                continue;
            };
            let is_known = match text {
                "4xx" => {
                    statuses = statuses.or(Statuses::CLIENT);
                    true
                }
                "5xx" => {
                    statuses = statuses.or(Statuses::SERVER);
                    true
                }
                single => single.parse().is_ok_and(|status| statuses.insert(status)),
            };
            if !is_known {
                let message = format!("`{text}` is not a status that can be a failure");
                self.report.add(
                    Finding::new(BAD_VALUE, path.index(index), node.span(), message).help(
                        "`5xx`, `4xx`, or one from 400 to 430 or from 500 to 530, such as `429`"
                            .to_owned(),
                    ),
                );
            }
        }
        statuses
    }

    /// What counts as harm on a route.
    fn harm(&mut self, route: &Table<'_>, path: Path<'_>) -> Harm {
        let Some(table) = route.get("harm").and_then(|node| node.get_ref().as_table()) else {
            return Harm::default();
        };
        let path = path.key("harm");
        let mut events = Vec::new();
        let names = path.key("events");
        for (index, node) in elements(table, "events").enumerate() {
            let Some(name) = node.get_ref().as_str() else {
                continue;
            };
            if !is_token(name) {
                let message = format!("`{name}` cannot be the name of an event");
                self.report.add(
                    Finding::new(BAD_NAME, names.index(index), node.span(), message).help(
                        "letters, digits, `-`, `_` and `.`, such as `payment-failed`".to_owned(),
                    ),
                );
            }
            events.push(name.to_owned());
        }
        Harm {
            statuses: self.statuses(table, "statuses", path),
            slower_than_ms: integer(table, "slower_than_ms").unwrap_or(0),
            events,
        }
    }

    /// Which requests of a route may be sent a second time.
    fn repeat(&mut self, table: &Table<'_>, path: Path<'_>) -> RepeatKind {
        let Some(node) = table.get("idempotent") else {
            return RepeatKind::Safe;
        };
        match node.get_ref() {
            DeValue::Boolean(true) => RepeatKind::All,
            DeValue::String(text) if text == "key" => RepeatKind::Keyed,
            DeValue::String(text) => {
                let message = format!("`{text}` does not say which requests may be repeated");
                self.report.add(
                    Finding::new(BAD_VALUE, path.key("idempotent"), node.span(), message)
                        .help("`true`, `false`, or `\"key\"`".to_owned()),
                );
                RepeatKind::Safe
            }
            _ => RepeatKind::Safe,
        }
    }

    /// Follows each origin's fallbacks; more steps than there are origins means a circle.
    fn check_fallbacks(&mut self, document: &Table<'_>, origins: &[Origin]) {
        let fallback = |name: &str| {
            origins
                .iter()
                .find(|origin| origin.name == name)?
                .fallback
                .as_deref()
        };
        for (name, node) in entries(document, "origins") {
            let mut at = fallback(name.get_ref());
            let mut steps = 0;
            while let Some(next) = at.filter(|next| next != name.get_ref() && steps < origins.len())
            {
                at = fallback(next);
                steps += 1;
            }
            if at == Some(name.get_ref()) {
                let path = Path::Root.key("origins");
                let message = format!("`{}` falls back to itself", name.get_ref());
                self.report.add(Finding::new(
                    FALLBACK_CYCLE,
                    path.key(name.get_ref()),
                    node.span(),
                    message,
                ));
            }
        }
    }

    fn origin(&mut self, name: &str, path: Path<'_>, span: Range<usize>) {
        if !self.names.origins.contains(&name) {
            let message = format!("there is no origin `{name}`");
            let help = suggest::help(name, "origins", self.names.origins.iter().copied());
            self.report
                .add(Finding::new(UNKNOWN_ORIGIN, path, span, message).help(help));
        }
    }

    /// The routes.
    pub(super) fn routes(&mut self, document: &Table<'_>) -> Vec<Route> {
        let path = Path::Root.key("routes");
        elements(document, "routes")
            .enumerate()
            .filter_map(|(index, node)| self.route(document, node, path.index(index)))
            .collect()
    }

    fn route(&mut self, document: &Table<'_>, node: &Node<'_>, path: Path<'_>) -> Option<Route> {
        let table = node.get_ref().as_table()?;
        let host = text(table, "host").map_or("", |(host, node)| {
            self.check_host(host, path.key("host"), node.span());
            host
        });
        let pattern = text(table, "path").map_or("", |(pattern, node)| {
            self.check_path(pattern, path.key("path"), node.span());
            pattern
        });
        let flag = text(table, "flag").map_or("", |(flag, node)| {
            if !self.names.flags.contains_key(flag) {
                let message = format!("there is no flag `{flag}`");
                let help = suggest::help(flag, "flags", self.names.flag_keys());
                let path = path.key("flag");
                self.report
                    .add(Finding::new(UNKNOWN_FLAG, path, node.span(), message).help(help));
            }
            flag
        });
        self.check_purpose(table, node, path);
        let names = self.names;
        let owner = Owner {
            key: flag,
            variants: names.flags.get(flag).map(Vec::as_slice).unwrap_or_default(),
            default: "",
        };
        let variants_path = path.key("variants");
        let mut variants = Vec::new();
        for (name, node) in entries(table, "variants") {
            let Some(action) = node.get_ref().as_table() else {
                continue;
            };
            let path = variants_path.key(name.get_ref());
            if names.flags.contains_key(flag) {
                self.variant(name.get_ref(), owner, path, name.span());
            }
            variants.push((
                name.get_ref().to_string(),
                self.action(action, pattern, path),
            ));
        }
        let flags = table
            .get("flags")
            .map(|_| self.flag_list(document, table, "flags", path));
        Some(Route {
            host: host.to_owned(),
            path: pattern.to_owned(),
            flag: flag.to_owned(),
            variants,
            flags,
            repeat: self.repeat(table, path),
            harm: self.harm(table, path),
        })
    }

    /// A route lets a flag act, or narrows what requests see.
    fn check_purpose(&mut self, table: &Table<'_>, node: &Node<'_>, path: Path<'_>) {
        let (flag, variants) = (table.contains_key("flag"), table.get("variants"));
        if let (Some(harm), false) = (table.get("harm"), flag) {
            let message = "`harm` by which flag?";
            self.report.add(
                Finding::new(IDLE_ROUTE, path.key("harm"), harm.span(), message)
                    .help("name the flag whose variants are compared: `flag = \"…\"`".to_owned()),
            );
        }
        let finding = match variants {
            Some(variants) if !flag => Finding::new(
                IDLE_ROUTE,
                path.key("variants"),
                variants.span(),
                "`variants` of which flag?",
            )
            .help("name the flag that acts: `flag = \"…\"`".to_owned()),
            None if !flag && !table.contains_key("flags") => {
                Finding::new(IDLE_ROUTE, path, node.span(), "this route does nothing").help(
                    "give it `flag` and `variants`, or `flags` to narrow what its requests see"
                        .to_owned(),
                )
            }
            _ => return,
        };
        self.report.add(finding);
    }

    pub(super) fn check_host(&mut self, host: &str, path: Path<'_>, span: Range<usize>) {
        let name = host.strip_prefix("*.").unwrap_or(host);
        let good = !name.is_empty()
            && name.split('.').all(|label| !label.is_empty())
            && name.bytes().all(|byte| {
                byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-._".contains(&byte)
            });
        if !good && !host.is_empty() {
            let message = format!("`{host}` is not a host pattern");
            self.report.add(
                Finding::new(BAD_PATTERN, path, span, message).help(
                    "a host in small letters without scheme and port, such as `shop.example` or `*.shop.example`"
                        .to_owned(),
                ),
            );
        }
    }

    pub(super) fn check_path(&mut self, pattern: &str, path: Path<'_>, span: Range<usize>) {
        let stars = pattern.matches('*').count();
        let message = if !pattern.starts_with('/') {
            "a path begins with `/`"
        } else if stars > 1 || (stars == 1 && !pattern.ends_with("/*")) {
            "`*` stands only at the end, behind a `/`"
        } else if pattern.contains(['?', '#'])
            || pattern.contains(|c: char| c.is_ascii_whitespace())
        {
            "a path pattern has no query, fragment or blank"
        } else if parameters(pattern).any(|name| !is_parameter(name)) {
            "a parameter is a whole segment, `:` and a name of letters, digits and `_`"
        } else if (0..).zip(parameters(pattern)).any(|(place, name)| {
            let mut before = parameters(pattern).take(place);
            before.any(|other| other == name)
        }) {
            "each parameter has a name of its own"
        } else {
            return;
        };
        self.report.add(
            Finding::new(BAD_PATTERN, path, span, message)
                .help("for example `/checkout/*` or `/products/:id`".to_owned()),
        );
    }

    fn action(&mut self, table: &Table<'_>, pattern: &str, path: Path<'_>) -> Action {
        let origin = text(table, "origin").map_or("", |(origin, node)| {
            self.origin(origin, path.key("origin"), node.span());
            origin
        });
        let rewrite = text(table, "rewrite").map_or("", |(rewrite, node)| {
            self.check_rewrite(rewrite, pattern, path.key("rewrite"), node.span());
            rewrite
        });
        Action {
            origin: origin.to_owned(),
            rewrite: rewrite.to_owned(),
            request_headers: self.headers(table, "request_headers", path),
            response_headers: self.headers(table, "response_headers", path),
            cookies: self.cookies(table, path),
        }
    }

    fn check_rewrite(&mut self, rewrite: &str, pattern: &str, path: Path<'_>, span: Range<usize>) {
        let target = rewrite
            .split_once('?')
            .map_or(rewrite, |(target, _)| target);
        let unknown =
            parameters(target).find(|name| !parameters(pattern).any(|known| known == *name));
        let message = if !rewrite.starts_with('/') {
            "a path begins with `/`".to_owned()
        } else if rewrite.contains('#') || rewrite.contains(|c: char| c.is_ascii_whitespace()) {
            "a path has no fragment or blank".to_owned()
        } else if target.matches('*').count() > 1 {
            "`*` stands only once in a rewrite".to_owned()
        } else if target.contains('*') && !pattern.contains('*') {
            "`*` stands for what the route's path took, and that has no `*`".to_owned()
        } else if let Some(name) = unknown {
            format!("the route's path has no parameter `:{name}`")
        } else {
            return;
        };
        self.report
            .add(Finding::new(BAD_PATTERN, path, span, message));
    }

    fn headers(&mut self, table: &Table<'_>, key: &str, path: Path<'_>) -> Vec<(String, String)> {
        let path = path.key(key);
        let mut headers = Vec::new();
        for (name, node) in entries(table, key) {
            let path = path.key(name.get_ref());
            let Some(value) = node.get_ref().as_str() else {
                continue;
            };
            let lower = name.get_ref().to_ascii_lowercase();
            if !is_token(&lower) {
                let message = format!("`{lower}` cannot be the name of a header");
                self.report
                    .add(Finding::new(BAD_NAME, path, name.span(), message));
            }
            if RESERVED_HEADERS.contains(&lower.as_str()) || lower.starts_with("flagstone-") {
                let message = format!("`{lower}` is not for routes to set");
                let help = (lower == "set-cookie")
                    .then(|| "use `cookies = { name = \"value\" }`".to_owned());
                self.report
                    .add(Finding::new(RESERVED_NAME, path, name.span(), message).help(help));
            }
            if !value.bytes().all(|byte| (b' '..=b'~').contains(&byte)) || value.trim() != value {
                let message = "values of headers are printable ASCII without blanks around";
                self.report
                    .add(Finding::new(BAD_VALUE, path, node.span(), message));
            }
            if headers.iter().any(|(known, _)| *known == lower) {
                let message = format!("`{lower}` is set twice: names of headers have no case");
                self.report
                    .add(Finding::new(BAD_NAME, path, name.span(), message));
            }
            headers.push((lower, value.to_owned()));
        }
        headers
    }

    fn cookies(&mut self, table: &Table<'_>, path: Path<'_>) -> Vec<(String, String)> {
        let path = path.key("cookies");
        let mut cookies = Vec::new();
        for (name, node) in entries(table, "cookies") {
            let path = path.key(name.get_ref());
            let Some(value) = node.get_ref().as_str() else {
                continue;
            };
            if !is_token(name.get_ref()) {
                let message = format!("`{}` cannot be the name of a cookie", name.get_ref());
                self.report
                    .add(Finding::new(BAD_NAME, path, name.span(), message));
            }
            if name
                .get_ref()
                .to_ascii_lowercase()
                .starts_with("__host-flagstone")
            {
                let message = format!("`{}` is not for routes to set", name.get_ref());
                self.report
                    .add(Finding::new(RESERVED_NAME, path, name.span(), message));
            }
            if !value
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && !b"\",;\\".contains(&byte))
            {
                let message = "values of cookies are printable ASCII without blanks, quotes, `,`, `;` and `\\`";
                self.report
                    .add(Finding::new(BAD_VALUE, path, node.span(), message));
            }
            cookies.push((name.get_ref().to_string(), value.to_owned()));
        }
        cookies
    }
}

/// Names of the parameters of a path.
fn parameters(path: &str) -> impl Iterator<Item = &str> {
    path.split('/')
        .filter_map(|segment| segment.strip_prefix(':'))
}

fn is_parameter(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The whole number under a key, which the grammar has found to be in its range.
fn integer(table: &Table<'_>, key: &str) -> Option<u32> {
    match table.get(key)?.get_ref() {
        DeValue::Integer(number) => u32::from_str_radix(number.as_str(), number.radix()).ok(),
        _ => None,
    }
}
