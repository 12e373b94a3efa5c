//! JsonLogic's operators.

use flagstone_compile::model::{Arithmetic, Operation, Relation};
use flagstone_json::Json;

/// Why a rule, or a part of one, has no expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Stop {
    /// flagd-core throws an exception here.
    Throws,
    /// It does something that we do not do; a sentence about it.
    Unsupported(String),
}

/// An operator.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Method {
    Var,
    Missing,
    MissingSome,
    If,
    And,
    Or,
    Compare(Relation),
    /// One of `map`, `filter`, `some`, `none` and `all`.
    Iterate(Iterate),
    Reduce,
    Arithmetic(Arithmetic),
    /// A function of its list of arguments.
    List(Operation),
    In,
    Not,
    Truth,
    Cat,
    /// One of flagd's own; outside of iterations only.
    Own(Operation),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Iterate {
    Map,
    Filter,
    Some,
    None,
    All,
}

impl Method {
    /// The operator of a name.
    pub(super) fn named(name: &str) -> Result<Self, Stop> {
        Ok(match name {
            "var" => Self::Var,
            "missing" => Self::Missing,
            "missing_some" => Self::MissingSome,
            "if" | "?:" => Self::If,
            "and" => Self::And,
            "or" => Self::Or,
            "==" => Self::Compare(Relation::Equal),
            "!=" => Self::Compare(Relation::NotEqual),
            "===" => Self::Compare(Relation::Same),
            "!==" => Self::Compare(Relation::NotSame),
            "<" => Self::Compare(Relation::Less),
            "<=" => Self::Compare(Relation::AtMost),
            ">" => Self::Compare(Relation::Greater),
            ">=" => Self::Compare(Relation::AtLeast),
            "map" => Self::Iterate(Iterate::Map),
            "filter" => Self::Iterate(Iterate::Filter),
            "some" => Self::Iterate(Iterate::Some),
            "none" => Self::Iterate(Iterate::None),
            "all" | "every" => Self::Iterate(Iterate::All),
            "reduce" => Self::Reduce,
            "+" => Self::Arithmetic(Arithmetic::Add),
            "-" => Self::Arithmetic(Arithmetic::Subtract),
            "*" => Self::Arithmetic(Arithmetic::Multiply),
            "/" => Self::Arithmetic(Arithmetic::Divide),
            "%" => Self::Arithmetic(Arithmetic::Remainder),
            "max" => Self::List(Operation::Max),
            "min" => Self::List(Operation::Min),
            "merge" => Self::List(Operation::Merge),
            "substr" => Self::List(Operation::Substring),
            "in" => Self::In,
            "!" | "not" => Self::Not,
            "!!" => Self::Truth,
            "cat" => Self::Cat,
            "starts_with" => Self::Own(Operation::StartsWith),
            "ends_with" => Self::Own(Operation::EndsWith),
            "sem_ver" => Self::Own(Operation::SemVer),
            "fractional" => Self::Own(Operation::Fractional),
            // What flagd-core's engine has, or takes from JavaScript's objects, and flagd has not.
            "??" | "try" | "throw" | "length" | "exists" | "val" | "get" | "keys" | "pipe"
            | "eachKey" | "preserve" => {
                let says = "is none of flagd's operators, though flagd-core for JavaScript has it";
                return Err(Stop::Unsupported(format!("`{name}` {says}")));
            }
            _ if is_inherited(name) => {
                return Err(Stop::Unsupported(format!(
                    "`{name}` is none of flagd's operators"
                )));
            }
            _ => return Err(Stop::Throws),
        })
    }

    /// Whether json-logic-engine gives it its arguments as they are written.
    pub(super) fn is_lazy(self) -> bool {
        matches!(
            self,
            Self::If | Self::And | Self::Or | Self::Compare(_) | Self::Iterate(_) | Self::Reduce
        )
    }

    /// Whether json-logic-engine takes the only argument of a list for the argument itself.
    pub(super) fn takes_one(self) -> bool {
        matches!(
            self,
            Self::Var
                | Self::Arithmetic(Arithmetic::Add | Arithmetic::Subtract)
                | Self::Not
                | Self::Truth
                | Self::Cat
        )
    }
}

/// Whether every object of JavaScript has a member of this name.
pub(super) fn is_inherited(name: &str) -> bool {
    matches!(
        name,
        "constructor"
            | "__proto__"
            | "hasOwnProperty"
            | "isPrototypeOf"
            | "propertyIsEnumerable"
            | "toString"
            | "toLocaleString"
            | "valueOf"
            | "__defineGetter__"
            | "__defineSetter__"
            | "__lookupGetter__"
            | "__lookupSetter__"
    )
}

/// The first name of an object, its value, and how many different names there are.
pub(super) fn operator<'j>(object: &'j Json<'_>) -> Option<(&'j str, &'j Json<'j>, u32)> {
    let members = object.members();
    let (first, _) = members.first()?;
    let others = members.iter().enumerate().skip(1);
    let different = others.filter(|(at, (name, _))| {
        let mut before = members.iter().take(*at);
        before.all(|(other, _)| other != name)
    });
    let count = 1 + different.count() as u32;
    Some((first, object.get(first)?, count))
}

/// Whether an expression's value follows from the rule alone, for json-logic-engine.
///
/// # Errors
/// If it finds an operator that there is not, on its way.
pub(super) fn is_fixed(json: &Json<'_>, inside: bool) -> Result<bool, Stop> {
    let every = |items: &[Json<'_>]| {
        for item in items {
            if !is_fixed(item, inside)? {
                return Ok(false);
            }
        }
        Ok(true)
    };
    let (name, lower, _) = match json {
        Json::List(items) => return every(items),
        Json::Object(_) => match operator(json) {
            Some(first) => first,
            None => return Ok(true),
        },
        _ => return Ok(true),
    };
    let at = |index: usize, inside: bool| match lower {
        Json::Null => Err(Stop::Throws),
        Json::List(items) => items
            .get(index)
            .map_or(Ok(true), |item| is_fixed(item, inside)),
        _ => Ok(true),
    };
    match Method::named(name)? {
        Method::Var => Ok(inside && !says_two_up(lower)),
        Method::Missing => Ok(matches!(lower, Json::List(items) if items.is_empty())),
        Method::MissingSome | Method::Own(_) => Ok(false),
        // What `reduce` begins with is not looked at.
        Method::Iterate(_) | Method::Reduce => Ok(at(0, inside)? && at(1, true)?),
        _ => is_fixed(lower, inside),
    }
}

/// Whether JavaScript's text of a path has `../../` in it.
fn says_two_up(path: &Json<'_>) -> bool {
    match path {
        Json::Text(text) => text.contains("../../"),
        Json::List(items) => items.iter().any(says_two_up),
        _ => false,
    }
}
