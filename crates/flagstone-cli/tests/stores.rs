//! Changes of the control document in the platforms' stores, whose HTTP interfaces a local server speaks as documented.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests"
)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

const CONTROL: &str = r#"{"version":1,"revision":7,"snapshot":"99aa06d3014798d86001c324468d497f"}"#;
/// What somebody else writes.
const OTHERS: &str = r#"{"version":1,"sequence":8,"revision":7,"snapshot":"99aa06d3014798d86001c324468d497f","kills":{"other":"off"},"last":{"mark":"theirs"}}"#;

const CLOUDFLARE: &str = "/accounts/acc/storage/kv/namespaces/ns/values/";
const CONFIG: &str = "/resources/stores/config/st/item/";
const KV: &str = "/resources/stores/kv/st/keys/";
const WORKER: &str = "/.well-known/flagstone/";

/// Values, each with a generation that changes with it.
#[derive(Default)]
struct State {
    values: BTreeMap<String, (Vec<u8>, u64)>,
    /// Methods of the requests about the control document so far.
    requests: Vec<String>,
    /// After this many of them somebody else writes.
    intrudes_after: Option<usize>,
    /// How many writes are refused because they come too soon.
    too_soon: usize,
    /// Keys that begin so cannot be written.
    broken: Option<&'static str>,
    /// How many writes are done, and not answered.
    unanswered: usize,
    /// Whether writes are sent elsewhere.
    moved: bool,
    /// Whether the object's values are others than those of the stores; their keys begin with `object/`.
    is_apart: bool,
}

struct Server {
    state: Arc<Mutex<State>>,
    address: String,
}

impl Server {
    fn new(values: &[(&str, &[u8])]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State::default()));
        for (key, value) in values {
            let value = (value.to_vec(), 1);
            state
                .lock()
                .unwrap()
                .values
                .insert((*key).to_owned(), value);
        }
        let shared = state.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let state = shared.clone();
                thread::spawn(move || serve(stream.unwrap(), &state));
            }
        });
        Self { state, address }
    }

    fn run(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_flagstone"))
            .args(args.iter().map(|arg| match *arg {
                "worker" => &self.address,
                arg => arg,
            }))
            .env("FLAGSTONE_CONTROL_TOKEN", "secret")
            .env("CLOUDFLARE_API_BASE_URL", &self.address)
            .env("CLOUDFLARE_API_TOKEN", "secret")
            .env("CLOUDFLARE_ACCOUNT_ID", "acc")
            .env("FASTLY_API_ENDPOINT", &self.address)
            .env("FASTLY_API_TOKEN", "secret")
            .output()
            .unwrap()
    }

    fn value(&self, key: &str) -> Option<String> {
        Some(String::from_utf8(self.bytes(key)?).unwrap())
    }

    fn bytes(&self, key: &str) -> Option<Vec<u8>> {
        let state = self.state.lock().unwrap();
        state.values.get(key).map(|(value, _)| value.clone())
    }
}

/// A request.
struct Request {
    method: String,
    path: String,
    /// Names in small letters.
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Request {
    fn read(reader: &mut impl BufRead) -> Option<Self> {
        let mut line = String::new();
        let length = reader.read_line(&mut line).ok()?;
        let mut words = line.split_whitespace().filter(|_| length > 0);
        let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
        let mut headers = BTreeMap::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            let Some((name, value)) = line.trim_end().split_once(':') else {
                break;
            };
            headers.insert(name.to_lowercase(), value.trim().to_owned());
        }
        let length = headers.get("content-length");
        let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
        reader.read_exact(&mut body).ok()?;
        Some(Self {
            method,
            path,
            headers,
            body,
        })
    }
}

fn serve(stream: TcpStream, state: &Mutex<State>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut stream = stream;
    while let Some(request) = Request::read(&mut reader) {
        let mut state = state.lock().unwrap();
        let (status, header, body) = answer(&mut state, &request);
        if request.method == "PUT" && state.unanswered > 0 {
            state.unanswered -= 1;
            return;
        }
        drop(state);
        let length = body.len();
        let head = format!("HTTP/1.1 {status} Status\r\ncontent-length: {length}\r\n{header}\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&body).unwrap();
    }
}

fn answer(state: &mut State, request: &Request) -> (u16, String, Vec<u8>) {
    let Request {
        method,
        path,
        headers,
        body,
    } = request;
    let method = method.as_str();
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let prefix = [CLOUDFLARE, CONFIG, KV, WORKER]
        .into_iter()
        .find(|prefix| path.starts_with(prefix));
    let Some(prefix) = prefix else {
        return (404, String::new(), b"no such interface".to_vec());
    };
    let (header, credential) = match prefix {
        CLOUDFLARE | WORKER => ("authorization", "Bearer secret"),
        _ => ("fastly-key", "secret"),
    };
    if headers.get(header).map(String::as_str) != Some(credential) {
        let body =
            br#"{"success":false,"errors":[{"code":10000,"message":"Authentication error"}]}"#;
        return (403, String::new(), body.to_vec());
    }
    let mut key = path[prefix.len()..].replace("%2F", "/");
    if state.is_apart && prefix == WORKER {
        key.insert_str(0, "object/");
    }
    let held = state.values.get(&key).cloned();
    let answer = match (method, prefix) {
        ("GET", CONFIG) => match &held {
            Some((value, _)) => {
                let value = String::from_utf8(value.clone()).unwrap();
                let item =
                    serde_json::json!({ "store_id": "st", "item_key": key, "item_value": value });
                (200, String::new(), item.to_string().into_bytes())
            }
            None => (
                404,
                String::new(),
                br#"{"msg":"Record not found"}"#.to_vec(),
            ),
        },
        ("GET", _) => match &held {
            Some((value, generation)) if prefix == KV => {
                (200, format!("generation: {generation}\r\n"), value.clone())
            }
            Some((value, generation)) => {
                (200, format!("etag: \"{generation}\"\r\n"), value.clone())
            }
            None => (404, String::new(), b"{}".to_vec()),
        },
        ("PUT", _) if state.moved => (302, format!("location: {path}\r\n"), Vec::new()),
        ("PUT", _) if state.too_soon > 0 => {
            state.too_soon -= 1;
            (429, String::new(), b"{}".to_vec())
        }
        ("PUT", _) if state.broken.is_some_and(|broken| key.starts_with(broken)) => {
            (500, String::new(), br#"{"msg":"it is broken"}"#.to_vec())
        }
        ("PUT", _) => {
            let generation = held.as_ref().map_or(0, |(_, generation)| *generation);
            let wanted = headers
                .get("if-generation-match")
                .or(headers.get("if-match"));
            let wanted = wanted.map(|wanted| wanted.trim_matches('"').to_owned());
            let is_new = query == "add=true" || headers.get("if-none-match").is_some();
            let is_other = wanted.is_some_and(|wanted| wanted != generation.to_string());
            if is_other || (is_new && held.is_some()) {
                (
                    412,
                    String::new(),
                    br#"{"title":"precondition failed"}"#.to_vec(),
                )
            } else {
                let value = match prefix {
                    CONFIG => form(body),
                    _ => body.to_vec(),
                };
                state.values.insert(key.clone(), (value, generation + 1));
                (200, String::new(), br#"{"success":true}"#.to_vec())
            }
        }
        _ => (405, String::new(), Vec::new()),
    };
    if key == "control" {
        state.requests.push(method.to_owned());
        if state.intrudes_after == Some(state.requests.len()) {
            let generation = state
                .values
                .get(&key)
                .map_or(0, |(_, generation)| *generation);
            state
                .values
                .insert(key, (OTHERS.as_bytes().to_vec(), generation + 1));
        }
    }
    answer
}

/// The value of `item_value` in a form.
fn form(body: &[u8]) -> Vec<u8> {
    let text = str::from_utf8(body)
        .unwrap()
        .strip_prefix("item_value=")
        .unwrap();
    let mut value = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'+' => value.push(b' '),
            b'%' => {
                let digits = [bytes.next().unwrap(), bytes.next().unwrap()];
                let digits = str::from_utf8(&digits).unwrap().to_owned();
                value.push(u8::from_str_radix(&digits, 16).unwrap());
            }
            byte => value.push(byte),
        }
    }
    value
}

/// The last stands for the server's own address.
const STORES: [&str; 4] = [
    "cloudflare:ns",
    "fastly-config:st",
    "fastly-kv:st",
    "worker",
];

fn kill<'a>(store: &'a str, flag: &'a str) -> Vec<&'a str> {
    let mut args = vec!["kill", flag, "--variant", "off", "--control", store];
    args.extend(["--why", "50 % & more: \"it\" fails", "--who", "ann"]);
    args
}

/// A kill is written, its audit line beside it, and nothing else is touched.
#[test]
fn kills() {
    for store in STORES {
        let server = Server::new(&[("control", CONTROL.as_bytes())]);
        let output = server.run(&kill(store, "a"));
        assert!(output.status.success(), "{store}: {output:?}");
        assert_eq!(output.stderr, b"", "{store}");
        let written = server.value("control").unwrap();
        for part in [
            r#""kills":{"a":"off"}"#,
            r#""sequence":8"#,
            r#""revision":7"#,
            r#"50 % & more: \"it\" fails"#,
        ] {
            assert!(written.contains(part), "{store}: {part} in {written}");
        }
        let line = match store {
            "fastly-config:st" => server.value("audit-08"),
            _ => server.value("audit/000000000000008"),
        };
        let line = line.unwrap();
        assert!(
            line.contains(r#""who":"ann""#) && line.contains(r#""what":"kill""#),
            "{line}"
        );
    }
}

/// A change that is in the store is told as one that was made, so that nobody makes it again.
#[test]
fn what_is_written_was_made() {
    for store in STORES {
        let server = Server::new(&[("control", CONTROL.as_bytes())]);
        server.state.lock().unwrap().broken = Some("audit");
        let output = server.run(&kill(store, "a"));
        assert!(output.status.success(), "{store}: {output:?}");
        assert!(
            String::from_utf8_lossy(&output.stderr).contains(
                "the change is made, but its audit line is not kept: answers 500: it is broken"
            ),
            "{store}: {output:?}"
        );

        let server = Server::new(&[("control", CONTROL.as_bytes())]);
        server.state.lock().unwrap().unanswered = 1;
        let output = server.run(&kill(store, "a"));
        assert!(output.status.success(), "{store}: {output:?}");
        let held = server.value("control").unwrap();
        assert!(held.contains(r#""sequence":8"#), "{store}: {held}");

        let server = Server::new(&[("control", CONTROL.as_bytes())]);
        server.state.lock().unwrap().broken = Some("control");
        let output = server.run(&kill(store, "a"));
        assert_eq!(output.status.code(), Some(2), "{store}: {output:?}");
        assert_eq!(server.value("control").as_deref(), Some(CONTROL));
    }
}

/// Whoever follows a redirection reads in place of writing.
#[test]
fn what_is_sent_elsewhere_is_not_written() {
    for store in STORES {
        let server = Server::new(&[("control", CONTROL.as_bytes())]);
        server.state.lock().unwrap().moved = true;
        let output = server.run(&kill(store, "a"));
        assert_eq!(output.status.code(), Some(2), "{store}: {output:?}");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(stderr.contains("answers 302"), "{store}: {stderr}");
    }
}

/// A control document of that name, and the file beside it, which is locked.
fn locked(name: &str) -> (PathBuf, std::fs::File) {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("control.json");
    std::fs::write(&path, CONTROL).unwrap();
    let lock = std::fs::File::create(folder.join("control.json.lock")).unwrap();
    lock.lock().unwrap();
    (path, lock)
}

/// A file is changed by one at a time.
#[test]
fn a_file_that_is_locked_stays() {
    let (path, lock) = locked("locked");
    let server = Server::new(&[]);
    let args = kill(path.to_str().unwrap(), "a");
    let output = server.run(&args);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("another change is under way"), "{said}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), CONTROL);
    drop(lock);
    assert!(server.run(&args).status.success());
}

/// Whoever meets somebody else's change waits until that is done.
#[test]
fn a_file_that_is_locked_for_a_moment() {
    let (path, lock) = locked("moment");
    let server = Server::new(&[]);
    let args = kill(path.to_str().unwrap(), "a");
    let output = thread::scope(|scope| {
        let killed = scope.spawn(|| server.run(&args));
        // Long enough for it to find the lock; if it does not, it has nothing to wait for.
        thread::sleep(Duration::from_millis(200));
        drop(lock);
        killed.join().unwrap()
    });
    assert!(output.status.success(), "{output:?}");
}

/// What happens when somebody else writes after so many requests about the document.
#[test]
fn two_at_once() {
    let ours = r#""a":"off""#;
    for (name, store, after, code, stays) in [
        ("seen before the write", "cloudflare:ns", 1, 4, OTHERS),
        ("seen before the write", "fastly-config:st", 1, 4, OTHERS),
        ("compared by the store", "fastly-kv:st", 1, 4, OTHERS),
        ("compared by the object", "worker", 1, 4, OTHERS),
        // The gap that is left without a compare-and-set: theirs, which came between look and write, is lost.
        ("between look and write", "cloudflare:ns", 2, 0, ours),
        ("seen after the write", "cloudflare:ns", 3, 4, OTHERS),
        ("seen after the write", "fastly-config:st", 3, 4, OTHERS),
        ("seen after the write", "fastly-kv:st", 2, 4, OTHERS),
    ] {
        let server = Server::new(&[("control", CONTROL.as_bytes())]);
        server.state.lock().unwrap().intrudes_after = Some(after);
        let output = server.run(&kill(store, "a"));
        assert_eq!(
            output.status.code(),
            Some(code),
            "{name}, {store}: {output:?}"
        );
        let held = server.value("control").unwrap();
        assert!(held.contains(stays), "{name}, {store}: {held}");
    }
}

/// The first document of a store is a change of one that lies elsewhere; somebody else's first one is not overwritten.
#[test]
fn first_at_once() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("first");
    std::fs::create_dir_all(&folder).unwrap();
    let initial = folder.join("control.json");
    std::fs::write(&initial, CONTROL).unwrap();
    let ours = r#""a":"off""#;
    for (name, store, after, code, stays) in [
        ("alone", "cloudflare:ns", None, 0, ours),
        ("alone", "fastly-config:st", None, 0, ours),
        ("alone", "fastly-kv:st", None, 0, ours),
        ("alone", "worker", None, 0, ours),
        ("seen before the write", "cloudflare:ns", Some(1), 4, OTHERS),
        ("compared by the store", "fastly-kv:st", Some(1), 4, OTHERS),
        ("compared by the object", "worker", Some(1), 4, OTHERS),
    ] {
        let server = Server::new(&[]);
        server.state.lock().unwrap().intrudes_after = after;
        let mut args = kill(store, "a");
        args.extend(["--initial", initial.to_str().unwrap()]);
        let output = server.run(&args);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{name}, {store}: {output:?}"
        );
        let held = server.value("control").unwrap();
        assert!(held.contains(stays), "{name}, {store}: {held}");
        // Whoever comes later changes what is there.
        let output = server.run(&kill(store, "b"));
        assert!(output.status.success(), "{name}, {store}: {output:?}");
        let held = server.value("control").unwrap();
        assert!(held.contains(r#""sequence":9"#), "{name}, {store}: {held}");
    }
}

/// Whoever is told that a change was made finds it in the store, however many write at the same time.
#[test]
fn many_at_once() {
    let server = Server::new(&[("control", CONTROL.as_bytes())]);
    let flags: Vec<String> = (0..8).map(|number| format!("f{number}")).collect();
    let codes: Vec<Option<i32>> = thread::scope(|scope| {
        let runs = flags
            .iter()
            .map(|flag| scope.spawn(|| server.run(&kill("fastly-kv:st", flag)).status.code()));
        let runs: Vec<_> = runs.collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    let held = server.value("control").unwrap();
    let mut made = 0;
    for (flag, code) in flags.iter().zip(codes) {
        let is_there = held.contains(&format!(r#""{flag}":"off""#));
        assert!(matches!(code, Some(0 | 4)), "{flag}: {code:?}");
        assert_eq!(code == Some(0), is_there, "{flag}: {held}");
        made += u64::from(is_there);
    }
    assert!(
        made > 0 && held.contains(&format!(r#""sequence":{}"#, 7 + made)),
        "{held}"
    );
}

/// What a store refuses ends with 2 and says why; what came too soon is said again.
#[test]
fn refusals() {
    let server = Server::new(&[("control", CONTROL.as_bytes())]);
    server.state.lock().unwrap().too_soon = 1;
    let output = server.run(&kill("cloudflare:ns", "a"));
    assert!(output.status.success(), "{output:?}");

    // Somebody else has written, and that is why: what is there by then is looked at before it is said again.
    let server = Server::new(&[("control", CONTROL.as_bytes())]);
    let mut state = server.state.lock().unwrap();
    (state.too_soon, state.intrudes_after) = (1, Some(3));
    drop(state);
    let output = server.run(&kill("cloudflare:ns", "a"));
    assert_eq!(output.status.code(), Some(4), "{output:?}");
    assert_eq!(server.value("control").as_deref(), Some(OTHERS));

    let long = CONTROL.replace(
        "}",
        &format!(r#","kills":{{"x":"{}"}}}}"#, "y".repeat(8_000)),
    );
    for (name, store, control, said) in [
        (
            "no document",
            "cloudflare:ns",
            None,
            "`cloudflare:ns` has no `control`",
        ),
        ("no JSON", "fastly-kv:st", Some("{"), "cannot be read"),
        (
            "a later version",
            "fastly-kv:st",
            Some(r#"{"version":2}"#),
            "is of version 2",
        ),
        (
            "too long",
            "fastly-config:st",
            Some(&*long),
            "at most 8000 characters",
        ),
    ] {
        let values: Vec<_> = control
            .iter()
            .map(|text| ("control", text.as_bytes()))
            .collect();
        let server = Server::new(&values);
        let output = server.run(&kill(store, "a"));
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{name}: {stderr}");
        assert!(stderr.contains(said), "{name}: {stderr}");
        assert_eq!(server.value("control").as_deref(), control, "{name}");
    }
    // A port that nobody is given by chance.
    let unreachable = "127.0.0.1:2";
    let output = Command::new(env!("CARGO_BIN_EXE_flagstone"))
        .args(kill("fastly-kv:st", "a"))
        .env("FASTLY_API_ENDPOINT", format!("http://{unreachable}"))
        .env("FASTLY_API_TOKEN", "secret")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("cannot be reached")
    );
}

/// A rollout begins with the snapshot that lies in the store, or in another.
#[test]
fn rollouts() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("stores");
    std::fs::create_dir_all(&folder).unwrap();
    let source = folder.join("flags.toml");
    let text =
        "[flags.a]\nrollout = { on = 'plan' }\nplan = { stages = [{ share = 1, dwell = '1h' }] }\n";
    std::fs::write(&source, text).unwrap();
    for (control, snapshot) in [
        ("cloudflare:ns", None),
        ("fastly-kv:st", None),
        ("fastly-config:st", Some("fastly-kv:st")),
    ] {
        let [output, document] = ["a.snapshot", "control.json"].map(|name| folder.join(name));
        let _ = std::fs::remove_file(&document);
        let path = |path: &PathBuf| path.to_str().unwrap().to_owned();
        let server = Server::new(&[]);
        let args = [path(&source), path(&output), path(&document)];
        let compiled = server.run(&["compile", &args[0], "-o", &args[1], "--control", &args[2]]);
        assert!(compiled.status.success(), "{compiled:?}");
        let bytes = std::fs::read(&output).unwrap();
        let held = std::fs::read(&document).unwrap();
        let digest: serde_json::Value = serde_json::from_slice(&held).unwrap();
        let key = format!("snapshot/v1/{}", digest["snapshot"].as_str().unwrap());
        let mut state = server.state.lock().unwrap();
        state.values.insert(key, (bytes, 1));
        state.values.insert("control".to_owned(), (held, 1));
        drop(state);
        let mut args = vec![
            "advance",
            "a",
            "--begin",
            "--control",
            control,
            "--why",
            "release",
        ];
        args.extend(snapshot.iter().flat_map(|store| ["--snapshot", store]));
        let output = server.run(&args);
        assert!(output.status.success(), "{control}: {output:?}");
        let held = server.value("control").unwrap();
        assert!(
            held.contains(r#""stage":0,"state":"running""#),
            "{control}: {held}"
        );
        let mut args = vec!["status", "--control", control];
        args.extend(snapshot.iter().flat_map(|store| ["--snapshot", store]));
        let output = String::from_utf8(server.run(&args).stdout).unwrap();
        assert!(
            output.contains("running, stage 1, attempt 1, 1 %"),
            "{control}: {output}"
        );
    }
}

/// A publication into a store: arguments of `compile`, and the snapshot and the cut that it writes into a folder.
struct Publication {
    args: Vec<String>,
    snapshot: PathBuf,
    cut: PathBuf,
}

impl Publication {
    fn new(folder: &str, control: &str) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(folder);
        std::fs::create_dir_all(&folder).unwrap();
        let [source, snapshot, cut] =
            ["flags.toml", "flags.snapshot", "flags.cut"].map(|name| folder.join(name));
        let text = "expose.browser = ['a']\n[flags]\na = {}\nb = {}\nother = {}\n";
        std::fs::write(&source, text).unwrap();
        let path = |path: &PathBuf| path.to_str().unwrap().to_owned();
        let args = [
            "compile",
            &path(&source),
            "-o",
            &path(&snapshot),
            "--cut",
            &path(&cut),
            "--control",
            control,
        ];
        let mut args: Vec<String> = args.map(str::to_owned).into();
        if matches!(control, "fastly-config:st" | "worker") {
            args.extend(["--snapshot".to_owned(), "fastly-kv:st".to_owned()]);
        }
        Self {
            args,
            snapshot,
            cut,
        }
    }

    fn run(&self, server: &Server) -> Output {
        let args: Vec<&str> = self.args.iter().map(String::as_str).collect();
        server.run(&args)
    }
}

/// A snapshot and its cut are in the store before the document names them; all else that the document says stays, also what
/// somebody else writes meanwhile.
#[test]
fn publications() {
    let killed = CONTROL.replace('}', r#","kills":{"a":"off"}}"#);
    let kills = r#""kills":{"a":"off"}"#;
    for (name, store, control, after, says) in [
        ("the first", "cloudflare:ns", None, None, r#""revision":2"#),
        (
            "the first",
            "fastly-config:st",
            None,
            None,
            r#""revision":2"#,
        ),
        ("the first", "fastly-kv:st", None, None, r#""revision":2"#),
        ("the first", "worker", None, None, r#""revision":2"#),
        ("the next", "cloudflare:ns", Some(&killed), None, kills),
        ("the next", "fastly-config:st", Some(&killed), None, kills),
        ("the next", "fastly-kv:st", Some(&killed), None, kills),
        ("the next", "worker", Some(&killed), None, kills),
        (
            "overtaken",
            "cloudflare:ns",
            Some(&killed),
            Some(1),
            r#""other":"off""#,
        ),
        (
            "overtaken",
            "fastly-config:st",
            Some(&killed),
            Some(1),
            r#""other":"off""#,
        ),
        (
            "overtaken",
            "fastly-kv:st",
            Some(&killed),
            Some(1),
            r#""other":"off""#,
        ),
        (
            "overtaken",
            "worker",
            Some(&killed),
            Some(1),
            r#""other":"off""#,
        ),
    ] {
        let values: Vec<_> = control
            .iter()
            .map(|text| ("control", text.as_bytes()))
            .collect();
        let server = Server::new(&values);
        let publication = Publication::new("publications", store);
        // Without the snapshot nothing names it.
        server.state.lock().unwrap().broken = Some("snapshot/");
        let output = publication.run(&server);
        assert_eq!(output.status.code(), Some(2), "{name}, {store}: {output:?}");
        assert_eq!(server.value("control"), control.cloned(), "{name}, {store}");

        let mut state = server.state.lock().unwrap();
        state.broken = None;
        state.intrudes_after = after.map(|after| state.requests.len() + after);
        drop(state);
        // A snapshot that is there already is as good.
        for _ in 0..2 {
            let output = publication.run(&server);
            assert!(output.status.success(), "{name}, {store}: {output:?}");
        }
        let held = server.value("control").unwrap();
        assert!(held.contains(says), "{name}, {store}: {held}");
        let document: serde_json::Value = serde_json::from_str(&held).unwrap();
        let digest = document["snapshot"].as_str().unwrap();
        let cut = document["cuts"][digest].as_str().unwrap();
        for (digest, file) in [(digest, &publication.snapshot), (cut, &publication.cut)] {
            let stored = server.bytes(&format!("snapshot/v1/{digest}"));
            let written = std::fs::read(file).unwrap();
            assert!(stored == Some(written), "{name}, {store}: {digest}");
        }
    }
    let server = Server::new(&[]);
    for (args, said) in [
        (vec!["--control", "worker"], "snapshots are not put into"),
        (
            vec!["--control", "fastly-config:st"],
            "snapshots are not put into `fastly-config:st`",
        ),
        (
            vec!["--control", "fastly-kv:st", "--snapshot", "a.snapshot"],
            "snapshots are not put into `a.snapshot`",
        ),
    ] {
        let output = server.run(&[&["compile", "flags.toml", "-o", "x"], &args[..]].concat());
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}: {stderr}");
        assert!(stderr.contains(said), "{args:?}: {stderr}");
    }
}

/// Until the Worker's object has a document, that in its namespace is in force, and so the one that a publication follows.
#[test]
fn the_first_publication_into_an_object() {
    let [mine, others] = [r#""kills":{"a":"off"}"#, r#""kills":{"other":"off"}"#];
    let killed = CONTROL.replace('}', &format!(",{mine}}}"));
    let (key, object_key) = ("control", "object/control");
    for (name, values, says) in [
        ("neither", vec![], r#""revision":1"#),
        ("the namespace", vec![(key, &*killed)], mine),
        (
            "the object",
            vec![(key, &*killed), (object_key, OTHERS)],
            others,
        ),
    ] {
        let values: Vec<_> = values
            .iter()
            .map(|(key, text)| (*key, text.as_bytes()))
            .collect();
        let server = Server::new(&values);
        server.state.lock().unwrap().is_apart = true;
        let mut publication = Publication::new("object", "worker");
        publication.args.pop();
        publication.args.push("cloudflare:ns".to_owned());
        let held = server.value(key);
        let output = publication.run(&server);
        assert!(output.status.success(), "{name}: {output:?}");
        let written = server.value(object_key).unwrap();
        assert!(written.contains(says), "{name}: {written}");
        assert_eq!(server.value(key), held, "{name}");
    }
}

/// Whoever is told that a flag is killed finds it killed, however many publish at the same time.
#[test]
fn kills_beside_publications() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("beside");
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("control.json");
    std::fs::write(&path, CONTROL).unwrap();
    let control = path.to_str().unwrap();
    let server = Server::new(&[]);
    let publication = Publication::new("beside", control);
    let flags: Vec<String> = (0..20).map(|number| format!("f{number}")).collect();
    let made: Vec<&String> = thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..flags.len() {
                let output = publication.run(&server);
                assert!(output.status.success(), "{output:?}");
            }
        });
        let run = |flag: &&String| server.run(&kill(control, flag)).status.success();
        flags.iter().filter(run).collect()
    });
    let held = std::fs::read_to_string(&path).unwrap();
    let held: serde_json::Value = serde_json::from_str(&held).unwrap();
    assert_eq!(held["revision"], 7 + flags.len());
    assert!(!made.is_empty());
    for flag in made {
        assert_eq!(held["kills"][flag], "off", "{flag}: {held}");
    }
}
