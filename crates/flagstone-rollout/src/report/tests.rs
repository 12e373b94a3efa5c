#![allow(clippy::indexing_slicing, reason = "tests")]

use super::*;
use crate::bytes::ReadError;

fn report(seed: u64) -> Report {
    let mut counts = PerArm::<Counts>::default();
    for (index, arm) in [&mut counts.control, &mut counts.canary]
        .into_iter()
        .enumerate()
    {
        let n = seed * 10 + index as u64;
        arm.fetches = 100 + n;
        arm.hard_requests = 5 + n;
        arm.hard = 2 + n;
        arm.soft = 1;
        arm.goal_exposed = n;
        arm.goal_hits = [n, 0, 1, 0];
        arm.first_exposures = n;
        arm.latency.add(0, 1);
        arm.latency.add(1, 500);
        arm.latency.add(112, n as u32);
    }
    Report {
        rollout: u64::MAX - 1,
        stage: 3,
        interval: 178_000_000,
        arms: counts,
        failover_saved: seed,
        failover_failed: 1,
        tripped: 0,
        units: [seed as u32, u32::MAX]
            .into_iter()
            .fold(Units::new(), |mut units, hash| {
                units.insert(crate::UnitHash(hash));
                units
            }),
    }
}

#[test]
fn reports_survive_the_wire() {
    let id = ReportId {
        instance: u64::MAX,
        sequence: u32::MAX,
    };
    for report in [report(0), report(1), report(1 << 40), Report::default()] {
        assert_eq!(Report::from_bytes(&report.to_bytes(id)), Ok((id, report)));
    }
}

#[test]
fn what_is_not_a_report_is_refused() {
    let bytes = report(1).to_bytes(ReportId::default());
    for length in 0..bytes.len() {
        assert!(
            Report::from_bytes(&bytes[..length]).is_err(),
            "{length} bytes"
        );
    }
    let mut long = bytes.clone();
    long.push(0);
    assert_eq!(Report::from_bytes(&long), Err(ReadError::Long(1)));
    // Any byte may be damaged: no panic, and no counts that cannot be.
    for index in 0..bytes.len() {
        for value in 0..=255 {
            let mut damaged = bytes.clone();
            damaged[index] = value;
            if let Ok((_, report)) = Report::from_bytes(&damaged) {
                assert!(report.arms.canary.hard <= report.arms.canary.fetches);
            }
        }
    }
    let mut impossible = report(1);
    impossible.arms.canary.hard = impossible.arms.canary.hard_requests + 1;
    let bytes = impossible.to_bytes(ReportId::default());
    assert_eq!(Report::from_bytes(&bytes), Err(ReadError::Range));
}

#[test]
fn merging_needs_no_order() {
    let reports = [report(1), report(2), report(3)];
    let sum = |order: [usize; 3]| {
        let mut sum = Report::default();
        for index in order {
            sum.merge(&reports[index]);
        }
        sum
    };
    for order in [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        assert_eq!(sum(order), sum([0, 1, 2]));
    }
    assert_eq!(sum([0, 1, 2]).arms.canary.fetches, 363);
    assert_eq!(sum([0, 1, 2]).failover_saved, 6);
}

#[test]
fn empty_reports() {
    let mut report = Report {
        rollout: 1,
        stage: 2,
        interval: 3,
        ..Report::default()
    };
    assert!(report.is_empty());
    report.arms.control.goal_hits[3] = 1;
    assert!(!report.is_empty());
}

#[test]
fn intervals() {
    assert_eq!(interval(0), 0);
    assert_eq!(interval(9_999), 0);
    assert_eq!(interval(1_780_000_000_000), 178_000_000);
    assert_eq!(interval(-1), 0);
}

#[test]
fn a_sequence_number_counts_once() {
    let mut sequences = Sequences::default();
    for (sequence, is_new) in [
        (0, true),
        (0, false),
        (2, true),
        (1, true),
        (1, false),
        (65, true),
        (2, false),
        (3, true),
        (1, false), // 64 below the highest: cannot be told from a repeat
        (1_000, true),
        (65, false),
        (999, true),
        (u32::MAX, true),
        (u32::MAX, false),
    ] {
        assert_eq!(sequences.insert(sequence), is_new, "{sequence}");
    }
    assert_eq!(Sequences::from_words(sequences.to_words()), sequences);
    let mut late = Sequences::default();
    assert!(late.insert(1_000_000) && late.insert(999_999) && !late.insert(1_000_000));
}

#[test]
fn instances_make_room() {
    let mut instances = Instances::new(2);
    let id = |instance, sequence| ReportId { instance, sequence };
    assert!(instances.insert(id(9, 0), 1));
    assert!(instances.insert(id(4, 0), 2));
    assert!(!instances.insert(id(9, 0), 3));
    assert!(instances.insert(id(5, 0), 4), "makes 4 go");
    assert_eq!(instances.len(), 2);
    assert!(!instances.insert(id(9, 0), 5));
    assert!(!instances.insert(id(5, 0), 5));
    assert_eq!((instances.heard_since(5), instances.heard_since(6)), (2, 0));
    let restored = Instances::from_words(2, instances.to_words());
    assert_eq!(restored, instances);
    assert_eq!(Instances::from_words(1, instances.to_words()).len(), 1);
}

#[test]
fn reports_survive_a_line() {
    let id = ReportId {
        instance: u64::MAX,
        sequence: u32::MAX,
    };
    for report in [report(0), report(1), report(1 << 31), Report::default()] {
        let line = Line {
            id,
            report,
            flag: "\"näive\\\u{1}".to_owned(),
            unit: None,
        };
        let text = line.write();
        assert!(!text.contains('\n'));
        assert_eq!(Line::read(&text), Some(Ok(line)));
    }
}

#[test]
fn what_is_no_line_of_a_report_is_passed_over_or_refused() {
    const HEAD: &str =
        r#"{"flagstone":"report","instance":"7","sequence":0,"rollout":"1","interval":9"#;
    let cases = [
        ("", None),
        ("viceroy: started", None),
        (r#"{"flagstone":"tally"}"#, None),
        (r#"{"flagstone":"report"}"#, Some(false)),
        (r#"HEAD}"#, Some(true)),
        (r#"  HEAD}  "#, Some(true)),
        (
            r#"HEAD, "later": [{"a": "b"}, -1e3, null], "stage": 2}"#,
            Some(true),
        ),
        (r#"HEAD} x"#, Some(false)),
        (r#"HEAD,"stage":256}"#, Some(false)),
        (r#"HEAD,"stage":-1}"#, Some(false)),
        (r#"HEAD,"stage":1.5}"#, Some(false)),
        (
            r#"HEAD,"canary":{"fetches":1,"hard_requests":2}}"#,
            Some(false),
        ),
        (
            r#"HEAD,"canary":{"fetches":1,"latency":{"113":1}}}"#,
            Some(false),
        ),
        (r#"HEAD,"canary":{"goal_hits":[1,2,3,4,5]}}"#, Some(false)),
        (r#"HEAD,"unit":"123456789"}"#, Some(false)),
        (r#"HEAD,"flag":"\ud800"}"#, Some(false)),
    ];
    for (text, expected) in cases {
        let text = text.replace("HEAD", HEAD);
        let read = Line::read(&text).map(|read| read.is_ok());
        assert_eq!(read, expected, "{text}");
    }
    // Any byte may be lost.
    let text = format!(r#"{HEAD},"canary":{{"fetches":1}}}}"#);
    for length in 0..text.len() {
        assert_ne!(
            Line::read(text.get(..length).unwrap_or_default()).map(|read| read.is_ok()),
            Some(true)
        );
    }
}
