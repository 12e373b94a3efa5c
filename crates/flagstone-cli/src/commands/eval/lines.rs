//! Lines in, lines out.

use crate::report::{Failure, Outcome};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

/// Bytes that are read at once. Fits the second-level cache beside a snapshot.
const CHUNK: usize = 128 * 1024;

/// Has the lines of a file, or of standard input for `-`, answered: `answer` gets some of them and adds a line for each to
/// what is written.
///
/// # Errors
/// If the file cannot be read or the output not written.
pub fn answer_all(
    path: &Path,
    answer: impl FnMut(Lines<'_, '_>, &mut Vec<u8>) -> io::Result<()>,
) -> Result<Outcome, Failure> {
    let unreadable = Failure::read(path);
    if path == Path::new("-") {
        return answer_stream(&mut io::stdin().lock(), unreadable, answer);
    }
    match File::open(path) {
        Ok(mut file) => answer_stream(&mut file, unreadable, answer),
        Err(error) => Err(unreadable(error)),
    }
}

/// Answers each line as soon as it has been read, so that another program can ask and wait.
fn answer_stream(
    input: &mut impl Read,
    unreadable: impl Fn(io::Error) -> Failure,
    mut answer: impl FnMut(Lines<'_, '_>, &mut Vec<u8>) -> io::Result<()>,
) -> Result<Outcome, Failure> {
    let mut output = io::stdout().lock();
    let mut answers = Vec::with_capacity(2 * CHUNK);
    let mut buffer = vec![0; CHUNK];
    let mut filled = 0;
    let mut line = 0u64;
    loop {
        if filled == buffer.len() {
            buffer.resize(2 * filled, 0); // for a line that is longer than the buffer
        }
        let read = input.read(buffer.get_mut(filled..).unwrap_or_default());
        let read = match read {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            other => other.map_err(&unreadable)?,
        };
        let end = filled + read;
        let known = buffer.get(..end).unwrap_or_default();
        // Only what is new can have the last end of a line.
        let new = known.get(filled..).unwrap_or_default();
        let complete = match new.iter().rposition(|byte| *byte == b'\n') {
            Some(at) => filled + at + 1,
            None if read == 0 => end,
            None => 0,
        };
        let lines = Lines {
            rest: known.get(..complete).unwrap_or_default(),
            number: &mut line,
        };
        answer(lines, &mut answers)
            .and_then(|()| output.write_all(&answers))
            .map_err(Failure::Output)?;
        answers.clear();
        if read == 0 {
            output.flush().map_err(Failure::Output)?;
            return Ok(Outcome::Fine);
        }
        buffer.copy_within(complete..end, 0);
        filled = end - complete;
    }
}

/// Whole lines, each with its number; those that are not UTF-8 as the problem with them.
pub struct Lines<'l, 'n> {
    rest: &'l [u8],
    number: &'n mut u64,
}

impl<'l> Iterator for Lines<'l, '_> {
    type Item = (u64, Result<&'l str, String>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let end = self.rest.iter().position(|byte| *byte == b'\n');
        let (line, rest) = match end.and_then(|end| self.rest.split_at_checked(end)) {
            Some((line, rest)) => (line, rest.get(1..).unwrap_or_default()),
            None => (self.rest, &[][..]),
        };
        self.rest = rest;
        *self.number += 1;
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let text = str::from_utf8(line)
            .map_err(|error| format!("invalid UTF-8 at column {}", error.valid_up_to() + 1));
        Some((*self.number, text))
    }
}
