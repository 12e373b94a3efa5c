extern crate alloc;

use super::*;

#[test]
fn dates_are_read() {
    for (text, expected) in [
        ("1970-01-01T00:00:00Z", Some(0)),
        ("1969-12-31T23:59:59.999Z", Some(-1)),
        ("2000-02-29T12:00:00Z", Some(951_825_600_000)),
        ("2026-11-22T19:35:00+01:00", Some(1_795_372_500_000)),
        ("2026-11-22t19:35:00z", Some(1_795_376_100_000)),
        ("2026-11-22 19:35:00Z", Some(1_795_376_100_000)),
        ("0000-01-01T00:00:00Z", Some(-62_167_219_200_000)),
        ("9999-12-31T23:59:59.9999999Z", Some(253_402_300_799_999)),
        ("2016-12-31T23:59:60Z", Some(1_483_228_799_000)),
        ("2026-11-22T19:35:00-00:30", Some(1_795_377_900_000)),
        ("2100-02-29T00:00:00Z", None),
        ("2026-13-01T00:00:00Z", None),
        ("2026-00-01T00:00:00Z", None),
        ("2026-01-00T00:00:00Z", None),
        ("2026-01-01T24:00:00Z", None),
        ("2026-01-01T00:60:00Z", None),
        ("2026-01-01T00:00:61Z", None),
        ("2026-01-01T00:00:00", None),
        ("2026-01-01T00:00:00.Z", None),
        ("2026-01-01T00:00:00+0100", None),
        ("2026-01-01T00:00:00+24:00", None),
        ("2026-01-01", None),
        ("2026-01-01T00:00:00Zx", None),
        ("+026-01-01T00:00:00Z", None),
        ("", None),
        ("1795376100000", None),
    ] {
        assert_eq!(parse_rfc3339(text), expected.map(UnixMillis), "{text}");
    }
}

#[test]
fn ramps_are_straight_lines() {
    let points = |list: &'static [(i64, u32)]| {
        list.iter().map(|(at, share)| PointRecord {
            at: *at,
            share: *share,
        })
    };
    let rising: &[_] = &[
        (1000, 10_000),
        (2000, 20_000),
        (2000, 50_000),
        (4000, 1_000_000),
    ];
    let falling: &[_] = &[(0, 100), (3, 0)];
    let endless: &[_] = &[(i64::MIN, 0), (i64::MAX, 1_000_000)];
    for (list, now, expected) in [
        (rising, i64::MIN, 10_000),
        (rising, 999, 10_000),
        (rising, 1000, 10_000),
        (rising, 1500, 15_000),
        (rising, 1999, 19_990),
        (rising, 2000, 50_000),
        (rising, 3000, 525_000),
        (rising, 4000, 1_000_000),
        (rising, i64::MAX, 1_000_000),
        (falling, 1, 66),
        (falling, 2, 33),
        (falling, 3, 0),
        (endless, 0, 500_000),
        (endless, i64::MAX - 1, 1_000_000), // milliseconds are lost in so long a ramp
        (&[], 0, 0),
    ] {
        assert_eq!(
            ramp_share(points(list), UnixMillis(now)),
            Weight(expected),
            "{list:?} at {now}"
        );
    }
}

#[test]
fn dates_and_days_are_opposites() {
    for days in (-719_468..2_932_896)
        .step_by(97)
        .chain([-1, 0, 1, 11_016, 11_017])
    {
        let (year, month, day) = date_of(days);
        assert_eq!(
            days_since_epoch(year, month, day),
            days,
            "{year}-{month}-{day}"
        );
    }
}

#[test]
fn what_is_displayed_is_what_was_read() {
    use alloc::string::ToString;
    for text in [
        "1970-01-01T00:00:00Z",
        "1969-12-31T23:59:59.999Z",
        "2000-02-29T12:34:56.007Z",
        "2100-02-28T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
    ] {
        let displayed = parse_rfc3339(text).map(|at| at.to_string());
        assert_eq!(displayed.as_deref(), Some(text));
    }
}

#[test]
fn dates_as_v8_reads_them() {
    // From V8 11.3 (Node 20).
    for (text, expected) in [
        ("2020-01-01T00:00:00-0100", Some(1_577_840_400_000)),
        ("2020-01-01T00:00:00.99999Z", Some(1_577_836_800_999)),
        ("2020-01-01T24:00:00+01:00", Some(1_577_919_600_000)),
        ("2019-02-31T00:00:00+01:00", Some(1_551_567_600_000)),
        ("9999-12-31T23:59:59.999-23:59", Some(253_402_387_139_999)),
        ("0000-01-01T00:00:00+0100", Some(-62_167_222_800_000)),
        ("2020-01-01T24:00:00.0000Z", Some(1_577_923_200_000)),
        ("2020-01-01T24:00:00.0001Z", None),
        ("2020-01-01T24:00:01Z", None),
        ("2020-01-01T00:00:60Z", None),
        ("2020-01-01T00:00:00+01", None),
        ("2020-01-01T00:00:00+24:00", None),
        ("2020-01-01T00:00:00z", None),
        ("2020-01-32T00:00:00Z", None),
        ("2020-01-01T00:00:00Z ", None),
        ("2020-01-01T00:00:00.Z", None),
    ] {
        assert_eq!(parse_v8(text).map(|at| at.0), expected, "{text}");
    }
}
