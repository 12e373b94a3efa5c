//! Workers KV, by Cloudflare's HTTP interface, which has no compare-and-set; and our Worker's Durable Object, which has one.

use super::http::{Api, Body, escaped};
use super::{Held, Store, StoreError};
use crate::environment::variable;

const INTERFACE: &str = "https://api.cloudflare.com/client/v4";

/// A namespace.
pub struct Namespace {
    api: Api,
    /// What comes before a key.
    values: String,
}

impl Namespace {
    pub fn new(id: &str) -> Result<Self, StoreError> {
        let needed = |name| variable(name).ok_or(StoreError::Variable(name));
        let token = needed("CLOUDFLARE_API_TOKEN")?;
        let account = needed("CLOUDFLARE_ACCOUNT_ID")?;
        let base = variable("CLOUDFLARE_API_BASE_URL");
        let base = base.as_deref().unwrap_or(INTERFACE).trim_end_matches('/');
        let account = escaped(&account);
        Ok(Self {
            api: Api::new("authorization", format!("Bearer {token}")),
            values: format!("{base}/accounts/{account}/storage/kv/namespaces/{id}/values"),
        })
    }

    fn put(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        let url = format!("{}/{}", self.values, escaped(key));
        self.api.put(&url, &Body::Bytes(value), None)
    }
}

impl Store for Namespace {
    fn read(&self, key: &str) -> Result<Option<Held>, StoreError> {
        self.api.get(&format!("{}/{}", self.values, escaped(key)))
    }

    fn replace(&self, key: &str, value: &[u8], _: Option<&Held>) -> Result<(), StoreError> {
        self.put(key, value)
    }

    fn keep(&self, sequence: u64, line: &str) -> Result<(), StoreError> {
        self.put(&format!("audit/{sequence:015}"), line.as_bytes())
    }

    fn compares(&self) -> bool {
        false
    }
}

/// The Durable Object of a Worker.
pub struct Object {
    api: Api,
    /// What comes before a key.
    values: String,
}

impl Object {
    pub fn new(url: &str) -> Result<Self, StoreError> {
        const TOKEN: &str = "FLAGSTONE_CONTROL_TOKEN";
        let token = variable(TOKEN).ok_or(StoreError::Variable(TOKEN))?;
        Ok(Self {
            api: Api::new("authorization", format!("Bearer {token}")),
            values: format!("{url}/.well-known/flagstone"),
        })
    }
}

impl Store for Object {
    fn read(&self, key: &str) -> Result<Option<Held>, StoreError> {
        self.api.get(&format!("{}/{key}", self.values))
    }

    fn replace(&self, key: &str, value: &[u8], held: Option<&Held>) -> Result<(), StoreError> {
        let condition = match held {
            Some(held) => ("if-match", held.generation()?),
            None => ("if-none-match", "*"),
        };
        let url = format!("{}/{key}", self.values);
        self.api.put(&url, &Body::Bytes(value), Some(condition))
    }

    fn keep(&self, sequence: u64, line: &str) -> Result<(), StoreError> {
        let url = format!("{}/audit/{sequence:015}", self.values);
        self.api.put(&url, &Body::Bytes(line.as_bytes()), None)
    }

    fn compares(&self) -> bool {
        true
    }
}
