//! From the snapshot of a file with a source back to what it says about the edge.

use crate::model::{
    Action, Anonymous, Consent, Edge, Expose, FlagSource, GeoField, Goal, Harm, Identity, Ofrep,
    Origin, Route, Source,
};
use flagstone_core::layout::{
    ActionRecord, EdgeRecord, GoalRecord, HarmRecord, IndexRecord, NONE, NONE16, OriginRecord,
    PairRecord, RepeatKind, RouteRecord, SdkKind, Section, ServiceKind, SourceKind, SourceRecord,
    Statuses, switch,
};
use flagstone_core::{AttributeIndex, Flag, FlagIndex, Snapshot};

/// Where the flags of a snapshot are; `None` if they are in it.
pub fn source(snapshot: &Snapshot<'_>) -> Option<FlagSource> {
    let edge = snapshot.record::<EdgeRecord>(Section::Edge, 0)?;
    let service = ServiceKind::from_code(edge.service)?;
    (service != ServiceKind::None).then_some(FlagSource {
        service,
        sdk: SdkKind::from_code(edge.sdk)?,
        key: snapshot
            .text(edge.document_offset, edge.document_len.into())?
            .to_owned(),
    })
}

/// What a snapshot says about the edge, as the model that it was compiled from said it. Sources of attributes are those
/// that the snapshot kept: all of them, if it has a [`source`].
///
/// `None` if the bytes make no sense.
pub fn read_edge(snapshot: &Snapshot<'_>) -> Option<Edge> {
    let frame = Frame(*snapshot);
    let edge = snapshot.record::<EdgeRecord>(Section::Edge, 0)?;
    let records = |first, count| snapshot.records::<IndexRecord>(Section::Indices, first, count);
    let is_on = |switch| edge.switches & switch != 0;
    let keys = |first, count| {
        records(first, count)
            .map(|index| frame.flag_key(index.index))
            .collect::<Option<Vec<String>>>()
    };
    let origins: Vec<OriginRecord> = snapshot.records(Section::Origins, 0, NONE).collect();
    let origin_name = |index: u16| {
        let origin = origins.get(usize::from(index))?;
        frame.text(origin.name_offset, origin.name_len.into())
    };
    let sources = snapshot
        .records::<SourceRecord>(Section::Sources, edge.sources, edge.sources_count.into())
        .map(|record| {
            let name = frame.text(record.name_offset, record.name_len.into())?;
            decode(SourceKind::from_code(record.kind)?, name)
        });
    let anonymous = frame.text(edge.cookie_offset, edge.cookie_len.into())?;
    let consent = frame.text(edge.consent_offset, edge.consent_len.into())?;
    let identity = Identity {
        sources: sources.collect::<Option<_>>()?,
        anonymous: (!anonymous.is_empty()).then_some(Anonymous {
            cookie: anonymous,
            max_age_seconds: edge.max_age,
        }),
        consent: match consent.is_empty() {
            true => None,
            false => Some(Consent {
                cookie: consent,
                value: frame.text(edge.consent_value_offset, edge.consent_value_len.into())?,
            }),
        },
        follow_page: is_on(switch::FOLLOW_PAGE),
    };
    let attributes = (1..snapshot.attribute_count()).filter_map(|index| {
        let attribute = snapshot.attribute(AttributeIndex(index))?;
        let source = decode(attribute.source, attribute.source_name.to_owned())?;
        Some((attribute.name.to_owned(), source))
    });
    let named_origins = origins.iter().map(|origin| {
        Some(Origin {
            name: frame.text(origin.name_offset, origin.name_len.into())?,
            fallback: match origin.fallback {
                NONE16 => None,
                fallback => Some(origin_name(fallback)?),
            },
            timeout_ms: origin.timeout,
            failures: Statuses {
                client: origin.client_failures,
                server: origin.server_failures,
            },
        })
    });
    let routes = snapshot
        .records::<RouteRecord>(Section::Routes, 0, NONE)
        .map(|record| {
            Some(Route {
                host: frame.text(record.host_offset, record.host_len.into())?,
                path: frame.text(record.path_offset, record.path_len.into())?,
                flag: match record.flag {
                    NONE => String::new(),
                    flag => frame.flag_key(flag)?,
                },
                variants: match record.flag {
                    NONE => Vec::new(),
                    flag => frame.actions(FlagIndex(flag), record.actions, &origin_name)?,
                },
                flags: match record.flags_count {
                    NONE => None,
                    count => Some(keys(record.flags, count)?),
                },
                repeat: RepeatKind::from_code(record.repeat)?,
                harm: match record.harm {
                    NONE16 => Harm::default(),
                    index => frame.harm(index)?,
                },
            })
        });
    let goals = snapshot
        .records::<GoalRecord>(Section::Goals, 0, NONE)
        .map(|goal| {
            Some(Goal {
                name: frame.text(goal.name_offset, goal.name_len.into())?,
                host: frame.text(goal.host_offset, goal.host_len.into())?,
                path: frame.text(goal.path_offset, goal.path_len.into())?,
                method: frame.text(goal.method_offset, goal.method_len.into())?,
                event: frame.text(goal.event_offset, goal.event_len.into())?,
            })
        });
    Some(Edge {
        identity,
        attributes: attributes.collect(),
        origins: named_origins.collect::<Option<_>>()?,
        routes: routes.collect::<Option<_>>()?,
        goals: goals.collect::<Option<_>>()?,
        expose: Expose {
            browser: keys(edge.browser, edge.browser_count)?,
            origin: keys(edge.origin, edge.origin_count)?,
            reasons: is_on(switch::REASONS),
            values: is_on(switch::VALUES),
            server_timing: is_on(switch::SERVER_TIMING),
            script: is_on(switch::SCRIPT),
            cookie: is_on(switch::COOKIE),
            exposures: is_on(switch::EXPOSURES),
            budget: edge.budget,
            aliases: frame.pairs(edge.aliases, edge.aliases_count)?,
        },
        ofrep: match is_on(switch::OFREP) {
            true => Some(Ofrep {
                public: is_on(switch::OFREP_PUBLIC),
                cors: origins_of(&frame.text(edge.cors_offset, edge.cors_len.into())?),
            }),
            false => None,
        },
        source: source(snapshot),
        is_cut: is_on(switch::CUT),
    })
}

fn origins_of(text: &str) -> Vec<String> {
    text.split_ascii_whitespace().map(str::to_owned).collect()
}

struct Frame<'s>(Snapshot<'s>);

impl Frame<'_> {
    fn text(&self, offset: u32, len: u32) -> Option<String> {
        self.0.text(offset, len).map(str::to_owned)
    }

    fn flag_key(&self, index: u32) -> Option<String> {
        self.0
            .flag(FlagIndex(index))
            .map(|flag| flag.key().to_owned())
    }

    /// What counts as harm.
    fn harm(&self, index: u16) -> Option<Harm> {
        let record: HarmRecord = self.0.record(Section::Harms, index.into())?;
        let events = self
            .0
            .text(record.events_offset, record.events_len.into())?;
        Some(Harm {
            statuses: Statuses {
                client: record.client_statuses,
                server: record.server_statuses,
            },
            slower_than_ms: record.slower_than,
            events: events.split_ascii_whitespace().map(str::to_owned).collect(),
        })
    }

    /// Names and values.
    fn pairs(&self, first: u32, count: u16) -> Option<Vec<(String, String)>> {
        let pairs = self.0.records(Section::Pairs, first, count.into());
        pairs
            .map(|pair: PairRecord| {
                Some((
                    self.text(pair.name_offset, pair.name_len.into())?,
                    self.text(pair.value_offset, pair.value_len.into())?,
                ))
            })
            .collect()
    }

    /// Variant key and action of all variants that do something.
    fn actions(
        &self,
        flag: FlagIndex,
        first: u32,
        origin: &impl Fn(u16) -> Option<String>,
    ) -> Option<Vec<(String, Action)>> {
        let flag: Flag<'_> = self.0.flag(flag)?;
        let mut actions = Vec::new();
        for (variant, index) in flag.variants().zip(first..=u32::MAX) {
            let record = self.0.record::<ActionRecord>(Section::Actions, index)?;
            let action = Action {
                origin: match record.origin {
                    NONE16 => String::new(),
                    index => origin(index)?,
                },
                rewrite: self.text(record.rewrite_offset, record.rewrite_len.into())?,
                request_headers: self
                    .pairs(record.request_headers, record.request_headers_count)?,
                response_headers: self
                    .pairs(record.response_headers, record.response_headers_count)?,
                cookies: self.pairs(record.cookies, record.cookies_count)?,
            };
            if action != Action::default() {
                actions.push((variant.key().to_owned(), action));
            }
        }
        Some(actions)
    }
}

/// A source as the model says it; `None` if it is none.
fn decode(kind: SourceKind, name: String) -> Option<Source> {
    Some(match kind {
        SourceKind::Header => Source::Header(name),
        SourceKind::Cookie => Source::Cookie(name),
        SourceKind::Query => Source::Query(name),
        SourceKind::Method => Source::Method,
        SourceKind::Host => Source::Host,
        SourceKind::Path => Source::Path,
        SourceKind::Language => Source::Language,
        SourceKind::UserAgent => Source::UserAgent,
        SourceKind::Bot => Source::Bot,
        SourceKind::Gpc => Source::Gpc,
        SourceKind::Prefetch => Source::Prefetch,
        SourceKind::ClientIp => Source::ClientIp,
        SourceKind::Random => Source::Random,
        kind => return GeoField::of(kind).map(Source::Geo),
    })
}
