//! Tests of attributes, time and flags.

use cel::IdedExpr;
use cel::common::ast::{Expr, LiteralValue, operators};
use flagstone_compile::check_pattern;
use flagstone_compile::model::{Condition, Matcher, Order, Scalar, Test};

use super::form::{Form, test};
use super::not;
use super::operand::{Operand, Subject};
use crate::code::{BAD_CONSTANT, CONDITION_FORM, UNKNOWN_VARIANT};
use crate::names::{COLLECTIONS, Type};
use crate::suggest;

/// A comparison: an order, or the opposite of equality.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Is(Order),
    NotEqual,
}

impl Comparison {
    /// The comparison that an operator of CEL stands for.
    pub(super) fn of(operator: &str) -> Option<Self> {
        Some(match operator {
            operators::EQUALS => Self::Is(Order::Equal),
            operators::NOT_EQUALS => Self::NotEqual,
            operators::LESS => Self::Is(Order::Less),
            operators::LESS_EQUALS => Self::Is(Order::LessOrEqual),
            operators::GREATER => Self::Is(Order::Greater),
            operators::GREATER_EQUALS => Self::Is(Order::GreaterOrEqual),
            _ => return None,
        })
    }

    /// The same comparison with its sides exchanged.
    fn flipped(self) -> Self {
        match self {
            Self::Is(Order::Less) => Self::Is(Order::Greater),
            Self::Is(Order::LessOrEqual) => Self::Is(Order::GreaterOrEqual),
            Self::Is(Order::Greater) => Self::Is(Order::Less),
            Self::Is(Order::GreaterOrEqual) => Self::Is(Order::LessOrEqual),
            Self::Is(Order::Equal) | Self::NotEqual => self,
        }
    }

    /// The condition, of one made for the order: equality for `!=`, of which it takes the opposite.
    fn apply(self, condition: impl FnOnce(Order) -> Condition) -> Condition {
        match self {
            Self::Is(order) => condition(order),
            Self::NotEqual => not(condition(Order::Equal)),
        }
    }

    fn is_equality(self) -> bool {
        matches!(self, Self::Is(Order::Equal) | Self::NotEqual)
    }
}

impl Form<'_, '_> {
    /// `left == right` and its like.
    pub(super) fn comparison(
        &mut self,
        whole: &IdedExpr,
        comparison: Comparison,
        left: &IdedExpr,
        right: &IdedExpr,
    ) -> Condition {
        let (Some(first), Some(second)) = (self.operand(left), self.operand(right)) else {
            return Condition::never();
        };
        if first.is_constant() && !second.is_constant() {
            self.with_constant(whole, comparison.flipped(), (right, second), (left, first))
        } else {
            self.with_constant(whole, comparison, (left, first), (right, second))
        }
    }

    /// A comparison with the constant on the right.
    fn with_constant(
        &mut self,
        whole: &IdedExpr,
        comparison: Comparison,
        (left, subject): (&IdedExpr, Operand),
        (right, constant): (&IdedExpr, Operand),
    ) -> Condition {
        let help = match (&subject, &constant) {
            (Operand::Attribute(name), Operand::Constant(scalar)) => {
                return self.attribute_test(whole, comparison, left, name, scalar);
            }
            (Operand::Attribute(name), Operand::Null) if comparison.is_equality() => {
                let exists = self.exists(name, left);
                return comparison.apply(|_| not(exists));
            }
            (Operand::Lower(name), Operand::Constant(_)) if comparison.is_equality() => {
                let Some(text) = self.lower_text(right) else {
                    return Condition::never();
                };
                self.expect(name, &[Type::Text], "text", left);
                return comparison.apply(|_| test(name, Matcher::OneOfIgnoringCase(vec![text])));
            }
            (Operand::Version(name), Operand::VersionConstant(version)) => {
                self.expect(name, &[Type::Text], "text", left);
                return comparison
                    .apply(|order| test(name, Matcher::SemVer(order, version.clone())));
            }
            (Operand::Time(name), Operand::TimeConstant(time)) => {
                self.expect(name, &[Type::Text, Type::Number], "a date", left);
                return comparison.apply(|order| test(name, Matcher::Date(order, *time)));
            }
            (Operand::Now, Operand::TimeConstant(time)) => {
                return comparison.apply(|order| Condition::Test(Test::Now { order, time: *time }));
            }
            (Operand::Number(name), Operand::Constant(Scalar::Number(number))) => {
                self.expect(name, &[Type::Text, Type::Number], "a number in text", left);
                return comparison.apply(|order| test(name, Matcher::NumberInText(order, *number)));
            }
            (Operand::Flag(key, enabled), Operand::Constant(_)) if comparison.is_equality() => {
                let Some(variant) = self.variant(key, right) else {
                    return Condition::never();
                };
                return comparison.apply(|_| flag(key, *enabled, vec![variant]));
            }
            (Operand::Version(_), Operand::Constant(_)) => {
                "compare with a version: `semver(\"1.2.3\")`"
            }
            (Operand::Attribute(_), Operand::VersionConstant(_)) => {
                "compare versions with versions: `semver(x)`"
            }
            (Operand::Time(_) | Operand::Now, Operand::Constant(_)) => {
                "compare with a moment: `timestamp(\"2026-12-01T08:00:00Z\")`"
            }
            (Operand::Attribute(_), Operand::TimeConstant(_)) => {
                "compare moments with moments: `timestamp(x)`"
            }
            (Operand::Number(_), Operand::Constant(_)) => "compare with a number",
            (
                Operand::Lower(_) | Operand::Flag(..) | Operand::Attribute(_),
                Operand::Constant(_) | Operand::Null,
            ) => "it can only be compared with `==` and `!=`",
            (subject, constant) if subject.is_constant() && constant.is_constant() => {
                "both sides are constants: compare an attribute"
            }
            (subject, constant) if !subject.is_constant() && !constant.is_constant() => {
                "one side must be a constant"
            }
            _ => "these two have no common type",
        };
        let message = format!("`{}` cannot be compared", self.quote(whole));
        self.fail(CONDITION_FORM, whole, message, help.to_owned())
    }

    /// An attribute compared with a constant as it is.
    fn attribute_test(
        &mut self,
        whole: &IdedExpr,
        comparison: Comparison,
        left: &IdedExpr,
        name: &Subject,
        constant: &Scalar,
    ) -> Condition {
        self.expect_scalar(name, constant, left);
        match (comparison, constant) {
            (Comparison::NotEqual | Comparison::Is(Order::Equal), _) => {
                comparison.apply(|_| test(name, Matcher::Equals(constant.clone())))
            }
            (Comparison::Is(order), Scalar::Number(number)) => {
                test(name, Matcher::Number(order, *number))
            }
            (Comparison::Is(order), Scalar::Text(text)) => {
                test(name, Matcher::Text(order, text.clone()))
            }
            (Comparison::Is(_), Scalar::Boolean(_)) => {
                let message = format!("`{}` puts booleans in an order", self.quote(whole));
                self.fail(
                    CONDITION_FORM,
                    whole,
                    message,
                    "compare booleans with `==` and `!=`".to_owned(),
                )
            }
        }
    }

    /// Checks that an attribute can have the type of a constant.
    fn expect_scalar(&mut self, name: &Subject, constant: &Scalar, expression: &IdedExpr) {
        let expected = Type::of(constant);
        self.expect(name, &[expected], expected.title(), expression);
    }

    /// `item in list`.
    pub(super) fn membership(&mut self, item: &IdedExpr, list: &IdedExpr) -> Condition {
        if let Some(name) = self.subject(list) {
            return self.includes(item, list, &name);
        }
        if self.is_bucket(item) {
            return self.bucket(item, list);
        }
        if let Some(keys) = set_of(list) {
            return self.in_set(item, keys);
        }
        let Some(subject) = self.operand(item) else {
            // Mistakes in the list are worth reporting all the same.
            self.list(list, Self::scalar);
            return Condition::never();
        };
        let lowered = match &subject {
            Operand::Attribute(name) => self.list(list, Self::scalar).map(|constants| {
                let is_possible = |form: &Self, constant: &Scalar| {
                    form.context.names.origin(&name.name).fits(constant)
                };
                match constants
                    .iter()
                    .find(|constant| !is_possible(self, constant))
                {
                    Some(constant) => self.expect_scalar(name, &constant.clone(), item),
                    None => self.uses(name, item),
                }
                test(name, Matcher::OneOf(constants))
            }),
            Operand::Lower(name) => self.list(list, Self::lower_text).map(|texts| {
                self.expect(name, &[Type::Text], "text", item);
                test(name, Matcher::OneOfIgnoringCase(texts))
            }),
            Operand::Flag(key, enabled) => {
                let variants = self.list(list, |form, variant| form.variant(key, variant));
                variants.map(|variants| flag(key, *enabled, variants))
            }
            _ => {
                let message = format!("`{}` cannot be looked up in a list", self.quote(item));
                let help = "what can be looked up: an attribute, `x.lowerAscii()`, `flag(\"key\")`"
                    .to_owned();
                Some(self.fail(CONDITION_FORM, item, message, help))
            }
        };
        lowered.unwrap_or_else(Condition::never)
    }

    /// `"x" in user.groups`, or `"x-beta" in request.headers`, which asks whether the header is there.
    fn includes(&mut self, item: &IdedExpr, list: &IdedExpr, of: &Subject) -> Condition {
        let name = &of.name;
        if COLLECTIONS.contains(&name.as_str()) && !of.is_verbatim {
            let Some(key) = self.text(item) else {
                return Condition::never();
            };
            let key = if name == "request.headers" {
                key.to_ascii_lowercase()
            } else {
                key
            };
            let header = Subject {
                name: format!("{name}.{key}"),
                ..of.clone()
            };
            return self.exists(&header, item);
        }
        if let Expr::Literal(LiteralValue::Null) = &item.expr {
            self.expect(of, &[], "a list", list);
            return test(of, Matcher::IncludesNull);
        }
        let Some(constant) = self.scalar(item) else {
            return Condition::never();
        };
        self.expect(of, &[], "a list", list);
        test(of, Matcher::Includes(constant))
    }

    /// `x in set(["a", "b"])`
    fn in_set(&mut self, item: &IdedExpr, keys: &IdedExpr) -> Condition {
        let subject = self.attribute_in(item);
        let keys = self.list(keys, Self::text);
        let (Some(subject), Some(keys)) = (subject, keys) else {
            return Condition::never();
        };
        self.expect(&subject, &[Type::Text], "text", item);
        test(&subject, Matcher::InSet(keys))
    }

    /// A variant of a flag.
    fn variant(&mut self, key: &str, expression: &IdedExpr) -> Option<String> {
        let variant = self.text(expression)?;
        let known = self
            .context
            .names
            .flags
            .get(key)
            .map(Vec::as_slice)
            .unwrap_or_default();
        if known.contains(&variant.as_str()) {
            return Some(variant);
        }
        let help = suggest::help(&variant, "variants", known.iter().copied());
        self.fail(
            UNKNOWN_VARIANT,
            expression,
            format!("flag `{key}` has no variant `{variant}`"),
            help,
        );
        None
    }

    /// `x.startsWith("a")` and its like.
    pub(super) fn text_test(
        &mut self,
        function: &str,
        target: &IdedExpr,
        argument: &IdedExpr,
    ) -> Condition {
        let (name, lower) = match self.operand(target) {
            Some(Operand::Attribute(name)) => (name, false),
            Some(Operand::Lower(name)) if function != "matches" => (name, true),
            Some(Operand::Lower(_)) => {
                let message = format!("`{}` cannot be matched", self.quote(target));
                let help = "let the expression ignore case: `x.matches(\"(?i)…\")`".to_owned();
                return self.fail(CONDITION_FORM, target, message, help);
            }
            Some(_) => {
                let message = format!("`{}` is not an attribute", self.quote(target));
                return self.fail(
                    CONDITION_FORM,
                    target,
                    message,
                    "for example `user.email`".to_owned(),
                );
            }
            None => return Condition::never(),
        };
        self.expect(&name, &[Type::Text], "text", target);
        let text = if lower {
            self.lower_text(argument)
        } else {
            self.text(argument)
        };
        let Some(text) = text else {
            return Condition::never();
        };
        let matcher = match (function, lower) {
            ("startsWith", false) => Matcher::StartsWith(text),
            ("startsWith", true) => Matcher::StartsWithIgnoringCase(text),
            ("endsWith", false) => Matcher::EndsWith(text),
            ("endsWith", true) => Matcher::EndsWithIgnoringCase(text),
            ("contains", true) => Matcher::ContainsIgnoringCase(text),
            ("contains", false) => Matcher::Contains(text),
            _ => {
                if let Some(problem) = check_pattern(&text, "") {
                    let help = problem.help.unwrap_or_default();
                    return self.fail(BAD_CONSTANT, argument, problem.message, help);
                }
                Matcher::Matches(text)
            }
        };
        test(&name, matcher)
    }

    /// `cidr("10.0.0.0/8").containsIP(x)`.
    pub(super) fn cidr(
        &mut self,
        target: &IdedExpr,
        address: &IdedExpr,
        whole: &IdedExpr,
    ) -> Condition {
        match &target.expr {
            Expr::Call(call) if call.func_name == "cidr" && call.target.is_none() => {
                match call.args.as_slice() {
                    [network] => {
                        let networks = self.network(network).map(|network| vec![network]);
                        self.address_test(address, networks)
                    }
                    _ => self.no_form(whole),
                }
            }
            _ => self.no_form(whole),
        }
    }

    /// `inNetwork(x, ["10.0.0.0/8"])`.
    pub(super) fn in_network(&mut self, address: &IdedExpr, networks: &IdedExpr) -> Condition {
        let networks = self.list(networks, Self::network);
        self.address_test(address, networks)
    }

    fn address_test(&mut self, address: &IdedExpr, networks: Option<Vec<String>>) -> Condition {
        let Some(name) = self.subject(address) else {
            let message = format!("`{}` is not an attribute", self.quote(address));
            return self.fail(
                CONDITION_FORM,
                address,
                message,
                "for example `client.ip`".to_owned(),
            );
        };
        self.expect(&name, &[Type::Text], "an address", address);
        networks.map_or_else(Condition::never, |networks| {
            test(&name, Matcher::InNetwork(networks))
        })
    }
}

fn flag(key: &str, enabled_only: bool, variants: Vec<String>) -> Condition {
    Condition::Test(Test::Flag {
        key: key.to_owned(),
        variants,
        enabled_only,
    })
}

/// The list in `set([…])`.
fn set_of(expression: &IdedExpr) -> Option<&IdedExpr> {
    match &expression.expr {
        Expr::Call(call) if call.func_name == "set" && call.target.is_none() => {
            match call.args.as_slice() {
                [list] => Some(list),
                _ => None,
            }
        }
        _ => None,
    }
}
