//! `flagstone types`: flags as TypeScript types.

use crate::files::{distinct, replace};
use crate::listing::{self, Exposed, Listed};
use crate::report::{Failure, Format, Outcome, Report};
use crate::source::SourceArguments;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;

/// Write the flags of a source as TypeScript types, for js/client
///
/// With the file in a program, a misspelt flag or variant does not compile, and values have their types.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  flagstone types flagstone.toml -o src/flags.d.ts
  flagstone types flagstone.toml --values --exposed browser -o src/flags.ts
  flagstone types flagstone.toml --openfeature -o src/flags.d.ts

With --values the file also exports the table `values`, from which providers know a variant's value where the edge delivers
only variants. Whoever gets the program can read it, so it should have only flags that browsers may see.

With --openfeature a misspelt key, or one of a flag of another type, does not compile in `useFlag` and the other functions of
OpenFeature's SDKs either. Their package @openfeature/core must be among the program's own, and `skipLibCheck` be on.")]
pub struct Arguments {
    #[command(flatten)]
    source: SourceArguments,
    /// Only flags that the edge tells browsers, or origins
    #[arg(long, value_enum, value_name = "TO")]
    exposed: Option<Exposed>,
    /// Also export the values of all variants; the file is then no .d.ts
    #[arg(long)]
    values: bool,
    /// Also say which keys OpenFeature's SDKs take
    #[arg(long)]
    openfeature: bool,
    /// Where to write the file; replaced in one step. Standard output if absent
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub fn run(arguments: &Arguments, report: &Report) -> Result<Outcome, Failure> {
    if let (Some(path), true) = (&arguments.output, arguments.values)
        && path.to_string_lossy().ends_with(".d.ts")
    {
        return Err(Failure::Argument {
            name: "--values",
            problem: format!("`{}` can have types alone; write a .ts", path.display()),
        });
    }
    if let Some(output) = &arguments.output {
        distinct(
            1,
            &[("SOURCE", &arguments.source.path), ("--output", output)],
        )?;
    }
    let Some(flags) = listing::list(&arguments.source, arguments.exposed, report)? else {
        return Ok(Outcome::Errors);
    };
    let mut text = types(&flags);
    if arguments.openfeature {
        push_openfeature(&mut text, &flags);
    }
    if arguments.values {
        push_values(&mut text, &flags);
    }
    write(arguments.output.as_ref(), &text, flags.len(), report)
}

/// Writes what was asked for to the file and says so, or to standard output.
pub fn write(
    output: Option<&PathBuf>,
    text: &str,
    flags: usize,
    report: &Report,
) -> Result<Outcome, Failure> {
    let mut out = report.beside(output.map(PathBuf::as_path));
    let written = match output {
        None => out.write_all(text.as_bytes()),
        Some(path) => {
            replace(path, text.as_bytes()).map_err(Failure::write(path))?;
            let file = path.display();
            match report.format {
                Format::Json => writeln!(
                    out,
                    "{:#}",
                    json!({ "file": file.to_string(), "flags": flags })
                ),
                Format::Text if flags == 1 => writeln!(out, "wrote    {file}: 1 flag"),
                Format::Text => writeln!(out, "wrote    {file}: {flags} flags"),
            }
        }
    };
    written.map_err(Failure::Output)?;
    Ok(Outcome::Fine)
}

fn types(flags: &[Listed]) -> String {
    let mut text = "\
// Written by `flagstone types`. Do not edit: write it anew when flags change.

import type {} from '@flagstone/client';

declare module '@flagstone/client' {
  interface FlagTypes {
"
    .to_owned();
    for flag in flags {
        push_description(&mut text, flag.description.as_deref());
        let _ = writeln!(text, "    {}: {{", quoted(&flag.name));
        for (key, value) in &flag.variants {
            let _ = write!(text, "      {}: ", quoted(key));
            push_type(&mut text, value);
            text.push_str(";\n");
        }
        text.push_str("    };\n");
    }
    text.push_str("  }\n}\n");
    text
}

/// The table of values.
fn push_values(text: &mut String, flags: &[Listed]) {
    text.push_str("\n/** The values of all variants. */\nexport const values = {\n");
    for flag in flags {
        let _ = writeln!(text, "  {}: {{", member(&flag.name));
        for (key, value) in &flag.variants {
            let _ = write!(text, "    {}: ", member(key));
            push_value(text, value);
            text.push_str(",\n");
        }
        text.push_str("  },\n");
    }
    text.push_str("} as const;\n");
}

/// The types that OpenFeature has for flags' keys, by what the flags' values are.
fn push_openfeature(text: &mut String, flags: &[Listed]) {
    type Test = fn(&Value) -> bool;
    let kinds: [(&str, Test); 4] = [
        ("Boolean", Value::is_boolean),
        ("String", Value::is_string),
        ("Number", Value::is_number),
        ("Object", |value| {
            value.is_object() || value.is_array() || value.is_null()
        }),
    ];
    text.push_str(
        "
// Keys for OpenFeature's SDKs, `useFlag` among their functions; without these types they take any text.
declare module '@openfeature/core' {
",
    );
    for (kind, test) in kinds {
        // TypeScript sees two declarations of one name, and takes this one.
        text.push_str("  // @ts-ignore: it stands in for the one of this name.\n");
        let _ = write!(text, "  export type {kind}FlagKey =");
        let is_one = |flag: &&Listed| flag.variants.iter().any(|(_, value)| test(value));
        let mut keys = flags.iter().filter(is_one).peekable();
        if keys.peek().is_none() {
            text.push_str(" never");
        }
        for flag in keys {
            let _ = write!(text, "\n    | {}", quoted(&flag.name));
        }
        text.push_str(";\n");
    }
    text.push_str("}\n");
}

/// As a comment that editors show.
fn push_description(text: &mut String, description: Option<&str>) {
    let Some(description) = description else {
        return;
    };
    // What would end the comment.
    let description = description.trim().replace("*/", "*\\/");
    let lines: Vec<&str> = description.lines().map(str::trim).collect();
    match lines.as_slice() {
        [] => {}
        [line] => {
            let _ = writeln!(text, "    /** {line} */");
        }
        lines => {
            text.push_str("    /**\n");
            for line in lines {
                let _ = writeln!(text, "{}", format!("     * {line}").trim_end());
            }
            text.push_str("     */\n");
        }
    }
}

/// A type that only this value has.
fn push_type(text: &mut String, value: &Value) {
    match value {
        Value::Array(items) => {
            text.push_str("readonly [");
            for (position, item) in items.iter().enumerate() {
                if position > 0 {
                    text.push_str(", ");
                }
                push_type(text, item);
            }
            text.push(']');
        }
        // `{}` would be the type of nearly everything.
        Value::Object(members) if members.is_empty() => {
            text.push_str("{ readonly [member: string]: never }");
        }
        Value::Object(members) => {
            text.push_str("{ ");
            for (key, value) in members {
                let _ = write!(text, "readonly {}: ", quoted(key));
                push_type(text, value);
                text.push_str("; ");
            }
            text.push('}');
        }
        _ => {
            let _ = write!(text, "{value}");
        }
    }
}

/// An expression for the value.
fn push_value(text: &mut String, value: &Value) {
    match value {
        Value::Array(items) => {
            text.push('[');
            for (position, item) in items.iter().enumerate() {
                if position > 0 {
                    text.push_str(", ");
                }
                push_value(text, item);
            }
            text.push(']');
        }
        Value::Object(members) => {
            text.push('{');
            for (position, (key, value)) in members.iter().enumerate() {
                text.push_str(if position > 0 { ", " } else { " " });
                let _ = write!(text, "{}: ", member(key));
                push_value(text, value);
            }
            text.push_str(if members.is_empty() { "}" } else { " }" });
        }
        _ => {
            let _ = write!(text, "{value}");
        }
    }
}

/// The name of a member of an object that is written down: `"__proto__"` alone would be the object's prototype.
fn member(key: &str) -> String {
    if key == "__proto__" {
        format!("[{}]", quoted(key))
    } else {
        quoted(key)
    }
}

/// JSON's texts are TypeScript's too.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
