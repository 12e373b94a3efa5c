//! What an attribute is held against in JavaScript's way.

use super::{Order, Scalar};
pub use flagstone_core::layout::kind;

/// Questions that are answered as JavaScript would. None is ever unknown: an attribute that is missing counts as null.
#[derive(Clone, Debug, PartialEq)]
pub enum Js {
    /// Its text, as `value + ""` makes it, is this.
    Text(String),
    /// Its text in small letters is this, which is in small letters.
    LowerText(String),
    /// It is this number, as `value * 1` makes it.
    Number(f64),
    /// It is truthy.
    Truthy,
    /// It stands in this order to a text or a number, as `<` and its like compare them: two texts by UTF-16 code units, all
    /// else as numbers; what is no number stands in no order. Not for [`Order::Equal`]; a boolean counts as 0 or 1.
    Compare(Order, Scalar),
    /// Its JSON, as `JSON.stringify` writes it, is this.
    Json(String),
    /// As a version it stands in this order to another, in GrowthBook's way of comparing versions.
    Version(Order, String),
    /// It is text that in small letters is one of these, which are in small letters. With
    /// [`Reading::elements`](super::Reading::elements) also a list with such an element; no other part of a reading has a
    /// meaning here.
    OneOfLower(Vec<String>),
    /// In its text, as `value + ""` makes it, this regular expression of JavaScript matches somewhere.
    Matches {
        /// The pattern, in the dialect [`EcmaScript`](crate::regex::Dialect::EcmaScript).
        pattern: String,
        /// Whether capital and small letters are equal.
        ignore_case: bool,
    },
    /// Its type is one of these: bits of [`kind`].
    Type(u32),
}
