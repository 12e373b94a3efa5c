//! When to fetch the configuration, and what to do with what comes back: a state machine without I/O.

use crate::configuration::{Configuration, Frame, check, document_key};
use crate::control::{Control, snapshot_key};
use crate::head::RequestHead;
use crate::ledger::Ledger;
use crate::plan::{Attempts, Plan, plan};
use crate::status::Problem;
use flagstone_core::{Digest, Snapshot, UnixMillis};
use std::sync::Arc;

/// After this time a refresh counts as lost, and the next may begin: platforms end work after the response when they
/// like. Milliseconds.
const REFRESH_TIMEOUT: u32 = 30_000;
/// Pause after the first failed load of a node that holds nothing; doubles each time. Milliseconds.
const FIRST_PAUSE: u32 = 1_000;
/// Bytes of the smallest document for which a cache is asked: a smaller one is compiled by the time it answers.
pub(crate) const LEAST_KEPT: usize = 65_536;

/// Compiles a flag service's document under a snapshot that names it: the snapshot's bytes, the document's, and the bytes of
/// the snapshot that decides. `None` if the document cannot be compiled.
pub type Compile = fn(&[u8], &[u8]) -> Option<Vec<u8>>;

/// How a node keeps its configuration.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How long a control document is served without asking for a newer one, in milliseconds. Also the longest pause
    /// between attempts of a node that holds nothing; a node that holds a configuration waits at most twice as long
    /// after a failure. A flag service's document is not looked at more often either, also where each request reads the control document.
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
    /// When a document was last looked at, for which snapshot, and what came of it.
    looked: Option<(UnixMillis, Digest, Result<(), Problem>)>,
    /// The document that a cache was asked about last: requests that load at the same time hold it once.
    asked: Option<(Digest, Arc<Vec<u8>>)>,
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
    /// What such a document was compiled to, if another node of this place has done so: from the platform's cache, not from the store.
    /// A shell without a cache answers that it is absent.
    Compiled(Compiled),
    /// Nothing is fetched: this is to be put into that cache.
    Keep(Keep),
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

/// A flag service's document, and what it is to be compiled for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compiled {
    control: Control,
    frame: Frame,
    document: Arc<Vec<u8>>,
}

/// What was compiled here, for other nodes. The same program compiles the same to the same bytes; another may not, so that the shell
/// keeps apart what programs keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keep {
    key: String,
    bytes: Arc<Vec<u8>>,
}

impl Keep {
    /// The bytes of the snapshot.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl Need {
    /// What a node needs of the snapshot that a control document names: no more than its cut, if there is one.
    fn snapshot(control: Control) -> Self {
        let name = control.cut.unwrap_or(control.snapshot);
        Self::Snapshot { name, control }
    }

    /// The place of the control document in the order of changes, for one that holds a document, which is long.
    pub(crate) fn long_sequence(&self) -> Option<u64> {
        match self {
            Self::Compiled(compiled) => Some(compiled.control.sequence),
            _ => None,
        }
    }

    /// Whether the value never changes, so that it may be kept near for as long as one likes.
    pub fn is_immutable(&self) -> bool {
        matches!(self, Self::Snapshot { .. })
    }

    /// The key in the store, or in the cache.
    pub fn key(&self) -> String {
        match self {
            Self::Control => Control::KEY.to_owned(),
            Self::Snapshot { name, .. } => snapshot_key(*name),
            Self::Document(document) => document.key.clone(),
            Self::Compiled(compiled) => compiled.frame.compiled_key(),
            Self::Keep(keep) => keep.key.clone(),
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
            looked: None,
            asked: None,
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

    /// Takes what was fetched, and says what to fetch next; `None` when there is nothing more to do. For [`Need::Keep`] it makes no
    /// difference what is taken, and whether anything is.
    pub fn take(&mut self, need: Need, fetched: Fetched, now: UnixMillis) -> Option<Need> {
        let framed = match &need {
            Need::Document(Document { control, .. }) | Need::Compiled(Compiled { control, .. }) => {
                Some(control.snapshot)
            }
            _ => None,
        };
        let outcome = match need {
            Need::Control => self.take_control(fetched, now),
            Need::Snapshot { name, control } => self.take_snapshot(name, control, fetched),
            Need::Document(document) => self.take_document(document, fetched),
            Need::Compiled(compiled) => self.take_compiled(compiled, fetched),
            Need::Keep(_) => return None,
        };
        let mut next = None;
        match outcome {
            Ok(Some(fetch)) if !matches!(fetch, Need::Keep(_)) => return Some(fetch),
            Ok(keep) => {
                self.problem = None;
                self.failures = 0;
                next = keep;
            }
            Err(problem) => {
                self.problem = Some(problem);
                // Those that load at the same time fail at the same time, which says no more than one of them.
                if self.is_due(now) {
                    self.failures = self.failures.saturating_add(1);
                }
            }
        }
        if let Some(snapshot) = framed {
            self.looked = Some((now, snapshot, self.problem.map_or(Ok(()), Err)));
        }
        self.pause = Some((now, self.pause_length()));
        self.refreshing = None;
        next
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

    /// Decides by this snapshot from now on, without a store, as revision 0. If it is none, nothing changes; if its flags are
    /// elsewhere, that is the problem.
    pub(crate) fn hold(&mut self, snapshot: &[u8]) {
        let Ok(opened) = Snapshot::open(snapshot) else {
            return;
        };
        if document_key(snapshot).is_some() {
            self.problem = Some(Problem::DocumentUnsupported);
            return;
        }
        let control = Control::first(opened.digest());
        self.configuration = Configuration::new(snapshot.to_vec(), control, None).ok();
        self.problem = None;
    }

    /// The configuration that is held.
    pub fn configuration(&self) -> Option<&Configuration> {
        self.configuration.as_ref()
    }

    /// How the last attempt failed, if it did.
    pub fn problem(&self) -> Option<Problem> {
        self.problem
    }

    fn take_control(&mut self, fetched: Fetched, now: UnixMillis) -> Result<Option<Need>, Problem> {
        let bytes = match fetched {
            Fetched::Bytes(bytes) => bytes,
            Fetched::Absent => return Err(Problem::ControlAbsent),
            Fetched::Failed => return Err(Problem::ControlUnreachable),
        };
        // Some shells read it for each request.
        let held = self.configuration.as_ref();
        let looked = held.and_then(|held| match held.frame() {
            None => Some(Ok(())),
            Some(_) => self.look(held.control().snapshot, now),
        });
        if let Some(looked) = looked
            && self.control == bytes
        {
            return looked.map(|()| None);
        }
        self.control.clear();
        let control = Control::read(&bytes)?;
        if self.configuration.is_none() {
            return Ok(Some(Need::snapshot(control)));
        }
        let failed = self.look(control.snapshot, now).and_then(Result::err);
        let next = self.replace(control, looked, failed)?;
        if next.is_none() {
            self.control = bytes;
        }
        Ok(next)
    }

    /// Takes the control document of a node that holds a configuration.
    #[inline(never)]
    fn replace(
        &mut self,
        control: Control,
        looked: Option<Result<(), Problem>>,
        failed: Option<Problem>,
    ) -> Result<Option<Need>, Problem> {
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
            return failed.map_or_else(|| Ok(Some(Need::snapshot(control))), Err);
        }
        if let (Some(frame), None) = (held.frame(), looked) {
            return Ok(Some(Need::Document(Document {
                key: frame.key.clone(),
                control,
                frame: frame.bytes.clone(),
            })));
        }
        looked.unwrap_or(Ok(()))?;
        held.confirm(control);
        Ok(None)
    }

    /// What came of the document that a snapshot names, if it was looked at not long ago.
    fn look(&self, snapshot: Digest, now: UnixMillis) -> Option<Result<(), Problem>> {
        let (at, of, outcome) = self.looked?;
        (of == snapshot && !has_passed(now, at, self.options.ttl)).then_some(outcome)
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
    fn take_document(
        &mut self,
        wanted: Document,
        fetched: Fetched,
    ) -> Result<Option<Need>, Problem> {
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
        let frame = Frame {
            key,
            bytes: frame,
            document: Digest::of(&bytes),
        };
        if self.holds(&control, &frame) {
            return Ok(None);
        }
        if bytes.len() < LEAST_KEPT {
            self.compile(control, frame, &bytes)?;
            return Ok(None);
        }
        let document = match &self.asked {
            Some((digest, document)) if *digest == frame.document => document.clone(),
            _ => Arc::new(bytes),
        };
        self.asked = Some((frame.document, document.clone()));
        Ok(Some(Need::Compiled(Compiled {
            control,
            frame,
            document,
        })))
    }

    #[inline(never)]
    fn take_compiled(
        &mut self,
        wanted: Compiled,
        fetched: Fetched,
    ) -> Result<Option<Need>, Problem> {
        let Compiled {
            control,
            frame,
            document,
        } = wanted;
        if self.holds(&control, &frame) {
            return Ok(None);
        }
        // What is not there, late or damaged is compiled here.
        if let Fetched::Bytes(bytes) = fetched
            && Snapshot::open(&bytes).is_ok_and(|snapshot| snapshot.is_intact())
        {
            self.replace_compiled(Arc::new(bytes), control, frame)?;
            return Ok(None);
        }
        let key = frame.compiled_key();
        let bytes = self.compile(control, frame, &document)?;
        Ok(Some(Need::Keep(Keep { key, bytes })))
    }

    /// Whether what a document is compiled to is held, or something later. The control document is taken over then.
    fn holds(&mut self, control: &Control, frame: &Frame) -> bool {
        match &mut self.configuration {
            None => false,
            Some(_) if control.sequence < self.sequence => true,
            Some(held) if held.frame() == Some(frame) => {
                self.sequence = control.sequence;
                held.hold(control);
                held.confirm(control.clone());
                true
            }
            Some(_) => false,
        }
    }

    /// Compiles a document, and holds what it is compiled to.
    fn compile(
        &mut self,
        control: Control,
        frame: Frame,
        document: &[u8],
    ) -> Result<Arc<Vec<u8>>, Problem> {
        let compile = self.options.compile.ok_or(Problem::DocumentUnsupported)?;
        let compiled = compile(&frame.bytes, document).ok_or(Problem::DocumentInvalid)?;
        let bytes = Arc::new(compiled);
        self.replace_compiled(bytes.clone(), control, frame)?;
        Ok(bytes)
    }

    fn replace_compiled(
        &mut self,
        bytes: Arc<Vec<u8>>,
        control: Control,
        frame: Frame,
    ) -> Result<(), Problem> {
        self.asked = None;
        let sequence = control.sequence;
        self.configuration = Some(Configuration::new(bytes, control, Some(frame))?);
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
