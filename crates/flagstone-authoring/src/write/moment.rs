//! Moments as text.

const DAY: i64 = 86_400_000;

/// Milliseconds since 1970 as RFC 3339 in UTC; `None` for years that it has no digits for.
pub(super) fn rfc3339(millis: i64) -> Option<String> {
    let (year, month, day) = date(millis.div_euclid(DAY));
    if !(0..=9999).contains(&year) {
        return None;
    }
    let of_day = millis.rem_euclid(DAY);
    let (seconds, thousandths) = (of_day / 1_000, of_day % 1_000);
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    let fraction = match thousandths {
        0 => String::new(),
        _ => format!(".{thousandths:03}"),
    };
    Some(format!(
        "{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}{fraction}Z"
    ))
}

/// Year, month and day of a number of days since 1970, by the Gregorian calendar.
fn date(days: i64) -> (i64, i64, i64) {
    // Days are counted from 1 March of the year 0, so that a leap day is the last of its year; 400 years are 146,097 days.
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    // March is month 0; each five months have 153 days.
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let is_next = month >= 10;
    let month = if is_next { month - 9 } else { month + 3 };
    (era * 400 + year + i64::from(is_next), month, day)
}
