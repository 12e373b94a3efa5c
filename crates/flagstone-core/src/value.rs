//! What a variant gives to the program that asks.

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
