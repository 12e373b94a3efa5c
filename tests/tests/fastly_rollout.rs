//! A release on Fastly that stops itself: the service reports to its log, `flagstone guard` decides, and the service obeys the control
//! document that it writes.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Command;

use flagstone_tests::cli::flagstone;
use flagstone_tests::hosts::{
    CONTROL, Guard, Host, Location, Origin, Request, Response, Setting, Viceroy, http, if_present,
};
use flagstone_tests::published::Published;
use serde_json::Value;

const SHOP: &str = r#"
[identity]
sources = ["header:x-user"]
anonymous = false

[flags.checkout]
variants = { control = false, treatment = true }
default = "control"
rollout = { treatment = "plan" }

[flags.checkout.plan]
stages = [{ share = 25, dwell = "1h" }, { share = 50, dwell = "1h" }]

[[routes]]
path = "/*"
flag = "checkout"
variants.treatment = { origin = "canary" }

[origins]
canary = { fallback = "stable" }
"#;

const TOKEN: &str = "secret";
/// Visitors after which a canary of a quarter that always fails must be gone.
const MOST: u32 = 400;

#[test]
fn a_bad_canary_is_rolled_back() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fastly-rollout");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let path = |name: &str| folder.join(name);
    let published = Published::of(SHOP);
    fs::write(path("shop.snapshot"), &published.snapshot).unwrap();
    fs::write(
        path("control.json"),
        published.control(1, r#","sequence":1"#),
    )
    .unwrap();

    let stable = Origin::start(|_| Some(Response::new(200))).unwrap();
    let canary = Origin::start(|_| Some(Response::new(500))).unwrap();
    let control = || fs::read(path("control.json")).unwrap();
    let started = Viceroy::start(Setting {
        origins: &[("stable", stable.url()), ("canary", canary.url())],
        store: &[(&published.key, &published.snapshot), (CONTROL, &control())],
        ..Setting::default()
    });
    let Some(mut viceroy) = if_present(started).unwrap() else {
        return;
    };
    let (document, shop) = (path("control.json"), path("shop.snapshot"));
    let stores = [
        OsStr::new("--control"),
        document.as_os_str(),
        OsStr::new("--snapshot"),
        shop.as_os_str(),
    ];
    let begin = [
        "advance", "checkout", "--begin", "--why", "a test", "--who", "us",
    ];
    let begun = Command::new(flagstone().unwrap())
        .args(begin)
        .args(stores)
        .status();
    assert!(begun.unwrap().success());
    let guard = Guard::start(TOKEN, &[], &stores).unwrap();
    viceroy.put(CONTROL, &control()).unwrap();

    let visit = |viceroy: &Viceroy, user: u32| {
        let request = Request::new("GET", "/").header("x-user", format!("u-{user}"));
        viceroy.send(&request, &Location::default()).unwrap()
    };
    let state = || -> Value {
        let document: Value = serde_json::from_slice(&control()).unwrap();
        document
            .pointer("/rollouts/checkout/state")
            .unwrap()
            .clone()
    };
    let mut told = 0;
    let mut visitors = 0;
    while state() == "running" {
        assert!(visitors < MOST, "{}", guard.log());
        for _ in 0..20 {
            visitors += 1;
            // The fallback answers in the canary's place.
            assert_eq!(visit(&viceroy, visitors).status, 200);
        }
        // As Fastly's log streaming does: what is new, in a batch.
        let log = viceroy.log();
        let lines: Vec<&str> = log
            .lines()
            .filter_map(|line| line.split_once("flagstone :: ").map(|(_, line)| line))
            .collect();
        let batch = lines.get(told..).unwrap().join("\n") + "\n";
        told = lines.len();
        let post = Request::new("POST", "/lines")
            .header("authorization", format!("Bearer {TOKEN}"))
            .body(batch);
        assert_eq!(
            http::send(guard.url(), &post).unwrap().status,
            200,
            "{}",
            guard.log()
        );
    }
    assert_eq!(state(), "rolled-back", "{}", guard.log());

    // The service reads it with the next request.
    viceroy.put(CONTROL, &control()).unwrap();
    canary.take_received();
    for user in 1..=visitors {
        assert_eq!(visit(&viceroy, user).status, 200);
    }
    assert_eq!(canary.received().len(), 0, "everybody is at stable");
}
