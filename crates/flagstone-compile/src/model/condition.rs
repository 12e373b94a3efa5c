//! Conditions on the evaluation context.

use super::{Absent, Bucketing, Expression, Js};
use crate::regex::Dialect;
use flagstone_core::UnixMillis;
pub use flagstone_core::layout::{Conversion, Scope};

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
        /// How its value is read.
        reading: Reading,
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
        /// Whether a flag that is disabled counts as having none of them.
        enabled_only: bool,
    },
    /// Whether the unit's position lies in one of some ranges, each from its first position to the one after its last.
    /// Unknown for a unit without a position, unless `absent` is [`Absent::First`] or [`Absent::Fail`].
    Bucket {
        /// How the position is found.
        bucketing: Bucketing,
        /// The ranges.
        ranges: Vec<(u64, u64)>,
        /// What becomes of a unit without a position.
        absent: Absent,
    },
    /// Whether a condition holds for elements of a list, or for its length. Never unknown; no for what is no list.
    Within {
        /// The attribute that is a list.
        name: String,
        /// What the condition is asked about.
        scope: Scope,
        /// What must hold; its attributes may be [`ELEMENT`](super::ELEMENT) and what lies in it.
        when: Box<Condition>,
    },
    /// As `Segment`; but where the evaluation of the segment fails, this is true whether it is asked for or its opposite.
    SegmentUnlessFails(String),
    /// Whether the evaluation is inside a flag already, by its key, because another flag requires it. Never unknown.
    Inside(String),
    /// Whether an expression is true to JsonLogic. Never unknown.
    Expression {
        /// The expression.
        expression: Expression,
        /// How it was written, for explanations; may be empty.
        source: String,
    },
    /// Gives up: the evaluation that comes here ends with reason `ERROR`.
    Fail,
    /// Gives up as `Fail` does, also inside a segment whose failure is tolerated.
    Abort,
}

/// How the value of an attribute is read before it is held against something.
///
/// The default is that of `flagstone.toml`. Flag services differ, and what they do is put together from these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Reading {
    /// Of a list, each element is asked; the answer is yes if it is for one of them, and otherwise no.
    pub elements: bool,
    /// A value that is missing or null makes the answer no; otherwise it is unknown.
    pub missing_is_no: bool,
    /// A value of the wrong type makes the answer no; otherwise it is unknown.
    pub mistyped_is_no: bool,
    /// What is done to the value first.
    pub conversion: Conversion,
}

impl Test {
    /// A test of an attribute, read as `flagstone.toml` reads it.
    pub fn attribute(name: impl Into<String>, matcher: Matcher) -> Self {
        Self::Attribute {
            name: name.into(),
            matcher,
            reading: Reading::default(),
        }
    }
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
    /// Text equal to one of these, of which there may be millions: it takes as long for any number of them.
    InSet(Vec<String>),
    /// A list that has an element equal to this.
    Includes(Scalar),
    /// A list that has an element that is null.
    IncludesNull,
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
    /// Text in which this regular expression of another language matches somewhere.
    MatchesIn {
        /// Whose.
        dialect: Dialect,
        /// The pattern.
        pattern: String,
        /// Whether capital and small letters are equal, as the dialect sees it.
        ignore_case: bool,
    },
    /// Text that is a semantic version in this order to another, by the precedence of SemVer 2.0.
    SemVer(Order, String),
    /// RFC 3339 text, or a number of milliseconds since 1970, in this order to a moment.
    Date(Order, UnixMillis),
    /// A number of milliseconds since 1970 below this one, or text that V8's `Date.parse` reads as such a number; as
    /// [`parse_v8`](flagstone_core::parse_v8) has it.
    JsDateBefore(f64),
    /// The same above this number.
    JsDateAfter(f64),
    /// Text that is a version in this order to another, both as [`parse_npm`](flagstone_core::SemVer::parse_npm) reads them.
    NpmSemVer(Order, String),
    /// Text that npm's `semver` takes for a version and that does not begin with `v`, in this order to another, both as
    /// [`parse_npm_strict`](flagstone_core::SemVer::parse_npm_strict) reads them.
    NpmSemVerStrict(Order, String),
    /// Text that begins with one of these.
    StartsWithOneOf(Vec<String>),
    /// Text that ends with one of these.
    EndsWithOneOf(Vec<String>),
    /// Text in which one of these occurs.
    ContainsOneOf(Vec<String>),
    /// Text that begins with one of these, all in small letters as [`lower`](flagstone_core::js::lower) makes them.
    StartsWithOneOfLower(Vec<String>),
    /// Text that ends with one of these, all in such small letters.
    EndsWithOneOfLower(Vec<String>),
    /// Text in which one of these occurs, all in such small letters.
    ContainsOneOfLower(Vec<String>),
    /// A list with an element that is one of these. Here and in the next three an element counts as the text that
    /// JavaScript's `element + ""` makes of it, and no for an empty list.
    ListHasOneOf(Vec<String>),
    /// A list that has each of these among its elements.
    ListHasAllOf(Vec<String>),
    /// A list of which each element is one of these.
    ListWithin(Vec<String>),
    /// A list of at least so many different elements.
    ListDistinct(u32),
    /// Text that is a version in this order to another, both as [`SplitVersion`](flagstone_core::SplitVersion) reads them.
    SplitVersion(Order, String),
    /// Text that is the same version as one of these, both as [`SplitVersion`](flagstone_core::SplitVersion) reads them.
    SplitVersionIn(Vec<String>),
    /// The text of an IPv4 or IPv6 address in one of these networks, such as `10.0.0.0/8`.
    InNetwork(Vec<String>),
    /// The text of an address or a network in one of some networks, all as [`Address`](flagstone_core::Address) reads them.
    InNpmNetwork {
        /// Such as `10.0.0.0/8`.
        networks: Vec<String>,
        /// An address equal to that of one of the networks, whatever stands behind the slash of either, is in it.
        or_equal: bool,
    },
    /// A number written as text, or a number, in this order to another: CEL's `double(x) < 5.0`.
    NumberInText(Order, f64),
    /// Something that JavaScript says of it.
    Js(Js),
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
