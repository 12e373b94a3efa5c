//! A rollout by its plan on the real runtimes: its stages as the control document says, what nodes report of them, and a
//! canary that goes out of service and comes back.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use flagstone_edge::rollout_id;
use flagstone_rollout::tally;
use flagstone_rollout::{Line, UnitHash};
use flagstone_tests::hosts::{
    Build, CONTROL, Host, Location, Origin, Request, Response, Setting, Viceroy, Workerd,
    if_present, reported,
};
use flagstone_tests::published::Published;

const CONFIG: &str = r#"
[identity]
sources = ["header:x-user"]
anonymous = false

[flags.checkout]
variants = { control = false, treatment = true }
default = "control"
rollout = { treatment = "plan" }
plan = { stages = [{ share = 25, dwell = "1h" }, { share = 50, dwell = "1h" }] }

[[routes]]
path = "/a/*"
flag = "checkout"
variants.treatment = { origin = "canary" }

[origins]
canary = { fallback = "stable" }

[expose]
browser = ["*"]
"#;

/// Visitors of one round.
const VISITORS: usize = 200;
/// The first pause of a breaker with its longest jitter, and a bit.
const PAUSE: Duration = Duration::from_millis(33_500);

/// A host, what is behind it, and what its control document says.
struct Stage<H> {
    host: H,
    published: Published,
    sequence: u64,
    canary: Origin,
    /// Whether the canary fails.
    fails: Arc<Mutex<bool>>,
    reports: Origin,
    _stable: Origin,
}

/// What a visitor got.
#[derive(Debug, PartialEq, Eq)]
struct Got {
    flags: String,
    /// `guard=…`, or nothing.
    guard: String,
    body: String,
    status: u16,
}

impl<H: Host> Stage<H> {
    fn start(host: impl Fn(Setting<'_>) -> std::io::Result<H>) -> Option<Self> {
        let published = Published::of(CONFIG);
        let fails = Arc::new(Mutex::new(false));
        let failing = Arc::clone(&fails);
        let canary = Origin::start(move |_| {
            Some(match *failing.lock().unwrap() {
                true => Response::new(500).body("Oops"),
                false => Response::new(200).body("canary"),
            })
        });
        let (canary, stable) = (
            canary.unwrap(),
            Origin::start(|_| Some(Response::new(200).body("stable"))).unwrap(),
        );
        let reports = Origin::start(|_| Some(Response::new(200))).unwrap();
        let control = control(&published, 1, 0, "running");
        let host = host(Setting {
            origins: &[("stable", stable.url()), ("canary", canary.url())],
            store: &[(&published.key, &published.snapshot), (CONTROL, &control)],
            reports: Some(reports.url()),
            ..Setting::default()
        });
        Some(Self {
            host: if_present(host).unwrap()?,
            published,
            sequence: 1,
            canary,
            fails,
            reports,
            _stable: stable,
        })
    }

    fn get(&self, target: &str, user: usize) -> Got {
        let request = Request::new("GET", target).header("x-user", format!("user-{user}"));
        let response = self.host.send(&request, &Location::default()).unwrap();
        let header = |name| response.headers.text(name).unwrap_or_default();
        let status = header("flagstone-status");
        let guard = status.split("; ").find(|part| part.starts_with("guard="));
        Got {
            flags: header("feature-flags"),
            guard: guard.unwrap_or_default().to_owned(),
            body: String::from_utf8(response.body).unwrap(),
            status: response.status,
        }
    }

    /// Puts the rollout into a stage or state, and has the node hear of it.
    fn put(&mut self, stage: u8, state: &str) {
        self.sequence += 1;
        let control = control(&self.published, self.sequence, stage, state);
        self.host.put(CONTROL, &control).unwrap();
        // A request on no route: nothing is counted of it.
        for _ in 0..3 {
            self.get("/", 0);
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Who of a round's visitors got the canary.
    fn round(&self) -> Vec<usize> {
        let canaries = (0..VISITORS).filter(|user| {
            let got = self.get("/a/x", *user);
            let is_canary = got.body == "canary";
            let flags = match is_canary {
                true => "checkout=treatment",
                false => "checkout=control",
            };
            assert_eq!(got.flags, flags, "{}", self.host.log());
            is_canary
        });
        canaries.collect()
    }

    /// Has the breaker trip: the canary fails for one visitor after the other. The next visitor.
    fn trip(&self) -> usize {
        self.round();
        *self.fails.lock().unwrap() = true;
        let mut users = VISITORS..VISITORS + 200;
        let user = users.find(|user| {
            let got = self.get("/a/x", *user);
            assert_eq!(got.status, 200, "{got:?}");
            got.guard == "guard=open"
        });
        let user = user.unwrap();
        assert_eq!(self.get("/a/x", user).body, "stable");
        user + 1
    }
}

fn control(published: &Published, sequence: u64, stage: u8, state: &str) -> Vec<u8> {
    let rollout = format!(
        r#"{{"plan":"1","attempt":1,"stage":{stage},"state":"{state}","since":1795376100000}}"#
    );
    let more = format!(r#","sequence":{sequence},"rollouts":{{"checkout":{rollout}}}"#);
    published.control(7, &more)
}

/// Stages are what the control document says, nobody leaves while it grows, and each fetch is reported once under its stage.
fn stages<H: Host>(host: impl Fn(Setting<'_>) -> std::io::Result<H>) {
    let Some(mut stage) = Stage::start(host) else {
        return;
    };
    let first = stage.round();
    stage.put(1, "running");
    let second = stage.round();
    stage.put(1, "rolled-back");
    assert!(stage.round().is_empty());
    assert!((25..=75).contains(&first.len()), "{}", first.len());
    assert!((70..=130).contains(&second.len()), "{}", second.len());
    assert!(first.iter().all(|user| second.contains(user)));

    let id = rollout_id("checkout", "1", 1);
    let rounds = [first.len(), second.len()].map(|canaries| [VISITORS - canaries, canaries]);
    let expected: BTreeMap<u8, [usize; 2]> = (0..).zip(rounds).collect();
    let begin = Instant::now();
    loop {
        let mut found = BTreeMap::new();
        let mut responses = 0;
        for line in reported(&stage.host, &stage.reports) {
            if let Some(Ok(line)) = Line::read(&line) {
                assert_eq!((line.report.rollout, &*line.flag), (id, "checkout"));
                let [control, canary] = found.entry(line.report.stage).or_insert([0; 2]);
                *control += line.report.arms.control.fetches as usize;
                *canary += line.report.arms.canary.fetches as usize;
            }
            responses += tally::Line::read(&line).map_or(0, |line| line.row.requests as usize);
        }
        if found == expected && responses == 3 * VISITORS {
            return;
        }
        let is_late = begin.elapsed() > Duration::from_secs(60);
        assert!(!is_late, "{found:?} instead of {expected:?}, {responses}");
        thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn stages_in_workerd() {
    stages(|setting| Workerd::start(Build::Release, setting));
}

#[test]
fn stages_in_viceroy() {
    stages(Viceroy::start);
}

/// After the pause one visitor in sixteen tries the canary; 20 successes bring it back. (Viceroy's counters always say 0:
/// nothing trips there.)
#[test]
fn a_canary_that_works_again_comes_back() {
    let Some(stage) = Stage::start(|setting| Workerd::start(Build::Release, setting)) else {
        return;
    };
    let next = stage.trip();
    *stage.fails.lock().unwrap() = false;
    thread::sleep(PAUSE);
    let mut probes = 0;
    for user in next..next + 5_000 {
        let got = stage.get("/a/x", user);
        let tries = UnitHash::of("checkout", &format!("user-{user}")).probes();
        match &*got.guard {
            "guard=probe" => {
                assert!(tries, "user-{user}");
                assert_eq!((&*got.body, got.status), ("canary", 200));
                probes += 1;
            }
            "guard=open" => assert!(!tries && got.body == "stable", "user-{user}: {got:?}"),
            // It is back.
            _ if got.body == "canary" => break,
            _ => assert_eq!(got.flags, "checkout=control"),
        }
    }
    assert_eq!(probes, 20);
    let others = (0..100).map(|user| stage.get("/a/x", user));
    assert!(others.map(|got| got.guard).all(|guard| guard.is_empty()));
}

/// The first one who finds the canary failing is answered by its fallback, and ends the trial.
#[test]
fn a_canary_that_still_fails_stays_out() {
    let Some(stage) = Stage::start(|setting| Workerd::start(Build::Release, setting)) else {
        return;
    };
    let next = stage.trip();
    let asked = stage.canary.received().len();
    for user in next..next + 100 {
        assert_eq!(stage.get("/a/x", user).body, "stable");
    }
    assert_eq!(stage.canary.received().len(), asked);
    thread::sleep(PAUSE);
    for user in next..next + 1_000 {
        let got = stage.get("/a/x", user);
        assert_eq!((&*got.body, got.status), ("stable", 200), "{got:?}");
    }
    assert_eq!(stage.canary.received().len(), asked + 1);
}
