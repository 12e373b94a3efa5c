//! The main job, for real: `cargo xtask demo` builds the service and runs this.
//!
//! Two origins, a real edge runtime with a snapshot of `examples/shop` in its store, 20 visitors. Each step is checked
//! as it is shown; with `--check` that is all, else the edge goes on serving until Ctrl-C.

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::sync::mpsc;
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use flagstone_compile::model::{Model, Serve, Share};
use flagstone_core::{Digest, Snapshot, Weight};
use flagstone_tests::hosts::{
    Build, CONTROL, Host, Location, Origin, Request, Response, Setting, Viceroy, Workerd,
};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The flag that is rolled out, its rule, its variants, and a page on its route.
const FLAG: &str = "new-checkout";
const RULE: &str = "canary";
const TREATMENT: &str = "treatment";
const CONTROL_VARIANT: &str = "control";
const PAGE: &str = "/checkout/cart";
/// Per cent of visitors in the canary, as the rollout goes.
const STAGES: [u32; 4] = [5, 10, 25, 50];
const VISITORS: u128 = 20;
/// How long a new control document may take to arrive. The hosts ask for it after each response, so that nobody has to
/// wait for the usual 30 seconds.
const PATIENCE: Duration = Duration::from_secs(10);

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
    let arguments: Vec<String> = env::args().skip(1).collect();
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    let port = arguments
        .iter()
        .skip_while(|argument| *argument != "--port")
        .nth(1);
    let port = port.map(|port| port.parse::<u16>()).transpose();
    let port = port
        .map_err(|_| "--port takes a number up to 65535")?
        .unwrap_or(0);

    // From here on Ctrl-C ends the story early, but in order: what was started is stopped, what was written removed.
    let (interrupt, interrupted) = mpsc::channel();
    ctrlc::set_handler(move || {
        // Whoever listens has ended already, if nobody does.
        let _ = interrupt.send(());
    })?;

    let stages = snapshots()?;
    let origins = [origin("stable")?, origin("canary")?];
    let [stable, canary] = &origins;
    let mut store: Vec<(String, &[u8])> = stages
        .iter()
        .map(|(_, digest, bytes)| (format!("snapshot/v1/{digest}"), bytes.as_slice()))
        .collect();
    let first = control(1, stages.first().ok_or("there is a first stage")?.1, "");
    store.push((CONTROL.to_owned(), first.as_bytes()));
    let store: Vec<(&str, &[u8])> = store
        .iter()
        .map(|(key, value)| (key.as_str(), *value))
        .collect();
    let setting = Setting {
        origins: &[("stable", stable.url()), ("canary", canary.url())],
        store: &store,
        port,
        ..Setting::default()
    };
    let host: Box<dyn Host> = if has("--fastly") {
        Box::new(Viceroy::start(setting)?)
    } else {
        Box::new(Workerd::start(Build::Release, setting)?)
    };
    println!("{} serves examples/shop", host.name());
    println!("  the edge           {}", host.url());
    println!("  origin `stable`    {}", stable.url());
    println!("  origin `canary`    {}", canary.url());

    let mut story = Story { host, revision: 1 };
    if !story.tell(&stages, &interrupted)? {
        println!();
        return match has("--check") {
            true => Err("interrupted before the end".into()),
            false => Ok(()),
        };
    }
    if has("--check") {
        println!("\nEach step was seen to work.");
        return Ok(());
    }
    story.goodbye();
    // Nobody sends but Ctrl-C.
    let _ = interrupted.recv();
    println!();
    Ok(())
}

/// A snapshot of the shop for each stage: per cent, digest, bytes.
fn snapshots() -> Result<Vec<(u32, Digest, Vec<u8>)>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/shop");
    let text = fs::read_to_string(folder.join("flagstone.toml"))?;
    let files = |name: &str| fs::read_to_string(folder.join(name));
    let outcome = flagstone_authoring::read(&text, Some("production"), &files);
    let mut model = outcome
        .model
        .ok_or("examples/shop has errors; see `flagstone check examples/shop/flagstone.toml`")?;
    let mut stages = Vec::new();
    for share in STAGES {
        roll_out(&mut model, share)?;
        let bytes = flagstone_compile::compile(&model)
            .snapshot
            .ok_or("examples/shop does not compile")?;
        stages.push((share, Snapshot::open(&bytes)?.digest(), bytes));
    }
    Ok(stages)
}

/// Sets the share of the canary, as somebody would in the file.
fn roll_out(model: &mut Model, per_cent: u32) -> Result<()> {
    let flag = model
        .flags
        .iter_mut()
        .find(|flag| flag.key == FLAG)
        .ok_or("the shop has lost its flag")?;
    let rule = flag
        .rules
        .iter_mut()
        .find(|rule| rule.name == RULE)
        .ok_or("the flag has lost its rule")?;
    let Serve::Split(split) = &mut rule.serve else {
        return Err("the rule is no rollout".into());
    };
    split.shares = vec![(
        TREATMENT.to_owned(),
        Share::Fixed(Weight(per_cent * 10_000)),
    )];
    Ok(())
}

/// An origin that says who it is, and which flags it was told.
fn origin(name: &'static str) -> Result<Origin> {
    Ok(Origin::start(move |request| {
        let flags = request.headers.text("feature-flags").unwrap_or_default();
        let body = format!(
            "This is the {name} origin. You asked for {}\nFeature-Flags: {flags}\n",
            request.target
        );
        Some(
            Response::new(200)
                .header("content-type", "text/plain;charset=utf-8")
                .header("x-origin", name)
                .body(body),
        )
    })?)
}

fn control(revision: u64, snapshot: Digest, kills: &str) -> String {
    format!(r#"{{"version":1,"revision":{revision},"snapshot":"{snapshot}","kills":{{{kills}}}}}"#)
}

struct Story {
    host: Box<dyn Host>,
    revision: u64,
}

impl Story {
    /// Tells all of it; `false` after Ctrl-C.
    fn tell(
        &mut self,
        stages: &[(u32, Digest, Vec<u8>)],
        interrupted: &mpsc::Receiver<()>,
    ) -> Result<bool> {
        println!(
            "\nA visitor without a cookie gets an id, and it already counts for the first request:"
        );
        self.newcomer()?;

        let mut loyal: Option<u128> = None;
        let mut inside: Vec<u128> = Vec::new();
        for (index, (share, digest, _)) in stages.iter().enumerate() {
            if interrupted.try_recv().is_ok() {
                return Ok(false);
            }
            if index > 0 {
                self.publish(*digest, "")?;
            }
            let now_inside = self.visitors()?;
            println!(
                "\n{share:>3} % in the canary (revision {}): {} of {VISITORS} visitors",
                self.revision,
                now_inside.len()
            );
            show(&now_inside, loyal);
            must(
                inside.iter().all(|visitor| now_inside.contains(visitor)),
                "whoever is in stays in",
            )?;
            if loyal.is_none() {
                loyal = now_inside.first().copied();
                let visitor = loyal.ok_or("one of the visitors is in the first 5 %")?;
                println!("     visitor {visitor:02} is in; watch them as the share grows");
            }
            inside = now_inside;
        }
        must(
            (4..=16).contains(&inside.len()),
            "about half of the visitors are in at 50 %",
        )?;
        must(
            loyal.is_some_and(|visitor| inside.contains(&visitor)),
            "the first visitor stayed in the canary",
        )?;

        println!(
            "\nA kill, without a new snapshot: the control document holds `{FLAG}` at `{CONTROL_VARIANT}`."
        );
        let (_, digest, _) = stages.last().ok_or("there is a last stage")?;
        self.publish(*digest, &format!(r#""{FLAG}":"{CONTROL_VARIANT}""#))?;
        let killed = self.visitors()?;
        show(&killed, loyal);
        must(killed.is_empty(), "a kill sends everybody to stable")?;

        self.publish(*digest, "")?;
        must(
            self.visitors()? == inside,
            "without the kill all are back where they were",
        )?;
        println!("\nThe kill is lifted: all {} are back.", inside.len());
        Ok(true)
    }

    /// The first visit without a cookie, and the second with the one that it gave.
    fn newcomer(&self) -> Result<()> {
        let first = self.get(None)?;
        let cookie = first
            .headers
            .text("set-cookie")
            .ok_or("a newcomer gets a cookie")?;
        println!("     Set-Cookie: {cookie}");
        let (pair, _) = cookie.split_once(';').ok_or("the cookie has attributes")?;
        let second = self.get(Some(pair))?;
        must(
            second.headers.text("set-cookie").is_none(),
            "whoever has an id gets no other",
        )?;
        let same = first.headers.text("feature-flags") == second.headers.text("feature-flags");
        must(same, "the second request is decided like the first")
    }

    /// Those of the visitors who reach the canary.
    fn visitors(&self) -> Result<Vec<u128>> {
        let mut inside = Vec::new();
        for visitor in 1..=VISITORS {
            let response = self.get(Some(&format!("__Host-flagstone={}", id(visitor))))?;
            match response.headers.text("x-origin").as_deref() {
                Some("canary") => inside.push(visitor),
                Some("stable") => {}
                _ => {
                    return Err(format!(
                        "no origin answered visitor {visitor}: {}",
                        self.host.log()
                    )
                    .into());
                }
            }
        }
        Ok(inside)
    }

    fn get(&self, cookie: Option<&str>) -> Result<Response> {
        let mut request = Request::new("GET", PAGE);
        if let Some(cookie) = cookie {
            request = request.header("cookie", cookie);
        }
        Ok(self.host.send(&request, &Location::default())?)
    }

    /// Publishes a control document and waits until the edge has it.
    fn publish(&mut self, snapshot: Digest, kills: &str) -> Result<()> {
        self.revision += 1;
        self.host
            .put(CONTROL, control(self.revision, snapshot, kills).as_bytes())?;
        let deadline = Instant::now() + PATIENCE;
        let wanted = format!("rev={};", self.revision);
        loop {
            let status = self
                .get(None)?
                .headers
                .text("flagstone-status")
                .unwrap_or_default();
            if format!("{status};").contains(&wanted) {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(format!(
                    "revision {} did not arrive, the edge says `{status}`",
                    self.revision
                )
                .into());
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn goodbye(&self) {
        let url = self.host.url();
        println!("\nTry it:");
        println!("  open     {url}{PAGE}");
        println!("  curl -i  {url}{PAGE}");
        if let Some(visitor) = (1..=VISITORS).find(|visitor| {
            let cookie = format!("__Host-flagstone={}", id(*visitor));
            self.get(Some(&cookie)).is_ok_and(|response| {
                response.headers.text("x-origin").as_deref() == Some("canary")
            })
        }) {
            println!(
                "  curl -i  {url}{PAGE} -H 'cookie: __Host-flagstone={}'    # visitor {visitor:02}",
                id(visitor)
            );
        }
        println!("  curl -i  {url}/assets/logo.svg    # a route without flags");
        println!("Ctrl-C ends it.");
    }
}

/// Visitors' ids: 32 hexadecimal digits, as the edge makes them, but the same in every run.
fn id(visitor: u128) -> String {
    format!(
        "{:032x}",
        visitor.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)
    )
}

fn show(inside: &[u128], loyal: Option<u128>) {
    let line: Vec<String> = (1..=VISITORS)
        .map(
            |visitor| match (inside.contains(&visitor), loyal == Some(visitor)) {
                (true, true) => format!("[{visitor:02}]"),
                (true, false) => format!(" {visitor:02} "),
                (false, true) => "[··]".to_owned(),
                (false, false) => " ·· ".to_owned(),
            },
        )
        .collect();
    println!("    {}", line.concat());
}

fn must(holds: bool, what: &str) -> Result<()> {
    if holds {
        Ok(())
    } else {
        Err(format!("this does not hold: {what}").into())
    }
}
