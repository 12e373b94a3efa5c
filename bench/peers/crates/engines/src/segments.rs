//! Whether a user is in a segment, of 1,000 and of 1,000,000 keys: a flag with this one rule, found by its key.

use crate::clock::nanoseconds;
use crate::engine::{Engine, Flagstone};
use crate::workload::User;
use crate::{Result, Results};
use std::fs;
use std::path::Path;

const SIZES: [&str; 2] = ["1000", "1000000"];

pub fn measure(data: &Path) -> Result<Results> {
    let mut results = Results::new();
    let users: Vec<User> = serde_json::from_slice(&fs::read(data.join("segments/users.json"))?)?;
    let mut mismatches = 0;
    for size in SIZES {
        let bytes = fs::read(data.join(format!("segments/{size}.snapshot")))?;
        results.insert(format!("{size}.bytes"), bytes.len() as f64);
        let mut engine = Flagstone::new(bytes, false);
        engine.load();
        engine.prepare(&users);
        // Every second user is a member.
        let wrong =
            (0..users.len()).filter(|&user| engine.evaluate("member", user) != (user % 2 == 0));
        mismatches += wrong.count();
        let mut user = 0;
        let time = nanoseconds(60.0, || {
            user = (user + 1) % users.len();
            engine.evaluate("member", user).into()
        });
        results.insert(format!("{size}.ns"), time);
    }
    results.insert("mismatches".into(), mismatches as f64);
    Ok(results)
}
