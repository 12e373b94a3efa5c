//! Fastly's stores, by its HTTP interface.

use super::http::{Api, Body, escaped};
use super::{Held, Store, StoreError};
use crate::environment::variable;

const INTERFACE: &str = "https://api.fastly.com";
/// The most characters of an item of a Config Store.
const LONGEST_ITEM: usize = 8_000;
/// How many audit lines a Config Store keeps: it has room for 500 items in all.
const KEPT: u64 = 100;

fn api() -> Result<(Api, String), StoreError> {
    const TOKEN: &str = "FASTLY_API_TOKEN";
    let token = variable(TOKEN).ok_or(StoreError::Variable(TOKEN))?;
    let base = variable("FASTLY_API_ENDPOINT");
    let base = base.as_deref().unwrap_or(INTERFACE).trim_end_matches('/');
    Ok((Api::new("fastly-key", token), base.to_owned()))
}

/// A Config Store. It has no compare-and-set.
pub struct ConfigStore {
    api: Api,
    /// What comes before a key.
    items: String,
}

impl ConfigStore {
    pub fn new(id: &str) -> Result<Self, StoreError> {
        let (api, base) = api()?;
        let items = format!("{base}/resources/stores/config/{id}/item");
        Ok(Self { api, items })
    }

    fn put(&self, key: &str, value: &str) -> Result<(), StoreError> {
        if value.chars().count() > LONGEST_ITEM {
            return Err(StoreError::TooLong { most: LONGEST_ITEM });
        }
        let url = format!("{}/{}", self.items, escaped(key));
        // Inserts or updates.
        let body = Body::Form("item_value", value);
        self.api.put(&url, &body, None)
    }
}

impl Store for ConfigStore {
    fn read(&self, key: &str) -> Result<Option<Held>, StoreError> {
        let Some(held) = self.api.get(&format!("{}/{}", self.items, escaped(key)))? else {
            return Ok(None);
        };
        let item: serde_json::Value = serde_json::from_slice(&held.bytes).unwrap_or_default();
        let value = item.get("item_value").and_then(|value| value.as_str());
        let Some(value) = value else {
            let message = "the answer has no `item_value`".to_owned();
            return Err(StoreError::Unreachable(message));
        };
        Ok(Some(Held {
            bytes: value.as_bytes().to_vec(),
            generation: None,
        }))
    }

    fn replace(&self, key: &str, value: &[u8], _: Option<&Held>) -> Result<(), StoreError> {
        self.put(key, &String::from_utf8_lossy(value))
    }

    fn keep(&self, sequence: u64, line: &str) -> Result<(), StoreError> {
        self.put(&format!("audit-{:02}", sequence % KEPT), line)
    }

    fn compares(&self) -> bool {
        false
    }
}

/// A KV Store, which compares generations.
pub struct KvStore {
    api: Api,
    /// What comes before a key.
    keys: String,
}

impl KvStore {
    pub fn new(id: &str) -> Result<Self, StoreError> {
        let (api, base) = api()?;
        let keys = format!("{base}/resources/stores/kv/{id}/keys");
        Ok(Self { api, keys })
    }
}

impl Store for KvStore {
    fn read(&self, key: &str) -> Result<Option<Held>, StoreError> {
        self.api.get(&format!("{}/{}", self.keys, escaped(key)))
    }

    fn replace(&self, key: &str, value: &[u8], held: Option<&Held>) -> Result<(), StoreError> {
        let url = format!("{}/{}", self.keys, escaped(key));
        let body = Body::Bytes(value);
        match held {
            Some(held) => {
                let condition = ("if-generation-match", held.generation()?);
                self.api.put(&url, &body, Some(condition))
            }
            // Inserts, and never replaces.
            None => self.api.put(&format!("{url}?add=true"), &body, None),
        }
    }

    fn keep(&self, sequence: u64, line: &str) -> Result<(), StoreError> {
        let url = format!(
            "{}/{}",
            self.keys,
            escaped(&format!("audit/{sequence:015}"))
        );
        self.api.put(&url, &Body::Bytes(line.as_bytes()), None)
    }

    fn compares(&self) -> bool {
        true
    }
}
