//! Documents of flag services, written as a `flagstone.toml`, decide as before.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use flagstone_authoring::{Remarks, no_files, read, write};
use flagstone_compile::{Model, compile, compile_imported};
use flagstone_core::{Snapshot, UnixMillis};
use flagstone_import::answer::Request;
use flagstone_import::{Imported, Options, Sdk, Service, import};
use flagstone_json::Json;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// The folder of a service's recorded cases, from the folder that `FLAG_VECTORS` names.
fn vectors(service: Service) -> Option<PathBuf> {
    let Some(root) = env::var_os("FLAG_VECTORS") else {
        let name = service.name();
        eprintln!("FLAG_VECTORS is not set: definitions of {name} are not converted");
        return None;
    };
    let folder = Path::new(&root).join(service.name());
    assert!(folder.is_dir(), "{} is not there", folder.display());
    Some(folder)
}

fn check(service: Service, sdk: Sdk, left_out: &[&str]) {
    let Some(folder) = vectors(service) else {
        return;
    };
    let definitions = fs::read_to_string(folder.join("oracle-definitions.json")).unwrap();
    let imported = import(service, &definitions, &Options { sdk }).unwrap();
    let remarks = Remarks {
        head: &[],
        of_flag: &|_| Vec::new(),
        most_keys: usize::MAX,
    };
    let written = write(&imported.model, &remarks).expect("the text means the same");
    let said: Vec<String> = written
        .left_out
        .iter()
        .map(|out| format!("{}: {}", out.part, out.why))
        .collect();
    assert_eq!(said, left_out);
    let outcome = read(&written.text, None, &no_files);
    let model = Model {
        edge: imported.model.edge.clone(),
        ..outcome.model.unwrap()
    };
    let before = compile_imported(&imported.model).snapshot.unwrap();
    let after = compile(&model).snapshot.expect("it compiles strictly");
    if left_out.is_empty() {
        assert!(before == after, "another snapshot");
    }
    let cases = fs::read_to_string(folder.join("oracle-cases.json")).unwrap();
    let cases = Json::read(&cases).unwrap();
    let mut asked = 0;
    for case in cases.get("cases").unwrap().elements() {
        let names = ["flag", "feature", "toggle"].iter();
        let Some(flag) = names.filter_map(|name| case.get(name)).find_map(Json::text) else {
            continue;
        };
        if model.flags.iter().any(|of| of.key == flag) {
            asked += 1;
            assert_eq!(
                answer(&imported, &before, flag, case),
                answer(&imported, &after, flag, case),
                "{flag}"
            );
        }
    }
    assert!(asked > 1_000, "only {asked} cases were asked");
}

/// The decision. What the service's SDK would say besides is known of the imported flags only.
fn answer(imported: &Imported, snapshot: &[u8], flag: &str, case: &Json<'_>) -> String {
    let request = Request {
        flag,
        // Some services' cases are contexts themselves.
        context: case.get("context").unwrap_or(case),
        default: case.get("default"),
        wanted: None,
        now: UnixMillis(1_795_376_100_000),
    };
    let answer = imported
        .native
        .answer(Snapshot::open(snapshot).unwrap(), &request);
    let decision = (answer.value, answer.variant, answer.reason, answer.rule);
    format!("{decision:?}")
}

#[test]
fn launchdarkly() {
    let circles = [
        "segment `cyc1`: segment `cyc1` depends on itself: segment `cyc1` → segment `cyc2` → segment `cyc1`",
        "segment `cyc2`: it depends on segment `cyc1`, which is left out",
        "flag `pre_cyc_a`: flag `pre_cyc_a` depends on itself: flag `pre_cyc_a` → flag `pre_cyc_b` → flag `pre_cyc_a`",
        "flag `pre_cyc_b`: it depends on flag `pre_cyc_a`, which is left out",
        "flag `pre_self`: a flag cannot depend on itself",
        "flag `seg_cyc1`: it depends on segment `cyc1`, which is left out",
        "flag `seg_cyc2`: it depends on segment `cyc2`, which is left out",
    ];
    check(Service::LaunchDarkly, Sdk::Node, &circles);
    check(Service::LaunchDarkly, Sdk::Other, &circles);
}

#[test]
fn split() {
    check(Service::Split, Sdk::Node, &[]);
}

#[test]
fn growthbook() {
    let circles = [
        "flag `cyc_a`: flag `cyc_a` depends on itself: flag `cyc_a` → flag `cyc_b` → flag `cyc_a`",
        "flag `cyc_b`: it depends on flag `cyc_a`, which is left out",
        "flag `self`: a flag cannot depend on itself",
    ];
    check(Service::GrowthBook, Sdk::Node, &circles);
}

#[test]
fn flagd() {
    check(Service::Flagd, Sdk::Node, &[]);
}

#[test]
fn unleash() {
    check(Service::Unleash, Sdk::Node, &[]);
    check(Service::Unleash, Sdk::Other, &[]);
}
