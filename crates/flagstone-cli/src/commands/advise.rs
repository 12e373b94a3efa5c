//! `flagstone advise`: how to roll a flag out, and how a rollout will go on.

mod advice;
mod duration;
mod text;

use crate::clock;
use crate::report::{Failure, Format, Outcome, Report};
use advice::{Advice, Circumstances};
use flagstone_core::UnixMillis;
use flagstone_guard::Status;
use flagstone_rollout::Ladder;
use std::fs;
use std::path::{Path, PathBuf};

/// Advise how to roll a flag out: with which share to begin, how long it takes, what a mistake would cost
///
/// From what is known beforehand, how many requests there are and how many of stable's fail, or with --status from what a
/// rollout has counted so far.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  flagstone advise new-checkout --rate 100 --failures 0.1%
  flagstone advise new-checkout --rate 1000 --failures 0.1% --visible 10% --stages 5%,25%,50%,95%
  curl -s http://127.0.0.1:8700/rollouts/new-checkout > status.json
  flagstone advise new-checkout --status status.json

Parts are numbers from 0 to 1, or per cent: 0.001 and 0.1% are the same.")]
pub struct Arguments {
    /// The flag that is rolled out
    #[arg(value_name = "FLAG")]
    flag: String,
    /// Requests a second that are randomised, of all variants together
    #[arg(long, value_name = "N", required_unless_present_any = ["status", "week"], value_parser = positive)]
    rate: Option<f64>,
    /// Requests a second in each hour of the week, instead of one rate: a JSON array of 168 numbers, from Monday 00:00 UTC
    #[arg(long, value_name = "FILE", conflicts_with = "rate")]
    week: Option<PathBuf>,
    /// The part of stable's requests that fail: status 500 and above, no connection, no answer in time
    #[arg(long, value_name = "PART", required_unless_present = "status", value_parser = part)]
    failures: Option<f64>,
    /// The smallest harm worth detecting, as a part of all requests [default: 0.1%, or half of --failures]
    #[arg(long, value_name = "PART", value_parser = part)]
    harm: Option<f64>,
    /// How many visitors may see a failure before harm ends [default: 100]
    #[arg(long, value_name = "N", value_parser = positive)]
    budget: Option<f64>,
    /// Seconds from a failure until all nodes know of the rollback it leads to [default: 15]
    #[arg(long, value_name = "SECONDS", value_parser = positive)]
    reaction: Option<f64>,
    /// The part of the canary's failures that a visitor sees, since failover does not repair them [default: 100%]
    #[arg(long, value_name = "PART", value_parser = part)]
    visible: Option<f64>,
    /// The canary's shares, ascending [default: the first share advised, then 5%, 25%, 50%, 95%]
    #[arg(long, value_name = "PARTS", value_delimiter = ',', value_parser = part)]
    stages: Vec<f64>,
    /// What a guard says of the rollout, from its `/rollouts/FLAG`; `-` is standard input
    #[arg(long, value_name = "FILE")]
    status: Option<PathBuf>,
    /// When the rollout begins or goes on, for --week, instead of now
    #[arg(long, value_name = "RFC3339", value_parser = clock::parse)]
    now: Option<UnixMillis>,
}

pub fn run(arguments: &Arguments, report: &Report) -> Result<Outcome, Failure> {
    let status = match &arguments.status {
        Some(path) => Some(read_json::<Status>(path, "a guard's status")?),
        None => None,
    };
    if let (Some(status), Some(path)) = (&status, &arguments.status)
        && status.flag != arguments.flag
    {
        return Err(Failure::Unusable {
            path: path.clone(),
            problem: format!("it is of flag `{}`", status.flag),
        });
    }
    let week = match &arguments.week {
        Some(path) => Some(week(path)?),
        None => None,
    };
    let ladder = match arguments.stages.as_slice() {
        [] => None,
        shares => Some(Ladder::new(shares).map_err(|error| Failure::Argument {
            name: "--stages",
            problem: error.to_string(),
        })?),
    };
    let circumstances = Circumstances {
        flag: &arguments.flag,
        rate: arguments.rate,
        week: week.as_ref(),
        failures: arguments.failures,
        harm: arguments.harm,
        budget: arguments.budget,
        reaction_s: arguments.reaction,
        visible: arguments.visible,
        ladder,
        status: status.as_ref(),
        now: arguments.now.unwrap_or_else(clock::now),
    };
    let advice = Advice::new(&circumstances).map_err(|problem| Failure::Argument {
        name: "--status",
        problem,
    })?;
    let mut out = report.output();
    let written = match report.format {
        Format::Json => advice.write_json(&mut out),
        Format::Text => text::write(&advice, &mut out),
    };
    written.map_err(Failure::Output)?;
    Ok(Outcome::Fine)
}

/// Reads a part of all: `0.001`, or `0.1%`.
fn part(text: &str) -> Result<f64, String> {
    let number = match text.strip_suffix('%') {
        Some(percent) => percent
            .trim_end()
            .parse()
            .map(|percent: f64| percent / 100.0),
        None => text.parse(),
    };
    match number {
        Ok(number) if 0.0 < number && number <= 1.0 => Ok(number),
        _ => Err("not above 0 and at most 1, or per cent such as 0.1%".to_owned()),
    }
}

fn positive(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(number) if 0.0 < number && number < 1e12 => Ok(number),
        _ => Err("not a number above 0".to_owned()),
    }
}

fn week(path: &Path) -> Result<[f64; 168], Failure> {
    let rates: Vec<f64> = read_json(path, "an array of 168 numbers")?;
    let usable = rates.iter().all(|rate| *rate >= 0.0 && rate.is_finite());
    let rates: Option<[f64; 168]> = rates.try_into().ok().filter(|_| usable);
    rates.ok_or_else(|| Failure::Unusable {
        path: path.to_owned(),
        problem: "it is not 168 rates of 0 or more".to_owned(),
    })
}

fn read_json<T: serde::de::DeserializeOwned>(path: &Path, what: &str) -> Result<T, Failure> {
    let text = if path == Path::new("-") {
        std::io::read_to_string(std::io::stdin())
    } else {
        fs::read_to_string(path)
    };
    let text = text.map_err(Failure::read(path))?;
    serde_json::from_str(&text).map_err(|error| Failure::Unusable {
        path: path.to_owned(),
        problem: format!("it is not {what}: {error}"),
    })
}
