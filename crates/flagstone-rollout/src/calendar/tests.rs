use super::{Calendar, Freeze, Gate, Offset, Window};

/// The moment of a date and time in UTC.
pub(crate) fn utc(year: i64, month: i64, day: i64, hour: i64, minute: i64) -> i64 {
    // Days since 1970-01-01, years beginning in March.
    let year = if month <= 2 { year - 1 } else { year };
    let days =
        year * 365 + year / 4 - year / 100 + year / 400 + (153 * ((month + 9) % 12) + 2) / 5 + day
            - 719_469;
    ((days * 24 + hour) * 60 + minute) * 60_000
}

/// Office hours in Berlin in 2026, and no changes around New Year.
pub(crate) fn office() -> Calendar {
    let offset = |at_ms, hours| Offset {
        at_ms,
        seconds: hours * 3600,
    };
    Calendar {
        offsets: vec![
            offset(utc(2025, 10, 26, 1, 0), 1),
            offset(utc(2026, 3, 29, 1, 0), 2),
            offset(utc(2026, 10, 25, 1, 0), 1),
        ],
        known_until_ms: utc(2027, 3, 28, 1, 0),
        windows: vec![Window {
            days: 0b001_1111,
            from: 9 * 60,
            to: 17 * 60,
        }],
        freezes: vec![new_year()],
    }
}

pub(crate) fn new_year() -> Freeze {
    Freeze {
        from_ms: utc(2026, 12, 18, 23, 0),
        to_ms: utc(2027, 1, 3, 23, 0),
        why: "New Year".to_owned(),
    }
}

#[test]
fn gates() {
    let office = office();
    let whole_week = |from, to| Calendar {
        windows: vec![Window {
            days: 0b111_1111,
            from,
            to,
        }],
        ..office.clone()
    };
    let night = whole_week(2 * 60, 3 * 60);
    let late = whole_week(23 * 60, 24 * 60);
    let any_time = Calendar {
        freezes: vec![new_year()],
        ..Calendar::default()
    };
    let frozen = || Gate::Frozen(new_year());
    for (name, calendar, moment, gate, opens) in [
        (
            "at any time",
            &Calendar::default(),
            utc(2026, 11, 28, 3, 0),
            Gate::Open,
            Some(utc(2026, 11, 28, 3, 0)),
        ),
        (
            "a minute before nine, in winter",
            &office,
            utc(2026, 11, 23, 7, 59),
            Gate::Closed,
            Some(utc(2026, 11, 23, 8, 0)),
        ),
        (
            "nine, in winter",
            &office,
            utc(2026, 11, 23, 8, 0),
            Gate::Open,
            Some(utc(2026, 11, 23, 8, 0)),
        ),
        (
            "nine, in summer",
            &office,
            utc(2026, 7, 1, 7, 0),
            Gate::Open,
            Some(utc(2026, 7, 1, 7, 0)),
        ),
        (
            "the last minute of Friday",
            &office,
            utc(2026, 11, 27, 15, 59),
            Gate::Open,
            Some(utc(2026, 11, 27, 15, 59)),
        ),
        (
            "five on Friday, until Monday",
            &office,
            utc(2026, 11, 27, 16, 0),
            Gate::Closed,
            Some(utc(2026, 11, 30, 8, 0)),
        ),
        (
            "Friday evening before the clocks go forward: Monday's nine is an hour earlier",
            &office,
            utc(2026, 3, 27, 16, 0),
            Gate::Closed,
            Some(utc(2026, 3, 30, 7, 0)),
        ),
        (
            "Friday evening before they go back: an hour later",
            &office,
            utc(2026, 10, 23, 15, 0),
            Gate::Closed,
            Some(utc(2026, 10, 26, 8, 0)),
        ),
        (
            "Monday in UTC, Tuesday in Berlin",
            &late,
            utc(2026, 11, 23, 22, 30),
            Gate::Open,
            Some(utc(2026, 11, 23, 22, 30)),
        ),
        (
            "midnight closes it",
            &late,
            utc(2026, 11, 23, 23, 0),
            Gate::Closed,
            Some(utc(2026, 11, 24, 22, 0)),
        ),
        (
            "an hour that the clocks skip does not come",
            &night,
            utc(2026, 3, 29, 1, 0),
            Gate::Closed,
            Some(utc(2026, 3, 30, 0, 0)),
        ),
        (
            "an hour that comes twice: the first time",
            &night,
            utc(2026, 10, 25, 0, 30),
            Gate::Open,
            Some(utc(2026, 10, 25, 0, 30)),
        ),
        (
            "the second time",
            &night,
            utc(2026, 10, 25, 1, 30),
            Gate::Open,
            Some(utc(2026, 10, 25, 1, 30)),
        ),
        (
            "and then it is over",
            &night,
            utc(2026, 10, 25, 2, 0),
            Gate::Closed,
            Some(utc(2026, 10, 26, 1, 0)),
        ),
        (
            "before the first offset it holds too",
            &office,
            utc(2025, 10, 20, 8, 0),
            Gate::Open,
            Some(utc(2025, 10, 20, 8, 0)),
        ),
        (
            "a freeze, then the weekend's rest",
            &office,
            utc(2026, 12, 19, 9, 0),
            frozen(),
            Some(utc(2027, 1, 4, 8, 0)),
        ),
        (
            "a freeze without windows ends at its end",
            &any_time,
            utc(2026, 12, 18, 23, 0),
            frozen(),
            Some(utc(2027, 1, 3, 23, 0)),
        ),
        (
            "just before it",
            &any_time,
            utc(2026, 12, 18, 23, 0) - 1,
            Gate::Open,
            Some(utc(2026, 12, 18, 23, 0) - 1),
        ),
        (
            "clocks that are not known",
            &office,
            utc(2027, 3, 28, 1, 0),
            Gate::Unknown,
            None,
        ),
        (
            "nor will be when it would open",
            &office,
            utc(2027, 3, 27, 9, 0),
            Gate::Closed,
            None,
        ),
    ] {
        assert_eq!(calendar.gate(moment), gate, "{name}");
        assert_eq!(calendar.opens(moment), opens, "{name}: opens");
    }
}

#[test]
fn a_window_opens_after_freezes_that_cover_those_before_it() {
    // Mondays, and a freeze on each of the next three.
    let mondays = Calendar {
        offsets: vec![Offset {
            at_ms: 0,
            seconds: 0,
        }],
        known_until_ms: i64::MAX,
        windows: vec![Window {
            days: 1,
            from: 0,
            to: 24 * 60,
        }],
        freezes: [2, 9, 16]
            .map(|day| Freeze {
                from_ms: utc(2026, 11, day, 0, 0),
                to_ms: utc(2026, 11, day + 1, 0, 0),
                why: String::new(),
            })
            .to_vec(),
    };
    let from_ms = utc(2026, 11, 1, 0, 0);
    assert_eq!(mondays.opens(from_ms), Some(utc(2026, 11, 23, 0, 0)));
}
