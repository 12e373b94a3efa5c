//! Guards that share their work in PostgreSQL: what they count and decide is what one would, whatever becomes of them and of the
//! server. Nothing is reached by a network, but by a socket in a folder and, with TLS, by loopback.

use super::cluster::{Cluster, Database};
use super::{
    Guard, begun, control, flagstone, line, now_ms, random, request, stores, wait_for, webhook,
};
use flagstone_rollout::tally::{Key, Line, Row};
use flagstone_rollout::{ReportId, interval};
use serde_json::Value;
use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

fn is_taken(guard: &Guard, lines: &str) -> bool {
    let answer = request(&guard.address, "POST", "/lines", lines);
    answer.is_some_and(|(code, _)| code == 200)
}

fn send(guard: &Guard, lines: &str) {
    wait_for("an answer", || is_taken(guard, lines).then_some(()));
}

fn json(guard: &Guard, path: &str) -> Option<Value> {
    let (code, text) = request(&guard.address, "GET", path, "")?;
    (code == 200).then(|| serde_json::from_str(&text).unwrap())
}

/// What a rollout's status says, but for the time.
fn status(guard: &Guard) -> Option<Value> {
    let mut status = json(guard, "/rollouts/checkout")?;
    let members = status.as_object_mut()?;
    for name in ["at_ms", "stage_since_ms", "last_report_ms", "rate", "reach"] {
        members.remove(name);
    }
    Some(status)
}

/// What was decided and by which figures, but for the time.
fn decisions(guard: &Guard) -> Option<Vec<Value>> {
    let decisions = json(guard, "/decisions")?;
    let decided = decisions.as_array()?.iter().map(|event| {
        let mut event = event.clone();
        let members = event.as_object_mut().unwrap();
        members.remove("id");
        members.remove("time");
        let data = members["data"].as_object_mut().unwrap();
        data.remove("rate");
        // It is the rate's.
        data["prospect"]
            .as_object_mut()
            .unwrap()
            .remove("worst_cost");
        event
    });
    Some(decided.collect())
}

fn tally(instance: u64, requests: u64) -> String {
    let line = Line {
        id: ReportId {
            instance,
            sequence: 0,
        },
        interval: interval(now_ms()),
        key: Key {
            revision: 1,
            flag: "checkout".to_owned(),
            variant: "control".to_owned(),
            ..Key::default()
        },
        row: Row {
            requests,
            ..Row::default()
        },
    };
    line.write() + "\n"
}

fn counts(guard: &Guard) -> Option<(Value, Value)> {
    let status = status(guard)?;
    let fetches = &status["fetches"];
    Some((fetches["control"].clone(), fetches["canary"].clone()))
}

#[test]
fn two_guards_decide_as_one() {
    let Some(database) = Database::make("two") else {
        return;
    };
    // Nodes' reports, single fetches, tallies; in the end failures.
    let batch = |number: u64| -> String {
        let failures = u64::from(number >= 24);
        let reports = (0..10).map(|node| line(node + 1, number as u32, None, failures));
        let single = 1_000 + number;
        let fetch = line(single, 0, Some(single as u32), failures);
        reports.collect::<String>() + &fetch + &tally(single, 3)
    };
    let batches: Vec<String> = (0..30).map(batch).collect();

    let alone = begun("guard-shared-alone");
    let guard = Guard::start(&alone, &[]);
    for batch in &batches {
        send(&guard, batch);
    }
    let ended = |folder: &Path| control(folder)["rollouts"]["checkout"]["state"] == "rolled-back";
    wait_for("a rollback", || ended(&alone).then_some(()));
    let expected = (status(&guard).unwrap(), decisions(&guard).unwrap());
    guard.kill();

    let folder = begun("guard-shared-two");
    let (url, told) = webhook();
    let pair = [(); 2].map(|()| database.guard(&folder, &["--webhook", &url]));
    for (number, batch) in batches.iter().enumerate() {
        send(&pair[number % 2], batch);
        // Late, and of before, to the other.
        let again = &batches[number / 2];
        send(&pair[(number + 1) % 2], again);
    }
    wait_for("a rollback", || ended(&folder).then_some(()));
    for guard in &pair {
        wait_for("the same status", || {
            (status(guard)? == expected.0).then_some(())
        });
        assert_eq!(decisions(guard).unwrap(), expected.1);
    }
    // The first attempt is refused.
    let events: Vec<Value> = [told.recv().unwrap(), told.recv().unwrap()]
        .iter()
        .map(|(_, body)| serde_json::from_str(body).unwrap())
        .collect();
    assert_eq!(events[0]["id"], events[1]["id"]);
    assert_eq!(
        database.sql("SELECT count(*) FROM flagstone_decisions"),
        "1"
    );
    wait_for("its end", || {
        (database.sql("SELECT count(*) FROM flagstone_decisions WHERE NOT told") == "0")
            .then_some(())
    });
    let audit = fs::read_to_string(folder.join("control.json.audit")).unwrap();
    let steps = audit
        .lines()
        .filter(|line| line.contains("\"who\":\"guard\""));
    assert_eq!(steps.count(), 1, "{audit}");
    pair.into_iter().for_each(Guard::kill);
}

#[test]
fn every_guard_shows_what_all_have_heard() {
    let Some(database) = Database::make("health") else {
        return;
    };
    let folder = begun("guard-shared-health");
    fs::write(folder.join("token"), "secret\n").unwrap();
    let pair = [(); 2].map(|()| database.guard(&folder, &["--token", "token"]));
    let bearer = |path: &str| format!("{path} HTTP/1.1\r\nauthorization: Bearer secret\r\nx-rest:");
    for (number, requests) in (1u64..).zip([3, 5, 7, 11]) {
        let lines = tally(number, requests);
        for guard in &pair {
            let sent = request(&guard.address, "POST", &bearer("/lines"), &lines);
            assert_eq!(sent.unwrap().0, 200);
        }
    }
    for guard in &pair {
        wait_for("a page with everything", || {
            let health = json(guard, &bearer("/_flagstone/health.json"))?;
            let variant = &health["flags"][0]["variants"][0];
            let nodes = &health["nodes"][0]["count"];
            assert_eq!(health["problem"], Value::Null);
            (variant["requests"] == 26 && *nodes == 4).then_some(())
        });
    }
    pair.into_iter().for_each(Guard::kill);
}

#[test]
fn whatever_is_killed_nothing_is_lost_and_nothing_counts_twice() {
    const BATCHES: usize = 40;
    let Some(mut cluster) = Cluster::start() else {
        return;
    };
    let folder = begun("guard-shared-killed");
    let batches: Vec<String> = (0..BATCHES as u64)
        .map(|batch| {
            (0..20)
                .map(|index| match batch % 2 {
                    0 => line(index + 1, batch as u32, None, 0),
                    _ => {
                        let node = batch * 20 + index;
                        line(1_000 + node, 0, Some(node as u32), 0)
                    }
                })
                .collect()
        })
        .collect();
    let steady = cluster.guard(&folder, &[]);
    let is_over = AtomicBool::new(false);
    let mut next = random(7);
    let mortal = thread::scope(|scope| {
        let mut mortal = cluster.guard(&folder, &[]);
        // The steady one takes all of them, in another order, however often that fails.
        scope.spawn(|| {
            for batch in batches.iter().rev() {
                while !is_taken(&steady, batch) {
                    sleep(Duration::from_millis(20));
                }
            }
            is_over.store(true, Ordering::SeqCst);
        });
        let mut turn = 0;
        while !is_over.load(Ordering::SeqCst) || turn < BATCHES {
            let batch = batches[next() % BATCHES].clone();
            let address = mortal.address.clone();
            let sending = thread::spawn(move || request(&address, "POST", "/lines", &batch));
            if turn % 8 == 3 {
                // While the batch is on its way, or stored and not answered.
                sleep(Duration::from_micros((next() % 80_000) as u64));
                mortal.kill();
                mortal = cluster.guard(&folder, &[]);
            }
            if turn == BATCHES / 3 {
                cluster.crash();
            }
            let _ = sending.join();
            turn += 1;
        }
        mortal
    });
    for batch in &batches {
        send(&mortal, batch);
    }
    let lines = (BATCHES * 20) as f64;
    let expected = ((19.0 * lines).into(), lines.into());
    for guard in [&steady, &mortal] {
        assert_eq!(counts(guard), Some(expected.clone()));
        assert_eq!(status(guard).unwrap()["phase"], "running");
    }
    steady.kill();
    mortal.kill();
}

#[test]
fn while_the_server_is_away_nothing_is_taken_and_that_is_said() {
    let Some(mut cluster) = Cluster::start() else {
        return;
    };
    let folder = begun("guard-shared-away");
    let guard = cluster.guard(&folder, &[]);
    send(&guard, &line(1, 0, None, 0));
    let problem = |guard: &Guard| -> bool {
        let (_, metrics) = request(&guard.address, "GET", "/metrics", "").unwrap();
        metrics.contains("\nflagstone_guard_problem 1\n")
    };
    assert!(!problem(&guard));
    cluster.stop();
    assert!(!is_taken(&guard, &line(2, 0, None, 0)));
    assert!(problem(&guard));
    assert_eq!(
        request(&guard.address, "GET", "/decisions", "").unwrap().0,
        503
    );
    cluster.run();
    send(&guard, &line(2, 0, None, 0));
    assert!(!problem(&guard));
    assert_eq!(counts(&guard), Some((38.0.into(), 2.0.into())));

    // A server that may only be read, as one that has no room is often made.
    let read_only = |state: &str| {
        let alter = format!("ALTER DATABASE flags SET default_transaction_read_only = {state}");
        cluster.sql_in("postgres", &alter);
        cluster.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'flagstone guard'");
    };
    read_only("on");
    assert!(!is_taken(&guard, &line(3, 0, None, 0)));
    read_only("off");
    send(&guard, &line(3, 0, None, 0));
    assert_eq!(counts(&guard), Some((57.0.into(), 3.0.into())));

    // Tables that a newer guard has completed.
    cluster.sql("UPDATE flagstone_guard SET format = 7");
    assert!(!is_taken(&guard, &line(4, 0, None, 0)));
    cluster.sql("UPDATE flagstone_guard SET format = 1");
    send(&guard, &line(4, 0, None, 0));
    guard.kill();

    // What is under way is not known: that is not to say that nothing is.
    cluster.sql("UPDATE flagstone_rollouts SET state = '\\x07'");
    let guard = cluster.guard(&folder, &[]);
    for path in ["/rollouts", "/rollouts/checkout"] {
        let (code, said) = request(&guard.address, "GET", path, "").unwrap();
        assert_eq!(code, 503, "{path}: {said}");
        assert!(said.starts_with("the state of `checkout`: "), "{said}");
    }
    guard.kill();
}

#[test]
fn a_step_of_a_guard_that_died_is_taken_over() {
    let Some(database) = Database::make("step") else {
        return;
    };
    let folder = begun("guard-shared-step");
    let first = database.guard(&folder, &[]);
    // Nobody can write the document.
    let lock = fs::File::create(folder.join("control.json.lock")).unwrap();
    lock.lock().unwrap();
    send(&first, &(line(1, 0, None, 0) + &line(2, 0, None, 8)));
    let (_, decided) = request(&first.address, "GET", "/decisions", "").unwrap();
    assert!(decided.contains("rolledback"), "{decided}");
    first.kill();
    assert_eq!(control(&folder)["rollouts"]["checkout"]["state"], "running");
    drop(lock);
    let second = database.guard(&folder, &[]);
    wait_for("its step", || {
        (control(&folder)["rollouts"]["checkout"]["state"] == "rolled-back").then_some(())
    });
    assert_eq!(decisions(&second).unwrap().len(), 1);
    second.kill();
}

#[test]
fn by_an_older_document_than_others_go_by_nothing_is_decided() {
    let Some(database) = Database::make("older") else {
        return;
    };
    let folder = begun("guard-shared-older");
    let guard = database.guard(&folder, &[]);
    send(&guard, &line(1, 0, None, 0));
    let gone_by = |ago: &str| {
        let at = format!("clock_timestamp() - interval '{ago}'");
        database.sql(&format!(
            "UPDATE flagstone_guard SET sequence = 99, sequence_at = {at}"
        ));
    };
    gone_by("1 second");
    // What it knows of counts; what another may know of is to be sent again.
    send(&guard, &line(2, 0, None, 8));
    let other = line(3, 0, None, 0).replace("\"rollout\":\"", "\"rollout\":\"f");
    let other = other.replace("58b5e\"", "58b5\"");
    assert!(!is_taken(&guard, &other), "{other}");
    assert_eq!(counts(&guard), Some((38.0.into(), 10.0.into())));
    assert_eq!(decisions(&guard), Some(Vec::new()));
    // Nobody goes by it any longer: somebody has put an older one in its place.
    gone_by("61 seconds");
    wait_for("a rollback", || {
        (control(&folder)["rollouts"]["checkout"]["state"] == "rolled-back").then_some(())
    });
    send(&guard, &other);
    guard.kill();
}

#[test]
fn guards_that_start_together_make_the_tables_once() {
    let Some(database) = Database::make("started") else {
        return;
    };
    let folder = begun("guard-shared-start");
    let guards: Vec<Guard> = thread::scope(|scope| {
        let starting: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| database.guard(&folder, &[])))
            .collect();
        starting
            .into_iter()
            .map(|guard| guard.join().unwrap())
            .collect()
    });
    for (guard, sequence) in guards.iter().zip(0..) {
        send(guard, &line(1, sequence, None, 0));
    }
    for guard in &guards {
        assert_eq!(counts(guard), Some((76.0.into(), 4.0.into())));
    }
    assert_eq!(
        database.sql("SELECT count(*), max(format) FROM flagstone_guard"),
        "1|1"
    );
    assert_eq!(
        database.sql("SELECT count(*) FROM flagstone_rollouts WHERE id <> 0"),
        "1"
    );
    for guard in guards {
        guard.kill();
    }
}

#[test]
fn what_is_wrong_with_a_database_is_said_without_the_password() {
    let Some(database) = Database::make("wrong") else {
        return;
    };
    let folder = begun("guard-shared-wrong");
    let url = database.url();
    let nowhere = url.replacen("/wrong?", "/nowhere?", 1);
    let newer = Database::make("newer").unwrap();
    newer.guard(&folder, &[]).kill();
    newer.sql("UPDATE flagstone_guard SET format = 7");
    let newer = newer.url();
    let said: BTreeSet<_> = [
        (
            &*url,
            "wrong-hush",
            "password authentication failed for user \"guard\" (28P01)",
        ),
        (&*nowhere, "", "database \"nowhere\" does not exist (3D000)"),
        (
            &*newer,
            "",
            "its tables are of format 7, and this guard knows formats up to 1: use a newer one",
        ),
        (
            "postgres:///flags?host=/nowhere&user=guard",
            "",
            "error connecting to server: No such file or directory",
        ),
        (
            "postgres://guard:wrong-hush@localhost/flags?sslmode=prefer",
            "",
            "--state: `sslmode` is `disable`",
        ),
        (
            "postgres://guard:wrong-hush@localhost:port/flags",
            "",
            "invalid value for option `port`",
        ),
    ]
    .into_iter()
    .map(|(state, password, expected)| {
        let mut command = flagstone(&folder, &stores(state));
        command.args(["--input", "-"]).env(
            "PGPASSWORD",
            match password {
                "" => Cluster::PASSWORD,
                wrong => wrong,
            },
        );
        let output = command.output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(expected), "{expected} in {said}");
        said
    })
    .collect();
    assert!(said.iter().all(|said| !said.contains("hush")), "{said:?}");

    fs::write(folder.join("nodes.ndjson"), line(1, 0, None, 0)).unwrap();
    let read = |name: &[&str]| {
        let mut command = flagstone(&folder, &stores(&url));
        command
            .args(["--input", "nodes.ndjson", "--once"])
            .args(name);
        command
            .env("PGPASSWORD", Cluster::PASSWORD)
            .output()
            .unwrap()
    };
    let output = read(&[]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("say with --name"));
    for _ in 0..2 {
        assert!(read(&["--name", "one"]).status.success());
    }
    let read = "SELECT file || ' ' || read FROM flagstone_inputs";
    let length = fs::metadata(folder.join("nodes.ndjson")).unwrap().len();
    assert_eq!(database.sql(read), format!("one:nodes.ndjson {length}"));
}

#[test]
fn tls_is_with_whom_it_should_be() {
    let Some(mut cluster) = Cluster::start() else {
        return;
    };
    let folder = begun("guard-shared-tls");
    let (port, certificate) = cluster.secure();
    let certificate = certificate.display();
    for (host, parameters, expected) in [
        ("localhost", "sslmode=require".to_owned(), "UnknownIssuer"),
        (
            "127.0.0.1",
            format!("sslmode=require&sslrootcert={certificate}"),
            "not valid for name",
        ),
        (
            "localhost",
            "sslmode=require&sslrootcert=nowhere.pem".to_owned(),
            "`sslrootcert`, `nowhere.pem`: ",
        ),
        (
            "localhost",
            "sslmode=require&sslrootcert=shop.toml".to_owned(),
            "there is no certificate in it",
        ),
    ] {
        let url = format!("postgres://guard@{host}:{port}/flags?{parameters}");
        let mut command = flagstone(&folder, &stores(&url));
        let command = command.args(["--input", "-"]);
        let output = command.env("PGPASSWORD", Cluster::PASSWORD).output();
        let said = String::from_utf8(output.unwrap().stderr).unwrap();
        assert!(said.contains(expected), "{expected} in {said}");
    }
    let url = format!(
        "postgres://guard@localhost:{port}/flags?sslmode=verify-full&channel_binding=require&sslrootcert={certificate}"
    );
    let guard = Guard::on(&url, &folder, &[]);
    send(&guard, &line(1, 0, None, 0));
    let secret = "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
                  WHERE application_name = 'flagstone guard'";
    assert_eq!(cluster.sql(secret), "t");
    guard.kill();
}

/// With `FLAGSTONE_LOAD` it says how many lines a second that many batches make, by one guard and by two.
#[test]
fn lines_add_up_from_many_senders() {
    const LINES: u64 = 1_000;
    const SENDERS: u64 = 8;
    let Some(database) = Database::make("load") else {
        return;
    };
    let load = env::var("FLAGSTONE_LOAD")
        .ok()
        .and_then(|load| load.parse().ok());
    let batches: u64 = load.unwrap_or(SENDERS);
    let folder = begun("guard-shared-load");
    let pair = [(); 2].map(|()| database.guard(&folder, &[]));
    let mut lines = 0;
    for guards in [&pair[..1], &pair] {
        let batches: Vec<String> = (0..batches)
            .map(|_| {
                lines += LINES;
                let nodes = lines - LINES..lines;
                nodes
                    .map(|node| line(node + 1, 0, Some(node as u32), 0))
                    .collect()
            })
            .collect();
        let begin = Instant::now();
        thread::scope(|scope| {
            for sender in 0..SENDERS as usize {
                let guard = &guards[sender % guards.len()];
                let own = batches.iter().skip(sender).step_by(SENDERS as usize);
                scope.spawn(|| own.for_each(|batch| send(guard, batch)));
            }
        });
        let rate = (batches.len() as u64 * LINES) as f64 / begin.elapsed().as_secs_f64();
        println!("guards: {}, lines a second: {rate:.0}", guards.len());
    }
    for guard in &pair {
        let expected = ((19.0 * lines as f64).into(), (lines as f64).into());
        assert_eq!(counts(guard), Some(expected));
    }
    pair.into_iter().for_each(Guard::kill);
}
