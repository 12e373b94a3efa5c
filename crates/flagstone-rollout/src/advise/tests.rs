#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use super::*;

const STEADY: Outlook<'_> = Outlook {
    arrivals: Arrivals::Steady(1000.0),
    traffic: Traffic::DEFAULT,
    base: 0.001,
    luck: 0.0,
};

#[test]
fn where_no_share_will_do_it_says_what_would() {
    let traffic = Traffic {
        rate: 10_000.0,
        ..Traffic::DEFAULT
    };
    let first = |traffic: &Traffic| first_share(&Rule::PLAN, traffic, 0.001, &FIRST_SHARES);
    let FirstShare::None {
        budget,
        reaction_s: Some(reaction_s),
        visible: Some(visible),
    } = first(&traffic)
    else {
        panic!("{:?}", first(&traffic));
    };
    assert!(budget > 100.0 && reaction_s < 15.0 && visible < 1.0);
    for enough in [
        Traffic {
            budget: budget * 1.001,
            ..traffic
        },
        Traffic {
            reaction_s: reaction_s * 0.999,
            ..traffic
        },
        Traffic {
            visible: visible * 0.999,
            ..traffic
        },
    ] {
        let found = first(&enough);
        assert!(
            matches!(found, FirstShare::Share { share: 0.001, .. }),
            "{enough:?}: {found:?}"
        );
    }
    let hopeless = Traffic {
        budget: 0.001,
        ..traffic
    };
    assert!(matches!(
        first(&hopeless),
        FirstShare::None {
            reaction_s: None,
            visible: None,
            ..
        }
    ));
}

#[test]
fn the_next_share_is_the_largest_that_the_counts_allow() {
    let ladder = Ladder::DEFAULT;
    let traffic = Traffic {
        rate: 1000.0,
        ..Traffic::DEFAULT
    };
    let counts = |canary: f64| Stage {
        fetches: PerArm {
            control: canary * 99.0,
            canary,
        },
        failures: PerArm {
            control: canary * 0.099,
            canary: 0.0,
        },
    };
    let next = |canary| {
        next_share(&Rule::DEFAULT, &traffic, &counts(canary), &ladder, 0)
            .map(|(share, _)| share.as_f64())
    };
    assert_eq!(next(20.0), None);
    assert_eq!(next(300.0), Some(0.25));
    assert_eq!(next(100_000.0), Some(0.95));
    let last = next_share(&Rule::DEFAULT, &traffic, &counts(1e6), &ladder, 4);
    assert_eq!(last, None);
}

#[test]
fn time_goes_on_from_the_counts_so_far() {
    let (share, next) = (Share::new(0.5).unwrap(), Share::new(0.95).unwrap());
    let time = |counts| STEADY.time_until(&Rule::PLAN, &counts, share, next, 0.0, 0.0);
    let all = time(Stage::default()).unwrap();
    let half = STEADY.expected(&Stage::default(), share, 1000.0 * all * 0.5);
    let rest = time(half).unwrap();
    assert!((rest - all * 0.5).abs() <= 10.0, "{all} and {rest}");
    let quiet = Outlook {
        arrivals: Arrivals::Steady(0.0),
        ..STEADY
    };
    assert_eq!(
        quiet.time_until(&Rule::PLAN, &Stage::default(), share, next, 0.0, 30.0),
        None
    );
    let plan = quiet.plan(&Rule::PLAN, &Ladder::DEFAULT);
    assert_eq!(plan.total_s(), None);
    assert_eq!(plan.dwell_s().len(), 5);
}

#[test]
fn a_weekly_profile_that_is_flat_is_steady() {
    let rates = [1000.0; 168];
    let weekly = Outlook {
        arrivals: Arrivals::Weekly {
            rates: &rates,
            start_s: 12_345.0,
        },
        ..STEADY
    };
    let ladder = Ladder::DEFAULT;
    assert_eq!(
        weekly.plan(&Rule::PLAN, &ladder).total_s(),
        STEADY.plan(&Rule::PLAN, &ladder).total_s()
    );
}

#[test]
fn a_profile_is_integrated() {
    let mut rates = [0.0; 168];
    rates[1] = 2.0;
    rates[167] = 1.0;
    let arrivals = Arrivals::Weekly {
        rates: &rates,
        start_s: 1800.0,
    };
    let week = 604_800.0;
    for (from, to, expected) in [
        (0.0, 1800.0, 0.0),
        (0.0, 1801.0, 2.0),
        (0.0, 5400.0, 7200.0),
        (0.0, 9000.0, 7200.0),
        (-3600.0, 0.0, 1800.0),
        (0.0, week, 10_800.0),
        (100.0, 100.0 + 3.0 * week, 32_400.0),
        (2.0, 1.0, 0.0),
        (f64::NAN, 1.0, 0.0),
    ] {
        let requests = arrivals.requests(from, to);
        assert!(
            (requests - expected).abs() < 1e-6,
            "{from} to {to}: {requests}, not {expected}"
        );
    }
}

#[test]
fn costs_of_harm() {
    let traffic = Traffic {
        rate: 100.0,
        ..Traffic::DEFAULT
    };
    let costs = costs(&Rule::DEFAULT, &traffic, 0.001, Share::new(0.05).unwrap());
    let [doubled, .., all] = costs;
    assert!((doubled.failures - 22.0).abs() < 0.01);
    assert!((doubled.requests - 22_000.0).abs() < 1.0);
    assert!((doubled.minutes - 73.3).abs() < 0.1);
    assert!((all.failures - 2.739).abs() < 0.001);
    assert!(all.visible > 75.0, "5 canary requests a second for 15 s");
}

#[test]
fn growth_is_a_slope() {
    let point = |at_s: f64, units: f64| Reach { at_s, units };
    assert_eq!(growth(&[]), 0.8);
    assert_eq!(growth(&[point(1.0, 1.0), point(2.0, 2.0)]), 0.8);
    let curve = |power: f64| {
        let points = (1..=20).map(|i| point(f64::from(i), 100.0 * f64::from(i).powf(power)));
        growth(&points.collect::<Vec<_>>())
    };
    assert!((curve(0.6) - 0.6).abs() < 1e-9);
    assert_eq!((curve(0.1), curve(2.0)), (0.3, 1.0));
    assert_eq!(growth(&[point(1.0, 5.0); 4]), 0.8, "no time has passed");
    assert_eq!(growth(&[point(0.0, 0.0); 4]), 0.8);
}

#[test]
fn what_has_been_counted_shortens_the_rest() {
    let outlook = Outlook {
        arrivals: Arrivals::Steady(100.0),
        traffic: Traffic::DEFAULT,
        base: 0.001,
        luck: 0.0,
    };
    let (rule, ladder) = (Rule::PLAN, Ladder::DEFAULT);
    let all = outlook.plan(&rule, &ladder);
    let fresh = outlook.rest(&rule, &ladder, 3, &Stage::default(), 0.0);
    assert_eq!(fresh.dwell_s()[..3], [Some(0.0); 3]);
    assert_eq!(fresh.dwell_s()[3..], all.dwell_s()[3..]);
    // A minute of the stage at 50 %, as expected.
    let counts = Stage {
        fetches: PerArm {
            control: 3_000.0,
            canary: 3_000.0,
        },
        failures: PerArm {
            control: 3.0,
            canary: 3.0,
        },
    };
    let later = outlook.rest(&rule, &ladder, 3, &counts, 60.0);
    let shorter = fresh.dwell_s()[3].unwrap() - later.dwell_s()[3].unwrap();
    assert_eq!(shorter, 60.0);
    let last = outlook.rest(&rule, &ladder, 4, &counts, 25.0);
    assert_eq!(last.total_s(), Some(5.0));
}
