#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use super::{Attempts, plan};
use crate::configuration::Configuration;
use crate::control::Control;
use crate::edit::Edit;
use crate::fixture::{
    Head, PARTS, Response, configuration, control, everybody, flag, having, header, model, snapshot,
};
use flagstone_compile::model::{Condition, Matcher, Rule, Scalar, Serve, Source, Test};
use flagstone_core::layout::HEADER_LEN;
use flagstone_core::{Digest, UnixMillis};
use proptest::prelude::*;
use std::cell::Cell;

const NOW: UnixMillis = UnixMillis(1_800_000_000_000);

fn sources() -> Vec<(String, Source)> {
    let header = |name: &str| Source::Header(name.to_owned());
    [
        ("user.email", header("x-email")),
        ("user.mail", header("x-email")),
        ("user.agent", header("user-agent")),
        ("user.plan", Source::Cookie("plan".to_owned())),
        ("app.beta", Source::Query("beta".to_owned())),
    ]
    .into_iter()
    .map(|(name, source)| (name.to_owned(), source))
    .collect()
}

/// Flags that read every part of a request, several of them more than once.
fn curious() -> Configuration {
    let own = [
        "user.email",
        "user.mail",
        "user.agent",
        "user.plan",
        "app.beta",
    ];
    let attributes = own.into_iter().chain(PARTS);
    let mut flags = vec![flag("canary", vec![everybody()])];
    for attribute in attributes {
        flags.push(flag(attribute, vec![having(&[attribute]), everybody()]));
        flags.push(flag(&format!("{attribute}.2"), vec![having(&[attribute])]));
    }
    configuration(&model(flags, sources()))
}

fn respond(configuration: &Configuration, head: &Head) -> Vec<Edit> {
    let response = Response {
        status: 200,
        headers: Vec::new(),
    };
    plan(
        Attempts::All,
        &mut (),
        Some(configuration),
        None,
        head,
        NOW,
        || [0xa5; 16],
    )
    .respond(&response)
    .edits
}

#[test]
fn each_part_is_asked_for_once() {
    let configuration = curious();
    let headers = [
        ("x-email", "a@b"),
        ("cookie", "plan=x; a=1"),
        ("user-agent", "Browser"),
        ("accept-language", "de"),
        ("x-a", ""),
    ];
    let mut head = Head::get("/canary/x", &headers);
    head.query = Some("beta=1&a".to_owned());
    let edits = respond(&configuration, &head);
    let flags = header(&edits, "feature-flags").unwrap();
    assert!(
        flags.split(", ").all(|flag| flag.ends_with("=on")),
        "{flags}"
    );
    let mut asked = head.asked.into_inner();
    asked.sort_unstable();
    let mut once = asked.clone();
    once.dedup();
    assert_eq!(asked, once);
    for part in [
        "x-email",
        "x-user",
        "cookie",
        "user-agent",
        "accept-language",
        "sec-gpc",
        "sec-purpose",
        "Country",
        "client",
    ] {
        assert!(asked.iter().any(|asked| asked == part), "{part}");
    }
}

#[test]
fn what_no_flag_reads_is_not_asked_for() {
    let configuration = configuration(&model(
        vec![flag("a", vec![having(&["user.email"])])],
        sources(),
    ));
    let head = Head::get("/", &[]);
    respond(&configuration, &head);
    assert_eq!(
        head.asked.into_inner(),
        ["user-agent", "x-email", "sec-purpose"]
    );

    let nothing = self::configuration(&model(Vec::new(), Vec::new()));
    let head = Head::get("/", &[]);
    let edits = respond(&nothing, &head);
    assert_eq!(head.asked.into_inner(), [""; 0]);
    assert_eq!(header(&edits, "flagstone-status"), Some("flagstone; rev=7"));
}

/// `*` among the names means that the decision depends on more than headers show.
#[test]
fn beyond_headers() {
    let sources = vec![("user.x".to_owned(), Source::Header("*".to_owned()))];
    let configuration = configuration(&model(vec![flag("a", vec![having(&["user.x"])])], sources));
    let edits = respond(&configuration, &Head::get("/", &[]));
    assert_eq!(header(&edits, "cache-control"), Some("private"));
    assert_eq!(header(&edits, "vary"), None);
}

/// Chance is drawn once a request, for the id and for all flags; a response that depends on it is nobody else's.
#[test]
fn random() {
    let is = |number: &str| {
        Condition::Test(Test::attribute(
            "request.random",
            Matcher::Equals(Scalar::Text(number.to_owned())),
        ))
    };
    let rule = |number| Rule {
        name: String::new(),
        when: is(number),
        serve: Serve::Variant("on".to_owned()),
    };
    let flags = vec![
        flag("a", vec![rule("1")]),
        flag("b", vec![rule("1")]),
        flag("c", vec![rule("10001")]),
        flag("id", vec![everybody()]),
    ];
    let configuration = configuration(&model(flags, Vec::new()));
    for (drawn, expected) in [
        (0u128, "a=on, b=on, c=off, id=on"),
        (10_000, "a=off, b=off, c=on, id=on"),
    ] {
        let asked = Cell::new(0);
        let entropy = || {
            asked.set(asked.get() + 1);
            drawn.to_le_bytes()
        };
        let plan = plan(
            Attempts::All,
            &mut (),
            Some(&configuration),
            None,
            &Head::get("/", &[]),
            NOW,
            entropy,
        );
        assert_eq!(asked.get(), 1);
        let flags = header(&plan.request_edits, "feature-flags").unwrap();
        assert_eq!(flags, expected);
    }
    let edits = respond(&configuration, &Head::get("/", &[]));
    assert_eq!(header(&edits, "cache-control"), Some("private"));
}

#[test]
fn cache_keys() {
    let flags = vec![
        flag("canary", vec![everybody()]),
        flag("a", Vec::new()),
        flag("b&=/\u{e9}", Vec::new()),
    ];
    let mut model = model(flags, Vec::new());
    model.edge.expose.origin = vec!["b&=/\u{e9}".to_owned()];
    let configuration = configuration(&model);
    for (path, expected) in [
        ("/canary/x", "b%26%3D%2F%C3%A9=off&canary=on"),
        ("/other", "b%26%3D%2F%C3%A9=off"),
    ] {
        let plan = plan(
            Attempts::All,
            &mut (),
            Some(&configuration),
            None,
            &Head::get(path, &[]),
            NOW,
            || [0; 16],
        );
        assert_eq!(plan.cache_key, expected, "{path}");
    }
}

#[test]
fn counting() {
    let configuration = configuration(&model(vec![flag("a", vec![everybody()])], Vec::new()));
    for (headers, expected) in [
        (&[][..], true),
        (&[("user-agent", "Googlebot/2.1")], false),
        (&[("sec-purpose", "prefetch")], false),
        (&[("sec-purpose", "prefetch;prerender")], false),
        (&[("sec-purpose", "prefetcher")], true),
    ] {
        let plan = plan(
            Attempts::All,
            &mut (),
            Some(&configuration),
            None,
            &Head::get("/", headers),
            NOW,
            || [0; 16],
        );
        assert_eq!(plan.is_counted, expected, "{headers:?}");
    }
}

#[test]
fn statuses() {
    let configuration = configuration(&model(vec![flag("canary", vec![everybody()])], Vec::new()));
    let plan = plan(
        Attempts::All,
        &mut (),
        Some(&configuration),
        None,
        &Head::get("/canary/", &[]),
        NOW,
        || [0; 16],
    );
    for (status, speaks_to_caches) in [
        (101, false),
        (200, true),
        (304, true),
        (404, true),
        (500, true),
    ] {
        let edits = plan
            .respond(&Response {
                status,
                headers: Vec::new(),
            })
            .edits;
        assert_eq!(
            header(&edits, "vary").is_some(),
            speaks_to_caches,
            "{status}"
        );
        assert_eq!(
            header(&edits, "cache-control").is_some(),
            speaks_to_caches,
            "{status}"
        );
        assert_eq!(
            header(&edits, "feature-flags"),
            Some("canary=on"),
            "{status}"
        );
        assert_eq!(
            edits
                .iter()
                .filter(|edit| matches!(edit, Edit::Append(..)))
                .count(),
            2,
            "{status}"
        );
    }
}

/// What every edit promises.
fn check(edits: &[Edit]) {
    for edit in edits {
        if let Edit::Set(name, value) | Edit::Append(name, value) = edit {
            assert!(
                name.bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'-'),
                "{name}"
            );
            assert!(
                value.bytes().all(|byte| matches!(byte, b' '..=b'~')),
                "{name}: {value:?}"
            );
        }
    }
}

fn heads() -> impl Strategy<Value = Head> {
    let name = prop::sample::select(vec![
        "cookie",
        "user-agent",
        "accept-language",
        "x-user",
        "x-email",
        "sec-gpc",
        "sec-purpose",
        "x-a",
    ]);
    let value = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..40),
        "[a-z_;= ,*.0-9\"-]{0,40}".prop_map(String::into_bytes),
        "__Host-flagstone=[0-9a-f]{31,33}".prop_map(String::into_bytes),
    ];
    let headers = prop::collection::vec((name.prop_map(str::to_owned), value), 0..6);
    let path = prop_oneof!["/canary/[a-z/.%2e]{0,12}", "\\PC{0,12}"];
    let query = prop::option::of(prop_oneof!["[ab=&+%0-9a-f]{0,20}", "\\PC{0,12}"]);
    (path, query, headers, "[A-Z]{0,7}").prop_map(|(path, query, headers, method)| Head {
        method,
        host: "shop.example:8080".to_owned(),
        path,
        query,
        headers,
        ..Head::default()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_request(head in heads()) {
        let plan = plan(Attempts::All, &mut (), Some(&curious()), None, &head, NOW, || [0xa5; 16]);
        check(&plan.request_edits);
        check(&plan.respond(&Response { status: 200, headers: Vec::new() }).edits);
    }

    #[test]
    fn any_damage(head in heads(), damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20)) {
        let mut bytes = snapshot(&model(vec![flag("canary", vec![everybody()])], sources()));
        let mut control = Control::read(&control(&bytes, 7, r#""canary":"on""#)).unwrap();
        for (place, byte) in damage {
            *place.get_mut(&mut bytes) = byte;
        }
        // Written by a damaged compiler, so to speak: the digest fits.
        let digest = Digest::of(&bytes[HEADER_LEN..]);
        bytes[16..HEADER_LEN].copy_from_slice(&digest.0.to_le_bytes());
        control.snapshot = digest;
        if let Ok(configuration) = Configuration::new(bytes, control, None) {
            plan(Attempts::All, &mut (), Some(&configuration), None, &head, NOW, || [0xa5; 16])
                .respond(&Response { status: 200, headers: Vec::new() });
        }
    }

    #[test]
    fn any_control_document(bytes in prop_oneof![
        prop::collection::vec(any::<u8>(), 0..60),
        "[\\[\\]{}:,\" a-e\\\\0-9]{0,60}".prop_map(String::into_bytes),
    ]) {
        let _ = Control::read(&bytes);
    }
}
