//! Lines from standard input or a file, as batches of whole lines.

use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;
use std::thread;
use std::time::Duration;

use same_file::Handle;

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

/// Reads a file from a place on, and what is added to it; to its present end only, if `follow` is not set. One that is followed
/// may go and another come in its place: it is read to its end, with what its writer adds until it hears of the other, which is
/// then read from its beginning, as is one that has become shorter. It is there once at least, unless it was read before.
pub fn file(
    path: &Path,
    from: u64,
    follow: bool,
    mut take: impl FnMut(Lines) -> bool,
) -> io::Result<()> {
    let mut read = from;
    let mut current = None;
    loop {
        let mut there = match Handle::from_path(path) {
            Err(error)
                if follow
                    && (current.is_some() || from > 0)
                    && error.kind() == ErrorKind::NotFound =>
            {
                None
            }
            opened => Some(opened?),
        };
        let is_replaced = current.is_some() && there.is_some() && current != there;
        if is_replaced {
            thread::sleep(PAUSE);
        }
        if current.is_none() {
            current = there.take();
        }
        match &mut current {
            Some(file) => {
                if !rest(file.as_file_mut(), &mut read, is_replaced, &mut take)? {
                    return Ok(());
                }
            }
            // What comes is another than the one that was read.
            None => read = 0,
        }
        if !follow {
            return Ok(());
        }
        if is_replaced {
            current = there;
            read = 0;
        } else {
            thread::sleep(PAUSE);
        }
    }
}

/// What follows a place in a file, which moves to the end; where it ends in no line feed, a line that `is_last`. Gives whether to
/// go on.
fn rest(
    file: &mut File,
    read: &mut u64,
    is_last: bool,
    take: &mut impl FnMut(Lines) -> bool,
) -> io::Result<bool> {
    if file.metadata()?.len() < *read {
        *read = 0;
    }
    file.seek(SeekFrom::Start(*read))?;
    let mut input = Batches::new(file, *read);
    while let Some(lines) = input.next(is_last)? {
        *read = lines.read;
        if !take(lines) {
            return Ok(false);
        }
    }
    Ok(true)
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
