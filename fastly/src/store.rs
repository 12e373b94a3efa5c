//! The configuration, from the Config Store and the KV Store; what was compiled at the edge, from the cache.

use std::io::{Read, Write};
use std::time::Duration;

use fastly::cache::core::{self, CacheKey};
use fastly::config_store::OpenError;
use fastly::kv_store::KVStoreError;
use fastly::secret_store::SecretStore;
use fastly::{Body, ConfigStore, KVStore};
use flagstone_core::UnixMillis;
use flagstone_edge::{Control, Fetched, Keep, Need, Node};

use crate::log;

/// The Config Store with the control document, as item `control`. A service without this item has it in the KV Store.
pub const CONFIG_STORE: &str = "flagstone";
/// The KV Store with the snapshots, and the documents of flag services.
const KV_STORE: &str = "flags";

/// The Secret Store.
const SECRET_STORE: &str = "flagstone";

/// How long the cache may keep what was compiled. It never changes.
const CACHE_TTL: Duration = Duration::from_secs(86_400);

/// Fetches what the node needs.
pub fn fetch(node: &mut Node, now: UnixMillis) {
    let mut need = Some(Need::Control);
    while let Some(wanted) = need {
        let fetched = match &wanted {
            Need::Control => control(),
            Need::Snapshot { .. } | Need::Document(_) => value(&wanted.key()),
            Need::Compiled(_) => compiled(&wanted.key()),
            Need::Keep(compiled) => {
                keep(&wanted.key(), compiled);
                return;
            }
        };
        need = node.take(wanted, fetched, now);
    }
}

/// A secret; a service need not have any.
pub fn secret(item: &str) -> Option<Vec<u8>> {
    let store = SecretStore::open(SECRET_STORE).ok()?;
    let secret = store.try_get(item).ok()??.try_plaintext();
    Some(secret.ok()?.to_vec())
}

fn control() -> Fetched {
    let item = ConfigStore::try_open(CONFIG_STORE).map(|store| store.try_get(Control::KEY));
    match item {
        Ok(Ok(Some(text))) => Fetched::Bytes(text.into_bytes()),
        // It need not be there for this item: it has others.
        Ok(Ok(None)) | Err(OpenError::ConfigStoreDoesNotExist) => value(Control::KEY),
        Ok(Err(error)) => {
            log(format_args!(
                "`{}` in {CONFIG_STORE}: {error}",
                Control::KEY
            ));
            Fetched::Failed
        }
        Err(error) => {
            log(format_args!("Config Store {CONFIG_STORE}: {error}"));
            Fetched::Failed
        }
    }
}

fn value(key: &str) -> Fetched {
    let store = match KVStore::open(KV_STORE) {
        Ok(Some(store)) => store,
        Ok(None) => {
            log(format_args!("there is no KV Store {KV_STORE}"));
            return Fetched::Failed;
        }
        Err(error) => {
            log(format_args!("KV Store {KV_STORE}: {error}"));
            return Fetched::Failed;
        }
    };
    match store.lookup(key) {
        Ok(mut found) => bytes(key, found.take_body()),
        Err(KVStoreError::ItemNotFound) => Fetched::Absent,
        Err(error) => {
            log(format_args!("`{key}` in {KV_STORE}: {error}"));
            Fetched::Failed
        }
    }
}

fn bytes(key: &str, mut body: Body) -> Fetched {
    // Where the platform says how many there are, they are read to where they stay.
    let mut bytes = Vec::new();
    let len = body.known_length().and_then(|len| len.try_into().ok());
    // What there is no room for is not there to be read either.
    drop(bytes.try_reserve_exact(len.unwrap_or_default()));
    match body.read_to_end(&mut bytes) {
        Ok(_) => Fetched::Bytes(bytes),
        Err(error) => {
            log(format_args!("`{key}`: {error}"));
            Fetched::Failed
        }
    }
}

/// What a sandbox of this place has compiled.
fn compiled(key: &str) -> Fetched {
    let Some(at) = cache_key(key) else {
        return Fetched::Absent;
    };
    let found = core::lookup(at).execute();
    match found.and_then(|found| found.map(|found| found.to_stream()).transpose()) {
        Ok(Some(body)) => bytes(key, body),
        Ok(None) => Fetched::Absent,
        Err(error) => {
            log(format_args!("`{key}` in the cache: {error}"));
            Fetched::Failed
        }
    }
}

/// Puts what was compiled into the cache.
fn keep(key: &str, compiled: &Keep) {
    let Some(at) = cache_key(key) else {
        return;
    };
    let len = compiled.bytes().len();
    let insert = core::insert(at, CACHE_TTL).known_length(len as u64);
    let written = insert.execute().map_err(std::io::Error::other);
    let written = written.and_then(|mut body| {
        body.write_all(compiled.bytes())?;
        body.finish()
    });
    match written {
        Ok(()) => log(format_args!("`{key}` is kept, {len} bytes")),
        Err(error) => log(format_args!("`{key}` in the cache: {error}")),
    }
}

/// Each version of the service has its own, since it may compile to something else. `None` if the platform does not say which this is.
fn cache_key(key: &str) -> Option<CacheKey> {
    let version = std::env::var("FASTLY_SERVICE_VERSION").ok()?;
    Some(format!("flagstone/{version}/{key}").into())
}
