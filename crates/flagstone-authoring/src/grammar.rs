//! Every key of the format, once: what the reader allows and what the JSON Schema says both come from here.

mod edge;
mod flag;
mod plan;

use edge::{EXPOSE, GOAL, IDENTITY, OFREP, ORIGIN, ROUTE, SOURCE};
use flag::{FLAG, SEGMENT};

/// A table with known keys.
#[derive(Debug)]
pub(crate) struct Shape {
    /// Its name in the schema.
    pub(crate) name: &'static str,
    /// What it is for, in one sentence.
    pub(crate) about: &'static str,
    pub(crate) keys: &'static [Key],
}

/// A key of a table.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// What it says, in one sentence.
    pub(crate) about: &'static str,
    /// TOML of the value that an absent key stands for; empty if there is no such value.
    pub(crate) default: &'static str,
    /// The table cannot do without it.
    pub(crate) required: bool,
}

/// What a value looks like. What it means is checked later.
#[derive(Debug)]
pub(crate) enum Kind {
    Boolean,
    /// Any text.
    Text,
    /// A CEL expression.
    Condition,
    /// A calendar date.
    Date,
    /// A date-time with a zone.
    Instant,
    /// A whole number in a range.
    Integer(i64, i64),
    /// A number of per cent.
    Percent,
    /// Any value.
    Value,
    /// An array.
    List(&'static Kind),
    /// A table with keys of the author's choice.
    Map(&'static Kind),
    /// As a map, but dotted keys may be written without quotes: `user.email = …` means `"user.email" = …`.
    Dotted(&'static Kind),
    /// A table with known keys.
    Table(&'static Shape),
    /// One of several, of different TOML types.
    Either(&'static [Kind]),
}

const fn key(name: &'static str, kind: Kind, default: &'static str, about: &'static str) -> Key {
    Key {
        name,
        kind,
        about,
        default,
        required: false,
    }
}

const fn required(name: &'static str, kind: Kind, about: &'static str) -> Key {
    Key {
        name,
        kind,
        about,
        default: "",
        required: true,
    }
}

const TEXTS: Kind = Kind::List(&Kind::Text);

const DESCRIPTION: Key = key(
    "description",
    Kind::Text,
    "",
    "What it is for; for readers only.",
);
macro_rules! document {
    ($($environments:expr)?) => {
        &[
            key("flags", Kind::Map(&Kind::Table(&FLAG)), "{}", "The flags, by key."),
            key("segments", Kind::Map(&Kind::Table(&SEGMENT)), "{}", "The segments, by key."),
            key("identity", Kind::Table(&IDENTITY), "{}", IDENTITY.about),
            key(
                "context",
                Kind::Dotted(&Kind::Text),
                "{}",
                "Where other attributes come from, by their dotted name: `\"user.email\" = \"cookie:email\"`.",
            ),
            key("origins", Kind::Map(&Kind::Table(&ORIGIN)), "{}", "The origins, by name; `stable` is always one."),
            key(
                "routes",
                Kind::List(&Kind::Table(&ROUTE)),
                "[]",
                "All that match a request apply, the first having precedence.",
            ),
            key(
                "goals",
                Kind::Map(&Kind::Table(&GOAL)),
                "{}",
                "What visitors are to reach, by name; plans say which of them are compared.",
            ),
            key("expose", Kind::Table(&EXPOSE), "{}", EXPOSE.about),
            key("ofrep", Kind::Table(&OFREP), "", OFREP.about),
            key("source", Kind::Table(&SOURCE), "", SOURCE.about),
            $($environments)?
        ]
    };
}

pub(crate) static ENVIRONMENT: Shape = Shape {
    name: "environment",
    about: "What differs in an environment: tables are merged, lists and single values replaced.",
    keys: document!(),
};

/// The whole document.
pub(crate) static DOCUMENT: Shape = Shape {
    name: "document",
    about: "Feature flags and what the edge does with them.",
    keys: document!(key(
        "environments",
        Kind::Map(&Kind::Table(&ENVIRONMENT)),
        "{}",
        "What differs in each environment, by its name.",
    )),
};
