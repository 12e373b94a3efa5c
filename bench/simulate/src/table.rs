//! What was found, beside what must hold.

use std::fmt::Write as _;

/// What must hold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// At most so much.
    AtMost(f64),
    /// At least so much.
    AtLeast(f64),
    /// From one to the other.
    Within(f64, f64),
}

/// In what something is measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Unit {
    /// A part of all, shown as per cent.
    Part,
    /// A number, with its unit.
    Count(&'static str),
}

/// A thing found.
#[derive(Clone, Debug)]
pub struct Row {
    /// The target's name, as T1.
    pub target: &'static str,
    /// What was simulated.
    pub what: String,
    /// What was found.
    pub found: f64,
    /// The standard error of what was found.
    pub error: f64,
    /// In what.
    pub unit: Unit,
    /// How often it was simulated.
    pub runs: usize,
    /// What must hold.
    pub bound: Bound,
}

impl Row {
    /// A part of the runs, with its binomial error.
    pub fn part(
        target: &'static str,
        what: impl Into<String>,
        hits: usize,
        runs: usize,
        bound: Bound,
    ) -> Self {
        let (found, n) = (hits as f64 / runs as f64, runs as f64);
        // With half a hit added, so that none of them is not without error.
        let part = (hits as f64 + 0.5) / (n + 1.0);
        Self {
            target,
            what: what.into(),
            found,
            error: (part * (1.0 - part) / n).sqrt(),
            unit: Unit::Part,
            runs,
            bound,
        }
    }

    /// A quantile of samples, with its binomial error: half of what lies between the neighbouring order statistics.
    pub fn quantile(
        target: &'static str,
        what: impl Into<String>,
        samples: &mut [f64],
        p: f64,
        unit: &'static str,
        bound: Bound,
    ) -> Self {
        samples.sort_by(f64::total_cmp);
        let n = samples.len() as f64;
        let at = |p: f64| {
            let index = (p.clamp(0.0, 1.0) * n) as usize;
            samples.get(index.min(samples.len() - 1)).copied()
        };
        let spread = (p * (1.0 - p) / n).sqrt();
        let (low, high) = (at(p - spread), at(p + spread));
        Self {
            target,
            what: what.into(),
            found: at(p).unwrap_or(f64::NAN),
            error: high.zip(low).map_or(f64::NAN, |(high, low)| high - low) / 2.0,
            unit: Unit::Count(unit),
            runs: samples.len(),
            bound,
        }
    }

    /// The mean of samples.
    pub fn mean(
        target: &'static str,
        what: impl Into<String>,
        samples: &[f64],
        unit: &'static str,
        bound: Bound,
    ) -> Self {
        let n = samples.len() as f64;
        let mean = samples.iter().sum::<f64>() / n;
        let squares: f64 = samples.iter().map(|x| (x - mean) * (x - mean)).sum();
        Self {
            target,
            what: what.into(),
            found: mean,
            error: (squares / (n - 1.0).max(1.0) / n).sqrt(),
            unit: Unit::Count(unit),
            runs: samples.len(),
            bound,
        }
    }

    /// Whether what must hold does: of a quick simulation, whether it may, by four standard errors.
    pub fn holds(&self, quick: bool) -> bool {
        let slack = if quick { 4.0 * self.error } else { 0.0 };
        match self.bound {
            Bound::AtMost(most) => self.found - slack <= most,
            Bound::AtLeast(least) => self.found + slack >= least,
            Bound::Within(least, most) => least <= self.found + slack && self.found - slack <= most,
        }
    }

    fn number(&self, number: f64) -> String {
        match self.unit {
            Unit::Part => format!("{} %", digits(100.0 * number)),
            Unit::Count("") => digits(number),
            Unit::Count(unit) => format!("{} {unit}", digits(number)),
        }
    }

    /// What must hold, in words.
    pub fn must(&self) -> String {
        match self.bound {
            Bound::AtMost(most) => format!("≤ {}", self.number(most)),
            Bound::AtLeast(least) => format!("≥ {}", self.number(least)),
            Bound::Within(least, most) => {
                let low = if self.unit == Unit::Part {
                    100.0 * least
                } else {
                    least
                };
                format!("{} to {}", digits(low), self.number(most))
            }
        }
    }

    /// As a row of a Markdown table.
    pub fn markdown(&self) -> String {
        let error = match self.unit {
            Unit::Part => 100.0 * self.error,
            Unit::Count(_) => self.error,
        };
        format!(
            "| {} | {} | {} | {} | ± {} | {} |",
            self.target,
            self.what,
            self.must(),
            self.number(self.found),
            digits(error),
            self.runs
        )
    }
}

/// Three significant digits.
pub fn digits(number: f64) -> String {
    let size = number.abs();
    if size >= 100.0 || number.fract() == 0.0 {
        thousands(number.round())
    } else if size >= 10.0 {
        format!("{number:.1}")
    } else if size >= 0.1 {
        format!("{number:.2}")
    } else {
        format!("{number:.3}")
    }
}

fn thousands(number: f64) -> String {
    let plain = format!("{number:.0}");
    let (sign, plain) = plain
        .strip_prefix('-')
        .map_or(("", plain.as_str()), |rest| ("-", rest));
    let mut out = sign.to_owned();
    for (index, digit) in plain.chars().enumerate() {
        if index > 0 && (plain.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A Markdown table of rows.
pub fn markdown(rows: &[Row]) -> String {
    let mut out = String::from(
        "| | simulated | must be | found | error | runs |\n|---|---|--:|--:|--:|--:|\n",
    );
    for row in rows {
        let _ = writeln!(out, "{}", row.markdown());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_readable() {
        for (number, expected) in [
            (0.0, "0"),
            (0.0123, "0.012"),
            (0.456, "0.46"),
            (23.44, "23.4"),
            (1_234.5, "1,235"),
            (-1_000_000.0, "-1,000,000"),
        ] {
            assert_eq!(digits(number), expected);
        }
    }

    #[test]
    fn a_row_that_is_outside_fails() {
        let row = Row::part("T1", "", 10, 1_000, Bound::AtMost(0.009));
        assert!(!row.holds(false) && row.holds(true));
        assert!(Row::part("T1", "", 0, 10, Bound::AtMost(0.0)).holds(false));
        assert!(!Row::part("T1", "", 500, 1_000, Bound::AtMost(0.009)).holds(true));
        let mut samples = [1.0, 2.0, 3.0, 4.0, 5.0];
        let row = Row::quantile("T6", "", &mut samples, 0.5, "s", Bound::Within(3.0, 4.0));
        assert_eq!((row.found, row.holds(false)), (3.0, true));
        assert_eq!(row.must(), "3 to 4 s");
    }
}
