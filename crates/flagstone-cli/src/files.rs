//! Files that are written.

use crate::report::Failure;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Whether what is written to a path is standard output.
#[cfg(unix)]
pub fn is_output(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let known = |path: &Path| fs::metadata(path).map(|known| (known.dev(), known.ino()));
    let output = known(Path::new("/dev/stdout"));
    matches!((known(path), output), (Ok(path), Ok(output)) if path == output)
}

#[cfg(not(unix))]
pub fn is_output(_: &Path) -> bool {
    false
}

/// Refuses to write a file that another argument names too. Each is given with the argument's name; those before `written`
/// are only read.
pub fn distinct(written: usize, files: &[(&'static str, &Path)]) -> Result<(), Failure> {
    for (index, (name, path)) in files.iter().enumerate().skip(written) {
        let mut others = files.iter().take(index);
        if let Some((other, _)) = others.find(|(_, other)| is_same(other, path)) {
            return Err(Failure::Argument {
                name,
                problem: format!("`{}` is given as {other} too", path.display()),
            });
        }
    }
    Ok(())
}

/// Whether two paths are of one file; devices and pipes may be written to twice.
fn is_same(one: &Path, other: &Path) -> bool {
    let is_file = |path: &Path| fs::metadata(path).is_ok_and(|known| known.is_file());
    let is_new = |path: &Path| !path.exists();
    let name = |path: &Path| match fs::canonicalize(path) {
        Ok(path) => Some(path),
        Err(_) => {
            let folder = path
                .parent()
                .filter(|folder| !folder.as_os_str().is_empty());
            let folder = fs::canonicalize(folder.unwrap_or(Path::new("."))).ok()?;
            Some(folder.join(path.file_name()?))
        }
    };
    let name = |path: &Path| name(path).filter(|_: &PathBuf| is_file(path) || is_new(path));
    name(one).is_some_and(|one| name(other) == Some(one))
}

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
    let path = &target(path);
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

/// Where a path leads by links, also if there is nothing yet.
pub fn target(path: &Path) -> PathBuf {
    // As many as systems follow; there is no name at the end of a circle.
    const LINKS: u32 = 40;
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        match (fs::canonicalize(&path), fs::read_link(&path)) {
            (Ok(target), _) => return target,
            (Err(_), Ok(link)) => path = path.with_file_name("").join(link),
            (Err(_), Err(_)) => break,
        }
    }
    path
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
