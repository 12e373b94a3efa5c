//! What is decided: the workload of the published comparisons, of any size.
//!
//! Of ten flags four are on or off, three are rollouts, two have three clauses and a rollout, one asks about a segment of
//! 1,000 keys; there is a segment for a hundred flags.

use anyhow::{Context, Result};
use flagstone_compile::compile;
use flagstone_compile::model::{
    Action, Condition, Edge, Expose, Flag, Identity, Matcher, Model, Order, Origin, Route, Rule,
    Scalar, Segment, Serve, Share, Source, Split, TARGETING_KEY, Test, Value, Variant,
};
use flagstone_core::Weight;

/// Keys in a segment.
pub const MEMBERS: u32 = 1_000;

/// The four kinds of flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Without rules.
    OnOff,
    /// A share of everybody.
    Rollout,
    /// A country in 12 of 16, a version at least, an e-mail's ending; and a share of those.
    Clauses,
    /// Whoever is in a segment.
    Segment,
}

const KINDS: [Kind; 10] = [
    Kind::OnOff,
    Kind::Rollout,
    Kind::Clauses,
    Kind::OnOff,
    Kind::Rollout,
    Kind::Segment,
    Kind::OnOff,
    Kind::Rollout,
    Kind::Clauses,
    Kind::OnOff,
];
const COUNTRIES: [&str; 16] = [
    "AU", "BR", "CA", "DE", "ES", "FR", "GB", "IN", "IT", "JP", "KR", "MX", "NL", "PL", "SE", "US",
];
const WORDS: [&str; 16] = [
    "checkout", "payment", "search", "banner", "profile", "invoice", "export", "import", "editor",
    "mobile", "desktop", "cache", "router", "pricing", "signup", "login",
];

/// The kind of a flag.
pub fn kind(index: u32) -> Kind {
    let kind = KINDS.get(index as usize % KINDS.len()).copied();
    kind.unwrap_or(Kind::OnOff)
}

/// The key of a flag.
pub fn key(index: u32) -> String {
    let [a, b, c] = [0, 1, 2].map(|part| pick(&WORDS, mixed(index, part)));
    format!("{a}-{b}-{c}-{index:04x}")
}

/// Somebody of 256 visitors.
pub struct User {
    pub key: String,
    pub country: &'static str,
    pub version: String,
    pub email: String,
}

impl User {
    pub fn new(index: u32) -> Self {
        let number = |part: u32| mixed(index, 16 + part);
        let host = if number(0) % 100 < 85 { "corp" } else { "mail" };
        let (a, b) = (pick(&WORDS, number(1)), pick(&WORDS, number(2)));
        Self {
            key: name(index),
            country: pick(&COUNTRIES, number(3)),
            version: format!(
                "{}.{}.{}",
                1 + number(4) % 9,
                number(5) % 20,
                number(6) % 30
            ),
            email: format!("{a}.{b}{}@{host}.example", number(7) % 100),
        }
    }
}

/// A snapshot of so many flags.
pub fn bytes(flags: u32) -> Result<Vec<u8>> {
    let segments = (flags / 100).max(1);
    let model = Model {
        flags: (0..flags).map(|index| flag(index, segments)).collect(),
        segments: (0..segments).map(|index| segment(index, MEMBERS)).collect(),
        edge: edge(),
        ..Model::default()
    };
    written(&model)
}

/// Everybody is sent to a new release, which has a fallback; it and the browser are told five flags of all kinds.
fn edge() -> Edge {
    let pair = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
    let told: Vec<String> = [0, 1, 2, 3, 5].map(key).into();
    let canary = Action {
        origin: "canary".to_owned(),
        request_headers: pair("x-release", "2"),
        response_headers: pair("x-release", "2"),
        cookies: pair("release", "2"),
        ..Action::default()
    };
    let read = |name: &str, header: &str| (name.to_owned(), Source::Header(header.to_owned()));
    Edge {
        identity: Identity {
            sources: vec![Source::Cookie("uid".to_owned())],
            ..Identity::default()
        },
        attributes: vec![
            read("geo.country", "x-country"),
            read("app.version", "x-version"),
            read("user.email", "x-email"),
        ],
        origins: vec![Origin {
            name: "canary".to_owned(),
            fallback: Some("stable".to_owned()),
            ..Origin::default()
        }],
        routes: vec![Route {
            path: "/*".to_owned(),
            flag: key(0),
            variants: vec![("on".to_owned(), canary)],
            ..Route::default()
        }],
        expose: Expose {
            browser: told.clone(),
            origin: told,
            ..Expose::default()
        },
        ..Edge::default()
    }
}

/// A model as a snapshot.
pub fn written(model: &Model) -> Result<Vec<u8>> {
    let compiled = compile(model);
    let findings = compiled.findings;
    compiled.snapshot.with_context(|| format!("{findings:?}"))
}

fn name(index: u32) -> String {
    format!("u-{:08x}{:08x}", mixed(index, 32), mixed(index, 33))
}

/// A segment: of the first 256 users every second, and others.
pub fn segment(index: u32, members: u32) -> Segment {
    let visitors = (0..256).filter(|user| mixed(*user, 64 + index).is_multiple_of(2));
    let others = 1_000 + index * members;
    let keys = visitors.chain(others..).take(members as usize);
    Segment {
        key: format!("segment-{index}"),
        by: TARGETING_KEY.to_owned(),
        included: keys.map(name).collect(),
        excluded: vec![].into(),
        when: Condition::Any(vec![]),
    }
}

fn flag(index: u32, segments: u32) -> Flag {
    let variant = |key: &str, on| Variant {
        key: key.to_owned(),
        value: Value::Boolean(on),
    };
    let test = |name: &str, matcher| Condition::Test(Test::attribute(name, matcher));
    let number = |part: u32| mixed(index, 3 + part);
    let rule = |when, serve| Rule {
        name: String::new(),
        when,
        serve,
    };
    let rollout = || {
        Serve::Split(Split {
            by: TARGETING_KEY.to_owned(),
            shares: vec![(
                "on".to_owned(),
                Share::Fixed(Weight((1 + number(0) % 99) * 10_000)),
            )],
            reserve: vec![],
        })
    };
    let mut is_on = false;
    let rules = match kind(index) {
        Kind::OnOff => {
            is_on = index.is_multiple_of(2);
            vec![]
        }
        Kind::Rollout => vec![rule(Condition::All(vec![]), rollout())],
        Kind::Clauses => {
            let mut countries = COUNTRIES.to_vec();
            for part in 0..4 {
                countries.swap_remove(number(1 + part) as usize % countries.len());
            }
            let countries = countries
                .into_iter()
                .map(|country| Scalar::Text(country.to_owned()));
            let version = format!("{}.{}.0", 1 + number(5) % 2, number(6) % 10);
            let when = Condition::All(vec![
                test("geo.country", Matcher::OneOf(countries.collect())),
                test(
                    "app.version",
                    Matcher::SemVer(Order::GreaterOrEqual, version),
                ),
                test("user.email", Matcher::EndsWith("@corp.example".to_owned())),
            ]);
            vec![rule(when, rollout())]
        }
        Kind::Segment => {
            let segment = format!("segment-{}", number(0) % segments);
            let when = Condition::Test(Test::Segment(segment));
            vec![rule(when, Serve::Variant("on".to_owned()))]
        }
    };
    Flag {
        key: key(index),
        variants: vec![variant("off", false), variant("on", true)],
        default: Some(if is_on { "on" } else { "off" }.to_owned()),
        enabled: true,
        expires: None,
        prerequisites: vec![],
        rules,
    }
}

fn pick(from: &[&'static str], number: u32) -> &'static str {
    let picked = from.get(number as usize % from.len().max(1));
    picked.copied().unwrap_or_default()
}

/// A number that looks like chance, the same on every run.
fn mixed(index: u32, part: u32) -> u32 {
    let mut number = (u64::from(index) << 32 | u64::from(part)).wrapping_add(0x9e37_79b9_7f4a_7c15);
    for _ in 0..2 {
        number = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        number ^= number >> 27;
    }
    (number >> 32) as u32
}
