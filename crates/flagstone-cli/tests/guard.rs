//! `flagstone guard` as a process: over HTTP, from a file, and killed at any moment.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "tests; the guard has a clock, so its nodes have one"
)]

#[cfg(target_os = "linux")]
#[path = "guard/cluster.rs"]
mod cluster;
#[cfg(target_os = "linux")]
#[path = "guard/faults.rs"]
mod faults;
#[cfg(target_os = "linux")]
#[path = "guard/shared.rs"]
mod shared;

use flagstone_edge::rollout_id;
use flagstone_rollout::{Line, Report, ReportId, UnitHash, interval};
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread::{self, sleep};
use std::time::{Duration, SystemTime};

const SHOP: &str = r#"
[flags.checkout]
variants = { control = false, treatment = true }
default = "control"
rollout = { treatment = "plan" }

[flags.checkout.plan]
stages = [{ share = 5, dwell = "1h" }, { share = 50, dwell = "1h" }]
"#;

fn flagstone(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flagstone"));
    command.args(args).current_dir(folder);
    command
}

/// A folder with a rollout that has begun.
fn begun(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("shop.toml"), SHOP).unwrap();
    let compile = [
        "compile",
        "shop.toml",
        "-o",
        "shop.snapshot",
        "--control",
        "control.json",
    ];
    let begin = [
        "advance",
        "checkout",
        "--begin",
        "--control",
        "control.json",
        "--snapshot",
        "shop.snapshot",
        "--why",
        "a test",
        "--who",
        "us",
    ];
    for args in [&compile[..], &begin[..]] {
        let output = flagstone(&folder, args).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
    folder
}

/// What a guard goes by, and where its state is.
fn stores(state: &str) -> [&str; 7] {
    [
        "guard",
        "--control",
        "control.json",
        "--snapshot",
        "shop.snapshot",
        "--state",
        state,
    ]
}

const FILE: &str = "guard.redb";

/// A guard that listens.
struct Guard {
    child: Child,
    address: String,
}

impl Guard {
    fn start(folder: &Path, more: &[&str]) -> Self {
        Self::on(FILE, folder, more)
    }

    fn on(state: &str, folder: &Path, more: &[&str]) -> Self {
        let mut child = flagstone(folder, &stores(state))
            .args(["--listen", "127.0.0.1:0"])
            .args(more)
            .env("PGPASSWORD", "hush-hush")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        stderr.read_line(&mut said).unwrap();
        let address = said.trim().strip_prefix("listening on http://");
        let address = address.unwrap_or_else(|| panic!("{said}")).to_owned();
        // Nobody may wait for a pipe that is full.
        thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                eprintln!("guard: {line}");
            }
        });
        Self { child, address }
    }

    fn get(&self, path: &str) -> (u16, String) {
        request(&self.address, "GET", path, "").unwrap()
    }

    /// SIGKILL, as `kill -9`.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // Where the test has failed, nobody may outlive it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The status and the body; `None` if there is no answer.
fn request(address: &str, method: &str, path: &str, body: &str) -> Option<(u16, String)> {
    let (head, body) = exchange(address, method, path, body)?;
    Some((head.split(' ').nth(1)?.parse().ok()?, body))
}

/// What stands before the body, and the body; `None` if there is no answer.
fn exchange(address: &str, method: &str, path: &str, body: &str) -> Option<(String, String)> {
    let mut stream = TcpStream::connect(address).ok()?;
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: guard\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    Some((head.to_owned(), body.to_owned()))
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap().as_millis() as i64
}

fn line(instance: u64, sequence: u32, unit: Option<u32>, failures: u64) -> String {
    let mut report = Report {
        rollout: rollout_id("checkout", "1", 1),
        interval: interval(now_ms()),
        ..Report::default()
    };
    report.arms.control.fetches = 19;
    report.arms.canary.fetches = 1 + failures;
    report.arms.canary.hard_requests = failures;
    report.arms.canary.hard = failures;
    let line = Line {
        id: ReportId { instance, sequence },
        report,
        flag: "checkout".to_owned(),
        unit: unit.map(UnitHash),
    };
    line.write() + "\n"
}

fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..200 {
        if let Some(found) = look() {
            return found;
        }
        sleep(Duration::from_millis(50));
    }
    panic!("{what} did not happen in ten seconds");
}

/// Numbers of no meaning.
fn random(seed: u64) -> impl FnMut() -> usize {
    let mut random = seed;
    move || {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (random >> 33) as usize
    }
}

fn control(folder: &Path) -> Value {
    serde_json::from_slice(&fs::read(folder.join("control.json")).unwrap()).unwrap()
}

/// Takes one request of a webhook: its head and its body.
fn webhook() -> (String, mpsc::Receiver<(String, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let (sender, received) = mpsc::channel();
    thread::spawn(move || {
        // The first is refused, and the second sent elsewhere, so that it is told again.
        let elsewhere = "302 Elsewhere\r\nlocation: /login";
        for (answer, stream) in ["503 No", elsewhere, "204 Yes", "204 Yes"]
            .iter()
            .zip(listener.incoming())
        {
            let mut reader = BufReader::new(stream.unwrap());
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                assert!(reader.read_line(&mut head).unwrap() > 0);
            }
            let length = head.to_lowercase();
            let length = length.split("content-length: ").nth(1).unwrap_or("0\r\n");
            let length: usize = length.split("\r\n").next().unwrap().parse().unwrap();
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let mut stream = reader.into_inner();
            write!(
                stream,
                "HTTP/1.1 {answer}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            )
            .unwrap();
            let _ = sender.send((head.to_lowercase(), String::from_utf8(body).unwrap()));
        }
    });
    (url, received)
}

#[test]
fn a_bad_canary_is_rolled_back_and_everybody_hears_of_it() {
    let folder = begun("guard-bad");
    let (url, told) = webhook();
    fs::write(
        folder.join("secret"),
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n",
    )
    .unwrap();
    let guard = Guard::start(&folder, &["--webhook", &url, "--webhook-secret", "secret"]);
    let challenge = guard.get("/.well-known/fastly/logging/challenge");
    assert_eq!(challenge, (200, "*\n".to_owned()));
    assert_eq!(guard.get("/nowhere").0, 404);

    let lines = line(1, 0, None, 0) + "something else\n" + &line(2, 0, None, 8);
    let (code, answer) = request(&guard.address, "POST", "/lines", &lines).unwrap();
    assert_eq!(code, 200);
    assert_eq!(
        answer,
        "{\"counted\":2,\"repeats\":0,\"other\":0,\"broken\":0,\"passed\":1}\n"
    );
    let entry = wait_for("a rollback", || {
        let control = control(&folder);
        let entry = control["rollouts"]["checkout"].clone();
        (entry["state"] == "rolled-back").then_some(entry)
    });
    assert_eq!(entry["attempt"], 1);
    let last = control(&folder)["last"].clone();
    assert_eq!(
        (&last["who"], &last["before"]["state"]),
        (&"guard".into(), &"running".into())
    );

    let [first, second, third] = [(); 3].map(|()| told.recv().unwrap());
    assert_eq!(first.1, second.1, "what was refused is told again");
    assert_eq!(first.1, third.1, "what was sent elsewhere is told again");
    assert!(second.0.contains("webhook-signature: v1,"), "{}", second.0);
    let event: Value = serde_json::from_str(&second.1).unwrap();
    assert_eq!(event["type"], "dev.flagstone.rollout.rolledback");
    assert_eq!(event["specversion"], "1.0");
    assert_eq!(event["data"]["failures"]["canary"], 8.0);
    assert!(
        event["data"]["text"]
            .as_str()
            .unwrap()
            .starts_with("checkout: rolled back at 5 %.")
    );

    let decisions: Value = serde_json::from_str(&guard.get("/decisions").1).unwrap();
    assert_eq!(decisions[0]["data"]["after"]["phase"], "rolled-back");
    let metrics = guard.get("/metrics").1;
    for expected in [
        "flagstone_guard_lines_total{result=\"counted\"} 2\n",
        "flagstone_rollout_phase{flag=\"checkout\",phase=\"rolled-back\"} 1\n",
        "flagstone_rollout_stage_failures{flag=\"checkout\",arm=\"canary\"} 8\n",
    ] {
        assert!(metrics.contains(expected), "{expected} in\n{metrics}");
    }
    guard.kill();
}

#[test]
fn killed_at_any_moment_it_loses_nothing_and_counts_nothing_twice() {
    const BATCHES: u64 = 60;
    let folder = begun("guard-killed");
    // Nodes' reports, and single fetches, in turn.
    let batches: Vec<String> = (0..BATCHES)
        .map(|batch| {
            (0..20)
                .map(|index| match batch % 2 {
                    0 => line(index + 1, batch as u32, None, 0),
                    _ => line(
                        1_000 + batch * 20 + index,
                        0,
                        Some((batch * 20 + index) as u32),
                        0,
                    ),
                })
                .collect()
        })
        .collect();
    // Each twice, in an order of no meaning.
    let mut order: Vec<usize> = (0..2 * BATCHES as usize)
        .map(|index| index % BATCHES as usize)
        .collect();
    let mut next = random(7);
    for index in (1..order.len()).rev() {
        order.swap(index, next() % (index + 1));
    }
    let mut guard = Guard::start(&folder, &[]);
    for (sent, index) in order.iter().enumerate() {
        loop {
            if sent % 12 == 5 && next().is_multiple_of(2) {
                // It dies while the batch is on its way, or written and not answered.
                let (address, batch) = (guard.address.clone(), batches[*index].clone());
                let sending = thread::spawn(move || request(&address, "POST", "/lines", &batch));
                sleep(Duration::from_micros((next() % 4_000) as u64));
                guard.kill();
                let _ = sending.join();
                guard = Guard::start(&folder, &[]);
                continue;
            }
            let answer = request(&guard.address, "POST", "/lines", &batches[*index]);
            if answer.is_some_and(|(code, _)| code == 200) {
                break;
            }
        }
    }
    assert_eq!(guard.get("/rollouts/check%6Fut").0, 200);
    let (code, status) = guard.get("/rollouts/checkout");
    assert_eq!(code, 200, "{status}");
    let status: Value = serde_json::from_str(&status).unwrap();
    let lines = (BATCHES * 20) as f64;
    assert_eq!(status["fetches"]["control"], 19.0 * lines);
    assert_eq!(status["fetches"]["canary"], lines);
    assert_eq!(status["phase"], "running");
    guard.kill();
}

#[test]
fn lines_wait_until_it_knows_of_which_rollouts_they_are() {
    let folder = begun("guard-waits");
    fs::write(folder.join("nodes.ndjson"), line(1, 0, None, 0)).unwrap();
    let whole = fs::read(folder.join("control.json")).unwrap();
    fs::write(folder.join("control.json"), "{").unwrap();
    let once = ["--input", "nodes.ndjson", "--once"];
    let output = flagstone(&folder, &stores(FILE))
        .args(once)
        .output()
        .unwrap();
    assert!(!output.status.success());
    fs::write(folder.join("control.json"), whole).unwrap();
    let output = flagstone(&folder, &stores(FILE))
        .args(once)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let guard = Guard::start(&folder, &[]);
    let status: Value = serde_json::from_str(&guard.get("/rollouts/checkout").1).unwrap();
    assert_eq!(status["fetches"]["control"], 19.0);
    guard.kill();
}

#[test]
fn a_state_in_a_file_is_of_one_guard() {
    let folder = begun("guard-one");
    let guard = Guard::start(&folder, &[]);
    let second = flagstone(&folder, &stores(FILE))
        .args(["--listen", "127.0.0.1:0"])
        .output()
        .unwrap();
    assert_eq!(second.status.code(), Some(2));
    assert_eq!(
        String::from_utf8(second.stderr).unwrap(),
        "error: `guard.redb` cannot be used: it is the state of a guard that runs already\n"
    );
    guard.kill();
}

#[test]
fn a_file_is_read_once() {
    let folder = begun("guard-file");
    let args = ["--input", "nodes.ndjson", "--once", "--format", "json"];
    fs::write(folder.join("nodes.ndjson"), line(1, 0, None, 0)).unwrap();
    let run = || {
        flagstone(&folder, &stores(FILE))
            .args(args)
            .output()
            .unwrap()
    };
    assert!(run().status.success());
    // Without a line feed it is not a whole line yet.
    let more = line(2, 0, Some(7), 9);
    let mut file = fs::OpenOptions::new()
        .append(true)
        .open(folder.join("nodes.ndjson"))
        .unwrap();
    file.write_all(more.trim_end().as_bytes()).unwrap();
    let output = run();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "");
    file.write_all(b"\n").unwrap();
    let output = run();
    let event: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(event["data"]["after"]["phase"], "rolled-back");
    assert_eq!(
        control(&folder)["rollouts"]["checkout"]["state"],
        "rolled-back"
    );
}

#[test]
fn a_file_that_is_followed_comes_goes_and_comes_again() {
    let (first, decisive) = (line(1, 0, None, 0), line(2, 0, None, 9));
    let longer = line(1, 1, None, 0).repeat(2);
    for (name, is_gone_a_while, late, next) in [
        ("gone for a while", true, "", decisive.clone() + &longer),
        ("replaced at once", false, "", decisive.clone() + &longer),
        ("not yet heard", false, decisive.as_str(), longer.clone()),
        ("without a line feed", false, decisive.trim_end(), longer),
    ] {
        let folder = begun(&format!("guard-rotated-{}", name.replace(' ', "-")));
        let nodes = folder.join("nodes.ndjson");
        fs::write(&nodes, &first).unwrap();
        let mut writer = fs::OpenOptions::new().append(true).open(&nodes).unwrap();
        let mut guard = Guard::start(&folder, &["--input", "nodes.ndjson"]);
        wait_for(&format!("{name}: the first line"), || {
            let status: Value = serde_json::from_str(&guard.get("/rollouts/checkout").1).ok()?;
            (status["fetches"]["control"] == 19.0).then_some(())
        });
        fs::write(folder.join("next"), next).unwrap();
        fs::rename(&nodes, folder.join("nodes.1")).unwrap();
        if is_gone_a_while {
            // Longer than what looks for it waits.
            sleep(Duration::from_millis(1_500));
            assert_eq!(guard.child.try_wait().unwrap(), None, "{name}");
        }
        fs::rename(folder.join("next"), &nodes).unwrap();
        writer.write_all(late.as_bytes()).unwrap();
        wait_for(&format!("{name}: what ends the rollout"), || {
            let state = &control(&folder)["rollouts"]["checkout"]["state"];
            (state == "rolled-back").then_some(())
        });
    }
}

#[test]
fn a_file_that_cannot_be_read_is_a_failure() {
    let folder = begun("guard-unreadable");
    fs::create_dir(folder.join("folder")).unwrap();
    for args in [
        &["--input", "missing.ndjson", "--once"][..],
        &["--input", "missing.ndjson"],
        &["--input", "folder", "--once"],
        &["--input", "folder"],
    ] {
        let output = flagstone(&folder, &stores(FILE)).args(args).output();
        let output = output.unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        let expected = format!("error: cannot read `{}`: ", args[1]);
        assert!(said.starts_with(&expected), "{args:?}: {said}");
        assert_eq!(output.status.code(), Some(2), "{args:?}");
    }
}

#[test]
fn a_step_that_is_made_is_not_told_as_failed_where_its_audit_line_is_not_kept() {
    let folder = begun("guard-audit");
    let audit = folder.join("control.json.audit");
    fs::remove_file(&audit).unwrap();
    fs::create_dir(&audit).unwrap();
    fs::write(folder.join("nodes.ndjson"), line(1, 0, None, 9)).unwrap();
    let output = flagstone(&folder, &stores(FILE))
        .args(["--input", "nodes.ndjson", "--once"])
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let expected = "the step of `checkout` is made, but its audit line is not kept: ";
    assert!(said.contains(expected), "{said}");
    assert_eq!(
        control(&folder)["rollouts"]["checkout"]["state"],
        "rolled-back"
    );
}

#[test]
fn what_comes_by_a_pipe_counts_when_it_comes() {
    let folder = begun("pipe");
    let mut child = flagstone(&folder, &stores(FILE))
        .args(["--input", "-", "--format", "json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let (sender, said) = mpsc::channel();
    let stdout = BufReader::new(child.stdout.take().unwrap());
    thread::spawn(move || {
        for line in stdout.lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    // A line that never ends is no reason to keep it all, nor to lose what comes behind it.
    pipe.write_all(&vec![b'x'; 20 << 20]).unwrap();
    pipe.write_all(b"\n").unwrap();
    pipe.write_all(line(1, 0, None, 9).as_bytes()).unwrap();
    // The beginning of a line does not hold up what lies before it.
    pipe.write_all(b"{\"flagstone\":").unwrap();
    let said = || said.recv_timeout(Duration::from_secs(10)).unwrap();
    while !said().contains("rolled back") {}
    drop(pipe);
    assert!(child.wait().unwrap().success());
}

#[test]
fn what_is_decided_is_in_force_though_nobody_listens() {
    let folder = begun("unheard");
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut child = flagstone(&folder, &stores(FILE))
        .args(["--input", "-"])
        .stdin(Stdio::piped())
        .stdout(writer.try_clone().unwrap())
        .stderr(writer)
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    pipe.write_all(line(1, 0, None, 9).as_bytes()).unwrap();
    wait_for("the rollback", || {
        let rollout = &control(&folder)["rollouts"]["checkout"];
        (rollout["state"] == "rolled-back").then_some(())
    });
    // It goes on.
    pipe.write_all(line(2, 0, None, 0).as_bytes()).unwrap();
    drop(pipe);
    assert!(child.wait().unwrap().success());
}

/// What could not be said is a failure in the end, and no reason to leave visitors where they are.
#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_said_is_told_in_the_end() {
    let folder = begun("full");
    let mut child = flagstone(&folder, &stores(FILE))
        .args(["--input", "-"])
        .stdin(Stdio::piped())
        .stdout(fs::File::create("/dev/full").unwrap())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    pipe.write_all(line(1, 0, None, 9).as_bytes()).unwrap();
    drop(pipe);
    assert_eq!(child.wait().unwrap().code(), Some(2));
    let rollout = &control(&folder)["rollouts"]["checkout"];
    assert_eq!(rollout["state"], "rolled-back");
}

#[test]
fn who_lost_its_state_holds() {
    let folder = begun("guard-lost");
    let text = fs::read_to_string(folder.join("control.json")).unwrap();
    let mut document: Value = serde_json::from_str(&text).unwrap();
    document["rollouts"]["checkout"]["since"] = (now_ms() - 3_600_000).into();
    fs::write(folder.join("control.json"), document.to_string()).unwrap();
    let guard = Guard::start(&folder, &[]);
    let reason = wait_for("a status", || {
        let status: Value = serde_json::from_str(&guard.get("/rollouts/checkout").1).ok()?;
        status["reason"].as_str().map(str::to_owned)
    });
    assert_eq!(reason, "lost");
    guard.kill();
    let guard = Guard::start(&folder, &["--adopt"]);
    let phase = wait_for("a status", || {
        let status: Value = serde_json::from_str(&guard.get("/rollouts/checkout").1).ok()?;
        status["phase"].as_str().map(str::to_owned)
    });
    assert_eq!(phase, "running");
    guard.kill();
}

#[test]
fn the_health_page_is_behind_the_token() {
    let folder = begun("guard-page");
    fs::write(folder.join("token"), "secret\n").unwrap();
    let open = Guard::start(&folder, &[]);
    assert_eq!(open.get("/_flagstone/").0, 404);
    open.kill();
    let guard = Guard::start(&folder, &["--token", "token"]);
    assert_eq!(guard.get("/_flagstone/").0, 401);
    let send = |method, path: &str, authorization, body| {
        // Headers are lines, and the path is followed by them.
        let path = format!(
            "{path} HTTP/1.1\r\nauthorization: {authorization}\r\ncontent-type: application/json\r\nx-rest:"
        );
        request(&guard.address, method, &path, body).unwrap()
    };
    for (authorization, expected) in [
        ("Bearer secret", 200),
        ("Basic YWRhOnNlY3JldA==", 200), // ada:secret
        ("Bearer wrong", 401),
        ("Basic YWRhOndyb25n", 401), // ada:wrong
        ("Basic c2VjcmV0", 401),     // secret
        ("Basic ***", 401),
    ] {
        let (code, text) = send("GET", "/_flagstone/health.json", authorization, "");
        assert_eq!(code, expected, "{authorization}");
        assert_eq!(text.contains("checkout"), expected == 200);
    }
    for (body, expected) in [
        (
            r#"{"what": "resume", "flag": "checkout", "who": "ada", "why": "a test"}"#,
            409,
        ),
        (
            r#"{"what": "pause", "flag": "checkout", "who": "ada"}"#,
            400,
        ),
        (
            r#"{"what": "pause", "flag": "checkout", "who": "ada", "why": "a test"}"#,
            200,
        ),
    ] {
        let (code, text) = send("POST", "/_flagstone/actions", "Bearer secret", body);
        assert_eq!(code, expected, "{body}: {text}");
    }
    let control = control(&folder);
    assert_eq!(control["rollouts"]["checkout"]["state"], "paused");
    assert_eq!(control["last"]["who"], "ada");
    guard.kill();
}

#[test]
fn a_refusal_says_what_is_allowed() {
    let folder = begun("guard-refusals");
    fs::write(folder.join("token"), "secret\n").unwrap();
    let guard = Guard::start(&folder, &["--token", "token"]);
    for (method, path, token, status, header) in [
        ("GET", "/lines", "secret", 405, "allow: POST"),
        ("POST", "/metrics", "secret", 405, "allow: GET"),
        ("GET", "/_flagstone/actions", "secret", 405, "allow: POST"),
        ("PUT", "/_flagstone/", "secret", 405, "allow: GET"),
        ("POST", "/lines", "wrong", 401, "www-authenticate: Bearer"),
        (
            "GET",
            "/_flagstone/",
            "wrong",
            401,
            "www-authenticate: Basic",
        ),
    ] {
        let path = format!("{path} HTTP/1.1\r\nauthorization: Bearer {token}\r\nx-rest:");
        let (head, _) = exchange(&guard.address, method, &path, "").unwrap();
        let expected = format!("HTTP/1.1 {status} ");
        assert!(head.starts_with(&expected), "{method} {path}: {head}");
        assert!(head.contains(header), "{method} {path}: {head}");
    }
    guard.kill();
}
