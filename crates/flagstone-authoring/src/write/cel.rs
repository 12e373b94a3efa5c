//! Conditions as CEL.

use flagstone_compile::model::{
    Absent, Bucketing, Condition, Matcher, Order, Reading, Scalar, TARGETING_KEY, Test,
};
use flagstone_core::UnixMillis;

use super::moment::rfc3339;
use crate::bucketing::{ABSENT, ALGORITHMS, name};
use crate::cel::RESERVED;
use crate::cel::constant::check_network;
use crate::cel::form::{SCOPES, UNLESS_IT_FAILS};
use crate::cel::function::{sign, spelled};
use crate::cel::reading::words;
use crate::expression;
use crate::names::{COLLECTIONS, Names, Origin, is_identifier, spell, steps};

/// Why something cannot be written.
pub(super) type Unwritable = String;

/// A condition as CEL. One that is long goes over several lines, a part a line.
pub(super) fn condition(condition: &Condition) -> Result<String, Unwritable> {
    /// Longer conditions are broken.
    const LONG: usize = 96;
    let whole = part(condition, Place::Anywhere)?;
    let (parts, operator) = match condition {
        Condition::All(parts) => (parts, "&&"),
        Condition::Any(parts) => (parts, "||"),
        _ => return Ok(whole),
    };
    if whole.len() <= LONG || parts.len() < 2 {
        return Ok(whole);
    }
    let place = match operator {
        "&&" => Place::InAll,
        _ => Place::InAny,
    };
    let parts: Result<Vec<_>, _> = parts.iter().map(|inner| part(inner, place)).collect();
    Ok(parts?.join(&format!(" {operator}\n")))
}

/// Around what a condition stands.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Anywhere,
    InAll,
    InAny,
    /// Behind a `!`.
    Opposite,
}

fn part(condition: &Condition, place: Place) -> Result<String, Unwritable> {
    let (parts, operator, inside, needs_none) = match condition {
        Condition::Test(test) => {
            let (text, is_call) = self::test(test)?;
            return Ok(match place == Place::Opposite && !is_call {
                true => format!("({text})"),
                false => text,
            });
        }
        Condition::Not(inner) => return opposite(inner, place),
        Condition::All(parts) => (parts, " && ", Place::InAll, "true"),
        Condition::Any(parts) => (parts, " || ", Place::InAny, "false"),
    };
    match parts.as_slice() {
        [] => Ok(needs_none.to_owned()),
        [only] => part(only, place),
        parts => {
            let texts: Result<Vec<_>, _> = parts.iter().map(|inner| part(inner, inside)).collect();
            let text = texts?.join(operator);
            // `&&` binds tighter than `||`; the brackets around it are for people.
            Ok(match place == Place::Anywhere || place == inside {
                true => text,
                false => format!("({text})"),
            })
        }
    }
}

/// The opposite of a condition, without `!` where there is a form for it.
fn opposite(inner: &Condition, place: Place) -> Result<String, Unwritable> {
    let (subject, is) = match inner {
        Condition::Not(inner) => return part(inner, place),
        Condition::All(parts) | Condition::Any(parts) if parts.len() == 1 => {
            return match parts.first() {
                Some(only) => opposite(only, place),
                None => Err("an empty condition".to_owned()),
            };
        }
        Condition::Test(Test::Attribute {
            name,
            matcher: Matcher::Equals(constant),
            reading,
        }) => (subject(name, *reading)?, self::constant(constant)?),
        Condition::Test(Test::Flag {
            key,
            variants,
            enabled_only,
        }) if variants.len() == 1 => (
            flag(key, *enabled_only),
            variants.iter().map(|variant| text(variant)).collect(),
        ),
        inner => return Ok(format!("!{}", part(inner, Place::Opposite)?)),
    };
    let text = format!("{subject} != {is}");
    Ok(match place == Place::Opposite {
        true => format!("({text})"),
        false => text,
    })
}

/// A test, and whether it is a call, which binds tighter than any operator.
fn test(test: &Test) -> Result<(String, bool), Unwritable> {
    let infix = |text| Ok((text, false));
    let call = |text| Ok((text, true));
    match test {
        Test::Attribute {
            name,
            matcher,
            reading,
        } => attribute(name, matcher, *reading),
        Test::Now { order, time } => infix(format!("now {} {}", sign(*order), moment(time.0))),
        Test::Segment(key) => call(format!("segment({})", text(key))),
        Test::Flag {
            key,
            variants,
            enabled_only,
        } => infix(match variants.as_slice() {
            [variant] => format!("{} == {}", flag(key, *enabled_only), text(variant)),
            variants => {
                let variants = list(variants.iter().map(|variant| text(variant)));
                format!("{} in {variants}", flag(key, *enabled_only))
            }
        }),
        Test::Bucket {
            bucketing,
            ranges,
            absent,
        } => {
            let ranges = ranges
                .iter()
                .map(|(from, to)| format!("[{}, {}]", whole(*from), whole(*to)));
            infix(format!(
                "{} in {}",
                bucket(bucketing, *absent)?,
                list(ranges)
            ))
        }
        Test::Within { name, scope, when } => {
            let word = self::name(&SCOPES, scope)
                .ok_or_else(|| format!("there is no word for {scope:?}"))?;
            let when = part(when, Place::Anywhere)?;
            call(format!(
                "within({}, {}, {when})",
                spelling(name),
                text(word)
            ))
        }
        Test::SegmentUnlessFails(key) => {
            call(format!("segment({}, {})", text(key), text(UNLESS_IT_FAILS)))
        }
        Test::Inside(key) => call(format!("inside({})", text(key))),
        Test::Expression { expression, source } => {
            let expression =
                expression::write(expression).ok_or("an expression is nested too deep")?;
            let source = match source.is_empty() {
                true => String::new(),
                false => format!(", {}", text(source)),
            };
            call(format!("expression({}{source})", text(&expression)))
        }
        Test::Fail => call("fail()".to_owned()),
        Test::Abort => call("abort()".to_owned()),
    }
}

fn attribute(
    name: &str,
    matcher: &Matcher,
    reading: Reading,
) -> Result<(String, bool), Unwritable> {
    let x = subject(name, reading)?;
    let infix =
        |operator: &str, constant: String| Ok((format!("{x} {operator} {constant}"), false));
    let method = |name: &str, constant: &str| Ok((format!("{x}.{name}({})", text(constant)), true));
    let lower = |name: &str, constant: &str| {
        let constant = text(&constant.to_ascii_lowercase());
        Ok((format!("{x}.lowerAscii().{name}({constant})"), true))
    };
    let wrapped = |wrap: &str, order: Order, constant: String| {
        Ok((format!("{wrap}({x}) {} {constant}", sign(order)), false))
    };
    match matcher {
        Matcher::Exists => match reading == Reading::default() && can_be_asked_for(name) {
            true => Ok((format!("has({x})"), true)),
            false => infix("!=", "null".to_owned()),
        },
        Matcher::Equals(constant) => infix("==", self::constant(constant)?),
        Matcher::OneOf(constants) => {
            let constants: Result<Vec<_>, _> = constants.iter().map(constant).collect();
            infix("in", list(constants?.into_iter()))
        }
        Matcher::InSet(keys) => {
            let keys = list(keys.iter().map(|key| text(key)));
            infix("in", format!("set({keys})"))
        }
        Matcher::Includes(constant) => Ok((format!("{} in {x}", self::constant(constant)?), false)),
        Matcher::IncludesNull => Ok((format!("null in {x}"), false)),
        Matcher::OneOfIgnoringCase(texts) => {
            let texts = texts.iter().map(|item| text(&item.to_ascii_lowercase()));
            Ok((format!("{x}.lowerAscii() in {}", list(texts)), false))
        }
        // A number in the order `==` is asked for as one that is equal.
        Matcher::Number(order, number) => infix(sign(*order), constant(&Scalar::Number(*number))?),
        Matcher::Text(order, constant) => infix(sign(*order), text(constant)),
        Matcher::StartsWith(constant) => method("startsWith", constant),
        Matcher::EndsWith(constant) => method("endsWith", constant),
        Matcher::Contains(constant) => method("contains", constant),
        Matcher::StartsWithIgnoringCase(constant) => lower("startsWith", constant),
        Matcher::EndsWithIgnoringCase(constant) => lower("endsWith", constant),
        Matcher::ContainsIgnoringCase(constant) => lower("contains", constant),
        Matcher::Matches(pattern) => method("matches", pattern),
        Matcher::SemVer(order, version) => {
            wrapped("semver", *order, format!("semver({})", text(version)))
        }
        Matcher::Date(order, time) => wrapped("timestamp", *order, moment(time.0)),
        Matcher::NumberInText(order, number) => {
            wrapped("double", *order, constant(&Scalar::Number(*number))?)
        }
        Matcher::InNetwork(networks) => {
            let networks = list(networks.iter().map(|network| text(&self::network(network))));
            Ok((format!("inNetwork({x}, {networks})"), true))
        }
        matcher => {
            let Some((namespace, name, arguments)) = spelled(matcher) else {
                return Err(format!("there is no form for {}", variant_of(matcher)));
            };
            let arguments = std::iter::once(x).chain(arguments);
            let arguments = arguments.collect::<Vec<_>>().join(", ");
            Ok((format!("{namespace}.{name}({arguments})"), true))
        }
    }
}

/// What a matcher that has no form is called in the model.
fn variant_of(matcher: &Matcher) -> String {
    let text = format!("{matcher:?}");
    let end = text.find(['(', ' ']).unwrap_or(text.len());
    text.get(..end).unwrap_or_default().to_owned()
}

/// A network without bits behind its prefix, as conditions must have it.
fn network(of: &str) -> String {
    match check_network(of) {
        Ok(()) => of.to_owned(),
        Err(likely) => likely.unwrap_or_else(|| of.to_owned()),
    }
}

/// An attribute as it is read.
fn subject(name: &str, reading: Reading) -> Result<String, Unwritable> {
    let attribute = spelling(name);
    let words =
        words(reading).ok_or_else(|| format!("there is no word for {:?}", reading.conversion))?;
    if words.is_empty() {
        return Ok(attribute);
    }
    let words: Vec<String> = words.into_iter().map(text).collect();
    Ok(format!("read({attribute}, {})", words.join(", ")))
}

/// An attribute by its name, `attribute("…")` if CEL cannot spell it.
fn spelling(name: &str) -> String {
    path(name).unwrap_or_else(|| format!("attribute({})", text(name)))
}

/// The path that CEL spells a name with.
fn path(name: &str) -> Option<String> {
    let steps = steps(name)?;
    let (root, rest) = steps.split_first()?;
    let is_plain = |step: &String| is_identifier(step) && !RESERVED.contains(&step.as_str());
    let is_possible = Names::default().origin(name) != Origin::Impossible;
    if !is_plain(root)
        || root == "now"
        || spell(&steps) != name
        || !is_possible
        || COLLECTIONS.contains(&name)
    {
        return None;
    }
    let mut path = root.clone();
    for step in rest {
        if is_plain(step) {
            path.push('.');
            path.push_str(step);
        } else {
            path.push_str(&format!("[{}]", text(step)));
        }
    }
    Some(path)
}

/// Whether `has(…)` takes an attribute: the last step stands behind a dot.
fn can_be_asked_for(name: &str) -> bool {
    path(name).is_some_and(|path| !path.ends_with(']') && path.contains('.'))
}

fn flag(key: &str, enabled_only: bool) -> String {
    match enabled_only {
        true => format!("flag({}, \"enabled\")", text(key)),
        false => format!("flag({})", text(key)),
    }
}

fn bucket(bucketing: &Bucketing, absent: Absent) -> Result<String, Unwritable> {
    let Bucketing {
        algorithm,
        by,
        salt,
        seed,
        modulus,
    } = bucketing;
    let word = name(&ALGORITHMS, algorithm)
        .ok_or_else(|| format!("there is no word for {algorithm:?}"))?;
    let mut parts = vec![format!("\"algorithm\": {}", text(word))];
    match by.as_slice() {
        [by] if by == TARGETING_KEY => {}
        [by] => parts.push(format!("\"by\": {}", text(by))),
        by => parts.push(format!("\"by\": {}", list(by.iter().map(|by| text(by))))),
    }
    if !salt.is_empty() {
        parts.push(format!("\"salt\": {}", text(salt)));
    }
    for (key, number) in [("seed", *seed), ("modulus", *modulus)] {
        if number > 0 {
            parts.push(format!("\"{key}\": {number}"));
        }
    }
    if absent != Absent::Default {
        let word =
            name(&ABSENT, &absent).ok_or_else(|| format!("there is no word for {absent:?}"))?;
        parts.push(format!("\"absent\": {}", text(word)));
    }
    Ok(format!("bucket({{{}}})", parts.join(", ")))
}

fn moment(millis: i64) -> String {
    match rfc3339(UnixMillis(millis)) {
        Some(moment) => format!("timestamp(\"{moment}\")"),
        None => format!("milliseconds({millis})"),
    }
}

fn constant(of: &Scalar) -> Result<String, Unwritable> {
    scalar(of).ok_or_else(|| format!("there is no form for {of:?}"))
}

/// Text in quotes; in those that need the fewest escapes.
pub(crate) fn text(of: &str) -> String {
    if of.contains('"') && !of.contains(['\'', '\\']) && !of.contains(char::is_control) {
        return format!("'{of}'");
    }
    let mut quoted = String::with_capacity(of.len() + 2);
    quoted.push('"');
    for letter in of.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            letter if letter.is_control() => {
                quoted.push_str(&format!("\\u{:04x}", u32::from(letter)))
            }
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

/// A list of what is CEL already.
pub(crate) fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(", "))
}

/// A constant. `None` if CEL has none for it.
pub(crate) fn scalar(scalar: &Scalar) -> Option<String> {
    match scalar {
        Scalar::Boolean(value) => Some(value.to_string()),
        Scalar::Number(value) => number(*value),
        Scalar::Text(value) => Some(text(value)),
    }
}

/// A number. `None` for NaN, which there is no literal for.
pub(crate) fn number(number: f64) -> Option<String> {
    /// Whole numbers up to here are exact.
    const LARGEST: f64 = 9_007_199_254_740_992.0;
    if number.is_nan() {
        return None;
    }
    if number.is_infinite() {
        let sign = if number > 0.0 { "" } else { "-" };
        return Some(format!("double(\"{sign}Infinity\")"));
    }
    if number == number.trunc()
        && number.abs() <= LARGEST
        && !(number == 0.0 && number.is_sign_negative())
    {
        return Some(format!("{}", number as i64));
    }
    Some(format!("{number:?}"))
}

/// A position; those beyond 2^63 are unsigned.
fn whole(number: u64) -> String {
    match i64::try_from(number) {
        Ok(_) => number.to_string(),
        Err(_) => format!("{number}u"),
    }
}
