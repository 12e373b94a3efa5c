//! Conditions.
//!
//! Source: `evalCondition` of GrowthBook's SDK for JavaScript 1.8.0.

use super::names::Names;
use super::wire::{entries, json_text};
use crate::size::{TOO_LARGE, is_too_large};
use flagstone_compile::model::{Condition, ELEMENT, Js, Matcher, Reading, Segment, Test};
use flagstone_core::js;
use flagstone_json::Json;

/// How deep conditions may lie in each other, those of saved groups included.
const DEEPEST: u32 = 200;
/// How many tests the conditions of one feature may have.
const MOST_TESTS: u32 = 50_000;
/// How many bytes a name or a seed may have.
pub(super) const LONGEST: usize = 60_000;

/// What the paths of a condition begin at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Root {
    Attributes,
    /// The element of a list.
    Element,
}

/// Reads conditions.
pub(super) struct Conditions<'d> {
    pub groups: &'d Json<'d>,
    pub names: Names,
    /// Saved groups that are conditions.
    pub segments: Vec<Segment>,
    /// For each of them what cannot be kept of it.
    pub group_problems: Vec<(&'d str, Vec<String>)>,
    /// What cannot be kept of what was read since this was last taken.
    pub problems: Vec<String>,
    /// The saved groups that lie around what is read.
    pub way: Vec<&'d str>,
    tests: u32,
    depth: u32,
}

impl<'d> Conditions<'d> {
    pub fn new(groups: &'d Json<'d>) -> Self {
        Self {
            groups,
            names: Names::default(),
            segments: Vec::new(),
            group_problems: Vec::new(),
            problems: Vec::new(),
            way: Vec::new(),
            tests: 0,
            depth: 0,
        }
    }

    /// What was said since the last time; the next feature begins.
    pub fn take_problems(&mut self) -> Vec<String> {
        self.tests = 0;
        std::mem::take(&mut self.problems)
    }

    /// A condition at which the evaluation ends.
    pub fn fail(&mut self, why: &str) -> Condition {
        if !self.problems.iter().any(|known| known == why) {
            self.problems.push(why.to_owned());
        }
        Condition::Test(Test::Fail)
    }

    /// The same for one that stands by itself: it fails if it has more tests than a snapshot has room for.
    pub fn bounded(&mut self, json: &'d Json<'d>) -> Condition {
        match self.condition(json, Root::Attributes) {
            condition if is_too_large(&condition) => self.fail(TOO_LARGE),
            condition => condition,
        }
    }

    /// Whether all members of a condition hold.
    pub fn condition(&mut self, json: &'d Json<'d>, root: Root) -> Condition {
        if self.depth >= DEEPEST {
            return self.fail("conditions are nested too deep");
        }
        self.depth += 1;
        let condition = match json {
            Json::Null => self.fail("a condition is null, at which GrowthBook's SDK throws"),
            Json::Object(_) => {
                let members = entries(json).into_iter();
                let parts = members.map(|(name, what)| self.member(name, what, root));
                all(parts.collect())
            }
            // `Object.entries` of a list: its places are the paths.
            Json::List(elements) => {
                let mut parts = Vec::new();
                for (place, what) in elements.iter().enumerate() {
                    parts.push(self.member(&place.to_string(), what, root));
                }
                all(parts)
            }
            Json::Text(text) if !text.is_empty() => {
                self.fail("a condition is text instead of an object")
            }
            _ => Condition::always(),
        };
        self.depth -= 1;
        condition
    }

    fn member(&mut self, name: &str, what: &'d Json<'d>, root: Root) -> Condition {
        match name {
            "$or" => self.some_of(what, root),
            "$nor" => not(self.some_of(what, root)),
            "$and" => match self.list(what, root) {
                Ok(parts) => all(parts),
                Err(other) => other,
            },
            "$not" => not(self.condition(what, root)),
            "$savedGroup" => self.saved_group(what, root),
            path => {
                let name = self.name(path, root);
                self.value(what, &name, false)
            }
        }
    }

    /// `$or`, which holds too if it is empty.
    fn some_of(&mut self, json: &'d Json<'d>, root: Root) -> Condition {
        match self.list(json, root) {
            Ok(parts) if parts.is_empty() => Condition::always(),
            Ok(parts) => any(parts),
            Err(other) => other,
        }
    }

    /// The conditions of a list, or what comes of something else.
    fn list(&mut self, json: &'d Json<'d>, root: Root) -> Result<Vec<Condition>, Condition> {
        match json {
            Json::List(parts) => Ok(parts
                .iter()
                .map(|part| self.condition(part, root))
                .collect()),
            Json::Null => {
                Err(self.fail("`$or`, `$nor` or `$and` is null, at which GrowthBook's SDK throws"))
            }
            Json::Text(text) if !text.is_empty() => {
                Err(self.fail("`$or`, `$nor` or `$and` is text instead of a list"))
            }
            Json::Object(_) if json.get("length").is_some() => {
                Err(self.fail("`$or`, `$nor` or `$and` is an object instead of a list"))
            }
            // What has no length counts as empty.
            _ => Err(Condition::always()),
        }
    }

    /// The name in the model of what a path leads to.
    pub fn name(&mut self, path: &str, root: Root) -> String {
        match root {
            Root::Attributes => self.names.of_path(path),
            Root::Element => format!("{ELEMENT}.{path}"),
        }
    }

    /// A condition on a value. With `lower`, text is compared in small letters.
    ///
    /// Source: `evalConditionValue`.
    pub fn value(&mut self, json: &'d Json<'d>, name: &str, lower: bool) -> Condition {
        match json {
            Json::Text(text) if lower => self.js(name, Js::LowerText(js::lower(text).collect())),
            Json::Text(text) => self.js(name, Js::Text(text.clone().into_owned())),
            Json::Number(number) => self.js(name, Js::Number(*number)),
            Json::Boolean(true) => self.js(name, Js::Truthy),
            Json::Boolean(false) => {
                let exists = self.exists(name);
                all(vec![exists, not(self.js(name, Js::Truthy))])
            }
            Json::Null => not(self.exists(name)),
            Json::Object(_) if is_operators(json) => {
                if self.depth >= DEEPEST {
                    return self.fail("conditions are nested too deep");
                }
                self.depth += 1;
                let mut parts = Vec::new();
                for (operator, what) in entries(json) {
                    parts.push(self.operator(operator, what, name));
                }
                self.depth -= 1;
                all(parts)
            }
            Json::List(_) | Json::Object(_) => self.js(name, Js::Json(json_text(json))),
        }
    }

    pub fn exists(&mut self, name: &str) -> Condition {
        self.test(name, Matcher::Exists, Reading::default())
    }

    pub fn js(&mut self, name: &str, js: Js) -> Condition {
        self.test(name, Matcher::Js(js), Reading::default())
    }

    pub fn test(&mut self, name: &str, matcher: Matcher, reading: Reading) -> Condition {
        self.attribute(name, |name| Test::Attribute {
            name,
            matcher,
            reading,
        })
    }

    /// A test of an attribute, unless there are too many.
    pub fn attribute(&mut self, name: &str, test: impl FnOnce(String) -> Test) -> Condition {
        self.tests += 1;
        if self.tests > MOST_TESTS {
            return self.fail("its conditions have too many parts");
        }
        if name.len() > LONGEST {
            return self.fail("the name of an attribute is too long");
        }
        Condition::Test(test(name.to_owned()))
    }
}

/// Whether an object has members, and all are operators.
pub(super) fn is_operators(json: &Json<'_>) -> bool {
    let members = json.members();
    !members.is_empty() && members.iter().all(|(name, _)| name.starts_with('$'))
}

/// All of the parts; one part is itself.
pub(super) fn all(mut parts: Vec<Condition>) -> Condition {
    match parts.len() {
        1 => parts.remove(0),
        _ => Condition::All(parts),
    }
}

/// One of the parts.
pub(super) fn any(mut parts: Vec<Condition>) -> Condition {
    match parts.len() {
        1 => parts.remove(0),
        _ => Condition::Any(parts),
    }
}

pub(super) fn not(condition: Condition) -> Condition {
    Condition::Not(Box::new(condition))
}
