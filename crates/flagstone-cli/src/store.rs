//! Where the control document and snapshots lie: files, and the platforms' stores by their HTTP interfaces.

mod cloudflare;
mod fastly;
mod file;
mod http;

use std::fmt;
use std::str::FromStr;
use std::thread::sleep;
use std::time::Duration;

/// A place with values under keys.
pub trait Store {
    /// The value of a key; `None` if there is none.
    fn read(&self, key: &str) -> Result<Option<Held>, StoreError>;

    /// Writes a value over the one that was read, or where there was `None`, if the store can tell that this is still so; else
    /// whatever is there.
    fn replace(&self, key: &str, value: &[u8], held: Option<&Held>) -> Result<(), StoreError>;

    /// Keeps a line about a change, numbered as the document that it led to.
    fn keep(&self, sequence: u64, line: &str) -> Result<(), StoreError>;

    /// Whether [`replace`](Self::replace) notices that somebody else has written.
    fn compares(&self) -> bool;
}

/// How often a request is made again that came too soon after another: Workers KV takes one write of a key a second.
const RETRIES: u32 = 3;
const PAUSE: Duration = Duration::from_secs(1);

/// Writes a value over the one that was read, or where there was `None`; not over anything else, as far as the store lets one
/// see.
///
/// A store that cannot compare is looked at before each attempt: that a write came too soon means that somebody has written.
pub fn replace(
    store: &dyn Store,
    key: &str,
    value: &[u8],
    held: Option<&Held>,
) -> Result<(), StoreError> {
    patiently(|| {
        // The time between this look and the write is what is left for two to meet in.
        if !store.compares() && store.read(key)?.as_ref() != held {
            return Err(StoreError::Overtaken);
        }
        store.replace(key, value, held)
    })
}

/// Writes a value whose key says what it is, if it is not there.
pub fn put(store: &dyn Store, key: &str, value: &[u8]) -> Result<(), StoreError> {
    match patiently(|| store.replace(key, value, None)) {
        Err(StoreError::Overtaken) => Ok(()),
        done => done,
    }
}

/// Keeps a line about a change, numbered as the document that it led to.
pub fn keep(store: &dyn Store, sequence: u64, line: &str) -> Result<(), StoreError> {
    patiently(|| store.keep(sequence, line))
}

/// Does something, and does it again if the other side says that this was too soon.
fn patiently<T>(mut attempt: impl FnMut() -> Result<T, StoreError>) -> Result<T, StoreError> {
    let mut left = RETRIES;
    loop {
        match attempt() {
            Err(StoreError::TooSoon) if left > 0 => {
                left -= 1;
                sleep(PAUSE);
            }
            done => return done,
        }
    }
}

/// A value as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    pub bytes: Vec<u8>,
    /// What names this very value, in stores that have such a thing.
    pub generation: Option<String>,
}

impl Held {
    /// What names this very value, in a store that must have told.
    fn generation(&self) -> Result<&str, StoreError> {
        let generation = self.generation.as_deref();
        generation.ok_or_else(|| {
            let message =
                "it does not say which value it holds; something before it has removed the header";
            StoreError::Unreachable(message.to_owned())
        })
    }
}

/// Which store: `PATH`, `cloudflare:NAMESPACE`, `fastly-config:STORE`, `fastly-kv:STORE` or `https://HOST`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A control document in a file, or a snapshot.
    File(String),
    /// A namespace of Workers KV, by its id.
    Cloudflare(String),
    /// A Config Store of Fastly, by its id.
    FastlyConfig(String),
    /// A KV Store of Fastly, by its id.
    FastlyKv(String),
    /// The Durable Object behind our Worker, by the Worker's URL.
    Worker(String),
}

impl FromStr for Place {
    type Err = NoPlace;

    fn from_str(text: &str) -> Result<Self, NoPlace> {
        let id = |id: &str| {
            let is_id = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
            is_id.then(|| id.to_owned()).ok_or(NoPlace)
        };
        match text.split_once(':') {
            Some(("cloudflare", rest)) => id(rest).map(Self::Cloudflare),
            Some(("fastly-config", rest)) => id(rest).map(Self::FastlyConfig),
            Some(("fastly-kv", rest)) => id(rest).map(Self::FastlyKv),
            Some(("https" | "http", _)) => Ok(Self::Worker(text.trim_end_matches('/').to_owned())),
            _ if text.is_empty() => Err(NoPlace),
            _ => Ok(Self::File(text.to_owned())),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(text) | Self::Worker(text) => f.write_str(text),
            Self::Cloudflare(id) => write!(f, "cloudflare:{id}"),
            Self::FastlyConfig(id) => write!(f, "fastly-config:{id}"),
            Self::FastlyKv(id) => write!(f, "fastly-kv:{id}"),
        }
    }
}

impl Place {
    /// Whether there are snapshots too, under keys of their own.
    pub fn has_snapshots(&self) -> bool {
        matches!(self, Self::Cloudflare(_) | Self::FastlyKv(_))
    }

    /// The store, with the credentials of the environment.
    pub fn open(&self) -> Result<Box<dyn Store>, StoreError> {
        Ok(match self {
            Self::File(path) => Box::new(file::File::new(path)),
            Self::Cloudflare(id) => Box::new(cloudflare::Namespace::new(id)?),
            Self::FastlyConfig(id) => Box::new(fastly::ConfigStore::new(id)?),
            Self::FastlyKv(id) => Box::new(fastly::KvStore::new(id)?),
            Self::Worker(url) => Box::new(cloudflare::Object::new(url)?),
        })
    }
}

/// A text names no store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoPlace;

impl fmt::Display for NoPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "not a file, cloudflare:NAMESPACE_ID, fastly-config:STORE_ID, fastly-kv:STORE_ID or a Worker's https://HOST",
        )
    }
}

impl std::error::Error for NoPlace {}

/// Why a store could not be used.
#[derive(Debug)]
pub enum StoreError {
    /// A variable that is needed is not set.
    Variable(&'static str),
    /// A file could not be read or written.
    File(std::io::Error),
    /// The other side could not be asked.
    Unreachable(String),
    /// It refused.
    Refused {
        /// The status of HTTP.
        status: u16,
        /// What it says.
        message: String,
    },
    /// Somebody else has written meanwhile.
    Overtaken,
    /// Too many writes in a short time.
    TooSoon,
    /// The value has more characters than the store takes.
    TooLong {
        /// How many it takes.
        most: usize,
    },
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => write!(f, "the environment has no {name}"),
            Self::File(error) => error.fmt(f),
            Self::Unreachable(why) => write!(f, "cannot be reached: {why}"),
            Self::Refused { status, message } => write!(f, "answers {status}: {message}"),
            Self::Overtaken => f.write_str("somebody else has written meanwhile"),
            Self::TooSoon => f.write_str("refuses so many writes in a short time"),
            Self::TooLong { most } => write!(f, "takes values of at most {most} characters"),
        }
    }
}

impl std::error::Error for StoreError {}
