//! Runs the program over the cases in `tests/cases/*.toml`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    /// Files that each case finds in its folder.
    #[serde(default)]
    files: BTreeMap<String, String>,
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    /// More files, or others.
    #[serde(default)]
    files: BTreeMap<String, String>,
    /// Commands to run before; they must end with 0.
    #[serde(default)]
    before: Vec<Vec<String>>,
    args: Vec<String>,
    #[serde(default)]
    stdin: String,
    #[serde(default)]
    expect: Expect,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    #[serde(default)]
    code: i32,
    /// All of it.
    stdout: Option<String>,
    #[serde(default)]
    stdout_has: Vec<String>,
    #[serde(default)]
    stdout_lacks: Vec<String>,
    /// JSON pointers and what is there.
    #[serde(default)]
    json: BTreeMap<String, toml::Value>,
    /// Nothing unless one of these is given.
    #[serde(default)]
    stderr_has: Vec<String>,
    /// Files that must have been written, and what they must contain.
    #[serde(default)]
    written: BTreeMap<String, Vec<String>>,
    /// Files that must not be there.
    #[serde(default)]
    absent: Vec<String>,
}

fn run(folder: &Path, args: &[String], stdin: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_flagstone"))
        .args(args)
        .current_dir(folder)
        // Whoever runs the tests.
        .env_remove("USER")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that does not read its input may end before.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    child.wait_with_output().unwrap()
}

fn check(folder: &Path, shared: &BTreeMap<String, String>, case: &Case) -> Result<(), String> {
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder).unwrap();
    for (name, text) in shared.iter().chain(&case.files) {
        fs::write(folder.join(name), text).unwrap();
    }
    for args in &case.before {
        let output = run(folder, args, "");
        if !output.status.success() {
            return Err(format!("before, {args:?}: {output:?}"));
        }
    }
    let output = run(folder, &case.args, &case.stdin);
    let stdout = String::from_utf8(output.stdout).unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    let expect = &case.expect;
    let failure = |what: String| {
        Err(format!(
            "{what}\n--- stdout\n{stdout}\n--- stderr\n{stderr}"
        ))
    };
    if output.status.code() != Some(expect.code) {
        return failure(format!(
            "code {:?} instead of {}",
            output.status.code(),
            expect.code
        ));
    }
    if expect
        .stdout
        .as_ref()
        .is_some_and(|wanted| *wanted != stdout)
    {
        return failure(format!(
            "stdout is not\n{}",
            expect.stdout.as_deref().unwrap()
        ));
    }
    if let Some(part) = expect
        .stdout_has
        .iter()
        .find(|part| !stdout.contains(*part))
    {
        return failure(format!("stdout lacks `{part}`"));
    }
    if let Some(part) = expect
        .stdout_lacks
        .iter()
        .find(|part| stdout.contains(*part))
    {
        return failure(format!("stdout has `{part}`"));
    }
    if !expect.json.is_empty() {
        let Ok(json) = serde_json::from_str::<serde_json::Value>(&stdout) else {
            return failure("stdout is not JSON".to_owned());
        };
        for (pointer, wanted) in &expect.json {
            let wanted = serde_json::to_value(wanted).unwrap();
            let found = json.pointer(pointer).unwrap_or(&serde_json::Value::Null);
            // TOML has no null; "null" stands for it.
            if *found != wanted && !(found.is_null() && wanted == "null") {
                return failure(format!("{pointer} is {found}, not {wanted}"));
            }
        }
    }
    if let Some(part) = expect
        .stderr_has
        .iter()
        .find(|part| !stderr.contains(*part))
    {
        return failure(format!("stderr lacks `{part}`"));
    }
    if expect.stderr_has.is_empty() && !stderr.is_empty() {
        return failure("stderr is not empty".to_owned());
    }
    for (name, parts) in &expect.written {
        let content = fs::read(folder.join(name)).unwrap_or_default();
        let content = String::from_utf8_lossy(&content);
        if let Some(part) = parts.iter().find(|part| !content.contains(*part)) {
            return failure(format!("{name} lacks `{part}`: {content}"));
        }
    }
    let left = |entry: &fs::DirEntry| entry.file_name().to_string_lossy().ends_with(".tmp");
    if fs::read_dir(folder)
        .unwrap()
        .any(|entry| left(&entry.unwrap()))
    {
        return failure("a temporary file is left".to_owned());
    }
    match expect.absent.iter().find(|name| folder.join(name).exists()) {
        Some(name) => failure(format!("{name} is there")),
        None => Ok(()),
    }
}

fn check_all(file: &str) {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/cases")
        .join(file);
    let cases: Cases = toml::from_str(&fs::read_to_string(cases).unwrap()).unwrap();
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(file);
    let mut failures = Vec::new();
    for (number, case) in cases.case.iter().enumerate() {
        if let Err(failure) = check(&folder.join(number.to_string()), &cases.files, case) {
            failures.push(format!("{file}: {}: {failure}", case.name));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn check_command() {
    check_all("check.toml");
}

#[test]
fn compile_command() {
    check_all("compile.toml");
}

#[test]
fn eval_command() {
    check_all("eval.toml");
}

#[test]
fn explain_command() {
    check_all("explain.toml");
}

#[test]
fn types_command() {
    check_all("types.toml");
}

#[test]
fn manifest_command() {
    check_all("manifest.toml");
}

#[test]
fn convert_command() {
    check_all("convert.toml");
}

#[test]
fn import_command() {
    check_all("import.toml");
}

#[test]
fn rollout_commands() {
    check_all("rollout.toml");
}

#[test]
fn everything_else() {
    check_all("general.toml");
}
