//! Writes inputs to begin with into `corpus/`: snapshots of random models, the configurations in `examples/`, the
//! conditions of the authoring tests, and the services' documents of the importers' tests.

use flagstone_compile::compile;
use flagstone_json::Json;
use flagstone_tests::random::Random;
use std::fs;
use std::io::Result;
use std::path::{Path, PathBuf};

fn main() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus = |target: &str| -> Result<PathBuf> {
        let folder = root.join("corpus").join(target);
        fs::create_dir_all(&folder)?;
        Ok(folder)
    };
    let snapshots = corpus("snapshot")?;
    for seed in 0..200 {
        if let Some(bytes) = compile(&Random::new(seed).model()).snapshot {
            fs::write(snapshots.join(seed.to_string()), bytes)?;
        }
    }
    let (authoring, conditions) = (corpus("authoring")?, corpus("conditions")?);
    let mut number = 0;
    for file in files(&root.join("../examples"), "toml")?
        .into_iter()
        .chain(files(
            &root.join("../crates/flagstone-authoring/tests"),
            "toml",
        )?)
    {
        let text = fs::read_to_string(file)?;
        number += 1;
        fs::write(authoring.join(number.to_string()), &text)?;
        for line in text.lines() {
            let condition = line
                .split_once("when = ")
                .map(|(_, rest)| rest.trim_matches(['\'', '"']));
            if let Some(condition) = condition {
                number += 1;
                fs::write(conditions.join(number.to_string()), condition)?;
            }
        }
    }
    let documents = corpus("document")?;
    let cases = files(&root.join("../crates/flagstone-import/tests/cases"), "json")?;
    for (number, file) in cases.into_iter().enumerate() {
        let text = fs::read_to_string(file)?;
        let cases = Json::read(&text).unwrap_or_default();
        let definitions = cases.get("definitions").unwrap_or(&Json::Null);
        fs::write(documents.join(number.to_string()), definitions.to_string())?;
    }
    Ok(())
}

/// The files of a kind in a folder and in the folders below.
fn files(folder: &Path, kind: &str) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path, kind)?);
        } else if path.extension().is_some_and(|extension| extension == kind) {
            found.push(path);
        }
    }
    Ok(found)
}
