//! Cases on a host.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::case::{Case, File, Store};
use super::compare::{Outcome, check};
use crate::hosts::{CONTROL, Host, Origin, Response, Setting};

/// The origins that configurations of cases may name.
const ORIGINS: [&str; 3] = ["stable", "canary", "beta"];
/// How long a host that held another configuration may take to notice the new one.
const PATIENCE: Duration = Duration::from_secs(5);

/// Starts a host that has served nothing yet.
pub trait Fresh: Fn(Setting<'_>) -> io::Result<Box<dyn Host>> {}

impl<F: Fn(Setting<'_>) -> io::Result<Box<dyn Host>>> Fresh for F {}

/// A kind of host, and the origins behind it.
pub struct Runner<S> {
    start: S,
    holds: bool,
    origins: Vec<(&'static str, Origin)>,
    answer: Arc<Mutex<Option<Response>>>,
}

/// A host and the control document in its store.
struct Running {
    host: Box<dyn Host>,
    control: Option<Vec<u8>>,
}

impl Running {
    fn put(&mut self, control: Option<Vec<u8>>) -> io::Result<()> {
        self.control = control;
        self.host
            .put(CONTROL, self.control.as_deref().unwrap_or_default())
    }
}

impl<S: Fresh> Runner<S> {
    /// A runner of cases on the host that `start` starts. `holds`: whether the host holds a configuration from one
    /// request to the next.
    ///
    /// # Errors
    /// When no origin can be started.
    pub fn new(start: S, holds: bool) -> io::Result<Self> {
        let answer = Arc::new(Mutex::new(None::<Response>));
        let origin = |name| {
            let answer = Arc::clone(&answer);
            let handler = move |_: &_| {
                answer
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .clone()
            };
            Ok((name, Origin::start(handler)?))
        };
        let origins = ORIGINS.into_iter().map(origin).collect::<io::Result<_>>()?;
        Ok(Self {
            start,
            holds,
            origins,
            answer,
        })
    }

    /// What the host does with each case of a file whose configuration has this snapshot; `None` where the case says
    /// that it does something else.
    ///
    /// # Errors
    /// When the host does not start or does not answer.
    pub fn run(&self, file: &File, snapshot: &[u8]) -> io::Result<Vec<Option<Outcome>>> {
        let good = Store::default().control(snapshot);
        let mut running: Option<Running> = None;
        let mut outcomes = Vec::new();
        for case in &file.cases {
            let control = case.control(snapshot);
            let first = if case.held { &good } else { &control };
            let mut now = match running.take() {
                Some(running) if running.control == *first => running,
                Some(mut running) if !self.holds && first.is_some() => {
                    running.put(first.clone())?;
                    running
                }
                _ => self.start(snapshot, first.clone())?,
            };
            let host = now.host.as_ref();
            outcomes.push(if case.differs.contains_key(host.name()) {
                None
            } else if now.control == control {
                Some(self.outcome(host, case)?)
            } else {
                // The first response makes the host hold what it is to hold.
                self.outcome(host, case)?;
                now.put(control)?;
                Some(self.in_time(now.host.as_ref(), case)?)
            });
            // What a host holds after that is another matter than what it finds.
            running = (!case.held || !self.holds).then_some(now);
        }
        Ok(outcomes)
    }

    fn start(&self, snapshot: &[u8], control: Option<Vec<u8>>) -> io::Result<Running> {
        let snapshots = Store::snapshots(snapshot);
        let snapshots = snapshots
            .iter()
            .map(|(key, bytes)| (key.as_str(), bytes.as_slice()));
        let document = control.as_deref().map(|control| (CONTROL, control));
        let store: Vec<_> = snapshots.chain(document).collect();
        let origins: Vec<_> = self
            .origins
            .iter()
            .map(|(name, origin)| (*name, origin.url()))
            .collect();
        let host = (self.start)(Setting {
            origins: &origins,
            store: &store,
            ..Setting::default()
        })?;
        Ok(Running { host, control })
    }

    /// Repeats a case until it comes out as expected, or for some seconds.
    fn in_time(&self, host: &dyn Host, case: &Case) -> io::Result<Outcome> {
        let begin = Instant::now();
        loop {
            let outcome = self.outcome(host, case)?;
            if check(case, &outcome).is_empty() || begin.elapsed() > PATIENCE {
                return Ok(outcome);
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn outcome(&self, host: &dyn Host, case: &Case) -> io::Result<Outcome> {
        for (_, origin) in &self.origins {
            origin.take_received();
        }
        *self.answer.lock().unwrap_or_else(PoisonError::into_inner) = case.answer();
        let failed = |error: io::Error| {
            io::Error::new(
                error.kind(),
                format!("{}: {error}\n{}", case.name, host.log()),
            )
        };
        let response = host
            .send(&case.request(), &case.location())
            .map_err(failed)?;
        let seen = self.origins.iter().flat_map(|(name, origin)| {
            origin
                .take_received()
                .into_iter()
                .map(|request| (name.to_string(), request))
        });
        Ok(Outcome {
            seen: seen.collect(),
            response,
        })
    }
}
