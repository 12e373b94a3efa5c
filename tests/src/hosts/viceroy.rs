//! Fastly Compute's local runtime.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::{env, fs, io};

use serde_json::{Value, json};

use super::process::Process;
use super::scratch::{Scratch, root};
use super::workerd::{free, present};
use super::{CONTROL, GOALS_KEY, Host, Location, OFREP_KEY, Request, Response, Setting, http};

/// Viceroy with our service in it.
#[derive(Debug)]
pub struct Viceroy {
    process: Process,
    control: PathBuf,
    locations: PathBuf,
    // Last: its files are in use until the process has ended.
    _scratch: Scratch,
    url: String,
}

impl Viceroy {
    /// Starts it; ready when this returns, after one to two seconds.
    ///
    /// # Errors
    /// When Node, `viceroy` or the build are missing, or the service does not load.
    pub fn start(setting: Setting<'_>) -> io::Result<Self> {
        let wasm = root().join("fastly/bin/main.wasm");
        present(&wasm)?;
        on_path("viceroy")?;
        free(setting.port)?;
        let mut scratch = Scratch::new()?;
        let control = scratch.folder().join("control.json");
        let locations = scratch.folder().join("locations.json");
        write_json(&control, &json!({}))?;
        write_json(&locations, &json!({}))?;

        let mut manifest = format!(
            "manifest_version = 3
            name = \"flagstone\"
            [local_server.geolocation]
            use_default_loopback = false
            format = \"json\"
            file = {}
            [local_server.secret_stores]
            flagstone = [{{ key = \"ofrep-key\", data = \"{OFREP_KEY}\" }}, {{ key = \"goals-key\", data = \"{GOALS_KEY}\" }}]\n",
            quoted(&locations),
        );
        if let Some(items) = setting.beside {
            write_json(&control, &json!(BTreeMap::from_iter(items.iter().copied())))?;
        }
        if setting.beside.is_none_or(|items| !items.is_empty()) {
            manifest += &format!(
                "[local_server.config_stores.flagstone]\nformat = \"json\"\nfile = {}\n",
                quoted(&control)
            );
        }
        for (name, url) in setting.origins {
            // As Cloudflare does, and as `fastly compute publish` sets up a backend: the origin's own host.
            let host = url.trim_start_matches("http://");
            manifest += &format!(
                "[local_server.backends.{name}]\nurl = \"{url}\"\noverride_host = \"{host}\"\n"
            );
        }
        let mut snapshots = Vec::new();
        for (key, value) in setting.store {
            if *key == CONTROL && setting.beside.is_none() {
                write_control(&control, value)?;
            } else {
                let file = quoted(&scratch.file(value)?);
                snapshots.push(format!("{{ key = \"{key}\", file = {file} }}"));
            }
        }
        manifest += &format!(
            "[local_server.kv_stores]\nflags = [{}]\n",
            snapshots.join(", ")
        );
        let file = scratch.file(manifest.as_bytes())?;

        let mut node = Command::new("node");
        node.current_dir(root())
            .arg("tests/src/hosts/supervise.mjs");
        node.args(["viceroy", "-v", "--addr"])
            .arg(format!("127.0.0.1:{}", setting.port))
            .arg("-C")
            .arg(file)
            .arg(wasm);
        let mut process = Process::start(&mut node)?;
        let url = process.wait_for(|line| {
            let (_, url) = line.split_once("Listening on ")?;
            Some(url.trim().to_owned())
        })?;
        Ok(Self {
            process,
            control,
            locations,
            _scratch: scratch,
            url,
        })
    }
}

impl Host for Viceroy {
    fn name(&self) -> &'static str {
        "viceroy"
    }

    fn url(&self) -> &str {
        &self.url
    }

    fn send(&self, request: &Request, location: &Location) -> io::Result<Response> {
        // Viceroy reads the file anew for each look-up.
        write_json(&self.locations, &location.fastly())?;
        http::send(&self.url, request)
    }

    fn put(&mut self, key: &str, value: &[u8]) -> io::Result<()> {
        if key == CONTROL {
            return write_control(&self.control, value);
        }
        Err(io::Error::new(
            io::ErrorKind::Unsupported,
            format!("`{key}`: Viceroy reads its KV stores once"),
        ))
    }

    fn log(&self) -> String {
        self.process.log()
    }
}

fn on_path(program: &str) -> io::Result<()> {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).any(|folder| {
        folder
            .join(program)
            .with_extension(env::consts::EXE_EXTENSION)
            .is_file()
    });
    let missing = || {
        io::Error::new(
            io::ErrorKind::NotFound,
            format!("no {program} on PATH: use `cargo xtask test`"),
        )
    };
    found.then_some(()).ok_or_else(missing)
}

/// The Config Store is a file, which Viceroy reads anew for each request.
fn write_control(file: &PathBuf, value: &[u8]) -> io::Result<()> {
    let text =
        str::from_utf8(value).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    write_json(file, &json!(BTreeMap::from([(CONTROL, text)])))
}

/// Replaces the file at once, so that a reader sees one state or the other.
fn write_json(file: &PathBuf, value: &Value) -> io::Result<()> {
    let new = file.with_extension("new");
    fs::write(&new, value.to_string())?;
    fs::rename(new, file)
}

/// A path as a TOML string; JSON's escapes are a part of TOML's.
fn quoted(path: &PathBuf) -> String {
    json!(path).to_string()
}
