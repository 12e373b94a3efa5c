//! The guard of rollouts on Cloudflare: the side of the border that is wasm.
//!
//! A [`Desk`] and what it goes by. `worker/guard/desk.mjs` calls the functions here: it writes bytes into the room, and each
//! function gives the address of a message, JSON with a zero behind it. A member `error` says in words why something was not
//! done; then everything is as it was before. All I/O is in JavaScript, which throws this instance away whenever what it said
//! could not be stored, and begins anew from what is.

mod page;

use std::cell::RefCell;
use std::fmt::Display;
use std::panic;

use flagstone_core::{Digest, Snapshot};
use flagstone_guard::{
    Changes, Desk, Document, Judgement, Planned, Publication, Unfit, asked, metrics, plans,
};
use flagstone_rollout::guard::{Terms, Watch};
use serde_json::{Value, json};

thread_local! {
    static HOST: RefCell<Host> = const { RefCell::new(Host::new()) };
}

/// Everything that this instance knows.
struct Host {
    desk: Desk,
    document: Option<Document>,
    /// A newer one, whose snapshot is not here yet.
    coming: Option<Document>,
    /// The document's snapshot, and what it is called.
    bytes: Vec<u8>,
    snapshot: Option<Digest>,
    /// Its plans.
    plans: Vec<Planned>,
    /// What was decided and is not in the document.
    publications: Vec<Publication>,
    /// What was given to be stored. Whoever calls again has stored it.
    changes: Changes,
    room: Vec<u8>,
    message: Vec<u8>,
}

impl Host {
    const fn new() -> Self {
        Self {
            desk: Desk::new(
                Judgement {
                    terms: Terms::DEFAULT,
                    watch: Watch::DEFAULT,
                    adopt: false,
                },
                0,
            ),
            document: None,
            coming: None,
            bytes: Vec::new(),
            snapshot: None,
            plans: Vec::new(),
            publications: Vec::new(),
            changes: Changes {
                rollouts: Vec::new(),
                decisions: Vec::new(),
            },
            room: Vec::new(),
            message: Vec::new(),
        }
    }

    fn written(&self, len: usize) -> &[u8] {
        self.room.get(..len).unwrap_or_default()
    }

    fn control(&mut self, len: usize) -> Result<Value, String> {
        let document = Document::read(self.written(len)).map_err(text)?;
        if self.snapshot == Some(document.control.snapshot) {
            self.document = Some(document);
            return Ok(json!({}));
        }
        let key = document.control.snapshot_key();
        self.coming = Some(document);
        Ok(json!({ "snapshot": key }))
    }

    fn snapshot(&mut self, len: usize) -> Result<Value, String> {
        let snapshot = Snapshot::open(self.written(len)).map_err(text)?;
        let (plans, unfit) = plans::all(&snapshot);
        let digest = snapshot.digest();
        let coming = self.coming.take();
        let coming = coming.filter(|document| document.control.snapshot == digest);
        self.document =
            Some(coming.ok_or("it is another snapshot than the control document names")?);
        self.snapshot = Some(digest);
        self.plans = plans;
        self.bytes = self.written(len).to_vec();
        Ok(self::unfit(&unfit))
    }

    fn follow(&mut self, now_ms: i64) -> Result<Value, String> {
        let document = self.document.as_ref();
        let document = document.ok_or("there is no control document")?;
        self.desk.saved(std::mem::take(&mut self.changes));
        let unfit = self
            .desk
            .follow(&document.control, &self.plans, stored, now_ms)?;
        Ok(self::unfit(&unfit))
    }

    fn take(&mut self, len: usize, now_ms: i64) -> Value {
        let lines = String::from_utf8_lossy(self.room.get(..len).unwrap_or_default());
        json!({ "taken": self.desk.take(&lines, now_ms).json() })
    }

    fn lead(&mut self, now_ms: i64) -> Value {
        self.publications = self.desk.lead(now_ms);
        self.changes = self.desk.changes();
        let states = self.changes.rollouts.iter().map(|(id, state)| {
            json!({ "id": name(*id), "at": state.as_ptr().addr(), "size": state.len() })
        });
        json!({
            "states": states.collect::<Vec<_>>(),
            "decisions": self.changes.decisions,
            "isLeading": self.desk.is_leading(),
        })
    }

    /// All steps together: the object takes them, or somebody else was quicker.
    fn publish(&self, len: usize, now_ms: i64) -> Result<Value, String> {
        let mark = String::from_utf8_lossy(self.written(len));
        let mut document = self
            .document
            .clone()
            .ok_or("there is no control document")?;
        let mut audits = Vec::new();
        for publication in &self.publications {
            if let Some(next) = publication.put(&document, now_ms, &mark) {
                audits.push(json!({ "sequence": next.control.sequence, "text": next.audit() }));
                document = next;
            }
        }
        let text = (!audits.is_empty()).then(|| document.text());
        Ok(json!({ "text": text, "audits": audits }))
    }

    fn answer(&self, len: usize, untold: u32, now_ms: i64) -> Result<Value, String> {
        let path = String::from_utf8_lossy(self.written(len));
        let statuses = self.desk.statuses(now_ms);
        let found = match asked(&path) {
            _ if path == "/rollouts" => Some(serde_json::to_string_pretty(&statuses)),
            _ if path == "/metrics" => {
                return Ok(
                    json!({ "text": metrics(&self.desk.lines, Some(untold.into()), None, &statuses) }),
                );
            }
            Some(flag) => {
                let mut statuses = statuses.iter();
                let status = statuses.find(|status| status.flag == flag);
                status.map(serde_json::to_string_pretty)
            }
            _ => None,
        };
        let found = found.transpose().map_err(text)?;
        Ok(json!({ "text": found.map(|text| text + "\n") }))
    }

    /// Leaves a message; gives its address.
    fn say(&mut self, message: Result<Value, String>) -> usize {
        let message = message.unwrap_or_else(|error| json!({ "error": error }));
        self.message = message.to_string().into_bytes();
        self.message.push(0);
        self.message.as_ptr().addr()
    }
}

/// Flags whose rollouts no guard can lead, and why.
fn unfit(unfit: &[(String, Unfit)]) -> Value {
    let unfit = unfit.iter();
    let unfit = unfit.map(|(flag, why)| json!({ "flag": flag, "why": why.to_string() }));
    json!({ "unfit": unfit.collect::<Vec<_>>() })
}

fn text(error: impl Display) -> String {
    error.to_string()
}

/// A rollout's id, as everywhere outside.
fn name(id: u64) -> String {
    format!("{id:016x}")
}

fn with(work: impl FnOnce(&mut Host) -> Result<Value, String>) -> usize {
    HOST.with_borrow_mut(|host| {
        let message = work(host);
        host.say(message)
    })
}

/// Declares functions that JavaScript calls.
macro_rules! exports {
    ($($(#[$meta:meta])* fn $name:ident($($argument:ident: $type:ty),*) $(-> $result:ty)? $body:block)*) => {$(
        $(#[$meta])*
        #[expect(unsafe_code, reason = "the name is the only one, and needed for the linker")]
        #[unsafe(no_mangle)]
        pub extern "C" fn $name($($argument: $type),*) $(-> $result)? $body
    )*};
}

exports! {
    /// Comes first: the time, the risk budget in visitors, the seconds until all nodes follow, the part of requests that may fail,
    /// and whether rollouts that began without this guard are led.
    fn start(now: f64, budget: f64, reaction_s: f64, ceiling: f64, adopt: u32) {
        panic::set_hook(Box::new(|info| border::log_line(&info.to_string())));
        let judgement = Judgement {
            terms: Terms { budget, reaction_s, ceiling, ..Terms::DEFAULT },
            watch: Watch::DEFAULT,
            adopt: adopt != 0,
        };
        HOST.with_borrow_mut(|host| host.desk = Desk::new(judgement, now as i64));
    }

    /// Where bytes are written, at least so many.
    fn room(len: usize) -> usize {
        HOST.with_borrow_mut(|host| {
            host.room.resize(len.max(host.room.len()), 0);
            host.room.as_ptr().addr()
        })
    }

    /// Takes the control document. Says `snapshot`, the key of the snapshot that comes next, unless it is here.
    fn control(len: usize) -> usize {
        with(|host| host.control(len))
    }

    /// Takes that snapshot. Says `unfit`: flags whose plans no guard can lead, and why.
    fn snapshot(len: usize) -> usize {
        with(|host| host.snapshot(len))
    }

    /// Begins a turn: goes by the control document. Whoever calls has stored what the last turn gave. Says `unfit`, as [`snapshot`]
    /// does, of rollouts that have come further than their plans go.
    fn follow(now: f64) -> usize {
        with(|host| host.follow(now as i64))
    }

    /// Takes a batch of lines. Says what came of them: `taken`, itself JSON.
    fn take(len: usize, now: f64) -> usize {
        with(|host| Ok(host.take(len, now as i64)))
    }

    /// Decides. Says what is to be stored before anything else is done: `states`, each where it lies, and `decisions`.
    /// `isLeading` if it is to look again in ten seconds.
    fn lead(now: f64) -> usize {
        with(|host| Ok(host.lead(now as i64)))
    }

    /// What the control document is to be, `text`, and audit lines, once what [`lead`] has said is stored; without `text` if
    /// it is to stay. What was written is a mark of this change.
    fn publish(len: usize, now: f64) -> usize {
        with(|host| host.publish(len, now as i64))
    }

    /// Answers a request below the health page's path: `page.rs`.
    fn page(len: usize, now: f64) -> usize {
        with(|host| host.page(len, now as i64))
    }

    /// What is at the path that was written, `text`, if anything.
    fn answer(len: usize, untold: u32, now: f64) -> usize {
        with(|host| host.answer(len, untold, now as i64))
    }
}

/// What the store has of a rollout.
fn stored(id: u64) -> Result<Option<Vec<u8>>, String> {
    Ok(border::stored(id))
}

/// JavaScript's functions.
#[cfg(target_family = "wasm")]
mod border {
    #[link(wasm_import_module = "guard")]
    #[expect(
        unsafe_code,
        reason = "JavaScript's functions are not known to the compiler"
    )]
    unsafe extern "C" {
        fn log(address: *const u8, len: usize);
        /// Looks a state up; its size, or -1.
        fn find(id: u64) -> i32;
        /// Writes the state that was looked up last.
        fn copy(address: *mut u8);
    }

    /// Writes a line into the Worker's log.
    #[expect(unsafe_code, reason = "as above")]
    pub fn log_line(line: &str) {
        // SAFETY: it only reads those bytes, at once.
        unsafe { log(line.as_ptr(), line.len()) }
    }

    #[expect(unsafe_code, reason = "as above")]
    pub fn stored(id: u64) -> Option<Vec<u8>> {
        // SAFETY: it touches no memory.
        let size = usize::try_from(unsafe { find(id) }).ok()?;
        let mut state = vec![0; size];
        // SAFETY: it writes as many bytes as it has said, at once.
        unsafe { copy(state.as_mut_ptr()) }
        Some(state)
    }
}

/// Nobody's, where only the lints see this.
#[cfg(not(target_family = "wasm"))]
mod border {
    pub fn log_line(line: &str) {
        eprintln!("{line}");
    }

    pub const fn stored(_id: u64) -> Option<Vec<u8>> {
        None
    }
}
