//! Expressions that are compared.

use cel::IdedExpr;
use cel::common::ast::{Expr, LiteralValue, operators};
use flagstone_compile::model::Scalar;
use flagstone_core::UnixMillis;

use super::form::Form;
use crate::code::{CONDITION_FORM, SELF_REFERENCE, UNKNOWN_FLAG};
use crate::names::{canonical, is_attribute};
use crate::suggest;

/// What may stand on one side of a comparison. Names are those of attributes.
#[derive(Clone, Debug)]
pub(super) enum Operand {
    Constant(Scalar),
    Null,
    Attribute(String),
    /// `x.lowerAscii()`
    Lower(String),
    /// `semver(x)`
    Version(String),
    /// `semver("1.2.3")`
    VersionConstant(String),
    /// `timestamp(x)`
    Time(String),
    /// `timestamp("2026-12-01T00:00:00Z")`
    TimeConstant(UnixMillis),
    /// `now`
    Now,
    /// `double(x)`
    Number(String),
    /// `flag("key")`
    Flag(String),
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
        if let Some(name) = attribute_name(expression) {
            return Some(Operand::Attribute(name));
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
                    ("timestamp", None, [argument]) => match is_text(argument) {
                        true => self.moment(argument).map(Operand::TimeConstant),
                        false => self.attribute_in(argument).map(Operand::Time),
                    },
                    ("double" | "int" | "uint", None, [argument]) => {
                        self.attribute_in(argument).map(Operand::Number)
                    }
                    ("flag", None, [argument]) => self.flag_key(argument).map(Operand::Flag),
                    _ => self.no_operand(expression),
                }
            }
            _ => self.no_operand(expression),
        }
    }

    /// The name of the attribute that a function is applied to.
    fn attribute_in(&mut self, expression: &IdedExpr) -> Option<String> {
        let name = attribute_name(expression);
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
/// `None` for anything else. `has(user.email)` spells what it asks for.
pub(super) fn attribute_name(expression: &IdedExpr) -> Option<String> {
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
    let name = parts.join(".");
    if !is_attribute(&name) || name == "now" {
        return None;
    }
    Some(canonical(&name))
}

fn is_text(expression: &IdedExpr) -> bool {
    matches!(expression.expr, Expr::Literal(LiteralValue::String(_)))
}
