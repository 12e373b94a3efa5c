//! `flagstone schema`: the format for editors.

use crate::report::{Failure, Outcome, Report};
use std::io::Write;

/// Print the JSON Schema of flagstone.toml, for completion and checks in editors
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  flagstone schema > flagstone.schema.json

Editors with a TOML extension use it when flagstone.toml begins with
  #:schema ./flagstone.schema.json")]
pub struct Arguments {}

pub fn run(_: &Arguments, report: &Report) -> Result<Outcome, Failure> {
    let schema = flagstone_authoring::schema();
    writeln!(report.output(), "{schema:#}").map_err(Failure::Output)?;
    Ok(Outcome::Fine)
}
