//! A configuration as a publication leaves it in a platform's stores.

use flagstone_core::{Digest, Snapshot};

/// The snapshot of a `flagstone.toml`, and its place.
#[derive(Clone, Debug)]
pub struct Published {
    /// The snapshot's bytes.
    pub snapshot: Vec<u8>,
    /// What the control document names it by.
    pub digest: Digest,
    /// Its key in a KV store.
    pub key: String,
}

impl Published {
    /// Compiles the text of a `flagstone.toml`.
    ///
    /// # Panics
    /// If it is not right.
    #[expect(clippy::panic, reason = "only tests call it, with texts of their own")]
    pub fn of(config: &str) -> Self {
        let read = flagstone_authoring::read(config, None, &flagstone_authoring::no_files);
        let Some(model) = read.model else {
            panic!("{:#?}", read.findings);
        };
        let compiled = flagstone_compile::compile(&model);
        let Some(snapshot) = compiled.snapshot else {
            panic!("{:#?}", compiled.findings);
        };
        let Ok(digest) = Snapshot::open(&snapshot).map(|opened| opened.digest()) else {
            panic!("the compiler has written no snapshot");
        };
        Self {
            key: format!("snapshot/v1/{digest}"),
            digest,
            snapshot,
        }
    }

    /// A control document that names it, with these further members, each behind a comma.
    pub fn control(&self, revision: u64, more: &str) -> Vec<u8> {
        let digest = self.digest;
        format!(r#"{{"version":1,"revision":{revision},"snapshot":"{digest}"{more}}}"#).into_bytes()
    }
}
