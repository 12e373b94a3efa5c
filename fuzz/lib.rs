//! What the targets share.

use flagstone_authoring::{no_files, read};
use flagstone_compile::{compile, compile_imported};
use flagstone_core::layout::{FORMAT_VERSION, HEADER_LEN, MAGIC, Section};
use flagstone_core::{Digest, Snapshot, UnixMillis};
use flagstone_import::document::compile_document;
use flagstone_import::{Options, Sdk, Service, import};
use flagstone_tests::oracle::{self, Context, Kills, survive};
use flagstone_tests::random::Random;

/// Asks of the bytes everything that can be asked, as they are and with a header that fits.
pub fn snapshot(data: &[u8]) {
    let context = Random::new(1).context();
    let keys = ["a", "new-checkout"].map(str::to_owned);
    survive(data, &context, &keys);
    let mut bytes = data.to_vec();
    if let Some((header, content)) = bytes.split_at_mut_checked(HEADER_LEN) {
        let len = (HEADER_LEN + content.len()) as u32;
        header[..8].copy_from_slice(&MAGIC);
        header[8..10].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
        header[10..12].copy_from_slice(&(Section::COUNT as u16).to_le_bytes());
        header[12..16].copy_from_slice(&len.to_le_bytes());
        header[16..].copy_from_slice(&Digest::of(content).0.to_le_bytes());
        survive(&bytes, &context, &keys);
    }
}

/// Reads the text as a document of each service, for the command line and as a node does; what compiles must be whole.
pub fn document(text: &str) {
    for service in Service::ALL {
        for (sdk, name) in [(Sdk::Node, "node"), (Sdk::Other, "other")] {
            if let Ok(imported) = import(service, text, &Options { sdk }) {
                let compiled = compile_imported(&imported.model);
                let is_told = !compiled.findings.is_empty();
                assert!(
                    compiled.snapshot.is_some() || is_told,
                    "no snapshot and no finding"
                );
                is_whole(compiled.snapshot);
            }
            let frame = format!(
                "source = {{ from = \"{}\", sdk = \"{name}\", key = \"flags\" }}\nexpose.origin = [\"*\"]",
                service.name()
            );
            let frame = read(&frame, None, &no_files).model;
            let frame = frame.and_then(|frame| compile(&frame).snapshot);
            let frame = frame.expect("a frame compiles");
            is_whole(compile_document(&frame, text.as_bytes()));
        }
    }
}

fn is_whole(snapshot: Option<Vec<u8>>) {
    if let Some(bytes) = snapshot {
        let snapshot = Snapshot::open(&bytes).expect("what was compiled opens");
        snapshot.verify().expect("what was compiled is whole");
    }
}

/// Reads the text of a configuration; what compiles must be whole, and the oracle must agree.
pub fn configuration(text: &str, environment: Option<&str>) {
    let outcome = read(text, environment, &no_files);
    let Some(model) = outcome.model else {
        assert!(!outcome.findings.is_empty(), "no model and no finding");
        return;
    };
    let compiled = compile(&model);
    let Some(bytes) = compiled.snapshot else {
        assert!(!compiled.findings.is_empty(), "no snapshot and no finding");
        return;
    };
    is_whole(Some(bytes.clone()));
    let snapshot = Snapshot::open(&bytes).expect("what was compiled opens");
    let mut random = Random::new(2);
    let mut contexts = vec![Context::new()];
    contexts.extend((0..4).map(|_| random.context()));
    for context in &contexts {
        let now = UnixMillis(1_795_376_100_000);
        for flag in model.flags.iter().take(8) {
            let plain = oracle::plain(&model, &flag.key, context, now, &Kills::new());
            let compiled = oracle::compiled(snapshot, &flag.key, context, now, &Kills::new());
            assert_eq!(compiled, plain, "{}", flag.key);
        }
    }
}
