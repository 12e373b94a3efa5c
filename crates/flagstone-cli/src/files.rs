//! Files that are written.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// Writes a file in one step: whoever reads it sees what was there before or all that is new.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let beside = path.with_file_name(name);
    let written = File::create(&beside)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // What is reported is why it could not be written; a rest that stays is the smaller evil.
        let _ = fs::remove_file(&beside);
    }
    written
}
