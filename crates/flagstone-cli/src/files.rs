//! Files that are written.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// Writes a file in one step: whoever reads it sees what was there before or all that is new, and what is new
/// outlives a loss of power once this returns. Who may read and write it stays as it is.
///
/// Of a link, what it points to is replaced. Devices and pipes, such as `/dev/stdout`, are written to.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let known = fs::metadata(path).ok();
    if known
        .as_ref()
        .is_some_and(|known| !known.is_file() && !known.is_dir())
    {
        return OpenOptions::new().write(true).open(path)?.write_all(bytes);
    }
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let beside = path.with_file_name(name);
    let written = File::create(&beside)
        .and_then(|mut file| {
            if let Some(known) = known {
                file.set_permissions(known.permissions())?;
            }
            file.write_all(bytes)?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&beside, path))
        .and_then(|()| sync_folder(path));
    if written.is_err() {
        // What is reported is why it could not be written; a rest that stays is the smaller evil.
        let _ = fs::remove_file(&beside);
    }
    written
}

/// The new name is kept by the folder, which other systems than Unix write by themselves.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
