use super::*;

fn row(requests: u64) -> Row {
    Row {
        requests,
        ..Row::default()
    }
}

#[test]
fn what_there_is_no_row_for_is_counted_together() {
    let mut tally = Tally::default();
    for number in 0..1_000 {
        let key = Key {
            flag: format!("flag-{number}"),
            ..Key::default()
        };
        tally.count(&key, &Answer::default());
    }
    let rows: Vec<_> = std::iter::from_fn(|| tally.take()).collect();
    assert_eq!(rows.len(), Tally::MOST);
    let sum: u64 = rows.iter().map(|(_, row)| row.requests).sum();
    assert_eq!(sum, 1_000);
    let others = rows.iter().find(|(key, _)| *key == Key::default());
    assert_eq!(
        others.map(|(_, row)| row.requests),
        Some(1_000 - (Tally::MOST as u64 - 1))
    );
}

#[test]
fn what_control_answers_for_a_canary_is_counted_apart() {
    let mut tally = Tally::default();
    let key = Key {
        flag: "checkout".to_owned(),
        ..Key::default()
    };
    for number in 0..20 {
        let answer = Answer {
            is_guarded: number % 2 == 0,
            is_error: number % 4 == 0,
            ..Answer::default()
        };
        tally.count(&key, &answer);
    }
    let rows: Vec<_> = std::iter::from_fn(|| tally.take()).collect();
    let rows = rows
        .iter()
        .map(|(_, row)| (row.requests, row.errors, row.is_guarded()));
    let mut rows: Vec<_> = rows.collect();
    rows.sort_unstable();
    assert_eq!(rows, [(10, 0, false), (10, 5, true)]);
}

#[test]
fn any_text_survives_a_line() {
    let mut counts = row(1);
    counts.latency.record(5);
    counts.latency.record(70_000);
    let key = Key {
        revision: 999_999_999_999_999,
        flag: "a \"quoted\" \\ one".to_owned(),
        stage: 255,
        variant: "naïve\n\t\u{1}".to_owned(),
        route: "*.shop.example/:id/*".to_owned(),
    };
    let line = Line {
        id: ReportId {
            instance: u64::MAX,
            sequence: 3,
        },
        interval: 1,
        key,
        row: counts,
    };
    let text = line.write();
    assert!(!text.contains('\n'));
    assert_eq!(Line::read(&text), Some(line));
}
