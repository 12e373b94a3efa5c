//! `flagstone guard`, as it is deployed beside an edge.

use std::ffi::OsStr;
use std::io;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::process::Process;
use super::scratch::Scratch;
use crate::cli;

/// How long it may take to start.
const PATIENCE: Duration = Duration::from_secs(30);

/// The guard, with its state in a folder that goes with it.
#[derive(Debug)]
pub struct Guard {
    process: Process,
    url: String,
    _scratch: Scratch,
}

impl Guard {
    /// Starts it with further arguments; it listens on a port that is free, and lets in whoever has the token.
    ///
    /// # Errors
    /// When the command line does not build, or does not take the arguments.
    pub fn start(
        token: &str,
        variables: &[(&str, &str)],
        arguments: &[&OsStr],
    ) -> io::Result<Self> {
        let mut scratch = Scratch::new()?;
        let token = scratch.file(token.as_bytes())?;
        let mut command = Command::new(cli::flagstone()?);
        command
            .args(["guard", "--listen", "127.0.0.1:0"])
            // It ends when we do.
            .args(["--input", "-"])
            .arg("--state")
            .arg(scratch.folder().join("state"))
            .arg("--token")
            .arg(token)
            .args(arguments)
            .envs(variables.iter().copied());
        let process = Process::start(&mut command)?;
        let end = Instant::now() + PATIENCE;
        let url = loop {
            let log = process.log();
            let mut lines = log.lines();
            if let Some(url) = lines.find_map(|line| line.strip_prefix("listening on ")) {
                break url.to_owned();
            }
            if Instant::now() > end {
                return Err(io::Error::other(format!(
                    "the guard does not listen:\n{log}"
                )));
            }
            sleep(Duration::from_millis(20));
        };
        Ok(Self {
            process,
            url,
            _scratch: scratch,
        })
    }

    /// Where it listens: `http://127.0.0.1:<port>`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What it has written so far.
    pub fn log(&self) -> String {
        self.process.log()
    }
}
