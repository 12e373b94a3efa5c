//! Shares as conditions: `bucket({"algorithm": "unleash", "salt": "group", "modulus": 100}) in [[1, 26]]`.

use cel::IdedExpr;
use cel::common::ast::{EntryExpr, Expr, LiteralValue};
use flagstone_compile::model::{Absent, Bucketing, Condition, TARGETING_KEY, Test};

use super::form::Form;
use crate::bucketing::{ABSENT, ALGORITHMS, misfit, words};
use crate::code::{BAD_BUCKETING, BAD_CONSTANT, CONDITION_FORM};

const HELP: &str = "a unit's position is looked for in ranges, as in `bucket({\"algorithm\": \"unleash\", \"salt\": \"group\", \
     \"modulus\": 100}) in [[1, 26]]`";

impl Form<'_, '_> {
    /// Whether an expression is the position of a unit.
    pub(super) fn is_bucket(&self, expression: &IdedExpr) -> bool {
        matches!(&expression.expr, Expr::Call(call) if call.func_name == "bucket" && call.target.is_none())
    }

    /// `bucket({…}) in [[from, to], …]`
    pub(super) fn bucket(&mut self, call: &IdedExpr, list: &IdedExpr) -> Condition {
        let bucketing = self.bucketing(call);
        let ranges = self.list(list, Self::range);
        let (Some((bucketing, absent)), Some(ranges)) = (bucketing, ranges) else {
            return Condition::never();
        };
        let misfit = |(_, to): &(u64, u64)| misfit(&bucketing, *to);
        if let Some((message, help)) = ranges.iter().find_map(misfit) {
            return self.fail(BAD_BUCKETING, list, message, help);
        }
        Condition::Test(Test::Bucket {
            bucketing,
            ranges,
            absent,
        })
    }

    fn bucketing(&mut self, whole: &IdedExpr) -> Option<(Bucketing, Absent)> {
        let map = match &whole.expr {
            Expr::Call(call) => match call.args.as_slice() {
                [
                    IdedExpr {
                        expr: Expr::Map(map),
                        ..
                    },
                ] => map,
                _ => return self.no_bucket(whole),
            },
            _ => return self.no_bucket(whole),
        };
        let mut algorithm = None;
        let mut absent = Absent::Default;
        let mut good = true;
        let mut bucketing = Bucketing {
            algorithm: flagstone_compile::model::Algorithm::Native,
            by: vec![TARGETING_KEY.to_owned()],
            salt: String::new(),
            seed: 0,
            modulus: 0,
        };
        for entry in &map.entries {
            let EntryExpr::MapEntry(entry) = &entry.expr else {
                return self.no_bucket(whole);
            };
            let known = ["algorithm", "by", "salt", "seed", "modulus", "absent"];
            let read = match self.one_of(&entry.key, "a part of a bucketing", &known) {
                Some("algorithm") => {
                    let word = self.one_of(&entry.value, "an algorithm", &words(&ALGORITHMS));
                    algorithm = word.and_then(|word| crate::bucketing::find(&ALGORITHMS, word));
                    word.map(|_| ())
                }
                Some("by") => self.units(&entry.value).map(|by| bucketing.by = by),
                Some("salt") => self.text(&entry.value).map(|salt| bucketing.salt = salt),
                Some("seed") => self.small(&entry.value).map(|seed| bucketing.seed = seed),
                Some("modulus") => self
                    .small(&entry.value)
                    .map(|modulus| bucketing.modulus = modulus),
                Some(_) => {
                    let what = "what a unit without position gets";
                    let word = self.one_of(&entry.value, what, &words(&ABSENT));
                    let found = word.and_then(|word| crate::bucketing::find(&ABSENT, word));
                    found.map(|found| absent = found)
                }
                None => None,
            };
            good &= read.is_some();
        }
        match algorithm {
            Some(algorithm) if good => {
                bucketing.algorithm = algorithm;
                Some((bucketing, absent))
            }
            None if good => self.no_bucket(whole),
            _ => None,
        }
    }

    fn no_bucket<T>(&mut self, whole: &IdedExpr) -> Option<T> {
        let message = format!("`{}` says not how a position is found", self.quote(whole));
        self.fail(CONDITION_FORM, whole, message, HELP.to_owned());
        None
    }

    /// The attributes that are hashed: one, or a list of which the first that is there counts.
    fn units(&mut self, expression: &IdedExpr) -> Option<Vec<String>> {
        let names = match &expression.expr {
            Expr::Literal(LiteralValue::String(name)) => vec![name.inner().to_owned()],
            _ => self.list(expression, Self::text)?,
        };
        if names.is_empty() || names.iter().any(String::is_empty) {
            let message = format!("`{}` names no attribute", self.quote(expression));
            let help = "for example `\"user.key\"`".to_owned();
            self.fail(BAD_CONSTANT, expression, message, help);
            return None;
        }
        Some(names)
    }

    fn small(&mut self, expression: &IdedExpr) -> Option<u32> {
        u32::try_from(self.whole(expression, u64::from(u32::MAX))?).ok()
    }

    /// `[from, to]`
    fn range(&mut self, expression: &IdedExpr) -> Option<(u64, u64)> {
        let Expr::List(list) = &expression.expr else {
            return self.no_range(expression);
        };
        let [from, to] = list.elements.as_slice() else {
            return self.no_range(expression);
        };
        let (from, to) = (self.whole(from, u64::MAX), self.whole(to, u64::MAX));
        let (from, to) = (from?, to?);
        if from > to {
            return self.no_range(expression);
        }
        Some((from, to))
    }

    fn no_range<T>(&mut self, expression: &IdedExpr) -> Option<T> {
        let message = format!("`{}` is not a range", self.quote(expression));
        let help = "the first position and the one after the last: `[0, 50000]`".to_owned();
        self.fail(BAD_CONSTANT, expression, message, help);
        None
    }
}
