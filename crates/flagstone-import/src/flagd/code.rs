//! The JavaScript that a compiled rule becomes, as far as its parts may come apart.
//!
//! COMPAT(flagd): json-logic-engine joins pieces of code without parentheses, so what was meant as one operand may be torn
//! apart by the precedence of JavaScript's operators: `cat` of `and` gives neither text nor both.

use super::method::Stop;
use super::rule::{apply, detailed, on_all};
use flagstone_compile::model::{Expression, Operation, Relation};

/// A piece of code.
pub(super) enum Code {
    /// Nothing tears it apart.
    Whole(Expression),
    /// `test ? then : otherwise`, without parentheses.
    Choice(Box<Test>, Box<Code>, Box<Code>),
}

/// What stands before a question mark, without parentheses.
pub(super) enum Test {
    /// Nothing tears it apart.
    Whole(Expression),
    /// `left && right`
    And(Box<Test>, Expression),
    /// `left === right`
    Same(Box<Test>, Expression),
    /// `left < right`
    Less(Box<Test>, Expression),
    /// `left - right`
    Minus(Box<Test>, Expression),
}

impl Test {
    fn expression(self) -> Expression {
        let (operation, relation, left, right) = match self {
            Self::Whole(expression) => return expression,
            Self::And(left, right) => (Operation::And, None, left, right),
            Self::Same(left, right) => (Operation::Compare, Some(Relation::Same), left, right),
            Self::Less(left, right) => (Operation::Compare, Some(Relation::Less), left, right),
            Self::Minus(left, right) => (Operation::Subtract, None, left, right),
        };
        let detail = relation.map_or(0, |relation| relation as u16);
        detailed(operation, detail, [left.expression(), right])
    }

    /// `prefix` is what becomes of the leftmost operand.
    fn leftmost(self, prefix: impl FnOnce(Expression) -> Expression) -> Self {
        match self {
            Self::Whole(expression) => Self::Whole(prefix(expression)),
            Self::And(left, right) => Self::And(Box::new(left.leftmost(prefix)), right),
            Self::Same(left, right) => Self::Same(Box::new(left.leftmost(prefix)), right),
            Self::Less(left, right) => Self::Less(Box::new(left.leftmost(prefix)), right),
            Self::Minus(left, right) => Self::Minus(Box::new(left.leftmost(prefix)), right),
        }
    }

    /// `left < self`, where a difference binds more tightly.
    fn above(self, left: Self) -> Self {
        match self {
            Self::And(inner, right) => Self::And(Box::new(inner.above(left)), right),
            Self::Same(inner, right) => Self::Same(Box::new(inner.above(left)), right),
            Self::Less(inner, right) => Self::Less(Box::new(inner.above(left)), right),
            other => Self::Less(Box::new(left), other.expression()),
        }
    }
}

impl Code {
    /// In parentheses, or where nothing tears it apart.
    pub(super) fn expression(self) -> Expression {
        let mut arguments = Vec::new();
        let mut code = self;
        loop {
            match code {
                Self::Whole(expression) if arguments.is_empty() => return expression,
                Self::Whole(expression) => {
                    arguments.push(expression);
                    return on_all(Operation::If, 0, arguments);
                }
                Self::Choice(test, then, otherwise) => {
                    arguments.push(test.expression());
                    arguments.push(then.expression());
                    code = *otherwise;
                }
            }
        }
    }

    /// `test ? then : otherwise`
    pub(super) fn choice(test: Test, then: Code, otherwise: Code) -> Self {
        Self::Choice(Box::new(test), Box::new(then), Box::new(otherwise))
    }

    /// Changes what stands last.
    fn last(self, change: impl FnOnce(Expression) -> Code) -> Code {
        match self {
            Self::Whole(expression) => change(expression),
            Self::Choice(test, then, otherwise) => {
                Self::Choice(test, then, Box::new(otherwise.last(change)))
            }
        }
    }

    /// `self + other`
    pub(super) fn plus(self, other: Code) -> Code {
        let sum = |left: Expression, right: Expression| match left {
            Expression::Apply {
                operation: Operation::Add,
                detail,
                mut arguments,
            } => {
                arguments.push(right);
                on_all(Operation::Add, detail, arguments)
            }
            left => apply(Operation::Add, [left, right]),
        };
        self.last(|left| match other {
            Self::Whole(right) => Self::Whole(sum(left, right)),
            Self::Choice(test, then, otherwise) => {
                let test = test.leftmost(|right| sum(left, right));
                Self::Choice(Box::new(test), then, otherwise)
            }
        })
    }

    /// `self || []`
    pub(super) fn or_nothing(self) -> Code {
        self.last(|last| {
            let none = Expression::Constants(Vec::new());
            Self::Whole(apply(Operation::Or, [last, none]))
        })
    }

    /// Whether it would be torn apart.
    pub(super) fn is_choice(&self) -> bool {
        matches!(self, Self::Choice(..))
    }

    /// `value ?? self`
    pub(super) fn unless_there(self, value: Expression) -> Result<Code, Stop> {
        let either = |right| apply(Operation::Coalesce, [value, right]);
        Ok(match self {
            Self::Whole(right) => Self::Whole(either(right)),
            // JavaScript does not take `??` beside `&&`.
            Self::Choice(test, ..) if matches!(*test, Test::And(..)) => return Err(Stop::Throws),
            Self::Choice(test, then, otherwise) => {
                let test = Test::Whole(either(test.expression()));
                Self::Choice(Box::new(test), then, otherwise)
            }
        })
    }

    /// `left < self ? then : otherwise`
    pub(super) fn question(self, left: Test, then: Expression, otherwise: Expression) -> Code {
        let (then, otherwise) = (Self::Whole(then), Self::Whole(otherwise));
        match self {
            Self::Whole(right) => {
                let test = Test::Less(Box::new(left), right);
                Self::choice(test, then, otherwise)
            }
            Self::Choice(test, first, rest) => {
                let rest = rest.last(|last| Self::choice(Test::Whole(last), then, otherwise));
                Self::Choice(Box::new(test.above(left)), first, Box::new(rest))
            }
        }
    }
}
