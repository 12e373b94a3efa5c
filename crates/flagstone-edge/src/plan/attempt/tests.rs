#![allow(clippy::unwrap_used, reason = "tests")]

use super::{Attempts, Served};
use crate::fixture::{Head, configuration, everybody, flag, having, model};
use crate::plan::{Pending, Plan, plan};
use flagstone_core::UnixMillis;
use flagstone_rollout::Serve;

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
