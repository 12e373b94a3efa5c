//! Times as people say them.

use std::fmt;

const YEAR: f64 = 366.0 * 86_400.0;

/// Seconds, as `40 s`, `28 min`, `3 h 20 min` or `2 d 4 h`; `None` is longer than a year.
#[derive(Clone, Copy, Debug)]
pub struct Duration(pub Option<f64>);

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(seconds) = self.0.filter(|seconds| *seconds <= YEAR) else {
            return f.pad("over a year");
        };
        let seconds = seconds.max(0.0).round() as u64;
        let pair = |large: u64, large_unit: &str, small: u64, small_unit: &str| match small {
            0 => format!("{large} {large_unit}"),
            _ => format!("{large} {large_unit} {small} {small_unit}"),
        };
        let minutes = (seconds + 30) / 60;
        let hours = (minutes + 30) / 60;
        f.pad(&match seconds {
            0..100 => format!("{seconds} s"),
            100..600 => pair(seconds / 60, "min", seconds % 60, "s"),
            600..7_200 => format!("{minutes} min"),
            7_200..172_800 => pair(minutes / 60, "h", minutes % 60, "min"),
            _ => pair(hours / 24, "d", hours % 24, "h"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Duration;

    #[test]
    fn times() {
        for (seconds, expected) in [
            (0.0, "0 s"),
            (99.4, "99 s"),
            (120.0, "2 min"),
            (130.0, "2 min 10 s"),
            (1_670.0, "28 min"),
            (7_200.0, "2 h"),
            (12_000.0, "3 h 20 min"),
            (200_000.0, "2 d 8 h"),
        ] {
            assert_eq!(Duration(Some(seconds)).to_string(), expected);
        }
        for seconds in [None, Some(4e7), Some(f64::INFINITY)] {
            assert_eq!(Duration(seconds).to_string(), "over a year");
        }
    }
}
