#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::control::Control;
use crate::fixture::{Head, configuration, control, flag, having, header, model, share, snapshot};
use crate::plan::{Attempts, Ended, Next, Plan, plan};
use crate::{Configuration, Edit};
use flagstone_compile::model::{Calendar, Plan as Stages, Share as Part, Source, Stage};
use flagstone_core::{UnixMillis, Weight};
use flagstone_rollout::{Circumstances, Failover, Line, Outcome, PerArm, Report, Sequences};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// What the platform shares, in memory: counters of a minute, and names that are shut.
#[derive(Default)]
struct Counters {
    now_ms: i64,
    counts: RefCell<BTreeMap<String, Vec<i64>>>,
    shut: RefCell<BTreeMap<String, i64>>,
}

impl Shared for &Counters {
    fn increment(&self, counter: &str) {
        let mut counts = self.counts.borrow_mut();
        counts
            .entry(counter.to_owned())
            .or_default()
            .push(self.now_ms);
    }

    fn count(&self, counter: &str) -> u64 {
        let since = self.now_ms - 60_000;
        let counts = self.counts.borrow();
        let count = counts.get(counter).into_iter().flatten();
        count.filter(|at| **at > since).count() as u64
    }

    fn shut(&self, name: &str, millis: u32) {
        let until = self.now_ms + i64::from(millis);
        self.shut.borrow_mut().insert(name.to_owned(), until);
    }

    fn is_shut(&self, name: &str) -> bool {
        let shut = self.shut.borrow();
        shut.get(name).is_some_and(|until| *until > self.now_ms)
    }

    fn secret(&self) -> Option<Vec<u8>> {
        None
    }
}

/// Whoever has had control in place of the canary is told apart until the browser is closed, and counts in neither arm.
#[test]
fn washout() {
    let now = UnixMillis(1_800_000_000_000);
    let mut isolate = Isolate::new();
    until_open(&mut isolate, || now);
    let configuration = halves();
    let response = crate::fixture::Response {
        status: 200,
        headers: Vec::new(),
    };
    let users = 2_000..2_040;
    let moved = users.filter(|user| {
        let plan = visit(&configuration, &mut isolate, *user, now);
        let edits = plan.respond(&response).edits;
        let is_moved = status(&edits).contains("guard=open");
        let cookies = edits.iter().filter_map(|edit| match edit {
            Edit::Append(name, value) if name == "set-cookie" => Some(value.as_str()),
            _ => None,
        });
        let cookie = cookies.filter(|cookie| cookie.starts_with("__Host-flagstone-washout="));
        let expected = "__Host-flagstone-washout=canary; Path=/; Secure; HttpOnly; SameSite=Lax";
        assert!(cookie.eq(is_moved.then_some(expected)), "{edits:?}");
        is_moved
    });
    let moved: Vec<u32> = moved.collect();
    assert!(moved.len() > 10, "{moved:?}");

    // With a node that knows of nothing: the cookie alone tells.
    for (cookie, fetches) in [("", 1), ("__Host-flagstone-washout=other&canary", 0)] {
        let mut isolate = Isolate::new();
        let user = format!("user-{}", moved.first().unwrap());
        let head = Head::get("/canary/x", &[("x-user", &user), ("cookie", cookie)]);
        let plan = plan(
            Attempts::All,
            &mut isolate,
            Some(&configuration),
            None,
            &head,
            now,
            || [0; 16],
        );
        assert_eq!(plan.origin, "canary");
        plan.ended(&mut isolate, &ended(200), now);
        let reports = isolate.reports(now.0);
        let lines = reports
            .rollouts
            .iter()
            .map(|line| Line::read(line).unwrap().unwrap());
        let found: u64 = lines.map(|line| line.report.arms.canary.fetches).sum();
        assert_eq!(found, fetches, "{cookie}");
        assert_eq!(reports.tallies.len(), 1, "{cookie}");
    }
}

/// A canary with half of the visitors, whose keys are in `x-user`.
fn halves() -> Configuration {
    let half = share(Part::Fixed(Weight(Weight::TOTAL.0 / 2)));
    configuration(&model(vec![flag("canary", vec![half])], Vec::new()))
}

fn visit(
    configuration: &Configuration,
    ledger: &mut impl Ledger,
    user: u32,
    now: UnixMillis,
) -> Plan {
    let user = format!("user-{user}");
    visit_with(configuration, ledger, &[("x-user", &user)], now)
}

fn visit_with(
    configuration: &Configuration,
    ledger: &mut impl Ledger,
    headers: &[(&str, &str)],
    now: UnixMillis,
) -> Plan {
    visit_as(configuration, ledger, headers, 0, now)
}

/// A visitor without an id, who gets one that differs by a number.
fn visit_new(
    configuration: &Configuration,
    ledger: &mut impl Ledger,
    number: u8,
    now: UnixMillis,
) -> Plan {
    visit_as(configuration, ledger, &[], number, now)
}

/// A visitor who would get an id of this number.
fn visit_as(
    configuration: &Configuration,
    ledger: &mut impl Ledger,
    headers: &[(&str, &str)],
    number: u8,
    now: UnixMillis,
) -> Plan {
    plan(
        Attempts::All,
        ledger,
        Some(configuration),
        None,
        &Head::get("/canary/x", headers),
        now,
        || [number; 16],
    )
}

fn ended(status: u16) -> Ended {
    Ended {
        outcome: Outcome::Status(status),
        latency_ms: 20,
        from_cache: false,
        events: String::new(),
    }
}

fn status(edits: &[Edit]) -> &str {
    header(edits, "flagstone-status").unwrap()
}

/// Visits by one user after the other, each of whom finds a canary that fails with 500. How many canary visitors there were
/// until the first who got control, since the breaker is open.
fn until_open(ledger: &mut impl Ledger, tick: impl Fn() -> UnixMillis) -> usize {
    let configuration = halves();
    let mut canaries = 0;
    for user in 0..1_000 {
        let plan = visit(&configuration, ledger, user, tick());
        let response = crate::fixture::Response {
            status: 200,
            headers: Vec::new(),
        };
        if status(&plan.respond(&response).edits).contains("guard=open") {
            assert_eq!(plan.origin, "stable");
            return canaries;
        }
        if plan.origin == "canary" {
            canaries += 1;
            let first = ended(500);
            if plan.ended(ledger, &first, tick()) == Next::FailOver {
                plan.stood_in(ledger, &first, &ended(200), tick());
            }
        } else {
            plan.ended(ledger, &ended(200), tick());
        }
    }
    canaries
}

/// The staff gets the canary, and visitors by two rules of different shares. That says nothing of a new stage: what is known of
/// both sides stays, and one report has all of it.
#[test]
fn rules_with_shares_of_their_own_are_no_stages() {
    let part = |hundredth| share(Part::Fixed(Weight(Weight::TOTAL.0 / 100 * hundredth)));
    let mut guests = part(20);
    guests.when = having(&["app.guest"]).when;
    let header = |name: &str| Source::Header(name.to_owned());
    let attributes = vec![
        ("app.staff".to_owned(), header("x-staff")),
        ("app.guest".to_owned(), header("x-guest")),
    ];
    let rules = vec![having(&["app.staff"]), guests, part(25)];
    let configuration = configuration(&model(vec![flag("canary", rules)], attributes));
    let now = UnixMillis(1_800_000_000_000);
    let mut isolate = Isolate::new();
    let mut failed = 0;
    for user in 0..1_000 {
        for other in ["x-staff", "x-guest", "x-other"] {
            let user = format!("{other}-{user}");
            let headers = [("x-user", user.as_str()), (other, "1")];
            let plan = visit_with(&configuration, &mut isolate, &headers, now);
            let fails = plan.origin == "canary" && other != "x-staff";
            failed += usize::from(fails);
            let first = ended(if fails { 500 } else { 200 });
            if plan.ended(&mut isolate, &first, now) == Next::FailOver {
                plan.stood_in(&mut isolate, &first, &ended(200), now);
            }
        }
    }
    // At 25 % alone 6, and some more while the realised share is above it.
    assert!((6..=12).contains(&failed), "{failed}");
    assert_eq!(isolate.reports(now.0).rollouts.len(), 1);
}

/// Guests are split by a rule of its own share, the others by the plan's: only of these arrive as many as the plan says.
#[test]
fn who_is_not_drawn_by_the_plan_is_not_compared() {
    let mut guests = share(Part::Fixed(Weight(Weight::TOTAL.0 / 2)));
    guests.when = having(&["app.guest"]).when;
    let guest = ("app.guest".to_owned(), Source::Header("x-guest".to_owned()));
    let rules = vec![guests, share(Part::Planned)];
    let mut model = model(vec![flag("canary", rules)], vec![guest]);
    model.plans.push(Stages {
        flag: "canary".to_owned(),
        variant: "on".to_owned(),
        id: "1".to_owned(),
        stages: vec![Stage {
            share: Weight(Weight::TOTAL.0 / 100 * 5),
            dwell: 60_000,
        }],
        straight: false,
        calendar: Calendar::default(),
        goals: Vec::new(),
    });
    let bytes = snapshot(&model);
    let control = String::from_utf8(control(&bytes, 7, "")).unwrap();
    let rollouts = r#""rollouts":{"canary":{"plan":"1","attempt":1,"stage":0,"state":"running","since":0}},"kills""#;
    let control = control.replace("\"kills\"", rollouts);
    let control = Control::read(control.as_bytes()).unwrap();
    let configuration = Configuration::new(bytes, control, None).unwrap();
    let now = UnixMillis(1_800_000_000_000);
    let mut isolate = Isolate::new();
    for user in 0..1_000 {
        for other in ["x-guest", "x-other"] {
            let user = format!("{other}-{user}");
            let headers = [("x-user", user.as_str()), (other, "1")];
            let plan = visit_with(&configuration, &mut isolate, &headers, now);
            plan.ended(&mut isolate, &ended(200), now);
        }
    }
    let reports = isolate.reports(now.0).rollouts;
    let line = Line::read(reports.first().unwrap()).unwrap().unwrap();
    let arms = line.report.arms;
    assert_eq!(arms.canary.fetches + arms.control.fetches, 1_000);
    // The site has named all of them: none is known to be new, and yet there were so many.
    assert_eq!(arms.canary.first_exposures, 0);
    assert!((30..70).contains(&line.report.units.len()));
    assert!((30..70).contains(&arms.canary.fetches), "{arms:?}");
}

/// Of new visitors as many arrive in each arm as are drawn, however many of them a cache answers; nothing else of these is
/// compared.
#[test]
fn new_visitors_count_whatever_answers() {
    let configuration = halves();
    let now = UnixMillis(1_800_000_000_000);
    let shared = Counters::default();
    let mut isolate = Isolate::new();
    isolate.name(&[7; 16]);
    let mut lines = Vec::new();
    for number in 0..200 {
        let plan = visit_new(&configuration, &mut (), number, now);
        // Control's responses are in the cache, and the canary's are not.
        let first = Ended {
            from_cache: plan.origin == "stable",
            ..ended(200)
        };
        plan.ended(&mut isolate, &first, now);
        let mut pop = Pop::new(&shared, &[number; 16]);
        plan.ended(&mut pop, &first, now);
        lines.extend_from_slice(pop.lines());
    }
    for (ledger, lines) in [("isolate", isolate.reports(now.0).rollouts), ("pop", lines)] {
        let mut sum = Report::default();
        for line in lines.iter().filter_map(|line| Line::read(line)) {
            sum.merge(&line.unwrap().report);
        }
        let PerArm { control, canary } = sum.arms;
        assert_eq!(
            control.first_exposures + canary.first_exposures,
            200,
            "{ledger}"
        );
        assert!((70..130).contains(&control.first_exposures), "{ledger}");
        assert_eq!(
            (control.fetches, canary.fetches),
            (0, canary.first_exposures),
            "{ledger}"
        );
        let units = u64::from(sum.units.len());
        assert!((60..=canary.fetches).contains(&units), "{ledger}: {units}");
    }
    // What a cache answers is no fetch that a breaker compares.
    assert!(
        shared
            .counts
            .borrow()
            .keys()
            .all(|name| !name.ends_with(":C"))
    );
}

/// While a canary is out of service a point of presence counts new visitors of either arm, and an isolate of none.
#[test]
fn new_visitors_of_a_canary_out_of_service_count_as_controls_do() {
    let configuration = halves();
    let mut shared = Counters {
        now_ms: 1_800_000_000_000,
        ..Counters::default()
    };
    let now = UnixMillis(shared.now_ms);
    let mut isolate = Isolate::new();
    isolate.name(&[7; 16]);
    until_open(&mut isolate, || now);
    isolate.reports(now.0);
    for user in 0..200u8 {
        // Each of them fails where the canary is, until the breaker has had enough.
        let mut pop = Pop::new(&shared, &[user; 16]);
        let plan = visit(&configuration, &mut pop, user.into(), now);
        let status = if plan.origin == "canary" { 500 } else { 200 };
        plan.ended(&mut pop, &ended(status), now);
    }
    shared.now_ms += 1;
    let mut lines = Vec::new();
    for number in 0..200 {
        let plan = visit_new(&configuration, &mut isolate, number, now);
        plan.ended(&mut isolate, &ended(200), now);
        let mut pop = Pop::new(&shared, &[number; 16]);
        let plan = visit_new(&configuration, &mut pop, number, now);
        plan.ended(&mut pop, &ended(200), now);
        assert_eq!(plan.origin, "stable");
        lines.extend_from_slice(pop.lines());
    }
    for (ledger, lines, expected) in [
        ("isolate", isolate.reports(now.0).rollouts, 0..1),
        ("pop", lines, 70..130),
    ] {
        let mut sum = Report::default();
        for line in lines.iter().filter_map(|line| Line::read(line)) {
            sum.merge(&line.unwrap().report);
        }
        let PerArm { control, canary } = sum.arms;
        for arm in [control, canary] {
            let found = arm.first_exposures;
            assert!(expected.contains(&found), "{ledger}: {found}");
        }
        assert_eq!(canary.fetches, 0, "{ledger}");
    }
}

/// Of more rollouts than there is room for some are forgotten and taken up again; the guard counts every report of them.
#[test]
fn a_rollout_that_is_taken_up_again_repeats_no_number() {
    let mut isolate = Isolate::new();
    isolate.name(&[7; 16]);
    let share = Share::new(0.5).unwrap();
    let fetch = Fetch {
        stage: 0,
        arm: Arm::Canary,
        circumstances: Circumstances::DRAWN,
        outcome: Outcome::Status(200),
        failover: Failover::None,
        unit: None,
        latency_ms: 20,
        first_exposure: false,
    };
    let (mut counted, mut seen) = (0, BTreeMap::new());
    for round in 0..6 {
        let now_ms = 1_800_000_000_000 + round * 10_000;
        for id in 0..70 {
            let of = Compared {
                id,
                stage: 0,
                share,
                arm: fetch.arm,
                serve: Serve::Canary,
                is_randomised: true,
                is_prefetch: false,
                is_first: false,
                is_washout: false,
                unit: None,
            };
            isolate.tell("flag", &of, &fetch, now_ms + id as i64);
        }
        for line in isolate.reports(now_ms + 9_000).rollouts {
            let Line { id, report, .. } = Line::read(&line).unwrap().unwrap();
            let sequences: &mut Sequences = seen.entry(report.rollout).or_default();
            if sequences.insert(id.sequence) {
                counted += report.arms.canary.fetches;
            }
        }
    }
    assert_eq!(counted, 6 * 70);
}

#[test]
fn an_isolate_trips_within_the_counts_of_the_specification() {
    let mut isolate = Isolate::new();
    isolate.name(&[7; 16]);
    let canaries = until_open(&mut isolate, || UnixMillis(1_800_000_000_000));
    // 11 failing units at 50 %, and some more while the realised share is above it, or two units fall on one bit.
    assert!((11..=18).contains(&canaries), "{canaries}");
    let reports = isolate.reports(1_800_000_000_000);
    assert_eq!(reports.rollouts.len(), 1, "{reports:?}");
    let line = Line::read(reports.rollouts.first().unwrap())
        .unwrap()
        .unwrap();
    assert_eq!(line.flag, "canary");
    let canary = line.report.arms.canary;
    assert_eq!(
        (
            canary.fetches,
            line.report.failover_saved,
            line.report.tripped
        ),
        (canaries as u64, 10, 1)
    );
    assert!((11..=canary.fetches).contains(&canary.hard));
}

#[test]
fn a_point_of_presence_trips_within_the_counts_of_the_specification() {
    let mut shared = Counters {
        now_ms: 1_800_000_000_000,
        ..Counters::default()
    };
    let trip = |shared: &Counters, users: std::ops::Range<u32>| {
        let configuration = halves();
        let now = UnixMillis(shared.now_ms);
        let mut canaries = 0;
        for user in users {
            // Each request has a memory of its own.
            let ledger = &mut Pop::new(shared, &[user as u8; 16]);
            let plan = visit(&configuration, ledger, user, now);
            if plan.origin == "canary" {
                canaries += 1;
                plan.ended(ledger, &ended(500), now);
            } else {
                plan.ended(ledger, &ended(200), now);
            }
        }
        canaries
    };
    // 20 failing units at 50 %, and some more while the realised share is above it.
    let canaries = trip(&shared, 0..1_000);
    assert!((20..=34).contains(&canaries), "{canaries}");
    // The pauses: two minutes, then four.
    for minutes in [2, 4] {
        shared.now_ms += minutes * 60_000 * 85 / 100;
        assert_eq!(trip(&shared, 0..10), 0, "{minutes} minutes");
        shared.now_ms += minutes * 60_000 * 30 / 100;
        assert!(trip(&shared, 2_000..3_000) > 0, "{minutes} minutes");
    }
}

#[test]
fn when_both_fail_nothing_trips_and_the_fallback_is_left_alone() {
    let mut isolate = Isolate::new();
    let configuration = halves();
    let now = UnixMillis(1_800_000_000_000);
    let mut failovers = 0;
    for user in 0..2_000 {
        let plan = visit(&configuration, &mut isolate, user, now);
        let first = ended(503);
        if plan.ended(&mut isolate, &first, now) == Next::FailOver {
            failovers += 1;
            let second = Ended {
                outcome: Outcome::Connection,
                ..first.clone()
            };
            plan.stood_in(&mut isolate, &first, &second, now);
        }
    }
    assert_eq!(failovers, 3);
    assert!(
        isolate
            .reports(now.0)
            .rollouts
            .iter()
            .all(|line| !line.contains("tripped"))
    );
}

#[test]
fn a_unit_that_fails_again_and_again_is_one_event() {
    let mut isolate = Isolate::new();
    let configuration = halves();
    let now = UnixMillis(1_800_000_000_000);
    let canary =
        (0..).find(|user| visit(&configuration, &mut isolate, *user, now).origin == "canary");
    for _ in 0..100 {
        let plan = visit(&configuration, &mut isolate, canary.unwrap(), now);
        assert_eq!(plan.origin, "canary");
        plan.ended(&mut (), &ended(500), now);
        if plan.ended(&mut isolate, &ended(500), now) == Next::FailOver {
            plan.stood_in(&mut isolate, &ended(500), &ended(200), now);
        }
    }
}
