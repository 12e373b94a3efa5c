//! What engines are made of.

use crate::clock::nanoseconds;
use crate::workload::Workload;
use crate::{Result, Results};
use probe::{Snapshot, aligned};
use sha1::{Digest, Sha1};
use std::collections::HashMap;
use std::fs;
use std::hint::black_box;
use std::io::Cursor;
use std::path::Path;
use xxhash_rust::xxh3::xxh3_64;

pub fn measure(folder: &Path, workload: &Workload) -> Result<Results> {
    let mut results = Results::new();
    let document = fs::read(folder.join("neutral.json"))?;
    let bytes = fs::read(folder.join("probe.bin"))?;
    let words = aligned(&bytes);
    let snapshot = Snapshot::open(&words, bytes.len()).ok_or("probe.bin is no snapshot")?;
    let user = &workload.users[7];
    let of_user = |user: &crate::workload::User| {
        let context = snapshot.context(
            user.key.as_bytes(),
            user.country.as_bytes(),
            user.app_version.as_bytes(),
            b"",
        );
        u64::from(snapshot.evaluate(0, &context))
    };
    let keys: Vec<&str> = workload
        .flags
        .iter()
        .map(|flag| flag.key.as_str())
        .collect();
    let map: HashMap<&str, u64> = keys.iter().copied().zip(0..).collect();
    let mut target = vec![0; document.len()];
    let mut add = |of: &str, milliseconds: f64, work: &mut dyn FnMut() -> u64| {
        results.insert(format!("{of}.ns"), nanoseconds(milliseconds, work));
    };
    let mut text = [b'a'; 40];
    let mut hash = |of: &str, hash: &dyn Fn(&[u8]) -> u64| {
        let mut last = 0;
        add(of, 60.0, &mut || {
            // Each waits for the one before it.
            text[0] = last as u8;
            last = hash(&text);
            last
        });
    };
    hash("SHA-1 of 40 bytes", &|text| {
        u64::from(Sha1::digest(text)[0])
    });
    hash("Murmur3 of 40 bytes", &|text| {
        murmur3::murmur3_32(&mut Cursor::new(text), 7).map_or(0, u64::from)
    });
    hash("XXH3 of 40 bytes", &xxh3_64);
    add("XXH3 of the probe's snapshot", 60.0, &mut || {
        xxh3_64(black_box(&bytes))
    });
    add("a copy of the JSON", 60.0, &mut || {
        target.copy_from_slice(black_box(&document));
        u64::from(target[0])
    });
    add("a copy of the probe's snapshot", 60.0, &mut || {
        target[..bytes.len()].copy_from_slice(black_box(&bytes));
        u64::from(target[0])
    });
    add("check of the probe's snapshot", 60.0, &mut || {
        Snapshot::open(black_box(&words), bytes.len()).map_or(0, |found| found.flag_count().into())
    });
    add("the JSON with serde_json, to values", 120.0, &mut || {
        serde_json::from_slice::<serde_json::Value>(black_box(&document))
            .map_or(0, |value| value.is_object().into())
    });
    add("the JSON with serde_json, to structs", 120.0, &mut || {
        serde_json::from_slice::<probe::build::Workload>(black_box(&document))
            .map_or(0, |found| found.flags.len() as u64)
    });
    add(
        "the JSON with simd-json, to values that borrow",
        120.0,
        &mut || {
            let mut copy = document.clone();
            simd_json::to_borrowed_value(&mut copy).is_ok().into()
        },
    );
    add("the probe's context of a user", 60.0, &mut || {
        of_user(black_box(user))
    });
    let mut place = 0;
    let mut next = move || {
        place = (place + 1) % 1_000;
        place
    };
    add("a key in the probe's index", 60.0, &mut || {
        let key = keys[next() % keys.len()];
        snapshot.find(key.as_bytes()).map_or(0, u64::from)
    });
    add("a key in a HashMap", 60.0, &mut || {
        map[keys[next() % keys.len()]]
    });
    Ok(results)
}
