//! Where guards keep what they must not lose: rollouts, decisions, what has not been told yet, how far a file has been read.
//!
//! A file is one guard's. A database is that of as many as are pointed to it: one of them at a time has its turn, in which it takes
//! over what others have stored, counts, decides, and stores; whoever fails in it has done nothing.

mod file;
mod postgres;

use crate::report::Failure;
use flagstone_guard::Changes;
use std::fmt;
use std::path::Path;

/// The store of one guard, or its door to a shared one.
pub trait Store {
    /// Begins a turn, which nobody else has until it is [stored](Self::store) or [ended](Self::end).
    fn begin(&mut self) -> Result<Turn, StoreError>;

    /// The state of a rollout, in a turn.
    fn rollout(&mut self, id: u64) -> Result<Option<Vec<u8>>, StoreError>;

    /// Ends the turn with everything on the disk, or with nothing.
    fn store(&mut self, kept: &Kept<'_>) -> Result<(), StoreError>;

    /// Ends the turn without anything.
    fn end(&mut self);

    /// How many bytes of a file have been read.
    fn input(&mut self, file: &str) -> Result<u64, StoreError>;

    /// The latest decisions, the last first.
    fn decisions(&mut self, most: usize) -> Result<Vec<String>, StoreError>;

    /// How many decisions have not been told.
    fn untold(&mut self) -> Result<u64, StoreError>;

    /// What other guards have heard lately, as [`flagstone_guard::Activity::to_text`] writes it.
    fn heard(&mut self) -> Result<Vec<String>, StoreError>;

    /// Whether there may be other guards.
    fn is_shared(&self) -> bool;

    /// The decisions that have not been told, for another thread.
    fn outbox(&self) -> Result<Box<dyn Outbox + Send>, StoreError>;
}

/// Decisions that have not been told to a webhook.
pub trait Outbox {
    /// Has the oldest of them told, if nobody else is about to. One that was told and could not be noted is told once more.
    fn tell(&mut self, tell: &mut dyn FnMut(&str) -> bool) -> Result<Told, StoreError>;
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// There is none, or another guard is at it.
    Nothing,
    /// It was taken.
    Taken,
    /// It was not.
    Refused,
}

/// What a turn begins with.
pub struct Turn {
    /// The time that it goes by, in Unix milliseconds: guards that share their work share a clock.
    pub now_ms: i64,
    /// States that others have stored since this guard's last turn; `None` if it is unknown which.
    pub news: Option<Vec<(u64, Vec<u8>)>>,
    /// Batches that were counted lately, as [`flagstone_guard::Activity::batches`] gives them; `None` if this guard knows.
    pub batches: Option<Vec<u64>>,
    /// The sequence number of the control document that others have gone by lately; 0 if none have.
    pub sequence: u64,
}

/// What a turn ends with.
pub struct Kept<'a> {
    pub changes: &'a Changes,
    /// Whether decisions are to be told to a webhook.
    pub is_told: bool,
    /// Which files have been read how far.
    pub inputs: &'a [(String, u64)],
    /// See [`Turn::batches`]; `None` if they are the same.
    pub batches: Option<&'a [u64]>,
    /// See [`Turn::sequence`]; `None` if this turn did not go by a control document.
    pub sequence: Option<u64>,
    /// What this guard has heard lately, for [`Store::heard`] of others, if it is time to say so.
    pub heard: Option<&'a str>,
}

impl Kept<'_> {
    fn is_empty(&self) -> bool {
        let Changes {
            rollouts,
            decisions,
        } = self.changes;
        rollouts.is_empty()
            && decisions.is_empty()
            && self.inputs.is_empty()
            && self.batches.is_none()
            && self.heard.is_none()
    }
}

/// So many decisions are kept, and those that have not been told.
const KEPT: u64 = 10_000;

/// Opens a file, or makes it; or the database of a URL, and its tables.
pub fn open(state: &Path) -> Result<Box<dyn Store>, Failure> {
    match state.to_str() {
        Some(url) if url.starts_with("postgres:") || url.starts_with("postgresql:") => {
            let argument = |problem| Failure::Argument {
                name: "--state",
                problem,
            };
            let place = postgres::Place::read(url).map_err(|error| argument(error.to_string()))?;
            let named = place.to_string();
            match postgres::Postgres::open(place) {
                Ok(store) => Ok(Box::new(store)),
                Err(error) => Err(argument(format!("`{named}`: {error}"))),
            }
        }
        _ => match file::File::open(state) {
            Ok(store) => Ok(Box::new(store)),
            Err(error) => Err(Failure::Unusable {
                path: state.to_owned(),
                problem: match error {
                    StoreError::File(redb::Error::DatabaseAlreadyOpen) => {
                        "it is the state of a guard that runs already".to_owned()
                    }
                    error => format!("it is no state of a guard: {error}"),
                },
            }),
        },
    }
}

/// Why a store could not be used.
#[derive(Debug)]
pub enum StoreError {
    /// The file.
    File(redb::Error),
    /// The database.
    Postgres(postgres::Error),
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(error) => error.fmt(f),
            Self::Postgres(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for StoreError {}
