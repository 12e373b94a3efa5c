#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use super::*;
use crate::{Judgement, plans};
use flagstone_edge::rollout_id;
use flagstone_rollout::guard::{Terms, Watch};
use flagstone_rollout::tally::{Key, Line, Row};
use flagstone_rollout::{Report, ReportId};

const DAY_MS: i64 = 86_400_000;
/// 2026-11-28T12:00:00Z.
const NOW_MS: i64 = 1_795_867_200_000;

const SHOP: &str = r#"
[flags.checkout]
expires = 2027-03-01
variants = { control = false, treatment = true }
default = "control"
rollout = { treatment = "plan" }

[flags.checkout.plan]
stages = [{ share = 5, dwell = "1h" }, { share = 50, dwell = "2h" }]
goals = ["bought", "thanked"]
zone = "Europe/Berlin"
freezes = [{ from = 2027-06-01, to = 2027-06-03 }]

[goals.thanked]
path = "/thanks"
[goals.bought]
event = "bought"

[flags.banner]
enabled = false

[[routes]]
path = "/checkout/*"
flag = "checkout"
variants.treatment = { origin = "canary" }

[origins]
canary = { fallback = "stable" }
"#;

fn desk(since_ms: i64) -> Desk {
    let judgement = Judgement {
        terms: Terms::DEFAULT,
        watch: Watch::DEFAULT,
        adopt: false,
    };
    Desk::new(judgement, since_ms)
}

/// What is seen of the shop, with these members in its control document, after these lines.
fn view(members: &str, mut desk: Desk, lines: &str, at_ms: i64) -> Value {
    let outcome = flagstone_authoring::read(SHOP, None, &|_: &str| {
        Err(std::io::ErrorKind::NotFound.into())
    });
    let bytes = flagstone_compile::compile(&outcome.model.unwrap())
        .snapshot
        .unwrap();
    let snapshot = Snapshot::open(&bytes).unwrap();
    let digest = snapshot.digest();
    let control = format!(
        r#"{{"version":1,"revision":7,"sequence":9,"snapshot":"{digest}","last":{{"what":"pause"}}{members}}}"#
    );
    let document = Document::read(control.as_bytes()).unwrap();
    let (plans, _) = plans::all(&snapshot);
    desk.follow(&document.control, &plans, |_| Ok(None), at_ms)
        .unwrap();
    desk.take(lines, at_ms);
    desk.lead(at_ms);
    let health = Health {
        at_ms,
        document: &document,
        snapshot,
        desk: &desk,
        activity: &desk.activity,
        decisions: &[r#"{"id":"one"}"#.to_owned(), "broken".to_owned()],
        problem: Some("the disk is full"),
    };
    serde_json::from_str(&health.json()).unwrap()
}

fn course(state: &str, since_ms: i64) -> String {
    format!(
        r#","rollouts":{{"checkout":{{"plan":"1","attempt":3,"stage":0,"state":"{state}","since":{since_ms},"held":{since_ms}}}}}"#
    )
}

fn flag<'v>(view: &'v Value, key: &str) -> &'v Value {
    let flags = view["flags"].as_array().unwrap();
    flags.iter().find(|flag| flag["key"] == key).unwrap()
}

#[test]
fn says_what_may_be_done() {
    let kill = r#","kills":{"checkout":"control"}"#;
    let cases = [
        (String::new(), json!(["kill"])),
        (course("running", NOW_MS), json!(["kill", "pause"])),
        (course("paused", NOW_MS), json!(["kill", "resume"])),
        (course("complete", NOW_MS), json!(["kill"])),
        (course("rolled-back", NOW_MS), json!(["kill"])),
        (kill.to_owned(), json!(["lift"])),
        (course("running", NOW_MS) + kill, json!(["lift", "pause"])),
    ];
    for (members, may) in cases {
        let view = view(&members, desk(NOW_MS), "", NOW_MS);
        assert_eq!(flag(&view, "checkout")["may"], may, "{members}");
    }
}

#[test]
fn says_which_flags_have_outlived_their_use() {
    let cases = [
        (
            course("complete", NOW_MS - 13 * DAY_MS),
            NOW_MS,
            json!(null),
        ),
        (
            course("complete", NOW_MS - 14 * DAY_MS),
            NOW_MS,
            json!("settled"),
        ),
        (String::new(), NOW_MS - 6 * DAY_MS, json!(null)),
        (String::new(), NOW_MS - 7 * DAY_MS, json!("unseen")),
    ];
    for (members, since_ms, stale) in cases {
        let view = view(&members, desk(since_ms), "", NOW_MS);
        assert_eq!(flag(&view, "checkout")["stale"], stale, "{members}");
        // It acts on no route, so nobody counts it.
        assert_eq!(flag(&view, "banner")["stale"], json!(null));
    }
}

#[test]
fn says_which_flags_have_expired() {
    // It expires as 2027-03-01 begins.
    let day_ms = 1_803_859_200_000;
    let settled = course("complete", day_ms - 14 * DAY_MS);
    for (members, at_ms, stale) in [
        (String::new(), day_ms - 1, json!(null)),
        (String::new(), day_ms, json!("expired")),
        // Its owner's word comes first.
        (settled, day_ms, json!("expired")),
    ] {
        let view = view(&members, desk(at_ms), "", at_ms);
        let checkout = flag(&view, "checkout");
        assert_eq!(checkout["stale"], stale, "{members} {at_ms}");
        assert_eq!(checkout["expires"], json!("2027-03-01"));
        assert_eq!(flag(&view, "banner")["expires"], json!(null));
    }
}

#[test]
fn says_when_a_rollout_may_grow() {
    let view = |at_ms| view(&course("running", NOW_MS), desk(NOW_MS), "", at_ms);
    let early = view(NOW_MS + 600_000);
    let rollout = &flag(&early, "checkout")["rollout"];
    assert_eq!(rollout["grows"]["now"], json!(false));
    assert_eq!(rollout["grows"]["from_ms"], json!(NOW_MS + 3_600_000));
    assert_eq!(
        rollout["stages"],
        json!([{"share": 0.05, "dwell_ms": 3_600_000}, {"share": 0.5, "dwell_ms": 7_200_000}])
    );
    let late = view(NOW_MS + 3_600_000);
    assert_eq!(
        flag(&late, "checkout")["rollout"]["grows"],
        json!({"now": true})
    );
    // 2027-05-31T21:30:00Z: when the dwell ends, a freeze is on, until 2027-06-03T22:00:00Z.
    let (begun_ms, thawed_ms) = (1_811_799_000_000, 1_812_060_000_000_i64);
    let at_ms = begun_ms + 600_000;
    let frozen = self::view(&course("running", begun_ms), desk(begun_ms), "", at_ms);
    let grows = &flag(&frozen, "checkout")["rollout"]["grows"];
    assert_eq!(grows["from_ms"], json!(thawed_ms));
}

#[test]
fn has_figures_where_nodes_have_reported() {
    let mut lines = String::new();
    for (variant, instance, revision, requests, errors) in
        [("control", 1, 7, 950, 0), ("treatment", 2, 6, 50, 5)]
    {
        let mut row = Row {
            requests,
            errors,
            fallbacks: 1,
            guarded: 10,
            exposures: requests,
            ..Row::default()
        };
        row.latency.add(39, 40);
        let key = Key {
            revision,
            flag: "checkout".to_owned(),
            variant: variant.to_owned(),
            ..Key::default()
        };
        let id = ReportId {
            instance,
            sequence: 0,
        };
        lines += &(Line {
            id,
            interval: 1,
            key,
            row,
        }
        .write()
            + "\n");
    }
    let view = view("", desk(NOW_MS), &lines, NOW_MS);
    let variants = &flag(&view, "checkout")["variants"];
    let treatment = &variants[1];
    assert_eq!(variants[0]["share"], json!(0.95));
    assert_eq!(treatment["requests"], json!(50));
    assert_eq!(treatment["errors"]["rate"], json!(0.1));
    assert_eq!(treatment["failures"]["count"], json!(6));
    assert_eq!(treatment["failures"]["of"], json!(40));
    let [low, high] = ["low", "high"].map(|end| treatment["errors"][end].as_f64().unwrap());
    assert!(low < 0.1 && 0.1 < high && high < 0.4, "{low} {high}");
    assert_eq!(treatment["latency"]["p95"]["ms"], json!(124.0));
    assert_eq!(
        treatment["series"]["requests"].as_array().unwrap().last(),
        Some(&json!(50))
    );
    let revisions = view["nodes"].as_array().unwrap();
    let revisions = revisions
        .iter()
        .map(|of| (of["revision"].as_u64(), of["count"].as_u64()));
    assert_eq!(
        revisions.collect::<Vec<_>>(),
        [(Some(7), Some(1)), (Some(6), Some(1))]
    );
    // Nothing is invented for what nobody has reported.
    assert_eq!(flag(&view, "banner")["variants"][0], json!({"key": "off"}));
}

/// A canary of which a tenth of the requests fail, half of those seen by visitors, while its breaker is open half of the time, and
/// control then fails always.
#[test]
fn what_control_does_in_a_canarys_place_is_not_the_canarys() {
    let own = Row {
        requests: 100,
        errors: 5,
        fallbacks: 5,
        ..Row::default()
    };
    let guarded = Row {
        requests: 100,
        errors: 100,
        guarded: 100,
        ..Row::default()
    };
    let lines = (0..).zip([own, guarded]).map(|(sequence, row)| {
        let key = Key {
            flag: "checkout".to_owned(),
            variant: "treatment".to_owned(),
            ..Key::default()
        };
        let line = Line {
            id: ReportId {
                instance: 1,
                sequence,
            },
            interval: 1,
            key,
            row,
        };
        line.write() + "\n"
    });
    let view = view("", desk(NOW_MS), &lines.collect::<String>(), NOW_MS);
    let treatment = &flag(&view, "checkout")["variants"][1];
    for (pointer, expected) in [
        ("/requests", 200),
        ("/guarded", 100),
        ("/errors/count", 105),
        ("/errors/of", 200),
        ("/failures/count", 10),
        ("/failures/of", 100),
        ("/series/requests/59", 200),
        ("/series/failures/59", 10),
    ] {
        assert_eq!(
            treatment.pointer(pointer),
            Some(&json!(expected)),
            "{pointer}"
        );
    }
}

#[test]
fn has_what_the_guard_goes_by() {
    let id = rollout_id("checkout", "1", 3);
    let mut report = Report {
        rollout: id,
        interval: flagstone_rollout::interval(NOW_MS),
        ..Report::default()
    };
    report.arms.control.fetches = 990;
    report.arms.canary.fetches = 10;
    report.arms.canary.hard_requests = 5;
    report.arms.canary.hard = 5;
    report.arms.canary.goal_exposed = 8;
    report.arms.canary.goal_hits = [2, 6, 0, 0];
    report.arms.control.goal_exposed = 100;
    report.arms.control.goal_hits = [50, 0, 0, 0];
    let line = flagstone_rollout::Line {
        id: ReportId::default(),
        report,
        flag: "checkout".to_owned(),
        unit: None,
    };
    let view = view(
        &course("running", NOW_MS),
        desk(NOW_MS),
        &line.write(),
        NOW_MS,
    );
    let guard = &flag(&view, "checkout")["rollout"]["guard"];
    assert_eq!(guard["phase"], json!("rolled-back"));
    assert_eq!(guard["fetches"]["canary"]["rate"], json!(0.5));
    assert!(guard["evidence"].as_f64() > Some(100.0));
    let goals = guard["goals"].as_array().unwrap().iter();
    let goals = goals.map(|goal| {
        (
            &goal["name"],
            &goal["control"]["rate"],
            &goal["canary"]["rate"],
        )
    });
    assert!(goals.eq([
        (&json!("bought"), &json!(0.5), &json!(0.25)),
        (&json!("thanked"), &json!(0.0), &json!(0.75)),
    ]));
}

#[test]
fn passes_on_what_is_json_already() {
    let view = view("", desk(5), "", NOW_MS);
    for (pointer, expected) in [
        ("/version", json!(1)),
        ("/at_ms", json!(NOW_MS)),
        ("/since_ms", json!(5)),
        ("/revision", json!(7)),
        ("/sequence", json!(9)),
        ("/last/what", json!("pause")),
        ("/decisions", json!([{"id": "one"}])),
        ("/nodes", json!([])),
    ] {
        assert_eq!(view.pointer(pointer), Some(&expected), "{pointer}");
    }
}

#[test]
fn a_count_may_be_as_large_as_it_likes() {
    let line = |variant: &str, sequence| {
        format!(
            r#"{{"flagstone":"tally","instance":"07","sequence":{sequence},"interval":1,"flag":"checkout","stage":0,"variant":"{variant}","route":"/","requests":{},"errors":{}}}"#,
            u64::MAX,
            u64::MAX
        ) + "\n"
    };
    let lines = line("control", 0) + &line("treatment", 1);
    let view = view("", desk(NOW_MS), &lines, NOW_MS);
    for variant in flag(&view, "checkout")["variants"].as_array().unwrap() {
        assert_eq!(
            (&variant["share"], &variant["errors"]["rate"]),
            (&json!(1.0), &json!(1.0))
        );
    }
}
