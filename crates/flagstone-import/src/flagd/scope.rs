//! Paths into the context and into what iterations look at.

use super::evaluators::index;
use super::method::{Stop, is_inherited};
use super::rule::{Rule, apply, detailed, json_text, on_all};
use flagstone_compile::model::{Expression, Operation, TARGETING_KEY};

/// Bytes that the name of an attribute may have.
const LONGEST: usize = 10_000;

/// Where an expression is: in which iterations.
#[derive(Clone, Copy)]
pub(super) struct Scope {
    /// Whether it is a `reduce`.
    is_fold: bool,
    /// Whether it is inside `map` or its like in a compiled rule: COMPAT(flagd): `../index` is a name of its own there.
    pub(super) names_index: bool,
    /// What the context is.
    root: Root,
    depth: u16,
}

/// What there is outside of all iterations.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Root {
    /// The context of an evaluation.
    Context,
    /// An object without members.
    Empty,
    /// Nothing.
    Nothing,
}

/// What `../` leads to.
enum Above {
    /// The element of an iteration, so many further out; the context beyond all.
    Element(u16),
    /// What is known of that iteration.
    Iteration(u16),
    /// Nothing.
    Nowhere,
}

impl Scope {
    /// Outside of all iterations.
    pub(super) const OUTSIDE: Scope = Scope {
        is_fold: false,
        names_index: false,
        root: Root::Context,
        depth: 0,
    };

    /// Before the rule is used, for what is run then: the context is an empty object.
    pub(super) const BEFORE: Scope = Scope {
        root: Root::Empty,
        ..Self::OUTSIDE
    };

    /// Before the rule is used, for what is prepared then: there is no context at all.
    pub(super) const NOWHERE: Scope = Scope {
        root: Root::Nothing,
        ..Self::OUTSIDE
    };

    /// Where what is prepared here is run. COMPAT(flagd): what is undefined becomes an empty object by that.
    pub(super) fn running(self) -> Self {
        match self.root {
            Root::Nothing if self.depth == 0 => Self::BEFORE,
            _ => self,
        }
    }

    /// Inside one more iteration.
    pub(super) fn within(self, is_fold: bool, names_index: bool) -> Self {
        Self {
            is_fold,
            names_index,
            root: self.root,
            depth: self.depth + 1,
        }
    }

    pub(super) fn is_inside(&self) -> bool {
        self.depth > 0
    }

    /// Whether what is looked at is the context of a flag.
    pub(super) fn has_flag(&self) -> bool {
        self.depth == 0 && self.root == Root::Context
    }

    /// The position of the element, where it is known by name.
    pub(super) fn position(&self) -> Expression {
        let operation = if self.is_fold {
            // COMPAT(flagd): the name is not known there.
            Operation::Fail
        } else {
            Operation::Position
        };
        apply(operation, [])
    }

    /// Follows each `../` at the beginning of a path; what is left of it. Source: `var` of json-logic-engine.
    fn climb<'p>(&self, mut path: &'p str) -> (Option<Above>, &'p str) {
        let mut above = None;
        let mut further = 0;
        while further < self.depth
            && let Some(rest) = path.strip_prefix("../")
        {
            path = rest;
            above = Some(Above::Iteration(further));
            let Some(rest) = path.strip_prefix("../") else {
                break;
            };
            path = rest;
            further += 1;
            above = Some(Above::Element(further));
            if further == self.depth
                && let Some(rest) = path.strip_prefix("../")
            {
                // Beyond the context there is one step that leads nowhere.
                path = rest;
                above = Some(Above::Nowhere);
            }
        }
        (above, path)
    }

    /// What is looked at, so many iterations further out.
    fn element(&self, further: u16) -> Expression {
        let is_there = match self.root {
            Root::Context => true,
            // COMPAT(flagd): it is not found from inside an iteration.
            Root::Empty => further == 0,
            Root::Nothing => false,
        };
        if further >= self.depth && !is_there {
            apply(Operation::Defined, [Expression::Undefined])
        } else if further >= self.depth {
            apply(Operation::Context, [])
        } else {
            detailed(Operation::Element, further, [])
        }
    }

    /// All that is looked at here.
    pub(super) fn whole(&self) -> Expression {
        self.element(0)
    }
}

impl Rule<'_> {
    /// The value that names lead to, one after the other; undefined if nowhere.
    pub(super) fn path(&mut self, names: &[String], scope: &Scope) -> Result<Expression, Stop> {
        self.path_from(scope.whole(), names, scope)
    }

    fn path_from(
        &mut self,
        base: Expression,
        names: &[String],
        scope: &Scope,
    ) -> Result<Expression, Stop> {
        if let Some(name) = names.iter().find(|name| is_inherited(name)) {
            let message = format!("it reads `{name}`, which every object of JavaScript has");
            return Err(Stop::Unsupported(message));
        }
        // Written with escapes a name may be six times as long, and a snapshot has room for 65,534 bytes.
        if names.iter().map(String::len).sum::<usize>() > LONGEST {
            let message = "it reads an attribute with a name that is too long";
            return Err(Stop::Unsupported(message.to_owned()));
        }
        let member = |of: Expression, name: &String| {
            apply(Operation::Optional, [of, Expression::Text(name.clone())])
        };
        let is_context = matches!(
            base,
            Expression::Apply {
                operation: Operation::Context,
                ..
            }
        );
        if !is_context || names.is_empty() {
            return Ok(names.iter().fold(base, member));
        }
        if scope.root != Root::Context {
            return Ok(apply(Operation::Defined, [Expression::Undefined]));
        }
        // What lists and texts have is found in the value of the attribute.
        let of_value = |name: &String| name == "length" || index(name).is_some();
        let inner = names.iter().skip(1).position(of_value);
        let outer = inner.map_or(names.len(), |inner| inner + 1);
        let (attribute, inside) = names.split_at_checked(outer).unwrap_or((names, &[]));
        let attribute = self.attribute(attribute);
        Ok(inside.iter().fold(attribute, member))
    }

    fn attribute(&mut self, names: &[String]) -> Expression {
        match names {
            [flagd, key] if flagd == "$flagd" && key == "flagKey" => {
                // Not a constant to those who look whether a part of a rule is one.
                let key = Expression::Text(self.flag.to_owned());
                apply(Operation::Defined, [key])
            }
            [flagd, time] if flagd == "$flagd" && time == "timestamp" => apply(Operation::Now, []),
            _ => Expression::Attribute(self.paths.attribute(names)),
        }
    }

    /// A path where the first name that leads to nothing true ends it, with what is there.
    pub(super) fn path_while_true(
        &mut self,
        names: &[String],
        scope: &Scope,
    ) -> Result<Expression, Stop> {
        let mut steps = Vec::new();
        if scope.is_inside() {
            steps.push(scope.whole());
        }
        for count in 1..names.len() {
            steps.push(self.way(names, count, scope)?);
        }
        steps.push(self.path(names, scope)?);
        Ok(on_all(Operation::And, 0, steps))
    }

    /// What the first names of a path lead to, and something true if it is undefined: what is behind it is then undefined too, or the
    /// edge knows that alone.
    fn way(&mut self, names: &[String], count: usize, scope: &Scope) -> Result<Expression, Stop> {
        let value = self.path(names.get(..count).unwrap_or(names), scope)?;
        Ok(apply(
            Operation::Defined,
            [value, Expression::Boolean(true)],
        ))
    }

    /// The value of a name that `missing` asks for: undefined if it is missing. Only outside of iterations.
    pub(super) fn wanted(&mut self, names: &[String], scope: &Scope) -> Result<Expression, Stop> {
        let mut value = self.path(names, scope)?;
        for count in (1..names.len()).rev() {
            let step = self.way(names, count, scope)?;
            value = apply(Operation::If, [step, value, Expression::Undefined]);
        }
        Ok(value)
    }

    /// json-logic-engine's function `var` for a path that is known: `otherwise` for what is not there.
    pub(super) fn var(
        &mut self,
        key: &Expression,
        otherwise: Expression,
        scope: &Scope,
    ) -> Result<Expression, Stop> {
        let (path, may_climb) = match key {
            Expression::Null | Expression::Undefined => return Ok(scope.whole()),
            Expression::Text(text) => (text.clone(), true),
            Expression::Boolean(value) => (value.to_string(), false),
            Expression::Number(number) => (json_text(*number), false),
            _ => {
                let arguments = [key.clone(), otherwise];
                let list = apply(Operation::List, arguments);
                return Ok(apply(Operation::Lookup, [list]));
            }
        };
        let (above, path) = if may_climb {
            scope.climb(&path)
        } else {
            (None, path.as_str())
        };
        let base = match above {
            None => scope.whole(),
            Some(Above::Element(further)) => scope.element(further),
            Some(Above::Iteration(further)) => detailed(Operation::Iteration, further, []),
            // No constant to those who look for one.
            Some(Above::Nowhere) => apply(Operation::Defined, [Expression::Undefined]),
        };
        if path.is_empty() {
            return Ok(base);
        }
        let value = self.path_from(base, &names(path), scope)?;
        let otherwise = match otherwise {
            Expression::Undefined => Expression::Null,
            otherwise => otherwise,
        };
        Ok(apply(Operation::Defined, [value, otherwise]))
    }
}

/// The names of a path: apart by dots, where a backslash takes a dot, a slash or a backslash for itself.
///
/// Source: `splitPath` of json-logic-engine.
pub(super) fn names(path: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut name = String::new();
    let mut chars = path.chars();
    while let Some(c) = chars.next() {
        match c {
            '.' => names.push(core::mem::take(&mut name)),
            '\\' => {
                let next = chars.clone().next();
                match next.filter(|next| matches!(next, '.' | '/' | '\\')) {
                    Some(next) => {
                        name.push(next);
                        chars.next();
                    }
                    None => name.push('\\'),
                }
            }
            _ => name.push(c),
        }
    }
    // A path of dots alone has as many names as dots.
    if names.len() != path.len() {
        names.push(name);
    }
    names
}

/// The attributes that rules read, and where flagd finds them.
#[derive(Default)]
pub(super) struct Paths {
    #[cfg(feature = "answers")]
    pub(super) known: std::collections::HashMap<String, Vec<String>>,
}

impl Paths {
    /// The attribute's name in the model.
    fn attribute(&mut self, names: &[String]) -> String {
        let name = attribute_name(names);
        #[cfg(feature = "answers")]
        if !self.known.contains_key(&name) {
            self.known.insert(name.clone(), names.to_vec());
        }
        name
    }
}

/// A path as the model names it: `user.plan`, `user.address["post code"]`.
fn attribute_name(names: &[String]) -> String {
    match names {
        [one] if one == "targetingKey" => return TARGETING_KEY.to_owned(),
        // The model's name for the targeting key.
        [one] if one == "key" => return "user[\"key\"]".to_owned(),
        _ => {}
    }
    let mut text = "user".to_owned();
    for name in names {
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if name.chars().all(is_word)
            && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        {
            text.push('.');
            text += name;
            continue;
        }
        text += "[\"";
        for c in name.chars() {
            if matches!(c, '"' | '\\') {
                text.push('\\');
            }
            text.push(c);
        }
        text += "\"]";
    }
    text
}
