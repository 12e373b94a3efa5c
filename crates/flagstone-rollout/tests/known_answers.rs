//! Known answers, computed independently of this crate: one check a kind, the rows are in `vectors/known-answers.json`.
//!
//! Numbers agree to a relative 1e-9, and what bisection finds to an absolute 1e-9, except where a check says otherwise.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "a test may fail loudly"
)]

mod support;

use flagstone_rollout::advance::{Rule, Stage, Traffic};
use flagstone_rollout::advise::{Arrivals, FirstShare, Outlook, Reach, TENTH, first_share};
use flagstone_rollout::bounds::{self, Sums};
use flagstone_rollout::breaker::evidence::{Evidence, RATIOS, WEIGHTS};
use flagstone_rollout::breaker::{Phase, window};
use flagstone_rollout::guard::label::{self, DOWN, Point, UP};
use flagstone_rollout::guard::slowness::{self, Baseline, Exceedance};
use flagstone_rollout::guard::{Evidence as Sum, Metric, Plan, Stratum, Verdict, Watch};
use flagstone_rollout::{
    Arm, Breaker, BreakerOptions, Counts, Histogram, Ladder, PerArm, Seen, Share, UnitHash,
    latency, ratio,
};
use serde_json::Value;
use support::{
    arm, check_each, count, float, floats, near, near_absolute, near_all, near_by, small, text,
    vectors,
};

#[test]
fn grids() {
    let meta = &vectors()["meta"]["grids"];
    near_all("ratios", &RATIOS, &floats(meta, "local_R"));
    near_all("weights", &WEIGHTS, &floats(meta, "local_pi"));
    for (name, grid) in [
        ("up", UP.as_slice()),
        ("down", &DOWN),
        ("lat", &slowness::RATIOS),
    ] {
        let column = |part: fn(&Point) -> f64| grid.iter().map(part).collect::<Vec<_>>();
        let key = |part| format!("{name}_{part}");
        near_all(name, &column(|point| point.ratio), &floats(meta, &key("R")));
        near_all(
            name,
            &column(|point| point.weight),
            &floats(meta, &key("pi")),
        );
    }
}

#[test]
fn unit_filter() {
    check_each("unit_filter", |row| {
        let hash = UnitHash::of(text(row, "flag"), text(row, "unit"));
        assert_eq!(u64::from(hash.0), count(row, "hash32"));
        assert_eq!(u64::from(hash.bit()), count(row, "bit"));
    });
}

#[test]
fn local_breaker() {
    check_each("local_breaker", |row| {
        let share = Share::new(float(row, "q")).unwrap();
        let options = BreakerOptions {
            alpha: float(row, "alpha"),
            budget_ms: small(row, "budget_ms"),
            ..BreakerOptions::DEFAULT
        };
        let mut breaker = Breaker::new(count(row, "t0_ms") as i64);
        for step in row["steps"].as_array().unwrap() {
            match text(step, "step") {
                "exposures" => breaker.expose(PerArm {
                    control: small(step, "control"),
                    canary: small(step, "canary"),
                }),
                "failure" => {
                    near(
                        "share",
                        breaker.effective_share(share),
                        float(step, "q_eff"),
                    );
                    let (arm, now_ms) = (arm(text(step, "arm")), count(step, "t_ms") as i64);
                    let trips = breaker.observe(arm, Seen::Event, share, now_ms, 0, &options);
                    assert_eq!(trips, step["tripped"].as_bool().unwrap());
                    assert_eq!(trips, matches!(breaker.phase(), Phase::Open { .. }));
                    let evidence = breaker.evidence();
                    near_all("S", evidence.by_ratio(), &floats(step, "S"));
                    near("M", evidence.total(), float(step, "M"));
                }
                other => panic!("no step `{other}`"),
            }
            let fetches = PerArm {
                control: small(step, "n_control"),
                canary: small(step, "n_canary"),
            };
            assert_eq!(breaker.fetches(), fetches);
        }
    });
}

#[test]
fn local_breaker_min_failures() {
    check_each("local_breaker_min_failures", |row| {
        let (alpha, share) = (float(row, "alpha"), float(row, "q"));
        let mut evidence = Evidence::START;
        let failures = (1..=1000).find(|_| {
            evidence.event(Arm::Canary, share, 0.0);
            evidence.total() >= 1.0 / alpha
        });
        assert_eq!(failures, Some(count(row, "failures")));
    });
}

#[test]
fn local_breaker_window() {
    check_each("local_breaker_window", |row| {
        let events = PerArm {
            control: count(row, "fC"),
            canary: count(row, "fT"),
        };
        near(
            "E",
            window::evidence(events, float(row, "q_eff")),
            float(row, "E"),
        );
    });
}

#[test]
fn latency_bucket() {
    check_each("latency_bucket", |row| {
        let bucket = latency::bucket(small(row, "ms"));
        assert_eq!(bucket as u64, count(row, "bucket"));
        assert_eq!(
            u64::from(latency::lower_edge(bucket)),
            count(row, "lower_ms")
        );
    });
}

#[test]
fn kt() {
    check_each("kt", |row| {
        let evidence =
            bounds::bernoulli_evidence(float(row, "f"), float(row, "n"), float(row, "p"));
        near("evidence", evidence, float(row, "log_e"));
    });
}

#[test]
fn kt_bounds() {
    check_each("kt_bounds", |row| {
        let bounds = bounds::bernoulli(float(row, "f"), float(row, "n"), float(row, "beta"));
        near_absolute("low", bounds.low, float(row, "lo"));
        near_absolute("high", bounds.high, float(row, "hi"));
    });
}

/// A histogram of counts by bucket.
fn histogram(of: &Value) -> Histogram {
    let mut histogram = Histogram::new();
    for (bucket, count) in of.as_object().unwrap() {
        histogram.add(bucket.parse().unwrap(), count.as_u64().unwrap() as u32);
    }
    histogram
}

#[test]
fn quantile_cs() {
    let histogram = histogram(&vectors()["quantile_cs"]["hist"]);
    check_each("quantile_cs", |row| {
        let bounds = bounds::quantile(&histogram, float(row, "p"), float(row, "alpha"));
        assert_eq!(bounds.low_bucket as u64, count(row, "lo_bucket"));
        assert_eq!(bounds.high_bucket as u64, count(row, "hi_bucket"));
        assert_eq!(bounds.low_ms(), small(row, "lo_ms"));
        assert_eq!(bounds.high_ms(), Some(small(row, "hi_ms")));
    });
}

#[test]
fn asymp_mean_cs() {
    check_each("asymp_mean_cs", |row| {
        let sums = PerArm {
            control: Sums {
                count: float(row, "n_C"),
                sum: float(row, "sum_C"),
                squares: float(row, "sumsq_C"),
            },
            canary: Sums {
                count: float(row, "n_T"),
                sum: float(row, "sum_T"),
                squares: float(row, "sumsq_T"),
            },
        };
        let (difference, half_width) = bounds::mean_difference(&sums, float(row, "alpha")).unwrap();
        near("difference", difference, float(row, "diff"));
        near("half-width", half_width, float(row, "half_width"));
    });
}

#[test]
fn srm() {
    check_each("srm", |row| {
        assert_eq!(float(row, "kappa"), ratio::CONCENTRATION);
        let counts = row["counts"].as_array().unwrap().iter();
        let arms: Vec<_> = counts
            .map(|count| count.as_u64().unwrap())
            .zip(floats(row, "rho"))
            .collect();
        near("evidence", ratio::log_evidence(&arms), float(row, "log_e"));
    });
}

#[test]
fn harm_law() {
    near(
        "L",
        Rule::DEFAULT.evidence,
        float(&vectors()["harm_law"], "L"),
    );
    check_each("harm_law", |row| {
        let harm = float(row, "delta");
        let failures = Rule::DEFAULT.excess_failures(float(row, "p0"), harm, float(row, "q"));
        near("failures", failures, float(row, "excess_failures"));
        near("requests", failures / harm, float(row, "canary_requests"));
    });
}

/// Numbers in the rows have nine digits, and the costs hang on bounds that bisection finds: a relative 1e-8.
#[test]
fn advance_rule() {
    let all = &vectors()["advance_rule"];
    let rule = Rule {
        level: float(all, "beta_each"),
        accepted: float(all, "mdh_abs"),
        accepted_part: float(all, "mdh_rel"),
        ..Rule::DEFAULT
    };
    assert_eq!(rule, Rule::DEFAULT);
    check_each("advance_rule", |row| {
        let traffic = Traffic {
            rate: float(row, "lambda_rps"),
            reaction_s: float(row, "t_react_s"),
            budget: float(row, "risk_budget"),
            visible: 1.0,
        };
        let stage = Stage {
            fetches: PerArm {
                control: float(row, "n_C"),
                canary: float(row, "n_T"),
            },
            failures: PerArm {
                control: float(row, "f_C"),
                canary: float(row, "f_T"),
            },
        };
        let next = Share::new(float(row, "next_q")).unwrap();
        let prospect = rule.judge(&traffic, &stage, next);
        near_by("base", prospect.base, float(row, "p_hat"), 1e-8);
        near_by("accepted", prospect.accepted, float(row, "mdh"), 1e-8);
        near_absolute("most", prospect.most, float(row, "delta_upper"));
        near_by(
            "cost",
            prospect.worst_cost,
            float(row, "worst_expected_harm"),
            1e-8,
        );
        assert_eq!(prospect.advance, row["advance"].as_bool().unwrap());
    });
}

fn plan_traffic(all: &Value) -> Traffic {
    assert_eq!(Rule::PLAN.evidence, float(all, "L"));
    Traffic {
        reaction_s: float(all, "t_react_s"),
        budget: float(all, "risk_budget"),
        ..Traffic::DEFAULT
    }
}

/// The rows allow ten seconds more or less.
#[test]
fn advisor_plan() {
    let all = &vectors()["advisor_plan"];
    let ladder = Ladder::new(&floats(all, "stages")).unwrap();
    check_each("advisor_plan", |row| {
        for (percentile, luck) in [("p10", -TENTH), ("p50", 0.0), ("p90", TENTH)] {
            let outlook = Outlook {
                arrivals: Arrivals::Steady(float(row, "lambda_rps")),
                traffic: plan_traffic(all),
                base: float(row, "p0"),
                luck,
            };
            let plan = outlook.plan(&Rule::PLAN, &ladder);
            let dwell: Vec<_> = plan.dwell_s().iter().map(|dwell| dwell.unwrap()).collect();
            let expected = floats(&row["dwell_s"], percentile);
            for (dwell, expected) in dwell.iter().zip(&expected) {
                assert!(
                    (dwell - expected).abs() <= 10.0,
                    "{percentile}: {dwell}, not {expected}"
                );
            }
            assert_eq!(dwell.len(), expected.len());
            let total = float(&row["total_s"], percentile);
            assert!((plan.total_s().unwrap() - total).abs() <= 10.0);
        }
    });
}

/// Numbers in the rows have nine digits: a relative 1e-8.
#[test]
fn advisor_first_share() {
    let all = &vectors()["advisor_first_share"];
    let ladder = floats(all, "ladder");
    check_each("advisor_first_share", |row| {
        let traffic = Traffic {
            rate: float(row, "lambda_rps"),
            visible: float(row, "visible_fraction"),
            ..plan_traffic(all)
        };
        let first = first_share(&Rule::PLAN, &traffic, float(row, "p0"), &ladder);
        match (first, row["share"].as_f64()) {
            (FirstShare::None { .. }, None) => {}
            (FirstShare::Share { share, worst_cost }, Some(expected)) => {
                assert_eq!(share, expected);
                near_by("cost", worst_cost, float(row, "worst_expected_harm"), 1e-8);
            }
            (first, expected) => panic!("{first:?}, not {expected:?}"),
        }
    });
}

#[test]
fn reach_forecast() {
    check_each("reach_forecast", |row| {
        let reach = Reach {
            at_s: float(row, "t_obs_s"),
            units: float(row, "A_obs"),
        };
        let affected = reach.affected(float(row, "q"), float(row, "t_s"), float(row, "b"));
        near("units", affected, float(row, "affected_units"));
    });
}

#[test]
fn label_loglr() {
    check_each("label_loglr", |row| {
        let ratio = float(row, "r");
        let point = UP.iter().chain(&DOWN).find(|point| point.ratio == ratio);
        let events = PerArm {
            control: float(row, "e_C"),
            canary: float(row, "e_T"),
        };
        let log = label::log_ratio(events, float(row, "q"), point.unwrap());
        near("log", log, float(row, "loglr"));
    });
}

#[test]
fn tlg_loglr() {
    check_each("tlg_loglr", |row| {
        let exceedance = Exceedance {
            threshold: 0,
            expected: float(row, "theta_C"),
            above: PerArm {
                control: float(row, "x_C"),
                canary: float(row, "x_T"),
            },
            samples: PerArm {
                control: float(row, "n_C"),
                canary: float(row, "n_T"),
            },
        };
        near(
            "log",
            exceedance.log_ratio(float(row, "r")),
            float(row, "loglr"),
        );
    });
}

#[test]
fn latency_stratum() {
    let all = &vectors()["latency_stratum"];
    let baseline = Baseline::new(&histogram(&all["baseline"]));
    let (control, canary) = (histogram(&all["hist_C"]), histogram(&all["hist_T"]));
    let arms = PerArm {
        control: &control,
        canary: &canary,
    };
    check_each("latency_stratum", |row| {
        let found = baseline.compare(float(row, "p"), arms).unwrap();
        assert_eq!(found.threshold as u64, count(row, "threshold_bucket"));
        near("expected", found.expected, float(row, "theta_C"));
        assert_eq!(found.above.canary, float(row, "x_T"));
        assert_eq!(found.samples.canary, float(row, "n_T"));
        assert_eq!(found.above.control, float(row, "x_C"));
        assert_eq!(found.samples.control, float(row, "n_C"));
        let logs = slowness::RATIOS.map(|point| found.log_ratio(point.ratio) / float(all, "phi"));
        near_all("logs", &logs, &floats(row, "loglr_over_phi"));
    });
}

/// The metric of a name in the rows.
fn metric(name: &str) -> Metric {
    match name {
        "hard" => Metric::Hard,
        "soft" => Metric::Soft,
        "goal" => Metric::Goal(0),
        other => panic!("no metric `{other}`"),
    }
}

#[test]
fn guard_trace() {
    check_each("guard_trace", |row| {
        let names: Vec<_> = row["metrics"].as_array().unwrap().iter().collect();
        let names: Vec<_> = names.iter().map(|name| name.as_str().unwrap()).collect();
        let watch = Watch {
            hard: names.contains(&"hard"),
            soft: names.contains(&"soft"),
            latency: false,
            goals: names.contains(&"goal").into(),
        };
        let plan = Plan {
            alpha: float(row, "alpha"),
            stage_mass: float(row, "m0"),
            strata: float(row, "b_plan"),
            ..Plan::new(Ladder::new(&floats(row, "stages")).unwrap(), watch)
        };
        for (metric_, weight) in Metric::ALL.into_iter().zip(plan.weights) {
            let name = names.iter().find(|name| metric(name) == metric_);
            let expected = name.map_or(0.0, |name| float(&row["weights"], name));
            near("weight", weight, expected);
        }
        let mut sum = Sum::new(&plan);
        for stratum in row["strata"].as_array().unwrap() {
            let counts = |index: usize, fetches| {
                let events = |name: &str| stratum[name][index].as_u64().unwrap();
                Counts {
                    fetches: count(stratum, fetches),
                    hard: events("hard"),
                    soft: events("soft"),
                    goal_hits: [events("goal"), 0, 0, 0],
                    ..Counts::default()
                }
            };
            let arms = PerArm {
                control: counts(1, "n_C"),
                canary: counts(0, "n_T"),
            };
            let stage = count(stratum, "stage") as usize;
            let judged = sum.add(
                &plan,
                &Stratum {
                    stage,
                    arms: &arms,
                    baseline: None,
                },
            );
            let judged = judged.unwrap();
            near("share", judged.share, float(stratum, "q_b"));
            near("mass", judged.mass, float(stratum, "w"));
            for name in &names {
                let logs: Vec<_> = sum.logs(metric(name)).collect();
                near_all(name, &logs, &floats(&stratum["log_S"], name));
                near(name, sum.of(metric(name)), float(&stratum["E"], name));
            }
            let total = sum.total(&plan);
            near("total", total, float(stratum, "E_total"));
            let verdict = match text(stratum, "decision") {
                "run" => Verdict::Run,
                "hold" => Verdict::Hold,
                "rollback" => Verdict::RollBack,
                other => panic!("no decision `{other}`"),
            };
            assert_eq!(plan.verdict(total, total), verdict);
        }
    });
}
