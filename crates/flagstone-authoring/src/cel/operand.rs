//! Expressions that are compared.

use cel::IdedExpr;
use cel::common::ast::{Expr, LiteralValue, operators};
use flagstone_compile::model::{Reading, Scalar};
use flagstone_core::UnixMillis;

use super::constant::infinite;
use super::form::Form;
use crate::code::{BAD_CONSTANT, CONDITION_FORM, SELF_REFERENCE, UNKNOWN_FLAG};
use crate::names::{is_identifier, spell};
use crate::suggest;

/// An attribute as it is asked about.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    pub(super) name: String,
    /// How its value is read.
    pub(super) reading: Reading,
    /// It was named by `attribute("…")`: whatever the name, it is one.
    pub(super) is_verbatim: bool,
}

impl Subject {
    /// An attribute as it is.
    pub(super) fn named(name: String) -> Self {
        Self {
            name,
            reading: Reading::default(),
            is_verbatim: false,
        }
    }
}

/// What may stand on one side of a comparison.
#[derive(Clone, Debug)]
pub(super) enum Operand {
    Constant(Scalar),
    Null,
    Attribute(Subject),
    /// `x.lowerAscii()`
    Lower(Subject),
    /// `semver(x)`
    Version(Subject),
    /// `semver("1.2.3")`
    VersionConstant(String),
    /// `timestamp(x)`
    Time(Subject),
    /// `timestamp("2026-12-01T00:00:00Z")`
    TimeConstant(UnixMillis),
    /// `now`
    Now,
    /// `double(x)`
    Number(Subject),
    /// `flag("key")`, or `flag("key", "enabled")`: whether a flag that is disabled counts as having no variant.
    Flag(String, bool),
}

impl Operand {
    /// Whether it is the same for all requests.
    pub(super) fn is_constant(&self) -> bool {
        matches!(
            self,
            Self::Constant(_) | Self::Null | Self::VersionConstant(_) | Self::TimeConstant(_)
        )
    }
}

impl Form<'_, '_> {
    /// What an expression is on one side of a comparison. `None` if it cannot be there, which is reported.
    pub(super) fn operand(&mut self, expression: &IdedExpr) -> Option<Operand> {
        if matches!(&expression.expr, Expr::Ident(name) if name == "now") {
            return Some(Operand::Now);
        }
        if let Some(subject) = self.subject(expression) {
            return Some(Operand::Attribute(subject));
        }
        if infinite(expression).is_some() {
            return self.scalar(expression).map(Operand::Constant);
        }
        match &expression.expr {
            Expr::Literal(LiteralValue::Null) => Some(Operand::Null),
            Expr::Literal(_) => self.scalar(expression).map(Operand::Constant),
            Expr::Call(call) => {
                match (
                    call.func_name.as_str(),
                    call.target.as_deref(),
                    call.args.as_slice(),
                ) {
                    ("lowerAscii", Some(target), []) => {
                        self.attribute_in(target).map(Operand::Lower)
                    }
                    ("semver", None, [argument]) => match is_text(argument) {
                        true => self.version(argument).map(Operand::VersionConstant),
                        false => self.attribute_in(argument).map(Operand::Version),
                    },
                    ("milliseconds", None, [argument]) => {
                        self.milliseconds(argument).map(Operand::TimeConstant)
                    }
                    ("timestamp", None, [argument]) => match is_text(argument) {
                        true => self.moment(argument).map(Operand::TimeConstant),
                        false => self.attribute_in(argument).map(Operand::Time),
                    },
                    ("double" | "int" | "uint", None, [argument]) => {
                        self.attribute_in(argument).map(Operand::Number)
                    }
                    ("flag", None, [key]) => {
                        self.flag_key(key).map(|key| Operand::Flag(key, false))
                    }
                    ("flag", None, [key, word]) => {
                        let is_known = self.one_of(word, "a flag's second argument", &["enabled"]);
                        let key = self.flag_key(key)?;
                        is_known.map(|_| Operand::Flag(key, true))
                    }
                    _ => self.no_operand(expression),
                }
            }
            _ => self.no_operand(expression),
        }
    }

    /// The attribute that an expression is; `None` for anything else. `read(…)` and `attribute(…)` are attributes even if
    /// what stands in them is wrong, which is reported.
    pub(super) fn subject(&mut self, expression: &IdedExpr) -> Option<Subject> {
        if let Some(name) = attribute_name(expression) {
            return Some(Subject::named(name));
        }
        match &expression.expr {
            Expr::Call(call) if call.target.is_none() => match call.func_name.as_str() {
                "attribute" => Some(self.verbatim(expression, &call.args)),
                "read" => Some(self.read(expression, &call.args)),
                _ => None,
            },
            _ => None,
        }
    }

    /// `attribute("any name")`
    fn verbatim(&mut self, whole: &IdedExpr, arguments: &[IdedExpr]) -> Subject {
        let name = match arguments {
            [name] if matches!(&name.expr, Expr::Literal(LiteralValue::String(text)) if text.inner().is_empty()) =>
            {
                self.fail(BAD_CONSTANT, name, "an attribute has a name", None);
                None
            }
            [name] => self.text(name),
            _ => {
                let message = format!("`{}` does not name an attribute", self.quote(whole));
                let help = "it takes one text: `attribute(\"user.email\")`".to_owned();
                self.fail(CONDITION_FORM, whole, message, help);
                None
            }
        };
        Subject {
            name: name.unwrap_or_default(),
            reading: Reading::default(),
            is_verbatim: true,
        }
    }

    /// The attribute that a function is applied to.
    pub(super) fn attribute_in(&mut self, expression: &IdedExpr) -> Option<Subject> {
        let name = self.subject(expression);
        if name.is_none() {
            let message = format!("`{}` is not an attribute", self.quote(expression));
            self.fail(
                CONDITION_FORM,
                expression,
                message,
                "for example `user.email` or `request.cookies[\"plan\"]`".to_owned(),
            );
        }
        name
    }

    /// The key of another flag.
    fn flag_key(&mut self, expression: &IdedExpr) -> Option<String> {
        let key = self.text(expression)?;
        let names = self.context.names;
        if !names.flags.contains_key(key.as_str()) {
            let help = suggest::help(&key, "flags", names.flag_keys());
            self.fail(
                UNKNOWN_FLAG,
                expression,
                format!("there is no flag `{key}`"),
                help,
            );
            return None;
        }
        if key == self.owner {
            self.fail(
                SELF_REFERENCE,
                expression,
                "a flag cannot depend on itself",
                None,
            );
            return None;
        }
        Some(key)
    }

    fn no_operand(&mut self, expression: &IdedExpr) -> Option<Operand> {
        let help = match &expression.expr {
            Expr::Call(call) => match call.func_name.as_str() {
                operators::SUBSTRACT => {
                    "there is no arithmetic; a name with `-` goes into brackets: `request.headers[\"x-beta\"]`"
                }
                operators::ADD
                | operators::MULTIPLY
                | operators::DIVIDE
                | operators::MODULO
                | operators::NEGATE => "there is no arithmetic",
                "size" => "the size of text and lists cannot be asked for",
                "upperAscii" => "compare in small letters: `x.lowerAscii() == \"…\"`",
                "date" | "duration" => "moments are written `timestamp(\"2026-12-01T08:00:00Z\")`",
                _ => OPERANDS,
            },
            Expr::List(_) => "a list stands only behind `in`",
            Expr::Select(select) if select.test => {
                "it is a condition by itself: `has(x.y)`, `!has(x.y)`"
            }
            _ => OPERANDS,
        };
        let message = format!("`{}` cannot be compared", self.quote(expression));
        self.fail(CONDITION_FORM, expression, message, help.to_owned());
        None
    }
}

/// Said of everything that cannot be compared.
const OPERANDS: &str = "what can be compared:
- an attribute such as `user.email` or `request.headers[\"x-beta\"]`, `x.lowerAscii()`, `semver(x)`, `timestamp(x)`, `double(x)`
- `now`, `flag(\"key\")`, a constant";

/// The dotted name that an expression spells, in selections (`user.email`) or brackets (`request.headers["x-beta"]`).
/// `None` for anything else.
pub(super) fn attribute_name(expression: &IdedExpr) -> Option<String> {
    match &expression.expr {
        // What `has(user.email)` says is true or false.
        Expr::Select(select) if select.test => None,
        _ => spelled(expression),
    }
}

/// The same; `has(user.email)` spells what it asks for.
pub(super) fn spelled(expression: &IdedExpr) -> Option<String> {
    let mut parts = Vec::new();
    let mut at = expression;
    loop {
        match &at.expr {
            Expr::Ident(name) => {
                parts.push(name.as_str());
                break;
            }
            Expr::Select(select) if !select.test || std::ptr::eq(at, expression) => {
                parts.push(&select.field);
                at = &select.operand;
            }
            Expr::Call(call) if call.func_name == operators::INDEX && call.target.is_none() => {
                let [collection, index] = call.args.as_slice() else {
                    return None;
                };
                let Expr::Literal(LiteralValue::String(name)) = &index.expr else {
                    return None;
                };
                parts.push(name.inner());
                at = collection;
            }
            _ => return None,
        }
    }
    parts.reverse();
    let name = spell(&parts);
    let is_root = parts.first().is_some_and(|root| is_identifier(root));
    (is_root && !name.ends_with('.') && name != "now").then_some(name)
}

fn is_text(expression: &IdedExpr) -> bool {
    matches!(expression.expr, Expr::Literal(LiteralValue::String(_)))
}
