//! A configuration as a publication leaves it in a platform's stores.

use flagstone_compile::Model;
use flagstone_core::{Digest, Snapshot};

/// What nobody asks for.
const UNASKED: &str = r#"
[context]
"user.unasked" = "header:x-unasked"

[segments.unasked]
included = ["ann", "bob"]
when = 'user.unasked == "a"'

[flags.unasked]
[[flags.unasked.rules]]
when = 'segment("unasked") || geo.city == "Rome"'
serve = "on"
"#;

/// The snapshot of a `flagstone.toml`, and its place.
#[derive(Clone, Debug)]
pub struct Published {
    /// The snapshot's bytes.
    pub snapshot: Vec<u8>,
    /// What the control document names it by.
    pub digest: Digest,
    /// Its key in a KV store.
    pub key: String,
    /// Its cut, if there is something to leave out.
    pub cut: Option<Vec<u8>>,
}

impl Published {
    /// Compiles the text of a `flagstone.toml`.
    ///
    /// # Panics
    /// If it is not right.
    pub fn of(config: &str) -> Self {
        Self::of_model(model(config))
    }

    /// Compiles the text of a `flagstone.toml` and something that nobody asks for beside it, so that there is a cut; unless its
    /// flags are elsewhere.
    ///
    /// # Panics
    /// If it is not right.
    pub fn of_more(config: &str) -> Self {
        let mut model = model(config);
        if model.edge.source.is_none() {
            let more = self::model(UNASKED);
            model.flags.splice(0..0, more.flags);
            model.segments.splice(0..0, more.segments);
        }
        Self::of_model(model)
    }

    #[expect(clippy::panic, reason = "only tests call it, with texts of their own")]
    fn of_model(model: Model) -> Self {
        let bytes = |model: &Model| {
            let compiled = flagstone_compile::compile(model);
            let Some(snapshot) = compiled.snapshot else {
                panic!("{:#?}", compiled.findings);
            };
            snapshot
        };
        let snapshot = bytes(&model);
        let cut = flagstone_compile::cut(model);
        let Ok(digest) = Snapshot::open(&snapshot).map(|opened| opened.digest()) else {
            panic!("the compiler has written no snapshot");
        };
        Self {
            key: format!("snapshot/v1/{digest}"),
            digest,
            cut: cut.edge.is_cut.then(|| bytes(&cut)),
            snapshot,
        }
    }

    /// A control document that names it, with these further members, each behind a comma.
    pub fn control(&self, revision: u64, more: &str) -> Vec<u8> {
        let digest = self.digest;
        format!(r#"{{"version":1,"revision":{revision},"snapshot":"{digest}"{more}}}"#).into_bytes()
    }

    /// The control document of a flag's rollout that began at this moment.
    pub fn begun(&self, flag: &str, since_ms: i64) -> Vec<u8> {
        let course =
            format!(r#"{{"plan":"1","attempt":1,"stage":0,"state":"running","since":{since_ms}}}"#);
        let more = format!(r#","sequence":1,"rollouts":{{"{flag}":{course}}}"#);
        self.control(1, &more)
    }
}

#[expect(clippy::panic, reason = "only tests call it, with texts of their own")]
fn model(config: &str) -> Model {
    let read = flagstone_authoring::read(config, None, &flagstone_authoring::no_files);
    let Some(model) = read.model else {
        panic!("{:#?}", read.findings);
    };
    model
}
