//! Identity, and the sources of attributes.

use std::collections::BTreeMap;

use flagstone_compile::model::{Anonymous, Consent, Identity, Source, TARGETING_KEY};
use toml::de::DeValue;

use super::Lower;
use crate::code::{BAD_NAME, BAD_SOURCE, RESERVED_ATTRIBUTE};
use crate::document::{Node, Table, boolean, constant, elements, text};
use crate::finding::{Finding, Report};
use crate::names::{Names, canonical, is_attribute, is_fixed, is_token, parse_source};
use crate::path::Path;

const COOKIE: &str = "__Host-flagstone";
const DAYS: u32 = 400;
const SECONDS_A_DAY: u32 = 86_400;
const SOURCES: &str = "sources are:
- `header:NAME`, `cookie:NAME`, `query:NAME`
- `method`, `host`, `path`, `language`, `user_agent`, `bot`, `gpc`, `prefetch`, `client.ip`
- `geo.country`, `geo.region`, `geo.city`, `geo.continent`, `geo.postal_code`, `geo.asn`, `geo.timezone`, `geo.latitude`, `geo.longitude`";

impl Lower<'_> {
    /// Who the visitor is.
    pub(super) fn identity(&mut self, document: &Table<'_>) -> Identity {
        let empty = Table::new();
        let table = document
            .get("identity")
            .and_then(|node| node.get_ref().as_table())
            .unwrap_or(&empty);
        let path = Path::Root.key("identity");
        let sources = elements(table, "sources")
            .enumerate()
            .filter_map(|(index, node)| {
                let source = parse_source(node.get_ref().as_str()?);
                match source {
                    Some(Source::Header(_) | Source::Cookie(_)) => source,
                    _ => {
                        let path = path.key("sources");
                        self.report.add(
                            Finding::new(
                                BAD_SOURCE,
                                path.index(index),
                                node.span(),
                                "not a source of the identity",
                            )
                            .help(
                                "the identity comes from `header:NAME` or `cookie:NAME`".to_owned(),
                            ),
                        );
                        None
                    }
                }
            });
        Identity {
            sources: sources.collect(),
            anonymous: self.anonymous(table, path),
            consent: self.consent(table, path),
            follow_page: boolean(table, "follow_page").unwrap_or(false),
        }
    }

    fn anonymous(&mut self, identity: &Table<'_>, path: Path<'_>) -> Option<Anonymous> {
        let standard = Anonymous {
            cookie: COOKIE.to_owned(),
            max_age_seconds: DAYS * SECONDS_A_DAY,
        };
        let table = match identity.get("anonymous").map(|node| node.get_ref()) {
            Some(DeValue::Boolean(false)) => return None,
            Some(DeValue::Table(table)) => table,
            _ => return Some(standard),
        };
        let path = path.key("anonymous");
        let cookie = text(table, "cookie").map_or(COOKIE, |(cookie, node)| {
            if !cookie.strip_prefix("__Host-").is_some_and(is_token) {
                let message = format!("`{cookie}` cannot be the name of this cookie");
                self.report.add(
                    Finding::new(BAD_NAME, path.key("cookie"), node.span(), message).help(
                        "it begins with `__Host-`, which keeps other hosts from setting it"
                            .to_owned(),
                    ),
                );
            }
            cookie
        });
        let days = table
            .get("max_age_days")
            .and_then(|node| constant(node.get_ref()));
        let days = days.map_or(DAYS, |days| days as u32).min(DAYS);
        Some(Anonymous {
            cookie: cookie.to_owned(),
            max_age_seconds: days * SECONDS_A_DAY,
        })
    }

    fn consent(&mut self, identity: &Table<'_>, path: Path<'_>) -> Option<Consent> {
        let (source, node) = text(identity, "consent")?;
        let (source, value) = source.split_once('=').unwrap_or((source, ""));
        if let Some(Source::Cookie(cookie)) = parse_source(source) {
            return Some(Consent {
                cookie,
                value: value.to_owned(),
            });
        }
        self.report.add(
            Finding::new(
                BAD_SOURCE,
                path.key("consent"),
                node.span(),
                "not a source of consent",
            )
            .help("consent comes from `cookie:NAME` or `cookie:NAME=VALUE`".to_owned()),
        );
        None
    }
}

/// The attributes of `[context]` and their sources.
pub(super) fn context(document: &Table<'_>, report: &mut Report) -> BTreeMap<String, Source> {
    let mut sources = BTreeMap::new();
    each(document, |name, node, path| {
        let finding = if name == TARGETING_KEY {
            Finding::new(
                RESERVED_ATTRIBUTE,
                path,
                node.span(),
                "`user.key` has its sources in `[identity]`",
            )
            .help("for example `sources = [\"cookie:uid\"]` under `[identity]`".to_owned())
        } else if is_fixed(&name) {
            let message = format!("the source of `{name}` is fixed");
            Finding::new(RESERVED_ATTRIBUTE, path, node.span(), message)
                .help("conditions can use it without an entry here".to_owned())
        } else if !is_attribute(&name) {
            let message = format!("`{name}` is not the name of an attribute");
            Finding::new(BAD_NAME, path, node.span(), message)
                .help("names have parts between dots, such as `user.email`".to_owned())
        } else {
            match node.get_ref().as_str().map(parse_source) {
                Some(Some(_)) if sources.contains_key(&name) => {
                    let message = format!("`{name}` has another source already");
                    Finding::new(BAD_SOURCE, path, node.span(), message)
                        .help("with and without quotes, the name is the same".to_owned())
                }
                Some(Some(source)) => {
                    sources.insert(name, source);
                    return;
                }
                Some(None) => Finding::new(BAD_SOURCE, path, node.span(), "not a source")
                    .help(SOURCES.to_owned()),
                None => return,
            }
        };
        report.add(finding);
    });
    sources
}

/// The attributes of `[context]` in the order of the file.
pub(super) fn in_file_order(document: &Table<'_>, names: &Names<'_>) -> Vec<(String, Source)> {
    let mut attributes = Vec::new();
    each(document, |name, _, _| {
        attributes.extend(
            names
                .context
                .get(&name)
                .map(|source| (name, source.clone())),
        );
    });
    attributes
}

/// Goes through `[context]`; dotted keys without quotes, which TOML reads as tables, are put together again.
fn each<'a>(document: &'a Table<'_>, mut visit: impl FnMut(String, &'a Node<'a>, Path<'_>)) {
    if let Some(table) = document
        .get("context")
        .and_then(|node| node.get_ref().as_table())
    {
        let is_short = document.contains_key("source");
        each_below("", table, is_short, Path::Root.key("context"), &mut visit);
    }
}

fn each_below<'a>(
    prefix: &str,
    table: &'a Table<'_>,
    is_short: bool,
    path: Path<'_>,
    visit: &mut impl FnMut(String, &'a Node<'a>, Path<'_>),
) {
    for (key, node) in table {
        let path = path.key(key.get_ref());
        match node.get_ref() {
            DeValue::Table(table) => {
                each_below(
                    &format!("{prefix}{}.", key.get_ref()),
                    table,
                    is_short,
                    path,
                    visit,
                );
            }
            _ => visit(attribute(prefix, key.get_ref(), is_short), node, path),
        }
    }
}

/// The attribute that an entry of `[context]` is about. Among a service's attributes, those of the user need not say so.
pub(crate) fn attribute(prefix: &str, key: &str, is_short: bool) -> String {
    let name = format!("{prefix}{key}");
    match is_short && !name.contains(['.', '[']) {
        true => canonical(&format!("user.{name}")),
        false => canonical(&name),
    }
}
