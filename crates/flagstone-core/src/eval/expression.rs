//! Expressions: JsonLogic as flagd's evaluator for JavaScript runs it, put together from JavaScript's operations.
//!
//! COMPAT(flagd): flagd-core compiles a rule to JavaScript, with quirks of its own (what is kept is one variable for a
//! whole function, so a comparison may check another value than it compares). The importer writes down what that
//! JavaScript does; what is here are operations of JavaScript and of json-logic-engine's functions, one a node.
//!
//! Nothing is allocated: texts and lists that are made lie in memory of a fixed size, and an evaluation that needs more
//! ends with `ERROR`, as one does that JavaScript would end with an exception.

mod convert;
mod fractional;
mod json;
mod list;
mod memory;
mod number;
mod path;
mod text;
mod value;

use super::{Answer, Evaluator, MAX_TESTS, Run, Trace};
use crate::context::Attributes;
use crate::layout::{Arithmetic, Around, ExpressionRecord, Operation, Relation, Section};
use crate::snapshot::{AttributeIndex, FlagIndex, Snapshot, VariantIndex};
use crate::units::UnixMillis;
use core::cell::Cell;
use core::fmt;
use memory::Memory;
use value::{Frame, Looked, Value};

/// How deep expressions may lie in expressions.
pub const MAX_EXPRESSION_DEPTH: u16 = 512;
/// Values that lists made during an evaluation may have together.
pub const EXPRESSION_VALUES: usize = 256;
/// Bytes that texts made during an evaluation may have together.
pub const EXPRESSION_TEXT: usize = 4096;

impl<A: Attributes> Evaluator<'_, '_, A> {
    /// The value of an expression as JSON text; what JSON cannot hold as words that are no JSON: `undefined`, `NaN`,
    /// `Infinity`, `-Infinity`, `half a character`.
    /// For tests of expressions, and for sources of flags that fold constants.
    ///
    /// # Errors
    /// If the evaluation fails, or if `out` does.
    pub fn write_expression(&self, expression: u32, out: &mut dyn fmt::Write) -> fmt::Result {
        let mut steps = MAX_TESTS;
        let written = computed(
            self.snapshot,
            self.attributes,
            self.now,
            &mut steps,
            expression,
            |machine, value| machine.write_json(value, out, 0),
        );
        written.ok_or(fmt::Error)
    }
}

impl<A: Attributes, T: Trace> Run<'_, '_, '_, A, T> {
    /// Whether an expression is true to JsonLogic. `None` if it fails.
    #[inline(never)]
    pub(super) fn expression_holds(&mut self, expression: u32) -> Option<Answer> {
        let input = self.input;
        let steps = &mut self.tests_left;
        computed(
            input.snapshot,
            input.attributes,
            input.now,
            steps,
            expression,
            |machine, value| Some(machine.truth(value).into()),
        )
    }

    /// The variant whose key an expression gives; inside, `None` if it gives nothing. `None` if it fails or there is no such
    /// variant.
    #[inline(never)]
    pub(super) fn expression_variant(
        &mut self,
        expression: u32,
        flag: FlagIndex,
    ) -> Option<Option<VariantIndex>> {
        let input = self.input;
        let steps = &mut self.tests_left;
        computed(
            input.snapshot,
            input.attributes,
            input.now,
            steps,
            expression,
            |machine, value| {
                if value.is_nothing() {
                    return Some(None);
                }
                let key = machine.written(value)?;
                let key = core::str::from_utf8(machine.bytes(key)?).ok()?;
                let flag = machine.snapshot.flag(flag)?;
                Some(Some(flag.find_variant(key)?.index))
            },
        )
    }
}

/// Computes an expression and reads its value, which may lie in memory that ends with this.
#[inline(never)]
fn computed<'v, R>(
    snapshot: Snapshot<'v>,
    attributes: &'v dyn Attributes,
    now: UnixMillis,
    steps: &mut u32,
    expression: u32,
    read: impl FnOnce(&mut Machine<'_, 'v>, Value<'v>) -> Option<R>,
) -> Option<R> {
    let mut values = [Value::Undefined; EXPRESSION_VALUES];
    let mut text = [0; EXPRESSION_TEXT];
    let mut machine = Machine {
        snapshot,
        attributes,
        now,
        steps,
        memory: Memory::new(&mut values, &mut text),
    };
    let value = machine.value(expression, &Frame::outermost(), 0)?;
    read(&mut machine, value)
}

/// An evaluation on its way. `None` from any step means that it fails.
struct Machine<'m, 'v> {
    snapshot: Snapshot<'v>,
    attributes: &'v dyn Attributes,
    now: UnixMillis,
    steps: &'m mut u32,
    memory: Memory<'m, 'v>,
}

/// Where a node is computed.
#[derive(Clone, Copy)]
struct Place<'f, 'v> {
    index: u32,
    node: ExpressionRecord,
    frame: &'f Frame<'f, 'v>,
    depth: u16,
}

impl<'v> Machine<'_, 'v> {
    fn step(&mut self) -> Option<()> {
        *self.steps = self.steps.checked_sub(1)?;
        Some(())
    }

    /// The value of a node.
    fn value(&mut self, index: u32, frame: &Frame<'_, 'v>, depth: u16) -> Option<Value<'v>> {
        self.step()?;
        if depth > MAX_EXPRESSION_DEPTH {
            return None;
        }
        let node = self
            .snapshot
            .record::<ExpressionRecord>(Section::Expressions, index)?;
        let operation = Operation::from_code(node.operation)?;
        if let Some(constant) = self.constant(index, &node, operation) {
            return constant;
        }
        match operation {
            Operation::Attribute => {
                let attributes = self.attributes;
                let index = AttributeIndex(u16::try_from(node.a).ok()?);
                Some(attributes.attribute(index).into())
            }
            Operation::Kept => Some(frame.kept.get()),
            Operation::Now => Some(Value::Number(self.now.0.div_euclid(1000) as f64)),
            Operation::Position => Some(Value::Number(f64::from(frame.position))),
            Operation::Fail => None,
            Operation::Context => Some(self.attributes.root().into()),
            Operation::Element => {
                let looked = frame.outer(node.detail)?.looked;
                self.looked(looked)
            }
            Operation::Iteration => self.around(frame.outer(node.detail)?),
            _ => self.with_arguments(
                operation,
                Place {
                    index,
                    node,
                    frame,
                    depth: depth + 1,
                },
            ),
        }
    }

    /// The value of the constant at an index.
    fn constant_at(&self, index: u32) -> Option<Value<'v>> {
        let node = self
            .snapshot
            .record::<ExpressionRecord>(Section::Expressions, index)?;
        self.constant(index, &node, Operation::from_code(node.operation)?)?
    }

    /// The value of a constant; `None` outside if the node is none.
    #[inline]
    fn constant(
        &self,
        index: u32,
        node: &ExpressionRecord,
        operation: Operation,
    ) -> Option<Option<Value<'v>>> {
        let snapshot = self.snapshot;
        Some(Some(match operation {
            Operation::Undefined => Value::Undefined,
            Operation::Null => Value::Null,
            Operation::Boolean => Value::Boolean(node.a != 0),
            Operation::Number => {
                Value::Number(f64::from_bits(u64::from(node.a) | u64::from(node.b) << 32))
            }
            Operation::Text => return Some(snapshot.text(node.a, node.b).map(Value::Text)),
            Operation::Object => Value::Unknown { members: node.a },
            // Lists are told apart by their places, so one without elements has its own.
            Operation::Constants if node.b == 0 => Value::Constants {
                first: index,
                count: 0,
            },
            Operation::Constants if node.a > index => Value::Constants {
                first: node.a,
                count: node.b,
            },
            Operation::Constants => return Some(None),
            _ => return None,
        }))
    }

    /// The value of argument `at` of a node, which must lie behind the node: so every evaluation ends.
    fn argument(&mut self, place: Place<'_, 'v>, at: u32) -> Option<Value<'v>> {
        let index = place.node.a.checked_add(at)?;
        if at >= place.node.b || index <= place.index {
            return None;
        }
        self.value(index, place.frame, place.depth)
    }

    /// The value of an argument, or undefined if there is none.
    fn argument_or_undefined(&mut self, place: Place<'_, 'v>, at: u32) -> Option<Value<'v>> {
        if at < place.node.b {
            self.argument(place, at)
        } else {
            Some(Value::Undefined)
        }
    }

    #[inline(never)]
    fn with_arguments(&mut self, operation: Operation, place: Place<'_, 'v>) -> Option<Value<'v>> {
        use Operation as Op;
        let detail = place.node.detail;
        match operation {
            Op::If => return self.choose(place),
            Op::And | Op::Or | Op::Coalesce | Op::Defined | Op::First => {
                return self.first_that(operation, place);
            }
            Op::List | Op::Add | Op::Subtract | Op::Multiply | Op::Divide | Op::Remainder => {
                return self.of_all(operation, place);
            }
            Op::Ordered | Op::Chained => {
                let relation = Relation::from_code(detail)?;
                return self.in_order(place, relation, operation == Op::Chained);
            }
            Op::Map | Op::Filter | Op::Some | Op::Every | Op::SomeOf | Op::EveryOf => {
                return self.iterate(operation, place, Around::from_code(detail)?);
            }
            Op::Reduce => return self.reduce(place, Around::from_code(detail)?),
            Op::Undefineds => return self.undefineds(place),
            _ => {}
        }
        let first = self.argument(place, 0)?;
        Some(match operation {
            Op::Keep => {
                place.frame.kept.set(first);
                first
            }
            Op::Truth => match first.size() {
                Some(len) => Value::Boolean(len > 0),
                None => first,
            },
            Op::Not => Value::Boolean(!self.is_true(first)),
            Op::Negate => Value::Number(-self.number_of(first)?),
            Op::ToNumber => Value::Number(self.number_of(first)?),
            Op::Numeric => self.numeric(first)?,
            Op::Head => match first.elements() {
                Some(list) => list.element(self, 0),
                None => first,
            },
            Op::IsList => Value::Boolean(first.elements().is_some()),
            Op::Sized => {
                let list = first.elements()?;
                if list.len() < usize::from(detail) {
                    return None;
                }
                first
            }
            Op::AsList if first.elements().is_some() => first,
            Op::AsList => self.memory.list([first])?,
            Op::Gather => self.gather(first, Arithmetic::from_code(detail)?)?,
            Op::Total => self.total(first, Arithmetic::from_code(detail)?)?,
            Op::Merge => self.merge(first)?,
            Op::Max => self.extreme(first, |new, old| new > old)?,
            Op::Min => self.extreme(first, |new, old| new < old)?,
            Op::Substring => self.substring(first)?,
            Op::StartsWith => self.begins_or_ends(first, true)?,
            Op::EndsWith => self.begins_or_ends(first, false)?,
            Op::SemVer => self.versions(first)?,
            Op::In => {
                let list = first.elements()?;
                let (item, of) = (list.element(self, 0), list.element(self, 1));
                if self.is_true(of) {
                    self.includes(of, item)?
                } else {
                    Value::Boolean(false)
                }
            }
            Op::Missing => self.missing(first, place.frame)?,
            Op::MissingSome => self.missing_some(first, place.frame)?,
            Op::Cat => self.cat(first)?,
            Op::Written if first.is_nothing() => first,
            Op::Written => self.written(first)?,
            Op::Lookup => {
                let otherwise = self.argument_or_undefined(place, 1)?;
                self.lookup(first, otherwise, place.frame)?
            }
            Op::Fractional => {
                let salt = self.argument(place, 1)?;
                let unit = self.argument(place, 2)?;
                self.fractional(first, salt, unit)?
            }
            Op::Compare => {
                let second = self.argument(place, 1)?;
                let relation = Relation::from_code(detail)?;
                Value::Boolean(self.compare(relation, first, second)?)
            }
            // The argument that is checked against is read last: the first may keep another.
            Op::Comparable => {
                let second = self.argument(place, 1)?;
                self.comparable(first, second)?
            }
            Op::Member | Op::Optional => {
                if first.is_nothing() {
                    return (operation == Op::Optional).then_some(Value::Undefined);
                }
                let name = self.argument(place, 1)?;
                self.member(first, name)?
            }
            Op::Includes => {
                let second = self.argument(place, 1)?;
                self.includes(first, second)?
            }
            _ => return None,
        })
    }

    /// The answer of the first question that is true.
    #[inline(never)]
    fn choose(&mut self, place: Place<'_, 'v>) -> Option<Value<'v>> {
        let mut at = 0;
        while at + 1 < place.node.b {
            let question = self.argument(place, at)?;
            if self.is_true(question) {
                return self.argument(place, at + 1);
            }
            at += 2;
        }
        self.argument(place, at)
    }

    /// The first argument that is as the operation wants it, else the last.
    #[inline(never)]
    fn first_that(&mut self, operation: Operation, place: Place<'_, 'v>) -> Option<Value<'v>> {
        let mut value = Value::Undefined;
        for at in 0..place.node.b {
            value = self.argument(place, at)?;
            let found = match operation {
                Operation::And => !self.is_true(value),
                Operation::Or => self.is_true(value),
                Operation::Coalesce => !value.is_nothing(),
                Operation::Defined => !matches!(value, Value::Undefined),
                _ => self.truth(value) == (place.node.detail != 0),
            };
            if found {
                break;
            }
        }
        Some(value)
    }

    /// All arguments brought together.
    #[inline(never)]
    fn of_all(&mut self, operation: Operation, place: Place<'_, 'v>) -> Option<Value<'v>> {
        if operation == Operation::List {
            let at = self.memory.reserve(place.node.b)?;
            for offset in 0..place.node.b {
                let value = self.argument(place, offset)?;
                self.memory.set(at, offset, value)?;
            }
            return Some(Value::Made {
                at,
                len: u16::try_from(place.node.b).ok()?,
            });
        }
        let mut value = self.argument(place, 0)?;
        for at in 1..place.node.b {
            let next = self.argument(place, at)?;
            value = match operation {
                Operation::Add => self.add(value, next)?,
                _ => {
                    let (a, b) = (self.number_of(value)?, self.number_of(next)?);
                    Value::Number(match operation {
                        Operation::Subtract => a - b,
                        Operation::Multiply => a * b,
                        Operation::Divide => a / b,
                        _ => a % b,
                    })
                }
            };
        }
        Some(value)
    }

    /// What an iteration looks at, as a value.
    fn looked(&mut self, looked: Looked<'v>) -> Option<Value<'v>> {
        match looked {
            Looked::Context => Some(self.attributes.root().into()),
            Looked::Element(value) => Some(value),
            Looked::Fold {
                accumulator,
                current,
            } => self.memory.pair(false, [accumulator, current]),
        }
    }

    /// What is known of an iteration beyond its element.
    fn around(&mut self, frame: &Frame<'_, 'v>) -> Option<Value<'v>> {
        match frame.around {
            Around::Pair => self
                .memory
                .pair(true, [frame.list, Value::Number(f64::from(frame.position))]),
            Around::List => Some(frame.list),
            Around::Nothing => Some(Value::Null),
        }
    }
}

impl<'v> Frame<'_, 'v> {
    /// Outside of all iterations.
    fn outermost() -> Self {
        Frame {
            looked: Looked::Context,
            around: Around::Nothing,
            list: Value::Undefined,
            position: 0,
            kept: Cell::new(Value::Undefined),
            outer: None,
        }
    }
}
