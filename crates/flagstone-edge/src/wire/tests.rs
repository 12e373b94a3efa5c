#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use super::texts::ABSENT;
use super::{Engine, Outcome, texts};
use crate::desk::Asked;
use crate::edit::Edit;
use crate::fixture::{Head, PARTS, Response, control, everybody, flag, having, model, snapshot};
use crate::head::{GeoField, RequestHead, ResponseHead};
use crate::plan::{Compared, Harm, Pending, Plan, Watched};
use crate::refresh::{Fetched, Need, Node, Options};
use crate::status::{Guard, IdSource, Problem, Status, Why};
use flagstone_compile::model::{Consent, Model, Ofrep, Source};
use flagstone_core::UnixMillis;
use flagstone_core::layout::Statuses;
use flagstone_rollout::tally::Key;
use flagstone_rollout::{Arm, Serve, Share, UnitHash};
use proptest::prelude::*;

const NOW: UnixMillis = UnixMillis(1_800_000_000_000);

/// Reads a message as `worker/wire.mjs` does.
struct Reader {
    numbers: Vec<u32>,
    text: Vec<u8>,
}

impl Reader {
    fn new(message: &[u8]) -> Self {
        let number = |at: usize| u32::from_le_bytes(*message[at..].first_chunk().unwrap());
        let (count, size) = (number(0) as usize, number(4) as usize);
        let text = &message[4 * count..];
        assert_eq!(text.len(), size);
        Self {
            numbers: (2..count).rev().map(|index| number(4 * index)).collect(),
            text: text.to_vec(),
        }
    }

    fn number(&mut self) -> u32 {
        self.numbers.pop().unwrap()
    }

    fn text(&mut self) -> String {
        let len = self.number() as usize;
        String::from_utf8(self.text.drain(..len).collect()).unwrap()
    }

    fn texts(&mut self) -> Vec<String> {
        (0..self.number()).map(|_| self.text()).collect()
    }

    fn edits(&mut self) -> Vec<Edit> {
        let edits = (0..self.number()).map(|_| match self.number() {
            0 => Edit::RemovePrefix(self.text_and_nothing().leak()),
            1 => Edit::Remove(self.text_and_nothing().into()),
            2 => Edit::Set(self.text().into(), self.text()),
            3 => Edit::Append(self.text().into(), self.text()),
            other => panic!("edit of kind {other}"),
        });
        edits.collect()
    }

    fn text_and_nothing(&mut self) -> String {
        let text = self.text();
        assert_eq!(self.text(), "");
        text
    }

    fn end(self) {
        assert_eq!((self.numbers, self.text), (vec![], vec![]));
    }
}

fn write(engine: &mut Engine, texts: &[Option<Vec<u8>>]) {
    let mut bytes = Vec::new();
    for text in texts {
        let len = text.as_ref().map_or(ABSENT, |text| text.len() as u32);
        bytes.extend_from_slice(&len.to_le_bytes());
    }
    bytes.extend(texts.iter().flatten().flatten());
    engine.room(bytes.len())[..bytes.len()].copy_from_slice(&bytes);
}

/// What the engine asks for of a request.
fn request(engine: &mut Engine, head: &Head) -> Vec<Option<Vec<u8>>> {
    let mut asks = Reader::new(engine.asks());
    let query = head
        .query
        .as_ref()
        .map_or(String::new(), |query| format!("?{query}"));
    let url = format!("https://{}{}{query}", head.host, head.path);
    let mut texts = vec![
        Some(head.method.clone().into_bytes()),
        Some(url.into_bytes()),
    ];
    for name in asks.texts() {
        texts.push(head.header(&name).map(Into::into));
    }
    for name in asks.texts() {
        let field = GeoField::parse(&name).unwrap();
        texts.push(head.geo(field).map(|text| text.as_bytes().to_vec()));
    }
    if asks.number() == 1 {
        let address = head.client_ip().unwrap().to_string();
        texts.push(Some(address.into_bytes()));
    }
    assert_eq!(asks.texts(), Pending::ASKS);
    assert_eq!(asks.texts(), Asked::HEADERS);
    asks.end();
    texts
}

/// Shows the engine a request.
fn show(engine: &mut Engine, head: &Head) {
    let texts = request(engine, head);
    write(engine, &texts);
}

/// An engine and a node that hold the snapshot of a model.
fn holding(model: &Model) -> (Engine, Node) {
    let snapshot = snapshot(model);
    let control = control(&snapshot, 7, "");
    let (mut engine, mut node) = (Engine::new(Options::DEFAULT), Node::new(Options::DEFAULT));
    let mut need = Some(Need::Control);
    let mut reader = Reader::new(engine.fetch());
    while reader.number() == 1 {
        let (number, is_immutable, key) = (reader.number(), reader.number(), reader.text());
        let wanted = need.unwrap();
        assert_eq!(
            (&key, is_immutable == 1),
            (&wanted.key(), wanted.is_immutable())
        );
        let value = if key == "control" {
            &control
        } else {
            &snapshot
        };
        engine.room(value.len())[..value.len()].copy_from_slice(value);
        reader = Reader::new(engine.take(number, Outcome::Bytes(value.len()), NOW));
        need = node.take(wanted, Fetched::Bytes(value.clone()), NOW);
    }
    reader.end();
    assert_eq!(need, None);
    (engine, node)
}

/// The engine does what the node does that sees all of the request.
fn check(model: &Model, head: &Head, response: &Response) {
    let (mut engine, node) = holding(model);
    engine.random().fill(0xa5);
    let mut drawn = false;
    let expected = node.plan(&mut (), head, NOW, || {
        drawn = true;
        [0xa5; 16]
    });
    show(&mut engine, head);
    let mut plan = Reader::new(engine.first(NOW).unwrap());
    assert_eq!(plan.number() == 1, drawn);
    Told::read(&mut plan, &expected);
    plan.end();
    show(&mut engine, head);
    let mut plan = Reader::new(engine.serve(NOW).unwrap());
    assert_eq!(plan.number(), 0, "nothing to fetch");
    assert_eq!(plan.number() == 1, drawn);
    let first = Told::read(&mut plan, &expected);
    plan.end();
    let mut attempts = vec![];
    if let Some(fallback) = &expected.fallback {
        assert_eq!(first.fallback, 2, "it is planned when it is needed");
        let mut texts = request(&mut engine, head);
        texts.push(Some(first.pending.clone().into_bytes()));
        write(&mut engine, &texts);
        let mut plan = Reader::new(engine.fallback(NOW).unwrap());
        let second = Told::read(&mut plan, fallback);
        plan.end();
        assert_eq!(second.fallback, 0);
        attempts.push((&**fallback, second));
    }
    attempts.push((&expected, first));
    // Or both at once.
    show(&mut engine, head);
    let mut plan = Reader::new(engine.plan(NOW).unwrap());
    plan.number();
    for (expected, _) in attempts.iter().rev() {
        let told = Told::read(&mut plan, expected);
        assert_eq!(told.fallback == 1, expected.fallback.is_some());
    }
    plan.end();
    for (expected, told) in attempts {
        let Told {
            pending,
            edits,
            asked,
            ..
        } = told;
        check_response(&mut engine, expected, &pending, edits, asked, response);
    }
}

/// What is told of an attempt, and not compared yet.
struct Told {
    pending: String,
    edits: Vec<Edit>,
    asked: u32,
    fallback: u32,
}

impl Told {
    fn read(reader: &mut Reader, expected: &Plan) -> Self {
        assert_eq!(reader.text(), expected.origin);
        assert_eq!(reader.text(), expected.path_and_query);
        assert_eq!(reader.text(), expected.cache_key);
        let pending = reader.text();
        assert_eq!(reader.edits(), expected.request_edits);
        let (edits, asked) = (reader.edits(), reader.number());
        assert_eq!(reader.number(), expected.timeout_ms);
        assert_eq!(reader.number(), u32::from(expected.is_told));
        reader.number();
        reader.number();
        Self {
            pending,
            edits,
            asked,
            fallback: reader.number(),
        }
    }
}

fn check_response(
    engine: &mut Engine,
    expected: &Plan,
    pending: &str,
    mut edits: Vec<Edit>,
    asked: u32,
    response: &Response,
) {
    let mut element = String::new();
    let text = |text: &str| Some(text.as_bytes().to_vec());
    let status = response.status.to_string();
    let headers = Pending::ASKS.into_iter().enumerate().map(|(bit, name)| {
        let value = response.header(name).filter(|_| asked >> bit & 1 == 1);
        value.map(Into::into)
    });
    let headers: Vec<Option<Vec<u8>>> = headers.collect();
    if asked != 0 {
        let texts = [vec![text(pending), text(&status)], headers.clone()].concat();
        write(engine, &texts);
        let mut reader = Reader::new(engine.respond().unwrap());
        edits.extend(reader.edits());
        element = reader.text();
        reader.end();
    }
    // Where attempts are told the same comes of it: after a first one, and after the fallback's.
    let first = |outcome| [text(pending), text(outcome), text("5")];
    let after_second = [text(&status), text(pending)];
    for (outcome, second) in [(&*status, [None, None]), ("timeout", after_second)] {
        let texts = [&first(outcome)[..], &second, &[None, None], &headers].concat();
        write(engine, &texts);
        let mut reader = Reader::new(engine.ended(NOW).unwrap());
        assert_eq!(reader.number(), 0, "no fallback is asked");
        reader.number();
        assert!(edits.ends_with(&reader.edits()));
        assert_eq!(reader.text(), element);
        reader.end();
    }
    let changes = expected.respond(response);
    assert_eq!(edits, changes.edits);
    assert_eq!(element, changes.element.unwrap_or_default());

    write(engine, &[Some(pending.as_bytes().to_vec())]);
    let mut reader = Reader::new(engine.unreachable().unwrap());
    let answer = expected.unreachable();
    assert_eq!(reader.number(), u32::from(answer.status));
    assert_eq!(
        (reader.edits(), reader.text()),
        (answer.edits, answer.body.into_owned())
    );
    reader.end();
}

/// A model that reads every part of a request.
fn curious() -> Model {
    let own = ["app.plan", "app.beta"];
    let attributes = own.into_iter().chain(PARTS);
    let sources = vec![
        ("app.plan".to_owned(), Source::Cookie("plan".to_owned())),
        ("app.beta".to_owned(), Source::Header("x-beta".to_owned())),
    ];
    let mut rules: Vec<_> = attributes
        .map(|name| {
            // Each is asked for, since none decides.
            having(&[name, "request.headers.x-never"])
        })
        .collect();
    rules.push(everybody());
    model(
        vec![flag("canary", rules.clone()), flag("wide", rules)],
        sources,
    )
}

#[test]
fn a_request_is_planned_as_by_one_that_sees_all_of_it() {
    let consent = |mut model: Model| {
        model.edge.identity.consent = Some(Consent {
            cookie: "consent".to_owned(),
            value: String::new(),
        });
        model
    };
    let plain = || model(vec![flag("canary", vec![everybody()])], Vec::new());
    let told = |mut model: Model| {
        let expose = &mut model.edge.expose;
        (expose.reasons, expose.values, expose.server_timing) = (true, true, true);
        (expose.script, expose.cookie) = (true, true);
        model.edge.identity.follow_page = true;
        model
    };
    let nothing = model(Vec::new(), Vec::new());
    let heads = [
        Head::get("/", &[]),
        Head::get(
            "/canary/a%20b",
            &[
                ("cookie", "a=1; seen=1; plan=pro"),
                ("x-a", "1"),
                ("x-beta", "2"),
            ],
        ),
        Head {
            query: Some("a=b&a=%zz".to_owned()),
            ..Head::get("/canary/", &[("x-user", "u-117")])
        },
        Head::get(
            "/../canary/./x",
            &[
                ("user-agent", "Googlebot/2.1"),
                ("sec-purpose", "prefetch;prerender"),
            ],
        ),
        Head::get(
            "/canary/",
            &[("sec-gpc", "1"), ("accept-language", "de, en;q=0.5")],
        ),
        Head::get(
            "/canary/",
            &[(
                "cookie",
                "consent=yes; __Host-flagstone=0123456789abcdef0123456789abcdef",
            )],
        ),
        Head::get(
            "/canary/",
            &[
                ("cookie", "name=J\u{f6}rg"),
                ("x-user", "J\u{f6}rg \u{1f600}"),
            ],
        ),
        Head::get("/canary/", &[("sec-fetch-mode", "navigate")]),
        Head::get(
            "/canary/",
            &[
                ("if-range", "Wed, 25 Nov 2026 08:00:00 GMT"),
                ("range", "bytes=5-"),
            ],
        ),
        Head::get("/canary/", &[("accept", "text/html, */*")]),
        Head::get(
            "/canary/",
            &[
                ("sec-fetch-mode", "cors"),
                ("cookie", "__Host-flagstone-page=canary"),
            ],
        ),
    ];
    let responses = [
        Response {
            status: 200,
            headers: vec![],
        },
        Response {
            status: 304,
            headers: vec![("vary", "Accept"), ("cache-control", "public, max-age=60")],
        },
        Response {
            status: 101,
            headers: vec![("vary", "*")],
        },
        Response {
            status: 404,
            headers: vec![("vary", "*"), ("cache-control", "no-store")],
        },
        Response {
            status: 200,
            headers: vec![
                ("content-type", "text/html"),
                ("content-security-policy", "script-src 'nonce-a'"),
                ("server-timing", "db;dur=5, flag-a"),
            ],
        },
        Response {
            status: 200,
            headers: vec![
                ("content-type", "text/html"),
                ("content-disposition", "attachment"),
            ],
        },
    ];
    for model in [
        curious(),
        consent(curious()),
        plain(),
        consent(plain()),
        told(plain()),
        consent(told(curious())),
        nothing,
    ] {
        for head in &heads {
            for response in &responses {
                check(&model, head, response);
            }
        }
    }
}

#[test]
fn bytes_that_are_no_utf8_arrive_as_such() {
    let model = model(
        vec![flag("wide", vec![having(&["request.headers.x-a"])])],
        Vec::new(),
    );
    let (mut engine, _) = holding(&model);
    // As the runtime gives `\xff` in a header.
    show(&mut engine, &Head::get("/", &[("x-a", "a\u{fffd}b")]));
    let mut plan = Reader::new(engine.serve(NOW).unwrap());
    let texts = [
        plan.number().to_string(),
        plan.number().to_string(),
        plan.text(),
        plan.text(),
    ];
    assert_eq!(texts, ["0", "0", "stable", "/"]);
    assert_eq!(plan.text(), "wide=off");
}

#[test]
fn only_what_the_configuration_can_ask_for_is_asked_for() {
    let headers = |model: &Model| {
        let (mut engine, _) = holding(model);
        let mut asks = Reader::new(engine.asks());
        (asks.texts(), asks.texts(), asks.number())
    };
    let without_identity = || {
        let mut model = model(vec![flag("wide", vec![having(&["geo.city"])])], Vec::new());
        model.edge.identity = Default::default();
        model
    };
    let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        headers(&without_identity()),
        (
            names(&[
                "user-agent",
                "sec-purpose",
                "content-length",
                "transfer-encoding",
                "cookie",
                "sec-gpc",
            ]),
            names(&["city"]),
            0
        )
    );
    let all = headers(&curious());
    assert_eq!(
        all.0,
        names(&[
            "user-agent",
            "sec-purpose",
            "cookie",
            "sec-gpc",
            "x-user",
            "x-never",
            "x-beta",
            "accept-language",
            "x-a",
            "content-length",
            "transfer-encoding",
            "if-range",
        ])
    );
    assert_eq!((all.1.len(), all.2), (9, 1));
    let mut empty = Reader::new(Engine::new(Options::DEFAULT).asks()).numbers;
    empty.reverse();
    assert_eq!(empty[..3], [0, 0, 0], "without a configuration, nothing");
}

#[test]
fn a_request_for_the_edge_itself_is_answered() {
    let mut model = model(vec![flag("banner", vec![everybody()])], Vec::new());
    // Planning asks for nothing of what such a request needs.
    model.edge.origins.clear();
    model.edge.identity.anonymous = None;
    model.edge.identity.consent = Some(Consent {
        cookie: "consent".to_owned(),
        value: String::new(),
    });
    model.edge.ofrep = Some(Ofrep {
        public: false,
        cors: vec!["*".to_owned()],
    });
    model.edge.expose.exposures = true;
    let (mut engine, node) = holding(&model);
    let post = |path: &str, headers| Head {
        method: "POST".to_owned(),
        ..Head::get(path, headers)
    };
    let seen =
        r#"{"version":1,"view":"0123456789abcdef","exposures":[{"flag":"banner","variant":"on"}]}"#;
    let consent = ("cookie", "consent=1");
    let ofrep = "/ofrep/v1/evaluate/flags";
    for (head, body, is_limited, has_events) in [
        (
            post(ofrep, &[("x-api-key", "k")]),
            Some(r#"{"context":{"targetingKey":"é"}}"#),
            false,
            true,
        ),
        (
            post(ofrep, &[("x-api-key", "k"), ("if-none-match", "*")]),
            Some("{}"),
            false,
            true,
        ),
        (
            post(ofrep, &[("x-api-key", "other")]),
            Some("{}"),
            false,
            true,
        ),
        (post(ofrep, &[("x-api-key", "k")]), None, false, true),
        (post(ofrep, &[("x-api-key", "k")]), Some("{}"), true, true),
        (
            Head::get("/ofrep/v1/events", &[("x-api-key", "k")]),
            Some(""),
            false,
            true,
        ),
        (
            Head::get("/ofrep/v1/events", &[("x-api-key", "k")]),
            Some(""),
            false,
            false,
        ),
        (
            post("/.flagstone/exposure", &[("x-user", "ada"), consent]),
            Some(seen),
            false,
            true,
        ),
        (
            post("/.flagstone/exposure", &[("sec-gpc", "1"), consent]),
            Some(seen),
            false,
            true,
        ),
        (
            post("/.flagstone/exposure", &[("x-user", "ada")]),
            Some(seen),
            false,
            true,
        ),
        (
            post("/.flagstone/exposure", &[("sec-fetch-site", "none")]),
            Some(seen),
            false,
            true,
        ),
    ] {
        show(&mut engine, &head);
        let mut served = Reader::new(engine.serve(NOW).unwrap());
        assert_eq!((served.number(), served.number()), (0, 2));
        served.end();

        let asked = Asked {
            body: body.map(str::as_bytes),
            key: Some("k"),
            is_limited,
            has_events,
        };
        let expected = node.answer(&head, &asked, NOW, || [0; 16]).unwrap();
        let mut answer = answer(&mut engine, &head, &asked);
        assert_eq!((answer.number(), answer.number()), (0, 0));
        assert_eq!(answer.number(), u32::from(expected.status));
        assert_eq!(answer.edits(), expected.edits);
        assert_eq!(answer.text(), expected.body);
        assert_eq!(answer.texts(), expected.lines);
        answer.end();
    }
}

/// What has come from a cache is no news of the origin, whatever else its cache says of it.
#[test]
fn what_a_cache_has_kept_is_no_harm() {
    let mut model = model(vec![flag("canary", vec![everybody()])], Vec::new());
    model.edge.routes[0].harm.events = vec!["payment-failed".to_owned()];
    for (cache, is_harm) in [
        (None, true),
        (Some("DYNAMIC"), true),
        (Some("MISS"), true),
        (Some("EXPIRED"), true),
        (Some("BYPASS"), true),
        (Some("HIT"), false),
        (Some("STALE"), false),
        (Some("UPDATING"), false),
        // The origin has been asked, and the event may still be the one of before.
        (Some("REVALIDATED"), false),
    ] {
        let (mut engine, _) = holding(&model);
        show(&mut engine, &Head::get("/canary/a", &[("x-user", "ada")]));
        let mut plan = Reader::new(engine.first(NOW).unwrap());
        plan.number();
        let [_, _, _, pending] = [(); 4].map(|()| plan.text());
        let texts = [Some(&*pending), Some("200"), Some("5"), None, None];
        let texts = texts.into_iter().chain([cache, Some("payment-failed")]);
        let texts = texts.chain([None; Pending::ASKS.len()]);
        let texts: Vec<_> = texts.map(|text| text.map(|text| text.into())).collect();
        write(&mut engine, &texts);
        engine.ended(NOW).unwrap();
        let mut reports = Reader::new(engine.reports(UnixMillis(NOW.0 + 60_000)));
        reports.texts();
        let tallies = reports.texts().concat();
        assert_eq!(
            tallies.contains(r#""harms":1"#),
            is_harm,
            "{cache:?}: {tallies}"
        );
        assert!(tallies.contains(r#""requests":1"#), "{cache:?}: {tallies}");
    }
}

/// What the engine answers to a request for the edge itself.
fn answer(engine: &mut Engine, head: &Head, asked: &Asked<'_>) -> Reader {
    let mut texts = request(engine, head);
    texts.extend(Asked::HEADERS.map(|name| head.header(name).map(Into::into)));
    let bit = |is: bool| Some(vec![b'0' + u8::from(is)]);
    texts.extend([
        asked.body.map(<[u8]>::to_vec),
        asked.key.map(|key| key.as_bytes().to_vec()),
        bit(asked.is_limited),
        bit(asked.has_events),
    ]);
    write(engine, &texts);
    Reader::new(engine.answer(NOW).unwrap())
}

/// Anybody can say that there is a later configuration, and to look costs a read of the store.
#[test]
fn nothing_is_fetched_for_who_is_refused() {
    let mut model = model(vec![flag("canary", vec![everybody()])], Vec::new());
    model.edge.ofrep = Some(Ofrep {
        public: false,
        cors: vec!["*".to_owned()],
    });
    let (mut engine, _) = holding(&model);
    for (method, key, is_limited, status, is_behind) in [
        ("POST", "k", false, 200, 1),
        ("POST", "k", true, 429, 0),
        ("POST", "other", false, 401, 0),
        ("OPTIONS", "", true, 204, 0),
    ] {
        let path = "/ofrep/v1/evaluate/flags?flagConfigEtag=%22999-x%22";
        let head = Head {
            method: method.to_owned(),
            ..Head::get(path, &[("x-api-key", key)])
        };
        let asked = Asked {
            body: Some(b"{}"),
            key: Some("k"),
            is_limited,
            has_events: true,
        };
        let mut answer = answer(&mut engine, &head, &asked);
        let found = (answer.number(), answer.number(), answer.number());
        assert_eq!(found, (is_behind, 0, status), "{method} {key}");
    }
}

#[test]
fn a_first_request_fetches_before_it_is_planned() {
    let mut engine = Engine::new(Options::DEFAULT);
    show(&mut engine, &Head::get("/a?b", &[]));
    let mut reply = Reader::new(engine.serve(NOW).unwrap());
    assert_eq!(reply.number(), 2);
    reply.end();
    let mut reader = Reader::new(engine.fetch());
    assert_eq!(reader.number(), 1);
    let need = reader.number();
    let mut reader = Reader::new(engine.take(need, Outcome::Absent, NOW));
    assert_eq!(reader.number(), 0);
    reader.end();
    show(&mut engine, &Head::get("/a?b", &[]));
    let mut plan = Reader::new(engine.first(NOW).unwrap());
    assert_eq!(
        (plan.number(), plan.text(), plan.text()),
        (0, "stable".to_owned(), "/a?b".to_owned())
    );
}

#[test]
fn what_nobody_asked_for_is_not_taken() {
    let mut engine = Engine::new(Options::DEFAULT);
    let mut reader = Reader::new(engine.take(77, Outcome::Bytes(5), NOW));
    assert_eq!(reader.number(), 0);
}

#[test]
fn pending_survives_the_way_as_text() {
    let ids = IdSource::ALL.into_iter().map(Some).chain([None]);
    for id in ids {
        for why in Why::ALL.into_iter().map(Some).chain([None]) {
            for problem in Problem::ALL.iter().copied().map(Some).chain([None]) {
                for (revision, vary) in [(None, ""), (Some(u64::MAX), "cookie, x-a")] {
                    let pending = Pending {
                        status: Status {
                            revision,
                            id,
                            why,
                            problem,
                            guard: Some(Guard::Open).filter(|_| id.is_none()),
                            is_fallback: why.is_none(),
                        },
                        is_private: vary.is_empty(),
                        failures: Statuses::NONE,
                        has_fallback: id.is_some(),
                        watched: match problem {
                            Some(_) => watched(),
                            None => Vec::new(),
                        },
                        goals: None,
                        server_timing: revision
                            .map(|_| "flagstone;desc=\"7;why=bot\", flag-a;desc=\"b\"".to_owned()),
                        script: id.map(|_| "{\"a\":\"b,c;d\"}".to_owned()),
                        vary: vary.to_owned(),
                    };
                    assert_eq!(Pending::parse(&pending.text()), pending);
                }
            }
        }
    }
}

/// Flags of any name, and each side of a comparison.
fn watched() -> Vec<Watched> {
    let key = Key {
        revision: 999_999_999_999_999,
        flag: "a;b,c%d".to_owned(),
        stage: 15,
        variant: String::new(),
        route: "*.shop.example/:näive/*".to_owned(),
    };
    let compared = Compared {
        id: u64::MAX,
        stage: 15,
        share: Share::new(0.1).unwrap(),
        arm: Arm::Canary,
        serve: Serve::Probe,
        is_randomised: true,
        is_prefetch: false,
        is_first: true,
        is_washout: true,
        unit: Some(UnitHash(u32::MAX)),
    };
    let control = Compared {
        arm: Arm::Control,
        serve: Serve::Canary,
        is_randomised: false,
        is_prefetch: true,
        unit: None,
        ..compared
    };
    [None, Some(compared), Some(control)]
        .map(|compared| Watched {
            key: key.clone(),
            is_exposure: compared.is_none(),
            harm: compared.map(|of| Harm {
                statuses: Statuses::CLIENT,
                slower_than_ms: of.stage.into(),
                events: "a.b c".to_owned(),
            }),
            compared,
        })
        .to_vec()
}

proptest! {
    #[test]
    fn texts_end_where_the_bytes_end(bytes: Vec<u8>, count in 0_usize..20) {
        let found = texts(&bytes, count);
        if let Some(found) = found {
            let len: usize = found.iter().flatten().map(|text| text.len()).sum();
            prop_assert!(4 * count + len <= bytes.len());
        }
    }

    #[test]
    fn whatever_is_written_does_no_harm(bytes: Vec<u8>) {
        let (mut engine, _) = holding(&curious());
        let room = engine.room(bytes.len());
        room[..bytes.len()].copy_from_slice(&bytes);
        engine.serve(NOW);
        engine.respond();
        engine.unreachable();
        engine.place(bytes.len());
        engine.take(1, Outcome::Bytes(bytes.len()), NOW);
    }
}

mod documents;
