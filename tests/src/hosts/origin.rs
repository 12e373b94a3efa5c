//! A small origin server.

use std::collections::BTreeMap;
use std::io::{self, BufReader};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use super::http::{self, Request, Response};
use super::workerd::LOCATION;

/// What an origin answers; `None` closes the connection without an answer. It may sleep. An answer that is shorter than its
/// `Content-Length` breaks off.
type Handler = dyn Fn(&Request) -> Option<Response> + Send + Sync;

/// A server on a free port of 127.0.0.1. Once dropped it is unreachable, also on connections that are kept open.
///
/// ```
/// use flagstone_tests::hosts::{Origin, Request, Response, http};
///
/// let origin = Origin::start(|request| Some(Response::new(200).body(request.target.as_str())))?;
/// let response = http::send(origin.url(), &Request::new("GET", "/hello"))?;
/// assert_eq!((response.status, response.body.as_slice()), (200, b"/hello".as_slice()));
/// assert_eq!(origin.received().len(), 1);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Origin {
    address: SocketAddr,
    url: String,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    closed: AtomicBool,
    /// Those that are open, by a number of their own.
    connections: Mutex<BTreeMap<usize, TcpStream>>,
    received: Mutex<Vec<Request>>,
}

impl Origin {
    /// Starts it. Each connection has its own thread, so `handler` may be called several times at once.
    ///
    /// # Errors
    /// When no port can be opened.
    pub fn start(
        handler: impl Fn(&Request) -> Option<Response> + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::default());
        let (ours, handler) = (Arc::clone(&shared), Arc::new(handler) as Arc<Handler>);
        let accepting = thread::spawn(move || accept(&listener, &ours, &handler));
        Ok(Self {
            address,
            url: format!("http://{address}"),
            shared,
            accepting: Some(accepting),
        })
    }

    /// `http://127.0.0.1:<port>`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The requests so far, in the order in which they were complete.
    pub fn received(&self) -> Vec<Request> {
        lock(&self.shared.received).clone()
    }

    /// Forgets the requests so far, and gives them.
    pub fn take_received(&self) -> Vec<Request> {
        std::mem::take(&mut *lock(&self.shared.received))
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::SeqCst);
        // Wakes the accepting thread, which then closes the port.
        drop(TcpStream::connect(self.address));
        if let Some(accepting) = self.accepting.take() {
            drop(accepting.join());
        }
        for connection in lock(&self.shared.connections).values() {
            // It may be closed already.
            drop(connection.shutdown(Shutdown::Both));
        }
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>, handler: &Arc<Handler>) {
    for (number, stream) in listener.incoming().map_while(Result::ok).enumerate() {
        if shared.closed.load(Ordering::SeqCst) {
            return;
        }
        let Ok(copy) = stream.try_clone() else {
            continue;
        };
        lock(&shared.connections).insert(number, copy);
        let (shared, handler) = (Arc::clone(shared), Arc::clone(handler));
        thread::spawn(move || {
            // A peer that breaks off is not the origin's concern.
            drop(serve(stream, &shared, &*handler));
            lock(&shared.connections).remove(&number);
        });
    }
}

fn serve(mut stream: TcpStream, shared: &Shared, handler: &Handler) -> io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    while let Some(mut request) = http::read_request(&mut reader)? {
        request
            .headers
            .0
            .retain(|(name, _)| !name.eq_ignore_ascii_case(LOCATION));
        lock(&shared.received).push(request.clone());
        match handler(&request) {
            Some(response) => {
                http::write_response(&mut stream, &response, &request.method)?;
                let announced = response.headers.text("content-length");
                let announced = announced.and_then(|len| len.parse().ok());
                // The answer to HEAD is whole without a body: its connection goes on.
                let is_short = announced.is_some_and(|len: usize| len > response.body.len());
                if is_short && request.method != "HEAD" {
                    return stream.shutdown(Shutdown::Both);
                }
            }
            None => return stream.shutdown(Shutdown::Both),
        }
    }
    Ok(())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
