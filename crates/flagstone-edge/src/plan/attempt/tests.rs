#![allow(clippy::unwrap_used, reason = "tests")]

use super::{Attempts, Ended, Served};
use crate::fixture::{Head, configuration, everybody, flag, having, model};
use crate::ledger::{Ledger, Progress};
use crate::plan::{self, Compared, Pending, Plan, plan};
use flagstone_core::UnixMillis;
use flagstone_rollout::tally::{self, Answer};
use flagstone_rollout::{Circumstances, Failover, Fetch, Outcome, Serve, UnitHash};

const NOW: UnixMillis = UnixMillis(1_800_000_000_000);

#[test]
fn a_fallback_that_is_planned_later_is_as_it_would_have_been_at_once() {
    let flags = vec![
        flag("canary", vec![everybody()]),
        flag("other", vec![having(&["request.path"])]),
    ];
    let configuration = configuration(&model(flags, Vec::new()));
    let plan = |attempts, ledger: &mut Served, head: &Head| -> Plan {
        plan(
            attempts,
            ledger,
            Some(&configuration),
            None,
            head,
            NOW,
            || [0xa5; 16],
        )
    };
    let mut fallbacks = 0;
    for (path, headers) in [
        ("/canary/a", &[("x-user", "u-1")][..]),
        ("/canary/a", &[]),
        (
            "/canary/a",
            &[
                ("x-user", "u-1"),
                ("cookie", "seen=1; flagstone-washout=other"),
            ],
        ),
        (
            "/canary/a",
            &[("x-user", "u-1"), ("sec-purpose", "prefetch")],
        ),
        ("/canary/a", &[("x-user", "u-1"), ("sec-gpc", "1")]),
        ("/canary/a", &[("user-agent", "Googlebot/2.1")]),
        (
            "/canary/a",
            &[("x-user", "u-1"), ("content-length", "9000000")],
        ),
        ("/elsewhere", &[("x-user", "u-1")]),
    ] {
        let head = Head::get(path, headers);
        let nothing = || Served {
            watched: Vec::new(),
            key: None,
        };
        let watched = plan(Attempts::First, &mut nothing(), &head).pending.watched;
        for serve in [Serve::Canary, Serve::Probe, Serve::Control] {
            let mut ledger = nothing();
            ledger.watched = watched.clone();
            for of in ledger
                .watched
                .iter_mut()
                .filter_map(|of| of.compared.as_mut())
            {
                of.serve = serve;
            }
            let mut all = plan(Attempts::All, &mut ledger, &head);
            let first = plan(Attempts::First, &mut ledger, &head);
            let mut served = Served {
                watched: Pending::parse(&first.pending.text()).watched,
                key: None,
            };
            let fallback = all.fallback.take().map(|fallback| *fallback);
            assert_eq!(all, first, "{path} {headers:?} {serve:?}");
            assert_eq!(first.pending.has_fallback, fallback.is_some());
            if let Some(fallback) = fallback {
                fallbacks += 1;
                let later = plan(Attempts::Fallback, &mut served, &head);
                assert_eq!(later, fallback, "{path} {headers:?} {serve:?}");
            }
        }
    }
    assert!(fallbacks >= 6, "{fallbacks}");
}

/// Serves a canary as it is said, and notes what came of it.
struct Noted {
    serve: Serve,
    answers: Vec<Answer>,
    fetches: Vec<Fetch>,
}

impl Ledger for Noted {
    fn serve(&mut self, _: &str, _: &Compared, _: UnitHash, _: i64) -> Serve {
        self.serve
    }

    fn may_fail_over(&mut self, _: &str, _: &Compared, _: i64) -> bool {
        true
    }

    fn tell(&mut self, _: &str, _: &Compared, fetch: &Fetch, _: i64) {
        self.fetches.push(*fetch);
    }

    fn count(&mut self, _: &tally::Key, answer: &Answer, _: i64) {
        self.answers.push(*answer);
    }

    fn key(&mut self) -> Option<plan::Key> {
        None
    }

    fn progress(&mut self, _: &str, _: &Progress, _: i64) {}
}

/// A response is a failure or the fallback's, not both; what control gives in a canary's place is none of the canary's
/// latencies.
#[test]
fn what_an_answer_is() {
    let configuration = configuration(&model(vec![flag("canary", vec![everybody()])], Vec::new()));
    let head = Head::get("/canary/a", &[("x-user", "u-1")]);
    let ended = |status| Ended {
        outcome: Outcome::Status(status),
        latency_ms: 20,
        from_cache: false,
        events: String::new(),
    };
    let answer = Answer {
        is_exposure: true,
        ..Answer::default()
    };
    let [error, fallback] = [(true, false), (false, true)].map(|(is_error, is_fallback)| Answer {
        is_error,
        is_fallback,
        ..answer
    });
    let fine = Answer {
        latency_ms: Some(20),
        ..answer
    };
    let guarded = |answer| Answer {
        is_guarded: true,
        ..answer
    };
    for (serve, first, second, expected) in [
        (Serve::Canary, 200, None, fine),
        (Serve::Canary, 500, None, error),
        (Serve::Canary, 500, Some(200), fallback),
        (Serve::Canary, 500, Some(503), error),
        (Serve::Control, 200, None, guarded(answer)),
        (Serve::Control, 500, None, guarded(error)),
    ] {
        let mut ledger = Noted {
            serve,
            answers: Vec::new(),
            fetches: Vec::new(),
        };
        let (all, random) = (Attempts::All, || [0xa5; 16]);
        let of = Some(&configuration);
        let plan = plan(all, &mut ledger, of, None, &head, NOW, random);
        let first = ended(first);
        match second {
            Some(second) => drop(plan.stood_in(&mut ledger, &first, &ended(second), NOW)),
            None => plan
                .pending
                .count(&mut ledger, &first, first.outcome, Failover::None, NOW),
        }
        assert_eq!(ledger.answers, [expected], "{serve:?} {first:?} {second:?}");
    }
}

/// By its circumstances a fetch is left out of a rollout's comparison, or not.
#[test]
fn a_fetch_has_its_circumstances() {
    let configuration = configuration(&model(vec![flag("canary", vec![everybody()])], Vec::new()));
    let circumstances = |more: &[(&str, &str)], from_cache, serve| {
        let head = Head::get("/canary/a", &[&[("x-user", "u-1")], more].concat());
        let mut ledger = Noted {
            serve,
            answers: Vec::new(),
            fetches: Vec::new(),
        };
        let (all, random) = (Attempts::All, || [0xa5; 16]);
        let of = Some(&configuration);
        let plan = plan(all, &mut ledger, of, None, &head, NOW, random);
        let ended = Ended {
            outcome: Outcome::Status(200),
            latency_ms: 20,
            from_cache,
            events: String::new(),
        };
        plan.pending
            .count(&mut ledger, &ended, ended.outcome, Failover::None, NOW);
        ledger.fetches.pop().unwrap().circumstances
    };
    let plain = circumstances(&[], false, Serve::Canary);
    let expected = Circumstances {
        randomised: plain.randomised,
        ..Circumstances::DRAWN
    };
    assert_eq!(plain, expected);
    for (more, from_cache, serve, expected) in [
        (
            &[("sec-purpose", "prefetch")][..],
            false,
            Serve::Canary,
            Circumstances {
                prefetch: true,
                ..plain
            },
        ),
        (
            &[],
            true,
            Serve::Canary,
            Circumstances {
                cache_hit: true,
                ..plain
            },
        ),
        (
            &[],
            false,
            Serve::Control,
            Circumstances {
                moved: true,
                ..plain
            },
        ),
    ] {
        assert_eq!(circumstances(more, from_cache, serve), expected, "{more:?}");
    }
}
