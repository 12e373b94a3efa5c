//! The edge runtimes for programs in other languages: `examples/` and its tests run behind them.
//!
//! Standard input has a JSON value a line, with an `id` of the asker's:
//!
//! - `{"id":1,"start":{"host":"workerd","file":"examples/shop/flagstone.toml","origins":{"stable":"http://…"}}}` starts
//!   `workerd` or `viceroy`; maybe with an `environment`, with `more` text behind that of the file, on a `port`, with what its
//!   `control` document has beside the snapshot, `kills` and `rollouts`.
//! - `{"id":2,"publish":{"url":"http://…","control":{"kills":{"new-checkout":"control"}}}}` publishes the next revision of
//!   one of them.
//! - `{"id":3,"log":{"url":"http://…"}}` asks what the runtime and our code in it have written.
//!
//! Each is answered by `{"id":1,"done":…}` or `{"id":1,"error":"…"}`, as they come to an end. Everything ends with
//! standard input.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{self, BufRead, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::{fs, thread};

use flagstone_core::{Digest, Snapshot};
use flagstone_tests::hosts::{Build, CONTROL, Host, Setting, Viceroy, Workerd};
use serde::Deserialize;
use serde_json::{Map, Value, json};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[derive(Deserialize)]
struct Order {
    id: Value,
    #[serde(flatten)]
    task: Task,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Task {
    Start(Start),
    Publish(Publish),
    Log(Log),
}

#[derive(Deserialize)]
struct Start {
    host: Kind,
    /// Below the repository's root.
    file: String,
    #[serde(default)]
    more: String,
    environment: Option<String>,
    origins: BTreeMap<String, String>,
    #[serde(default)]
    port: u16,
    #[serde(default)]
    control: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Workerd,
    Viceroy,
}

#[derive(Deserialize)]
struct Publish {
    url: String,
    #[serde(default)]
    control: Map<String, Value>,
}

#[derive(Deserialize)]
struct Log {
    url: String,
}

/// A runtime, and what it was told last.
struct Edge {
    host: Box<dyn Host + Send>,
    snapshot: Digest,
    revision: u64,
}

/// Those that run, by their URL.
type Edges = Mutex<BTreeMap<String, Edge>>;

fn main() -> Result<()> {
    // The terminal's Ctrl-C reaches us too; whoever gives the orders ends us by closing the pipe.
    ctrlc::set_handler(|| {})?;
    let edges = Edges::default();
    thread::scope(|scope| {
        for line in io::stdin().lock().lines() {
            let (line, edges) = (line?, &edges);
            scope.spawn(move || answer(&line, edges));
        }
        Ok(())
    })
}

/// Carries an order out, and says so.
fn answer(line: &str, edges: &Edges) {
    let answer = match serde_json::from_str::<Order>(line) {
        Ok(Order { id, task }) => match task.run(edges) {
            Ok(done) => json!({ "id": id, "done": done }),
            Err(error) => json!({ "id": id, "error": error.to_string() }),
        },
        Err(error) => json!({ "error": format!("{line}: {error}") }),
    };
    // Once nobody reads, we are about to end.
    drop(writeln!(io::stdout().lock(), "{answer}"));
}

impl Task {
    fn run(self, edges: &Edges) -> Result<Value> {
        let running = || edges.lock().unwrap_or_else(PoisonError::into_inner);
        let stranger = |url: &str| format!("nothing was started at {url}");
        Ok(match self {
            Self::Start(start) => {
                let edge = start.run()?;
                let url = edge.host.url().to_owned();
                running().insert(url.clone(), edge);
                Value::from(url)
            }
            Self::Publish(Publish { url, control }) => {
                let mut running = running();
                let edge = running.get_mut(&url).ok_or_else(|| stranger(&url))?;
                edge.revision += 1;
                let control = document(edge.revision, edge.snapshot, control);
                edge.host.put(CONTROL, control.as_bytes())?;
                Value::from(edge.revision)
            }
            Self::Log(Log { url }) => {
                let running = running();
                let edge = running.get(&url).ok_or_else(|| stranger(&url))?;
                Value::from(edge.host.log())
            }
        })
    }
}

impl Start {
    fn run(&self) -> Result<Edge> {
        let bytes = self.compile()?;
        let snapshot = Snapshot::open(&bytes)?.digest();
        let key = format!("snapshot/v1/{snapshot}");
        let revision = 1;
        let control = document(revision, snapshot, self.control.clone());
        let origins: Vec<(&str, &str)> = self
            .origins
            .iter()
            .map(|(name, url)| (name.as_str(), url.as_str()))
            .collect();
        let setting = Setting {
            origins: &origins,
            store: &[(&key, &bytes), (CONTROL, control.as_bytes())],
            port: self.port,
            ..Setting::default()
        };
        let host: Box<dyn Host + Send> = match self.host {
            Kind::Workerd => Box::new(Workerd::start(Build::Release, setting)?),
            Kind::Viceroy => Box::new(Viceroy::start(setting)?),
        };
        Ok(Edge {
            host,
            snapshot,
            revision,
        })
    }

    fn compile(&self) -> Result<Vec<u8>> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let file = root.join(&self.file);
        let text = fs::read_to_string(&file)? + &self.more;
        let folder = file.parent().unwrap_or(&root);
        let files = |name: &str| fs::read_to_string(folder.join(name));
        let outcome = flagstone_authoring::read(&text, self.environment.as_deref(), &files);
        let model = outcome
            .model
            .ok_or_else(|| format!("{}: {:?}", self.file, outcome.findings))?;
        let compiled = flagstone_compile::compile(&model);
        Ok(compiled
            .snapshot
            .ok_or_else(|| format!("{}: {:?}", self.file, compiled.findings))?)
    }
}

/// A control document with `more` in it.
fn document(revision: u64, snapshot: Digest, mut more: Map<String, Value>) -> String {
    more.insert("version".to_owned(), json!(1));
    more.insert("revision".to_owned(), json!(revision));
    more.insert("snapshot".to_owned(), json!(snapshot.to_string()));
    Value::from(more).to_string()
}
