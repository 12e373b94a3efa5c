//! Identity, exposure, origins and routes.

use super::Writer;
use super::reads::code;
use crate::finding::Finding;
use crate::model::{Action, Edge, Goal, Harm, Route, Source};
use crate::sort::sorted;
use flagstone_core::layout::{
    ActionRecord, EdgeRecord, GoalRecord, HarmRecord, NONE, NONE16, OriginRecord, PairRecord,
    RouteRecord, Section, SourceRecord, switch,
};
use flagstone_core::layout::{SdkKind, ServiceKind};

/// The name of the origin that always is.
const STABLE: &str = "stable";

impl<'m> Writer<'m> {
    pub(super) fn edge(&mut self) {
        self.origins();
        self.identity_and_exposure();
        let model = self.model;
        if model.edge.source.is_some() {
            // Only the document will tell which of them are read.
            for (name, _) in &model.edge.attributes {
                self.attribute(name, "/context");
            }
        }
        for (index, route) in model.edge.routes.iter().enumerate() {
            self.route(route, &text!("/routes/{index}"));
        }
        for goal in &model.edge.goals {
            self.goal(goal);
        }
    }

    fn goal(&mut self, goal: &Goal) {
        let path = text!("/goals/{}", goal.name);
        let (name_offset, name_len) = self.short_text(&goal.name, &path);
        let (host_offset, host_len) = self.short_text(&goal.host, &path);
        let (path_offset, path_len) = self.short_text(&goal.path, &path);
        let (method_offset, method_len) = self.short_text(&goal.method, &path);
        let (event_offset, event_len) = self.short_text(&goal.event, &path);
        self.tables.push(
            Section::Goals,
            &GoalRecord {
                name_offset,
                host_offset,
                path_offset,
                method_offset,
                event_offset,
                name_len,
                host_len,
                path_len,
                method_len,
                event_len,
                reserved: 0,
            },
        );
    }

    fn origins(&mut self) {
        let names = self.origin_names();
        if self.small(names.len(), "origins", "/origins") == 0 {
            return;
        }
        for (index, name) in names.iter().enumerate() {
            let path = text!("/origins/{name}");
            let given = self
                .model
                .edge
                .origins
                .iter()
                .find(|origin| origin.name == *name);
            let fallback = given.and_then(|origin| origin.fallback.as_deref());
            let fallback = match fallback
                .map(|fallback| (fallback, names.iter().position(|of| *of == fallback)))
            {
                Some((_, Some(place))) if place != index => place as u16,
                Some((fallback, _)) => {
                    self.error(
                        "unknown-origin",
                        &path,
                        text!("`{fallback}` is no other origin"),
                    );
                    NONE16
                }
                None => NONE16,
            };
            let failures = given.map(|origin| origin.failures).unwrap_or_default();
            let (name_offset, name_len) = self.short_text(name, &path);
            self.tables.push(
                Section::Origins,
                &OriginRecord {
                    name_offset,
                    name_len,
                    fallback,
                    timeout: given.map_or(0, |origin| origin.timeout_ms),
                    client_failures: failures.client,
                    server_failures: failures.server,
                },
            );
        }
    }

    /// `stable`, then the others.
    fn origin_names(&self) -> Vec<&'m str> {
        let given = self
            .model
            .edge
            .origins
            .iter()
            .map(|origin| origin.name.as_str());
        std::iter::once(STABLE)
            .chain(given.filter(|name| *name != STABLE))
            .collect()
    }

    fn identity_and_exposure(&mut self) {
        let edge = &self.model.edge;
        let sources = self.tables.count(Section::Sources);
        for (index, source) in edge.identity.sources.iter().enumerate() {
            let path = text!("/identity/sources/{index}");
            if !matches!(source, Source::Header(_) | Source::Cookie(_)) {
                self.findings.push(
                    Finding::error("invalid-identity", &path, "cannot identify a visitor")
                        .help("`header:NAME` or `cookie:NAME`"),
                );
            }
            let (kind, name) = code(source);
            let (name_offset, name_len) = self.short_text(&name, &path);
            self.tables.push(
                Section::Sources,
                &SourceRecord {
                    name_offset,
                    name_len,
                    kind: kind as u16,
                },
            );
        }
        let anonymous = edge.identity.anonymous.as_ref();
        let (cookie_offset, cookie_len) = self.short_text(
            anonymous.map_or("", |anonymous| &anonymous.cookie),
            "/identity/anonymous",
        );
        let consent = edge.identity.consent.as_ref();
        let (consent_offset, consent_len) = self.short_text(
            consent.map_or("", |consent| &consent.cookie),
            "/identity/consent",
        );
        let (consent_value_offset, consent_value_len) = self.short_text(
            consent.map_or("", |consent| &consent.value),
            "/identity/consent",
        );
        let source = edge.source.as_ref();
        let (document_offset, document_len) =
            self.short_text(source.map_or("", |source| &source.key), "/source");
        let (browser, browser_count) = self.flag_list(&edge.expose.browser, "/expose/browser");
        let (origin, origin_count) = self.flag_list(&edge.expose.origin, "/expose/origin");
        let (aliases, aliases_count) = self.pairs(&edge.expose.aliases, "/expose/aliases");
        let cors = edge.ofrep.as_ref().map(|ofrep| ofrep.cors.join(" "));
        let (cors_offset, cors_len) = self.short_text(&cors.unwrap_or_default(), "/ofrep/cors");
        let sources_count = edge.identity.sources.len();
        let sources_count = self.small(sources_count, "sources", "/identity/sources");
        let record = EdgeRecord {
            sources,
            cookie_offset,
            cookie_len,
            sources_count,
            max_age: anonymous.map_or(0, |anonymous| anonymous.max_age_seconds),
            consent_offset,
            consent_value_offset,
            consent_len,
            consent_value_len,
            browser,
            browser_count,
            origin,
            origin_count,
            service: source.map_or(ServiceKind::None, |source| source.service) as u16,
            sdk: source.map_or(SdkKind::Node, |source| source.sdk) as u16,
            document_offset,
            document_len,
            switches: switches(edge),
            aliases,
            aliases_count,
            budget: edge.expose.budget,
            cors_offset,
            cors_len,
        };
        self.tables.push(Section::Edge, &record);
    }

    /// Writes a list of flags in ascending order of their keys.
    fn flag_list(&mut self, keys: &[String], path: &str) -> (u32, u32) {
        let keys = sorted(keys.iter().map(String::as_str).collect());
        let first = self.tables.count(Section::Indices);
        for key in keys {
            if let Some((slot, _)) = self.flag_of(key, path) {
                self.tables.push_index(Section::Indices, slot);
            }
        }
        (first, self.tables.count(Section::Indices) - first)
    }

    fn route(&mut self, route: &'m Route, path: &str) {
        let (host_offset, host_len) = self.short_text(&route.host, path);
        let (path_offset, path_len) = self.short_text(&route.path, path);
        let (flags, flags_count) = match &route.flags {
            Some(keys) => self.flag_list(keys, &text!("{path}/flags")),
            None => (0, NONE),
        };
        let (flag, actions) = if route.flag.is_empty() {
            (NONE, NONE)
        } else {
            self.actions(route, path)
        };
        let harm = self.harm(&route.harm, &text!("{path}/harm"));
        let record = RouteRecord {
            host_offset,
            path_offset,
            host_len,
            path_len,
            flag,
            actions,
            flags,
            flags_count,
            repeat: route.repeat as u16,
            harm,
        };
        self.tables.push(Section::Routes, &record);
    }

    /// Writes what counts as harm, if anything does.
    fn harm(&mut self, harm: &Harm, path: &str) -> u16 {
        if *harm == Harm::default() {
            return NONE16;
        }
        let (events_offset, events_len) = self.short_text(&harm.events.join(" "), path);
        let index = self.tables.count(Section::Harms);
        self.tables.push(
            Section::Harms,
            &HarmRecord {
                slower_than: harm.slower_than_ms,
                client_statuses: harm.statuses.client,
                server_statuses: harm.statuses.server,
                events_offset,
                events_len,
                reserved: 0,
            },
        );
        self.small(index as usize, "routes with a `harm` of their own", path)
    }

    /// Writes an action for each variant of the route's flag.
    fn actions(&mut self, route: &'m Route, path: &str) -> (u32, u32) {
        let Some((slot, flag)) = self.flag_of(&route.flag, &text!("{path}/flag")) else {
            return (NONE, NONE);
        };
        for (key, _) in &route.variants {
            self.variant_of(flag, key, &text!("{path}/variants/{key}"));
        }
        let idle = Action::default();
        let records: Vec<ActionRecord> = flag
            .variants
            .iter()
            .map(|variant| {
                let given = route.variants.iter().find(|(key, _)| *key == variant.key);
                let path = text!("{path}/variants/{}", variant.key);
                self.action(given.map_or(&idle, |(_, action)| action), &path)
            })
            .collect();
        let first = self.tables.count(Section::Actions);
        for record in &records {
            self.tables.push(Section::Actions, record);
        }
        (slot, first)
    }

    fn action(&mut self, action: &Action, path: &str) -> ActionRecord {
        let origin = match self
            .origin_names()
            .iter()
            .position(|name| *name == action.origin)
        {
            _ if action.origin.is_empty() => NONE16,
            Some(place) => place as u16,
            None => {
                let known = super::quoted(&self.origin_names());
                let message = text!("there is no origin `{}`", action.origin);
                let path = text!("{path}/origin");
                self.findings.push(
                    Finding::error("unknown-origin", path, message)
                        .help(text!("there are {known}")),
                );
                NONE16
            }
        };
        let (rewrite_offset, rewrite_len) =
            self.short_text(&action.rewrite, &text!("{path}/rewrite"));
        let headers = action.request_headers.iter().cloned();
        let (visitors, own): (Vec<_>, Vec<_>) = headers.partition(|(name, _)| is_visitors(name));
        let (request_headers, own_headers_count) = self.pairs(&own, path);
        self.pairs(&visitors, path);
        let request_headers_count = self.small(own.len() + visitors.len(), "headers", path);
        let (response_headers, response_headers_count) = self.pairs(&action.response_headers, path);
        let (cookies, cookies_count) = self.pairs(&action.cookies, path);
        ActionRecord {
            rewrite_offset,
            request_headers,
            response_headers,
            cookies,
            rewrite_len,
            request_headers_count,
            response_headers_count,
            cookies_count,
            origin,
            own_headers_count,
        }
    }

    fn pairs(&mut self, pairs: &[(String, String)], path: &str) -> (u32, u16) {
        let first = self.tables.count(Section::Pairs);
        for (name, value) in pairs {
            let (name_offset, name_len) = self.short_text(name, path);
            let (value_offset, value_len) = self.short_text(value, path);
            self.tables.push(
                Section::Pairs,
                &PairRecord {
                    name_offset,
                    value_offset,
                    name_len,
                    value_len,
                },
            );
        }
        (first, self.small(pairs.len(), "headers", path))
    }
}

/// Whether browsers send a header of their own accord. What a visitor sends of these stays where no variant sets it.
fn is_visitors(header: &str) -> bool {
    const NAMES: &str = "accept accept-charset accept-encoding accept-language authorization \
        content-encoding content-language content-type date dnt from if-match if-modified-since \
        if-none-match if-range if-unmodified-since origin pragma prefer priority range referer \
        save-data traceparent tracestate upgrade-insecure-requests user-agent";
    // No script of a page can send these.
    header.starts_with("sec-") || NAMES.split_ascii_whitespace().any(|name| name == header)
}

/// The bits of what is switched on.
fn switches(edge: &Edge) -> u16 {
    [
        (edge.expose.reasons, switch::REASONS),
        (edge.expose.values, switch::VALUES),
        (edge.expose.server_timing, switch::SERVER_TIMING),
        (edge.expose.script, switch::SCRIPT),
        (edge.expose.cookie, switch::COOKIE),
        (edge.identity.follow_page, switch::FOLLOW_PAGE),
        (edge.ofrep.is_some(), switch::OFREP),
        (
            edge.ofrep.as_ref().is_some_and(|ofrep| ofrep.public),
            switch::OFREP_PUBLIC,
        ),
        (edge.expose.exposures, switch::EXPOSURES),
        (edge.is_cut, switch::CUT),
    ]
    .into_iter()
    .filter_map(|(is_on, bit)| is_on.then_some(bit))
    .sum()
}
