//! A rule while it is read.

use super::method::Stop;
use super::scope::Paths;
use flagstone_compile::compile_expression;
use flagstone_compile::model::{Expression, Operation};
use flagstone_core::{
    AttributeIndex, AttributeValue, Attributes, Evaluator, JsNumber, Snapshot, UnixMillis,
};
use flagstone_json::Json;

/// What is known where a rule is read.
pub(super) struct Rule<'r> {
    /// Key of the flag.
    pub(super) flag: &'r str,
    pub(super) paths: &'r mut Paths,
    /// Whether parts of it depend on what others keep.
    pub(super) is_whole: bool,
}

/// No attribute, but an empty object in place of the context.
struct Nothing;

impl Attributes for Nothing {
    fn attribute(&self, _: AttributeIndex) -> AttributeValue<'_> {
        AttributeValue::Missing
    }

    fn root(&self) -> AttributeValue<'_> {
        AttributeValue::Object(&())
    }
}

/// An operation on arguments. Not inlined: rules are put together in many places.
#[inline(never)]
pub(super) fn apply<const N: usize>(
    operation: Operation,
    arguments: [Expression; N],
) -> Expression {
    Expression::detailed(operation, 0, arguments)
}

/// An operation that has a detail.
#[inline(never)]
pub(super) fn detailed<const N: usize>(
    operation: Operation,
    detail: u16,
    arguments: [Expression; N],
) -> Expression {
    Expression::detailed(operation, detail, arguments)
}

/// An operation on any number of arguments.
#[inline(never)]
pub(super) fn on_all(operation: Operation, detail: u16, arguments: Vec<Expression>) -> Expression {
    Expression::detailed(operation, detail, arguments)
}

/// A number as JavaScript writes it.
pub(super) fn json_text(number: f64) -> String {
    JsNumber(number).to_string()
}

/// A value that is no operator.
pub(super) fn constant(json: &Json<'_>) -> Expression {
    match json {
        Json::Null => Expression::Null,
        Json::Boolean(value) => Expression::Boolean(*value),
        Json::Number(number) => Expression::Number(*number),
        Json::Text(text) => Expression::Text(text.clone().into_owned()),
        Json::List(items) => Expression::Constants(items.iter().map(constant).collect()),
        Json::Object(members) => Expression::Object(members.len() as u32),
    }
}

/// A list, as a constant where it is one.
pub(super) fn list(items: Vec<Expression>) -> Expression {
    if items.iter().all(Expression::is_constant) {
        Expression::Constants(items)
    } else {
        on_all(Operation::List, 0, items)
    }
}

/// Truth to JsonLogic of a constant.
pub(super) fn is_true(constant: &Expression) -> bool {
    match constant {
        Expression::Boolean(value) => *value,
        Expression::Number(number) => *number != 0.0 && !number.is_nan(),
        Expression::Text(text) => !text.is_empty(),
        Expression::Object(members) => *members > 0,
        Expression::Constants(items) => !items.is_empty(),
        _ => false,
    }
}

/// The value of an expression that reads nothing: json-logic-engine computes such parts of a rule before it is used.
pub(super) fn computed(expression: Expression) -> Result<Expression, Stop> {
    if expression.is_constant() {
        return Ok(expression);
    }
    let bytes = compile_expression(&expression);
    let snapshot = Snapshot::open(&bytes).map_err(|_| Stop::Throws)?;
    let evaluator = Evaluator::new(snapshot, &Nothing, UnixMillis(0));
    let mut text = String::new();
    evaluator
        .write_expression(0, &mut text)
        .map_err(|_| Stop::Throws)?;
    Ok(match text.as_str() {
        "undefined" => Expression::Undefined,
        "NaN" => Expression::Number(f64::NAN),
        "Infinity" => Expression::Number(f64::INFINITY),
        "-Infinity" => Expression::Number(f64::NEG_INFINITY),
        text => match Json::read(text) {
            Ok(json) => constant(&json),
            // JSON cannot hold it: half a character, or undefined in a list. So it is computed each time.
            Err(_) => return Ok(expression),
        },
    })
}
