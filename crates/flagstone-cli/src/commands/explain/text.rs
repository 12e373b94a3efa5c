//! An explanation for people.

use super::Answer;
use super::explanation::{
    Attribute, Explanation, Holds, Prerequisites, Presence, Rule, RuleOutcome, Split, Test,
};
use clap::builder::styling::{AnsiColor, Style};

use std::io::{self, Write};

const STRONG: Style = Style::new().bold();
const WEAK: Style = Style::new().dimmed();
const YES: Style = AnsiColor::Green.on_default();
const NO: Style = AnsiColor::Red.on_default();
const UNKNOWN: Style = AnsiColor::Yellow.on_default();

/// Writes all of it.
pub fn write(out: &mut impl Write, answer: &Answer) -> io::Result<()> {
    let Answer {
        now, explanation, ..
    } = answer;
    let Explanation { flag, reason, .. } = explanation;
    let variant = explanation
        .variant
        .as_deref()
        .unwrap_or("the caller's default");
    write!(out, "{STRONG}{flag} = {variant}{STRONG:#}")?;
    if let Some(value) = &explanation.value {
        write!(out, "  {value}")?;
    }
    write!(out, "\n{reason}")?;
    if let Some(rule) = explanation.rule {
        let rule = explanation.rules.get(usize::from(rule));
        write!(out, ", {}", rule.map(title).unwrap_or_default())?;
    }
    writeln!(out, ", at {now}\n")?;
    body(out, explanation, 0)?;
    if let Some(rollout) = &answer.rollout {
        writeln!(out, "rollout: {}", rollout.words())?;
    }
    for route in &answer.routes {
        write!(out, "acts on {}", route.route)?;
        if let Some(words) = route.words() {
            write!(out, "; harm there is also: {words}")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// Prerequisites and rules, indented.
fn body(out: &mut impl Write, explanation: &Explanation, depth: usize) -> io::Result<()> {
    if explanation.killed {
        line(out, depth)?;
        return writeln!(
            out,
            "killed: the control document holds the flag at this variant"
        );
    }
    if explanation.reason == "DISABLED" {
        line(out, depth)?;
        return writeln!(out, "the flag is disabled; nothing was asked");
    }
    if explanation.rules.is_empty() {
        line(out, depth)?;
        return writeln!(out, "the flag has no rules");
    }
    if let Some(Prerequisites { hold, tests }) = &explanation.prerequisites {
        line(out, depth)?;
        writeln!(
            out,
            "prerequisites {}",
            if *hold { "hold" } else { "do not hold" }
        )?;
        write_tests(out, tests, depth + 1)?;
    }
    for rule in &explanation.rules {
        write_rule(out, rule, depth)?;
    }
    Ok(())
}

fn write_rule(out: &mut impl Write, rule: &Rule, depth: usize) -> io::Result<()> {
    line(out, depth)?;
    let title = title(rule);
    match rule.outcome {
        RuleOutcome::Matched => writeln!(out, "{title} {YES}matches{YES:#}")?,
        RuleOutcome::NotMatched => writeln!(out, "{title} {NO}does not match{NO:#}")?,
        RuleOutcome::NotReached => writeln!(out, "{WEAK}{title} is not reached{WEAK:#}")?,
    }
    write_tests(out, &rule.tests, depth + 1)?;
    if rule.outcome == RuleOutcome::Matched && rule.tests.is_empty() {
        line(out, depth + 1)?;
        writeln!(out, "it has no condition")?;
    }
    if let Some(split) = &rule.split {
        write_split(out, split, depth + 1)?;
    }
    for missed in &rule.missed_by {
        line(out, depth + 1)?;
        let variant = missed.variant.as_deref().unwrap_or("the caller's default");
        let test = &missed.test;
        writeln!(
            out,
            "{STRONG}just missed{STRONG:#}: if {test}, {variant} would be served"
        )?;
    }
    Ok(())
}

fn write_tests(out: &mut impl Write, tests: &[Test], depth: usize) -> io::Result<()> {
    for test in tests {
        line(out, depth)?;
        match test.holds {
            Holds::Yes => write!(out, "{YES}yes{YES:#}     ")?,
            Holds::No => write!(out, "{NO}no{NO:#}      ")?,
            Holds::Unknown => write!(out, "{UNKNOWN}unknown{UNKNOWN:#} ")?,
        }
        write!(out, "{}", test.test)?;
        match &test.attribute {
            Some(attribute) => writeln!(out, "  {WEAK}{}{WEAK:#}", value(attribute))?,
            None => writeln!(out)?,
        }
        write_tests(out, &test.segment, depth + 4)?;
        if let Some(flag) = &test.flag {
            line(out, depth + 4)?;
            let variant = flag.variant.as_deref().unwrap_or("no variant");
            writeln!(
                out,
                "{STRONG}{} = {variant}{STRONG:#}, {}",
                flag.flag, flag.reason
            )?;
            body(out, flag, depth + 5)?;
        }
    }
    Ok(())
}

fn write_split(out: &mut impl Write, split: &Split, depth: usize) -> io::Result<()> {
    line(out, depth)?;
    let Some(bucket) = split.bucket else {
        return writeln!(
            out,
            "{}; nothing to be bucketed by, so the default is served",
            value(&split.by)
        );
    };
    let total = thousands(split.total);
    let percent = |positions| percent(positions, split.total);
    let per_cent = percent(bucket);
    let by = value(&split.by);
    writeln!(
        out,
        "bucket {} of {total} ({per_cent}); {by}",
        thousands(bucket)
    )?;
    let width = split.ranges.iter().map(|range| range.variant.len());
    let width = width.chain([split.rest.len()]).max().unwrap_or_default();
    for range in &split.ranges {
        line(out, depth + 1)?;
        let share = percent(range.to.saturating_sub(range.from));
        write!(out, "{:width$}  ", range.variant)?;
        match range.to.checked_sub(1).filter(|last| *last >= range.from) {
            Some(last) => write!(out, "{} to {}", thousands(range.from), thousands(last))?,
            None => write!(out, "nobody at this time")?,
        }
        writeln!(
            out,
            " ({share}){}",
            if range.here { "  <- here" } else { "" }
        )?;
    }
    line(out, depth + 1)?;
    let here = split.ranges.iter().any(|range| range.here);
    let here = if here { "" } else { "  <- here" };
    writeln!(out, "{:width$}  the rest{here}", split.rest)?;
    if let Some(closest) = &split.closest {
        line(out, depth)?;
        let (distance, variant) = (closest.distance, &closest.variant);
        let (buckets, percent) = (thousands(distance), percent(distance));
        writeln!(
            out,
            "closest to {variant}, {buckets} buckets ({percent}) away"
        )?;
    }
    Ok(())
}

/// Begins a line.
fn line(out: &mut impl Write, depth: usize) -> io::Result<()> {
    write!(out, "{:1$}", "", 2 * depth)
}

/// By its number in the snapshot, where rules of `targets` come first: ``rules[1] `canary` ``.
fn title(rule: &Rule) -> String {
    match &rule.name {
        Some(name) => format!("rules[{}] `{name}`", rule.index),
        None => format!("rules[{}]", rule.index),
    }
}

fn value(attribute: &Attribute) -> String {
    let name = &attribute.name;
    match (&attribute.value, attribute.is) {
        (Some(value), _) => format!("{name} is {value}"),
        (None, Presence::Object) => format!("{name} is an object"),
        (None, _) => format!("{name} is missing"),
    }
}

/// A part as per cent to four places, without zeros at the end.
fn percent(positions: u64, total: u64) -> String {
    let millionths = u128::from(positions) * 1_000_000 / u128::from(total.max(1));
    let text = format!("{}.{:04}", millionths / 10_000, millionths % 10_000);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

/// A number with a comma before every three digits.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
