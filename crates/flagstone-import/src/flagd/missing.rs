//! `missing` and `missing_some` as compiled rules have them.

use super::code::{Code, Test};
use super::compiled::{Result, keep, kept, length, nothing};
use super::method::Stop;
use super::rule::{Rule, apply, constant, json_text, list, on_all};
use super::scope::{Scope, names};
use flagstone_compile::model::{Expression, Operation};
use flagstone_json::Json;

impl Rule<'_> {
    pub(super) fn compiled_missing(&mut self, items: &[&Json<'_>], scope: &Scope) -> Result<Code> {
        let plain: Option<Vec<&str>> = items
            .iter()
            .map(|item| item.text().filter(|text| !text.contains('.')))
            .collect();
        match plain.as_deref() {
            Some([]) => return Ok(Code::Whole(nothing())),
            Some([one]) => {
                let test = self.is_missing(one, scope)?;
                let found = Code::Whole(nothing());
                return Ok(Code::choice(test, Code::Whole(texts(&[one])), found));
            }
            Some([one, other]) => {
                let code = |this: &mut Self, yes: &[&str], no: &[&str]| {
                    let test = this.is_missing(other, scope)?;
                    let (yes, no) = (Code::Whole(texts(yes)), Code::Whole(texts(no)));
                    Ok(Code::choice(test, yes, no))
                };
                let then = code(self, &[one, other], &[one])?;
                let otherwise = code(self, &[other], &[])?;
                return Ok(Code::choice(self.is_missing(one, scope)?, then, otherwise));
            }
            _ => {}
        }
        let parts: Result<Vec<_>> = items
            .iter()
            .map(|item| self.compiled(item, scope))
            .collect();
        Ok(Code::Whole(self.missing_of(parts?, scope)?))
    }

    /// `(context || 0)["name"] === undefined`
    fn is_missing(&mut self, name: &str, scope: &Scope) -> Result<Test> {
        let value = self.path(&[name.to_owned()], scope)?;
        Ok(Test::Same(
            Box::new(Test::Whole(value)),
            Expression::Undefined,
        ))
    }

    /// The function `missing` of a list of arguments that are computed first.
    pub(super) fn missing_of(
        &mut self,
        parts: Vec<Expression>,
        scope: &Scope,
    ) -> Result<Expression> {
        let path = |part: &Expression| match part {
            Expression::Text(text) => Some(text.clone()),
            Expression::Number(number) => Some(json_text(*number)),
            Expression::Boolean(value) => Some(value.to_string()),
            Expression::Null => Some("null".to_owned()),
            _ => None,
        };
        let paths: Option<Vec<String>> = parts.iter().map(path).collect();
        let (false, Some(paths)) = (scope.is_inside(), paths) else {
            return Ok(apply(Operation::Missing, [list(parts)]));
        };
        let mut pairs = Vec::new();
        for (part, path) in parts.into_iter().zip(paths) {
            // No text is no path, and leads to what is there.
            if !path.is_empty() {
                pairs.push(part);
                pairs.push(self.wanted(&names(&path), scope)?);
            }
        }
        Ok(on_all(Operation::Undefineds, 0, pairs))
    }

    pub(super) fn compiled_missing_some(
        &mut self,
        items: Option<&[&Json<'_>]>,
        scope: &Scope,
    ) -> Result<Code> {
        let Some(items) = items else {
            return Err(Stop::Throws);
        };
        let Some(Json::List(wanted)) = items.get(1) else {
            let parts: Result<Vec<_>> = items
                .iter()
                .map(|item| self.compiled(item, scope))
                .collect();
            return Ok(Code::Whole(apply(Operation::MissingSome, [list(parts?)])));
        };
        let texts: Vec<&Json<'_>> = wanted.iter().collect();
        let is_plain = texts.len() <= 2
            && texts
                .iter()
                .all(|text| matches!(text, Json::Text(text) if !text.contains('.')));
        let missing = if is_plain {
            self.compiled_missing(&texts, scope)?.expression()
        } else {
            self.missing_of(wanted.iter().map(constant).collect(), scope)?
        };
        let count = Test::Whole(Expression::Number(wanted.len() as f64));
        let found = Test::Minus(Box::new(count), length(keep(missing)));
        let need = match items.first() {
            Some(need) => self.code(need, scope)?,
            None => Code::Whole(Expression::Undefined),
        };
        Ok(need.question(found, kept(), nothing()))
    }
}

fn texts(items: &[&str]) -> Expression {
    let text = |item: &&str| Expression::Text((*item).to_owned());
    Expression::Constants(items.iter().map(text).collect())
}
