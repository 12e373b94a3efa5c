//! Releases on Fastly, one of which stops itself: the service reports to its log, `flagstone guard` decides, and the service obeys the control
//! document that it writes.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use flagstone_tests::cli::flagstone;
use flagstone_tests::hosts::{
    CONTROL, Guard, Host, Location, Origin, Request, Response, Setting, Viceroy, http, if_present,
};
use flagstone_tests::published::Published;
use serde_json::Value;

const TOKEN: &str = "secret";
/// Visitors after which a canary of a quarter that always fails must be gone.
const MOST: u32 = 400;
/// Longer than a canary that is fine should take, which is half a minute.
const PATIENCE: Duration = Duration::from_secs(180);

/// A flag with a plan of these stages.
fn shop(stages: &str) -> String {
    format!(
        r#"
[identity]
sources = ["header:x-user"]
anonymous = false

[flags.checkout]
variants = {{ control = false, treatment = true }}
default = "control"
rollout = {{ treatment = "plan" }}

[flags.checkout.plan]
stages = [{stages}]

[[routes]]
path = "/*"
flag = "checkout"
variants.treatment = {{ origin = "canary" }}

[origins]
canary = {{ fallback = "stable" }}
"#
    )
}

/// The service, its guard and its origins, and a rollout that has begun.
struct Site {
    viceroy: Viceroy,
    guard: Guard,
    control: PathBuf,
    stable: Origin,
    canary: Origin,
    visitors: u32,
    /// Lines of the log that the guard has.
    told: usize,
}

impl Site {
    /// Its files are in a folder of this name; the canary answers with `status`. `None` without Fastly's runtime.
    fn start(name: &str, stages: &str, status: u16) -> Option<Self> {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let [snapshot, control] = ["shop.snapshot", "control.json"].map(|name| folder.join(name));
        let published = Published::of(&shop(stages));
        fs::write(&snapshot, &published.snapshot).unwrap();
        fs::write(&control, published.control(1, r#","sequence":1"#)).unwrap();

        let stable = Origin::start(|_| Some(Response::new(200))).unwrap();
        let canary = Origin::start(move |_| Some(Response::new(status))).unwrap();
        let document = fs::read(&control).unwrap();
        let started = Viceroy::start(Setting {
            origins: &[("stable", stable.url()), ("canary", canary.url())],
            store: &[(&published.key, &published.snapshot), (CONTROL, &document)],
            ..Setting::default()
        });
        let viceroy = if_present(started).unwrap()?;
        let stores = [
            OsStr::new("--control"),
            control.as_os_str(),
            OsStr::new("--snapshot"),
            snapshot.as_os_str(),
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
        let mut site = Self {
            viceroy,
            guard,
            control,
            stable,
            canary,
            visitors: 0,
            told: 0,
        };
        site.publish();
        Some(site)
    }

    /// Gives the service the control document as it is; it reads it with the next request.
    fn publish(&mut self) {
        let control = fs::read(&self.control).unwrap();
        self.viceroy.put(CONTROL, &control).unwrap();
    }

    fn state(&self) -> String {
        let document: Value = serde_json::from_slice(&fs::read(&self.control).unwrap()).unwrap();
        let state = document.pointer("/rollouts/checkout/state").unwrap();
        state.as_str().unwrap().to_owned()
    }

    fn visit(&self, user: u32) {
        let request = Request::new("GET", "/").header("x-user", format!("u-{user}"));
        let response = self.viceroy.send(&request, &Location::default());
        // Where the canary fails, the fallback answers in its place.
        assert_eq!(response.unwrap().status, 200);
    }

    /// Twenty newcomers; then, as Fastly's log streaming does, what is new in the log goes to the guard, in a batch.
    fn round(&mut self) {
        for _ in 0..20 {
            self.visitors += 1;
            self.visit(self.visitors);
        }
        let log = self.viceroy.log();
        let lines: Vec<&str> = log
            .lines()
            .filter_map(|line| line.split_once("flagstone :: ").map(|(_, line)| line))
            .collect();
        let batch = lines.get(self.told..).unwrap().join("\n") + "\n";
        self.told = lines.len();
        let post = Request::new("POST", "/lines")
            .header("authorization", format!("Bearer {TOKEN}"))
            .body(batch);
        let answer = http::send(self.guard.url(), &post).unwrap();
        assert_eq!(answer.status, 200, "{}", self.guard.log());
    }

    /// How many requests stable and the canary get when everybody comes once more.
    fn everybody_comes_again(&mut self) -> [usize; 2] {
        self.publish();
        let origins = [&self.stable, &self.canary];
        for origin in origins {
            origin.take_received();
        }
        (1..=self.visitors).for_each(|user| self.visit(user));
        origins.map(|origin| origin.received().len())
    }
}

#[test]
fn a_bad_canary_is_rolled_back() {
    let stages = r#"{ share = 25, dwell = "1h" }, { share = 50, dwell = "1h" }"#;
    let Some(mut site) = Site::start("fastly-rollout-bad", stages, 500) else {
        return;
    };
    while site.state() == "running" {
        assert!(site.visitors < MOST, "{}", site.guard.log());
        site.round();
    }
    assert_eq!(site.state(), "rolled-back", "{}", site.guard.log());
    let all = site.visitors as usize;
    assert_eq!(site.everybody_comes_again(), [all, 0]);
}

#[test]
fn a_good_canary_reaches_everybody() {
    let stages = r#"{ share = 50, dwell = "30s" }"#;
    let Some(mut site) = Site::start("fastly-rollout-good", stages, 200) else {
        return;
    };
    let begin = Instant::now();
    while site.state() == "running" {
        assert!(begin.elapsed() < PATIENCE, "{}", site.guard.log());
        site.round();
        thread::sleep(Duration::from_millis(500));
    }
    assert_eq!(site.state(), "complete", "{}", site.guard.log());
    let all = site.visitors as usize;
    assert_eq!(site.everybody_comes_again(), [0, all]);
}
