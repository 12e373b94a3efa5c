//! A flag service's document on several nodes of a place: one compiles it, the others take what it has compiled.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::Duration;

use flagstone_tests::hosts::{
    Build, CONTROL, Host, Origin, Request, Response, Setting, Viceroy, Workerd, http, if_present,
};
use flagstone_tests::published::Published;
use serde_json::{Value, json};

const CONFIG: &str = r#"
[source]
from = "launchdarkly"
key = "LD-Env-long"

[identity]
sources = ["header:x-user"]

[expose]
browser = ["banner"]
"#;

/// What a node writes into its log when it has kept what it compiled.
const KEPT: &str = "is kept";

/// How long two requests may take to come together, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// What lies in the store.
struct Stored {
    published: Published,
    control: Vec<u8>,
    document: Vec<u8>,
}

impl Stored {
    fn new() -> Self {
        let published = Published::of(CONFIG);
        Self {
            control: published.control(7, ""),
            document: document(),
            published,
        }
    }

    fn values(&self) -> [(&str, &[u8]); 3] {
        [
            (&self.published.key, &self.published.snapshot),
            (CONTROL, &self.control),
            ("LD-Env-long", &self.document),
        ]
    }
}

/// A flag that is on for a segment of `u-0` to `u-9999`.
fn document() -> Vec<u8> {
    let included: Vec<Value> = (0..10_000)
        .map(|number| format!("u-{number}").into())
        .collect();
    let clause = json!({ "op": "segmentMatch", "values": ["known"] });
    let flag = json!({
        "key": "banner", "on": true, "variations": [true, false], "offVariation": 1, "fallthrough": { "variation": 1 },
        "rules": [{ "id": "known", "variation": 0, "clauses": [clause] }],
    });
    let segments = json!({ "known": { "key": "known", "included": included } });
    json!({ "flags": { "banner": flag }, "segments": segments })
        .to_string()
        .into_bytes()
}

fn ask(url: &str, target: &str, worker: &str, user: &str) -> Option<String> {
    let request = Request::new("GET", target)
        .header("x-user", user)
        .header("x-worker", worker);
    let response = http::send(url, &request).unwrap();
    response.headers.text("feature-flags")
}

/// How often something was compiled and kept.
fn kept(host: &dyn Host) -> usize {
    let log = host.log();
    let lines = log.lines();
    lines.filter(|line| line.contains(KEPT)).count()
}

#[test]
fn isolates_take_what_one_has_compiled() {
    let stored = Stored::new();
    let origin = Origin::start(|_| Some(Response::new(200))).unwrap();
    let setting = Setting {
        origins: &[("stable", origin.url())],
        store: &stored.values(),
        variables: &[("FLAGSTONE_CONTROL_TOKEN", "secret")],
        has_many: true,
        ..Setting::default()
    };
    let Some(host) = if_present(Workerd::start(Build::Release, setting)).unwrap() else {
        return;
    };
    let on = Some("banner=true".to_owned());
    assert_eq!(ask(host.url(), "/", "flagstone", "u-9999"), on);
    host.logged(&|line| line.contains(KEPT)).unwrap();
    for worker in ["second", "third", "second", "third", "flagstone"] {
        assert_eq!(ask(host.url(), "/", worker, "u-9999"), on);
        assert_ne!(ask(host.url(), "/", worker, "nobody"), on);
    }
    assert_eq!(kept(&host), 1, "{}", host.log());
}

#[test]
fn sandboxes_take_what_one_has_compiled() {
    let stored = Stored::new();
    // Requests for `/together` are answered once there are two of them, so that no sandbox has both.
    let (waiting, both) = (Mutex::new(0), Condvar::new());
    let origin = Origin::start(move |request| {
        if request.target == "/together" {
            let mut waiting = waiting.lock().unwrap();
            *waiting += 1;
            both.notify_all();
            drop(both.wait_timeout_while(waiting, PATIENCE, |waiting| *waiting < 2));
        }
        Some(Response::new(200))
    });
    let origin = origin.unwrap();
    let setting = Setting {
        origins: &[("stable", origin.url())],
        store: &stored.values(),
        ..Setting::default()
    };
    let Some(host) = if_present(Viceroy::start(setting)).unwrap() else {
        return;
    };
    let on = Some("banner=true".to_owned());
    assert_eq!(ask(host.url(), "/", "", "u-9999"), on);
    host.logged(&|line| line.contains(KEPT)).unwrap();
    let url = host.url();
    thread::scope(|scope| {
        let asked = [(); 2].map(|()| scope.spawn(|| ask(url, "/together", "", "u-0")));
        for asked in asked {
            assert_eq!(asked.join().unwrap(), on);
        }
    });
    assert_eq!(kept(&host), 1, "{}", host.log());
}
