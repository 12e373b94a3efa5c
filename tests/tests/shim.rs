//! What visitors get when the Worker's wasm breaks: a panic, a stack overflow, an access out of bounds.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::thread;
use std::time::Duration;

use flagstone_tests::hosts::{
    Build, CONTROL, Host, Location, Origin, Request, Response, Setting, Workerd, http, if_present,
};
use flagstone_tests::published::Published;

/// What destroys the instance.
const TRAPS: [&str; 3] = ["panic", "overflow", "out-of-bounds"];
const STATUS: &str = r#"flagstone; error="wasm-trap""#;
/// A flag that depends on a header, so that responses are decided too.
const CONFIG: &str = r#"
[flags.banner]
variants = { off = false, on = true }
default = "off"

[[flags.banner.rules]]
when = 'request.headers["x-plan"] == "pro"'
serve = "on"

[expose]
browser = ["banner"]
"#;

/// Says what it got, `/slow` only after a while.
fn origin() -> Origin {
    Origin::start(|request| {
        let pause = if request.target.contains("slow") {
            300
        } else {
            0
        };
        thread::sleep(Duration::from_millis(pause));
        let text = format!("{} {} ", request.method, request.target).into_bytes();
        Some(
            Response::new(200)
                .header("Cache-Control", "max-age=60")
                .header("CDN-Cache-Control", "max-age=600")
                .header("Cloudflare-CDN-Cache-Control", "max-age=600")
                .header("Surrogate-Control", "max-age=600")
                .body([&text, request.body.as_slice()].concat()),
        )
    })
    .unwrap()
}

fn start(origin: &Origin) -> Option<Workerd> {
    let published = Published::of(CONFIG);
    let setting = Setting {
        origins: &[("stable", origin.url())],
        store: &[
            (&published.key, &published.snapshot),
            (CONTROL, &published.control(7, "")),
        ],
        // No refresh comes in between.
        variables: &[("FLAGSTONE_CONTROL_TTL_SECONDS", "60")],
        ..Setting::default()
    };
    if_present(Workerd::start(Build::Faults, setting)).unwrap()
}

/// The origin's own answer came through, and says that the wasm was not there to see it.
fn check_rescued(case: &str, response: &Response, body: &str) {
    assert_eq!(response.status, 200, "{case}");
    assert_eq!(String::from_utf8_lossy(&response.body), body, "{case}");
    assert_eq!(
        response.headers.text("flagstone-status").as_deref(),
        Some(STATUS),
        "{case}"
    );
    assert_eq!(
        response.headers.text("cache-control").as_deref(),
        Some("no-store"),
        "{case}"
    );
    for name in [
        "cdn-cache-control",
        "cloudflare-cdn-cache-control",
        "surrogate-control",
    ] {
        assert_eq!(response.headers.text(name), None, "{case}: {name}");
    }
}

/// The wasm decided the request, and what is to be said of its response.
fn check_decided(case: &str, response: &Response, body: &str) {
    assert_eq!(String::from_utf8_lossy(&response.body), body, "{case}");
    for (name, value) in [
        ("flagstone-status", "flagstone; rev=7"),
        ("feature-flags", "banner=off"),
        ("vary", "x-plan"),
        ("cache-control", "max-age=60"),
    ] {
        let found = response.headers.text(name);
        assert_eq!(found.as_deref(), Some(value), "{case}: {name}");
    }
}

/// The next request is served by the wasm: by a new instance after a trap.
fn check_recovered(case: &str, worker: &Workerd) {
    let request = Request::new("GET", "/after");
    let response = worker.send(&request, &Location::default()).unwrap();
    check_decided(case, &response, "GET /after ");
}

#[test]
fn the_request_that_breaks_the_wasm_is_answered_by_the_stable_origin() {
    let origin = origin();
    let Some(worker) = start(&origin) else { return };
    for fault in TRAPS.into_iter().chain(["error"]) {
        for moment in ["", "-sent"] {
            for (method, body) in [("GET", ""), ("POST", "paid")] {
                let target = format!("/.flagstone/faults/{fault}{moment}?a=%20b");
                let case = format!("{method} {target}");
                let request = Request::new(method, &target).body(body);
                let request = request
                    .header("Feature-Flags", "a=1")
                    .header("Flagstone-Key", "b")
                    .header("Feature_Flags", "a=1")
                    .header("X-Forwarded-Host", "elsewhere.test");
                origin.take_received();
                let response = worker.send(&request, &Location::default()).unwrap();
                check_rescued(&case, &response, &format!("{method} {target} {body}"));

                let received = origin.take_received();
                assert_eq!(received.len(), 1, "{case}: sent once");
                let seen = &received.first().unwrap().headers;
                let ours = ["feature-flags", "flagstone-key", "feature_flags"];
                let ours = ours.map(|name| seen.text(name));
                assert_eq!(ours, [None, None, None], "{case}: our headers are removed");
                assert_eq!(
                    seen.text("x-forwarded-host").as_deref(),
                    worker.url().strip_prefix("http://"),
                    "{case}: what others set is replaced"
                );
                check_recovered(&case, &worker);
            }
        }
    }
}

#[test]
fn requests_in_flight_do_not_notice() {
    let origin = origin();
    let Some(worker) = start(&origin) else { return };
    for fault in TRAPS {
        origin.take_received();
        let url = worker.url();
        thread::scope(|scope| {
            let send =
                |method, body| http::send(url, &Request::new(method, "/slow").body(body)).unwrap();
            let get = scope.spawn(move || send("GET", ""));
            let post = scope.spawn(move || send("POST", "paid"));
            thread::sleep(Duration::from_millis(100));
            http::send(
                url,
                &Request::new("GET", &format!("/.flagstone/faults/{fault}")),
            )
            .unwrap();
            check_decided(fault, &get.join().unwrap(), "GET /slow ");
            check_decided(fault, &post.join().unwrap(), "POST /slow paid");
        });
        assert_eq!(
            origin.take_received().len(),
            3,
            "{fault}: each was sent once"
        );
        check_recovered(fault, &worker);
    }
}

#[test]
fn an_unsafe_request_is_not_repeated_after_its_origin_failed() {
    let origin = Origin::start(|_| {
        thread::sleep(Duration::from_millis(100));
        None
    })
    .unwrap();
    let Some(worker) = start(&origin) else { return };
    for (method, sent) in [("POST", 1), ("GET", 2)] {
        origin.take_received();
        let request = Request::new(method, "/.flagstone/faults/panic-sent");
        let response = worker.send(&request, &Location::default()).unwrap();
        assert_eq!(response.status, 502, "{method}");
        assert_eq!(
            response.headers.text("flagstone-status").as_deref(),
            Some(STATUS),
            "{method}"
        );
        assert_eq!(origin.take_received().len(), sent, "{method}");
    }
}
