//! Whether a document has only known keys, with values of the right types.

use std::ops::Range;

use toml::de::DeValue;

use super::{Node, Table, type_name};
use crate::code::{BAD_DATE, BAD_VALUE, MISSING_KEY, UNKNOWN_KEY, WRONG_TYPE};
use crate::finding::{Finding, Report};
use crate::grammar::{Kind, Shape};
use crate::path::Path;
use crate::suggest;

/// Reports unknown keys and values of wrong types, everywhere below a table, and missing keys in lists: those are whole
/// wherever they stand. Tables are laid over each other first, see [`complete`].
pub(crate) fn conform(
    table: &Table<'_>,
    shape: &'static Shape,
    path: Path<'_>,
    report: &mut Report,
) {
    for (name, value) in table {
        let path = path.key(name.get_ref());
        match shape.keys.iter().find(|key| key.name == name.get_ref()) {
            Some(key) => check(value, &key.kind, path, report),
            None => {
                let known = shape.keys.iter().map(|key| key.name);
                report.add(
                    Finding::new(
                        UNKNOWN_KEY,
                        path,
                        name.span(),
                        format!("unknown key `{}` in {}", name.get_ref(), title(shape)),
                    )
                    .help(suggest::help(name.get_ref(), "known keys", known)),
                );
            }
        }
    }
}

/// Reports the keys that a table must have and has not, in it and everywhere below it but in lists.
pub(crate) fn complete(
    table: &Table<'_>,
    span: Range<usize>,
    shape: &'static Shape,
    path: Path<'_>,
    report: &mut Report,
) {
    for key in shape.keys {
        match table.get(key.name) {
            Some(value) => complete_below(value, &key.kind, path.key(key.name), report),
            None if key.required => {
                let message = format!("{} needs the key `{}`", title(shape), key.name);
                let help = format!("`{}`: {}", key.name, key.about.trim_end_matches('.'));
                report.add(Finding::new(MISSING_KEY, path, span.clone(), message).help(help));
            }
            None => {}
        }
    }
}

fn complete_below(value: &Node<'_>, kind: &'static Kind, path: Path<'_>, report: &mut Report) {
    match (kind, value.get_ref()) {
        (Kind::Table(shape), DeValue::Table(table)) => {
            complete(table, value.span(), shape, path, report);
        }
        (Kind::Map(kind), DeValue::Table(table)) => {
            for (name, value) in table {
                complete_below(value, kind, path.key(name.get_ref()), report);
            }
        }
        (Kind::Either(kinds), _) => {
            for kind in *kinds {
                complete_below(value, kind, path, report);
            }
        }
        _ => {}
    }
}

fn title(shape: &Shape) -> String {
    match shape.name {
        "document" => "the document".to_owned(),
        name @ ("identity" | "expose" | "ofrep") => format!("`[{name}]`"),
        "anonymous" => "`anonymous`".to_owned(),
        name if name.starts_with(['a', 'e', 'o']) => format!("an {name}"),
        name => format!("a {}", name.replace('_', " ")),
    }
}

fn check(value: &Node<'_>, kind: &'static Kind, path: Path<'_>, report: &mut Report) {
    match (kind, value.get_ref()) {
        (Kind::Either(kinds), _) => match kinds.iter().find(|kind| fits(kind, value.get_ref())) {
            Some(kind) => check(value, kind, path, report),
            None => wrong_type(value, kind, path, report),
        },
        (Kind::Table(shape), DeValue::Table(table)) => {
            conform(table, shape, path, report);
        }
        (Kind::Map(kind), DeValue::Table(table)) => {
            for (name, value) in table {
                check(value, kind, path.key(name.get_ref()), report);
            }
        }
        (Kind::Dotted(kind), DeValue::Table(table)) => dotted(table, kind, path, report),
        (Kind::List(kind), DeValue::Array(list)) => {
            for (index, value) in list.iter().enumerate() {
                let path = path.index(index);
                check(value, kind, path, report);
                complete_below(value, kind, path, report);
            }
        }
        (Kind::Date, DeValue::Datetime(date)) => {
            if date.date.is_none() || date.time.is_some() {
                report.add(
                    Finding::new(
                        BAD_DATE,
                        path,
                        value.span(),
                        "a date without time is expected",
                    )
                    .help("for example `2027-03-01`".to_owned()),
                );
            }
        }
        (Kind::Instant, DeValue::Datetime(date)) => {
            if date.date.is_none() || date.time.is_none() || date.offset.is_none() {
                report.add(
                    Finding::new(
                        BAD_DATE,
                        path,
                        value.span(),
                        "a date-time with a zone is expected",
                    )
                    .help(
                        "for example `2026-12-01T08:00:00Z` or `2026-12-01T09:00:00+01:00`"
                            .to_owned(),
                    ),
                );
            }
        }
        (Kind::Integer(least, most), DeValue::Integer(text)) => {
            let number = i64::from_str_radix(text.as_str(), text.radix());
            if !number.is_ok_and(|number| (*least..=*most).contains(&number)) {
                let message = format!("must be from {least} to {most}");
                report.add(Finding::new(BAD_VALUE, path, value.span(), message));
            }
        }
        (kind, found) if fits(kind, found) => {}
        _ => wrong_type(value, kind, path, report),
    }
}

/// Members of a table whose keys may be dotted without quotes.
fn dotted(table: &Table<'_>, kind: &'static Kind, path: Path<'_>, report: &mut Report) {
    for (name, value) in table {
        let path = path.key(name.get_ref());
        match value.get_ref() {
            DeValue::Table(inner) => dotted(inner, kind, path, report),
            _ => check(value, kind, path, report),
        }
    }
}

/// Whether a value has the TOML type of a kind.
fn fits(kind: &Kind, value: &DeValue<'_>) -> bool {
    match kind {
        Kind::Boolean => value.is_bool(),
        Kind::Text | Kind::Condition => value.is_str(),
        Kind::Date | Kind::Instant => value.is_datetime(),
        Kind::Integer(..) => value.is_integer(),
        Kind::Percent => value.is_integer() || value.is_float(),
        Kind::Value => true,
        Kind::List(_) => value.is_array(),
        Kind::Map(_) | Kind::Dotted(_) | Kind::Table(_) => value.is_table(),
        Kind::Either(kinds) => kinds.iter().any(|kind| fits(kind, value)),
    }
}

fn wrong_type(value: &Node<'_>, kind: &Kind, path: Path<'_>, report: &mut Report) {
    let message = format!(
        "{} is expected here, not {}",
        expected(kind),
        type_name(value.get_ref())
    );
    let help = match value.get_ref() {
        DeValue::String(_) => unquoted(kind),
        _ => None,
    };
    report.add(Finding::new(WRONG_TYPE, path, value.span(), message).help(help.map(str::to_owned)));
}

/// What to say of text where another type is expected.
fn unquoted(kind: &Kind) -> Option<&'static str> {
    match kind {
        Kind::Date | Kind::Instant => Some("dates are written without quotes"),
        Kind::Boolean => Some("booleans are written without quotes"),
        Kind::Percent | Kind::Integer(..) => {
            Some("numbers are written without quotes and per cent sign")
        }
        Kind::List(_) => Some("lists are written in brackets: `[\"…\"]`"),
        Kind::Either(kinds) => kinds.iter().find_map(unquoted),
        _ => None,
    }
}

fn expected(kind: &Kind) -> String {
    match kind {
        Kind::Boolean => "a boolean".to_owned(),
        Kind::Text => "text".to_owned(),
        Kind::Condition => "a condition in quotes".to_owned(),
        Kind::Date => "a date".to_owned(),
        Kind::Instant => "a date-time".to_owned(),
        Kind::Integer(..) => "a whole number".to_owned(),
        Kind::Percent => "a number".to_owned(),
        Kind::Value => "a value".to_owned(),
        Kind::List(Kind::Text) => "a list of texts".to_owned(),
        Kind::List(_) => "a list of tables".to_owned(),
        Kind::Map(_) | Kind::Dotted(_) | Kind::Table(_) => "a table".to_owned(),
        Kind::Either(kinds) => {
            let kinds: Vec<_> = kinds.iter().map(expected).collect();
            kinds.join(" or ")
        }
    }
}
