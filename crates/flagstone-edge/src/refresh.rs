//! When to fetch the configuration, and what to do with what comes back: a state machine without I/O.

use crate::configuration::{Configuration, Frame, check, document_key};
use crate::control::{Control, snapshot_key};
use crate::head::RequestHead;
use crate::ledger::Ledger;
use crate::plan::{Attempts, Plan, plan};
use crate::status::Problem;
use flagstone_core::{Digest, UnixMillis};
use std::sync::Arc;

/// After this time a refresh counts as lost, and the next may begin: platforms end work after the response when they
/// like. Milliseconds.
const REFRESH_TIMEOUT: u32 = 30_000;
/// Pause after the first failed load of a node that holds nothing; doubles each time. Milliseconds.
const FIRST_PAUSE: u32 = 1_000;

/// Compiles a flag service's document under a snapshot that names it: the snapshot's bytes, the document's, and the bytes of
/// the snapshot that decides. `None` if the document cannot be compiled.
pub type Compile = fn(&[u8], &[u8]) -> Option<Vec<u8>>;

/// How a node keeps its configuration.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How long a control document is served without asking for a newer one, in milliseconds. Also the longest pause
    /// between attempts of a node that holds nothing; a node that holds a configuration waits at most twice as long
    /// after a failure.
    pub ttl: u32,
    /// What compiles flag services' documents, if this program can.
    pub compile: Option<Compile>,
}

impl Options {
    /// Thirty seconds, which is also the least that Workers KV caches; nothing that compiles documents.
    pub const DEFAULT: Self = Self {
        ttl: 30_000,
        compile: None,
    };
}

impl Default for Options {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// What a process or isolate knows of the configuration: the last good one, and how the last attempt to get a newer
/// one ended.
#[derive(Debug)]
pub struct Node {
    options: Options,
    configuration: Option<Configuration>,
    problem: Option<Problem>,
    /// The sequence number of the latest control document, whose snapshot may not have come yet.
    sequence: u64,
    /// The control document as it was read, if it is the one that is held and nothing of it is left to fetch.
    control: Vec<u8>,
    /// When the last attempt ended, and how long to wait from then on.
    pause: Option<(UnixMillis, u32)>,
    failures: u8,
    /// When a refresh began that has not ended.
    refreshing: Option<UnixMillis>,
}

/// What to do about the configuration for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing.
    Serve,
    /// Fetch before the request is planned: the node holds nothing.
    Load,
    /// Fetch after the response has been sent.
    Refresh,
}

/// What to fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Need {
    /// The control document.
    Control,
    /// The snapshot that a control document names, or its cut.
    Snapshot {
        /// The one or the other.
        name: Digest,
        /// The document.
        control: Control,
    },
    /// The document of a flag service that a snapshot names.
    Document(Document),
}

/// A flag service's document that is needed, and what it is needed for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its key in the store.
    key: String,
    control: Control,
    /// The snapshot that names it.
    frame: Arc<Vec<u8>>,
}

impl Need {
    /// What a node needs of the snapshot that a control document names: no more than its cut, if there is one.
    fn snapshot(control: Control) -> Self {
        let name = control.cut.unwrap_or(control.snapshot);
        Self::Snapshot { name, control }
    }

    /// Whether the value never changes, so that it may be kept near for as long as one likes.
    pub fn is_immutable(&self) -> bool {
        matches!(self, Self::Snapshot { .. })
    }

    /// The key in a store.
    pub fn key(&self) -> String {
        match self {
            Self::Control => Control::KEY.to_owned(),
            Self::Snapshot { name, .. } => snapshot_key(*name),
            Self::Document(document) => document.key.clone(),
        }
    }
}

/// What came of fetching.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fetched {
    /// The value.
    Bytes(Vec<u8>),
    /// The store has no such key.
    Absent,
    /// The store did not answer.
    Failed,
}

impl Node {
    /// A node that holds nothing yet.
    pub const fn new(options: Options) -> Self {
        Self {
            options,
            configuration: None,
            problem: None,
            sequence: 0,
            control: Vec::new(),
            pause: None,
            failures: 0,
            refreshing: None,
        }
    }

    /// Changes how the configuration is kept from now on.
    pub fn set_options(&mut self, options: Options) {
        self.options = options;
    }

    /// What to do for a request that comes in now. After [`Step::Load`] and [`Step::Refresh`] the shell fetches,
    /// beginning with [`Need::Control`].
    ///
    /// Several requests may load at the same time; only one refreshes.
    pub fn next(&mut self, now: UnixMillis) -> Step {
        if !self.is_due(now) {
            return Step::Serve;
        }
        if self.configuration.is_none() {
            return Step::Load;
        }
        if self
            .refreshing
            .is_some_and(|since| !has_passed(now, since, REFRESH_TIMEOUT))
        {
            return Step::Serve;
        }
        self.refreshing = Some(now);
        Step::Refresh
    }

    /// Takes what was fetched, and says what to fetch next; `None` when there is nothing more to do.
    pub fn take(&mut self, need: Need, fetched: Fetched, now: UnixMillis) -> Option<Need> {
        let outcome = match need {
            Need::Control => self.take_control(fetched),
            Need::Snapshot { name, control } => self.take_snapshot(name, control, fetched),
            Need::Document(document) => self.take_document(document, fetched).map(|()| None),
        };
        match outcome {
            Ok(Some(next)) => return Some(next),
            Ok(None) => {
                self.problem = None;
                self.failures = 0;
            }
            Err(problem) => {
                self.problem = Some(problem);
                // Those that load at the same time fail at the same time, which says no more than one of them.
                if self.is_due(now) {
                    self.failures = self.failures.saturating_add(1);
                }
            }
        }
        self.pause = Some((now, self.pause_length()));
        self.refreshing = None;
        None
    }

    /// Plans what is to be done to a request, from the configuration that is held. Without one the request goes to the
    /// origin `stable` as it is, but for our own headers.
    ///
    /// `ledger` says whether a canary is in service; `()` says yes.
    /// `entropy` gives 16 random bytes and is asked at most once, when an anonymous id is minted.
    pub fn plan(
        &self,
        ledger: &mut impl Ledger,
        request: &impl RequestHead,
        now: UnixMillis,
        entropy: impl FnOnce() -> [u8; 16],
    ) -> Plan {
        self.plan_attempts(Attempts::All, ledger, request, now, entropy)
    }

    /// The same for some of its attempts.
    pub(crate) fn plan_attempts(
        &self,
        attempts: Attempts,
        ledger: &mut impl Ledger,
        request: &impl RequestHead,
        now: UnixMillis,
        entropy: impl FnOnce() -> [u8; 16],
    ) -> Plan {
        plan(
            attempts,
            ledger,
            self.configuration.as_ref(),
            self.problem,
            request,
            now,
            entropy,
        )
    }

    /// The configuration that is held.
    pub fn configuration(&self) -> Option<&Configuration> {
        self.configuration.as_ref()
    }

    /// How the last attempt failed, if it did.
    pub fn problem(&self) -> Option<Problem> {
        self.problem
    }

    fn take_control(&mut self, fetched: Fetched) -> Result<Option<Need>, Problem> {
        let bytes = match fetched {
            Fetched::Bytes(bytes) => bytes,
            Fetched::Absent => return Err(Problem::ControlAbsent),
            Fetched::Failed => return Err(Problem::ControlUnreachable),
        };
        // Some shells read it for each request.
        if self.configuration.is_some() && self.control == bytes {
            return Ok(None);
        }
        self.control.clear();
        let control = Control::read(&bytes)?;
        if self.configuration.is_none() {
            return Ok(Some(Need::snapshot(control)));
        }
        let next = self.replace(control)?;
        if next.is_none() {
            self.control = bytes;
        }
        Ok(next)
    }

    /// Takes the control document of a node that holds a configuration.
    #[inline(never)]
    fn replace(&mut self, control: Control) -> Result<Option<Need>, Problem> {
        let Some(held) = &mut self.configuration else {
            return Ok(None);
        };
        if control.sequence < self.sequence {
            return Err(Problem::RevisionOlder);
        }
        self.sequence = control.sequence;
        // Kills do not wait for the snapshot, which may be late or broken.
        held.hold(&control);
        if control.snapshot != held.control().snapshot {
            return Ok(Some(Need::snapshot(control)));
        }
        if let Some(frame) = held.frame() {
            return Ok(Some(Need::Document(Document {
                key: frame.key.clone(),
                control,
                frame: frame.bytes.clone(),
            })));
        }
        held.confirm(control);
        Ok(None)
    }

    fn take_snapshot(
        &mut self,
        name: Digest,
        control: Control,
        fetched: Fetched,
    ) -> Result<Option<Need>, Problem> {
        let found = match fetched {
            Fetched::Bytes(bytes) => Ok(bytes),
            Fetched::Absent => Err(Problem::SnapshotAbsent),
            Fetched::Failed => return Err(Problem::SnapshotUnreachable),
        };
        // Another request may have taken a later one meanwhile.
        if self.configuration.is_some() && control.sequence < self.sequence {
            return Ok(None);
        }
        let bytes = match found.and_then(|bytes| check(bytes, name)) {
            // The whole snapshot decides as its cut does.
            Err(_) if name != control.snapshot => {
                let name = control.snapshot;
                return Ok(Some(Need::Snapshot { name, control }));
            }
            checked => checked?,
        };
        if let Some(key) = document_key(&bytes) {
            if self.options.compile.is_none() {
                return Err(Problem::DocumentUnsupported);
            }
            return Ok(Some(Need::Document(Document {
                key,
                control,
                frame: Arc::new(bytes),
            })));
        }
        let sequence = control.sequence;
        self.configuration = Some(Configuration::new(bytes, control, None)?);
        self.sequence = sequence;
        self.control.clear();
        Ok(None)
    }

    #[inline(never)]
    fn take_document(&mut self, wanted: Document, fetched: Fetched) -> Result<(), Problem> {
        let bytes = match fetched {
            Fetched::Bytes(bytes) => bytes,
            Fetched::Absent => return Err(Problem::DocumentAbsent),
            Fetched::Failed => return Err(Problem::DocumentUnreachable),
        };
        let Document {
            key,
            control,
            frame,
        } = wanted;
        if self.configuration.is_some() && control.sequence < self.sequence {
            return Ok(());
        }
        let frame = Frame {
            key,
            bytes: frame,
            document: Digest::of(&bytes),
        };
        if let Some(held) = &mut self.configuration
            && held.frame() == Some(&frame)
        {
            held.confirm(control);
            return Ok(());
        }
        let compile = self.options.compile.ok_or(Problem::DocumentUnsupported)?;
        let compiled = compile(&frame.bytes, &bytes).ok_or(Problem::DocumentInvalid)?;
        let sequence = control.sequence;
        self.configuration = Some(Configuration::new(compiled, control, Some(frame))?);
        self.sequence = sequence;
        self.control.clear();
        Ok(())
    }

    /// Whether it is time for an attempt.
    fn is_due(&self, now: UnixMillis) -> bool {
        self.pause
            .is_none_or(|(since, pause)| has_passed(now, since, pause))
    }

    /// How long to wait after an attempt, in milliseconds.
    fn pause_length(&self) -> u32 {
        let ttl = self.options.ttl;
        match (&self.configuration, self.failures) {
            (Some(_), 0 | 1) => ttl,
            (Some(_), _) => ttl.saturating_mul(2),
            (None, failures) => {
                let doublings = u32::from(failures.saturating_sub(1)).min(16);
                FIRST_PAUSE.saturating_mul(1 << doublings).min(ttl)
            }
        }
    }
}

/// Whether a time has passed. A clock that went back counts as if it had: asking once too often does no harm.
fn has_passed(now: UnixMillis, since: UnixMillis, millis: u32) -> bool {
    let elapsed = now.0.saturating_sub(since.0);
    elapsed < 0 || elapsed >= i64::from(millis)
}

#[cfg(test)]
mod tests;
