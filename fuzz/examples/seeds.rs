//! Writes inputs to begin with into `corpus/`: snapshots of random models, the configurations in `examples/`, and the
//! conditions of the authoring tests.

use flagstone_compile::compile;
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
    for file in tomls(&root.join("../examples"))?
        .into_iter()
        .chain(tomls(&root.join("../crates/flagstone-authoring/tests"))?)
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
    Ok(())
}

/// The TOML files in a folder and in the folders below.
fn tomls(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(tomls(&path)?);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            found.push(path);
        }
    }
    Ok(found)
}
