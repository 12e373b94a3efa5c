use super::*;
use flagstone_rollout::ReportId;
use flagstone_rollout::tally::Key;

const MINUTE_MS: i64 = 60_000;

/// A line of a node, the first of many.
fn line(instance: u64, revision: u64, variant: &str, requests: u64) -> String {
    numbered(instance, 0, revision, variant, requests)
}

fn numbered(instance: u64, sequence: u32, revision: u64, variant: &str, requests: u64) -> String {
    let line = Line {
        id: ReportId { instance, sequence },
        interval: 1,
        key: Key {
            revision,
            flag: "checkout".to_owned(),
            variant: variant.to_owned(),
            ..Key::default()
        },
        row: Row {
            requests,
            errors: 1,
            fallbacks: 2,
            ..Row::default()
        },
    };
    line.write()
}

fn requests(activity: &Activity, variant: &str, now_ms: i64) -> u64 {
    let seen = activity.seen("checkout", variant);
    seen.map_or(0, |seen| seen.counts(now_ms).requests())
}

#[test]
fn counts_last_for_ten_to_twenty_minutes() {
    let mut activity = Activity::new(0);
    for (minute, expected) in [(0, 1), (9, 2), (11, 3), (19, 4), (22, 3), (60, 1)] {
        let (instance, now_ms) = (minute as u64, minute * MINUTE_MS);
        activity.take(instance, &line(instance, 1, "on", 1), now_ms);
        assert_eq!(
            requests(&activity, "on", now_ms),
            expected,
            "minute {minute}"
        );
    }
    // Nobody reports any more, as of a canary that was rolled back.
    for (minute, expected) in [(69, 1), (71, 1), (80, 0)] {
        let found = requests(&activity, "on", minute * MINUTE_MS);
        assert_eq!(found, expected, "minute {minute}");
    }
}

#[test]
fn a_line_counts_once_whatever_batch_it_is_in() {
    let line = |sequence, requests| numbered(7, sequence, 1, "on", requests) + "\n";
    let mut activity = Activity::new(0);
    for (batch, lines, expected) in [
        (1, line(0, 1), 1),
        (2, line(0, 1) + &line(1, 2), 3),
        (3, line(0, 1) + &line(1, 2) + &line(2, 4), 7),
        (4, line(3, 8), 15),
    ] {
        activity.take(batch, &lines, 0);
        assert_eq!(requests(&activity, "on", 0), expected, "batch {batch}");
    }
}

/// Reports overtake each other, and each has a line for every variant.
#[test]
fn lines_of_a_report_that_was_overtaken_count() {
    let batch = |from: u32| -> String {
        let lines = (from..from + 300).map(|sequence| numbered(7, sequence, 1, "on", 1) + "\n");
        lines.collect()
    };
    let mut activity = Activity::new(0);
    for (number, from, expected) in [
        (1, 900, 300),
        (2, 300, 600),
        (3, 900, 600),
        (4, 1_200, 900),
        (5, 600, 1_200),
        (6, 300, 1_200),
        // Too far back to be told from a repeat.
        (7, 0, 1_200),
        (8, 5_000_000, 1_500),
        (9, 5_000_000, 1_500),
    ] {
        activity.take(number, &batch(from), 0);
        assert_eq!(requests(&activity, "on", 0), expected, "batch {number}");
    }
}

#[test]
fn a_series_moves_on_without_reports() {
    let mut activity = Activity::new(0);
    activity.take(1, &line(1, 1, "on", 5), 0);
    activity.take(2, &line(2, 1, "on", 7), 10_000);
    let series = |at_ms| {
        activity
            .seen("checkout", "on")
            .map(|seen| seen.series(at_ms))
    };
    let ends = |at_ms| {
        series(at_ms).map(|[requests, failures]| {
            (
                requests.last_chunk::<3>().copied(),
                failures.last_chunk::<3>().copied(),
            )
        })
    };
    assert_eq!(ends(10_000), Some((Some([0, 5, 7]), Some([0, 3, 3]))));
    assert_eq!(ends(25_000), Some((Some([5, 7, 0]), Some([3, 3, 0]))));
    assert_eq!(ends(i64::MAX), Some((Some([0; 3]), Some([0; 3]))));
    assert_eq!(ends(i64::MIN), Some((Some([0, 5, 7]), Some([0, 3, 3]))));
}

#[test]
fn a_batch_counts_once_and_other_lines_not_at_all() {
    let mut activity = Activity::new(0);
    let text = format!(
        "{}\n{}\nhello\n{{\"flagstone\":\"report\"}}\n",
        line(1, 1, "on", 1),
        line(2, 1, "off", 2)
    );
    for _ in 0..3 {
        activity.take(7, &text, 0);
    }
    assert_eq!(
        (requests(&activity, "on", 0), requests(&activity, "off", 0)),
        (1, 2)
    );
}

#[test]
fn a_node_serves_the_latest_revision_that_it_has_reported() {
    let mut activity = Activity::new(0);
    for (batch, instance, revision, at_ms) in
        [(1, 1, 4, 0), (2, 1, 5, 1), (3, 1, 4, 2), (4, 2, 4, 3)]
    {
        activity.take(batch, &line(instance, revision, "on", 1), at_ms);
    }
    let nodes = |now_ms| {
        activity
            .nodes(now_ms)
            .map(|node| (node.instance, node.revision))
            .collect::<Vec<_>>()
    };
    assert_eq!(nodes(10), [(1, 5), (2, 4)]);
    assert_eq!(nodes(120_003), [(2, 4)]);
}

#[test]
fn memory_is_bounded() {
    let mut activity = Activity::new(0);
    for number in 0..10_000 {
        let line = line(number, 1, &format!("variant-{number}"), 1);
        activity.take(number, &line, number as i64);
    }
    assert!(activity.nodes.len() < 2 * Activity::NODES);
    assert!(activity.nodes.contains_key(&9_999));
    assert_eq!(
        activity.flags.values().map(BTreeMap::len).sum::<usize>(),
        Activity::VARIANTS
    );
    assert_eq!(activity.batches.len(), BATCHES);
}

#[test]
fn when_a_flag_was_last_reported_outlives_the_process() {
    let mut activity = Activity::new(1_000);
    assert_eq!(activity.to_keep(), None, "nothing was heard");
    activity.take(1, &line(1, 1, "on", 1), 2_000);
    let kept = activity.to_keep().unwrap_or_default();
    activity.kept();
    activity.take(2, &line(1, 1, "on", 1), 2_000 + KEPT_MS - 1);
    assert_eq!(activity.to_keep(), None, "it is too early");
    activity.take(3, &line(1, 1, "on", 1), 2_000 + KEPT_MS);
    assert!(activity.to_keep().is_some());

    let mut next = Activity::new(900_000);
    next.remember(&kept);
    next.remember(b"{}");
    next.remember(b"broken");
    assert_eq!(
        (next.since_ms(), next.last_ms("checkout")),
        (1_000, Some(2_000))
    );
    next.take(1, &line(1, 1, "on", 1), 950_000);
    next.remember(&kept);
    assert_eq!(next.last_ms("checkout"), Some(950_000));
    // After a year nobody remembers.
    next.take(
        2,
        &line(1, 1, "on", 1).replace("checkout", "banner"),
        950_000 + FORGOTTEN_MS + 1,
    );
    next.kept();
    assert_eq!(next.last_ms("checkout"), None);
}
