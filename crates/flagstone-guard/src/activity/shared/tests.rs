#![allow(clippy::unwrap_used, reason = "tests")]

use super::super::Activity;
use flagstone_rollout::ReportId;
use flagstone_rollout::tally::{Key, Line, Row};

fn line(instance: u64, variant: &str, requests: u64) -> String {
    let key = Key {
        revision: instance,
        flag: "checkout".to_owned(),
        variant: variant.to_owned(),
        ..Key::default()
    };
    let line = Line {
        id: ReportId {
            instance,
            sequence: 0,
        },
        interval: 1,
        key,
        row: Row {
            requests,
            errors: 1,
            ..Row::default()
        },
    };
    line.write()
}

#[test]
fn two_guards_show_what_one_would() {
    const AT_MS: i64 = 65_000;
    let batches = [
        (1, line(1, "on", 3), 12_000),
        (2, line(2, "on", 5), 31_000),
        (3, line(3, "off", 7), 32_000),
        (4, line(4, "on", 11), 60_000),
    ];
    let mut alone = Activity::new(0);
    let mut pair = [Activity::new(0), Activity::new(0)];
    for (index, (batch, lines, at_ms)) in batches.iter().enumerate() {
        alone.take(*batch, lines, *at_ms);
        let [one, other] = &mut pair;
        let (mine, others) = match index % 2 {
            0 => (one, other),
            _ => (other, one),
        };
        mine.take(*batch, lines, *at_ms);
        // Sent again, to the other.
        others.know(mine.batches());
        others.take(*batch, lines, *at_ms);
    }
    let texts = pair.each_ref().map(|activity| activity.to_text(AT_MS));
    for (mut activity, others) in pair.into_iter().zip(texts.iter().rev()) {
        activity.add(others, AT_MS);
        for variant in ["on", "off"] {
            let [seen, expected] =
                [&activity, &alone].map(|activity| activity.seen("checkout", variant).unwrap());
            assert_eq!(seen.counts(AT_MS), expected.counts(AT_MS), "{variant}");
            assert_eq!(seen.series(AT_MS), expected.series(AT_MS), "{variant}");
        }
        let nodes = |activity: &Activity| {
            let nodes = activity.nodes(AT_MS);
            let nodes = nodes.map(|node| (node.instance, node.revision, node.last_ms));
            nodes.collect::<Vec<_>>()
        };
        assert_eq!(nodes(&activity), nodes(&alone));
        assert_eq!(activity.last_ms("checkout"), alone.last_ms("checkout"));
    }
}

#[test]
fn what_makes_no_sense_adds_nothing() {
    let mut activity = Activity::new(0);
    activity.take(1, &line(1, "on", 3), 12_000);
    let before = activity.to_text(12_000);
    for text in [
        "",
        "\n\n",
        "{",
        "[[1],[2]]",
        r#"{"nodes":[1,[2]],"last_ms":7}"#,
    ] {
        activity.add(text, 12_000);
        assert_eq!(activity.to_text(12_000), before, "{text}");
    }
}
