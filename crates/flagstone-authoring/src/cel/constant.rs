//! Constants.

use std::net::IpAddr;

use cel::IdedExpr;
use cel::common::ast::{Expr, LiteralValue};
use flagstone_compile::model::Scalar;
use flagstone_core::{SemVer, UnixMillis, parse_rfc3339};

use super::form::Form;
use crate::code::{BAD_CONSTANT, CONDITION_FORM};
use crate::suggest;

/// Whole numbers up to 2^53 are exact as 64-bit floating point.
const LARGEST: u64 = 1 << 53;

impl Form<'_, '_> {
    /// A constant. `None` if the expression is none, which is reported.
    pub(super) fn scalar(&mut self, expression: &IdedExpr) -> Option<Scalar> {
        if let Some(infinite) = infinite(expression) {
            return Some(Scalar::Number(infinite));
        }
        let exact = match &expression.expr {
            Expr::Literal(LiteralValue::Boolean(value)) => {
                return Some(Scalar::Boolean(*value.inner()));
            }
            Expr::Literal(LiteralValue::String(text)) => {
                return Some(Scalar::Text(text.inner().to_owned()));
            }
            Expr::Literal(LiteralValue::Double(value)) => {
                return Some(Scalar::Number(*value.inner()));
            }
            Expr::Literal(LiteralValue::Int(value)) if value.inner().unsigned_abs() <= LARGEST => {
                *value.inner() as f64
            }
            Expr::Literal(LiteralValue::UInt(value)) if *value.inner() <= LARGEST => {
                *value.inner() as f64
            }
            Expr::Literal(LiteralValue::Int(_) | LiteralValue::UInt(_)) => {
                let message = format!("`{}` is beyond 2^53 and not exact", self.quote(expression));
                self.fail(
                    BAD_CONSTANT,
                    expression,
                    message,
                    "compare long numbers as text, in quotes".to_owned(),
                );
                return None;
            }
            _ => {
                let message = format!("`{}` is not a constant", self.quote(expression));
                let help = "constants are text in quotes, numbers, `true` and `false`".to_owned();
                self.fail(CONDITION_FORM, expression, message, help);
                return None;
            }
        };
        Some(Scalar::Number(exact))
    }

    /// Constant text. `None` if the expression is something else, which is reported.
    pub(super) fn text(&mut self, expression: &IdedExpr) -> Option<String> {
        if let Expr::Literal(LiteralValue::String(text)) = &expression.expr {
            return Some(text.inner().to_owned());
        }
        let message = format!("`{}` is not text", self.quote(expression));
        self.fail(
            CONDITION_FORM,
            expression,
            message,
            "text in quotes is expected here".to_owned(),
        );
        None
    }

    /// Constant text without capital letters A to Z.
    pub(super) fn lower_text(&mut self, expression: &IdedExpr) -> Option<String> {
        let text = self.text(expression)?;
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            let message = format!("`{text}` has capital letters, `lowerAscii()` has none");
            let help = format!("write \"{}\"", text.to_ascii_lowercase());
            self.fail(BAD_CONSTANT, expression, message, help);
            return None;
        }
        Some(text)
    }

    /// A list of constants.
    pub(super) fn list<T>(
        &mut self,
        expression: &IdedExpr,
        mut item: impl FnMut(&mut Self, &IdedExpr) -> Option<T>,
    ) -> Option<Vec<T>> {
        let Expr::List(list) = &expression.expr else {
            let message = format!("`{}` is not a list", self.quote(expression));
            self.fail(
                CONDITION_FORM,
                expression,
                message,
                "a list of constants in brackets is expected here".to_owned(),
            );
            return None;
        };
        // All are looked at, so that all mistakes are reported.
        let items: Vec<_> = list
            .elements
            .iter()
            .map(|element| item(self, element))
            .collect();
        items.into_iter().collect()
    }

    /// The text of a semantic version.
    pub(super) fn version(&mut self, expression: &IdedExpr) -> Option<String> {
        let text = self.text(expression)?;
        if SemVer::parse(&text).is_none() {
            let message = format!("`{text}` is not a semantic version");
            let help =
                "a version by SemVer 2.0 has three numbers, such as `2.3.0` or `2.3.0-beta.1`"
                    .to_owned();
            self.fail(BAD_CONSTANT, expression, message, help);
            return None;
        }
        Some(text)
    }

    /// A moment.
    pub(super) fn moment(&mut self, expression: &IdedExpr) -> Option<UnixMillis> {
        let text = self.text(expression)?;
        let moment = parse_rfc3339(&text);
        if moment.is_none() {
            let message = format!("`{text}` is not a date-time");
            let help =
                "a date-time by RFC 3339 has a zone, such as `2026-12-01T08:00:00Z`".to_owned();
            self.fail(BAD_CONSTANT, expression, message, help);
        }
        moment
    }

    /// A moment as a number of milliseconds since 1970, for those that RFC 3339 has no year for.
    pub(super) fn milliseconds(&mut self, expression: &IdedExpr) -> Option<UnixMillis> {
        match &expression.expr {
            Expr::Literal(LiteralValue::Int(millis)) => Some(UnixMillis(*millis.inner())),
            _ => {
                let message = format!("`{}` is not a whole number", self.quote(expression));
                let help = "milliseconds since 1970, such as `milliseconds(1795376100000)`";
                self.fail(BAD_CONSTANT, expression, message, help.to_owned());
                None
            }
        }
    }

    /// A whole number from 0 to `most`.
    pub(super) fn whole(&mut self, expression: &IdedExpr, most: u64) -> Option<u64> {
        let number = match &expression.expr {
            Expr::Literal(LiteralValue::Int(number)) => u64::try_from(*number.inner()).ok(),
            Expr::Literal(LiteralValue::UInt(number)) => Some(*number.inner()),
            _ => None,
        };
        let number = number.filter(|number| *number <= most);
        if number.is_none() {
            let message = format!("`{}` is not a whole number", self.quote(expression));
            self.fail(
                BAD_CONSTANT,
                expression,
                message,
                format!("from 0 to {most}"),
            );
        }
        number
    }

    /// One of some words. `what` it is, for messages.
    pub(super) fn one_of(
        &mut self,
        expression: &IdedExpr,
        what: &str,
        words: &[&'static str],
    ) -> Option<&'static str> {
        let text = self.text(expression)?;
        let found = words.iter().find(|word| **word == text);
        if found.is_none() {
            let help = suggest::help(&text, "known words", words.iter().copied());
            self.fail(
                BAD_CONSTANT,
                expression,
                format!("`{text}` is not {what}"),
                help,
            );
        }
        found.copied()
    }

    /// The text of a network.
    pub(super) fn network(&mut self, expression: &IdedExpr) -> Option<String> {
        let text = self.text(expression)?;
        match check_network(&text) {
            Ok(()) => Some(text),
            Err(likely) => {
                let message = format!("`{text}` is not a network");
                let help = match likely {
                    Some(likely) => format!("did you mean `{likely}`?"),
                    None => {
                        "a network is an address and a length, such as `10.0.0.0/8` or `fd00::/8`"
                            .to_owned()
                    }
                };
                self.fail(BAD_CONSTANT, expression, message, help);
                None
            }
        }
    }
}

/// `double("Infinity")` or `double("-Infinity")`, which CEL has no literals for.
pub(super) fn infinite(expression: &IdedExpr) -> Option<f64> {
    let Expr::Call(call) = &expression.expr else {
        return None;
    };
    match (call.func_name.as_str(), &call.target, call.args.as_slice()) {
        (
            "double",
            None,
            [
                IdedExpr {
                    expr: Expr::Literal(LiteralValue::String(text)),
                    ..
                },
            ],
        ) => match text.inner() {
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            _ => None,
        },
        _ => None,
    }
}

/// Whether text is a network in CIDR notation without bits behind the prefix; if not, perhaps what was meant.
pub(crate) fn check_network(text: &str) -> Result<(), Option<String>> {
    let (address, length) = text
        .split_once('/')
        .map_or((text, None), |(a, l)| (a, Some(l)));
    let address: IpAddr = address.parse().map_err(|_| None)?;
    let (bits, size) = match address {
        IpAddr::V4(address) => (u128::from(address.to_bits()), 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    };
    let Some(length) = length else {
        return Err(Some(format!("{address}/{size}")));
    };
    let is_plain = length == "0"
        || !length.starts_with('0') && length.bytes().all(|byte| byte.is_ascii_digit());
    let length: u32 = length
        .parse()
        .ok()
        .filter(|length| is_plain && *length <= size)
        .ok_or(None)?;
    let host = 1_u128
        .checked_shl(size - length)
        .map_or(u128::MAX, |first| first - 1);
    if bits & host == 0 {
        return Ok(());
    }
    let network = match address {
        IpAddr::V4(address) => IpAddr::from(std::net::Ipv4Addr::from_bits(
            address.to_bits() & !(host as u32),
        )),
        IpAddr::V6(address) => {
            IpAddr::from(std::net::Ipv6Addr::from_bits(address.to_bits() & !host))
        }
    };
    Err(Some(format!("{network}/{length}")))
}
