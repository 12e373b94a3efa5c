//! Expressions as text: `["if", ["compare:3", ["attribute", "user.age"], 18], "on", "off"]`.
//!
//! An expression is JSON. Null, `true`, text and numbers stand for themselves; everything else is a list that begins with a
//! word: an operation, with a colon and its detail if it has one, and then its arguments.

use flagstone_compile::model::{Expression, Operation};
use serde_json::Value;

/// Numbers that JSON does not have.
const NUMBERS: [(&str, f64); 4] = [
    ("NaN", f64::NAN),
    ("Infinity", f64::INFINITY),
    ("-Infinity", f64::NEG_INFINITY),
    ("-0", -0.0),
];

/// Deeper text is not read.
const DEEPEST: usize = 120;

/// An expression as text; `None` if it is nested too deep to be read again.
pub(crate) fn write(expression: &Expression) -> Option<String> {
    (expression.depth() <= DEEPEST).then(|| value(expression).to_string())
}

fn value(expression: &Expression) -> Value {
    let list = |word: &str, rest: Vec<Value>| {
        Value::Array(std::iter::once(Value::from(word)).chain(rest).collect())
    };
    let values = |of: &[Expression]| of.iter().map(value).collect();
    match expression {
        Expression::Undefined => list("undefined", Vec::new()),
        Expression::Null => Value::Null,
        Expression::Boolean(value) => Value::from(*value),
        Expression::Number(number) => {
            let bits = number.to_bits();
            let is_named = |(_, named): &&(&str, f64)| {
                named.to_bits() == bits || named.is_nan() && number.is_nan()
            };
            match NUMBERS.iter().find(is_named) {
                Some((name, _)) => list("number", vec![Value::from(*name)]),
                // Whole numbers need no point; those beyond 2^53 may not be whole to who reads them.
                None if *number == number.trunc() && number.abs() < 9e15 => {
                    Value::from(*number as i64)
                }
                None => Value::from(*number),
            }
        }
        Expression::Text(text) => Value::from(text.as_str()),
        Expression::Object(members) => list("object", vec![Value::from(*members)]),
        Expression::Constants(constants) => list("constants", values(constants)),
        Expression::Attribute(name) => list("attribute", vec![Value::from(name.as_str())]),
        Expression::Apply {
            operation,
            detail,
            arguments,
        } => match detail {
            0 => list(&word(*operation), values(arguments)),
            detail => list(&format!("{}:{detail}", word(*operation)), values(arguments)),
        },
    }
}

/// What an operation is called: its name in the model with a small letter.
fn word(operation: Operation) -> String {
    let name = format!("{operation:?}");
    let mut letters = name.chars();
    let first = letters.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}

/// Reads an expression; what is wrong, if it is none.
pub(crate) fn read(text: &str) -> Result<Expression, String> {
    let value: Value =
        serde_json::from_str(text).map_err(|error| format!("is not JSON: {error}"))?;
    expression(&value)
}

fn expression(value: &Value) -> Result<Expression, String> {
    let list = match value {
        Value::Null => return Ok(Expression::Null),
        Value::Bool(value) => return Ok(Expression::Boolean(*value)),
        Value::String(text) => return Ok(Expression::Text(text.clone())),
        Value::Number(number) => {
            let number = number.as_f64().ok_or("has a number that is too large")?;
            return Ok(Expression::Number(number));
        }
        Value::Object(_) => return Err("has an object, but consists of lists".to_owned()),
        Value::Array(list) => list,
    };
    let Some((Value::String(word), rest)) = list.split_first() else {
        return Err("has a list that does not begin with a word".to_owned());
    };
    let (name, detail) = word.split_once(':').unwrap_or((word, "0"));
    let arguments = || rest.iter().map(expression).collect::<Result<Vec<_>, _>>();
    let wrong = || format!("has a `{word}` that is not right");
    match (name, rest) {
        ("undefined", []) => Ok(Expression::Undefined),
        ("number", [Value::String(name)]) => {
            let found = NUMBERS.iter().find(|(known, _)| known == name);
            found
                .map(|(_, number)| Expression::Number(*number))
                .ok_or_else(wrong)
        }
        ("object", [members]) => {
            let members = members
                .as_u64()
                .and_then(|members| u32::try_from(members).ok());
            members.map(Expression::Object).ok_or_else(wrong)
        }
        ("attribute", [Value::String(name)]) if !name.is_empty() => {
            Ok(Expression::Attribute(name.clone()))
        }
        ("constants", _) => {
            let constants = arguments()?;
            match constants.iter().all(Expression::is_constant) {
                true => Ok(Expression::Constants(constants)),
                false => Err(wrong()),
            }
        }
        ("undefined" | "number" | "object" | "attribute", _) => Err(wrong()),
        _ => {
            let mut operations = Operation::ALL.iter();
            let operation = operations.find(|operation| self::word(**operation) == name);
            let operation =
                operation.ok_or_else(|| format!("has a word `{name}` that is not known"))?;
            Ok(Expression::Apply {
                operation: *operation,
                detail: detail.parse().map_err(|_| wrong())?,
                arguments: arguments()?,
            })
        }
    }
}
