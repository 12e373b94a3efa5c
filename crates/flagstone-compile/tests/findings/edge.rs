//! Routes, origins, identity, exposure.

use super::*;
use flagstone_compile::model::{Action, Anonymous, Origin, Route, Source};

fn route(route: Route) -> Model {
    let mut model = flags([flag("f")]);
    model.edge.routes.push(route);
    model
}

fn acting(path: &str, action: Action) -> Model {
    route(Route {
        path: path.into(),
        flag: "f".into(),
        variants: vec![("a".into(), action)],
        ..Route::default()
    })
}

#[test]
fn routes() {
    let here = |path: &str| Route {
        path: path.into(),
        flag: "f".into(),
        ..Route::default()
    };
    let rewrite = |rewrite: &str| Action {
        rewrite: rewrite.into(),
        ..Action::default()
    };
    let header = |name: &str, value: &str| Action {
        request_headers: vec![(name.into(), value.into())],
        ..Action::default()
    };
    let cookie = |name: &str, value: &str| Action {
        cookies: vec![(name.into(), value.into())],
        ..Action::default()
    };
    let many = Route {
        flag: String::new(),
        flags: Some("abcd".chars().map(String::from).collect()),
        ..here("/")
    };
    let mut many = route(many);
    many.flags
        .extend("abcd".chars().map(|key| flag(&key.to_string())));
    for (name, model, expected) in [
        ("a route", route(here("/*")), &[][..]),
        ("names", route(here("/a/:b/*")), &[]),
        ("dots in names", route(here("/..a/b.c/...")), &[]),
        (
            "a segment of dots",
            route(here("/a/../b")),
            &[("invalid-path", "/routes/0/path")],
        ),
        (
            "a segment of escaped dots",
            route(here("/a/.%2E/b")),
            &[("invalid-path", "/routes/0/path")],
        ),
        (
            "no slash",
            route(here("a")),
            &[("invalid-path", "/routes/0/path")],
        ),
        (
            "inner star",
            route(here("/*/a")),
            &[("invalid-path", "/routes/0/path")],
        ),
        (
            "half star",
            route(here("/a*")),
            &[("invalid-path", "/routes/0/path")],
        ),
        (
            "query",
            route(here("/a?b")),
            &[("invalid-path", "/routes/0/path")],
        ),
        (
            "blank",
            route(here("/a b")),
            &[("invalid-path", "/routes/0/path")],
        ),
        (
            "no name",
            route(here("/:/a")),
            &[("invalid-path", "/routes/0/path")],
        ),
        (
            "host",
            route(Route {
                host: "*.shop.example".into(),
                ..here("/")
            }),
            &[],
        ),
        (
            "capital host",
            route(Route {
                host: "Shop.example".into(),
                ..here("/")
            }),
            &[("invalid-host", "/routes/0/host")],
        ),
        (
            "star in host",
            route(Route {
                host: "a.*".into(),
                ..here("/")
            }),
            &[("invalid-host", "/routes/0/host")],
        ),
        (
            "idle",
            route(Route {
                flag: String::new(),
                ..here("/")
            }),
            &[("idle-route", "/routes/0")],
        ),
        (
            "unknown flag",
            route(Route {
                flag: "g".into(),
                ..here("/")
            }),
            &[("unknown-flag", "/routes/0/flag")],
        ),
        (
            "unknown variant",
            route(Route {
                variants: vec![("x".into(), Action::default())],
                ..here("/")
            }),
            &[("unknown-variant", "/routes/0/variants/x")],
        ),
        (
            "unknown flag to narrow to",
            route(Route {
                flags: Some(vec!["g".into()]),
                ..here("/")
            }),
            &[("unknown-flag", "/routes/0/flags")],
        ),
        (
            "too many responses",
            many,
            &[("too-many-responses", "/routes/0")],
        ),
        (
            "unknown origin",
            acting(
                "/",
                Action {
                    origin: "canary".into(),
                    ..Action::default()
                },
            ),
            &[("unknown-origin", "/routes/0/variants/a/origin")],
        ),
        ("rewrite", acting("/a/:b/*", rewrite("/c/:b/*?d=e")), &[]),
        (
            "star from nowhere",
            acting("/a", rewrite("/*")),
            &[("invalid-rewrite", "/routes/0/variants/a/rewrite")],
        ),
        (
            "name from nowhere",
            acting("/a", rewrite("/:b")),
            &[("invalid-rewrite", "/routes/0/variants/a/rewrite")],
        ),
        (
            "rewrite to no path",
            acting("/a", rewrite("b")),
            &[("invalid-rewrite", "/routes/0/variants/a/rewrite")],
        ),
        ("header", acting("/", header("x-release", "2026.11")), &[]),
        (
            "capital header",
            acting("/", header("X-A", "b")),
            &[("invalid-header", "/routes/0/variants/a/request_headers/X-A")],
        ),
        (
            "a name that many servers take for another",
            acting("/", header("x_release", "2026.11")),
            &[(
                "invalid-header",
                "/routes/0/variants/a/request_headers/x_release",
            )],
        ),
        (
            "our header",
            acting("/", header("flagstone-x", "b")),
            &[(
                "invalid-header",
                "/routes/0/variants/a/request_headers/flagstone-x",
            )],
        ),
        (
            "the connection's",
            acting("/", header("host", "b")),
            &[(
                "invalid-header",
                "/routes/0/variants/a/request_headers/host",
            )],
        ),
        (
            "line break",
            acting("/", header("x", "a\r\nb")),
            &[("invalid-header", "/routes/0/variants/a/request_headers/x")],
        ),
        ("cookie", acting("/", cookie("seen", "1")), &[]),
        (
            "semicolon",
            acting("/", cookie("seen", "1;2")),
            &[("invalid-cookie", "/routes/0/variants/a/cookies/seen")],
        ),
    ] {
        check(name, &model, expected);
    }
}

#[test]
fn origins_and_identity() {
    let origins = |origins: &[(&str, Option<&str>)]| {
        let mut model = Model::default();
        let origin = |(name, fallback): &(&str, Option<&str>)| Origin {
            name: (*name).to_owned(),
            fallback: fallback.map(str::to_owned),
            ..Origin::default()
        };
        model.edge.origins = origins.iter().map(origin).collect();
        model
    };
    let identity = |source: Source, cookie: &str| {
        let mut model = Model::default();
        model.edge.identity.sources = vec![source];
        model.edge.identity.anonymous = Some(Anonymous {
            cookie: cookie.into(),
            max_age_seconds: 60,
        });
        model
    };
    let context = |header: &str| {
        let mut model = when(Matcher::Exists);
        let source = Source::Header(header.into());
        model.edge.attributes = vec![("user.x".into(), source)];
        model
    };
    let reading = |name: &str| {
        let test = Condition::Test(Test::attribute(name, Matcher::Exists));
        flags([with_rule(flag("f"), test, Serve::Variant("a".into()))])
    };
    let headers = |count: usize| {
        let test = |index: usize| {
            let name = format!("request.headers.x-{index}");
            Condition::Test(Test::attribute(name, Matcher::Exists))
        };
        let all = Condition::Any((0..count).map(test).collect());
        flags([with_rule(flag("f"), all, Serve::Variant("a".into()))])
    };
    for (name, model, expected) in [
        ("fallback", origins(&[("canary", Some("stable"))]), &[][..]),
        (
            "bad name",
            origins(&[("Canary", None)]),
            &[("invalid-origin", "/origins/Canary")],
        ),
        (
            "two of a name",
            origins(&[("a", None), ("a", None)]),
            &[("duplicate-key", "/origins/a")],
        ),
        (
            "unknown fallback",
            origins(&[("a", Some("b"))]),
            &[("unknown-origin", "/origins/a")],
        ),
        (
            "itself",
            origins(&[("a", Some("a"))]),
            &[("unknown-origin", "/origins/a")],
        ),
        (
            "identity",
            identity(Source::Cookie("uid".into()), "__Host-id"),
            &[],
        ),
        (
            "query",
            identity(Source::Query("q".into()), "__Host-id"),
            &[("invalid-identity", "/identity/sources/0")],
        ),
        (
            "identity in no header",
            identity(Source::Header("x uid".into()), "__Host-id"),
            &[("invalid-header", "/identity/sources/0")],
        ),
        ("a header", context("x-plan"), &[]),
        (
            "no header",
            context("x plan"),
            &[("invalid-header", "/context/user.x")],
        ),
        (
            "a service's attribute that looks like a header",
            reading("request.headers.x y"),
            &[],
        ),
        (
            "cookie name",
            identity(Source::Cookie("uid".into()), "id"),
            &[("invalid-cookie", "/identity/anonymous")],
        ),
        ("64 headers", headers(64), &[]),
        (
            "65 headers",
            headers(65),
            &[("too-many-headers", "/context")],
        ),
    ] {
        check(name, &model, expected);
    }
}

#[test]
fn exposure() {
    let aliases = |aliases: &[(&str, &str)]| {
        let mut model = flags([flag("f"), flag("g")]);
        let owned = |(flag, alias): &(&str, &str)| (flag.to_string(), alias.to_string());
        model.edge.expose.aliases = aliases.iter().map(owned).collect();
        model
    };
    let budget = |budget| {
        let mut model = flags([flag("f")]);
        model.edge.expose.budget = budget;
        model
    };
    let long = "a".repeat(256);
    let invalid = &[("invalid-alias", "/expose/aliases/f")][..];
    let taken = &[("duplicate-key", "/expose/aliases/f")][..];
    for (name, model, expected) in [
        ("an alias", aliases(&[("f", "a_b-1.*")]), &[][..]),
        ("its own key", aliases(&[("f", "f")]), &[]),
        ("capitals", aliases(&[("f", "A")]), invalid),
        ("a digit first", aliases(&[("f", "1a")]), invalid),
        ("the member for all", aliases(&[("f", "*")]), invalid),
        ("nothing", aliases(&[("f", "")]), invalid),
        ("too long", aliases(&[("f", &long)]), invalid),
        ("another flag's key", aliases(&[("f", "g")]), taken),
        (
            "twice",
            aliases(&[("f", "a"), ("g", "a")]),
            &[("duplicate-key", "/expose/aliases/g")],
        ),
        ("the least budget", budget(64), &[]),
        ("less", budget(63), &[("invalid-budget", "/expose/budget")]),
    ] {
        check(name, &model, expected);
    }
}
