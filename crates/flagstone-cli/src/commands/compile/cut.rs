//! The cut of a snapshot: no more than requests at the edge can ask for.

use super::store_key;
use crate::report::Failure;
use crate::source::verify;
use flagstone_compile::{Model, compile};
use flagstone_core::Snapshot;
use serde_json::{Value, json};
use std::path::Path;

/// A cut that is to be written.
pub struct Cut<'p> {
    /// Where.
    pub path: &'p Path,
    /// What it is made of.
    pub model: Model,
    /// The snapshot itself if there is nothing to leave out.
    pub bytes: Vec<u8>,
}

impl<'p> Cut<'p> {
    /// That of a model that compiles.
    ///
    /// # Errors
    /// If this program wrote it wrongly.
    pub fn of(path: &'p Path, model: &Model) -> Result<Self, Failure> {
        let model = flagstone_compile::cut(model.clone());
        // What is left of a model that compiles does so too.
        let bytes = compile(&model).snapshot.unwrap_or_default();
        verify(&bytes, path)?;
        Ok(Self { path, model, bytes })
    }

    pub fn snapshot(&self) -> Result<Snapshot<'_>, Failure> {
        Snapshot::open(&self.bytes).map_err(Failure::open(self.path))
    }

    /// For programs.
    pub fn data(&self, snapshot: &Snapshot<'_>) -> Value {
        json!({
            "file": self.path.display().to_string(),
            "digest": snapshot.digest().to_string(),
            "key": store_key(snapshot),
            "bytes": self.bytes.len(),
            "flags": self.model.flags.len(),
            "segments": self.model.segments.len(),
        })
    }
}
