#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use crate::answer::Answer;
use crate::configuration::Configuration;
use crate::desk::{Asked, answer, desk};
use crate::fixture::{Head, configuration, everybody, flag, having, header, model};
use crate::status::Problem;
use flagstone_compile::model::{Model, Ofrep, Source};
use flagstone_core::UnixMillis;
use serde_json::{Value, json};

const KEY: &str = "s3cret";

/// `a` is split by the targeting key, `b` is for those with a plan, `c` for those from anywhere; browsers get `a` and `c`.
fn shop(ofrep: Ofrep) -> Configuration {
    configuration(&shop_model(ofrep))
}

fn shop_model(ofrep: Ofrep) -> Model {
    let flags = vec![
        flag("a", vec![everybody()]),
        flag("b", vec![having(&["user.plan"])]),
        flag("c/d", vec![having(&["geo.country"])]),
    ];
    let plan = Source::Cookie("plan".to_owned());
    let mut model = model(flags, vec![("user.plan".to_owned(), plan)]);
    model.edge.expose.browser.retain(|key| key != "b");
    model.edge.ofrep = Some(ofrep);
    model
}

fn public() -> Ofrep {
    Ofrep {
        public: true,
        cors: Vec::new(),
    }
}

fn ask(configuration: &Configuration, path: &str, head: &[(&str, &str)], body: &str) -> Answer {
    ask_despite(None, configuration, path, head, body)
}

fn ask_despite(
    problem: Option<Problem>,
    configuration: &Configuration,
    path: &str,
    head: &[(&str, &str)],
    body: &str,
) -> Answer {
    let mut request = Head::get(path, head);
    request.method = "POST".to_owned();
    let asked = Asked {
        body: Some(body.as_bytes()),
        key: Some(KEY),
        ..Asked::default()
    };
    let now = UnixMillis(1_795_376_100_000);
    answer(configuration, problem, &request, &asked, now, &mut || None).unwrap()
}

fn value(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).unwrap()
}

const SHOWN: (&str, &str) = ("authorization", "Bearer s3cret");
const FLAGS: &str = "/ofrep/v1/evaluate/flags";

#[test]
fn a_server_asks_for_one_flag() {
    let shop = shop(Ofrep::default());
    let on = |key: &str, reason: &str| json!({"key": key, "reason": reason, "variant": "on", "value": true, "metadata": {"version": 7}});
    let off = |key: &str| json!({"key": key, "reason": "UNKNOWN", "variant": "off", "value": false, "metadata": {"version": 7}});
    let ada = r#"{"context":{"targetingKey":"ada"}}"#;
    let wrong = |key: &str, code: &str| json!({"key": key, "errorCode": code});
    for (key, body, status, expected) in [
        ("a", ada, 200, on("a", "SPLIT")),
        (
            "a",
            r#"{"context":{"user":{"key":"ada"}}}"#,
            200,
            on("a", "SPLIT"),
        ),
        (
            "a",
            r#"{"context":{}}"#,
            400,
            wrong("a", "TARGETING_KEY_MISSING"),
        ),
        ("a", "{}", 400, wrong("a", "TARGETING_KEY_MISSING")),
        ("b", "{}", 200, off("b")),
        (
            "b",
            r#"{"context":{"plan":"pro"}}"#,
            200,
            on("b", "TARGETING_MATCH"),
        ),
        (
            "b",
            r#"{"context":{"user":{"plan":"pro"}}}"#,
            200,
            on("b", "TARGETING_MATCH"),
        ),
        (
            "b",
            r#"{"context":{"user.plan":null,"plan":1}}"#,
            200,
            on("b", "TARGETING_MATCH"),
        ),
        // Where the server stands says nothing about whom it asks for.
        ("c%2Fd", "{}", 200, off("c/d")),
        (
            "c/d",
            r#"{"context":{"geo":{"country":"DE"}}}"#,
            200,
            on("c/d", "TARGETING_MATCH"),
        ),
        ("e", ada, 404, wrong("e", "FLAG_NOT_FOUND")),
        ("", ada, 404, wrong("", "FLAG_NOT_FOUND")),
        ("a", "", 400, wrong("a", "PARSE_ERROR")),
        (
            "a",
            r#"{"context":{"targetingKey":"ada"}"#,
            400,
            wrong("a", "PARSE_ERROR"),
        ),
        ("a", r#"{"context":nope}"#, 400, wrong("a", "PARSE_ERROR")),
        ("a", "[]", 400, wrong("a", "INVALID_CONTEXT")),
        ("a", r#"{"context":[]}"#, 400, wrong("a", "INVALID_CONTEXT")),
        (
            "a",
            r#"{"context":{"targetingKey":7}}"#,
            400,
            wrong("a", "INVALID_CONTEXT"),
        ),
    ] {
        let answer = ask(&shop, &format!("{FLAGS}/{key}"), &[SHOWN], body);
        let mut found = value(&answer);
        if status != 200 {
            let details = found.as_object_mut().unwrap().remove("errorDetails");
            assert!(
                details.is_some_and(|details| details.is_string()),
                "{key} {body}"
            );
        }
        assert_eq!((answer.status, found), (status, expected), "{key} {body}");
        assert_eq!(
            header(&answer.edits, "content-type"),
            Some("application/json")
        );
        assert_eq!(header(&answer.edits, "cache-control"), Some("no-store"));
        assert_eq!(
            header(&answer.edits, "flagstone-status"),
            Some("flagstone; rev=7")
        );
    }
}

#[test]
fn names_lead_into_lists() {
    for (name, context, is_there) in [
        (r#"user.tags["0"]"#, r#"{"tags":["a"]}"#, true),
        (r#"user.tags["0"]"#, r#"{"user":{"tags":["a"]}}"#, true),
        (
            r#"user.tags["0"]"#,
            r#"{"user":{"tags":[]},"tags":["a"]}"#,
            true,
        ),
        (r#"user.tags["0"]"#, r#"{"tags":{"0":"a"}}"#, true),
        (r#"user.tags["0"]"#, r#"{"tags":[]}"#, false),
        (r#"user.tags["0"]"#, r#"{"tags":[null]}"#, false),
        (r#"user.tags["0"]"#, r#"{"tags":"a"}"#, false),
        (r#"user.tags["00"]"#, r#"{"tags":["a"]}"#, false),
        ("user.tags.length", r#"{"tags":[]}"#, true),
        ("user.tags.length", r#"{"tags":"a"}"#, false),
        (
            r#"user.items["1"].sku"#,
            r#"{"items":[0,{"sku":"x"}]}"#,
            true,
        ),
    ] {
        let mut model = model(vec![flag("a", vec![having(&[name])])], Vec::new());
        model.edge.ofrep = Some(Ofrep::default());
        let body = format!("{{\"context\":{context}}}");
        let answer = ask(&configuration(&model), FLAGS, &[SHOWN], &body);
        let expected = if is_there { "a=on" } else { "a=off" };
        assert_eq!(variants(&answer), [expected], "{name} in {context}");
    }
}

#[test]
fn an_answer_says_what_is_wrong_with_the_configuration() {
    let shop = shop(Ofrep::default());
    for (problem, expected) in [
        (None, "flagstone; rev=7"),
        (
            Some(Problem::ControlUnreachable),
            r#"flagstone; rev=7; stale; error="control-unreachable""#,
        ),
    ] {
        let answer = ask_despite(problem, &shop, FLAGS, &[SHOWN], "{}");
        assert_eq!(header(&answer.edits, "flagstone-status"), Some(expected));
    }
}

#[test]
fn problems_of_a_body_have_a_place() {
    let nested = |depth: usize| {
        [
            "{\"context\":{\"a\":",
            &"[".repeat(depth),
            &"]".repeat(depth),
            "}}",
        ]
        .concat()
    };
    let shop = shop(Ofrep::default());
    for (body, details) in [
        (
            "{\"context\":\n x}",
            "the body is not JSON: problem at line 2 column 2; at most 32 levels deep",
        ),
        (
            &nested(31),
            "the body is nested more than 32 deep at line 1 column 47; at most 32 levels deep",
        ),
        ("[]", "the body must be an object, `{\"context\": {}}`"),
    ] {
        let answer = ask(&shop, FLAGS, &[SHOWN], body);
        assert_eq!(
            (answer.status, &value(&answer)["errorDetails"]),
            (400, &json!(details))
        );
    }
    assert_eq!(ask(&shop, FLAGS, &[SHOWN], &nested(30)).status, 200);
    let mut request = Head::get(FLAGS, &[SHOWN]);
    request.method = "POST".to_owned();
    let asked = Asked {
        key: Some(KEY),
        ..Asked::default()
    };
    let answer = answer(&shop, None, &request, &asked, UnixMillis(0), &mut || None).unwrap();
    assert_eq!(
        (answer.status, &value(&answer)["errorCode"]),
        (400, &json!("PARSE_ERROR"))
    );
}

/// Each flag's key with its variant, or with the code of its error.
fn variants(answer: &Answer) -> Vec<String> {
    let flags = value(answer)["flags"].as_array().unwrap().clone();
    let text = |flag: &Value, name: &str| flag[name].as_str().map(str::to_owned);
    let variant = |flag: &Value| text(flag, "variant").or(text(flag, "errorCode"));
    let named = |flag: &Value| [text(flag, "key").unwrap(), variant(flag).unwrap()].join("=");
    flags.iter().map(named).collect()
}

#[test]
fn who_asks_gets_what_is_theirs() {
    let ada = r#"{"context":{"targetingKey":"ada"}}"#;
    let private = shop(Ofrep::default());
    let public = shop(public());
    let all = ["a=on", "b=off", "c/d=off"].as_slice();
    // To visitors it is known where they are.
    let visible = ["a=on", "c/d=on"].as_slice();
    for (shop, head, body, expected) in [
        (&private, vec![SHOWN], ada, Some(all)),
        (&private, vec![("x-api-key", "s3cret")], ada, Some(all)),
        (
            &private,
            vec![("authorization", "bearer  s3cret ")],
            ada,
            Some(all),
        ),
        (&private, vec![], ada, None),
        (&private, vec![("authorization", "Bearer s3cre")], ada, None),
        (&private, vec![("authorization", "Bearer ")], ada, None),
        (
            &private,
            vec![("authorization", "Basic czNjcmV0")],
            ada,
            None,
        ),
        (&private, vec![("x-api-key", "")], ada, None),
        (&public, vec![SHOWN], ada, Some(all)),
        (&public, vec![], ada, Some(visible)),
        // The page lies behind a password.
        (
            &public,
            vec![("authorization", "Basic czNjcmV0")],
            ada,
            Some(visible),
        ),
        (&public, vec![("authorization", "Bearer wrong")], ada, None),
        (&public, vec![("x-user", "ada")], "{}", Some(visible)),
        (
            &public,
            vec![],
            "{}",
            Some(&["a=TARGETING_KEY_MISSING", "c/d=on"]),
        ),
        (
            &public,
            vec![("sec-gpc", "1")],
            "{}",
            Some(&["a=off", "c/d=on"]),
        ),
        (
            &public,
            vec![("user-agent", "Googlebot/2.1")],
            ada,
            Some(&["a=off", "c/d=off"]),
        ),
        (
            &private,
            vec![SHOWN, ("user-agent", "Googlebot/2.1")],
            ada,
            Some(all),
        ),
    ] {
        let answer = ask(shop, FLAGS, &head, body);
        match expected {
            Some(expected) => assert_eq!(variants(&answer), expected, "{head:?} {body}"),
            None => {
                assert_eq!(answer.status, 401, "{head:?}");
                assert_eq!(header(&answer.edits, "www-authenticate"), Some("Bearer"));
            }
        }
    }
    // Where the platform keeps no key none is right, the empty one included.
    for ours in [None, Some("")] {
        let mut request = Head::get(FLAGS, &[("x-api-key", "")]);
        request.method = "POST".to_owned();
        let asked = Asked {
            body: Some(b"{}"),
            key: ours,
            ..Asked::default()
        };
        let answer = answer(&private, None, &request, &asked, UnixMillis(0), &mut || {
            None
        })
        .unwrap();
        assert_eq!(answer.status, 401);
    }
}

#[test]
fn what_a_page_got_is_followed() {
    let mut model = shop_model(public());
    let hint = ("cookie", "__Host-flagstone-page=a&b");
    let ada = r#"{"context":{"targetingKey":"ada"}}"#;
    for (follows, expected) in [(false, "a=on"), (true, "a=off")] {
        model.edge.identity.follow_page = follows;
        let shop = configuration(&model);
        assert_eq!(variants(&ask(&shop, FLAGS, &[hint], ada))[0], expected);
        assert_eq!(variants(&ask(&shop, FLAGS, &[hint, SHOWN], ada))[0], "a=on");
    }
}

#[test]
fn what_has_not_changed_is_not_sent_again() {
    let shop = shop(Ofrep::default());
    let ada = r#"{"context":{"targetingKey":"ada"}}"#;
    let first = ask(&shop, FLAGS, &[SHOWN], ada);
    assert_eq!(value(&first)["metadata"], json!({"version": 7}));
    let tag = header(&first.edits, "etag").unwrap().to_owned();
    let pro = r#"{"context":{"targetingKey":"ada","plan":"pro"}}"#;
    for (had, body, status) in [
        (tag.clone(), ada, 304),
        (format!("W/{tag}"), ada, 304),
        (format!("\"other\", {tag}"), ada, 304),
        ("*".to_owned(), ada, 304),
        ("\"other\"".to_owned(), ada, 200),
        (tag.clone(), pro, 200),
    ] {
        let answer = ask(&shop, FLAGS, &[SHOWN, ("if-none-match", &had)], body);
        assert_eq!(answer.status, status, "{had} {body}");
        assert_eq!(answer.body.is_empty(), status == 304);
        assert_eq!(header(&answer.edits, "etag") == Some(&tag), body == ada);
    }
}

#[test]
fn pages_of_other_origins_may_ask_if_listed() {
    let listed = ["https://app.example", "http://localhost:3000"];
    let list = |cors: &[&str]| Ofrep {
        public: true,
        cors: cors.iter().map(|origin| origin.to_string()).collect(),
    };
    for (cors, origin, allowed, vary) in [
        (list(&[]), "https://app.example", None, None),
        (
            list(&listed),
            "https://app.example",
            Some("https://app.example"),
            Some("origin"),
        ),
        (
            list(&listed),
            "http://localhost:3000",
            Some("http://localhost:3000"),
            Some("origin"),
        ),
        (list(&listed), "http://localhost", None, Some("origin")),
        (
            list(&listed),
            "https://app.example http://localhost:3000",
            None,
            Some("origin"),
        ),
        (list(&["*"]), "https://anybody.example", Some("*"), None),
    ] {
        let shop = shop(cors);
        for (method, status) in [("POST", 200), ("OPTIONS", 204), ("GET", 405)] {
            let mut request = Head::get(FLAGS, &[("origin", origin)]);
            request.method = method.to_owned();
            let asked = Asked {
                body: Some(b"{}"),
                ..Asked::default()
            };
            let answer =
                answer(&shop, None, &request, &asked, UnixMillis(0), &mut || None).unwrap();
            assert_eq!(answer.status, status, "{method}");
            assert_eq!(
                header(&answer.edits, "access-control-allow-origin"),
                allowed,
                "{origin}"
            );
            assert_eq!(header(&answer.edits, "vary"), vary, "{origin}");
            if method == "OPTIONS" {
                assert_eq!(
                    header(&answer.edits, "access-control-allow-methods"),
                    Some("POST")
                );
            }
            if status == 405 {
                assert_eq!(header(&answer.edits, "allow"), Some("POST, OPTIONS"));
            }
        }
    }
}

#[test]
fn paths_and_limits() {
    let shop = shop(public());
    assert!(desk(&shop, "/ofrep/v2/evaluate/flags").is_none());
    assert!(desk(&shop, FLAGS).is_some());
    let off = configuration(&model(vec![flag("a", vec![])], Vec::new()));
    for path in [FLAGS, crate::exposure::PATH] {
        assert!(desk(&off, path).is_none());
    }
    for path in [
        "/ofrep/v1/",
        "/ofrep/v1/evaluate",
        "/ofrep/v1/evaluate/flagsx",
        "/ofrep/v1/evaluate/flags/%ff",
    ] {
        assert_eq!(ask(&shop, path, &[], "{}").status, 404, "{path}");
    }
    let mut request = Head::get(FLAGS, &[]);
    request.method = "POST".to_owned();
    let asked = Asked {
        body: Some(b"{}"),
        is_limited: true,
        ..Asked::default()
    };
    let answer = answer(&shop, None, &request, &asked, UnixMillis(0), &mut || None).unwrap();
    assert_eq!(answer.status, 429);
    assert_eq!(header(&answer.edits, "retry-after"), Some("60"));
}

#[test]
fn events_tell_of_another_configuration() {
    let bytes = crate::fixture::snapshot(&shop_model(public()));
    let at = |sequence: u64| {
        let control = crate::fixture::control(&bytes, 7, "");
        let control = String::from_utf8(control).unwrap();
        let control = control.replacen('{', &format!("{{\"sequence\":{sequence},"), 1);
        let control = crate::control::Control::read(control.as_bytes()).unwrap();
        Configuration::new(bytes.clone(), control, None).unwrap()
    };
    let listen = |shop: &Configuration, seen: &[(&str, &str)], has_events| {
        let asked = Asked {
            has_events,
            ..Asked::default()
        };
        let request = Head::get("/ofrep/v1/events", seen);
        answer(shop, None, &request, &asked, UnixMillis(0), &mut || None).unwrap()
    };
    let (before, after) = (at(7), at(8));
    let first = listen(&before, &[], true);
    assert_eq!(
        header(&first.edits, "content-type"),
        Some("text/event-stream")
    );
    let seen = first
        .body
        .strip_prefix("id: ")
        .unwrap()
        .strip_suffix("\n\n")
        .unwrap()
        .to_owned();
    assert_eq!(
        listen(&before, &[("last-event-id", &seen)], true).body,
        ":\n\n"
    );
    let event = listen(&after, &[("last-event-id", &seen)], true)
        .body
        .into_owned();
    let (id, data) = event
        .strip_prefix("id: ")
        .unwrap()
        .split_once("\nevent: message\ndata: ")
        .unwrap();
    assert_ne!(id, seen);
    let data: Value = serde_json::from_str(data.strip_suffix("\n\n").unwrap()).unwrap();
    assert_eq!(data, json!({"type": "refetchEvaluation", "etag": id}));

    // A client that was told so asks another node, which does not know yet.
    let query = format!("flagConfigEtag={id}");
    assert!(super::is_behind(&before, Some(&query)));
    assert!(!super::is_behind(&after, Some(&query)));
    assert!(!super::is_behind(&before, Some("flagConfigEtag=x")));

    let streams = |has_events, ofrep| {
        let asked = Asked {
            body: Some(b"{}"),
            key: Some(KEY),
            has_events,
            ..Asked::default()
        };
        let mut request = Head::get(FLAGS, &[SHOWN]);
        request.method = "POST".to_owned();
        let shop = shop(ofrep);
        value(&answer(&shop, None, &request, &asked, UnixMillis(0), &mut || None).unwrap())["eventStreams"].take()
    };
    let named = streams(true, public());
    assert_eq!(named[0]["type"], "sse");
    let uri = named[0]["endpoint"]["requestUri"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(uri, format!("/ofrep/v1/events?since={seen}"));
    // What changes between the answer and the stream is not missed.
    let mut request = Head::get("/ofrep/v1/events", &[]);
    request.query = uri.split_once('?').map(|(_, query)| query.to_owned());
    let asked = Asked {
        has_events: true,
        ..Asked::default()
    };
    let since = |shop| {
        answer(shop, None, &request, &asked, UnixMillis(0), &mut || None)
            .unwrap()
            .body
    };
    assert_eq!(since(&before), ":\n\n");
    assert_eq!(since(&after), event);
    assert_eq!(streams(false, public()), Value::Null);
    assert_eq!(streams(true, Ofrep::default()), Value::Null);
    assert_eq!(listen(&before, &[], false).status, 404);
}
