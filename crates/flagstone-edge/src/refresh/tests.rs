#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use super::{Fetched, Need, Node, Options, Step};
use crate::fixture::{Head, control, everybody, flag, model, snapshot};
use crate::plan::Plan;
use crate::status::Problem;
use flagstone_core::UnixMillis;
use std::collections::HashMap;

/// A store and a node that reads from it.
struct Edge {
    node: Node,
    store: HashMap<String, Vec<u8>>,
    now: UnixMillis,
    reads: Vec<String>,
}

impl Edge {
    fn new() -> Self {
        Self {
            node: Node::new(Options::DEFAULT),
            store: HashMap::new(),
            now: UnixMillis(1_800_000_000_000),
            reads: Vec::new(),
        }
    }

    fn publish(&mut self, revision: u64, bytes: &[u8], kills: &str) {
        let control = control(bytes, revision, kills);
        let digest = flagstone_core::Snapshot::open(bytes).unwrap().digest();
        self.store
            .insert(format!("snapshot/v1/{digest}"), bytes.to_vec());
        self.store.insert("control".to_owned(), control);
    }

    /// A request, as a shell handles it; gives what was decided before and after the node did its work.
    fn request(&mut self) -> (Step, Plan) {
        let step = self.node.next(self.now);
        if step == Step::Load {
            self.fetch();
        }
        let head = Head::get("/", &[("x-user", "u-1")]);
        let plan = self.node.plan(&mut (), &head, self.now, || [0; 16]);
        if step == Step::Refresh {
            self.fetch();
        }
        (step, plan)
    }

    fn fetch(&mut self) {
        let mut need = Some(Need::Control);
        while let Some(wanted) = need {
            let key = wanted.key();
            if let Need::Keep(keep) = &wanted {
                self.store.insert(key.clone(), keep.bytes().to_vec());
            }
            let fetched = self
                .store
                .get(&key)
                .map_or(Fetched::Absent, |bytes| Fetched::Bytes(bytes.clone()));
            self.reads.push(key);
            need = self.node.take(wanted, fetched, self.now);
        }
    }

    fn wait(&mut self, millis: i64) {
        self.now.0 += millis;
    }

    /// What the next request says, after a refresh.
    fn status(&mut self) -> String {
        self.wait(60_000);
        self.request();
        status(&self.request().1)
    }
}

fn status(plan: &Plan) -> String {
    let response = crate::fixture::Response {
        status: 200,
        headers: Vec::new(),
    };
    crate::fixture::header(&plan.respond(&response).edits, "flagstone-status")
        .unwrap()
        .to_owned()
}

fn one() -> Vec<u8> {
    snapshot(&model(vec![flag("a", vec![everybody()])], Vec::new()))
}

fn two() -> Vec<u8> {
    snapshot(&model(vec![flag("a", Vec::new())], Vec::new()))
}

/// A node that holds nothing waits longer after each failure, and never longer than its TTL.
#[test]
fn loading_backs_off() {
    let mut node = Node::new(Options::DEFAULT);
    let mut now = UnixMillis(1_000_000);
    for pause in [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000] {
        assert_eq!(node.next(now), Step::Load);
        assert_eq!(node.next(now), Step::Load, "several requests may load");
        assert_eq!(node.take(Need::Control, Fetched::Failed, now), None);
        assert_eq!(node.next(UnixMillis(now.0 + pause - 1)), Step::Serve);
        now.0 += pause;
    }
    assert_eq!(node.next(UnixMillis(0)), Step::Load, "the clock went back");
}

/// Requests that come at the same time load at the same time, and fail at the same time: once.
#[test]
fn loads_that_fail_together_are_one_failure() {
    let mut node = Node::new(Options::DEFAULT);
    for (now, pause) in [(1_000_000, 1_000), (1_002_000, 2_000)] {
        for since in 0..40 {
            let now = UnixMillis(now + since);
            assert_eq!(node.take(Need::Control, Fetched::Failed, now), None);
        }
        assert_eq!(node.next(UnixMillis(now + 39 + pause - 1)), Step::Serve);
        assert_eq!(node.next(UnixMillis(now + 39 + pause)), Step::Load);
    }
}

/// Loads in front of the first response, then refreshes after responses, once every TTL.
#[test]
fn refreshing() {
    let mut edge = Edge::new();
    edge.publish(7, &one(), "");
    assert_eq!(edge.request().0, Step::Load);
    assert_eq!(edge.reads.len(), 2);
    edge.wait(29_999);
    assert_eq!(edge.request().0, Step::Serve);
    edge.wait(1);
    edge.publish(8, &two(), "");
    let (step, plan) = edge.request();
    assert_eq!(
        (step, status(&plan).as_str()),
        (Step::Refresh, "flagstone; rev=7; id=header")
    );
    assert_eq!(edge.reads.len(), 4);
    let (step, plan) = edge.request();
    assert_eq!(
        (step, status(&plan).as_str()),
        (Step::Serve, "flagstone; rev=8")
    );

    // The same snapshot is not read again.
    edge.publish(9, &two(), "");
    edge.wait(30_000);
    edge.request();
    assert_eq!(edge.reads.len(), 5);
    assert_eq!(status(&edge.request().1), "flagstone; rev=9");
}

/// Only one refresh runs; one that was lost is made up for.
#[test]
fn one_refresh_at_a_time() {
    let mut edge = Edge::new();
    edge.publish(7, &one(), "");
    edge.request();
    edge.wait(30_000);
    assert_eq!(edge.node.next(edge.now), Step::Refresh);
    assert_eq!(edge.node.next(edge.now), Step::Serve);
    edge.wait(30_000);
    assert_eq!(edge.node.next(edge.now), Step::Refresh);
}

/// A held configuration is asked for again after one TTL, after repeated failures after two.
#[test]
fn refreshing_backs_off() {
    let mut edge = Edge::new();
    edge.publish(7, &one(), "");
    edge.request();
    edge.store.clear();
    for pause in [30_000, 30_000, 60_000, 60_000] {
        edge.wait(pause - 1);
        assert_eq!(edge.request().0, Step::Serve);
        edge.wait(1);
        assert_eq!(edge.request().0, Step::Refresh);
    }
    edge.publish(8, &one(), "");
    assert_eq!(edge.status(), "flagstone; rev=8; id=header");
}

/// The last good configuration outlives every failure, and the status says which.
#[test]
fn last_good_one() {
    let mut edge = Edge::new();
    let (one, two) = (one(), two());
    edge.publish(7, &one, "");
    edge.request();

    let stale = |code: &str| format!("flagstone; rev=7; id=header; stale; error=\"{code}\"");
    edge.store.insert("control".to_owned(), b"{".to_vec());
    assert_eq!(edge.status(), stale("control-invalid"));
    edge.store
        .insert("control".to_owned(), br#"{"version":2}"#.to_vec());
    assert_eq!(edge.status(), stale("control-version"));
    edge.store.remove("control");
    assert_eq!(edge.status(), stale("no-control"));

    edge.store
        .insert("control".to_owned(), control(&two, 8, ""));
    assert_eq!(edge.status(), stale("no-snapshot"));
    let digest = flagstone_core::Snapshot::open(&two).unwrap().digest();
    for (bytes, code) in [
        (b"not a snapshot".to_vec(), "snapshot-invalid"),
        (
            two.iter().take(two.len() - 1).copied().collect(),
            "snapshot-invalid",
        ),
        (one.clone(), "snapshot-damaged"),
        (
            [&two[..two.len() - 1], &[!two[two.len() - 1]]].concat(),
            "snapshot-damaged",
        ),
    ] {
        edge.store.insert(format!("snapshot/v1/{digest}"), bytes);
        assert_eq!(edge.status(), stale(code));
    }

    edge.publish(7, &one, "");
    assert_eq!(
        edge.status(),
        "flagstone; rev=7; id=header; error=\"revision-older\"",
        "8 has been seen"
    );
    edge.publish(8, &two, "");
    assert_eq!(edge.status(), "flagstone; rev=8");
    edge.publish(7, &one, "");
    assert_eq!(edge.status(), "flagstone; rev=8; error=\"revision-older\"");
}

/// A control document that is read again is none the worse for another one in between.
#[test]
fn the_same_one_again() {
    let mut edge = Edge::new();
    edge.publish(7, &one(), r#""a":"off""#);
    let control = edge.store["control"].clone();
    for _ in 0..2 {
        for _ in 0..2 {
            assert_eq!(edge.status(), "flagstone; rev=7");
        }
        edge.store.insert("control".to_owned(), b"{".to_vec());
        assert_eq!(
            edge.status(),
            "flagstone; rev=7; stale; error=\"control-invalid\""
        );
        edge.store.insert("control".to_owned(), control.clone());
    }
    edge.publish(7, &two(), "");
    assert_eq!(edge.status(), "flagstone; rev=7");
    edge.publish(7, &one(), "");
    assert_eq!(edge.status(), "flagstone; rev=7; id=header");
}

/// A node that holds nothing passes everything through.
#[test]
fn nothing_held() {
    let mut edge = Edge::new();
    assert_eq!(status(&edge.request().1), "flagstone; error=\"no-control\"");
    edge.publish(7, &one(), "");
    edge.store.retain(|key, _| key == "control");
    edge.wait(1_000);
    assert_eq!(
        status(&edge.request().1),
        "flagstone; error=\"no-snapshot\""
    );
    assert_eq!(edge.node.problem(), Some(Problem::SnapshotAbsent));
    assert_eq!(edge.request().0, Step::Serve, "not before a pause");
    edge.publish(7, &one(), "");
    edge.wait(2_000);
    assert_eq!(status(&edge.request().1), "flagstone; rev=7; id=header");
}

/// Kills are in force at once, each for itself, also when the snapshot beside them does not come.
#[test]
fn kills() {
    let mut edge = Edge::new();
    edge.publish(7, &one(), "");
    edge.request();
    let flags = |edge: &mut Edge| {
        let response = crate::fixture::Response {
            status: 200,
            headers: Vec::new(),
        };
        edge.wait(60_000);
        edge.request();
        let (_, plan) = edge.request();
        let edits = plan.respond(&response).edits;
        crate::fixture::header(&edits, "feature-flags")
            .unwrap()
            .to_owned()
    };
    assert_eq!(flags(&mut edge), "a=on");
    edge.publish(7, &one(), r#""a":"off""#);
    assert_eq!(flags(&mut edge), "a=off");
    assert_eq!(edge.status(), "flagstone; rev=7");
    edge.publish(7, &one(), "");
    assert_eq!(flags(&mut edge), "a=on");

    let held = edge.node.configuration().unwrap();
    assert!(held.kills().is_empty() && held.problem().is_none());
    for kills in [
        r#""b":"off","a":"off""#,
        r#""a":"off","b":"off""#,
        r#""a":"off","b":1"#,
    ] {
        edge.publish(7, &one(), kills);
        assert_eq!(flags(&mut edge), "a=off");
        assert_eq!(edge.status(), "flagstone; rev=7; error=\"kill-unknown\"");
    }
    edge.publish(7, &one(), r#""a":"neither""#);
    assert_eq!(flags(&mut edge), "a=on");

    edge.store
        .insert("control".to_owned(), control(&two(), 8, r#""a":"off""#));
    assert_eq!(flags(&mut edge), "a=off");
    assert_eq!(
        edge.status(),
        "flagstone; rev=7; stale; error=\"no-snapshot\""
    );
}

/// A node reads the cut and no more; the whole snapshot where there is no cut that will do.
#[test]
fn cuts() {
    let mut all = model(
        vec![flag("a", vec![everybody()]), flag("b", Vec::new())],
        Vec::new(),
    );
    all.edge.expose.browser.pop();
    all.edge.expose.origin.pop();
    let (whole, cut) = (snapshot(&all), snapshot(&flagstone_compile::cut(all)));
    let digest = |bytes: &[u8]| flagstone_core::Snapshot::open(bytes).unwrap().digest();
    let key = |bytes: &[u8]| format!("snapshot/v1/{}", digest(bytes));
    let (whole_key, cut_key) = (key(&whole), key(&cut));
    let control = |of: &[u8], more: &str| {
        let (snapshot, of, cut) = (digest(&whole), digest(of), digest(&cut));
        format!(
            r#"{{"version":1,"revision":7,"snapshot":"{snapshot}","cuts":{{"{of}":"{cut}"}}{more}}}"#
        )
        .into_bytes()
    };
    let kill = r#","kills":{"b":"on"}"#;
    let rollout =
        r#","rollouts":{"b":{"plan":"1","attempt":1,"stage":0,"state":"running","since":1}}"#;
    let fine = "flagstone; rev=7; id=header";
    for (name, cut_found, control, reads, expected) in [
        (
            "the cut",
            Some(&cut),
            control(&whole, ""),
            vec![&cut_key],
            fine,
        ),
        (
            "a kill of a flag that is not in it",
            Some(&cut),
            control(&whole, kill),
            vec![&cut_key],
            fine,
        ),
        (
            "a rollout of a flag that is not in it",
            Some(&cut),
            control(&whole, rollout),
            vec![&cut_key],
            fine,
        ),
        (
            "a kill of a flag that is in it, to no variant of it",
            Some(&cut),
            control(&whole, r#","kills":{"a":"purple"}"#),
            vec![&cut_key],
            "flagstone; rev=7; id=header; error=\"kill-unknown\"",
        ),
        (
            "it is not there",
            None,
            control(&whole, kill),
            vec![&cut_key, &whole_key],
            fine,
        ),
        (
            "it is another",
            Some(&whole),
            control(&whole, ""),
            vec![&cut_key, &whole_key],
            fine,
        ),
        (
            "it is of another snapshot",
            Some(&cut),
            control(&cut, ""),
            vec![&whole_key],
            fine,
        ),
    ] {
        let mut edge = Edge::new();
        edge.store.insert(whole_key.clone(), whole.clone());
        if let Some(found) = cut_found {
            edge.store.insert(cut_key.clone(), found.clone());
        }
        edge.store.insert("control".to_owned(), control);
        assert_eq!(status(&edge.request().1), expected, "{name}");
        assert_eq!(
            &edge.reads[1..],
            reads.iter().map(|key| key.to_string()).collect::<Vec<_>>(),
            "{name}"
        );
        // What is held will do as long as the document names that snapshot.
        edge.wait(60_000);
        edge.request();
        assert_eq!(edge.reads.len(), reads.len() + 2, "{name}");
    }
}

/// A store that does not answer is not asked for the whole snapshot either.
#[test]
fn a_cut_out_of_reach() {
    let mut node = Node::new(Options::DEFAULT);
    let now = UnixMillis(1_000_000);
    let control = br#"{"version":1,"revision":7,"snapshot":"00000000000000000000000000000001","cuts":{"00000000000000000000000000000001":"00000000000000000000000000000002"}}"#;
    let need = node.take(Need::Control, Fetched::Bytes(control.to_vec()), now);
    let need = need.unwrap();
    assert_eq!(need.key(), "snapshot/v1/00000000000000000000000000000002");
    assert!(need.is_immutable());
    assert_eq!(node.take(need, Fetched::Failed, now), None);
    assert_eq!(node.problem(), Some(Problem::SnapshotUnreachable));
}

/// A plan of the flag `a`: an hour at 1 %, four hours at 50 %.
fn planned(id: &str, straight: bool) -> Vec<u8> {
    use flagstone_compile::model::{Calendar, Plan, Share, Stage};
    use flagstone_core::Weight;
    let stage = |share: u32, hours: i64| Stage {
        share: Weight(share * 10_000),
        dwell: hours * 3_600_000,
    };
    let rule = crate::fixture::share(Share::Planned);
    let mut model = model(vec![flag("a", vec![rule])], Vec::new());
    model.plans.push(Plan {
        flag: "a".to_owned(),
        variant: "on".to_owned(),
        id: id.to_owned(),
        stages: vec![stage(1, 1), stage(50, 4)],
        straight,
        calendar: Calendar::default(),
        goals: Vec::new(),
    });
    snapshot(&model)
}

/// Which share is in force, by what the control document says of the rollout.
#[test]
fn rollouts() {
    // Moments in minutes after the beginning of the stage.
    for (name, straight, entry, minute, expected) in [
        ("not begun", false, "", 0, None),
        ("the first stage", false, "0 running", 0, Some((0, 10_000))),
        (
            "it does not grow by itself",
            false,
            "0 running",
            600,
            Some((0, 10_000)),
        ),
        ("the second", false, "1 running", 0, Some((1, 500_000))),
        ("paused", false, "1 paused 30", 600, Some((1, 500_000))),
        ("rolled back", false, "1 rolled-back", 0, None),
        (
            "a line's beginning",
            true,
            "0 running",
            0,
            Some((0, 10_000)),
        ),
        ("its middle", true, "0 running", 30, Some((0, 255_000))),
        ("its end", true, "0 running", 600, Some((0, 500_000))),
        (
            "before its beginning",
            true,
            "0 running",
            -600,
            Some((0, 10_000)),
        ),
        (
            "paused in the middle",
            true,
            "0 paused 30",
            600,
            Some((0, 255_000)),
        ),
        ("the next line", true, "1 running", 120, Some((1, 750_000))),
        // Everybody is in: there is nothing left to compare.
        ("the last line's end", true, "1 running", 600, None),
        ("complete", false, "1 complete", 0, None),
    ] {
        let bytes = planned("p", straight);
        let since = 1_795_376_100_000i64;
        let words: Vec<&str> = entry.split(' ').collect();
        let entry = match words.as_slice() {
            [stage, state, rest @ ..] => format!(
                r#""a":{{"plan":"p","attempt":1,"stage":{stage},"state":"{state}","since":{since},"held":{}}}"#,
                since
                    + rest
                        .first()
                        .map_or(0, |held| held.parse::<i64>().unwrap() * 60_000)
            ),
            _ => String::new(),
        };
        let digest = flagstone_core::Snapshot::open(&bytes).unwrap().digest();
        let text =
            format!(r#"{{"version":1,"revision":1,"snapshot":"{digest}","rollouts":{{{entry}}}}}"#);
        let control = crate::Control::read(text.as_bytes()).unwrap();
        let held = crate::Configuration::new(bytes, control, None).unwrap();
        assert_eq!(held.problem(), None, "{name}");
        let flag = held.snapshot().unwrap().find("a").unwrap();
        let now = UnixMillis(since + minute * 60_000);
        let staged = held.staged(flag, now);
        let seen = staged.map(|staged| {
            let parts = (staged.share.as_f64() * 1e6).round() as u32;
            (staged.stage, parts)
        });
        assert_eq!(seen, expected, "{name}");
    }
}

/// A rollout goes on in a snapshot whose plan has the same id, and in no other.
#[test]
fn rollouts_over_publications() {
    let mut edge = Edge::new();
    let since = edge.now.0;
    let at = |plan: &str, stage: u8| {
        format!(
            r#"{{"a":{{"plan":"{plan}","attempt":1,"stage":{stage},"state":"running","since":{since}}}}}"#
        )
    };
    let mut sequence = 0;
    let mut publish = |edge: &mut Edge, bytes: &[u8], rollouts: &str, stored: bool| {
        sequence += 1;
        let digest = flagstone_core::Snapshot::open(bytes).unwrap().digest();
        let text = format!(
            r#"{{"version":1,"sequence":{sequence},"revision":1,"snapshot":"{digest}","rollouts":{rollouts}}}"#
        );
        if stored {
            edge.store
                .insert(format!("snapshot/v1/{digest}"), bytes.to_vec());
        }
        edge.store.insert("control".to_owned(), text.into_bytes());
        edge.wait(60_000);
        edge.request();
        edge.wait(60_000);
        edge.request();
        let held = edge.node.configuration().unwrap();
        let flag = held.snapshot().unwrap().find("a").unwrap();
        let staged = held.staged(flag, edge.now);
        (staged.map(|staged| staged.stage), edge.status())
    };
    let fine = "flagstone; rev=1; id=header".to_owned();
    let unknown = "flagstone; rev=1; id=header; error=\"rollout-unknown\"".to_owned();
    let late = "flagstone; rev=1; id=header; stale; error=\"no-snapshot\"".to_owned();
    let (one, straight, two) = (planned("1", false), planned("1", true), planned("2", false));
    let edge = &mut edge;
    assert_eq!(publish(edge, &one, "{}", true), (None, fine.clone()));
    assert_eq!(
        publish(edge, &one, &at("1", 0), true),
        (Some(0), fine.clone())
    );
    assert_eq!(
        publish(edge, &one, &at("1", 1), true),
        (Some(1), fine.clone())
    );
    // Another snapshot, the same plan.
    assert_eq!(
        publish(edge, &straight, &at("1", 1), true),
        (Some(1), fine.clone())
    );
    // A stage that it does not have: nobody is in.
    assert_eq!(
        publish(edge, &straight, &at("1", 2), true),
        (None, unknown.clone())
    );
    assert_eq!(
        publish(edge, &straight, &at("1", 1), true),
        (Some(1), fine.clone())
    );
    // Another plan, whose snapshot is late: what runs goes on, and can be taken back.
    assert_eq!(
        publish(edge, &two, &at("2", 0), false),
        (Some(1), late.clone())
    );
    let back = at("1", 1).replace("running", "rolled-back");
    assert_eq!(publish(edge, &two, &back, false), (None, late));
    assert_eq!(publish(edge, &two, &at("1", 1), true), (None, unknown));
    assert_eq!(
        publish(edge, &two, &at("2", 0), true),
        (Some(0), fine.clone())
    );
    // Malformed: the stable side.
    let bad = r#"{"a":{"plan":"2"}}"#;
    assert_eq!(publish(edge, &two, bad, true).0, None);
    // An older document changes nothing.
    assert_eq!(publish(edge, &two, &at("2", 1), true), (Some(1), fine));
    let older = control(&two, 1, "");
    edge.store.insert("control".to_owned(), older);
    edge.wait(60_000);
    edge.request();
    assert_eq!(
        edge.status(),
        "flagstone; rev=1; id=header; error=\"revision-older\""
    );
    let held = edge.node.configuration().unwrap();
    assert_eq!(held.rollouts().len(), 1);
    assert_ne!(held.rollouts(), &[flagstone_core::Progress::NONE]);
}

mod documents;
