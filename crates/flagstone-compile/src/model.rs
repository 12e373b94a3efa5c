//! What every source of flags is lowered to, and the only thing that is compiled.
//!
//! A [`Model`] is plain data: names are still names, patterns still text. [`compile`](crate::compile) checks it as a
//! whole, resolves names to positions and writes the bytes that the edge reads.

mod allocation;
mod condition;
mod edge;
mod expression;
mod js;
mod plan;

pub use allocation::{Absent, Algorithm, Allocation, Bucketing, Range, Rest};
pub use condition::{Condition, Conversion, Matcher, Order, Reading, Scalar, Scope, Test};
pub use edge::{
    Action, Anonymous, Consent, Edge, Expose, FlagSource, GeoField, Goal, Harm, Identity, Ofrep,
    Origin, RepeatKind, Route, SdkKind, ServiceKind, Source, Statuses, is_token,
};
pub use js::{Js, kind};
pub use plan::{Calendar, Freeze, Offset, Plan, Stage, Window};

pub use expression::{Arithmetic, Around, Expression, Operation, Relation};
use flagstone_core::{Day, UnixMillis, Weight};

/// The name of the attribute that holds the targeting key.
pub const TARGETING_KEY: &str = "user.key";

/// The name of the element of a list that the condition of a [`Test::Within`] is asked about. What lies in it has a name
/// that goes on with a dot and steps with dots between them, each the name of a member, the place of an element, or `length`.
pub const ELEMENT: &str = "$element";

/// Flags, segments and what the edge does with them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Model {
    /// In the order of the source. Keys are unique.
    pub flags: Vec<Flag>,
    /// In the order of the source. Keys are unique.
    pub segments: Vec<Segment>,
    /// Rollouts in stages; at most one of a flag.
    pub plans: Vec<Plan>,
    /// Identity, origins, routes and exposure.
    pub edge: Edge,
}

/// One flag.
#[derive(Clone, Debug, PartialEq)]
pub struct Flag {
    /// 1 to 255 bytes.
    pub key: String,
    /// At least one. Variants of a flag usually have values of one type.
    pub variants: Vec<Variant>,
    /// Key of the variant served when the flag is disabled, when no rule matches, and when anything fails; `None` where
    /// whoever asks has a default of their own.
    pub default: Option<String>,
    /// A flag that is not enabled serves its default with reason `DISABLED`.
    pub enabled: bool,
    /// The day from which on it should be gone. Changes no decision.
    pub expires: Option<Day>,
    /// All must hold, else the default is served.
    pub prerequisites: Vec<Prerequisite>,
    /// The first that matches decides.
    pub rules: Vec<Rule>,
}

/// One of the values that a flag can have.
#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    /// Unique in its flag; 1 to 255 bytes.
    pub key: String,
    /// What the program that asks for the flag gets.
    pub value: Value,
}

/// A variant's value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `true` or `false`.
    Boolean(bool),
    /// Any text.
    String(String),
    /// A finite number.
    Number(f64),
    /// JSON text of an object, an array or null, as written by `serde_json` without white space.
    Json(String),
}

/// Another flag that must have one of some variants.
#[derive(Clone, Debug, PartialEq)]
pub struct Prerequisite {
    /// Key of the other flag.
    pub flag: String,
    /// Keys of its variants, any of which will do.
    pub variants: Vec<String>,
}

/// A condition and what it serves.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Shown in decisions and explanations; may be empty.
    pub name: String,
    /// For whom. [`Condition::always`] matches everybody.
    pub when: Condition,
    /// What they get.
    pub serve: Serve,
}

/// What a rule serves.
#[derive(Clone, Debug, PartialEq)]
pub enum Serve {
    /// One variant, by key.
    Variant(String),
    /// A percentage rollout.
    Split(Split),
    /// A percentage rollout with the bucketing of a flag service.
    Allocation(Allocation),
    /// The variant whose key an expression gives as text: `true` of the boolean. The flag's default, with reason `DEFAULT`,
    /// for null and undefined; `ERROR` if there is no such variant.
    Expression(Expression),
    /// The flag's default, with reason `DEFAULT`.
    Default,
}

/// A percentage rollout over any number of variants.
///
/// Each variant owns a reserved slot of the buckets, which it fills from the slot's start; so a growing share moves
/// nobody who is in. See `docs/bucketing.md`.
#[derive(Clone, Debug, PartialEq)]
pub struct Split {
    /// The attribute that is hashed; [`TARGETING_KEY`] as a rule.
    pub by: String,
    /// Variant key and share. Whoever is in none of them gets the flag's default variant, whose own share, if it is
    /// listed, must be just what the others leave.
    pub shares: Vec<(String, Share)>,
    /// Variant key and size of its slot. Empty means equal slots for all variants of the flag but the default one.
    pub reserve: Vec<(String, Weight)>,
}

/// How large a part of the units a variant gets.
#[derive(Clone, Debug, PartialEq)]
pub enum Share {
    /// The same at any time.
    Fixed(Weight),
    /// Points in ascending time, straight lines between them, constant before the first and after the last.
    Ramp(Vec<RampPoint>),
    /// What the flag's [`Plan`] says at the stage that the control document puts in force.
    Planned,
}

/// A point of a ramp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RampPoint {
    /// When.
    pub at: UnixMillis,
    /// How much at that moment.
    pub share: Weight,
}

/// A named set of units.
///
/// A unit belongs to it if its key is included, or else if it is not excluded and the condition holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    /// Unique; 1 to 255 bytes.
    pub key: String,
    /// The attribute that is looked up in the two lists; [`TARGETING_KEY`] as a rule.
    pub by: String,
    /// Keys that belong to the segment whatever the condition says.
    pub included: Keys,
    /// Keys that do not, unless they are included.
    pub excluded: Keys,
    /// For all other keys. [`Condition::never`] if there are lists only.
    pub when: Condition,
}

/// Keys, of which there may be millions.
#[derive(Clone, Debug, PartialEq)]
pub enum Keys {
    /// As they are.
    Texts(Vec<String>),
    /// The [hash](flagstone_core::hash::key) of each, which is all that a snapshot has of them: for a model that is compiled and not
    /// read by anybody.
    Hashes(Vec<u128>),
}

impl Keys {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Texts(texts) => texts.is_empty(),
            Self::Hashes(hashes) => hashes.is_empty(),
        }
    }

    /// The keys; none where only their hashes are known.
    pub fn texts(&self) -> &[String] {
        match self {
            Self::Texts(texts) => texts,
            Self::Hashes(_) => &[],
        }
    }
}

impl Default for Keys {
    fn default() -> Self {
        Self::Texts(Vec::new())
    }
}

impl From<Vec<String>> for Keys {
    fn from(texts: Vec<String>) -> Self {
        Self::Texts(texts)
    }
}

impl FromIterator<String> for Keys {
    fn from_iter<T: IntoIterator<Item = String>>(texts: T) -> Self {
        Self::Texts(texts.into_iter().collect())
    }
}
