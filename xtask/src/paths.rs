//! Where things lie.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The repository's root.
pub fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

/// Target folder of the wasm builds: apart from the host's, so that neither waits for the other's lock.
pub fn wasm_target() -> PathBuf {
    root().join("target/wasm")
}

/// What may be kept between clones: `$FLAGSTONE_CACHE`, or `flagstone` in the user's cache folder.
///
/// # Errors
/// When none of `FLAGSTONE_CACHE`, `XDG_CACHE_HOME` and `HOME` is set.
pub fn cache() -> Result<PathBuf> {
    let set = |name| {
        env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let user = || set("XDG_CACHE_HOME").or_else(|| Some(set("HOME")?.join(".cache")));
    set("FLAGSTONE_CACHE")
        .or_else(user)
        .map(|folder| folder.join("flagstone"))
        .context("set FLAGSTONE_CACHE to a folder for the tools")
}
