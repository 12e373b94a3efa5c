//! OpenFeature flagd.
//!
//! A document is `{"flags": {key: flag}, "$evaluators"?: {name: rule}, "metadata"?: {…}}`; `flags` may also be a list of
//! flags with a member `key`, as the daemon takes it. Targeting is JsonLogic.
//!
//! Followed is `@openfeature/flagd-core` 4.0.1 with json-logic-engine 5.0.7, in the mode that compiles rules. What that
//! does differs from JsonLogic as it is commonly described, and from flagd's own documentation; where it does, a comment
//! says `COMPAT(flagd)`:
//!
//! - An `if` of a condition and one answer, and what lies in it, is interpreted; all else is compiled. Both differ about null
//!   in `cat`, defaults and long paths of `var`, lists in `!`, three operands of a comparison, and more.
//! - A comparison of two parts that both keep something checks the second part against itself, so that
//!   `{"==": [{"var": "a"}, {"var": "b"}]}` does not fail where `{"==": [{"var": "a"}, 5]}` does.
//! - `and`, `or`, `all`, `missing` and `missing_some` inside `cat`, as the list of `in`, `map` and the like or as a default of
//!   `var` are torn apart by the precedence of JavaScript's operators.
//! - flagd's own operators fail inside of iterations.
//! - What a rule computes from constants alone is computed before; if that fails, the flag answers `PARSE_ERROR`.
//!
//! Two differences are left, which take a rule of a kind that nobody writes: a path that is computed from constants alone, and
//! itself computed before there is a context; and flagd's own operators in an iteration over a list of the whole context.
//!
//! Text beyond ASCII is hashed as UTF-8, as the daemon does it. Members that every object of JavaScript has, such as
//! `constructor`, and operators that only flagd-core's engine has are not evaluable here.

#[cfg(feature = "answers")]
pub(crate) mod answers;
mod arithmetic;
mod code;
mod compiled;
mod evaluators;
mod interpreted;
mod lower;
mod method;
mod missing;
mod rule;
mod scope;

use crate::error::ImportError;
use crate::report::{Entry, Fidelity, Report};
use crate::service::{Imported, Options};
use crate::size::{MOST, TOO_LARGE, are_too_large};
use evaluators::Evaluators;
use flagstone_compile::Model;
use flagstone_compile::model::{
    Condition, Expression, Flag, Operation, Rule, Serve, Test, Value, Variant,
};
use flagstone_core::MAX_EXPRESSION_DEPTH;
use flagstone_json::Json;
use method::Stop;
use scope::Paths;

/// Bytes that the key of a flag or a variant may have in the model.
const LONGEST_KEY: usize = 255;

pub(crate) fn import(document: &Json<'_>, _: &Options) -> Result<Imported, ImportError> {
    let evaluators = Evaluators::of(document);
    let mut import = Import::default();
    match document.some("flags") {
        // flagd takes it for a document without flags; to a service that is in use it is a mistake.
        None => return Err(shape("", "an object with the member `flags`")),
        Some(Json::Object(members)) => {
            for (at, (key, flag)) in members.iter().enumerate() {
                // Of two with the same key the last counts.
                let is_last = members.iter().skip(at + 1).all(|(other, _)| other != key);
                if is_last {
                    import.flag(key, &evaluators.resolve(flag))?;
                }
            }
        }
        Some(Json::List(flags)) => {
            for (at, flag) in flags.iter().enumerate() {
                let path = format!("/flags/{at}/key");
                let key = flag.get("key").and_then(Json::text);
                let key = key.ok_or_else(|| shape(path, "text: the key of the flag"))?;
                let key_of = |flag: &Json<'_>| flag.get("key").and_then(Json::text) == Some(key);
                if !flags.iter().skip(at + 1).any(key_of) {
                    import.flag(key, &evaluators.resolve(flag))?;
                }
            }
        }
        Some(_) => return Err(shape("/flags", "an object of flags, or a list")),
    }
    Ok(import.finish(document))
}

fn shape(path: impl Into<String>, expected: &'static str) -> ImportError {
    ImportError::Shape {
        path: path.into(),
        expected,
    }
}

/// What was read so far.
#[derive(Default)]
struct Import {
    model: Model,
    report: Report,
    paths: Paths,
    #[cfg(feature = "answers")]
    flags: std::collections::HashMap<String, answers::Known>,
}

impl Import {
    /// Reads one flag. Errors are what flagd-core refuses a whole document for.
    fn flag(&mut self, key: &str, flag: &Json<'_>) -> Result<(), ImportError> {
        let path = |member: &str| {
            let key = key.replace('~', "~0").replace('/', "~1");
            format!("/flags/{key}/{member}")
        };
        let enabled = match flag.get("state").and_then(Json::text) {
            Some("ENABLED") => true,
            Some("DISABLED") => false,
            _ => return Err(shape(path("state"), "\"ENABLED\" or \"DISABLED\"")),
        };
        let count = |of: &Json<'_>| of.members().len() + of.elements().len();
        if flag.get("variants").is_some_and(|of| count(of) > MOST) {
            let entry = self.report.flag(key);
            entry.note(Fidelity::NotEvaluable, TOO_LARGE);
            return Ok(());
        }
        let variants = match variants(flag.get("variants")) {
            Some(variants) => variants,
            None => return Err(shape(path("variants"), "an object")),
        };
        let has = |key: &str| variants.iter().any(|(known, _)| known == key);
        let default = match flag.get("defaultVariant") {
            None | Some(Json::Null | Json::Boolean(false)) => None,
            Some(Json::Text(text)) if text.is_empty() => None,
            Some(Json::Number(0.0)) => None,
            Some(Json::Text(text)) if has(text) => Some(text.clone().into_owned()),
            Some(_) => {
                return Err(shape(
                    path("defaultVariant"),
                    "the key of a variant, or null",
                ));
            }
        };
        let entry = self.report.flag(key);
        let names = model_keys(&variants);
        let reading = match targeting(flag.get("targeting")) {
            None => Ok(Vec::new()),
            Some(targeting) => rule::Rule {
                flag: key,
                paths: &mut self.paths,
                is_whole: false,
            }
            .rules(targeting, &names)
            .and_then(bounded),
        };
        let (rules, failure) = read(reading, entry);
        #[cfg(feature = "answers")]
        self.flags.insert(
            key.to_owned(),
            answers::Known::of(flag, enabled, &names, failure),
        );
        #[cfg(not(feature = "answers"))]
        let _ = failure;
        if !is_key(key) {
            let note = format!(
                "its key has {} bytes or control characters; 1 to {LONGEST_KEY} bytes without are possible",
                key.len()
            );
            entry.note(Fidelity::NotEvaluable, note);
            return Ok(());
        }
        let model_key = |key: &str| {
            let found = names.iter().find(|(of, _)| of == key);
            found.map(|(_, name)| name.clone())
        };
        let mut flag = Flag {
            key: key.to_owned(),
            variants: Vec::new(),
            // A flag that is off gives whoever asks the default of their own.
            default: default.filter(|_| enabled).and_then(|key| model_key(&key)),
            enabled,
            expires: None,
            prerequisites: Vec::new(),
            rules,
        };
        for ((_, value), (_, name)) in variants.iter().zip(&names) {
            flag.variants.push(Variant {
                key: name.clone(),
                value: self::value(value),
            });
        }
        if flag.variants.is_empty() {
            // There must be one; nothing leads to it.
            flag.variants.push(Variant {
                key: unused(&names),
                value: Value::Json("null".to_owned()),
            });
        }
        self.model.flags.push(flag);
        Ok(())
    }

    fn finish(self, document: &Json<'_>) -> Imported {
        #[cfg(not(feature = "answers"))]
        let _ = (document, self.paths);
        Imported {
            model: self.model,
            report: self.report,
            #[cfg(feature = "answers")]
            native: Box::new(answers::Answers::new(self.flags, self.paths, document)),
        }
    }
}

/// Rules, or a rule that fails and OpenFeature's code for why.
fn read(reading: Result<Vec<Rule>, Stop>, entry: &mut Entry) -> (Vec<Rule>, Option<&'static str>) {
    let (code, fidelity, note) = match reading {
        Ok(rules) => {
            if rules
                .iter()
                .any(|rule| matches!(rule.serve, Serve::Expression(_)))
            {
                let note = "which variant it serves is computed by an expression";
                entry.note(Fidelity::Noted, note);
            }
            if expressions(&rules).any(reads_all) {
                let note = "it reads the whole context, or computes which of it to read; requests have neither, contexts that come by OFREP do";
                entry.note(Fidelity::Noted, note);
            }
            return (rules, None);
        }
        Err(Stop::Throws) => (
            "PARSE_ERROR",
            Fidelity::Noted,
            "its targeting is no rule: flagd answers PARSE_ERROR, and so does this".to_owned(),
        ),
        Err(Stop::Unsupported(why)) => ("GENERAL", Fidelity::NotEvaluable, why),
    };
    entry.note(fidelity, note);
    let rule = Rule {
        name: "targeting".to_owned(),
        when: Condition::Test(Test::Fail),
        serve: Serve::Default,
    };
    (vec![rule], Some(code))
}

/// The expressions of rules.
fn expressions(rules: &[Rule]) -> impl Iterator<Item = &Expression> {
    rules.iter().flat_map(|rule| {
        let when = match &rule.when {
            Condition::Test(Test::Expression { expression, .. }) => Some(expression),
            _ => None,
        };
        let serve = match &rule.serve {
            Serve::Expression(expression) => Some(expression),
            _ => None,
        };
        when.into_iter().chain(serve)
    })
}

/// Whether an expression may read more of the context than attributes that it names.
fn reads_all(expression: &Expression) -> bool {
    match expression {
        Expression::Apply {
            operation,
            arguments,
            ..
        } => {
            let is_all = matches!(
                operation,
                Operation::Context
                    | Operation::Lookup
                    | Operation::Missing
                    | Operation::MissingSome
            );
            is_all || arguments.iter().any(reads_all)
        }
        _ => false,
    }
}

/// Rules that a snapshot has room for, whose expressions are not nested too deep to be evaluated.
fn bounded(rules: Vec<Rule>) -> Result<Vec<Rule>, Stop> {
    if are_too_large(&rules) {
        return Err(Stop::Unsupported(TOO_LARGE.to_owned()));
    }
    let limit = usize::from(MAX_EXPRESSION_DEPTH);
    if expressions(&rules).any(|expression| expression.depth() > limit) {
        return Err(Stop::Unsupported(
            "its targeting is nested too deep".to_owned(),
        ));
    }
    Ok(rules)
}

/// Targeting, if there is any.
fn targeting<'j>(json: Option<&'j Json<'j>>) -> Option<&'j Json<'j>> {
    json.filter(|json| match json {
        Json::Object(members) => !members.is_empty(),
        Json::List(items) => !items.is_empty(),
        // COMPAT(flagd): text is a rule that gives itself.
        Json::Text(text) => !text.is_empty(),
        _ => false,
    })
}

/// Keys and values; `None` if there are none to be had.
fn variants<'j>(json: Option<&'j Json<'j>>) -> Option<Vec<(String, &'j Json<'j>)>> {
    let numbered = |items: &'j [Json<'j>]| {
        let items = items.iter().enumerate();
        items.map(|(at, item)| (at.to_string(), item)).collect()
    };
    Some(match json? {
        Json::Null => return None,
        Json::Object(members) => {
            let mut variants: Vec<(String, &Json<'_>)> = Vec::new();
            for (key, value) in members {
                match variants.iter_mut().find(|(known, _)| known == key) {
                    Some((_, place)) => *place = value,
                    None => variants.push((key.clone().into_owned(), value)),
                }
            }
            variants
        }
        Json::List(items) => numbered(items),
        // COMPAT(flagd): JavaScript finds members in text too; that those are variants is not worth it.
        _ => Vec::new(),
    })
}

/// Whether the model takes a key.
fn is_key(key: &str) -> bool {
    !key.is_empty() && key.len() <= LONGEST_KEY && !key.chars().any(char::is_control)
}

/// The keys of variants, each with its key in the model: the same, unless the model does not take it.
fn model_keys(variants: &[(String, &Json<'_>)]) -> Vec<(String, String)> {
    let mut names: Vec<(String, String)> = Vec::new();
    for (at, (key, _)) in variants.iter().enumerate() {
        let mut name = key.clone();
        if !is_key(key) {
            name = if key.is_empty() {
                "(empty)".to_owned()
            } else {
                format!("(variant {at})")
            };
            while variants.iter().any(|(known, _)| *known == name) {
                name = format!("({name})");
            }
        }
        names.push((key.clone(), name));
    }
    names
}

/// A key that no variant has.
fn unused(names: &[(String, String)]) -> String {
    debug_assert!(names.is_empty());
    "(none)".to_owned()
}

fn value(json: &Json<'_>) -> Value {
    match json {
        Json::Boolean(value) => Value::Boolean(*value),
        Json::Number(number) if number.is_finite() => Value::Number(*number),
        Json::Text(text) => Value::String(text.clone().into_owned()),
        other => Value::Json(other.to_string()),
    }
}
