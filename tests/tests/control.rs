//! From the command line to a decision: changes of the control document on workerd, by Cloudflare's HTTP interface over
//! Miniflare's store and by the Worker's Durable Object.
//!
//! How long they take is printed; `FLAGSTONE_PROPAGATION=full` repeats them, in two minutes:
//! `FLAGSTONE_PROPAGATION=full cargo xtask with cargo test -p flagstone-tests --test control -- --nocapture`
#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::PathBuf;
use std::process::{Command, Output};
use std::thread;
use std::time::{Duration, Instant};

use flagstone_tests::cli::flagstone;
use flagstone_tests::hosts::{
    Build, CONTROL, Host, Origin, Request, Response, Setting, Workerd, http, if_present,
};
use flagstone_tests::published::Published;

const CONFIG: &str = r#"
[flags.banner]
serve = "on"
[expose]
browser = ["banner"]
"#;

const TOKEN: (&str, &str) = ("FLAGSTONE_CONTROL_TOKEN", "secret");

/// What the control document travels by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Carrier {
    Kv,
    Object,
}

/// A Worker whose control document the command line changes.
struct Stage {
    carrier: Carrier,
    program: PathBuf,
    url: String,
    /// Cloudflare's HTTP interface.
    interface: String,
}

impl Stage {
    /// One that asks for a newer document after so many seconds, and what it runs on; `None` if there is no workerd here.
    fn new(carrier: Carrier, ttl: &str) -> Option<(Self, (Workerd, Origin))> {
        let published = Published::of(CONFIG);
        let control = published.control(7, "");
        let origin = Origin::start(|_| Some(Response::new(200))).unwrap();
        let ttl = ("FLAGSTONE_CONTROL_TTL_SECONDS", ttl);
        let setting = Setting {
            origins: &[("stable", origin.url())],
            store: &[(&published.key, &published.snapshot), (CONTROL, &control)],
            variables: match carrier {
                Carrier::Kv => &[ttl],
                Carrier::Object => &[ttl, TOKEN],
            },
            ..Setting::default()
        };
        let worker = if_present(Workerd::start(Build::Release, setting)).unwrap()?;
        let stage = Self {
            carrier,
            program: flagstone().unwrap(),
            url: worker.url().to_owned(),
            interface: worker.interface().to_owned(),
        };
        Some((stage, (worker, origin)))
    }

    fn run(&self, args: &[&str]) -> Output {
        let store = match self.carrier {
            Carrier::Kv => "cloudflare:flags",
            Carrier::Object => &self.url,
        };
        Command::new(&self.program)
            .args(args)
            .args(["--control", store])
            .env("CLOUDFLARE_API_BASE_URL", &self.interface)
            .env("CLOUDFLARE_API_TOKEN", "secret")
            .env("CLOUDFLARE_ACCOUNT_ID", "acc")
            .env(TOKEN.0, TOKEN.1)
            .output()
            .unwrap()
    }

    /// Changes a flag's kill; the exit code.
    fn kill(&self, flag: &str, args: &[&str]) -> Option<i32> {
        let mut all = vec!["kill", flag, "--why", "it blinks"];
        // In the object nothing lies at first.
        if self.carrier == Carrier::Object {
            all.extend(["--initial", "cloudflare:flags"]);
        }
        all.extend(args);
        let output = self.run(&all);
        let code = output.status.code();
        assert!(matches!(code, Some(0 | 4)), "{output:?}");
        code
    }

    fn banner(&self) -> String {
        let request = Request::new("GET", "/");
        let response = http::send(&self.url, &request).unwrap();
        response.headers.text("feature-flags").unwrap()
    }

    /// The document, as `status` shows it.
    fn status(&self) -> String {
        String::from_utf8(self.run(&["status", "--format", "json"]).stdout).unwrap()
    }

    /// From the start of a command until a visitor sees what it changed, one coming every 10 ms; and until it ended.
    fn propagation(&self, args: &[&str], expected: &str) -> [Duration; 2] {
        let begin = Instant::now();
        thread::scope(|scope| {
            let seen = scope.spawn(|| {
                loop {
                    if self.banner() == expected {
                        return begin.elapsed();
                    }
                    let late = begin.elapsed() > Duration::from_secs(90);
                    assert!(!late, "{expected} is not seen");
                    thread::sleep(Duration::from_millis(10));
                }
            });
            assert_eq!(self.kill("banner", args), Some(0));
            let command = begin.elapsed();
            [seen.join().unwrap(), command]
        })
    }
}

#[test]
fn a_kill_reaches_visitors() {
    let is_full = std::env::var("FLAGSTONE_PROPAGATION").is_ok_and(|value| value == "full");
    let most = |runs| if is_full { runs } else { 1 };
    println!(
        "carrier, seconds that an isolate keeps it: until visitors saw it, until the command ended"
    );
    for (carrier, ttl, runs) in [
        (Carrier::Kv, "0", most(10)),
        (Carrier::Kv, "1", most(10)),
        (Carrier::Object, "0", most(10)),
        (Carrier::Object, "1", most(10)),
        (Carrier::Object, "5", if is_full { 5 } else { 0 }),
        (Carrier::Kv, "30", if is_full { 3 } else { 0 }),
    ] {
        if runs == 0 {
            continue;
        }
        let Some((stage, _running)) = Stage::new(carrier, ttl) else {
            return;
        };
        assert_eq!(stage.banner(), "banner=on");
        let mut all = Vec::new();
        for run in 0..runs {
            // Workers KV takes one write of a key a second.
            thread::sleep(Duration::from_millis(1_000));
            all.push(match run % 2 {
                0 => stage.propagation(&["--variant", "off"], "banner=off"),
                _ => stage.propagation(&["--lift"], "banner=on"),
            });
        }
        let range = |which: usize| {
            let all = all.iter().filter_map(|times| times.get(which));
            let mut all: Vec<f64> = all.map(Duration::as_secs_f64).collect();
            all.sort_by(f64::total_cmp);
            let middle = all.get(all.len() / 2).copied().unwrap_or_default();
            let last = all.last().copied().unwrap_or_default();
            format!("median {middle:.2} s, most {last:.2} s")
        };
        println!(
            "{carrier:?}, {ttl} s, {runs} times: {}; {}",
            range(0),
            range(1)
        );
    }
}

/// Whoever is told that a change was made finds it in the object, however many write at the same time, the first ones too.
#[test]
fn many_at_once_in_the_object() {
    let Some((stage, _running)) = Stage::new(Carrier::Object, "0") else {
        return;
    };
    let flags: Vec<String> = (0..6).map(|number| format!("f{number}")).collect();
    let codes: Vec<Option<i32>> = thread::scope(|scope| {
        let kill = |flag| stage.kill(flag, &["--variant", "off"]);
        let runs: Vec<_> = flags
            .iter()
            .map(|flag| scope.spawn(move || kill(flag)))
            .collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    let status = stage.status();
    let mut made = 0;
    for (flag, code) in flags.iter().zip(codes) {
        let is_there = status.contains(&format!("\"{flag}\""));
        assert_eq!(code == Some(0), is_there, "{flag}: {code:?}\n{status}");
        made += u64::from(is_there);
    }
    let sequence = format!("\"sequence\": {}", 7 + made);
    assert!(made > 0 && status.contains(&sequence), "{status}");
}

/// Workers KV compares nothing, but takes one write of a key a second: a second writer who has looked too early is told so,
/// looks again and finds the first one's change.
#[test]
fn two_at_once_in_kv() {
    let Some((stage, _running)) = Stage::new(Carrier::Kv, "0") else {
        return;
    };
    let flags = ["banner", "other"];
    let codes: Vec<Option<i32>> = thread::scope(|scope| {
        let kill = |flag| stage.kill(flag, &["--variant", "off"]);
        let runs = flags.map(|flag| scope.spawn(move || kill(flag)));
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    let status = stage.status();
    for (flag, code) in flags.iter().zip(&codes) {
        let is_there = status.contains(&format!("\"{flag}\""));
        assert_eq!(*code == Some(0), is_there, "{flag}: {code:?}\n{status}");
    }
    assert!(codes.contains(&Some(0)), "{codes:?}");
}

/// The audit line of each change lies beside the document.
#[test]
fn audit_lines_in_kv() {
    let Some((stage, _running)) = Stage::new(Carrier::Kv, "0") else {
        return;
    };
    assert_eq!(stage.kill("banner", &["--variant", "off"]), Some(0));
    let path = "/accounts/acc/storage/kv/namespaces/flags/values/audit%2F000000000000008";
    let request = Request::new("GET", path).header("Authorization", "Bearer secret");
    let held = http::send(&stage.interface, &request).unwrap();
    let line = String::from_utf8(held.body).unwrap();
    for part in [r#""what":"kill""#, r#""flag":"banner""#, r#""after":"off""#] {
        assert!(line.contains(part), "{line}");
    }
}
