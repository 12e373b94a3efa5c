//! Conditions on the evaluation context.

use flagstone_core::UnixMillis;

/// A condition. Its value is true, false or unknown, as in CEL: a test of a missing or wrongly typed attribute is
/// unknown, `All` and `Any` are commutative (false and unknown is false, true or unknown is true), and the opposite of
/// unknown is unknown. Rules and segments match when the whole is true.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// True when every part is; true when there is none.
    All(Vec<Condition>),
    /// True when one part is; false when there is none.
    Any(Vec<Condition>),
    /// The opposite.
    Not(Box<Condition>),
    /// A single test.
    Test(Test),
}

impl Condition {
    /// Holds for everybody.
    pub fn always() -> Self {
        Self::All(Vec::new())
    }

    /// Holds for nobody.
    pub fn never() -> Self {
        Self::Any(Vec::new())
    }
}

/// One question.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// About an attribute, by its dotted name.
    Attribute {
        /// For example `user.email`.
        name: String,
        /// What it is held against.
        matcher: Matcher,
    },
    /// Whether the time of the evaluation stands in `order` to `time`. Never unknown.
    Now {
        /// `Less` means before `time`.
        order: Order,
        /// The moment compared with.
        time: UnixMillis,
    },
    /// Whether the unit belongs to a segment, by its key. Never unknown; without the attribute that the segment looks
    /// up, its condition alone decides.
    Segment(String),
    /// Whether another flag has one of some variants for this context. Never unknown.
    Flag {
        /// Key of the other flag.
        key: String,
        /// Keys of its variants.
        variants: Vec<String>,
    },
}

/// What an attribute is held against.
#[derive(Clone, Debug, PartialEq)]
pub enum Matcher {
    /// The attribute is there and not null. Never unknown.
    Exists,
    /// Same type and equal.
    Equals(Scalar),
    /// Equal to one of these, as [`Equals`](Self::Equals) means it.
    OneOf(Vec<Scalar>),
    /// A list that has an element equal to this.
    Includes(Scalar),
    /// Text equal to one of these, where the capital letters A to Z of the attribute count as small ones.
    OneOfIgnoringCase(Vec<String>),
    /// A number in this order to another.
    Number(Order, f64),
    /// Text in this order to another, by bytes of UTF-8.
    Text(Order, String),
    /// Text that begins with this.
    StartsWith(String),
    /// Text that ends with this.
    EndsWith(String),
    /// Text in which this occurs.
    Contains(String),
    /// As [`StartsWith`](Self::StartsWith), with A to Z of the attribute as small letters.
    StartsWithIgnoringCase(String),
    /// As [`EndsWith`](Self::EndsWith), with A to Z of the attribute as small letters.
    EndsWithIgnoringCase(String),
    /// As [`Contains`](Self::Contains), with A to Z of the attribute as small letters.
    ContainsIgnoringCase(String),
    /// Text in which this regular expression (syntax of the crate `regex`, RE2's family) matches somewhere.
    Matches(String),
    /// Text that is a semantic version in this order to another, by the precedence of SemVer 2.0.
    SemVer(Order, String),
    /// RFC 3339 text, or a number of milliseconds since 1970, in this order to a moment.
    Date(Order, UnixMillis),
    /// The text of an IPv4 or IPv6 address in one of these networks, such as `10.0.0.0/8`.
    InNetwork(Vec<String>),
    /// A number written as text, or a number, in this order to another: CEL's `double(x) < 5.0`.
    NumberInText(Order, f64),
}

/// How two values stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// `==`
    Equal,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

/// A constant in a condition.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    /// `true` or `false`.
    Boolean(bool),
    /// A number; never NaN.
    Number(f64),
    /// Text.
    Text(String),
}
