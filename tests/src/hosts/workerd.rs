//! The Workers runtime, driven by Miniflare.

use std::io;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::process::Process;
use super::scratch::{Scratch, root};
use super::{GOALS_KEY, Host, Location, OFREP_KEY, Request, Response, Setting, http};

/// Header in which Miniflare takes what the platform knows of a visitor. It does not remove it, [`super::Origin`] does.
pub(super) const LOCATION: &str = "MF-CF-Blob";

/// Variables of the Worker: it asks for a newer control document after each response, and leaves requests to origins as
/// the plan has them, without the headers that keep caches from answering.
const VARIABLES: [(&str, &str); 4] = [
    ("FLAGSTONE_CONTROL_TTL_SECONDS", "0"),
    ("FLAGSTONE_CACHE", "key"),
    ("FLAGSTONE_OFREP_KEY", OFREP_KEY),
    ("FLAGSTONE_GOALS_KEY", GOALS_KEY),
];

/// Which build of `worker/` to run.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Build {
    /// What is deployed: `cargo xtask build worker`.
    Release,
    /// The one that breaks below `/.flagstone/faults/`: `cargo xtask build faults`.
    Faults,
}

/// The Workers runtime with our Worker in it.
#[derive(Debug)]
pub struct Workerd {
    process: Process,
    scratch: Scratch,
    url: String,
    kv: String,
}

impl Workerd {
    /// Starts it; ready when this returns, after about half a second.
    ///
    /// # Errors
    /// When Node, the npm packages or the build are missing, or the Worker does not load.
    pub fn start(build: Build, setting: Setting<'_>) -> io::Result<Self> {
        let folder = match build {
            Build::Release => "worker",
            Build::Faults => "target/wasm/worker-faults",
        };
        present(&root().join(folder).join("pkg/flagstone.wasm"))?;
        present(&root().join("node_modules/miniflare/package.json"))?;
        free(setting.port)?;
        let mut scratch = Scratch::new()?;
        let mut store = Vec::new();
        for (key, value) in setting.store {
            store.push(json!({ "key": key, "file": scratch.file(value)? }));
        }
        let mut bindings = serde_json::Map::new();
        for (name, value) in VARIABLES.iter().chain(setting.variables) {
            bindings.insert((*name).to_owned(), Value::from(*value));
        }
        for (name, url) in setting.origins {
            let name = name.to_uppercase().replace('-', "_");
            bindings.insert(format!("ORIGIN_{name}"), Value::from(*url));
        }
        let guard = setting.guard.map(|variables| {
            let variables = variables.iter();
            let variables =
                variables.map(|(name, value)| ((*name).to_owned(), Value::from(*value)));
            variables.collect::<serde_json::Map<_, _>>()
        });
        if guard.is_some() {
            present(&root().join("worker/guard/pkg/guard.wasm"))?;
        }
        let mut node = Command::new("node");
        node.current_dir(root())
            .arg("tests/src/hosts/miniflare.mjs");
        let mut process = Process::start(&mut node)?;
        process
            .tell(&json!({ "folder": folder, "bindings": bindings, "store": store, "port": setting.port, "reports": setting.reports, "guard": guard, "many": setting.has_many, "limit": setting.limit, "mute": setting.is_mute, "cache": setting.shows_cache }).to_string())?;
        let [url, kv] = process.wait_for(|line| {
            let reply = reply(line)?;
            let text = |name: &str| reply.get(name)?.as_str().map(str::to_owned);
            Some([text("url")?, text("kv")?])
        })?;
        Ok(Self {
            process,
            scratch,
            url,
            kv,
        })
    }

    /// Where Cloudflare's HTTP interface for the Worker's store is: account `acc`, namespace `flags`, token `secret`.
    pub fn interface(&self) -> &str {
        &self.kv
    }
}

impl Host for Workerd {
    fn name(&self) -> &'static str {
        "workerd"
    }

    fn url(&self) -> &str {
        &self.url
    }

    fn send(&self, request: &Request, location: &Location) -> io::Result<Response> {
        let mut request = request.clone();
        request
            .headers
            .push(LOCATION, location.cloudflare().to_string());
        http::send(&self.url, &request)
    }

    fn put(&mut self, key: &str, value: &[u8]) -> io::Result<()> {
        let file = self.scratch.file(value)?;
        self.process
            .tell(&json!({ "key": key, "file": file }).to_string())?;
        self.process
            .wait_for(|line| reply(line)?.get("stored").map(drop))
    }

    fn log(&self) -> String {
        self.process.log()
    }
}

/// A line of the script's own; the runtime's output goes to the other stream.
fn reply(line: &str) -> Option<Value> {
    serde_json::from_str(line).ok()
}

/// Checks that something is there which set-up and build bring.
pub(super) fn present(file: &Path) -> io::Result<()> {
    let missing = || {
        io::Error::new(
            io::ErrorKind::NotFound,
            format!("{}: run `cargo xtask build` first", file.display()),
        )
    };
    file.is_file().then_some(()).ok_or_else(missing)
}

/// Checks that nobody has a port, of which runtimes speak in pages of their own; 0 is any that is free.
pub(super) fn free(port: u16) -> io::Result<()> {
    let bound = TcpListener::bind(("127.0.0.1", port));
    bound
        .map(drop)
        .map_err(|error| io::Error::new(error.kind(), format!("port {port}: {error}")))
}
