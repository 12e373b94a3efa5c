//! Lines from standard input or a file, as batches of whole lines.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::thread;
use std::time::Duration;

/// A batch has so many bytes, or as many as there are.
const BATCH: u64 = 4 << 20;
const PAUSE: Duration = Duration::from_millis(500);

/// Whole lines, and how many bytes of the file lie before what follows them.
pub struct Lines {
    pub text: String,
    pub read: u64,
}

/// Reads standard input to its end. `take` says whether to go on.
pub fn stdin(mut take: impl FnMut(Lines) -> bool) -> io::Result<()> {
    let mut input = BufReader::new(io::stdin());
    let mut read = 0;
    while let Some(lines) = batch(&mut input, &mut read, true)? {
        if !take(lines) {
            break;
        }
    }
    Ok(())
}

/// Reads a file from a place on, and what is added to it; to its present end only, if `follow` is not set. A file that has
/// become shorter is another one, and read from its beginning.
pub fn file(
    path: &Path,
    from: u64,
    follow: bool,
    mut take: impl FnMut(Lines) -> bool,
) -> io::Result<()> {
    let mut read = from;
    loop {
        let mut file = File::open(path)?;
        if file.metadata()?.len() < read {
            read = 0;
        }
        file.seek(SeekFrom::Start(read))?;
        let mut input = BufReader::new(file);
        while let Some(lines) = batch(&mut input, &mut read, false)? {
            if !take(lines) {
                return Ok(());
            }
        }
        if !follow {
            return Ok(());
        }
        thread::sleep(PAUSE);
    }
}

/// The next batch; `None` if there is no whole line. What follows the last line feed counts as a line only at an end.
fn batch(input: &mut impl BufRead, read: &mut u64, at_end: bool) -> io::Result<Option<Lines>> {
    let mut bytes = Vec::new();
    input.take(BATCH).read_to_end(&mut bytes)?;
    input.read_until(b'\n', &mut bytes)?;
    let whole = if at_end || bytes.last() == Some(&b'\n') {
        bytes.len()
    } else {
        bytes
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |last| last + 1)
    };
    bytes.truncate(whole);
    *read += whole as u64;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Ok((whole > 0).then_some(Lines { text, read: *read }))
}
