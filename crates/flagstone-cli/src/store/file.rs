//! A control document in a file, with a lock file beside it while it is replaced.

use super::{Held, Store, StoreError};
use crate::files::replace;
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::PathBuf;

/// The file is the value of every key.
pub struct File {
    path: PathBuf,
}

impl File {
    pub fn new(path: &str) -> Self {
        Self { path: path.into() }
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        let mut name = self.path.file_name().unwrap_or_default().to_owned();
        name.push(suffix);
        self.path.with_file_name(name)
    }
}

impl Store for File {
    fn read(&self, _: &str) -> Result<Option<Held>, StoreError> {
        match fs::read(&self.path) {
            Ok(bytes) => Ok(Some(Held {
                bytes,
                generation: None,
            })),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError::File(error)),
        }
    }

    fn replace(&self, key: &str, value: &[u8], held: Option<&Held>) -> Result<(), StoreError> {
        let lock = self.beside(".lock");
        // Whoever holds the lock is about to write.
        match OpenOptions::new().write(true).create_new(true).open(&lock) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let message = format!("`{}` is there: another change is under way", lock.display());
                return Err(StoreError::File(io::Error::new(
                    ErrorKind::AlreadyExists,
                    message,
                )));
            }
            opened => opened.map_err(StoreError::File)?,
        };
        let written = self.read(key).and_then(|now| match now.as_ref() == held {
            true => replace(&self.path, value).map_err(StoreError::File),
            false => Err(StoreError::Overtaken),
        });
        let unlocked = fs::remove_file(&lock).map_err(StoreError::File);
        written.and(unlocked)
    }

    fn keep(&self, _: u64, line: &str) -> Result<(), StoreError> {
        let mut options = OpenOptions::new();
        let file = options
            .append(true)
            .create(true)
            .open(self.beside(".audit"));
        let written = file.and_then(|mut file| file.write_all(format!("{line}\n").as_bytes()));
        written.map_err(StoreError::File)
    }

    fn compares(&self) -> bool {
        true
    }
}
