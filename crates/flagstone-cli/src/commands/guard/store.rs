//! What a guard must not lose: rollouts, decisions, what has not been told yet, how far a file has been read.
//!
//! One file, by redb: written in transactions that are on the disk or never were. After an error of the disk redb wants its file
//! closed and opened again; this does so, so that a disk that was full for a while does no harm.

use flagstone_guard::Changes;
use redb::{Database, ReadableDatabase, ReadableTable, ReadableTableMetadata, TableDefinition};
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

/// States, by the rollout's id.
const ROLLOUTS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("rollouts");
/// CloudEvents as JSON, by number.
const DECISIONS: TableDefinition<'_, u64, &str> = TableDefinition::new("decisions");
/// Numbers of decisions that the webhook has not taken yet.
const OUTBOX: TableDefinition<'_, u64, ()> = TableDefinition::new("outbox");
/// Bytes that have been read, by file.
const INPUTS: TableDefinition<'_, &str, u64> = TableDefinition::new("inputs");
/// So many decisions are kept.
const KEPT: u64 = 10_000;

/// The store of one guard.
pub struct Store {
    path: PathBuf,
    /// `None` while it cannot be opened again.
    database: RwLock<Option<Database>>,
}

impl Store {
    /// Opens the file, or makes it.
    pub fn open(path: &Path) -> Result<Self, redb::Error> {
        Ok(Self {
            path: path.to_owned(),
            database: RwLock::new(Some(open(path)?)),
        })
    }

    /// Does something with the database. After an error of the disk it is opened anew for whatever comes next.
    fn with<T>(
        &self,
        work: impl FnOnce(&Database) -> Result<T, redb::Error>,
    ) -> Result<T, redb::Error> {
        let held = self.database.read().unwrap_or_else(PoisonError::into_inner);
        let result = held.as_ref().map_or(Err(redb::Error::PreviousIo), work);
        drop(held);
        if let Err(redb::Error::Io(_) | redb::Error::PreviousIo) = result {
            let mut held = self
                .database
                .write()
                .unwrap_or_else(PoisonError::into_inner);
            // Closed first: a file is open once.
            *held = None;
            *held = open(&self.path).ok();
        }
        result
    }

    /// The state of a rollout.
    pub fn rollout(&self, id: u64) -> Result<Option<Vec<u8>>, redb::Error> {
        self.with(|database| {
            let table = database.begin_read()?.open_table(ROLLOUTS)?;
            let state = table.get(id)?;
            Ok(state.map(|state| state.value().to_vec()))
        })
    }

    /// Writes everything, durably: also whether decisions are to be told to a webhook, and how far a file has been read.
    pub fn save(
        &self,
        changes: &Changes,
        is_told: bool,
        input: Option<(String, u64)>,
    ) -> Result<(), redb::Error> {
        if changes.rollouts.is_empty() && changes.decisions.is_empty() && input.is_none() {
            return Ok(());
        }
        self.with(|database| {
            let write = database.begin_write()?;
            {
                let mut rollouts = write.open_table(ROLLOUTS)?;
                for (id, state) in &changes.rollouts {
                    rollouts.insert(*id, state.as_slice())?;
                }
                let mut decisions = write.open_table(DECISIONS)?;
                let mut outbox = write.open_table(OUTBOX)?;
                let next = decisions
                    .last()?
                    .map_or(0, |(number, _)| number.value() + 1);
                for (number, decision) in (next..).zip(&changes.decisions) {
                    decisions.insert(number, decision.as_str())?;
                    if is_told {
                        outbox.insert(number, ())?;
                    }
                }
                while decisions.len()? > KEPT {
                    decisions.pop_first()?;
                }
                if let Some((file, read)) = &input {
                    write.open_table(INPUTS)?.insert(file.as_str(), read)?;
                }
            }
            write.commit()?;
            Ok(())
        })
    }

    /// How many bytes of a file have been read.
    pub fn input(&self, file: &str) -> Result<u64, redb::Error> {
        self.with(|database| {
            let table = database.begin_read()?.open_table(INPUTS)?;
            let read = table.get(file)?;
            Ok(read.map_or(0, |read| read.value()))
        })
    }

    /// The latest decisions, the last first.
    pub fn decisions(&self, most: usize) -> Result<Vec<String>, redb::Error> {
        self.with(|database| {
            let table = database.begin_read()?.open_table(DECISIONS)?;
            let latest = table.iter()?.rev().take(most);
            latest
                .map(|entry| Ok(entry?.1.value().to_owned()))
                .collect()
        })
    }

    /// The oldest decision that has not been told.
    pub fn untold(&self) -> Result<Option<(u64, String)>, redb::Error> {
        self.with(|database| {
            let read = database.begin_read()?;
            let outbox = read.open_table(OUTBOX)?;
            let Some((number, _)) = outbox.first()? else {
                return Ok(None);
            };
            let number = number.value();
            let decisions = read.open_table(DECISIONS)?;
            // One that is no longer kept is told as nothing.
            let decision = decisions.get(number)?;
            Ok(Some((
                number,
                decision.map_or_else(String::new, |decision| decision.value().to_owned()),
            )))
        })
    }

    /// How many decisions have not been told.
    pub fn untold_count(&self) -> Result<u64, redb::Error> {
        self.with(|database| Ok(database.begin_read()?.open_table(OUTBOX)?.len()?))
    }

    /// Notes that a decision has been told.
    pub fn told(&self, number: u64) -> Result<(), redb::Error> {
        self.with(|database| {
            let write = database.begin_write()?;
            write.open_table(OUTBOX)?.remove(number)?;
            write.commit()?;
            Ok(())
        })
    }
}

fn open(path: &Path) -> Result<Database, redb::Error> {
    let database = Database::create(path)?;
    let write = database.begin_write()?;
    write.open_table(ROLLOUTS)?;
    write.open_table(DECISIONS)?;
    write.open_table(OUTBOX)?;
    write.open_table(INPUTS)?;
    write.commit()?;
    Ok(database)
}
