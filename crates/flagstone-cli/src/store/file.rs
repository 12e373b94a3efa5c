//! A control document in a file, with a file beside it that is locked while it is replaced.

use super::{Held, Store, StoreError};
use crate::files::{replace, target};
use std::fs::{self, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

/// How often a file that somebody else has locked is looked at again: to write takes milliseconds.
const RETRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(50);

/// The file is the value of every key.
pub struct File {
    path: PathBuf,
}

impl File {
    /// The one at a path. Of a link it is what the link leads to, so that all who write it lock the same.
    pub fn new(path: &str) -> Self {
        Self {
            path: target(Path::new(path)),
        }
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
        // Whoever has the lock is about to write. The system takes it from whoever ends, however that happens; the file stays.
        let path = self.beside(".lock");
        let mut options = OpenOptions::new();
        let lock = options.write(true).create(true).truncate(false).open(&path);
        let lock = lock.map_err(StoreError::File)?;
        let mut left = RETRIES;
        while let Err(error) = lock.try_lock() {
            match error {
                TryLockError::Error(error) => return Err(StoreError::File(error)),
                TryLockError::WouldBlock if left == 0 => {
                    let path = path.display();
                    let message = format!("`{path}` is locked: another change is under way");
                    return Err(StoreError::File(io::Error::other(message)));
                }
                TryLockError::WouldBlock => {
                    left -= 1;
                    sleep(PAUSE);
                }
            }
        }
        match self.read(key)?.as_ref() == held {
            true => replace(&self.path, value).map_err(StoreError::File),
            false => Err(StoreError::Overtaken),
        }
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
