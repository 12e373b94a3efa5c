//! How the program behaves towards other programs that it talks to, and towards bytes that are no text.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const REQUEST: &str = "{\"flag\":\"beta\",\"context\":{}}\n";
const ANSWER: &str =
    "{\"flag\":\"beta\",\"value\":false,\"variant\":\"off\",\"reason\":\"STATIC\",\"rule\":null}\n";

fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
        .join("streams")
        .join(name);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("flagstone.toml"), "[flags.beta]\n").unwrap();
    folder
}

fn spawn(folder: &PathBuf, args: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_flagstone"))
        .args(args)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn eval(name: &str) -> Child {
    spawn(
        &folder(name),
        &["eval", "flagstone.toml", "--requests", "-"],
    )
}

#[test]
fn a_line_is_answered_before_the_next_is_there() {
    let mut child = eval("dialogue");
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    for _ in 0..3 {
        let (first, second) = REQUEST.split_at(10);
        stdin.write_all(first.as_bytes()).unwrap();
        stdin.flush().unwrap();
        stdin.write_all(second.as_bytes()).unwrap();
        let mut answer = String::new();
        stdout.read_line(&mut answer).unwrap();
        assert_eq!(answer, ANSWER);
    }
    drop(stdin);
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut child = eval("pipe");
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    stdin.write_all(REQUEST.as_bytes()).unwrap();
    stdout.read_exact(&mut [0; 10]).unwrap();
    drop(stdout);
    while stdin.write_all(REQUEST.as_bytes()).is_ok() {}
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

#[test]
fn bytes_that_are_no_text_cost_one_line() {
    let mut child = eval("bytes");
    let mut stdin = child.stdin.take().unwrap();
    let lines: [&[u8]; 3] = [
        REQUEST.as_bytes(),
        b"{\"flag\":\"\xff\"}\n",
        REQUEST.as_bytes(),
    ];
    stdin.write_all(&lines.concat()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let error = "{\"error\":\"invalid UTF-8 at column 10\",\"line\":2}\n";
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        [ANSWER, error, ANSWER].concat()
    );
}

#[test]
fn lines_longer_than_the_buffer_and_between_reads() {
    let mut child = eval("long");
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || {
        for size in [1, 1_000_000, 131_072, 3, 300_000] {
            let padding = "x".repeat(size);
            let line = format!("{{\"flag\":\"beta\",\"context\":{{\"padding\":\"{padding}\"}}}}\n");
            stdin.write_all(line.as_bytes()).unwrap();
        }
        for _ in 0..20_000 {
            stdin.write_all(REQUEST.as_bytes()).unwrap();
        }
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        ANSWER.repeat(20_005)
    );
}

#[test]
fn damaged_snapshots_are_refused() {
    let folder = folder("damaged");
    let output = spawn(&folder, &["compile", "flagstone.toml", "-o", "good"]).wait_with_output();
    assert!(output.unwrap().status.success());
    let good = fs::read(folder.join("good")).unwrap();
    let mut flipped = good.clone();
    if let Some(last) = flipped.last_mut() {
        *last ^= 1;
    }
    let mut short = good.clone();
    short.pop();
    let mut later = good;
    if let Some(version) = later.get_mut(8) {
        *version = 9;
    }
    for (bytes, message) in [
        (flipped, "is damaged: the content does not have the digest"),
        (short, "bytes, buffer has"),
        (later, "is of format version 9, only 1 can be read"),
        (
            vec![0xff; 100],
            "is neither a snapshot nor UTF-8 text: problem at byte 0",
        ),
    ] {
        fs::write(folder.join("bad"), bytes).unwrap();
        for args in [
            ["eval", "bad", "--requests", "-"].as_slice(),
            &["explain", "bad", "beta"],
            &["inspect", "bad"],
        ] {
            let output = spawn(&folder, args).wait_with_output().unwrap();
            let stderr = String::from_utf8(output.stderr).unwrap();
            assert!(stderr.contains(message), "{args:?}: {stderr}");
            assert_eq!(output.status.code(), Some(2));
        }
    }
}

#[cfg(unix)]
#[test]
fn what_is_written_to_stays_what_it_was() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = folder("links");
    let link = |name: &str, to: &str| {
        let _ = fs::remove_file(folder.join(name));
        symlink(to, folder.join(name)).unwrap();
    };
    link("link", "file");
    link("out", "/dev/stdout");
    fs::write(folder.join("file"), "old").unwrap();
    fs::set_permissions(folder.join("file"), fs::Permissions::from_mode(0o600)).unwrap();

    let args = ["types", "flagstone.toml", "-o"];
    let to = |name| {
        let child = spawn(&folder, &[&args[..], &[name]].concat());
        let output = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (text(output.stdout), text(output.stderr))
    };
    let said = |text: &str| (text.to_owned(), String::new());
    assert_eq!(to("link"), said("wrote    link: 1 flag\n"));
    let types = fs::read_to_string(folder.join("file")).unwrap();
    assert!(types.contains("\"beta\""));
    let mode = fs::metadata(folder.join("file"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let wrote = "wrote    out: 1 flag\n".to_owned();
    assert_eq!(to("out"), (types, wrote));
    for name in ["link", "out"] {
        assert!(
            fs::symlink_metadata(folder.join(name))
                .unwrap()
                .is_symlink()
        );
    }
}

/// What is written to standard output stands there alone; a reader that goes away has seen enough, unless the rest is in force.
#[cfg(unix)]
#[test]
fn a_snapshot_on_standard_output() {
    let folder = folder("alone");
    let compiled = ["compile", "flagstone.toml", "-o"];
    let output = |args: &[&str]| {
        let child = spawn(&folder, &[&compiled[..], args].concat());
        child.wait_with_output().unwrap()
    };
    assert!(output(&["file"]).status.success());
    let bytes = fs::read(folder.join("file")).unwrap();
    for (args, said) in [
        (&["/dev/stdout"][..], "wrote    /dev/stdout"),
        (&["/dev/stdout", "--format", "json"], "\"digest\""),
    ] {
        let output = output(args);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{stderr}");
        assert!(output.stdout == bytes, "{args:?}");
        assert!(stderr.contains(said), "{stderr}");
    }
    assert!(output(&["file", "--cut", "cut"]).status.success());
    let cut = output(&["file", "--cut", "/dev/stdout"]);
    assert!(cut.stdout == fs::read(folder.join("cut")).unwrap());

    for (args, code) in [
        (&["/dev/stdout"][..], 0),
        (&["/dev/stdout", "--control", "control.json"], 2),
        (
            &["file", "--cut", "/dev/stdout", "--control", "control.json"],
            2,
        ),
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = Command::new(env!("CARGO_BIN_EXE_flagstone"));
        command.args([&compiled[..], args].concat());
        let output = command.current_dir(&folder).stdout(writer).output();
        let output = output.unwrap();
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        assert_eq!(output.stderr.is_empty(), code == 0, "{output:?}");
        assert!(!folder.join("control.json").exists());
    }
}

/// The same command with nobody who reads what it says.
fn unheard(folder: &Path, args: &[&str]) -> Option<i32> {
    let gone = || {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        writer
    };
    let mut command = Command::new(env!("CARGO_BIN_EXE_flagstone"));
    let command = command.args(args).current_dir(folder);
    command.stdin(Stdio::null()).stdout(gone()).stderr(gone());
    command.status().unwrap().code()
}

#[test]
fn work_and_its_outcome_need_nobody_who_listens() {
    let folder = folder("unheard");
    let control = ["--control", "control.json", "--why", "a test"];
    let _ = fs::remove_file(folder.join("control.json"));
    // Warned of: nobody asks for the flag's rule.
    let warned = "[flags.beta]\nrules = [{ when = 'user.plan == \"a\"', serve = \"on\" }]\n";
    fs::write(folder.join("warned.toml"), warned).unwrap();
    fs::write(folder.join("bad.toml"), "[flags.beta]\nserve = \"no\"\n").unwrap();
    // Noted: nobody knows who is in the segment.
    let noted = r#"{"flags":{"a":{"on":true,"variations":[1],"rules":[{"variation":0,"clauses":[{"op":"segmentMatch","values":["s"]}]}]}},
        "segments":{"s":{"unbounded":true}}}"#;
    fs::write(folder.join("noted.json"), noted).unwrap();
    let snapshot = ["-o", "snapshot", "--control", "control.json"];
    let compile = |source| [&["compile", source][..], &snapshot[..]].concat();
    for (args, code) in [
        (compile("bad.toml"), 1),
        (compile("warned.toml"), 0),
        (vec!["check", "bad.toml"], 1),
        (vec!["check", "bad.toml", "--format", "json"], 1),
        (
            vec![
                "import",
                "noted.json",
                "--from",
                "launchdarkly",
                "--deny",
                "noted",
            ],
            1,
        ),
        (vec!["explain", "nowhere.toml", "beta"], 2),
        (
            [
                &["advance", "beta"][..],
                &control,
                &["--snapshot", "snapshot"],
            ]
            .concat(),
            2,
        ),
        (
            [&["kill", "beta", "--variant", "off"][..], &control].concat(),
            0,
        ),
    ] {
        assert_eq!(unheard(&folder, &args), Some(code), "{args:?}");
    }
    let control = fs::read_to_string(folder.join("control.json")).unwrap();
    assert!(folder.join("snapshot").exists() && control.contains("kills"));
}

/// Whoever changes a control document locks it, by whichever of its names.
#[cfg(unix)]
#[test]
fn a_control_document_is_one_by_any_name() {
    let folder = folder("names");
    let _ = fs::remove_file(folder.join("link.json"));
    std::os::unix::fs::symlink("control.json", folder.join("link.json")).unwrap();
    let run = |args: &[&str]| {
        let output = spawn(&folder, args).wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    // The link leads to nothing yet.
    let _ = fs::remove_file(folder.join("control.json"));
    run(&[
        "compile",
        "flagstone.toml",
        "-o",
        "snapshot",
        "--control",
        "link.json",
    ]);
    run(&[
        "kill",
        "beta",
        "--variant",
        "off",
        "--control",
        "link.json",
        "--why",
        "a test",
    ]);
    let is_link = |name| folder.join(name).symlink_metadata().unwrap().is_symlink();
    assert!(is_link("link.json") && !is_link("control.json"));
    for (name, is_there) in [
        ("control.json.lock", true),
        ("control.json.audit", true),
        ("link.json.lock", false),
        ("link.json.audit", false),
    ] {
        assert_eq!(folder.join(name).exists(), is_there, "{name}");
    }
}
