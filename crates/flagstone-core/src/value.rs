//! What a variant gives to the program that asks.

use crate::layout::{ValueKind, VariantRecord};
use crate::snapshot::Snapshot;

/// A variant's value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// `true` or `false`.
    Boolean(bool),
    /// Any text.
    String(&'a str),
    /// A number.
    Number {
        /// As a 64-bit float.
        number: f64,
        /// As JSON writes it.
        text: &'a str,
    },
    /// JSON text of an object, an array or null.
    Json(&'a str),
}

impl<'a> Value<'a> {
    #[inline]
    pub(crate) fn read(snapshot: &Snapshot<'a>, record: &VariantRecord) -> Option<Self> {
        let kind = ValueKind::from_code(record.kind)?;
        if kind == ValueKind::Boolean {
            return Some(Self::Boolean(record.number != 0));
        }
        let text = snapshot.text(record.text_offset, record.text_len)?;
        Some(match kind {
            ValueKind::Boolean => Self::Boolean(record.number != 0),
            ValueKind::String => Self::String(text),
            ValueKind::Number => Self::Number {
                number: f64::from_bits(record.number),
                text,
            },
            ValueKind::Json => Self::Json(text),
        })
    }
}
