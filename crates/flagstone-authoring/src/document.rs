//! The TOML document: its syntax, its shape, and what an environment changes in it.

mod overlay;
mod shape;
mod value;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

pub(crate) use overlay::overlay;
pub(crate) use shape::{complete, conform};
pub(crate) use value::{constant, day, instant, json_variant};

use crate::code::SYNTAX;
use crate::finding::{Finding, Report};
use crate::path::Path;

/// A table, its keys in the order of the file.
pub(crate) type Table<'i> = DeTable<'i>;

/// A value with its place.
pub(crate) type Node<'i> = Spanned<DeValue<'i>>;

/// Reads the document; `None` if it is not TOML, all mistakes being reported.
///
/// What the parser makes of broken lines is not looked at further: most of what could be said about it would be wrong.
pub(crate) fn parse<'i>(text: &'i str, report: &mut Report) -> Option<Table<'i>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let span = error.span().unwrap_or_default();
        report.add(Finding::new(SYNTAX, Path::Root, span, error.message()));
    }
    errors.is_empty().then(|| table.into_inner())
}

/// What a value is called in messages.
pub(crate) fn type_name(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// The text under a key, if it is text.
pub(crate) fn text<'a>(table: &'a Table<'_>, key: &str) -> Option<(&'a str, &'a Node<'a>)> {
    let node = table.get(key)?;
    Some((node.get_ref().as_str()?, node))
}

/// The boolean under a key, if it is one.
pub(crate) fn boolean(table: &Table<'_>, key: &str) -> Option<bool> {
    table.get(key)?.get_ref().as_bool()
}

/// The entries of the table under a key; none if there is no table.
pub(crate) fn entries<'a, 'i>(
    table: &'a Table<'i>,
    key: &str,
) -> impl Iterator<Item = (&'a Spanned<toml::de::DeString<'i>>, &'a Node<'i>)> {
    table
        .get(key)
        .and_then(|node| node.get_ref().as_table())
        .into_iter()
        .flat_map(DeTable::iter)
}

/// The elements of the array under a key; none if there is no array.
pub(crate) fn elements<'a, 'i>(
    table: &'a Table<'i>,
    key: &str,
) -> impl Iterator<Item = &'a Node<'i>> {
    table
        .get(key)
        .and_then(|node| node.get_ref().as_array())
        .into_iter()
        .flat_map(|list| list.iter())
}
