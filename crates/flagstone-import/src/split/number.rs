//! Matchers of numbers and dates.

use super::Reader;
use super::javascript::number;
use super::matcher::{Subject, Type};
use flagstone_compile::model::{Condition, Conversion, Matcher, Order};
use flagstone_json::Json;

/// The last and, negative, the first millisecond of JavaScript's dates.
const MAX_DATE: f64 = 8.64e15;

impl Reader<'_> {
    /// Numbers, and dates as numbers of milliseconds: as far as an end of a day or a minute.
    pub(super) fn numeric(
        &mut self,
        kind: Type,
        matcher: &Json<'_>,
        subject: &Subject,
    ) -> Condition {
        const DAY: f64 = 86_400_000.0;
        const MINUTE: f64 = 60_000.0;
        let data = match kind {
            Type::Between => matcher.get("betweenMatcherData"),
            _ => matcher.get("unaryNumericMatcherData"),
        };
        let constant = |name| data.and_then(|data| data.get(name));
        let is_date = constant("dataType").and_then(Json::text) == Some("DATETIME");
        let (start, end) = match kind {
            Type::EqualTo => (constant("value"), constant("value")),
            Type::AtLeast => (constant("value"), None),
            Type::AtMost => (None, constant("value")),
            _ => (constant("start"), constant("end")),
        };
        let compare = |order, number: f64| match number.is_nan() {
            true => Condition::never(),
            false => subject.other(Matcher::Number(order, number), Conversion::JsNumber),
        };
        if !is_date {
            if kind == Type::EqualTo {
                return match start {
                    Some(Json::Number(number)) => compare(Order::Equal, *number),
                    _ => Condition::never(),
                };
            }
            let bounds = [
                (kind != Type::AtMost).then(|| compare(Order::GreaterOrEqual, number(start))),
                (kind != Type::AtLeast).then(|| compare(Order::LessOrEqual, number(end))),
            ];
            return Condition::All(bounds.into_iter().flatten().collect());
        }
        let is_readable = |date: Option<&Json<'_>>| {
            !matches!(date, Some(Json::Text(_) | Json::List(_) | Json::Object(_)))
        };
        if !is_readable(start) || !is_readable(end) {
            return self.fail("a date of it is no number");
        }
        let unit = if kind == Type::EqualTo { DAY } else { MINUTE };
        // The first and the last millisecond that count as the same as a date. JavaScript's dates end 100 million days
        // from 1970; what lies beyond is no date, and no date is equal to or in an order to any.
        let first = |json| {
            let date = number(json);
            (date.abs() <= MAX_DATE).then(|| (date.trunc() / unit).floor() * unit)
        };
        let from = match kind {
            Type::AtMost => Some(-MAX_DATE),
            _ => first(start),
        };
        let to = match kind {
            Type::AtLeast => Some(MAX_DATE),
            _ => first(end).map(|first| (first + unit - 1.0).min(MAX_DATE)),
        };
        let (Some(from), Some(to)) = (from, to) else {
            return Condition::never();
        };
        // Parts of milliseconds are cut off towards zero: below zero, more than the first counts; above, more than the last.
        let lower = match from {
            from if from <= 0.0 && from > -MAX_DATE => compare(Order::Greater, from - 1.0),
            from => compare(Order::GreaterOrEqual, from),
        };
        let upper = match to {
            to if (0.0..MAX_DATE).contains(&to) => compare(Order::Less, to + 1.0),
            to => compare(Order::LessOrEqual, to),
        };
        Condition::All(vec![lower, upper])
    }
}
