//! The real runtimes, started with a store and origins of the test's own.
//!
//! [`Workerd`] is the Workers runtime with `worker/` in it, [`Viceroy`] is Fastly's with `fastly/`; [`Origin`] is what
//! stands behind them. Each runs until it is dropped, and ends with this process however that ends. They need what
//! `cargo xtask build` makes, and Node, the npm packages and `viceroy` on PATH, as `cargo xtask test` has them.

use std::time::{Duration, Instant};
use std::{env, io, thread};

pub use guard::Guard;
pub use http::{Headers, Request, Response};
pub use location::Location;
pub use origin::Origin;
pub use viceroy::Viceroy;
pub use workerd::{Build, Workerd};

mod guard;
pub mod http;
mod location;
mod origin;
mod process;
pub(crate) mod scratch;
mod viceroy;
mod workerd;

/// Key under which the control document lies in the store.
pub const CONTROL: &str = "control";

/// Passes over a host that is missing on this machine, and says so; `cargo test` is to work anywhere.
///
/// With `FLAGSTONE_HOSTS=required`, as `cargo xtask test` sets it, a missing host is an error like any other.
///
/// # Errors
/// Those of starting the host.
pub fn if_present<H>(started: io::Result<H>) -> io::Result<Option<H>> {
    let required = env::var_os("FLAGSTONE_HOSTS").is_some_and(|value| value == "required");
    match started {
        Err(error) if error.kind() == io::ErrorKind::NotFound && !required => {
            eprintln!("SKIPPED: {error}");
            Ok(None)
        }
        started => started.map(Some),
    }
}

/// The key that every host takes from programs that ask for flags by OFREP.
pub const OFREP_KEY: &str = "a key for programs";
/// What hosts sign notes of goals with.
pub const GOALS_KEY: &str = "a key for what visitors keep";

/// The lines of JSON that a host has reported so far: to the origin that it was given for that, or in its log.
pub fn reported(host: &dyn Host, reports: &Origin) -> Vec<String> {
    let reports = reports.received().into_iter();
    let bodies = reports.map(|report| String::from_utf8_lossy(&report.body).into_owned());
    let texts: Vec<String> = bodies.chain([host.log()]).collect();
    let lines = texts.iter().flat_map(|text| text.lines());
    let lines = lines.filter_map(|line| line.get(line.find("{\"flagstone\"")?..));
    lines.map(str::to_owned).collect()
}

/// What a host starts with.
#[derive(Clone, Copy, Debug, Default)]
pub struct Setting<'a> {
    /// Name and URL of each origin.
    pub origins: &'a [(&'a str, &'a str)],
    /// Key and value of what lies in the store: snapshots, and [`CONTROL`], which each platform keeps in its own place.
    pub store: &'a [(&'a str, &'a [u8])],
    /// Name and value of the Worker's variables; they replace those that [`Workerd`] sets by itself.
    pub variables: &'a [(&'a str, &'a str)],
    /// The port to listen on; 0 for any that is free.
    pub port: u16,
    /// How often in a minute a client may ask by OFREP or report exposures, if there is a limit. Viceroy has no limiter.
    pub limit: Option<u32>,
    /// The URL of an origin that gets what the Worker reports; Viceroy writes it into its log.
    pub reports: Option<&'a str>,
    /// Name and value of the variables of a guard, if there is to be one: only with [`Workerd`], and with a
    /// `FLAGSTONE_CONTROL_TOKEN` among `variables`. The header `x-worker`, `guard`, says that a request is for it.
    pub guard: Option<&'a [(&'a str, &'a str)]>,
    /// Whether two more Workers, `second` and `third`, share the control document and where reports go: only with
    /// [`Workerd`], and with such a token. The header `x-worker` says which of them a request is for.
    pub has_many: bool,
    /// Whether the store is asked and does not answer: only with [`Workerd`], and without a `store`.
    pub is_mute: bool,
    /// What Fastly's Config Store has where the control document lies in the KV Store, nothing without such a Config Store: only with
    /// [`Viceroy`].
    pub beside: Option<&'a [(&'a str, &'a str)]>,
    /// Whether the Workers runtime logs what its cache is told of each request to an origin: `cache {…}`.
    pub shows_cache: bool,
}

/// An edge runtime that serves our code.
pub trait Host {
    /// The runtime's name, as test output shows it.
    fn name(&self) -> &'static str;

    /// Where it listens: `http://127.0.0.1:<port>`.
    fn url(&self) -> &str;

    /// Sends `request` as a visitor who is at `location`. Not at the same time from several threads.
    ///
    /// # Errors
    /// When the runtime does not answer, or not in HTTP/1.1.
    fn send(&self, request: &Request, location: &Location) -> io::Result<Response>;

    /// Puts `value` under `key`, as a publish would.
    ///
    /// # Errors
    /// When the runtime refuses it. Viceroy reads snapshots only when it starts and refuses new ones.
    fn put(&mut self, key: &str, value: &[u8]) -> io::Result<()>;

    /// What the runtime and our code in it have written so far.
    fn log(&self) -> String;

    /// The first line of its log that `is_it`, which may be written after the answer to a request that it is about.
    ///
    /// # Errors
    /// When there is none in time, on a busy machine.
    fn logged(&self, is_it: &dyn Fn(&str) -> bool) -> io::Result<String> {
        let begin = Instant::now();
        loop {
            let log = self.log();
            if let Some(line) = log.lines().find(|line| is_it(line)) {
                return Ok(line.to_owned());
            }
            if begin.elapsed() > process::PATIENCE {
                return Err(io::Error::other(format!("no such line in the log:\n{log}")));
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
}
