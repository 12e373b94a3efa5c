//! Expressions that are true or false.

use std::ops::Range;

use cel::IdedExpr;
use cel::common::ast::{CallExpr, Expr, LiteralValue, SourceInfo, operators};
use flagstone_compile::model::{Condition, Matcher, Reading, Scalar, Scope, Test};

use super::compare::Comparison;
use super::function::{is_function, likely_function};
use super::operand::{Subject, attribute_name, spelled};
use super::source::Source;
use super::{all, any, not};
use crate::bucketing::{find, words};
use crate::code::{
    CONDITION_FORM, CONDITION_SIZE, Code, TYPE_MISMATCH, UNKNOWN_FLAG, UNKNOWN_SEGMENT,
};
use crate::finding::Finding;
use crate::lower::Lower;
use crate::names::{Origin, Type};
use crate::path::Path;
use crate::suggest;

/// Said of everything that is no form at all.
const FORMS: &str = "conditions combine, with `&&`, `||`, `!` and `a ? b : c`:
- `x == 1` (also `!=`, `<`, `<=`, `>`, `>=`), `x in [\"a\", \"b\"]`, `\"a\" in x`, `has(x.y)`
- `x.startsWith(\"a\")` (also `endsWith`, `contains`, `matches`), `x.lowerAscii() == \"a\"`
- `semver(x) < semver(\"1.2.3\")`, `double(x) < 5.0`
- `timestamp(x) < timestamp(\"2026-12-01T00:00:00Z\")`, `now < timestamp(\"…\")`
- `cidr(\"10.0.0.0/8\").containsIP(x)`, `inNetwork(x, [\"10.0.0.0/8\"])`
- `segment(\"key\")`, `flag(\"key\") == \"variant\"`";

/// A condition is repeated where it decides between two others; this bounds what that can grow to.
const LARGEST_REPEATED: usize = 500;

/// The second argument of a segment whose failure is tolerated.
pub(crate) const UNLESS_IT_FAILS: &str = "unless it fails";

/// What of a list a condition is asked about.
pub(crate) const SCOPES: [(&str, Scope); 3] = [
    ("elements", Scope::Elements),
    ("elements but null", Scope::Present),
    ("length", Scope::Length),
];

/// Lowers one condition.
pub(super) struct Form<'f, 'l> {
    pub(super) context: &'f mut Lower<'l>,
    pub(super) source: &'f Source<'f>,
    pub(super) info: &'f SourceInfo,
    /// Key of the flag that the condition stands in; empty for a segment.
    pub(super) owner: &'f str,
    pub(super) path: Path<'f>,
}

impl Form<'_, '_> {
    /// Lowers an expression that is true or false; one that never holds if that is impossible, which is reported.
    pub(super) fn condition(&mut self, expression: &IdedExpr) -> Condition {
        match &expression.expr {
            Expr::Literal(LiteralValue::Boolean(value)) => match *value.inner() {
                true => Condition::always(),
                false => Condition::never(),
            },
            Expr::Call(call) => self.call(expression, call),
            Expr::Select(select) if select.test => match spelled(expression) {
                Some(name) => self.exists(&Subject::named(name), expression),
                None => self.no_form(expression),
            },
            Expr::Select(_) | Expr::Ident(_) => self.bare(expression),
            _ => self.no_form(expression),
        }
    }

    fn call(&mut self, whole: &IdedExpr, call: &CallExpr) -> Condition {
        let (name, target) = (call.func_name.as_str(), call.target.as_deref());
        if let (Some(comparison), [left, right]) = (Comparison::of(name), call.args.as_slice()) {
            return self.comparison(whole, comparison, left, right);
        }
        match (name, target, call.args.as_slice()) {
            (operators::LOGICAL_AND, _, parts) => all(self.conditions(parts)),
            (operators::LOGICAL_OR, _, parts) => any(self.conditions(parts)),
            (operators::LOGICAL_NOT, _, [inner]) => not(self.condition(inner)),
            (operators::CONDITIONAL, _, [test, yes, no]) => self.choice(whole, test, yes, no),
            (operators::IN, _, [item, list]) => self.membership(item, list),
            (operators::INDEX, ..) => self.bare(whole),
            ("startsWith" | "endsWith" | "contains" | "matches", Some(target), [argument])
            | ("matches", None, [target, argument]) => self.text_test(name, target, argument),
            ("containsIP", Some(target), [address]) => self.cidr(target, address, whole),
            ("inNetwork", None, [address, networks]) => self.in_network(address, networks),
            ("segment", None, [key]) => self.segment(key),
            ("segment", None, [key, word]) => self.tolerant_segment(key, word),
            ("inside", None, [key]) => self.inside(key),
            ("within", None, [list, scope, when]) => self.within(list, scope, when),
            ("expression", None, [text]) => self.expression(text, None),
            ("expression", None, [text, source]) => self.expression(text, Some(source)),
            ("fail", None, []) => Condition::Test(Test::Fail),
            ("abort", None, []) => Condition::Test(Test::Abort),
            (name, Some(namespace), arguments) if is_function(name, namespace) => {
                self.function(whole, name, namespace, arguments)
            }
            _ => self.unknown(whole, call),
        }
    }

    fn conditions(&mut self, parts: &[IdedExpr]) -> Vec<Condition> {
        parts.iter().map(|part| self.condition(part)).collect()
    }

    /// `test ? yes : no`, unknown where `test` is.
    fn choice(
        &mut self,
        whole: &IdedExpr,
        test: &IdedExpr,
        yes: &IdedExpr,
        no: &IdedExpr,
    ) -> Condition {
        let (test, yes, no) = (
            self.condition(test),
            self.condition(yes),
            self.condition(no),
        );
        if test == Condition::always() {
            return yes;
        }
        if test == Condition::never() {
            return no;
        }
        if size(&test) > LARGEST_REPEATED {
            let message = "the condition before `?` is too large";
            return self.fail(
                CONDITION_SIZE,
                whole,
                message,
                "move it into a segment".to_owned(),
            );
        }
        let mut parts = vec![
            all(vec![test.clone(), yes]),
            all(vec![not(test.clone()), no]),
        ];
        if can_be_unknown(&test) {
            // False for a known test, else unknown: it keeps an unknown choice between two false conditions unknown.
            parts.push(all(vec![test.clone(), not(test)]));
        }
        any(parts)
    }

    /// A boolean attribute that stands alone.
    fn bare(&mut self, expression: &IdedExpr) -> Condition {
        let Some(name) = attribute_name(expression) else {
            return self.no_form(expression);
        };
        if self.context.names.origin(&name) == Origin::Known(Type::Boolean) {
            let matcher = Matcher::Equals(Scalar::Boolean(true));
            return Condition::Test(Test::attribute(name, matcher));
        }
        let message = format!("`{name}` is not known to be a boolean");
        let help = match self.context.names.origin(&name) {
            Origin::Known(_) => format!("compare it with a constant: `{name} == \"…\"`"),
            _ => format!("write `{name} == true`"),
        };
        self.fail(CONDITION_FORM, expression, message, help)
    }

    /// Whether an attribute is there.
    pub(super) fn exists(&mut self, subject: &Subject, expression: &IdedExpr) -> Condition {
        self.uses(subject, expression);
        test(subject, Matcher::Exists)
    }

    /// `namespace.name(x, …)`
    fn function(
        &mut self,
        whole: &IdedExpr,
        name: &str,
        namespace: &IdedExpr,
        arguments: &[IdedExpr],
    ) -> Condition {
        let Some((first, rest)) = arguments.split_first() else {
            return self.no_form(whole);
        };
        let subject = self.attribute_in(first);
        let matcher = self.matcher(whole, name, namespace, rest);
        let (Some(subject), Some(matcher)) = (subject, matcher) else {
            return Condition::never();
        };
        self.uses(&subject, first);
        test(&subject, matcher)
    }

    fn segment(&mut self, key: &IdedExpr) -> Condition {
        let Some(name) = self.text(key) else {
            return Condition::never();
        };
        if !self.context.names.segments.contains(&name.as_str()) {
            let help = suggest::help(
                &name,
                "segments",
                self.context.names.segments.iter().copied(),
            );
            return self.fail(
                UNKNOWN_SEGMENT,
                key,
                format!("there is no segment `{name}`"),
                help,
            );
        }
        Condition::Test(Test::Segment(name))
    }

    /// `segment("key", "unless it fails")`
    fn tolerant_segment(&mut self, key: &IdedExpr, word: &IdedExpr) -> Condition {
        let words = [UNLESS_IT_FAILS];
        let is_known = self.one_of(word, "a segment's second argument", &words);
        match (self.segment(key), is_known) {
            (Condition::Test(Test::Segment(key)), Some(_)) => {
                Condition::Test(Test::SegmentUnlessFails(key))
            }
            _ => Condition::never(),
        }
    }

    /// `expression("[…]")`, or with how it was written in the service.
    fn expression(&mut self, text: &IdedExpr, source: Option<&IdedExpr>) -> Condition {
        let written = match source {
            Some(source) => self.text(source),
            None => Some(String::new()),
        };
        let (Some(read), Some(source)) = (self.text(text), written) else {
            return Condition::never();
        };
        let span = self.span(text);
        match self.context.expression(&read, self.path, span) {
            Some(expression) => Condition::Test(Test::Expression { expression, source }),
            None => Condition::never(),
        }
    }

    /// `inside("flag")`, which may name the flag that it stands in.
    fn inside(&mut self, key: &IdedExpr) -> Condition {
        let Some(name) = self.text(key) else {
            return Condition::never();
        };
        let names = self.context.names;
        if !names.flags.contains_key(name.as_str()) {
            let help = suggest::help(&name, "flags", names.flag_keys());
            let message = format!("there is no flag `{name}`");
            return self.fail(UNKNOWN_FLAG, key, message, help);
        }
        Condition::Test(Test::Inside(name))
    }

    /// `within(x, "elements", condition)`
    fn within(&mut self, list: &IdedExpr, scope: &IdedExpr, when: &IdedExpr) -> Condition {
        let subject = self.attribute_in(list);
        let word = self.one_of(scope, "what of a list is asked about", &words(&SCOPES));
        let when = self.condition(when);
        let scope = word.and_then(|word| find(&SCOPES, word));
        let (Some(subject), Some(scope)) = (subject, scope) else {
            return Condition::never();
        };
        self.uses(&subject, list);
        Condition::Test(Test::Within {
            name: subject.name,
            scope,
            when: Box::new(when),
        })
    }

    /// Reports a call that is no form.
    fn unknown(&mut self, expression: &IdedExpr, call: &CallExpr) -> Condition {
        let name = call.func_name.as_str();
        let help = match name {
            "flag" => "compare it with a variant: `flag(\"key\") == \"variant\"`",
            "semver" | "timestamp" | "double" | "int" => "it is not true or false: compare it",
            "startswith" | "starts_with" => "it is `x.startsWith(\"…\")`",
            "endswith" | "ends_with" => "it is `x.endsWith(\"…\")`",
            "includes" => "it is `x.contains(\"…\")` in text, `\"…\" in x` in a list",
            operators::SUBSTRACT => {
                "there is no arithmetic; a name with `-` goes into brackets: `request.headers[\"x-beta\"]`"
            }
            operators::ADD
            | operators::MULTIPLY
            | operators::DIVIDE
            | operators::MODULO
            | operators::NEGATE => "there is no arithmetic",
            "startsWith" | "endsWith" | "contains" | "matches" => {
                "it takes one text: `x.startsWith(\"…\")`"
            }
            "segment" => "it takes the key of a segment: `segment(\"beta\")`",
            "containsIP" => "it is `cidr(\"10.0.0.0/8\").containsIP(client.ip)`",
            "inNetwork" => {
                "it takes an attribute and a list: `inNetwork(client.ip, [\"10.0.0.0/8\"])`"
            }
            _ => FORMS,
        };
        let likely = call
            .target
            .as_deref()
            .and_then(|namespace| likely_function(name, namespace));
        let message = format!("`{}` cannot be a condition", self.quote(expression));
        let help = likely.unwrap_or_else(|| help.to_owned());
        self.fail(CONDITION_FORM, expression, message, help)
    }

    /// Reports an expression that is no form.
    pub(super) fn no_form(&mut self, expression: &IdedExpr) -> Condition {
        let message = format!("`{}` cannot be a condition", self.quote(expression));
        self.fail(CONDITION_FORM, expression, message, FORMS.to_owned())
    }

    /// Reports an expression; gives a condition that never holds.
    pub(super) fn fail(
        &mut self,
        code: Code,
        expression: &IdedExpr,
        message: impl Into<String>,
        help: impl Into<Option<String>>,
    ) -> Condition {
        let span = self.span(expression);
        self.context
            .report
            .add(Finding::new(code, self.path, span, message).help(help));
        Condition::never()
    }

    /// Checks that an attribute can be there.
    pub(super) fn uses(&mut self, subject: &Subject, expression: &IdedExpr) {
        let is_impossible = self.context.names.origin(&subject.name) == Origin::Impossible;
        // One without a name was reported.
        if subject.is_verbatim && (is_impossible || subject.name.is_empty()) {
            return;
        }
        let span = self.span(expression);
        self.context.attribute(&subject.name, self.path, span);
    }

    /// Checks that an attribute can be there and have one of some types; `expected` is what they are called.
    pub(super) fn expect(
        &mut self,
        subject: &Subject,
        types: &[Type],
        expected: &str,
        expression: &IdedExpr,
    ) {
        self.uses(subject, expression);
        let name = &subject.name;
        let Origin::Known(found) = self.context.names.origin(name) else {
            return;
        };
        // What a reading makes of a value may have any type.
        if types.contains(&found) || subject.reading != Reading::default() {
            return;
        }
        let help = match (found, expected) {
            (Type::Text, "a number") => format!("read the text as a number: `double({name})`"),
            (Type::Text, "a boolean") => format!("compare the text: `{name} == \"true\"`"),
            (Type::Text, "a list") => format!("for a part of the text: `{name}.contains(\"…\")`"),
            (Type::Text, _) => "compare it with text".to_owned(),
            (Type::Number, _) => "compare it with a number".to_owned(),
            (Type::Boolean, _) => format!("it is a condition by itself: `{name}`, `!{name}`"),
        };
        let message = format!(
            "`{name}` is {} at the edge, never {expected}",
            found.title()
        );
        self.fail(TYPE_MISMATCH, expression, message, help);
    }

    /// The place of an expression in the file.
    fn span(&self, expression: &IdedExpr) -> Range<usize> {
        self.source
            .in_file(self.source.extent(expression, self.info))
    }

    /// The text of an expression, cut short if it is long.
    pub(super) fn quote(&self, expression: &IdedExpr) -> String {
        let extent = self.source.extent(expression, self.info);
        let text = self.source.text.get(extent).unwrap_or_default();
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        match text.char_indices().nth(60) {
            Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
            None => text,
        }
    }
}

/// A test of an attribute.
pub(super) fn test(subject: &Subject, matcher: Matcher) -> Condition {
    Condition::Test(Test::Attribute {
        name: subject.name.clone(),
        matcher,
        reading: subject.reading,
    })
}

/// How many parts a condition has.
fn size(condition: &Condition) -> usize {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => 1 + parts.iter().map(size).sum::<usize>(),
        Condition::Not(inner) => 1 + size(inner),
        Condition::Test(_) => 1,
    }
}

/// Whether a condition can be neither true nor false.
fn can_be_unknown(condition: &Condition) -> bool {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().any(can_be_unknown),
        Condition::Not(inner) => can_be_unknown(inner),
        Condition::Test(Test::Attribute { matcher, .. }) => *matcher != Matcher::Exists,
        Condition::Test(Test::Bucket { .. }) => true,
        Condition::Test(
            Test::Now { .. }
            | Test::Segment(_)
            | Test::SegmentUnlessFails(_)
            | Test::Inside(_)
            | Test::Abort
            | Test::Flag { .. }
            | Test::Within { .. }
            | Test::Expression { .. }
            | Test::Fail,
        ) => false,
    }
}
