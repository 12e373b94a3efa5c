//! A child process that ends with us.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How long a runtime may take to start, or to do what it is told.
pub(super) const PATIENCE: Duration = Duration::from_secs(180);

/// A child whose program ends when its standard input does. The operating system closes that with our last handle,
/// so nothing stays behind when we are killed.
#[derive(Debug)]
pub struct Process {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
    log: Arc<Mutex<String>>,
}

impl Process {
    pub fn start(command: &mut Command) -> io::Result<Self> {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        // The terminal's Ctrl-C is for us alone: we end the child in order.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(command, 0);
        let program = command.get_program().to_string_lossy().into_owned();
        let missing =
            |error: io::Error| io::Error::new(error.kind(), format!("{program}: {error}"));
        let mut child = command.spawn().map_err(missing)?;
        let log = Arc::new(Mutex::new(String::new()));
        let (sender, lines) = channel();
        if let Some(stdout) = child.stdout.take() {
            collect(stdout, Arc::clone(&log), Some(sender));
        }
        if let Some(stderr) = child.stderr.take() {
            collect(stderr, Arc::clone(&log), None);
        }
        let input = child.stdin.take();
        Ok(Self {
            child,
            input,
            lines,
            log,
        })
    }

    /// Writes a line to the child's standard input.
    pub fn tell(&mut self, line: &str) -> io::Result<()> {
        let Some(input) = &mut self.input else {
            return Ok(());
        };
        writeln!(input, "{line}")?;
        input.flush()
    }

    /// Waits for a line of the child's standard output of which `pick` makes something.
    pub fn wait_for<T>(&mut self, pick: impl Fn(&str) -> Option<T>) -> io::Result<T> {
        let end = Instant::now() + PATIENCE;
        while let Ok(line) = self
            .lines
            .recv_timeout(end.saturating_duration_since(Instant::now()))
        {
            if let Some(found) = pick(&line) {
                return Ok(found);
            }
        }
        Err(io::Error::other(format!(
            "the runtime ended or does not answer:\n{}",
            self.log()
        )))
    }

    /// What the child has written so far, both streams together.
    pub fn log(&self) -> String {
        self.log
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.input = None;
        let end = Instant::now() + Duration::from_secs(3);
        while Instant::now() < end {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(Duration::from_millis(5));
        }
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Reads `stream` to its end, into the log and line by line to `lines`.
fn collect(
    stream: impl Read + Send + 'static,
    log: Arc<Mutex<String>>,
    lines: Option<Sender<String>>,
) {
    thread::spawn(move || {
        let mut reader = BufReader::new(stream);
        let mut line = Vec::new();
        while matches!(reader.read_until(b'\n', &mut line), Ok(1..)) {
            let text = String::from_utf8_lossy(&line).into_owned();
            log.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push_str(&text);
            if let Some(lines) = &lines {
                // Nobody listens any more once the process is dropped.
                drop(lines.send(text));
            }
            line.clear();
        }
    });
}
