//! What services ask about attributes and CEL has no words for, as functions: `npm.semver(x, ">=", "2.3.0")`.
//!
//! One table says for each matcher what its function is called and which arguments it takes; what reads conditions and
//! what writes them both go by it.

use cel::IdedExpr;
use cel::common::ast::Expr;
use flagstone_compile::model::{Matcher, Order, Scalar};

use super::form::Form;
use crate::code::CONDITION_FORM;
use crate::write::cel::{list, number, scalar, text};

/// A constant that a function takes besides the attribute.
trait Argument: Sized {
    /// What it is called in messages.
    const TITLE: &'static str;
    fn read(form: &mut Form<'_, '_>, expression: &IdedExpr) -> Option<Self>;
    /// As CEL; `None` if CEL cannot spell it.
    fn write(&self) -> Option<String>;
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
                    let arguments = vec![$(Argument::write($argument)?),*];
                    Some(($namespace, $name, arguments))
                })*
                _ => None,
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
    "list"."hasOneOf" [Matcher::ListHasOneOf(texts)] (texts: Vec<String>);
    "list"."hasAllOf" [Matcher::ListHasAllOf(texts)] (texts: Vec<String>);
    "list"."within" [Matcher::ListWithin(texts)] (texts: Vec<String>);
    "list"."distinct" [Matcher::ListDistinct(count)] (count: u32);
    "js"."dateBefore" [Matcher::JsDateBefore(millis)] (millis: f64);
    "js"."dateAfter" [Matcher::JsDateAfter(millis)] (millis: f64);
    "npm"."semver" [Matcher::NpmSemVer(order, version)] (order: Order, version: String);
    "split"."version" [Matcher::SplitVersion(order, version)] (order: Order, version: String);
    "split"."versionIn" [Matcher::SplitVersionIn(versions)] (versions: Vec<String>);
}

/// Whether a call is one of these functions.
pub(super) fn is_function(name: &str, namespace: &IdedExpr) -> bool {
    space(namespace).is_some_and(|space| FUNCTIONS.contains(&(space, name)))
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
    const TITLE: &'static str = "one of `\"==\"`, `\"<\"`, `\"<=\"`, `\">\"`, `\">=\"`";

    fn read(form: &mut Form<'_, '_>, expression: &IdedExpr) -> Option<Self> {
        let signs = ORDERS.map(|(sign, _)| sign);
        let sign = form.one_of(expression, "an order", &signs)?;
        let found = ORDERS.iter().find(|(known, _)| *known == sign);
        found.map(|(_, order)| *order)
    }

    fn write(&self) -> Option<String> {
        Some(text(sign(*self)))
    }
}

impl Argument for String {
    const TITLE: &'static str = "text";

    fn read(form: &mut Form<'_, '_>, expression: &IdedExpr) -> Option<Self> {
        form.text(expression)
    }

    fn write(&self) -> Option<String> {
        Some(text(self))
    }
}

impl Argument for Vec<String> {
    const TITLE: &'static str = "a list of texts";

    fn read(form: &mut Form<'_, '_>, expression: &IdedExpr) -> Option<Self> {
        form.list(expression, Form::text)
    }

    fn write(&self) -> Option<String> {
        Some(list(self.iter().map(|item| text(item))))
    }
}

impl Argument for u32 {
    const TITLE: &'static str = "a whole number";

    fn read(form: &mut Form<'_, '_>, expression: &IdedExpr) -> Option<Self> {
        u32::try_from(form.whole(expression, u64::from(Self::MAX))?).ok()
    }

    fn write(&self) -> Option<String> {
        Some(self.to_string())
    }
}

impl Argument for f64 {
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

    fn write(&self) -> Option<String> {
        number(*self)
    }
}

impl Argument for bool {
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

    fn write(&self) -> Option<String> {
        Some(self.to_string())
    }
}

impl Argument for Scalar {
    const TITLE: &'static str = "a constant";

    fn read(form: &mut Form<'_, '_>, expression: &IdedExpr) -> Option<Self> {
        form.scalar(expression)
    }

    fn write(&self) -> Option<String> {
        scalar(self)
    }
}
