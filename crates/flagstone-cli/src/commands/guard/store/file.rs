//! A guard's store in one file, by redb: written in transactions that are on the disk or never were.
//!
//! After an error of the disk redb wants its file closed and opened again; this does so, so that a disk that was full for a while
//! does no harm.

use super::{KEPT, Kept, Outbox, Store, StoreError, Told, Turn};
use crate::clock;
use redb::{Database, ReadableDatabase, ReadableTable, ReadableTableMetadata, TableDefinition};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

/// States, by the rollout's id.
const ROLLOUTS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("rollouts");
/// CloudEvents as JSON, by number.
const DECISIONS: TableDefinition<'_, u64, &str> = TableDefinition::new("decisions");
/// Numbers of decisions that the webhook has not taken yet.
const OUTBOX: TableDefinition<'_, u64, ()> = TableDefinition::new("outbox");
/// Bytes that have been read, by file.
const INPUTS: TableDefinition<'_, &str, u64> = TableDefinition::new("inputs");

/// The file, for all threads.
#[derive(Clone)]
pub struct File(Arc<Opened>);

struct Opened {
    path: PathBuf,
    /// `None` while it cannot be opened again.
    database: RwLock<Option<Database>>,
}

impl File {
    /// Opens the file, or makes it.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Ok(Self(Arc::new(Opened {
            path: path.to_owned(),
            database: RwLock::new(Some(open(path).map_err(StoreError::File)?)),
        })))
    }

    /// Does something with the database. After an error of the disk it is opened anew for whatever comes next.
    fn with<T>(
        &self,
        work: impl FnOnce(&Database) -> Result<T, redb::Error>,
    ) -> Result<T, StoreError> {
        let Opened { path, database } = &*self.0;
        let held = database.read().unwrap_or_else(PoisonError::into_inner);
        let result = held.as_ref().map_or(Err(redb::Error::PreviousIo), work);
        drop(held);
        if let Err(redb::Error::Io(_) | redb::Error::PreviousIo) = result {
            let mut held = database.write().unwrap_or_else(PoisonError::into_inner);
            // Closed first: a file is open once.
            *held = None;
            *held = open(path).ok();
        }
        result.map_err(StoreError::File)
    }

    /// The oldest decision that has not been told.
    fn oldest_untold(&self) -> Result<Option<(u64, String)>, StoreError> {
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

    /// Notes that a decision has been told.
    fn told(&self, number: u64) -> Result<(), StoreError> {
        self.with(|database| {
            let write = database.begin_write()?;
            write.open_table(OUTBOX)?.remove(number)?;
            write.commit()?;
            Ok(())
        })
    }
}

impl Store for File {
    fn begin(&mut self) -> Result<Turn, StoreError> {
        Ok(Turn {
            now_ms: clock::now().0,
            news: Some(Vec::new()),
            batches: None,
            sequence: 0,
        })
    }

    fn rollout(&mut self, id: u64) -> Result<Option<Vec<u8>>, StoreError> {
        self.with(|database| {
            let table = database.begin_read()?.open_table(ROLLOUTS)?;
            let state = table.get(id)?;
            Ok(state.map(|state| state.value().to_vec()))
        })
    }

    fn store(&mut self, kept: &Kept<'_>) -> Result<(), StoreError> {
        if kept.is_empty() {
            return Ok(());
        }
        self.with(|database| {
            let write = database.begin_write()?;
            {
                let mut rollouts = write.open_table(ROLLOUTS)?;
                for (id, state) in &kept.changes.rollouts {
                    rollouts.insert(*id, state.as_slice())?;
                }
                let mut decisions = write.open_table(DECISIONS)?;
                let mut outbox = write.open_table(OUTBOX)?;
                let next = decisions
                    .last()?
                    .map_or(0, |(number, _)| number.value() + 1);
                for (number, decision) in (next..).zip(&kept.changes.decisions) {
                    decisions.insert(number, decision.as_str())?;
                    if kept.is_told {
                        outbox.insert(number, ())?;
                    }
                }
                let end = next + kept.changes.decisions.len() as u64;
                let is_untold = |number| !matches!(outbox.get(number), Ok(None));
                decisions.retain_in(..end.saturating_sub(KEPT), |number, _| is_untold(number))?;
                let mut inputs = write.open_table(INPUTS)?;
                for (file, read) in kept.inputs {
                    inputs.insert(file.as_str(), read)?;
                }
            }
            write.commit()?;
            Ok(())
        })
    }

    fn end(&mut self) {}

    fn input(&mut self, file: &str) -> Result<u64, StoreError> {
        self.with(|database| {
            let table = database.begin_read()?.open_table(INPUTS)?;
            let read = table.get(file)?;
            Ok(read.map_or(0, |read| read.value()))
        })
    }

    fn decisions(&mut self, most: usize) -> Result<Vec<String>, StoreError> {
        self.with(|database| {
            let table = database.begin_read()?.open_table(DECISIONS)?;
            let latest = table.iter()?.rev().take(most);
            latest
                .map(|entry| Ok(entry?.1.value().to_owned()))
                .collect()
        })
    }

    fn untold(&mut self) -> Result<u64, StoreError> {
        self.with(|database| Ok(database.begin_read()?.open_table(OUTBOX)?.len()?))
    }

    fn heard(&mut self) -> Result<Vec<String>, StoreError> {
        Ok(Vec::new())
    }

    fn is_shared(&self) -> bool {
        false
    }

    fn outbox(&self) -> Result<Box<dyn Outbox + Send>, StoreError> {
        Ok(Box::new(self.clone()))
    }
}

impl Outbox for File {
    fn tell(&mut self, tell: &mut dyn FnMut(&str) -> bool) -> Result<Told, StoreError> {
        let Some((number, event)) = self.oldest_untold()? else {
            return Ok(Told::Nothing);
        };
        if !event.is_empty() && !tell(&event) {
            return Ok(Told::Refused);
        }
        self.told(number)?;
        Ok(Told::Taken)
    }
}

fn open(path: &Path) -> Result<Database, redb::Error> {
    with_tables(Database::create(path)?)
}

fn with_tables(database: Database) -> Result<Database, redb::Error> {
    let write = database.begin_write()?;
    write.open_table(ROLLOUTS)?;
    write.open_table(DECISIONS)?;
    write.open_table(OUTBOX)?;
    write.open_table(INPUTS)?;
    write.commit()?;
    Ok(database)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use flagstone_guard::Changes;
    use redb::backends::InMemoryBackend;

    fn store(file: &mut File, decisions: std::ops::Range<u64>) {
        let changes = Changes {
            decisions: decisions.map(|number| number.to_string()).collect(),
            ..Changes::default()
        };
        let kept = Kept {
            changes: &changes,
            is_told: true,
            inputs: &[],
            batches: None,
            sequence: None,
            heard: None,
        };
        file.store(&kept).unwrap();
    }

    #[test]
    fn what_the_webhook_has_not_taken_is_kept() {
        let database = Database::builder().create_with_backend(InMemoryBackend::new());
        let mut file = File(Arc::new(Opened {
            path: PathBuf::new(),
            database: RwLock::new(with_tables(database.unwrap()).ok()),
        }));
        store(&mut file, 0..KEPT + 2);
        let mut told = Vec::new();
        for _ in 0..2 {
            let tell = &mut |event: &str| {
                told.push(event.to_owned());
                true
            };
            assert_eq!(file.tell(tell).unwrap(), Told::Taken);
        }
        assert_eq!(told, ["0", "1"]);
        store(&mut file, KEPT + 2..KEPT + 3);
        let kept = file.decisions(usize::MAX).unwrap();
        assert_eq!(kept.len() as u64, KEPT + 1);
        assert_eq!(kept.last().unwrap(), "2");
    }
}
