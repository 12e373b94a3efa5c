//! Requests and configurations for the tests of several modules.
#![allow(clippy::unwrap_used, reason = "tests")]

use crate::configuration::Configuration;
use crate::control::Control;
use crate::edit::Edit;
use crate::head::{GeoField, RequestHead, ResponseHead};
use crate::refresh::LEAST_KEPT;
use flagstone_compile::model::{
    Action, Anonymous, Condition, Edge, Expose, Flag, FlagSource, Identity, Matcher, Model, Origin,
    Route, Rule, SdkKind, Serve, ServiceKind, Share, Source, Split, Test, Value, Variant,
};
use flagstone_compile::{compile, model};
use flagstone_core::{Snapshot, Weight};
use std::borrow::Cow;
use std::cell::RefCell;
use std::net::IpAddr;

/// A request, which notes what it was asked for.
#[derive(Debug, Default)]
pub(crate) struct Head {
    pub method: String,
    pub host: String,
    pub path: String,
    pub query: Option<String>,
    pub headers: Vec<(String, Vec<u8>)>,
    pub asked: RefCell<Vec<String>>,
}

impl Head {
    pub fn get(path: &str, headers: &[(&str, &str)]) -> Self {
        Self {
            method: "GET".to_owned(),
            host: "shop.example".to_owned(),
            path: path.to_owned(),
            headers: headers
                .iter()
                .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
                .collect(),
            ..Self::default()
        }
    }
}

impl RequestHead for Head {
    fn method(&self) -> &str {
        &self.method
    }

    fn scheme(&self) -> &str {
        "https"
    }

    fn host(&self) -> &str {
        &self.host
    }

    fn path(&self) -> &str {
        &self.path
    }

    fn query(&self) -> Option<&str> {
        self.query.as_deref()
    }

    fn header(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        self.asked.borrow_mut().push(name.to_owned());
        let found = self.headers.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.as_slice().into())
    }

    fn geo(&self, field: GeoField) -> Option<Cow<'_, str>> {
        self.asked.borrow_mut().push(format!("{field:?}"));
        Some("1".into())
    }

    fn client_ip(&self) -> Option<IpAddr> {
        self.asked.borrow_mut().push("client".to_owned());
        Some([192, 0, 2, 1].into())
    }
}

/// A response without a body.
pub(crate) struct Response {
    pub status: u16,
    pub headers: Vec<(&'static str, &'static str)>,
}

impl ResponseHead for Response {
    fn status(&self) -> u16 {
        self.status
    }

    fn header(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        let found = self.headers.iter().find(|(other, _)| *other == name);
        found.map(|(_, value)| value.as_bytes().into())
    }
}

/// The value that edits give to a header that was not there.
pub(crate) fn header<'e>(edits: &'e [Edit], name: &str) -> Option<&'e str> {
    edits.iter().rev().find_map(|edit| match edit {
        Edit::Set(other, value) | Edit::Append(other, value) if other == name => {
            Some(value.as_str())
        }
        _ => None,
    })
}

/// A flag `off`/`on` with rules.
pub(crate) fn flag(key: &str, rules: Vec<Rule>) -> Flag {
    let variant = |key: &str, on| Variant {
        key: key.to_owned(),
        value: Value::Boolean(on),
    };
    Flag {
        key: key.to_owned(),
        variants: vec![variant("off", false), variant("on", true)],
        default: Some("off".to_owned()),
        enabled: true,
        expires: None,
        prerequisites: Vec::new(),
        rules,
    }
}

/// A rule that gives everybody with a key the variant `on`.
pub(crate) fn everybody() -> Rule {
    share(Share::Fixed(Weight::TOTAL))
}

/// A rule that gives a share of those with a key the variant `on`.
pub(crate) fn share(share: Share) -> Rule {
    Rule {
        name: String::new(),
        when: Condition::always(),
        serve: Serve::Split(Split {
            by: model::TARGETING_KEY.to_owned(),
            shares: vec![("on".to_owned(), share)],
            reserve: Vec::new(),
        }),
    }
}

/// A rule that gives `on` to whoever has these attributes, of any value.
pub(crate) fn having(attributes: &[&str]) -> Rule {
    let exists = |name: &&str| Condition::Test(Test::attribute(name.to_string(), Matcher::Exists));
    Rule {
        name: String::new(),
        when: Condition::All(attributes.iter().map(exists).collect()),
        serve: Serve::Variant("on".to_owned()),
    }
}

/// A model of these flags, all of them exposed, with an anonymous id, and a canary route for the flag `canary`.
pub(crate) fn model(flags: Vec<Flag>, attributes: Vec<(String, Source)>) -> Model {
    let keys: Vec<String> = flags.iter().map(|flag| flag.key.clone()).collect();
    let canary = Action {
        origin: "canary".to_owned(),
        rewrite: "/v2/*".to_owned(),
        cookies: vec![("seen".to_owned(), "1".to_owned())],
        ..Action::default()
    };
    let route = Route {
        path: "/canary/*".to_owned(),
        flag: "canary".to_owned(),
        variants: vec![("on".to_owned(), canary)],
        ..Route::default()
    };
    Model {
        edge: Edge {
            identity: Identity {
                sources: vec![Source::Header("x-user".to_owned())],
                anonymous: Some(Anonymous {
                    cookie: "__Host-flagstone".to_owned(),
                    max_age_seconds: 60,
                }),
                consent: None,
                follow_page: false,
            },
            attributes,
            origins: vec![Origin {
                name: "canary".to_owned(),
                fallback: Some("stable".to_owned()),
                ..Origin::default()
            }],
            routes: if keys.iter().any(|key| key == "canary") {
                vec![route]
            } else {
                Vec::new()
            },
            goals: Vec::new(),
            expose: Expose {
                browser: keys.clone(),
                origin: keys,
                ..Expose::default()
            },
            ofrep: None,
            source: None,
            is_cut: false,
        },
        flags,
        segments: Vec::new(),
        plans: Vec::new(),
    }
}

/// Its snapshot.
pub(crate) fn snapshot(model: &Model) -> Vec<u8> {
    let compiled = compile(model);
    assert!(compiled.snapshot.is_some(), "{:?}", compiled.findings);
    compiled.snapshot.unwrap()
}

/// A compiler that takes documents that are snapshots themselves.
pub(crate) fn as_it_is(_: &[u8], document: &[u8]) -> Option<Vec<u8>> {
    Snapshot::open(document).ok()?;
    Some(document.to_vec())
}

/// A snapshot whose flags are in the document `flags`.
pub(crate) fn framed() -> Vec<u8> {
    framed_by("flags")
}

/// A snapshot whose flags are in a document of this key.
pub(crate) fn framed_by(key: &str) -> Vec<u8> {
    let mut frame = model(vec![flag("a", Vec::new())], Vec::new());
    frame.edge.source = Some(FlagSource {
        service: ServiceKind::LaunchDarkly,
        sdk: SdkKind::Node,
        key: key.to_owned(),
    });
    snapshot(&frame)
}

/// A document that is long enough to be kept once it is compiled.
pub(crate) fn long() -> Vec<u8> {
    let flags = (0..2_000).map(|number| flag(&format!("flag-{number}"), Vec::new()));
    let flags = std::iter::once(flag("a", vec![everybody()])).chain(flags);
    let document = snapshot(&model(flags.collect(), Vec::new()));
    assert!(document.len() >= LEAST_KEPT);
    document
}

/// A control document for a snapshot.
pub(crate) fn control(bytes: &[u8], revision: u64, kills: &str) -> Vec<u8> {
    let digest = Snapshot::open(bytes).unwrap().digest();
    format!(r#"{{"version":1,"revision":{revision},"snapshot":"{digest}","kills":{{{kills}}}}}"#)
        .into_bytes()
}

/// Both together.
pub(crate) fn configuration(model: &Model) -> Configuration {
    let bytes = snapshot(model);
    let control = Control::read(&control(&bytes, 7, "")).unwrap();
    Configuration::new(bytes, control, None).unwrap()
}

/// Every part of a request that has a name of its own.
pub(crate) const PARTS: [&str; 21] = [
    "request.method",
    "request.host",
    "request.path",
    "request.language",
    "request.user_agent",
    "request.bot",
    "request.gpc",
    "request.prefetch",
    "request.headers.x-a",
    "request.cookies.a",
    "request.query.a",
    "geo.country",
    "geo.region",
    "geo.city",
    "geo.continent",
    "geo.postal_code",
    "geo.asn",
    "geo.timezone",
    "geo.latitude",
    "geo.longitude",
    "client.ip",
];
