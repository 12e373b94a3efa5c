#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;

const OPTIONS: BreakerOptions = BreakerOptions::DEFAULT;
const PROBING: UnitHash = UnitHash(0x10);
const NOT_PROBING: UnitHash = UnitHash(0x11);

fn share(share: f64) -> Share {
    Share::new(share).unwrap()
}

/// A breaker at 5 % that has seen traffic.
fn warm() -> Breaker {
    let mut breaker = Breaker::new(0);
    breaker.expose(PerArm {
        control: 9_500,
        canary: 500,
    });
    breaker
}

fn observe(breaker: &mut Breaker, arm: Arm, seen: Seen, now_ms: i64) -> bool {
    breaker.observe(arm, seen, share(0.05), now_ms, 32_768, &OPTIONS)
}

fn trip(breaker: &mut Breaker, now_ms: i64) {
    let events = (1..100).find(|_| observe(breaker, Arm::Canary, Seen::Event, now_ms));
    assert!(events.is_some(), "tripped");
}

#[test]
fn it_stays_in_160_bytes_with_its_filter() {
    assert!(size_of::<Breaker>() + size_of::<crate::UnitFilter>() <= 160);
}

#[test]
fn open_half_open_closed() {
    let mut breaker = warm();
    assert_eq!(breaker.serve(Order::Run, NOT_PROBING, 1_000), Serve::Canary);
    trip(&mut breaker, 1_000);
    assert_eq!(breaker.phase(), Phase::Open { until_ms: 31_000 });
    assert_eq!(breaker.serve(Order::Run, PROBING, 30_999), Serve::Control);
    assert_eq!(breaker.serve(Order::Run, PROBING, 31_000), Serve::Probe);
    assert_eq!(
        breaker.serve(Order::Run, NOT_PROBING, 31_000),
        Serve::Control
    );
    for _ in 0..19 {
        observe(&mut breaker, Arm::Canary, Seen::Success, 31_000);
        // Neither control nor failures that do not count have a say.
        observe(&mut breaker, Arm::Control, Seen::Event, 31_000);
        observe(&mut breaker, Arm::Canary, Seen::Other, 31_000);
    }
    assert_eq!(breaker.phase(), Phase::HalfOpen { successes: 19 });
    observe(&mut breaker, Arm::Canary, Seen::Success, 31_000);
    assert_eq!(breaker.phase(), Phase::Closed);
    assert_eq!(breaker.evidence(), &Evidence::NONE);
    assert_eq!(breaker.fetches(), PerArm::default());
}

#[test]
fn a_failing_probe_opens_it_for_longer() {
    let mut breaker = warm();
    trip(&mut breaker, 0);
    let mut now_ms = 0;
    for pause in [30_000, 60_000, 120_000, 240_000, 480_000, 900_000, 900_000] {
        assert_eq!(
            breaker.phase(),
            Phase::Open {
                until_ms: now_ms + pause
            }
        );
        now_ms += pause;
        assert_eq!(breaker.serve(Order::Run, PROBING, now_ms), Serve::Probe);
        assert!(observe(&mut breaker, Arm::Canary, Seen::Event, now_ms));
    }
    assert_eq!(breaker.trips(), 8);
}

#[test]
fn jitter_is_ten_percent() {
    assert_eq!(OPTIONS.pause(1, 0), 27_000);
    assert_eq!(OPTIONS.pause(1, u16::MAX), 33_000);
    assert_eq!(OPTIONS.pause(u32::MAX, 32_768), 900_000);
    assert_eq!(OPTIONS.pause(0, 32_768), 30_000);
}

#[test]
fn nothing_counts_while_it_is_open() {
    let mut breaker = warm();
    trip(&mut breaker, 0);
    let before = breaker;
    assert!(!observe(&mut breaker, Arm::Canary, Seen::Event, 10));
    assert!(!observe(&mut breaker, Arm::Control, Seen::Success, 10));
    assert_eq!(breaker, before);
}

#[test]
fn the_guard_overrides_every_phase() {
    let mut breaker = warm();
    assert_eq!(breaker.serve(Order::Stop, PROBING, 0), Serve::Stopped);
    trip(&mut breaker, 0);
    assert_eq!(
        breaker.serve(Order::Stop, PROBING, 1_000_000),
        Serve::Stopped
    );
}

#[test]
fn another_stage_keeps_the_evidence() {
    let mut breaker = warm();
    observe(&mut breaker, Arm::Canary, Seen::Event, 1_000);
    let evidence = *breaker.evidence();
    breaker.enter_stage();
    assert_eq!(breaker.evidence(), &evidence);
    assert_eq!(breaker.fetches(), PerArm::default());
    assert_eq!(breaker.effective_share(share(0.05)), 1.0);
}

#[test]
fn a_clock_that_goes_back_gives_no_mass() {
    let mut breaker = Breaker::new(i64::MAX);
    observe(&mut breaker, Arm::Control, Seen::Event, i64::MIN);
    assert!(breaker.evidence().total() <= 1.0);
    let mut breaker = Breaker::new(i64::MIN);
    observe(&mut breaker, Arm::Control, Seen::Event, i64::MAX);
    assert!(breaker.evidence().total().is_finite());
}
