#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;

#[test]
fn harm_is_what_the_route_says() {
    let harm = Harm {
        statuses: Statuses {
            client: 1 << 9,
            server: 0,
        },
        slower_than_ms: 1_500,
        events: "payment-failed cart.lost".to_owned(),
    };
    let mut text = String::new();
    harm.push(&mut text);
    assert_eq!(Harm::parse(&text), Some(harm.clone()), "{text}");
    let answer = Outcome::Status;
    for (outcome, latency_ms, events, expected) in [
        (answer(200), 1_500, "", false),
        (answer(200), 1_501, "", true),
        (answer(409), 0, "", true),
        (answer(410), 0, "", false),
        (answer(200), 0, "payment-failed", true),
        (answer(200), 0, "seen, cart.lost;code=7 ", true),
        (answer(200), 0, "payment-failed-not, lost", false),
        (answer(200), 0, ", ;x", false),
        // That is a failure already.
        (Outcome::Timeout, 9_000, "", false),
        (Outcome::Declared(409), 0, "payment-failed", false),
    ] {
        let ended = Ended {
            outcome,
            latency_ms,
            from_cache: false,
            events: events.to_owned(),
        };
        assert_eq!(harm.is_done(&ended), expected, "{ended:?}");
    }
}

#[test]
fn nothing_is_harm_unless_it_is_said() {
    let harm = Harm {
        statuses: Statuses::NONE,
        slower_than_ms: 0,
        events: String::new(),
    };
    let ended = Ended {
        outcome: Outcome::Status(404),
        latency_ms: u32::MAX,
        from_cache: false,
        events: ", , payment-failed".to_owned(),
    };
    assert!(!harm.is_done(&ended));
}
