//! A folder of a host's own, removed with it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::{fs, io, process};

/// Folder below the repository's `target/`; Miniflare reads only below its working folder.
#[derive(Debug)]
pub struct Scratch {
    folder: PathBuf,
    files: u32,
}

impl Scratch {
    pub fn new() -> io::Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = root().join(format!("target/hosts/{}-{number}", process::id()));
        fs::create_dir_all(&folder)?;
        Ok(Self { folder, files: 0 })
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes `value` into a new file.
    pub fn file(&mut self, value: &[u8]) -> io::Result<PathBuf> {
        let path = self.folder.join(format!("value-{}", self.files));
        self.files += 1;
        fs::write(&path, value)?;
        Ok(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Left behind it does no harm, and a test that fails must show its own error.
        drop(fs::remove_dir_all(&self.folder));
    }
}

/// The repository's root.
pub fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}
