//! Nodes that read the cut of a snapshot do as nodes do that read all of it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use flagstone_compile::model::{Action, Anonymous, Edge, Identity, Ofrep, Origin, Route, Source};
use flagstone_compile::{Model, compile, cut};
use flagstone_core::{Snapshot, UnixMillis};
use flagstone_edge::{Asked, Fetched, GeoField, Need, Node, Options, RequestHead};
use flagstone_tests::oracle;
use flagstone_tests::random::Random;
use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr};

/// Models that are tried; of most of them something is left out.
const MODELS: u64 = 1_000;
/// Contexts that each is tried with, and requests.
const CONTEXTS: usize = 6;
const REQUESTS: usize = 8;
const KEY: &str = "a key for programs";

/// Attributes of the models and the headers that they come from.
const HEADERS: [(&str, &str); 6] = [
    ("user.email", "x-email"),
    ("user.plan", "x-plan"),
    ("user.name", "x-name"),
    ("user.age", "x-age"),
    ("user.beta", "x-beta"),
    ("app.version", "x-version"),
];

/// Names some of a model's flags in each of the ways in which requests can ask for them.
fn edge(random: &mut Random, model: &Model) -> Edge {
    let rng = random.rng();
    let mut some = |share: u32| -> Vec<String> {
        let flags = model.flags.iter().filter(|_| rng.u32(..share) == 0);
        flags.map(|flag| flag.key.clone()).collect()
    };
    let (browser, origin) = (some(4), some(4));
    let (acting, narrow) = (some(5), some(3));
    let mut edge = Edge {
        identity: Identity {
            sources: vec![Source::Header("x-user".to_owned())],
            anonymous: Some(Anonymous {
                cookie: "__Host-id".to_owned(),
                max_age_seconds: 1000,
            }),
            ..Identity::default()
        },
        attributes: HEADERS
            .map(|(name, header)| (name.to_owned(), Source::Header(header.to_owned())))
            .into(),
        origins: vec![Origin {
            name: "canary".to_owned(),
            fallback: Some("stable".to_owned()),
            ..Origin::default()
        }],
        ofrep: Some(Ofrep {
            public: true,
            ..Ofrep::default()
        }),
        ..Edge::default()
    };
    edge.expose.aliases = browser
        .first()
        .map(|key| (key.clone(), "alias".to_owned()))
        .into_iter()
        .collect();
    edge.expose.browser = browser;
    edge.expose.origin = origin;
    for (index, key) in acting.into_iter().enumerate() {
        let flag = model.flags.iter().find(|flag| flag.key == key).unwrap();
        let action = Action {
            origin: "canary".to_owned(),
            rewrite: format!("/v{index}/*"),
            cookies: vec![(format!("seen-{index}"), "1".to_owned())],
            ..Action::default()
        };
        edge.routes.push(Route {
            path: ["/*", "/a/*"][index % 2].to_owned(),
            variants: vec![(flag.variants.first().unwrap().key.clone(), action)],
            flag: key,
            ..Route::default()
        });
    }
    if rng.u32(..3) == 0 {
        edge.routes.push(Route {
            path: "/a/narrow".to_owned(),
            flags: Some(narrow),
            ..Route::default()
        });
    }
    edge
}

/// A node that has read what is published.
fn node(control: &str, snapshots: &[&[u8]]) -> Node {
    let mut node = Node::new(Options::DEFAULT);
    let mut need = Some(Need::Control);
    while let Some(wanted) = need {
        let key = wanted.key();
        let named =
            |bytes: &&&[u8]| key.ends_with(&Snapshot::open(bytes).unwrap().digest().to_string());
        let fetched = match wanted {
            Need::Control => Fetched::Bytes(control.as_bytes().to_vec()),
            _ => snapshots
                .iter()
                .find(named)
                .map_or(Fetched::Absent, |bytes| Fetched::Bytes(bytes.to_vec())),
        };
        need = node.take(wanted, fetched, UnixMillis(0));
    }
    assert_eq!(node.problem(), None);
    node
}

struct Head {
    method: &'static str,
    path: &'static str,
    headers: Vec<(&'static str, String)>,
}

impl RequestHead for Head {
    fn method(&self) -> &str {
        self.method
    }

    fn scheme(&self) -> &str {
        "https"
    }

    fn host(&self) -> &str {
        "shop.example"
    }

    fn path(&self) -> &str {
        self.path
    }

    fn query(&self) -> Option<&str> {
        None
    }

    fn header(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        let found = self.headers.iter().find(|(other, _)| *other == name);
        found.map(|(_, value)| value.as_bytes().into())
    }

    fn geo(&self, _: GeoField) -> Option<Cow<'_, str>> {
        None
    }

    fn client_ip(&self) -> Option<IpAddr> {
        Some(Ipv4Addr::LOCALHOST.into())
    }
}

fn head(random: &mut Random) -> Head {
    let context = random.context();
    let text = |name: &str| match context.get(name) {
        Some(serde_json::Value::String(text)) => Some(text.clone()),
        Some(other) => Some(other.to_string()),
        None => None,
    };
    let sources = HEADERS.iter().chain([&("user.key", "x-user")]);
    let mut headers: Vec<_> = sources
        .filter_map(|(name, header)| Some((*header, text(name)?)))
        .collect();
    let rng = random.rng();
    if rng.u32(..8) == 0 {
        headers.push(("user-agent", "Googlebot".to_owned()));
    }
    let paths = ["/", "/a/b", "/a/narrow"];
    Head {
        method: "GET",
        path: paths[rng.usize(..paths.len())],
        headers,
    }
}

/// Whether a model has a cut; `None` if it is none, since its routes have too many flags.
fn check(seed: u64) -> Option<bool> {
    let mut random = Random::new(seed);
    let mut model = random.model();
    model.edge = edge(&mut random, &model);
    let part = cut(model.clone());
    let bytes = |model: &Model| {
        let compiled = compile(model);
        if let Some(bytes) = &compiled.snapshot {
            Snapshot::open(bytes).unwrap().verify().unwrap();
        } else {
            let codes = compiled.findings.iter().map(|finding| finding.code);
            let codes: Vec<_> = codes.collect();
            assert!(
                codes.contains(&"too-many-responses"),
                "seed {seed}: {codes:?}"
            );
        }
        compiled.snapshot
    };
    let (whole, less) = (bytes(&model)?, bytes(&part)?);
    let (opened, cut) = (
        Snapshot::open(&whole).unwrap(),
        Snapshot::open(&less).unwrap(),
    );
    assert_eq!(
        part.edge.is_cut,
        opened.digest() != cut.digest(),
        "seed {seed}"
    );

    for _ in 0..CONTEXTS {
        let (context, now, kills) = (random.context(), random.time(), random.kills(&model));
        for flag in &part.flags {
            let of = |snapshot| oracle::compiled(snapshot, &flag.key, &context, now, &kills);
            let plain = oracle::plain(&model, &flag.key, &context, now, &kills);
            assert_eq!(
                (of(cut), of(opened)),
                (plain.clone(), plain),
                "seed {seed}: {}\n{context:#?}\n{model:#?}",
                flag.key
            );
        }
    }

    let kills = serde_json::json!(random.kills(&model));
    let control = |more: &str| {
        let snapshot = opened.digest();
        format!(r#"{{"version":1,"revision":7,"snapshot":"{snapshot}","kills":{kills}{more}}}"#)
    };
    let cuts = format!(r#","cuts":{{"{}":"{}"}}"#, opened.digest(), cut.digest());
    // Only what it should read is there.
    let (all, some) = (
        node(&control(""), &[&whole]),
        node(&control(&cuts), &[&less]),
    );
    let now = random.time();
    for _ in 0..REQUESTS {
        let mut head = head(&mut random);
        let plan = |node: &Node| node.plan(&mut (), &head, now, || [0xa5; 16]);
        assert_eq!(
            plan(&some),
            plan(&all),
            "seed {seed}: {:?}\n{model:#?}",
            head.headers
        );
        (head.method, head.path) = ("POST", "/ofrep/v1/evaluate/flags");
        head.headers.push(("x-api-key", KEY.to_owned()));
        let body = serde_json::json!({ "context": random.context() }).to_string();
        let asked = Asked {
            body: Some(body.as_bytes()),
            key: Some(KEY),
            has_events: true,
            ..Asked::default()
        };
        let answer = |node: &Node| node.answer(&head, &asked, now, || [0xa5; 16]);
        assert_eq!(
            answer(&some),
            answer(&all),
            "seed {seed}: {body}\n{model:#?}"
        );
    }
    Some(part.edge.is_cut)
}

#[test]
fn nodes_that_read_a_cut_do_the_same() {
    let (mut tried, mut cuts) = (0, 0);
    for is_cut in (0..MODELS).filter_map(check) {
        tried += 1;
        cuts += u64::from(is_cut);
    }
    assert!(
        tried > MODELS / 2 && cuts > MODELS / 4 && cuts < tried,
        "{cuts} of {tried} models have a cut"
    );
}
