//! What is advised, for people.

use super::advice::{Advice, First, Now, Spread};
use super::duration::Duration;
use std::fmt::Display;
use std::io::{self, Write};

/// Writes the advice.
pub fn write(advice: &Advice, out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "{}: {} requests a second, {} of stable's fail; harm of {} or more counts; {} visitors may see a failure",
        advice.flag,
        number(advice.rate),
        percent(advice.failures),
        points(advice.harm),
        number(advice.budget),
    )?;
    writeln!(out)?;
    if let Some(first) = &advice.first {
        write_first(first, out)?;
    }
    if let Some(now) = &advice.now {
        write_now(now, out)?;
    }
    write_stages(advice, out)?;
    writeln!(out)?;
    write_harms(advice, out)
}

fn write_first(first: &First, out: &mut impl Write) -> io::Result<()> {
    if let (Some(share), Some(worst)) = (first.share, first.worst) {
        let (share, worst) = (percent(share), number(worst));
        writeln!(
            out,
            "Begin with {share}: at worst {worst} visitors are expected to see a failure.\n"
        )?;
    }
    if let Some(instead) = &first.instead {
        writeln!(
            out,
            "No share is small enough. {} would be, with one of these:\n  a budget of {} visitors",
            percent(instead.share),
            number(instead.budget.ceil())
        )?;
        if let Some(reaction_s) = instead.reaction_s {
            writeln!(out, "  a reaction within {reaction_s:.1} s")?;
        }
        if let Some(visible) = instead.visible {
            writeln!(
                out,
                "  failover that leaves {} of failures to be seen",
                percent(visible)
            )?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn write_now(now: &Now, out: &mut impl Write) -> io::Result<()> {
    let reason = now
        .reason
        .as_deref()
        .map_or(String::new(), |reason| format!(", {reason}"));
    writeln!(
        out,
        "Stage {}, {}{reason}, for {}.",
        now.stage + 1,
        now.phase,
        Duration(Some(now.dwelt_s))
    )?;
    for (name, failures, fetches, bounds) in [
        (
            "canary",
            now.failures.canary,
            now.fetches.canary,
            now.canary,
        ),
        (
            "stable",
            now.failures.control,
            now.fetches.control,
            now.control,
        ),
    ] {
        writeln!(
            out,
            "  {name}  {} of {} failed: {} to {}",
            number(failures),
            number(fetches),
            percent(bounds.low),
            percent(bounds.high)
        )?;
    }
    writeln!(
        out,
        "The canary can still fail {} more often than stable.\n",
        points(now.most_harm)
    )
}

fn write_stages(advice: &Advice, out: &mut impl Write) -> io::Result<()> {
    let has_visitors = advice.stages.iter().any(|stage| stage.visitors.is_some());
    let has_risk = advice.stages.iter().any(|stage| stage.at_risk.is_some());
    let mut rows = vec![vec![
        "share".to_owned(),
        "takes".to_owned(),
        "80 of 100".to_owned(),
    ]];
    if let Some(titles) = rows.first_mut() {
        if has_risk {
            titles.push("at risk".to_owned());
        }
        if has_visitors {
            titles.extend(["had the canary".to_owned(), "80 of 100".to_owned()]);
        }
    }
    for stage in &advice.stages {
        let mut row = vec![
            percent(stage.share),
            Duration(stage.dwell_s.p50).to_string(),
        ];
        row.push(range(&stage.dwell_s, |seconds| {
            Duration(seconds).to_string()
        }));
        row.extend(stage.at_risk.map(number));
        if let Some(visitors) = &stage.visitors {
            row.push(visitors.p50.map_or_else(String::new, number));
            row.push(range(visitors, |units| {
                units.map_or_else(String::new, number)
            }));
        }
        rows.push(row);
    }
    rows.push(vec![
        "100 %".to_owned(),
        format!("after {}", Duration(advice.total_s.p50)),
        range(&advice.total_s, |seconds| Duration(seconds).to_string()),
    ]);
    table(&rows, out)
}

fn write_harms(advice: &Advice, out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "If the canary's failures …, so many visitors see one before it has stopped; after how long it is found:\n"
    )?;
    let mut rows = vec![
        [String::new()]
            .into_iter()
            .chain(
                advice
                    .stages
                    .iter()
                    .map(|stage| format!("at {}", percent(stage.share))),
            )
            .collect::<Vec<_>>(),
    ];
    let sizes = [
        "double",
        "are 5 times as many",
        "are 10 times as many",
        "rise by 1 point",
        "are all",
    ];
    for (index, size) in sizes.iter().enumerate() {
        let cells = advice.stages.iter().map(|stage| {
            stage.harms.get(index).map_or_else(String::new, |harm| {
                let found = Duration(Some(harm.minutes * 60.0));
                format!("{}, {found}", number(harm.visitors))
            })
        });
        rows.push([(*size).to_owned()].into_iter().chain(cells).collect());
    }
    table(&rows, out)
}

fn range(spread: &Spread, show: impl Fn(Option<f64>) -> String) -> String {
    format!("{} to {}", show(spread.p10), show(spread.p90))
}

/// Columns, the first to the left, the others to the right.
fn table(rows: &[Vec<String>], out: &mut impl Write) -> io::Result<()> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    for row in rows {
        let mut line = String::new();
        for (index, (cell, width)) in row.iter().zip(&widths).enumerate() {
            line += &if index == 0 {
                format!("  {cell:<width$}")
            } else {
                format!("   {cell:>width$}")
            };
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

/// `0.1 %`, with three digits at most.
fn percent(part: f64) -> String {
    format!("{} %", number(100.0 * part))
}

/// `0.1 points`.
fn points(part: f64) -> String {
    format!("{} points", number(100.0 * part))
}

/// Three digits, or all before the point.
fn number(value: impl Into<f64> + Display) -> String {
    let value: f64 = value.into();
    let digits = match value.abs() {
        0.0 => 0,
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 1.0 => 2,
        size if size >= 0.1 => 2,
        size if size >= 0.01 => 3,
        _ => 4,
    };
    let text = format!("{value:.digits$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}
