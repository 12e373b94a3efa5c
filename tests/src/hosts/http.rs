//! HTTP/1.1 to the byte: tests send and see what no polite client or server would.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// How long a peer may be silent.
const PATIENCE: Duration = Duration::from_secs(30);
/// Bytes of request line or status line and headers.
const HEAD_LIMIT: usize = 1 << 20;

/// Header fields in their order, names as they were written, values as bytes.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Headers(pub Vec<(String, Vec<u8>)>);

impl Headers {
    /// Adds a field at the end.
    pub fn push(&mut self, name: &str, value: impl Into<Vec<u8>>) {
        self.0.push((name.to_owned(), value.into()));
    }

    /// Values of all fields called `name`, in whatever case.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> + 'a {
        let fields = self
            .0
            .iter()
            .filter(move |(found, _)| found.eq_ignore_ascii_case(name));
        fields.map(|(_, value)| value.as_slice())
    }

    /// Value of the first field called `name`, in whatever case; invalid UTF-8 is replaced.
    pub fn text(&self, name: &str) -> Option<String> {
        self.all(name)
            .next()
            .map(|value| String::from_utf8_lossy(value).into_owned())
    }
}

/// A request.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Request {
    /// `GET`.
    pub method: String,
    /// Path and query: `/a?b=c`.
    pub target: String,
    /// `Host` and `Content-Length` are added when they are missing.
    pub headers: Headers,
    /// Sent with its length; of a received one, without the chunks' frames.
    pub body: Vec<u8>,
}

impl Request {
    /// A request without headers and body.
    pub fn new(method: &str, target: &str) -> Self {
        Self {
            method: method.to_owned(),
            target: target.to_owned(),
            ..Self::default()
        }
    }

    /// With one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push(name, value);
        self
    }

    /// With a body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }
}

/// A response.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Response {
    /// 100 to 999.
    pub status: u16,
    /// `Content-Length` is added when it is missing.
    pub headers: Headers,
    /// Without the chunks' frames, and not decompressed.
    pub body: Vec<u8>,
}

impl Response {
    /// A response without headers and body.
    pub fn new(status: u16) -> Self {
        Self {
            status,
            ..Self::default()
        }
    }

    /// With one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push(name, value);
        self
    }

    /// With a body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }
}

/// Sends `request` to `url`, which is `http://<host>:<port>`, on a connection of its own.
///
/// # Errors
/// When the peer cannot be reached, is silent for 30 seconds, or does not speak HTTP/1.1.
pub fn send(url: &str, request: &Request) -> io::Result<Response> {
    let address = url.trim_start_matches("http://").trim_end_matches('/');
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut head = format!("{} {} HTTP/1.1\r\n", request.method, request.target).into_bytes();
    if request.headers.all("host").next().is_none() {
        head.extend_from_slice(format!("Host: {address}\r\n").as_bytes());
    }
    write_message(
        &mut stream,
        head,
        &request.headers,
        &request.body,
        !request.body.is_empty(),
    )?;
    read_response(&mut BufReader::new(stream), &request.method)
}

/// A connection that is kept for one request after the other.
#[derive(Debug)]
pub struct Connection {
    host: String,
    stream: TcpStream,
    reader: BufReader<TcpStream>,
}

impl Connection {
    /// Connects to `url`, which is `http://<host>:<port>`.
    ///
    /// # Errors
    /// When the peer cannot be reached.
    pub fn open(url: &str) -> io::Result<Self> {
        let host = url.trim_start_matches("http://").trim_end_matches('/');
        let stream = TcpStream::connect(host)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Self {
            host: host.to_owned(),
            reader: BufReader::new(stream.try_clone()?),
            stream,
        })
    }

    /// Sends a request, and reads the response to its end.
    ///
    /// # Errors
    /// As [`send`]; the connection is of no more use then.
    pub fn send(&mut self, request: &Request) -> io::Result<Response> {
        let head = format!(
            "{} {} HTTP/1.1\r\nHost: {}\r\n",
            request.method, request.target, self.host
        );
        let sized = !request.body.is_empty();
        write_message(
            &mut self.stream,
            head.into_bytes(),
            &request.headers,
            &request.body,
            sized,
        )?;
        read_response(&mut self.reader, &request.method)
    }
}

/// Reads a request; `None` when the peer has closed the connection instead.
pub(super) fn read_request(reader: &mut impl BufRead) -> io::Result<Option<Request>> {
    if reader.fill_buf()?.is_empty() {
        return Ok(None);
    }
    let head = read_head(reader)?;
    let mut fields = [httparse::EMPTY_HEADER; 256];
    let mut parsed = httparse::Request::new(&mut fields);
    parsed.parse(&head).map_err(malformed)?;
    let headers = headers(parsed.headers);
    let (method, target) = (
        parsed.method.unwrap_or_default(),
        parsed.path.unwrap_or_default(),
    );
    let body = read_body(reader, &headers, false)?;
    Ok(Some(Request {
        method: method.to_owned(),
        target: target.to_owned(),
        headers,
        body,
    }))
}

/// Writes a response to a request of the given method.
pub(super) fn write_response(
    stream: &mut impl Write,
    response: &Response,
    method: &str,
) -> io::Result<()> {
    let head = format!("HTTP/1.1 {} \r\n", response.status).into_bytes();
    let body: &[u8] = if method == "HEAD" {
        &[]
    } else {
        &response.body
    };
    write_message(
        stream,
        head,
        &response.headers,
        body,
        method != "HEAD" && allows_body(response.status),
    )
}

fn read_response(reader: &mut impl BufRead, method: &str) -> io::Result<Response> {
    loop {
        let head = read_head(reader)?;
        let mut fields = [httparse::EMPTY_HEADER; 256];
        let mut parsed = httparse::Response::new(&mut fields);
        parsed.parse(&head).map_err(malformed)?;
        let headers = headers(parsed.headers);
        let status = parsed.code.unwrap_or_default();
        if matches!(status, 100 | 102..=199) {
            continue;
        }
        let bodiless = method == "HEAD" || !allows_body(status);
        let body = if bodiless {
            Vec::new()
        } else {
            read_body(reader, &headers, true)?
        };
        return Ok(Response {
            status,
            headers,
            body,
        });
    }
}

fn allows_body(status: u16) -> bool {
    !matches!(status, 100..=199 | 204 | 304)
}

fn write_message(
    stream: &mut impl Write,
    mut head: Vec<u8>,
    headers: &Headers,
    body: &[u8],
    sized: bool,
) -> io::Result<()> {
    for (name, value) in &headers.0 {
        head.extend_from_slice(name.as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value);
        head.extend_from_slice(b"\r\n");
    }
    if sized && headers.all("content-length").next().is_none() {
        head.extend_from_slice(format!("Content-Length: {}\r\n", body.len()).as_bytes());
    }
    head.extend_from_slice(b"\r\n");
    head.extend_from_slice(body);
    stream.write_all(&head)?;
    stream.flush()
}

/// Everything up to and with the empty line.
fn read_head(reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if reader.read_until(b'\n', &mut head)? == 0 || head.len() > HEAD_LIMIT {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "no HTTP message",
            ));
        }
    }
    Ok(head)
}

fn headers(fields: &[httparse::Header<'_>]) -> Headers {
    Headers(
        fields
            .iter()
            .map(|field| (field.name.to_owned(), field.value.to_vec()))
            .collect(),
    )
}

fn read_body(
    reader: &mut impl BufRead,
    headers: &Headers,
    until_close: bool,
) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    let chunked = headers
        .text("transfer-encoding")
        .is_some_and(|value| value.eq_ignore_ascii_case("chunked"));
    if chunked {
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            let size = line.split(';').next().unwrap_or_default().trim();
            let size = u64::from_str_radix(size, 16).map_err(malformed)?;
            if size == 0 {
                break;
            }
            read_exactly(reader, size, &mut body)?;
            reader.read_line(&mut line)?;
        }
        let mut trailer = String::new();
        while reader.read_line(&mut trailer)? > 2 {
            trailer.clear();
        }
    } else if let Some(length) = headers.text("content-length") {
        read_exactly(reader, length.trim().parse().map_err(malformed)?, &mut body)?;
    } else if until_close {
        reader.read_to_end(&mut body)?;
    }
    Ok(body)
}

fn read_exactly(reader: &mut impl BufRead, size: u64, body: &mut Vec<u8>) -> io::Result<()> {
    let read = reader.take(size).read_to_end(body)?;
    if u64::try_from(read).is_ok_and(|read| read == size) {
        return Ok(());
    }
    Err(io::Error::new(
        io::ErrorKind::UnexpectedEof,
        "the body is shorter than announced",
    ))
}

fn malformed(error: impl std::error::Error + Send + Sync + 'static) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}
