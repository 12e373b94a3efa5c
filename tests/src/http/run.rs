//! Cases on a host.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use flagstone_edge::Control;

use super::case::{Case, File, Store};
use super::compare::{Outcome, check};
use crate::hosts::{CONTROL, Host, Location, Origin, Request, Response, Setting};
use crate::published::Published;

/// The origins that configurations of cases may name.
const ORIGINS: [&str; 3] = ["stable", "canary", "beta"];
/// How long a host that holds a configuration may take to notice another one.
const PATIENCE: Duration = Duration::from_secs(10);
/// What is added to revisions each time that the configuration changes, since hosts go by them. No case has such a one.
const ERA: u64 = 1_000_000_000;
/// The revision of a case that does not say another.
pub(super) const REVISION: u64 = 7;

/// What origins answer; `None`: they close the connection.
type Answers = BTreeMap<&'static str, Option<Response>>;

/// Starts a host that has served nothing yet.
pub trait Start: Fn(Setting<'_>) -> io::Result<Box<dyn Host>> {}

impl<F: Fn(Setting<'_>) -> io::Result<Box<dyn Host>>> Start for F {}

/// A host, started when it is needed, and the origins behind it.
pub struct Runner<S> {
    start: S,
    snapshots: Vec<(String, Vec<u8>)>,
    origins: Vec<(&'static str, Origin)>,
    /// By origin; those that are missing answer with 200.
    answers: Arc<Mutex<Answers>>,
    running: Option<Running>,
    /// What is added to revisions.
    base: u64,
}

/// A host and what it has been shown.
struct Running {
    host: Box<dyn Host>,
    /// The control document in its store, with revisions as cases have them.
    control: Option<Vec<u8>>,
    /// Whether it holds a configuration, maybe another one than the store has.
    holds: bool,
}

impl<S: Start> Runner<S> {
    /// A runner on the host that `start` starts, for files and their configurations.
    ///
    /// # Errors
    /// When no origin can be started.
    pub fn new<'s>(
        start: S,
        files: impl Iterator<Item = (&'s File, &'s Published)>,
    ) -> io::Result<Self> {
        let answers = Arc::new(Mutex::new(Answers::new()));
        let origin = |name| {
            let answers = Arc::clone(&answers);
            let handler = move |_: &_| {
                let answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
                let answer = answers.get(name).cloned();
                answer.unwrap_or_else(|| Some(Response::new(200)))
            };
            Ok((name, Origin::start(handler)?))
        };
        Ok(Self {
            start,
            snapshots: files
                .flat_map(|(file, published)| values(file, published))
                .collect(),
            origins: ORIGINS.into_iter().map(origin).collect::<io::Result<_>>()?,
            answers,
            running: None,
            base: ERA,
        })
    }

    /// What the host does with each case of a file with this configuration; `None` where the case says
    /// that it does something else.
    ///
    /// # Errors
    /// When the host does not start or does not answer.
    pub fn run(&mut self, file: &File, published: &Published) -> io::Result<Vec<Option<Outcome>>> {
        file.cases
            .iter()
            .map(|case| self.case(case, published))
            .collect()
    }

    fn case(&mut self, case: &Case, published: &Published) -> io::Result<Option<Outcome>> {
        let store = if case.held {
            &Store::default()
        } else {
            &case.store
        };
        let mut running = self.bring(store, published, case.held)?;
        let outcome = if case.differs.contains_key(running.host.name()) {
            None
        } else if case.held {
            let control = case.store.control(published, self.base);
            running
                .host
                .put(CONTROL, control.as_deref().unwrap_or_default())?;
            running.control = None; // what it holds now is another matter than what it finds
            Some(self.in_time(&running, case)?)
        } else {
            Some(self.outcome(running.host.as_ref(), case)?)
        };
        self.running = Some(running);
        Ok(outcome)
    }

    /// A host that finds the store in this state, and has taken it over if that can be.
    fn bring(&mut self, store: &Store, published: &Published, afresh: bool) -> io::Result<Running> {
        let plain = store.control(published, 0);
        let control = |base| store.control(published, base);
        let revision = plain
            .as_deref()
            .and_then(|text| Control::read(text).ok())
            .map(|control| control.revision);
        let revision = revision.filter(|_| store.has_snapshot());
        let mut running = match self.running.take() {
            Some(running) if running.control == plain && plain.is_some() && !afresh => {
                return Ok(running);
            }
            // A host that holds something would go on using it; and nothing can be taken out of a store.
            Some(running) if plain.is_some() && (revision.is_some() || !running.holds) => running,
            _ => {
                let control = control(self.base);
                let host = self.host(control.as_deref())?;
                Running {
                    host,
                    control: None,
                    holds: false,
                }
            }
        };
        if running.holds {
            self.base += ERA;
        }
        if let Some(control) = control(self.base) {
            running.host.put(CONTROL, &control)?;
        }
        if let Some(revision) = revision {
            self.settle(running.host.as_ref(), self.base + revision)?;
            running.holds = true;
        }
        running.control = plain;
        Ok(running)
    }

    fn host(&self, control: Option<&[u8]>) -> io::Result<Box<dyn Host>> {
        let snapshots = self
            .snapshots
            .iter()
            .map(|(key, bytes)| (key.as_str(), bytes.as_slice()));
        let store: Vec<_> = snapshots
            .chain(control.map(|control| (CONTROL, control)))
            .collect();
        let origins: Vec<_> = self
            .origins
            .iter()
            .map(|(name, origin)| (*name, origin.url()))
            .collect();
        (self.start)(Setting {
            origins: &origins,
            store: &store,
            ..Setting::default()
        })
    }

    /// Waits until a host has a revision.
    fn settle(&self, host: &dyn Host, revision: u64) -> io::Result<()> {
        let begin = Instant::now();
        loop {
            let response = host.send(&Request::new("GET", "/"), &Location::default())?;
            let status = response
                .headers
                .text("flagstone-status")
                .unwrap_or_default();
            if self::revision(&status).is_some_and(|(_, found, _)| found == revision) {
                return Ok(());
            }
            if begin.elapsed() > PATIENCE {
                let text = format!(
                    "revision {revision} does not come: {status}\n{}",
                    host.log()
                );
                return Err(io::Error::other(text));
            }
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Repeats a case until it comes out as expected, or for some seconds.
    fn in_time(&self, running: &Running, case: &Case) -> io::Result<Outcome> {
        let begin = Instant::now();
        loop {
            let outcome = self.outcome(running.host.as_ref(), case)?;
            if check(case, &outcome).is_empty() || begin.elapsed() > PATIENCE {
                return Ok(outcome);
            }
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn outcome(&self, host: &dyn Host, case: &Case) -> io::Result<Outcome> {
        for (_, origin) in &self.origins {
            origin.take_received();
        }
        self.set_answers(ORIGINS.map(|origin| (origin, case.answer(origin))).into());
        let real = (self.base + REVISION).to_string();
        let mut request = case.request();
        for (_, value) in &mut request.headers.0 {
            replace(value, "REVISION", &real);
        }
        let response = host.send(&request, &case.location());
        self.set_answers(Answers::new());
        let mut response = response.map_err(|error| {
            io::Error::new(
                error.kind(),
                format!("{}: {error}\n{}", case.name, host.log()),
            )
        })?;
        for (name, value) in &mut response.headers.0 {
            if name.eq_ignore_ascii_case("flagstone-status") {
                *value = self
                    .as_in_cases(&String::from_utf8_lossy(value))
                    .into_bytes();
            }
        }
        // The same number in other places. It is too long to be in an id by chance.
        let shown = REVISION.to_string();
        let values = response.headers.0.iter_mut().map(|(_, value)| value);
        for value in values.chain([&mut response.body]) {
            replace(value, &real, &shown);
        }
        let seen = self.origins.iter().flat_map(|(name, origin)| {
            let received = origin.take_received().into_iter();
            received.map(|request| (name.to_string(), request))
        });
        let mut seen: Vec<_> = seen.collect();
        let headers = seen
            .iter_mut()
            .flat_map(|(_, request)| &mut request.headers.0);
        headers.for_each(|(_, value)| replace(value, &real, &shown));
        Ok(Outcome { seen, response })
    }

    fn set_answers(&self, answers: Answers) {
        *self.answers.lock().unwrap_or_else(PoisonError::into_inner) = answers;
    }

    /// A status with its revision as cases have it.
    fn as_in_cases(&self, status: &str) -> String {
        match revision(status) {
            Some((before, number, after)) => {
                format!("{before}{}{after}", number.saturating_sub(self.base))
            }
            None => status.to_owned(),
        }
    }
}

/// Replaces a text in what is text.
fn replace(bytes: &mut Vec<u8>, from: &str, to: &str) {
    if let Ok(text) = str::from_utf8(bytes)
        && text.contains(from)
    {
        *bytes = text.replace(from, to).into_bytes();
    }
}

/// The revision in a status, and what is around it.
fn revision(status: &str) -> Option<(&str, u64, &str)> {
    let start = status.find("rev=")? + "rev=".len();
    let (before, rest) = status.split_at(start);
    let end = rest
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(rest.len());
    let (digits, after) = rest.split_at(end);
    Some((before, digits.parse().ok()?, after))
}

/// Everything but the control document that a file's cases may find in the store.
fn values(file: &File, published: &Published) -> Vec<(String, Vec<u8>)> {
    let documents = file.documents.iter();
    let documents = documents.map(|(key, text)| (key.clone(), text.clone().into_bytes()));
    Store::snapshots(published)
        .into_iter()
        .chain(documents)
        .collect()
}
