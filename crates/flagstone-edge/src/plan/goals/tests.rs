#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::control::Control;
use crate::fixture::{Head, flag, header, model, share, snapshot};
use crate::ledger::Isolate;
use crate::plan::{Attempts, Next, Pending, plan};
use flagstone_compile::model::Goal as Aim;
use flagstone_compile::model::{Calendar, Consent, Plan as Stages, Share as Part, Stage};
use flagstone_core::Weight;
use flagstone_rollout::{Counts, Line, PerArm};
use std::collections::BTreeMap;

const SECRET: &[u8] = b"0123456789abcdef";
const BEGIN: i64 = 1_800_000_000_000;

/// A rollout at 25 and 50 %, whose goals are a page, an event anywhere, and an event on a path of one method.
fn configuration(stage: u8, needs_consent: bool) -> Configuration {
    let goal = |name: &str, path: &str, method: &str, event: &str| Aim {
        name: name.to_owned(),
        path: path.to_owned(),
        method: method.to_owned(),
        event: event.to_owned(),
        ..Aim::default()
    };
    let mut model = model(vec![flag("canary", vec![share(Part::Planned)])], Vec::new());
    model.edge.goals = vec![
        goal("paid", "/*", "", "paid"),
        goal("thanks", "/thanks", "", ""),
        goal("rated", "/rate", "POST", "rated"),
        goal("idle", "/idle", "", ""),
    ];
    if needs_consent {
        model.edge.identity.consent = Some(Consent {
            cookie: "consent".to_owned(),
            value: String::new(),
        });
    }
    let stage_of = |share| Stage {
        share: Weight(share),
        dwell: 60_000,
    };
    model.plans.push(Stages {
        flag: "canary".to_owned(),
        variant: "on".to_owned(),
        id: "1".to_owned(),
        stages: vec![stage_of(250_000), stage_of(500_000)],
        straight: false,
        calendar: Calendar::default(),
        goals: ["thanks", "paid", "rated"].map(str::to_owned).to_vec(),
    });
    let bytes = snapshot(&model);
    let digest = Snapshot::open(&bytes).unwrap().digest();
    let control = format!(
        r#"{{"version":1,"revision":7,"snapshot":"{digest}","rollouts":{{"canary":{{"plan":"1","attempt":1,"stage":{stage},"state":"running","since":0}}}}}}"#
    );
    let control = Control::read(control.as_bytes()).unwrap();
    Configuration::new(bytes, control, None).unwrap()
}

/// A request of a visitor: minutes since the beginning, the stage, method and path, the answer's status and events.
type Visit = (i64, u8, &'static str, u16, &'static str);

/// Visitors who were exposed, and of them those who reached each goal.
type Reached = (u64, [u64; 4]);

/// What a visitor with a cookie jar of its own brings about.
struct Visitor {
    isolate: Isolate,
    headers: Vec<(&'static str, String)>,
    jar: BTreeMap<String, String>,
}

impl Visitor {
    fn new(user: &str, headers: &[(&'static str, &str)]) -> Self {
        let mut isolate = Isolate::new();
        isolate.sign_with(SECRET);
        let user = [("x-user", user)].into_iter();
        Self {
            isolate,
            headers: user
                .chain(headers.iter().copied())
                .map(|(name, value)| (name, value.to_owned()))
                .collect(),
            jar: BTreeMap::new(),
        }
    }

    /// What comes of a visit: the origin, and the last changes.
    fn goes(&mut self, visit: Visit, needs_consent: bool) -> (String, Vec<Edit>) {
        let (minute, stage, request, status, events) = visit;
        let now = UnixMillis(BEGIN + 60_000 * minute);
        let (method, path) = request.split_once(' ').unwrap_or(("GET", request));
        let jar = self
            .jar
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        let cookie = jar.collect::<Vec<_>>().join("; ");
        let mut headers: Vec<_> = self
            .headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        headers.push(("cookie", &cookie));
        let mut head = Head::get(path, &headers);
        head.method = method.to_owned();
        let configuration = configuration(stage, needs_consent);
        let planned = plan(
            Attempts::All,
            &mut self.isolate,
            Some(&configuration),
            None,
            &head,
            now,
            || [0; 16],
        );
        // What it remembers crosses the border as text.
        let pending = Pending::parse(&planned.pending.text());
        assert_eq!(pending, planned.pending);
        let answer = Ended {
            outcome: Outcome::Status(status),
            latency_ms: 20,
            from_cache: false,
            events: events.to_owned(),
        };
        let edits = match pending.ended(&mut self.isolate, &answer, now) {
            Next::Respond(edits) => edits,
            Next::FailOver => {
                let second = Ended {
                    outcome: Outcome::Status(200),
                    ..answer.clone()
                };
                pending.stood_in(&mut self.isolate, &answer, &second, now)
            }
        };
        if let Some(cookie) = header(&edits, "set-cookie") {
            assert_eq!(header(&edits, "cache-control"), Some("no-store"));
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            self.jar.insert(name.to_owned(), value.to_owned());
        }
        (planned.origin, edits)
    }

    /// Everything that was counted, by stage.
    fn counts(&mut self) -> [PerArm<Counts>; 2] {
        let mut counts = [PerArm::<Counts>::default(); 2];
        for line in self.isolate.reports(BEGIN + 3_600_000).rollouts {
            let report = Line::read(&line).unwrap().unwrap().report;
            let stage = counts.get_mut(usize::from(report.stage)).unwrap();
            stage.control.merge(&report.arms.control);
            stage.canary.merge(&report.arms.canary);
        }
        counts
    }
}

/// A visitor who has control at 25 % and the canary at 50 %, and one who always has the canary.
fn users() -> [String; 2] {
    let origin = |user: &str, stage| {
        Visitor::new(user, &[])
            .goes((0, stage, "/canary/x", 200, ""), false)
            .0
    };
    let names = (0..).map(|user| format!("user-{user}"));
    let find = |first: &str| {
        let is_it = |user: &String| origin(user, 0) == first && origin(user, 1) == "canary";
        names.clone().find(is_it).unwrap()
    };
    [find("stable"), find("canary")]
}

#[test]
fn what_visitors_do_is_what_is_counted() {
    let exposed = (0, 0, "/canary/x", 200, "");
    #[rustfmt::skip]
    let cases: &[(&str, &[Visit], [Reached; 2])] = &[
        ("a visit is an exposure", &[exposed], [(1, [0; 4]), (0, [0; 4])]),
        ("one is, of many", &[exposed, exposed, (900, 0, "/canary/y", 200, "")], [(1, [0; 4]), (0, [0; 4])]),
        ("a page that was not found too", &[(0, 0, "/canary/x", 404, "")], [(1, [0; 4]), (0, [0; 4])]),
        ("elsewhere there is none", &[(0, 0, "/x", 200, ""), (0, 0, "/thanks", 200, "")], [(0, [0; 4]); 2]),
        ("a page is reached once", &[exposed, (1, 0, "/thanks", 200, ""), (2, 0, "/thanks", 200, "")], [(1, [1, 0, 0, 0]), (0, [0; 4])]),
        ("not before the exposure", &[(0, 0, "/thanks", 200, ""), exposed], [(1, [0; 4]), (0, [0; 4])]),
        ("a redirect is well", &[exposed, (1, 0, "/thanks", 303, "")], [(1, [1, 0, 0, 0]), (0, [0; 4])]),
        ("an error is not", &[exposed, (1, 0, "/thanks", 404, ""), (2, 0, "/thanks", 500, "")], [(1, [0; 4]), (0, [0; 4])]),
        ("what is reached after an error", &[exposed, (1, 0, "/thanks", 500, ""), (2, 0, "/thanks", 200, "")], [(1, [1, 0, 0, 0]), (0, [0; 4])]),
        ("half an hour is the time", &[exposed, (29, 0, "/thanks", 200, ""), (30, 0, "/a", 200, "paid")], [(1, [1, 0, 0, 0]), (0, [0; 4])]),
        ("an event, among others, with parameters", &[exposed, (1, 0, "/a", 200, "x, paid;a=1")], [(1, [0, 1, 0, 0]), (0, [0; 4])]),
        ("of an error as well", &[exposed, (1, 0, "/a", 500, "paid")], [(1, [0, 1, 0, 0]), (0, [0; 4])]),
        ("in the exposure's own answer", &[(0, 0, "/canary/x", 200, "paid")], [(1, [0, 1, 0, 0]), (0, [0; 4])]),
        ("of the method", &[exposed, (1, 0, "/rate", 200, "rated"), (2, 0, "POST /rate", 200, "rated")], [(1, [0, 0, 1, 0]), (0, [0; 4])]),
        ("of other names", &[exposed, (1, 0, "/a", 200, "rated, unpaid, PAID")], [(1, [0; 4]), (0, [0; 4])]),
        ("two at once, and the third later", &[exposed, (1, 0, "/thanks", 200, "paid"), (2, 0, "POST /rate", 201, "rated, paid")], [(1, [1, 1, 1, 0]), (0, [0; 4])]),
        ("whoever was exposed in a stage belongs to it", &[exposed, (1, 1, "/canary/x", 200, ""), (2, 1, "/thanks", 200, "")], [(1, [1, 0, 0, 0]), (0, [0; 4])]),
        ("others to the present one", &[(0, 1, "/canary/x", 200, ""), (2, 1, "/thanks", 200, "")], [(0, [0; 4]), (1, [1, 0, 0, 0])]),
    ];
    let users = users();
    for (name, visits, expected) in cases {
        // Whichever arm it is; control's visitor has the canary in the second stage.
        for (user, at_first) in users.iter().zip([Arm::Control, Arm::Canary]) {
            let mut visitor = Visitor::new(user, &[]);
            for visit in *visits {
                visitor.goes(*visit, false);
            }
            let arms = [at_first, Arm::Canary];
            for ((counts, expected), arm) in visitor.counts().iter().zip(expected).zip(arms) {
                let of = |arm: Arm| (counts.of(arm).goal_exposed, counts.of(arm).goal_hits);
                assert_eq!(of(arm), *expected, "{name}, {arm:?}");
                let other = match arm {
                    Arm::Control => Arm::Canary,
                    Arm::Canary => Arm::Control,
                };
                assert_eq!(of(other), (0, [0; 4]), "{name}, not {arm:?}");
            }
        }
    }
}

#[test]
fn who_is_left_alone() {
    let [_, user] = users();
    let bot = "Googlebot/2.1 (+http://www.google.com/bot.html)";
    for (name, headers, needs_consent, cookie, expected) in [
        ("anybody else", ("accept", "*/*"), false, "", 1),
        ("consent was given", ("accept", "*/*"), true, "consent=1", 1),
        ("no consent", ("accept", "*/*"), true, "", 0),
        ("Sec-GPC", ("sec-gpc", "1"), false, "", 0),
        ("a prefetch", ("sec-purpose", "prefetch"), false, "", 0),
        ("a bot", ("user-agent", bot), false, "", 0),
        (
            "washout",
            ("accept", "*/*"),
            false,
            "__Host-flagstone-washout=canary",
            0,
        ),
    ] {
        let mut visitor = Visitor::new(&user, &[headers]);
        if let Some((name, value)) = cookie.split_once('=') {
            visitor.jar.insert(name.to_owned(), value.to_owned());
        }
        let (_, edits) = visitor.goes((0, 0, "/canary/x", 200, ""), needs_consent);
        assert_eq!(edits.is_empty(), expected == 0, "{name}");
        visitor.goes((1, 0, "/thanks", 200, ""), needs_consent);
        let [first, _] = visitor.counts();
        let counts = (first.canary.goal_exposed, first.canary.goal_hits);
        assert_eq!(counts, (expected, [expected, 0, 0, 0]), "{name}");
    }
}

#[test]
fn without_a_secret_nothing_is_counted_and_that_is_said() {
    let [_, user] = users();
    for (secret, expected) in [
        (SECRET, "flagstone; rev=7; id=header"),
        (
            b"too short",
            "flagstone; rev=7; id=header; error=\"no-goals-key\"",
        ),
    ] {
        let mut isolate = Isolate::new();
        isolate.sign_with(secret);
        let head = Head::get("/canary/x", &[("x-user", &user)]);
        let configuration = configuration(0, false);
        let plan = plan(
            Attempts::All,
            &mut isolate,
            Some(&configuration),
            None,
            &head,
            UnixMillis(BEGIN),
            || [0; 16],
        );
        assert_eq!(plan.pending.status.value(), expected);
        assert_eq!(plan.pending.goals.is_some(), secret == SECRET);
    }
}

/// Who has nothing to do with goals costs nothing and is told nothing; what an origin reports is for nobody.
#[test]
fn events_of_goals_are_not_for_visitors() {
    for (path, expected) in [("/x", true), ("/canary/x", true)] {
        let head = Head::get(path, &[("x-user", "user-1")]);
        let configuration = configuration(0, false);
        let plan = plan(
            Attempts::All,
            &mut (),
            Some(&configuration),
            None,
            &head,
            UnixMillis(BEGIN),
            || [0; 16],
        );
        assert_eq!(plan.response.hides_events, expected, "{path}");
    }
}

#[test]
fn what_is_unreachable_counts_for_nothing() {
    let [_, user] = users();
    let mut visitor = Visitor::new(&user, &[]);
    visitor.goes((0, 0, "/canary/x", 200, ""), false);
    for outcome in [Outcome::Connection, Outcome::Timeout, Outcome::Status(101)] {
        let goals = Goals {
            notes: Vec::new(),
            chances: vec![Chance {
                flag: "canary".to_owned(),
                rollout: 7,
                stage: 0,
                share: Share::new(0.5).unwrap(),
                exposed: Some(Arm::Canary),
                answered: 1,
                events: Vec::new(),
            }],
        };
        let answer = Ended {
            outcome,
            latency_ms: 20,
            from_cache: false,
            events: String::new(),
        };
        let edits = goals.count(&mut visitor.isolate, &answer, UnixMillis(BEGIN));
        assert_eq!(edits, [], "{outcome:?}");
    }
    let [first, _] = visitor.counts();
    assert_eq!(first.canary.goal_exposed, 1);
}
