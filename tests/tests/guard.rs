//! The guard in its Durable Object, with real Workers that report to it and follow it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use flagstone_edge::rollout_id;
use flagstone_rollout::{Line, Report, ReportId, interval};
use flagstone_tests::hosts::{
    Build, Host, Origin, Request, Response, Setting, Workerd, http, if_present,
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
stages = [{ share = 25, dwell = "1m" }, { share = 50, dwell = "1m" }]

[[routes]]
path = "/*"
flag = "checkout"
variants.treatment = { origin = "canary" }

[origins]
canary = { fallback = "stable" }
"#;

const WORKERS: [&str; 3] = ["flagstone", "second", "third"];
/// Seconds from a failure until all nodes follow, as the guard reckons, and of the control document's time.
const REACTION: u64 = 15;
const TTL: u64 = 1;
/// Longer than anything else should take.
const PATIENCE: Duration = Duration::from_secs(60);

/// The Workers, their origins, and a rollout that has begun.
struct Site {
    url: String,
    workerd: Mutex<Workerd>,
    /// Stable and canary.
    origins: [Origin; 2],
}

impl Site {
    /// `since_ms` is when the rollout began; the canary answers with `status`. `None` without the Workers runtime.
    fn start(since_ms: i64, status: u16, variables: &[(&str, &str)]) -> Option<Self> {
        let published = Published::of(SHOP);
        let stable = Origin::start(|_| Some(Response::new(200).body("stable"))).unwrap();
        let canary = Origin::start(move |_| Some(Response::new(status).body("canary"))).unwrap();
        let guard = [&[("FLAGSTONE_GUARD_TOKEN", "secret")], variables].concat();
        let workerd = Workerd::start(
            Build::Release,
            Setting {
                origins: &[("stable", stable.url()), ("canary", canary.url())],
                store: &[(&published.key, &published.snapshot)],
                variables: &[
                    ("FLAGSTONE_CONTROL_TOKEN", "secret"),
                    ("FLAGSTONE_CONTROL_TTL_SECONDS", &TTL.to_string()),
                ],
                guard: Some(&guard),
                has_many: true,
                ..Setting::default()
            },
        );
        let workerd = if_present(workerd).unwrap()?;
        let site = Self {
            url: workerd.url().to_owned(),
            workerd: Mutex::new(workerd),
            origins: [stable, canary],
        };
        let control = published.begun("checkout", since_ms);
        let put = Request::new("PUT", "/.well-known/flagstone/control").body(control);
        assert_eq!(site.send("flagstone", put, "secret").status, 204);
        Some(site)
    }

    fn log(&self) -> String {
        self.workerd.lock().unwrap().log()
    }

    /// Asks a Worker, with a token.
    fn send(&self, worker: &str, request: Request, token: &str) -> Response {
        self.try_send(worker, request, token)
            .unwrap_or_else(|error| panic!("{error}\n{}", self.log()))
    }

    fn try_send(&self, worker: &str, request: Request, token: &str) -> std::io::Result<Response> {
        let request = request
            .header("x-worker", worker)
            .header("authorization", format!("Bearer {token}"));
        http::send(&self.url, &request)
    }

    /// What the guard answers, which must be 200.
    fn ask(&self, path: &str) -> String {
        let response = self.send("guard", Request::new("GET", path), "secret");
        let text = String::from_utf8(response.body).unwrap();
        assert_eq!(response.status, 200, "{path}: {text}\n{}", self.log());
        text
    }

    fn json(&self, path: &str) -> Value {
        serde_json::from_str(&self.ask(path)).unwrap()
    }

    /// Sends the guard lines until it has them.
    fn tell(&self, lines: &str) -> Value {
        for _ in 0..100 {
            let post = Request::new("POST", "/lines").body(lines);
            match self.try_send("guard", post, "secret") {
                Ok(response) if response.status == 200 => {
                    return serde_json::from_slice(&response.body).unwrap();
                }
                _ => thread::sleep(Duration::from_millis(20)),
            }
        }
        panic!("the guard takes no lines\n{}", self.log());
    }

    /// From now on it is this moment for the guard.
    fn set_clock(&self, at_ms: i64) {
        let post = Request::new("POST", "/test/clock").body(at_ms.to_string());
        assert_eq!(self.send("guard", post, "secret").status, 200);
    }

    /// From now on the guard gets no answer when it writes under such a key, although it does.
    fn lose(&self, key: &str) {
        let post = Request::new("POST", "/test/lose").body(key);
        assert_eq!(self.send("guard", post, "secret").status, 200);
    }

    /// The object ends, whatever it is doing.
    fn end(&self) {
        let _ = self.try_send("guard", Request::new("POST", "/test/end"), "secret");
    }

    fn control(&self) -> Value {
        let get = Request::new("GET", "/.well-known/flagstone/control");
        serde_json::from_slice(&self.send("flagstone", get, "secret").body).unwrap()
    }

    /// What somebody does by the health page: the answer's status and body.
    fn act(&self, what: &str, why: &str, origin: &str) -> (u16, String) {
        let body = format!(r#"{{"what":"{what}","flag":"checkout","who":"ada","why":"{why}"}}"#);
        let post = Request::new("POST", "/_flagstone/actions")
            .header("content-type", "application/json")
            .header("sec-fetch-site", origin)
            .body(body);
        let response = self.send("guard", post, "secret");
        (response.status, String::from_utf8(response.body).unwrap())
    }

    /// What a visitor sees behind a Worker, and whether the node's own breaker had a hand in it.
    fn visit(&self, worker: &str, user: usize) -> (String, bool) {
        let request = Request::new("GET", "/").header("x-user", format!("user-{user}"));
        let response = self.send(worker, request, "");
        let status = response.headers.text("flagstone-status");
        let status = status.unwrap_or_default();
        assert_eq!(response.status, 200, "{status}");
        let is_guarded = status.contains("guard=") || status.contains("fallback");
        (String::from_utf8(response.body).unwrap(), is_guarded)
    }

    /// Whether each of so many visitors gets the same everywhere, and by the control document alone.
    fn everybody_gets(&self, origin: &str) -> bool {
        WORKERS.iter().all(|worker| {
            (0..40).all(|user| self.visit(worker, user) == (origin.to_owned(), false))
        })
    }
}

/// What a node says of ten seconds, of which the canary failed in so many fetches.
fn line(instance: u64, sequence: u32, stage: u8, at_ms: i64, failures: u64) -> String {
    let mut report = Report {
        rollout: rollout_id("checkout", "1", 1),
        stage,
        interval: interval(at_ms),
        ..Report::default()
    };
    let canary = if stage == 0 { 250 } else { 500 };
    report.arms.control.fetches = 1_000 - canary;
    report.arms.canary.fetches = canary;
    report.arms.canary.hard_requests = failures;
    report.arms.canary.hard = failures;
    let line = Line {
        id: ReportId { instance, sequence },
        report,
        flag: "checkout".to_owned(),
        unit: None,
    };
    line.write() + "\n"
}

/// A moment of no meaning.
const BEGIN: i64 = 1_800_000_000_000;

#[test]
fn a_bad_canary_is_rolled_back_everywhere_in_time() {
    // The first is refused, so that it is told again.
    let asked = AtomicUsize::new(0);
    let hook = Origin::start(move |_| {
        let is_first = asked.fetch_add(1, Ordering::Relaxed) == 0;
        Some(Response::new(if is_first { 503 } else { 204 }))
    });
    let hook = hook.unwrap();
    #[allow(clippy::disallowed_methods, reason = "the Workers have a clock")]
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now = now.unwrap().as_millis() as i64;
    let site = Site::start(
        now,
        500,
        &[
            ("FLAGSTONE_GUARD_WEBHOOK", hook.url()),
            (
                "FLAGSTONE_GUARD_WEBHOOK_SECRET",
                "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            ),
        ],
    );
    let Some(site) = site else { return };
    let begin = Instant::now();
    let mut user = 0;
    while site.control()["rollouts"]["checkout"]["state"] != "rolled-back" {
        for worker in WORKERS {
            (user..user + 20).for_each(|user| drop(site.visit(worker, user)));
        }
        user += 20;
        let waited = begin.elapsed().as_secs();
        assert!(waited < REACTION, "after {waited} s\n{}", site.log());
    }
    while !site.everybody_gets("stable") {
        let waited = begin.elapsed().as_secs();
        assert!(waited < REACTION + TTL, "after {waited} s\n{}", site.log());
    }
    let last = site.control()["last"].clone();
    assert_eq!(
        (&last["who"], &last["before"]["state"]),
        (&"guard".into(), &"running".into())
    );
    let audit = format!(
        "/.well-known/flagstone/audit/{:015}",
        last["sequence"].as_u64().unwrap()
    );
    let audit = site.send("flagstone", Request::new("GET", &audit), "secret");
    assert_eq!(serde_json::from_slice::<Value>(&audit.body).unwrap(), last);
    println!("everywhere after {} ms", begin.elapsed().as_millis());
    let [_, canary] = &site.origins;
    // Eleven of each node before its breaker trips, at the most, and a probe now and then.
    assert!(canary.received().len() < 60, "{}", canary.received().len());

    let told = loop {
        let told = hook.received();
        if told.len() > 1 {
            break told;
        }
        assert!(begin.elapsed() < PATIENCE, "{}", site.log());
        thread::sleep(Duration::from_millis(50));
    };
    assert_eq!(told[0].body, told[1].body, "what was refused is told again");
    let header = |name| told[1].headers.text(name).unwrap();
    assert!(header("webhook-signature").starts_with("v1,"));
    assert_eq!(header("content-type"), "application/cloudevents+json");
    let event: Value = serde_json::from_slice(&told[1].body).unwrap();
    assert_eq!(header("webhook-id"), event["id"].as_str().unwrap());
    assert_eq!(event["type"], "dev.flagstone.rollout.rolledback");
    assert_eq!(site.json("/decisions")[0], event);
}

#[test]
fn a_good_canary_reaches_everybody() {
    let Some(site) = Site::start(BEGIN, 200, &[]) else {
        return;
    };
    let mut at_ms = BEGIN;
    site.set_clock(at_ms);
    let mut places = Vec::new();
    let mut stage = 0;
    for sequence in 0.. {
        let lines = (1..=3).map(|node| line(node, sequence, stage, at_ms, 0));
        site.tell(&lines.collect::<String>());
        let entry = site.control()["rollouts"]["checkout"].clone();
        let place = (
            entry["stage"].as_u64().unwrap(),
            entry["state"].as_str().unwrap().to_owned(),
        );
        if places.last() != Some(&place) {
            stage = place.0 as u8;
            places.push(place);
        }
        if entry["state"] == "complete" {
            break;
        }
        at_ms += 10_000;
        assert!(
            sequence < 720,
            "two hours are enough\n{}",
            site.ask("/rollouts")
        );
        site.set_clock(at_ms);
    }
    let expected = [(0, "running"), (1, "running"), (1, "complete")];
    assert_eq!(
        places,
        expected.map(|(stage, state)| (stage, state.to_owned()))
    );
    let begin = Instant::now();
    while !site.everybody_gets("canary") {
        assert!(begin.elapsed() < PATIENCE, "{}", site.log());
    }
    let decisions = site.json("/decisions");
    let kinds = decisions.as_array().unwrap().iter();
    let kinds: Vec<_> = kinds.map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(
        kinds,
        ["completed", "advanced"].map(|kind| format!("dev.flagstone.rollout.{kind}"))
    );
}

/// The Workers report every ten seconds of their own time; the guard's is the test's.
#[test]
fn visitors_of_a_good_canary_bring_it_to_everybody() {
    let Some(site) = Site::start(BEGIN, 200, &[("FLAGSTONE_GUARD_BUDGET", "1000")]) else {
        return;
    };
    let mut at_ms = BEGIN;
    let mut user = 0;
    for round in 0.. {
        site.set_clock(at_ms);
        for worker in WORKERS {
            (user..user + 60).for_each(|user| drop(site.visit(worker, user)));
        }
        user += 60;
        let begin = Instant::now();
        while site.json("/rollouts/checkout")["last_report_ms"] != at_ms {
            assert!(begin.elapsed() < PATIENCE, "{}", site.log());
            thread::sleep(Duration::from_millis(100));
        }
        if site.control()["rollouts"]["checkout"]["state"] == "complete" {
            break;
        }
        assert!(
            round < 12,
            "{}\n{}",
            site.ask("/rollouts"),
            site.ask("/decisions")
        );
        at_ms += 35_000;
    }
    let begin = Instant::now();
    while !site.everybody_gets("canary") {
        assert!(begin.elapsed() < PATIENCE, "{}", site.log());
    }
}

#[test]
fn ended_at_any_moment_it_loses_nothing_and_counts_nothing_twice() {
    const BATCHES: u32 = 24;
    let Some(site) = Site::start(BEGIN, 200, &[]) else {
        return;
    };
    site.set_clock(BEGIN + 1_000);
    let batches: Vec<String> = (0..BATCHES)
        .map(|batch| (1..=5).map(|node| line(node, batch, 0, BEGIN, 0)).collect())
        .collect();
    // Each twice, in an order of no meaning.
    let order: Vec<usize> = (0..2 * BATCHES as usize).collect();
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while let Some(number) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if number % 7 == 3 {
                        // While others are on their way.
                        site.end();
                    }
                    site.tell(&batches[number * 29 % BATCHES as usize]);
                }
            });
        }
    });
    site.end();
    let status = site.json("/rollouts/checkout");
    let lines = f64::from(BATCHES * 5);
    assert_eq!(
        status["fetches"]["control"],
        750.0 * lines,
        "{}",
        site.log()
    );
    assert_eq!(status["fetches"]["canary"], 250.0 * lines);
    assert_eq!(
        (&status["phase"], &status["stage"]),
        (&"running".into(), &0.into())
    );
}

/// `FLAGSTONE_LOAD` is the number of batches, 8 if it is not set.
#[test]
fn it_takes_the_lines_of_a_thousand_nodes() {
    const LINES: u64 = 256;
    const NODES: u64 = 1_000;
    let Some(site) = Site::start(BEGIN, 200, &[]) else {
        return;
    };
    site.set_clock(BEGIN + 1_000);
    let load = std::env::var("FLAGSTONE_LOAD").ok();
    let load: u64 = load.and_then(|load| load.parse().ok()).unwrap_or(8);
    let batches: Vec<String> = (0..load)
        .map(|batch| {
            let numbers = batch * LINES..(batch + 1) * LINES;
            let lines = numbers.map(|at| line(at % NODES, (at / NODES) as u32, 0, BEGIN, 0));
            lines.collect()
        })
        .collect();
    let next = AtomicUsize::new(0);
    let begin = Instant::now();
    thread::scope(|scope| {
        for _ in 0..64 {
            scope.spawn(|| {
                while let Some(batch) = batches.get(next.fetch_add(1, Ordering::Relaxed)) {
                    site.tell(batch);
                }
            });
        }
    });
    let lines = (load * LINES) as f64;
    println!(
        "{:.0} lines a second",
        lines / begin.elapsed().as_secs_f64()
    );
    let status = site.json("/rollouts/checkout");
    assert_eq!(status["fetches"]["canary"], 250.0 * lines);
    assert_eq!(status["instances"], NODES);
}

#[test]
fn what_people_write_meanwhile_stays() {
    let Some(site) = Site::start(BEGIN, 200, &[]) else {
        return;
    };
    // It does not read the document again while no time passes.
    site.set_clock(BEGIN + 1_000);
    site.tell(&line(1, 0, 0, BEGIN, 0));
    let mut control = site.control();
    control["sequence"] = 2.into();
    control["kills"] = serde_json::json!({ "checkout": "control" });
    let put = Request::new("PUT", "/.well-known/flagstone/control").body(control.to_string());
    assert_eq!(site.send("flagstone", put, "secret").status, 204);
    site.tell(&line(2, 0, 0, BEGIN, 200));
    let begin = Instant::now();
    loop {
        let control = site.control();
        assert_eq!(control["kills"]["checkout"], "control", "{control}");
        if control["rollouts"]["checkout"]["state"] == "rolled-back" {
            assert_eq!(control["sequence"], 3);
            break;
        }
        assert!(begin.elapsed() < PATIENCE, "{}", site.log());
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn it_looks_on_time_though_nobody_reports() {
    let Some(site) = Site::start(BEGIN, 200, &[]) else {
        return;
    };
    let cron = || {
        let response = site.send("guard", Request::new("GET", "/test/cron"), "");
        assert_eq!(response.status, 200);
    };
    site.set_clock(BEGIN + 1_000);
    cron();
    assert_eq!(site.json("/decisions"), Value::Array(Vec::new()));
    site.set_clock(BEGIN + 60_000);
    cron();
    let decisions = site.json("/decisions");
    assert_eq!(
        decisions[0]["data"]["after"]["reason"],
        "stale",
        "{}",
        site.log()
    );
}

#[test]
fn nobody_comes_in_without_the_token() {
    let paths = [
        "/",
        "/rollouts",
        "/rollouts/checkout",
        "/decisions",
        "/metrics",
        "/lines",
        "/_flagstone/",
        "/_flagstone/page.mjs",
        "/_flagstone/health.json",
        "/_flagstone/actions",
    ];
    for (token, expected) in [("secret", 401), ("", 404)] {
        let Some(site) = Site::start(BEGIN, 200, &[("FLAGSTONE_GUARD_TOKEN", token)]) else {
            return;
        };
        let answers = paths.iter().flat_map(|path| {
            ["GET", "POST"].map(|method| {
                let request = Request::new(method, path).body(line(1, 0, 0, BEGIN, 200));
                site.send("guard", request, "wrong").status
            })
        });
        assert_eq!(answers.collect::<BTreeSet<_>>(), BTreeSet::from([expected]));
    }
}

#[test]
fn the_health_page_is_there_and_pauses_a_rollout() {
    let Some(site) = Site::start(BEGIN, 200, &[]) else {
        return;
    };
    site.set_clock(BEGIN + 1_000);
    site.tell(&line(1, 0, 0, BEGIN, 3));
    for (method, path, allowed) in [("GET", "/lines", "POST"), ("POST", "/metrics", "GET")] {
        let other = site.send("guard", Request::new(method, path), "secret");
        let found = other.headers.text("allow");
        assert_eq!((other.status, found.as_deref()), (405, Some(allowed)));
    }
    // As a browser sends it: any name, and the token as password.
    let get = Request::new("GET", "/_flagstone/")
        .header("x-worker", "guard")
        .header("authorization", "Basic YWRhOnNlY3JldA==");
    let page = http::send(&site.url, &get).unwrap();
    assert_eq!(page.status, 200);
    let policy = page.headers.text("content-security-policy").unwrap();
    assert!(
        policy.starts_with("default-src 'none'; script-src 'self';"),
        "{policy}"
    );
    assert!(String::from_utf8(page.body).unwrap().contains("page.mjs"));

    let health = || site.json("/_flagstone/health.json")["flags"][0]["rollout"].clone();
    let rollout = health();
    assert_eq!(rollout["state"], "running");
    assert_eq!(
        rollout["guard"]["fetches"]["canary"]["count"], 3,
        "{rollout}"
    );
    let act = |what, why, origin| site.act(what, why, origin);
    let before = site.control();
    assert_eq!(act("pause", "so", "cross-site").0, 403);
    assert_eq!(act("pause", "", "same-origin").0, 400);
    assert_eq!(
        act("resume", "so", "same-origin"),
        (409, "it is running, not paused\n".to_owned())
    );
    assert_eq!(site.control(), before);
    let (status, audit) = act("pause", "we look at it", "same-origin");
    assert_eq!(status, 200, "{audit}");
    let control = site.control();
    assert_eq!(control["rollouts"]["checkout"]["state"], "paused");
    assert_eq!(
        control["last"],
        serde_json::from_str::<Value>(&audit).unwrap()
    );
    assert_eq!(
        (&control["last"]["who"], &control["last"]["what"]),
        (&"ada".into(), &"pause".into())
    );
    assert_eq!(health()["state"], "paused");
    assert_eq!(act("kill", "off", "same-origin").0, 200);
    assert_eq!(site.control()["kills"]["checkout"], "control");
}

#[test]
fn a_change_that_is_in_the_object_is_told_as_made() {
    let Some(site) = Site::start(BEGIN, 200, &[]) else {
        return;
    };
    site.set_clock(BEGIN + 1_000);
    for (lost, what, state) in [
        ("^audit/", "pause", "paused"),
        ("^control$", "resume", "running"),
    ] {
        site.lose(lost);
        let (status, audit) = site.act(what, "so", "same-origin");
        assert_eq!(status, 200, "{lost}: {audit}\n{}", site.log());
        let control = site.control();
        assert_eq!(control["rollouts"]["checkout"]["state"], state);
        assert_eq!(control["last"].to_string() + "\n", audit);
    }
    let lost = "the change is made, but its audit line is not kept: the answer is lost";
    let workerd = site.workerd.lock().unwrap();
    workerd.logged(&|line| line.contains(lost)).unwrap();
    drop(workerd);
    // A step of the guard's own has its audit line, too.
    site.tell(&line(1, 0, 0, BEGIN, 200));
    site.json("/rollouts");
    let control = site.control();
    assert_eq!(control["rollouts"]["checkout"]["state"], "rolled-back");
    let get = Request::new("GET", "/.well-known/flagstone/audit/000000000000004");
    let kept = site.send("flagstone", get, "secret").body;
    assert_eq!(
        String::from_utf8(kept).unwrap(),
        control["last"].to_string()
    );
    assert!(!site.log().contains("the next step"), "{}", site.log());
}

#[test]
fn it_does_not_overtake_itself() {
    let Some(site) = Site::start(BEGIN, 200, &[]) else {
        return;
    };
    site.set_clock(BEGIN + 60_000);
    assert_eq!(site.act("pause", "so", "same-origin").0, 200);
    for sequence in 0..60 {
        let at_ms = BEGIN + 60_000 + i64::from(sequence) * 10_000;
        site.set_clock(at_ms);
        let lines = (1..=3).map(|node| line(node, sequence, 0, at_ms, 0));
        site.tell(&lines.collect::<String>());
    }
    assert_eq!(site.act("resume", "so", "same-origin").0, 200);
    // It takes its next step in the look that comes before this action.
    let (status, audit) = site.act("kill", "so", "same-origin");
    assert_eq!(status, 200, "{audit}");
    let control = site.control();
    assert_eq!(control["rollouts"]["checkout"]["stage"], 1, "{control}");
    assert_eq!(control["kills"]["checkout"], "control");
    let decisions = site.json("/decisions");
    assert_eq!(decisions[0]["type"], "dev.flagstone.rollout.advanced");
}

#[test]
fn what_the_webhook_has_not_taken_is_kept() {
    let Some(site) = Site::start(BEGIN, 200, &[]) else {
        return;
    };
    for more in ["10001", "1"] {
        let post = Request::new("POST", "/test/decide").body(more);
        assert_eq!(site.send("guard", post, "secret").status, 200);
    }
    let metrics = site.ask("/metrics");
    let expected = "flagstone_guard_untold_decisions 10002\n";
    assert!(metrics.contains(expected), "{metrics}");
}

#[test]
fn lines_that_are_compressed_are_not_taken() {
    let Some(site) = Site::start(BEGIN, 200, &[]) else {
        return;
    };
    for (coding, expected) in [("gzip", 415), ("identity", 415), ("", 200)] {
        let mut post = Request::new("POST", "/lines").body(line(1, 0, 0, BEGIN, 0));
        if !coding.is_empty() {
            post = post.header("content-encoding", coding);
        }
        assert_eq!(
            site.send("guard", post, "secret").status,
            expected,
            "{coding}"
        );
    }
}

#[test]
fn it_says_what_is_wrong_with_its_variables() {
    let Some(site) = Site::start(BEGIN, 200, &[("FLAGSTONE_GUARD_CEILING", "5 %")]) else {
        return;
    };
    let post = Request::new("POST", "/lines").body(line(1, 0, 0, BEGIN, 0));
    let response = site.send("guard", post, "secret");
    let text = String::from_utf8(response.body).unwrap();
    assert_eq!(
        (response.status, text.as_str()),
        (
            503,
            "not saved, send it again: `FLAGSTONE_GUARD_CEILING` is a number from 0 to 1, not `5 %`\n"
        )
    );
    for path in ["/rollouts", "/rollouts/checkout", "/metrics"] {
        let response = site.send("guard", Request::new("GET", path), "secret");
        let text = String::from_utf8(response.body).unwrap();
        assert_eq!(response.status, 503, "{path}: {text}");
        assert!(
            text.contains("`FLAGSTONE_GUARD_CEILING` is a number"),
            "{text}"
        );
    }
}
