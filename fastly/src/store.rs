//! The configuration, from the Config Store and the KV Store.

use std::io::Read;

use fastly::config_store::OpenError;
use fastly::kv_store::KVStoreError;
use fastly::secret_store::SecretStore;
use fastly::{ConfigStore, KVStore};
use flagstone_core::UnixMillis;
use flagstone_edge::{Control, Fetched, Need, Node};

use crate::log;

/// The Config Store with the control document, as item `control`. A service without one has it in the KV Store.
pub const CONFIG_STORE: &str = "flagstone";
/// The KV Store with the snapshots, and the documents of flag services.
const KV_STORE: &str = "flags";

/// The Secret Store.
const SECRET_STORE: &str = "flagstone";

/// Fetches what the node needs.
pub fn fetch(node: &mut Node, now: UnixMillis) {
    let mut need = Some(Need::Control);
    while let Some(wanted) = need {
        let fetched = match &wanted {
            Need::Control => control(),
            Need::Snapshot { .. } | Need::Document(_) => value(&wanted.key()),
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
        Ok(Ok(None)) => Fetched::Absent,
        Ok(Err(error)) => {
            log(format_args!(
                "`{}` in {CONFIG_STORE}: {error}",
                Control::KEY
            ));
            Fetched::Failed
        }
        Err(OpenError::ConfigStoreDoesNotExist) => value(Control::KEY),
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
    let mut body = match store.lookup(key) {
        Ok(mut found) => found.take_body(),
        Err(KVStoreError::ItemNotFound) => return Fetched::Absent,
        Err(error) => {
            log(format_args!("`{key}` in {KV_STORE}: {error}"));
            return Fetched::Failed;
        }
    };
    // Where the platform says how many there are, they are read to where they stay.
    let mut bytes = Vec::new();
    let len = body.known_length().and_then(|len| len.try_into().ok());
    // What there is no room for is not there to be read either.
    drop(bytes.try_reserve_exact(len.unwrap_or_default()));
    match body.read_to_end(&mut bytes) {
        Ok(_) => Fetched::Bytes(bytes),
        Err(error) => {
            log(format_args!("`{key}` in {KV_STORE}: {error}"));
            Fetched::Failed
        }
    }
}
