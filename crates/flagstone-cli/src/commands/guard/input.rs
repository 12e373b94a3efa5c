//! Lines from standard input or a file, as batches of whole lines.

use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;
use std::thread;
use std::time::Duration;

/// So many bytes are read at once, if there are as many.
const READ: usize = 4 << 20;
/// A line that is longer than so many bytes is none, and taken in pieces.
const LONGEST: usize = 8 << 20;
const PAUSE: Duration = Duration::from_millis(500);

/// Whole lines, and how many bytes of the file lie before what follows them.
pub struct Lines {
    pub text: String,
    pub read: u64,
}

/// Reads standard input to its end, whole lines as soon as they come. `take` says whether to go on.
pub fn stdin(mut take: impl FnMut(Lines) -> bool) -> io::Result<()> {
    let mut input = Batches::new(io::stdin(), 0);
    while let Some(lines) = input.next(true)? {
        if !take(lines) {
            break;
        }
    }
    Ok(())
}

/// Reads a file from a place on, and what is added to it; to its present end only, if `follow` is not set. A file that has
/// become shorter, or was not there for a while, is another one, and read from its beginning. One that is followed may go and come
/// again, but is there once at least, unless it was read before.
pub fn file(
    path: &Path,
    from: u64,
    follow: bool,
    mut take: impl FnMut(Lines) -> bool,
) -> io::Result<()> {
    let mut read = from;
    let mut was_there = from > 0;
    loop {
        let mut file = match File::open(path) {
            Err(error) if follow && was_there && error.kind() == ErrorKind::NotFound => {
                read = 0;
                thread::sleep(PAUSE);
                continue;
            }
            opened => opened?,
        };
        was_there = true;
        if file.metadata()?.len() < read {
            read = 0;
        }
        file.seek(SeekFrom::Start(read))?;
        let mut input = Batches::new(file, read);
        while let Some(lines) = input.next(false)? {
            read = lines.read;
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

struct Batches<R> {
    input: BufReader<R>,
    /// The beginning of a line.
    rest: Vec<u8>,
    read: u64,
}

impl<R: Read> Batches<R> {
    fn new(input: R, read: u64) -> Self {
        Self {
            input: BufReader::with_capacity(READ, input),
            rest: Vec::new(),
            read,
        }
    }

    /// The whole lines among what is there; waits for one. `None` at the end, where what follows the last line feed is a line
    /// if `is_line` says so.
    fn next(&mut self, is_line: bool) -> io::Result<Option<Lines>> {
        loop {
            let more = match self.input.fill_buf() {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                more => more?,
            };
            let (count, ends) = (more.len(), more.is_empty());
            let last = more.iter().rposition(|byte| *byte == b'\n');
            let whole = match last {
                Some(last) => self.rest.len() + last + 1,
                None if (ends && is_line) || self.rest.len() >= LONGEST => self.rest.len(),
                None => 0,
            };
            self.rest.extend_from_slice(more);
            self.input.consume(count);
            if whole > 0 {
                let lines: Vec<u8> = self.rest.drain(..whole).collect();
                self.read += whole as u64;
                let text = String::from_utf8_lossy(&lines).into_owned();
                return Ok(Some(Lines {
                    text,
                    read: self.read,
                }));
            }
            if ends {
                return Ok(None);
            }
        }
    }
}
