//! `flagstone guard` while the disk is full and while the network is cut: no line is lost, none counts twice, and what it decides is
//! what it would have decided.
//!
//! Each test runs once more in namespaces of its own, where it may mount a small disk and take the network down. Where the machine
//! does not let it, it is skipped.

use super::{Guard, begun, control, line, wait_for};
use serde_json::Value;
use std::env;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::{self, sleep};
use std::time::Duration;

/// Set in the namespaces.
const INSIDE: &str = "FLAGSTONE_TEST_INSIDE";

/// Runs a test again in namespaces of its own: true there, where it is to go on.
fn inside(name: &str) -> bool {
    if env::var_os(INSIDE).is_some() {
        return true;
    }
    let namespaces = ["--user", "--map-root-user", "--mount", "--net"];
    let may = Command::new("unshare")
        .args(namespaces)
        .args(["sh", "-c", "mount -t tmpfs none /mnt && ip link set lo up"])
        .stderr(Stdio::null())
        .status();
    if !may.is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED: this machine gives no namespaces");
        return false;
    }
    let status = Command::new("unshare")
        .args(namespaces)
        .arg(env::current_exe().unwrap())
        .args(["--exact", &format!("faults::{name}"), "--nocapture"])
        .env(INSIDE, "1")
        .status();
    assert!(status.unwrap().success());
    false
}

fn run(program: &str, args: &[&str]) {
    assert!(Command::new(program).args(args).status().unwrap().success());
}

fn network(state: &str) {
    run("ip", &["link", "set", "lo", state]);
}

/// Fills a disk to its last byte.
fn fill(folder: &Path) {
    let mut file = File::create(folder.join("fill")).unwrap();
    for piece in [&[0; 65_536][..], &[0; 1]] {
        while file.write_all(piece).is_ok() {}
    }
}

/// A guard that could not store what it has decided says nothing until it has read what is stored.
fn fetches(guard: &Guard) -> (Value, Value) {
    let status = wait_for("a status", || {
        serde_json::from_str::<Value>(&guard.get("/rollouts/checkout").1).ok()
    });
    let fetches = &status["fetches"];
    (fetches["control"].clone(), fetches["canary"].clone())
}

fn is_taken(guard: &Guard, lines: &str) -> bool {
    post(&guard.address, lines).is_some_and(|code| code == "200")
}

/// The status of the answer; `None` if there is none for a while.
fn post(address: &str, lines: &str) -> Option<String> {
    let patience = Duration::from_millis(500);
    let mut stream = TcpStream::connect_timeout(&address.parse().unwrap(), patience).ok()?;
    stream.set_read_timeout(Some(patience)).unwrap();
    let length = lines.len();
    let head = format!(
        "POST /lines HTTP/1.1\r\nhost: guard\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all((head + lines).as_bytes()).ok()?;
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).ok()?;
    Some(
        str::from_utf8(&answer)
            .ok()?
            .trim_start_matches("HTTP/1.1 ")
            .to_owned(),
    )
}

#[test]
fn while_the_disk_is_full_nothing_is_taken_and_nothing_lost() {
    if !inside("while_the_disk_is_full_nothing_is_taken_and_nothing_lost") {
        return;
    }
    network("up");
    let folder = begun("guard-full");
    let disk = folder.join("disk");
    fs::create_dir(&disk).unwrap();
    run(
        "mount",
        &[
            "-t",
            "tmpfs",
            "-o",
            "size=4m",
            "none",
            disk.to_str().unwrap(),
        ],
    );
    symlink("disk/guard.redb", folder.join("guard.redb")).unwrap();
    let guard = Guard::start(&folder, &[]);
    assert!(is_taken(&guard, &line(1, 0, None, 0)));

    fill(&disk);
    // Until the file has no more room inside either; each has a node of its own, which takes some.
    let many = |first: u64| -> String {
        (0..500)
            .map(|node| line(first + node, 0, None, 0))
            .collect()
    };
    let batches: Vec<String> = (0..8).map(|batch| many(1_000 + 500 * batch)).collect();
    let taken: Vec<bool> = batches
        .iter()
        .map(|batch| is_taken(&guard, batch))
        .collect();
    assert!(taken.contains(&false), "the disk was not full");
    let count = taken.iter().filter(|taken| **taken).count() as f64;
    let lines = 1.0 + 500.0 * count;

    // What it had to store meanwhile it could not: it may say nothing of rollouts until there is room.
    fs::remove_file(disk.join("fill")).unwrap();
    assert_eq!(fetches(&guard), ((19.0 * lines).into(), lines.into()));
    for batch in batches.iter().chain(&batches) {
        assert!(is_taken(&guard, batch));
    }
    assert_eq!(fetches(&guard), ((19.0 * 4_001.0).into(), 4_001.0.into()));
    assert_eq!(control(&folder)["rollouts"]["checkout"]["state"], "running");
    // It decides as ever.
    assert!(is_taken(&guard, &line(9_000, 0, None, 400)));
    wait_for("a rollback", || {
        (control(&folder)["rollouts"]["checkout"]["state"] == "rolled-back").then_some(())
    });
    guard.kill();
}

#[test]
fn while_the_network_is_cut_nodes_keep_what_they_have() {
    if !inside("while_the_network_is_cut_nodes_keep_what_they_have") {
        return;
    }
    network("up");
    let folder = begun("guard-cut");
    let guard = Guard::start(&folder, &[]);
    let batches: Vec<String> = (0..40u64)
        .map(|batch| {
            (0..20)
                .map(|node| line(node + 1, batch as u32, None, 0))
                .collect()
        })
        .collect();
    let mut refused = 0;
    for (number, batch) in batches.iter().enumerate() {
        // Every third time it is cut while a batch is on its way: the guard may have it, and the node does not know.
        if number % 3 == 1 {
            let (address, sent) = (guard.address.clone(), batch.clone());
            let sending = thread::spawn(move || post(&address, &sent));
            sleep(Duration::from_micros(300 * number as u64));
            network("down");
            refused += u32::from(!is_taken(&guard, batch));
            network("up");
            let _ = sending.join();
        }
        wait_for("an answer", || is_taken(&guard, batch).then_some(()));
    }
    assert!(refused > 0, "the network was not cut");
    assert_eq!(fetches(&guard), ((19.0 * 800.0).into(), 800.0.into()));
    assert_eq!(control(&folder)["rollouts"]["checkout"]["state"], "running");
    guard.kill();
}
