//! Two releases at once, for real: `cargo xtask demo --rollout` builds everything and runs this.
//!
//! The Worker in workerd, three times, as it is in many places of a network; four origins, visitors, and `flagstone guard`,
//! which hears the Workers' reports and writes the control document that they decide by. One release is good and gets to
//! everybody; the other begins to fail once a quarter of the visitors have it, and is gone some seconds later. With `--check`
//! that is all, else the page stays until Ctrl-C.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use flagstone_core::Snapshot;
use flagstone_tests::cli::flagstone;
use flagstone_tests::hosts::http::{self, Connection};
use flagstone_tests::hosts::{
    Build, CONTROL, Guard, Host, Origin, Request, Response, Setting, Workerd,
};
use serde_json::Value;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Both releases go the same way: three stages of at least half a minute, then everybody.
const SHOP: &str = r#"
[identity]
anonymous = true

[flags.new-checkout]
variants = { control = false, treatment = true }
default = "control"
rollout = { treatment = "plan" }

[flags.new-checkout.plan]
stages = [{ share = 5, dwell = "30s" }, { share = 25, dwell = "30s" }, { share = 50, dwell = "30s" }]

[flags.new-search]
variants = { control = false, treatment = true }
default = "control"
rollout = { treatment = "plan" }

[flags.new-search.plan]
stages = [{ share = 5, dwell = "30s" }, { share = 25, dwell = "30s" }, { share = 50, dwell = "30s" }]

[[routes]]
path = "/checkout"
flag = "new-checkout"
variants.treatment = { origin = "checkout" }

[[routes]]
path = "/search"
flag = "new-search"
variants.treatment = { origin = "search" }

[origins]
checkout = { fallback = "stable" }
search = { fallback = "stable" }

[expose]
browser = ["*"]
"#;
const GOOD: &str = "new-checkout";
const BAD: &str = "new-search";
/// What the page, the guard and the control document ask for. They listen on this machine only.
const TOKEN: &str = "demo";
const VISITORS: u64 = 4;
/// Where visitors come in: each counts for itself, and only the guard adds it up.
const WORKERS: [&str; 3] = ["flagstone", "second", "third"];
/// Between two visits of a visitor: 4 visitors make some 130 requests a second.
const PAUSE: Duration = Duration::from_millis(30);
/// Of a hundred requests so many fail in the bad release, once it fails.
const FAILING: u64 = 30;
/// For so long it bears a quarter of the visitors.
const BEARABLE: Duration = Duration::from_secs(8);
/// Longer than it should ever take.
const PATIENCE: Duration = Duration::from_secs(400);

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let is_check = env::args().any(|argument| argument == "--check");
    let (interrupt, interrupted) = mpsc::channel();
    ctrlc::set_handler(move || {
        // Whoever listens has ended already, if nobody does.
        let _ = interrupt.send(());
    })?;

    let shop = Shop::start()?;
    println!("Two releases, each at 5, 25 and 50 % for at least 30 s, then for everybody:");
    println!("  {GOOD}   is fine");
    println!(
        "  {BAD}     breaks under load: with a quarter of the visitors, {FAILING} % of its answers fail"
    );
    println!();
    println!(
        "  the shop     {}/checkout, {}/search",
        shop.edge.url(),
        shop.edge.url()
    );
    println!(
        "  the guard    {}/_flagstone/    any name, password `{TOKEN}`: watch it there",
        shop.guard.url()
    );
    println!();

    let is_over = AtomicBool::new(false);
    let tally = Tally::default();
    thread::scope(|scope| -> Result<()> {
        for (number, worker) in (0..VISITORS).zip(WORKERS.iter().cycle()) {
            let (url, tally, is_over) = (shop.edge.url().to_owned(), &tally, &is_over);
            scope.spawn(move || visit(&url, worker, number, tally, is_over));
        }
        let told = shop
            .begin()
            .and_then(|()| tell(&shop, &tally, &interrupted));
        if matches!(told, Ok(true)) && !is_check {
            println!("\nThe page stays, and so do the visitors. Ctrl-C ends it.");
            // Nobody sends but Ctrl-C.
            let _ = interrupted.recv();
        }
        is_over.store(true, Ordering::Relaxed);
        match told {
            Ok(false) if is_check => Err("interrupted before the end".into()),
            told => told.map(drop),
        }
    })
}

/// Everything that runs.
struct Shop {
    guard: Guard,
    edge: Workerd,
    /// Whether the bad release fails.
    fails: Arc<AtomicBool>,
    snapshot: PathBuf,
    _origins: Vec<Origin>,
}

impl Shop {
    fn start() -> Result<Self> {
        let outcome = flagstone_authoring::read(SHOP, None, &|_: &str| {
            Err(std::io::ErrorKind::NotFound.into())
        });
        let model = outcome.model.ok_or("the shop's flags have errors")?;
        let bytes = flagstone_compile::compile(&model)
            .snapshot
            .ok_or("the shop does not compile")?;
        let digest = Snapshot::open(&bytes)?.digest();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/demo");
        fs::create_dir_all(&folder)?;
        let snapshot = folder.join("shop.snapshot");
        fs::write(&snapshot, &bytes)?;

        let fails = Arc::new(AtomicBool::new(false));
        let stable = origin("stable", Duration::from_millis(6), None)?;
        let checkout = origin("checkout", Duration::from_millis(4), None)?;
        let search = origin("search", Duration::from_millis(5), Some(Arc::clone(&fails)))?;
        // Stands between the Worker and the guard, as a platform's log streaming does: it knows the guard's token.
        let address = Arc::new(std::sync::OnceLock::<String>::new());
        let guard = Arc::clone(&address);
        let reports = Origin::start(move |request| {
            let line = Request::new("POST", "/lines")
                .header("authorization", format!("Bearer {TOKEN}"))
                .body(request.body.clone());
            let answer = http::send(guard.get()?, &line).ok()?;
            Some(Response::new(answer.status))
        })?;
        let control = format!(r#"{{"version":1,"revision":1,"snapshot":"{digest}"}}"#);
        let edge = Workerd::start(
            Build::Release,
            Setting {
                origins: &[
                    ("stable", stable.url()),
                    ("checkout", checkout.url()),
                    ("search", search.url()),
                ],
                store: &[
                    (&format!("snapshot/v1/{digest}"), &bytes),
                    (CONTROL, control.as_bytes()),
                ],
                variables: &[
                    ("FLAGSTONE_CONTROL_TOKEN", TOKEN),
                    ("FLAGSTONE_CONTROL_TTL_SECONDS", "1"),
                ],
                reports: Some(reports.url()),
                has_many: true,
                ..Setting::default()
            },
        )?;
        // The object is where the guard writes and the Worker reads; so the document is copied over, once.
        let copy = Request::new("PUT", "/.well-known/flagstone/control")
            .header("authorization", format!("Bearer {TOKEN}"))
            .body(control);
        let answer = http::send(edge.url(), &copy)?;
        must(
            answer.status == 204,
            "the control document is in its object",
        )?;

        let arguments = [
            "--control".as_ref(),
            edge.url().as_ref(),
            "--snapshot".as_ref(),
            snapshot.as_os_str(),
            // A second at the node, ten until it reports, one until the guard is heard.
            "--reaction".as_ref(),
            "12".as_ref(),
        ];
        let guard = Guard::start(TOKEN, &[("FLAGSTONE_CONTROL_TOKEN", TOKEN)], &arguments)?;
        address
            .set(guard.url().to_owned())
            .map_err(|_| "there is one guard")?;
        Ok(Self {
            guard,
            edge,
            fails,
            snapshot,
            _origins: vec![stable, checkout, search, reports],
        })
    }

    /// Begins both rollouts, as people do.
    fn begin(&self) -> Result<()> {
        for flag in [GOOD, BAD] {
            let mut command = Command::new(flagstone()?);
            command
                .args([
                    "advance",
                    flag,
                    "--begin",
                    "--who",
                    "demo",
                    "--why",
                    "a new release",
                ])
                .args(["--control", self.edge.url(), "--snapshot"])
                .arg(&self.snapshot)
                .env("FLAGSTONE_CONTROL_TOKEN", TOKEN);
            let output = command.output()?;
            if !output.status.success() {
                return Err(String::from_utf8_lossy(&output.stderr).into());
            }
        }
        Ok(())
    }

    /// What the health page shows.
    fn health(&self) -> Result<Value> {
        let ask = Request::new("GET", "/_flagstone/health.json")
            .header("authorization", format!("Bearer {TOKEN}"));
        let answer = http::send(self.guard.url(), &ask)?;
        must(answer.status == 200, "the guard answers")?;
        Ok(serde_json::from_slice(&answer.body)?)
    }
}

/// An origin that takes its time, and fails when it is told to.
fn origin(name: &'static str, pause: Duration, fails: Option<Arc<AtomicBool>>) -> Result<Origin> {
    let number = AtomicU64::new(0);
    Ok(Origin::start(move |request| {
        let number = number.fetch_add(1, Ordering::Relaxed);
        // Some answers take longer.
        thread::sleep(pause * if number.is_multiple_of(10) { 3 } else { 1 });
        let fails = fails
            .as_ref()
            .is_some_and(|fails| fails.load(Ordering::Relaxed));
        let status = if fails && is_unlucky(number) {
            500
        } else {
            200
        };
        let body = format!("{name} answers {}\n", request.target);
        let response = Response::new(status).header("x-origin", name);
        Some(
            response
                .header("content-type", "text/plain;charset=utf-8")
                .body(body),
        )
    })?)
}

const fn is_unlucky(number: u64) -> bool {
    number.wrapping_mul(2_654_435_761) % 100 < FAILING
}

/// What visitors saw.
#[derive(Default)]
struct Tally {
    requests: AtomicU64,
    errors: AtomicU64,
}

/// Visits the shop until it is over: a newcomer each time, who gets an id and comes back with it twice.
fn visit(url: &str, worker: &str, number: u64, tally: &Tally, is_over: &AtomicBool) {
    let mut connection = None;
    let mut cookie: Option<String> = None;
    let mut round = number;
    while !is_over.load(Ordering::Relaxed) {
        thread::sleep(PAUSE);
        round += 1;
        let page = if round.is_multiple_of(2) {
            "/checkout"
        } else {
            "/search"
        };
        let mut request = Request::new("GET", page)
            .header("user-agent", "Mozilla/5.0 (demo)")
            .header("x-worker", worker);
        if let Some(cookie) = &cookie {
            request = request.header("cookie", cookie.as_str());
        }
        let sent = match &mut connection {
            Some(connection) => Connection::send(connection, &request),
            None => match Connection::open(url) {
                Ok(opened) => connection.insert(opened).send(&request),
                Err(error) => Err(error),
            },
        };
        let Ok(response) = sent else {
            connection = None;
            continue;
        };
        tally.requests.fetch_add(1, Ordering::Relaxed);
        tally
            .errors
            .fetch_add(u64::from(response.status >= 500), Ordering::Relaxed);
        let given = response.headers.text("set-cookie");
        let given = given.and_then(|text| Some(text.split(';').next()?.to_owned()));
        cookie = if round % 4 == number % 4 {
            None
        } else {
            given.or(cookie)
        };
    }
}

/// Tells what happens until both have ended, and looks whether they ended as they should; `false` after Ctrl-C.
fn tell(shop: &Shop, tally: &Tally, interrupted: &Receiver<()>) -> Result<bool> {
    let begin = Instant::now();
    let mut told: Vec<String> = Vec::new();
    let mut busy = None;
    let states = loop {
        if interrupted.recv_timeout(Duration::from_secs(1)).is_ok() {
            return Ok(false);
        }
        let health = shop.health()?;
        let since = begin.elapsed().as_secs();
        let decisions = health.get("decisions").and_then(Value::as_array);
        for decision in decisions.into_iter().flatten().rev() {
            let text = |pointer| {
                decision
                    .pointer(pointer)
                    .and_then(Value::as_str)
                    .unwrap_or_default()
            };
            if !told.iter().any(|id| id == text("/id")) {
                told.push(text("/id").to_owned());
                println!(
                    "{:>2}:{:02}  {}",
                    since / 60,
                    since % 60,
                    text("/data/text")
                );
            }
        }
        let state = |flag| state(&health, flag);
        let (good, bad) = (state(GOOD), state(BAD));
        if bad.1 >= 1 && bad.0 == "running" {
            let busy = *busy.get_or_insert_with(Instant::now);
            if busy.elapsed() > BEARABLE && !shop.fails.swap(true, Ordering::Relaxed) {
                println!(
                    "{:>2}:{:02}  the new origin of {BAD} begins to fail",
                    since / 60,
                    since % 60
                );
            }
        }
        let is_over = |(state, _): &(String, u64)| state == "complete" || state == "rolled-back";
        if is_over(&good) && is_over(&bad) {
            break [good.0, bad.0];
        }
        if begin.elapsed() > PATIENCE {
            let error = format!(
                "after {} s {GOOD} is {} and {BAD} is {}; the guard says:\n{}",
                PATIENCE.as_secs(),
                good.0,
                bad.0,
                shop.guard.log(),
            );
            return Err(error.into());
        }
    };
    must(
        states == ["complete", "rolled-back"],
        "the good release is complete, the bad one was rolled back",
    )?;
    // A node asks for a newer control document after a second, beside a request.
    thread::sleep(Duration::from_secs(3));
    for (page, origin) in [("/checkout", "checkout"), ("/search", "stable")] {
        for worker in WORKERS.iter().cycle().take(21) {
            let newcomer = Request::new("GET", page)
                .header("user-agent", "Mozilla/5.0 (demo)")
                .header("x-worker", *worker);
            let answer = http::send(shop.edge.url(), &newcomer)?;
            let found = answer.headers.text("x-origin").unwrap_or_default();
            must(
                found == origin,
                &format!("{page} is answered by `{origin}`, not `{found}`"),
            )?;
        }
    }
    let (requests, errors) = (
        tally.requests.load(Ordering::Relaxed),
        tally.errors.load(Ordering::Relaxed),
    );
    println!("\n{GOOD} is with everybody, {BAD} with nobody: newcomers were asked.");
    println!("Of {requests} visits {errors} saw a failure: the fallback answered the others.");
    Ok(true)
}

/// State and stage of a flag's rollout.
fn state(health: &Value, flag: &str) -> (String, u64) {
    let flags = health.get("flags").and_then(Value::as_array);
    let mut flags = flags.into_iter().flatten();
    let found = flags.find(|of| of.get("key").and_then(Value::as_str) == Some(flag));
    let rollout = found.and_then(|of| of.get("rollout"));
    let state = rollout
        .and_then(|of| of.get("state"))
        .and_then(Value::as_str);
    let stage = rollout
        .and_then(|of| of.get("stage"))
        .and_then(Value::as_u64);
    (state.unwrap_or("pending").to_owned(), stage.unwrap_or(0))
}

fn must(holds: bool, what: &str) -> Result<()> {
    if holds {
        Ok(())
    } else {
        Err(format!("this does not hold: {what}").into())
    }
}
