//! Goals of rollouts, end to end: what is reported is what visitors did, and a canary that keeps them from it is taken back.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use flagstone_rollout::{Counts, Line, PerArm};
use flagstone_tests::hosts::{
    Build, CONTROL, Host, Origin, Request, Response, Setting, Viceroy, Workerd, http, if_present,
    reported,
};
use flagstone_tests::published::Published;
use serde_json::Value;

const SHOP: &str = r#"
[identity]
sources = ["header:x-user"]
anonymous = false

[goals.bought]
path = "/pay"
method = "POST"
event = "bought"

[goals.thanked]
path = "/thanks"

[flags.pricing]
rollout = { on = "plan" }
plan = { stages = [{ share = 50, dwell = "1m" }, { share = 75, dwell = "1m" }], goals = ["bought", "thanked"] }

[[routes]]
path = "/pricing/*"
flag = "pricing"
variants.on = { origin = "canary" }

[origins]
canary = { fallback = "stable" }
"#;

/// Longer than anything should take.
const PATIENCE: Duration = Duration::from_secs(60);

/// An origin that says which it is, and that something was bought.
fn origin(name: &'static str) -> Origin {
    let answer = move |_: &_| {
        let response = Response::new(200).header("flagstone-event", "bought");
        Some(response.body(name))
    };
    Origin::start(answer).unwrap()
}

/// A visitor's browser, as far as it keeps the cookie.
struct Visitor<'a> {
    url: &'a str,
    user: String,
    cookie: Option<String>,
}

impl<'a> Visitor<'a> {
    fn new(url: &'a str, number: usize) -> Self {
        Self {
            url,
            user: format!("user-{number}"),
            cookie: None,
        }
    }

    /// Whether the canary has answered.
    fn goes(&mut self, method: &str, path: &str) -> bool {
        let mut request = Request::new(method, path).header("x-user", self.user.clone());
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie.clone());
        }
        let response = http::send(self.url, &request).unwrap();
        assert_eq!(response.status, 200);
        if let Some(cookie) = response.headers.text("set-cookie") {
            assert!(cookie.starts_with("__Host-flagstone-goals="), "{cookie}");
            self.cookie = cookie.split(';').next().map(str::to_owned);
        }
        response.body == b"canary"
    }
}

/// Visits to goals, and what of that counts.
const WAYS: [(&[&str], [u64; 4]); 7] = [
    (&[], [0; 4]),
    (&["GET /thanks"], [0, 1, 0, 0]),
    (&["GET /thanks", "GET /thanks", "GET /thanks"], [0, 1, 0, 0]),
    (&["POST /pay"], [1, 0, 0, 0]),
    (&["GET /pay", "POST /thanks"], [0, 1, 0, 0]),
    (&["POST /pay", "GET /thanks", "POST /pay"], [1, 1, 0, 0]),
    (&["GET /elsewhere"], [0; 4]),
];

fn check(host: &dyn Host, reports: &Origin) {
    let mut seen = PerArm::<Counts>::default();
    for number in 0..70 {
        let mut visitor = Visitor::new(host.url(), number);
        // Before the exposure nothing counts.
        visitor.goes("GET", "/thanks");
        let is_canary = visitor.goes("GET", "/pricing/a");
        let arm = match is_canary {
            true => &mut seen.canary,
            false => &mut seen.control,
        };
        let (visits, reached) = WAYS[number % WAYS.len()];
        for visit in visits {
            let (method, path) = visit.split_once(' ').unwrap();
            visitor.goes(method, path);
        }
        assert_eq!(visitor.goes("GET", "/pricing/b"), is_canary);
        arm.goal_exposed += 1;
        for (sum, more) in arm.goal_hits.iter_mut().zip(reached) {
            *sum += more;
        }
    }
    let begin = Instant::now();
    loop {
        let mut told = PerArm::<Counts>::default();
        for line in reported(host, reports) {
            if let Some(Ok(line)) = Line::read(&line) {
                told.control.merge(&line.report.arms.control);
                told.canary.merge(&line.report.arms.canary);
            }
        }
        let goals = |counts: &Counts| (counts.goal_exposed, counts.goal_hits);
        let all = |arms: &PerArm<Counts>| (goals(&arms.control), goals(&arms.canary));
        if all(&told) == all(&seen) {
            break;
        }
        let is_patient = begin.elapsed() < PATIENCE;
        assert!(
            is_patient,
            "{}: {:?} {:?}",
            host.name(),
            all(&told),
            all(&seen)
        );
        thread::sleep(Duration::from_millis(100));
    }
    assert!(seen.canary.goal_exposed > 20 && seen.control.goal_exposed > 20);
}

#[test]
fn what_is_reported_is_what_visitors_did() {
    let published = Published::of(SHOP);
    let control = published.begun("pricing", 0);
    let (stable, canary) = (origin("stable"), origin("canary"));
    let reports = Origin::start(|_| Some(Response::new(200))).unwrap();
    let setting = Setting {
        origins: &[("stable", stable.url()), ("canary", canary.url())],
        store: &[(&published.key, &published.snapshot), (CONTROL, &control)],
        reports: Some(reports.url()),
        ..Setting::default()
    };
    if let Some(host) = if_present(Workerd::start(Build::Release, setting)).unwrap() {
        check(&host, &reports);
    }
    let reports = Origin::start(|_| Some(Response::new(200))).unwrap();
    if let Some(host) = if_present(Viceroy::start(setting)).unwrap() {
        check(&host, &reports);
    }
}

/// Its pages answer well and quickly, and lead nobody on.
#[test]
fn a_canary_that_lowers_activation_is_rolled_back() {
    let published = Published::of(SHOP);
    let (stable, canary) = (origin("stable"), origin("canary"));
    let workerd = Workerd::start(
        Build::Release,
        Setting {
            origins: &[("stable", stable.url()), ("canary", canary.url())],
            store: &[(&published.key, &published.snapshot)],
            variables: &[
                ("FLAGSTONE_CONTROL_TOKEN", "secret"),
                ("FLAGSTONE_CONTROL_TTL_SECONDS", "1"),
            ],
            guard: Some(&[("FLAGSTONE_GUARD_TOKEN", "secret")]),
            ..Setting::default()
        },
    );
    let Some(host) = if_present(workerd).unwrap() else {
        return;
    };
    let ask = |worker: &str, request: Request| {
        let request = request
            .header("x-worker", worker)
            .header("authorization", "Bearer secret");
        http::send(host.url(), &request).unwrap()
    };
    #[allow(clippy::disallowed_methods, reason = "the Worker has a clock")]
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let control = published.begun("pricing", now.unwrap().as_millis() as i64);
    let path = "/.well-known/flagstone/control";
    assert_eq!(
        ask("flagstone", Request::new("PUT", path).body(control)).status,
        204
    );

    // How many the canary has exposed and how many of them have reached the goals, and the same of control: after each step.
    let mut arms = BTreeMap::from([(true, (0, 0)), (false, (0, 0))]);
    let mut history = Vec::new();
    for number in 0..120 {
        let mut visitor = Visitor::new(host.url(), number);
        let is_canary = visitor.goes("GET", "/pricing/a");
        arms.get_mut(&is_canary).unwrap().0 += 1;
        history.push((arms[&true], arms[&false]));
        if !is_canary || number % 10 == 0 {
            visitor.goes("GET", "/thanks");
            visitor.goes("POST", "/pay");
            arms.get_mut(&is_canary).unwrap().1 += 1;
            history.push((arms[&true], arms[&false]));
        }
    }
    assert!(arms[&true].1 < arms[&false].1 / 4, "{arms:?}");
    let begin = Instant::now();
    let last = loop {
        let response = ask("flagstone", Request::new("GET", path));
        let document: Value = serde_json::from_slice(&response.body).unwrap();
        if document["rollouts"]["pricing"]["state"] == "rolled-back" {
            break document["last"].clone();
        }
        assert!(begin.elapsed() < PATIENCE, "{document}\n{}", host.log());
        thread::sleep(Duration::from_millis(200));
    };
    assert_eq!(last["who"], "guard");
    let why = last["why"].as_str().unwrap();
    // A node tells now and then, so the guard may have seen enough before the last visitor: it goes by what was true at a moment.
    let is_told = history.iter().any(|(canary, control)| {
        why.contains(&format!(
            "bought reached by {} of {} canary visitors, {} of {} stable",
            canary.1, canary.0, control.1, control.0
        ))
    });
    assert!(why.contains("0 of ") && is_told, "{why}");
    println!("{why}");
    let health = ask("guard", Request::new("GET", "/_flagstone/health.json"));
    let health: Value = serde_json::from_slice(&health.body).unwrap();
    let goals = &health["flags"][0]["rollout"]["guard"]["goals"];
    assert_eq!(goals[0]["name"], "bought");
    let [canary, control] = ["canary", "control"].map(|arm| {
        let number = |name| goals[1][arm][name].as_i64().unwrap();
        (number("of"), number("count"))
    });
    assert!(history.contains(&(canary, control)), "{goals}");
}
