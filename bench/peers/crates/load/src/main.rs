//! Sends requests over connections that stay open, each connection one request at a time.
//!
//! usage: load PORT CONNECTIONS REQUESTS PROCESS [THREADS] < HEADS
//!
//! HEADS are heads of requests, each ended by an empty line, which are sent in turn; REQUESTS are a multiple of CONNECTIONS. Prints
//! a JSON object: requests, seconds, and the CPU that process PROCESS has had for a request, on all its threads but those named
//! THREADS, in microseconds. Connections are made, and asked once each, before anything is counted. Any answer but 200 is an error.
//!
//! Each turn sends a request on every connection and then waits for the answer of the last. A server that answers in the order of
//! requests wakes this program once a turn: to wake whoever waits for an answer is CPU of the server's, as much as answering takes, and
//! whether it comes to that for each answer would depend on what else the machine does.

use std::error::Error;
use std::fs;
use std::io::{Read, Write, stdin};
use std::net::{Ipv4Addr, TcpStream};
use std::path::PathBuf;
use std::time::Instant;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [port, connections, requests, process, besides @ ..] = arguments.as_slice() else {
        return Err("usage: load PORT CONNECTIONS REQUESTS PROCESS [THREADS] < HEADS".into());
    };
    let (port, connections, requests): (u16, usize, usize) =
        (port.parse()?, connections.parse()?, requests.parse()?);
    let clock = Clock::of(process.parse()?, besides)?;
    let mut text = String::new();
    stdin().read_to_string(&mut text)?;
    let heads: Vec<&str> = text.split_inclusive("\r\n\r\n").collect();

    let mut open = Vec::new();
    for connection in 0..connections {
        let mut made = Connection::new(port)?;
        made.send(heads[connection % heads.len()])?;
        open.push(made);
    }
    for connection in &mut open {
        connection.receive()?;
    }
    let before = clock.nanoseconds()?;
    let begin = Instant::now();
    for turn in 0..requests / connections {
        for (place, connection) in open.iter_mut().enumerate() {
            connection.send(heads[(turn * connections + place) % heads.len()])?;
        }
        for connection in open.iter_mut().rev() {
            connection.receive()?;
        }
    }
    let seconds = begin.elapsed().as_secs_f64();
    let cpu = (clock.nanoseconds()? - before) / 1e3 / requests as f64;
    println!(r#"{{"requests":{requests},"seconds":{seconds:.6},"cpu":{cpu:.3}}}"#);
    Ok(())
}

/// The clock of the CPU that a process has had, all of its threads but some.
struct Clock {
    process: libc::clockid_t,
    besides: Vec<PathBuf>,
}

impl Clock {
    fn of(process: libc::pid_t, besides: &[String]) -> Result<Self> {
        let mut clock = 0;
        // SAFETY: `clock` outlives the call.
        match unsafe { libc::clock_getcpuclockid(process, &raw mut clock) } {
            0 => {}
            error => return Err(std::io::Error::from_raw_os_error(error).into()),
        }
        let mut threads = Vec::new();
        for thread in fs::read_dir(format!("/proc/{process}/task"))? {
            let thread = thread?.path();
            let name = fs::read_to_string(thread.join("comm"))?;
            if besides.iter().any(|besides| besides == name.trim_end()) {
                threads.push(thread.join("schedstat"));
            }
        }
        Ok(Self {
            process: clock,
            besides: threads,
        })
    }

    fn nanoseconds(&self) -> Result<f64> {
        let mut time = libc::timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        // SAFETY: `time` outlives the call.
        if unsafe { libc::clock_gettime(self.process, &raw mut time) } != 0 {
            return Err(std::io::Error::last_os_error().into());
        }
        let mut nanoseconds = time.tv_sec as f64 * 1e9 + time.tv_nsec as f64;
        for thread in &self.besides {
            let text = fs::read_to_string(thread)?;
            let time = text.split(' ').next().unwrap_or_default();
            nanoseconds -= time.parse::<f64>()?;
        }
        Ok(nanoseconds)
    }
}

struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    fn new(port: u16) -> Result<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: vec![0; 1 << 16],
        })
    }

    fn send(&mut self, head: &str) -> Result<()> {
        Ok(self.stream.write_all(head.as_bytes())?)
    }

    /// Reads one answer: a head, and as many bytes as it says.
    fn receive(&mut self) -> Result<()> {
        let mut len = 0;
        loop {
            let read = self.stream.read(&mut self.buffer[len..])?;
            len += read;
            if read == 0 {
                return Err("the server has closed the connection".into());
            }
            let text = &self.buffer[..len];
            if let Some(end) = text.windows(4).position(|bytes| bytes == b"\r\n\r\n")
                && is_whole(&text[..end], &text[end + 4..])?
            {
                return Ok(());
            }
        }
    }
}

fn is_whole(head: &[u8], body: &[u8]) -> Result<bool> {
    let head = std::str::from_utf8(head)?;
    if !head.starts_with("HTTP/1.1 200") {
        return Err(head.into());
    }
    for line in head.lines().skip(1) {
        let (name, value) = line.split_once(':').unwrap_or_default();
        if name.eq_ignore_ascii_case("content-length") {
            return Ok(body.len() >= value.trim().parse()?);
        }
        if name.eq_ignore_ascii_case("transfer-encoding") {
            return Ok(body.ends_with(b"0\r\n\r\n"));
        }
    }
    Err("neither Content-Length nor Transfer-Encoding".into())
}
