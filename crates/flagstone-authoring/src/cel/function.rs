//! What services ask about attributes and CEL has no words for, as functions: `npm.semver(x, ">=", "2.3.0")`.
//!
//! One table says for each matcher what its function is called and which arguments it takes; what reads conditions and
//! what writes them both go by it.

use cel::IdedExpr;
use cel::common::ast::Expr;
use flagstone_compile::model::{Js, Matcher, Order, Scalar, kind};
use flagstone_compile::regex::Dialect;

use super::form::Form;
use crate::code::CONDITION_FORM;
use crate::suggest;
use crate::write::cel::{list, number, scalar, text};

/// A constant that a function takes besides the attribute.
trait Argument {
    /// What the model has of it.
    type Value;
    /// What it is called in messages.
    const TITLE: &'static str;
    fn read(form: &mut Form<'_, '_>, expression: &IdedExpr) -> Option<Self::Value>;
    /// As CEL; `None` if CEL cannot spell it.
    fn write(value: &Self::Value) -> Option<String>;
}

/// Declares the functions. What stands in brackets is both the pattern that takes a matcher apart and the expression that
/// puts it together.
macro_rules! functions {
    ($($namespace:literal . $name:literal [$($matcher:tt)*] ($($argument:ident: $type:ty),*);)*) => {
        /// Namespace and name of each.
        pub(crate) const FUNCTIONS: &[(&str, &str)] = &[$(($namespace, $name)),*];

        /// The function that stands for a matcher, with its arguments as CEL. `None` if there is none.
        pub(crate) fn spelled(matcher: &Matcher) -> Option<(&'static str, &'static str, Vec<String>)> {
            match matcher {
                $($($matcher)* => {
                    let arguments = vec![$(<$type as Argument>::write($argument)?),*];
                    Some(($namespace, $name, arguments))
                })*
                // These have forms of CEL. A new matcher gets a function, or a form in `write::cel`.
                Matcher::Exists
                | Matcher::Equals(_)
                | Matcher::OneOf(_)
                | Matcher::InSet(_)
                | Matcher::Includes(_)
                | Matcher::IncludesNull
                | Matcher::OneOfIgnoringCase(_)
                | Matcher::Number(..)
                | Matcher::Text(..)
                | Matcher::StartsWith(_)
                | Matcher::EndsWith(_)
                | Matcher::Contains(_)
                | Matcher::StartsWithIgnoringCase(_)
                | Matcher::EndsWithIgnoringCase(_)
                | Matcher::ContainsIgnoringCase(_)
                | Matcher::Matches(_)
                | Matcher::SemVer(..)
                | Matcher::Date(..)
                | Matcher::InNetwork(_)
                | Matcher::NumberInText(..) => None,
            }
        }

        impl Form<'_, '_> {
            /// The matcher that a function stands for, of its arguments behind the attribute.
            pub(super) fn matcher(
                &mut self,
                whole: &IdedExpr,
                name: &str,
                namespace: &IdedExpr,
                arguments: &[IdedExpr],
            ) -> Option<Matcher> {
                match (space(namespace)?, name) {
                    $(($namespace, $name) => {
                        let [$($argument),*] = arguments else {
                            let titles: &[&str] = &["an attribute", $(<$type as Argument>::TITLE),*];
                            let message = format!("`{}` has not the right arguments", self.quote(whole));
                            let help = format!("it takes {}", titles.join(", "));
                            self.fail(CONDITION_FORM, whole, message, help);
                            return None;
                        };
                        // All are read before one is missed, so that every mistake is reported.
                        $(let $argument = <$type as Argument>::read(self, $argument);)*
                        $(let $argument = $argument?;)*
                        Some($($matcher)*)
                    })*
                    _ => None,
                }
            }
        }
    };
}

functions! {
    "text"."startsWithOneOf" [Matcher::StartsWithOneOf(texts)] (texts: Vec<String>);
    "text"."endsWithOneOf" [Matcher::EndsWithOneOf(texts)] (texts: Vec<String>);
    "text"."containsOneOf" [Matcher::ContainsOneOf(texts)] (texts: Vec<String>);
    "text"."startsWithOneOfLower" [Matcher::StartsWithOneOfLower(texts)] (texts: Vec<String>);
    "text"."endsWithOneOfLower" [Matcher::EndsWithOneOfLower(texts)] (texts: Vec<String>);
    "text"."containsOneOfLower" [Matcher::ContainsOneOfLower(texts)] (texts: Vec<String>);
    "list"."hasOneOf" [Matcher::ListHasOneOf(texts)] (texts: Vec<String>);
    "list"."hasAllOf" [Matcher::ListHasAllOf(texts)] (texts: Vec<String>);
    "list"."within" [Matcher::ListWithin(texts)] (texts: Vec<String>);
    "list"."distinct" [Matcher::ListDistinct(count)] (count: u32);
    "js"."dateBefore" [Matcher::JsDateBefore(millis)] (millis: f64);
    "js"."dateAfter" [Matcher::JsDateAfter(millis)] (millis: f64);
    "js"."text" [Matcher::Js(Js::Text(text))] (text: String);
    "js"."lowerText" [Matcher::Js(Js::LowerText(text))] (text: String);
    "js"."lowerOneOf" [Matcher::Js(Js::OneOfLower(texts))] (texts: Vec<String>);
    "js"."number" [Matcher::Js(Js::Number(number))] (number: f64);
    "js"."compare" [Matcher::Js(Js::Compare(order, constant))] (order: Order, constant: Scalar);
    "js"."truthy" [Matcher::Js(Js::Truthy)] ();
    "js"."type" [Matcher::Js(Js::Type(types))] (types: Types);
    "js"."json" [Matcher::Js(Js::Json(json))] (json: String);
    "js"."matches" [Matcher::MatchesIn {
        dialect: Dialect::EcmaScript,
        pattern,
        ignore_case,
    }] (pattern: String, ignore_case: bool);
    "js"."textMatches" [Matcher::Js(Js::Matches {
        pattern,
        ignore_case,
    })] (pattern: String, ignore_case: bool);
    "re2"."matches" [Matcher::MatchesIn {
        dialect: Dialect::Re2,
        pattern,
        ignore_case,
    }] (pattern: String, ignore_case: bool);
    "growthbook"."version" [Matcher::Js(Js::Version(order, version))] (order: Order, version: String);
    "npm"."semver" [Matcher::NpmSemVer(order, version)] (order: Order, version: String);
    "npm"."semverStrict" [Matcher::NpmSemVerStrict(order, version)] (order: Order, version: String);
    "npm"."inNetwork" [Matcher::InNpmNetwork {
        networks,
        or_equal,
    }] (networks: Vec<String>, or_equal: bool);
    "split"."version" [Matcher::SplitVersion(order, version)] (order: Order, version: String);
    "split"."versionIn" [Matcher::SplitVersionIn(versions)] (versions: Vec<String>);
}

/// Whether a call is one of these functions.
pub(super) fn is_function(name: &str, namespace: &IdedExpr) -> bool {
    space(namespace).is_some_and(|space| FUNCTIONS.contains(&(space, name)))
}

/// A help line for a function that there is not, in a namespace that there is.
pub(super) fn likely_function(name: &str, namespace: &IdedExpr) -> Option<String> {
    let space = space(namespace)?;
    let known = FUNCTIONS.iter().filter(|(of, _)| *of == space);
    let known: Vec<&str> = known.map(|(_, name)| *name).collect();
    if known.is_empty() {
        return None;
    }
    suggest::help(name, &format!("functions of `{space}`"), known)
}

fn space(namespace: &IdedExpr) -> Option<&str> {
    match &namespace.expr {
        Expr::Ident(space) => Some(space),
        _ => None,
    }
}

/// Orders by their signs.
pub(crate) const ORDERS: [(&str, Order); 5] = [
    ("==", Order::Equal),
    ("<", Order::Less),
    ("<=", Order::LessOrEqual),
    (">", Order::Greater),
    (">=", Order::GreaterOrEqual),
];

/// The sign of an order.
pub(crate) fn sign(order: Order) -> &'static str {
    let found = ORDERS.iter().find(|(_, of)| *of == order);
    found.map_or("==", |(sign, _)| sign)
}

impl Argument for Order {
    type Value = Self;

    const TITLE: &'static str = "one of `\"==\"`, `\"<\"`, `\"<=\"`, `\">\"`, `\">=\"`";

    fn read(form: &mut Form<'_, '_>, expression: &IdedExpr) -> Option<Self> {
        let signs = ORDERS.map(|(sign, _)| sign);
        let sign = form.one_of(expression, "an order", &signs)?;
        let found = ORDERS.iter().find(|(known, _)| *known == sign);
        found.map(|(_, order)| *order)
    }

    fn write(value: &Self) -> Option<String> {
        Some(text(sign(*value)))
    }
}

impl Argument for String {
    type Value = Self;

    const TITLE: &'static str = "text";

    fn read(form: &mut Form<'_, '_>, expression: &IdedExpr) -> Option<Self> {
        form.text(expression)
    }

    fn write(value: &Self) -> Option<String> {
        Some(text(value))
    }
}

impl Argument for Vec<String> {
    type Value = Self;

    const TITLE: &'static str = "a list of texts";

    fn read(form: &mut Form<'_, '_>, expression: &IdedExpr) -> Option<Self> {
        form.list(expression, Form::text)
    }

    fn write(value: &Self) -> Option<String> {
        Some(list(value.iter().map(|item| text(item))))
    }
}

impl Argument for u32 {
    type Value = Self;

    const TITLE: &'static str = "a whole number";

    fn read(form: &mut Form<'_, '_>, expression: &IdedExpr) -> Option<Self> {
        u32::try_from(form.whole(expression, u64::from(Self::MAX))?).ok()
    }

    fn write(value: &Self) -> Option<String> {
        Some(value.to_string())
    }
}

impl Argument for f64 {
    type Value = Self;

    const TITLE: &'static str = "a number";

    fn read(form: &mut Form<'_, '_>, expression: &IdedExpr) -> Option<Self> {
        match form.scalar(expression)? {
            Scalar::Number(number) => Some(number),
            other => {
                let other = scalar(&other).unwrap_or_default();
                let message = format!("`{other}` is not a number");
                form.fail(CONDITION_FORM, expression, message, None);
                None
            }
        }
    }

    fn write(value: &Self) -> Option<String> {
        number(*value)
    }
}

impl Argument for bool {
    type Value = Self;

    const TITLE: &'static str = "`true` or `false`";

    fn read(form: &mut Form<'_, '_>, expression: &IdedExpr) -> Option<Self> {
        match form.scalar(expression)? {
            Scalar::Boolean(value) => Some(value),
            other => {
                let other = scalar(&other).unwrap_or_default();
                let message = format!("`{other}` is neither true nor false");
                form.fail(CONDITION_FORM, expression, message, None);
                None
            }
        }
    }

    fn write(value: &Self) -> Option<String> {
        Some(value.to_string())
    }
}

impl Argument for Scalar {
    type Value = Self;

    const TITLE: &'static str = "a constant";

    fn read(form: &mut Form<'_, '_>, expression: &IdedExpr) -> Option<Self> {
        form.scalar(expression)
    }

    fn write(value: &Self) -> Option<String> {
        scalar(value)
    }
}

/// Types of JavaScript, as a list of their names.
struct Types;

const TYPES: [(&str, u32); 6] = [
    ("null", kind::NULL),
    ("boolean", kind::BOOLEAN),
    ("number", kind::NUMBER),
    ("text", kind::TEXT),
    ("list", kind::LIST),
    ("object", kind::OBJECT),
];

impl Argument for Types {
    type Value = u32;

    const TITLE: &'static str = "a list of types";

    fn read(form: &mut Form<'_, '_>, expression: &IdedExpr) -> Option<u32> {
        let names = TYPES.map(|(name, _)| name);
        let found = form.list(expression, |form, name| form.one_of(name, "a type", &names))?;
        let bits = TYPES.iter().filter(|(name, _)| found.contains(name));
        Some(bits.fold(0, |bits, (_, bit)| bits | bit))
    }

    fn write(value: &u32) -> Option<String> {
        let known = TYPES.iter().fold(0, |bits, (_, bit)| bits | bit);
        let names = TYPES.iter().filter(|(_, bit)| value & bit != 0);
        (value & !known == 0).then(|| list(names.map(|(name, _)| text(name))))
    }
}

#[cfg(test)]
mod tests {
    use super::FUNCTIONS;

    #[test]
    fn the_reference_names_every_function() {
        let reference = include_str!("../../../../docs/authoring.md");
        for (namespace, name) in FUNCTIONS {
            let name = format!("`{namespace}.{name}");
            assert!(reference.contains(&name), "docs/authoring.md lacks {name}`");
        }
    }
}
