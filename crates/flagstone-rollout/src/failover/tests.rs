use super::*;

#[track_caller]
fn check(attempt: Attempt<'_>, expected: bool) {
    assert_eq!(attempt.is_replayable(), expected, "{attempt:?}");
}

#[test]
fn what_can_be_sent_twice() {
    let get = Attempt {
        method: "GET",
        idempotency_key: false,
        body: Body::Absent,
        head_sent: false,
    };
    for (method, expected) in [
        ("GET", true),
        ("HEAD", true),
        ("OPTIONS", true),
        ("POST", false),
        ("PUT", false),
        ("get", false),
    ] {
        check(Attempt { method, ..get }, expected);
    }
    for (body, expected) in [
        (Body::Buffered(0), true),
        (Body::Buffered(65_536), true),
        (Body::Buffered(65_537), false),
        (Body::Streamed, false),
    ] {
        check(Attempt { body, ..get }, expected);
    }
    check(
        Attempt {
            head_sent: true,
            ..get
        },
        false,
    );
}

#[test]
fn the_canary_leaves_time_for_control() {
    assert_eq!(canary_timeout(5_000, 30_000), 5_000);
    assert_eq!(canary_timeout(30_000, 30_000), 18_000);
    assert_eq!(canary_timeout(u32::MAX, u32::MAX), 2_576_980_377);
}

#[test]
fn ten_failovers_and_a_tenth_for_each_success() {
    let mut budget = Budget::FULL;
    for _ in 0..10 {
        assert!(budget.take(0));
    }
    assert!(!budget.take(0));
    for _ in 0..9 {
        budget.canary_succeeded();
    }
    assert!(!budget.take(0));
    budget.canary_succeeded();
    assert!(budget.take(0));
    for _ in 0..1000 {
        budget.canary_succeeded();
    }
    assert_eq!(budget.tenths(), 100);
}

#[test]
fn a_shared_outage_ends_failovers_for_ten_seconds() {
    let mut budget = Budget::FULL;
    budget.finished(false, 0);
    budget.finished(false, 0);
    assert!(budget.take(0));
    budget.finished(true, 0);
    for now_ms in [1, 2, 3] {
        assert!(budget.take(now_ms));
        budget.finished(false, now_ms);
    }
    assert!(!budget.take(10_002));
    assert!(budget.take(10_003));
    budget.finished(false, 10_003);
    assert!(!budget.take(20_002), "one more failure is enough");
    assert!(budget.take(20_003));
    budget.finished(true, 20_003);
    assert!(budget.take(20_003));
}
