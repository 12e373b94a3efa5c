//! What an attribute's value is held against, by the words of the model.

use super::Truth;
use super::condition::stands;
use flagstone_compile::model::{Matcher, Order, Scalar};
use ipnet::{IpNet, Ipv4Net};
use serde_json::Value;
use std::cmp::Ordering;
use std::net::IpAddr;

/// The answer for a value; null counts as missing.
pub(super) fn answer(matcher: &Matcher, value: Option<&Value>) -> Truth {
    let value = value.filter(|value| !value.is_null());
    if let Matcher::Exists = matcher {
        return value.is_some().into();
    }
    let Some(value) = value else {
        return Truth::Unknown;
    };
    match matcher {
        Matcher::Exists => Truth::True,
        Matcher::Equals(scalar) => same(value, scalar).into(),
        Matcher::OneOf(scalars) => scalars.iter().any(|scalar| same(value, scalar)).into(),
        Matcher::InSet(texts) => value
            .as_str()
            .is_some_and(|is| texts.iter().any(|text| text == is))
            .into(),
        Matcher::OneOfIgnoringCase(texts) => {
            let is = value.as_str().map(str::to_ascii_lowercase);
            is.is_some_and(|is| texts.iter().any(|text| text.to_ascii_lowercase() == is))
                .into()
        }
        Matcher::Includes(scalar) => match value {
            Value::Array(elements) => elements.iter().any(|element| same(element, scalar)).into(),
            _ => Truth::Unknown,
        },
        // Equality of different types is false, their order is unknown.
        Matcher::Number(Order::Equal, number) => same(value, &Scalar::Number(*number)).into(),
        Matcher::Number(order, number) => {
            compared(*order, value.as_f64(), |is| is.partial_cmp(number))
        }
        Matcher::Text(Order::Equal, text) => same(value, &Scalar::Text(text.clone())).into(),
        Matcher::Text(order, text) => compared(*order, value.as_str(), |is| {
            Some(is.as_bytes().cmp(text.as_bytes()))
        }),
        Matcher::StartsWith(text) => text_is(value, |is| is.starts_with(text)),
        Matcher::EndsWith(text) => text_is(value, |is| is.ends_with(text)),
        Matcher::Contains(text) => text_is(value, |is| is.contains(text)),
        Matcher::StartsWithIgnoringCase(text) => {
            lower_is(value, |is| is.starts_with(&text.to_ascii_lowercase()))
        }
        Matcher::EndsWithIgnoringCase(text) => {
            lower_is(value, |is| is.ends_with(&text.to_ascii_lowercase()))
        }
        Matcher::ContainsIgnoringCase(text) => {
            lower_is(value, |is| is.contains(&text.to_ascii_lowercase()))
        }
        Matcher::Matches(pattern) => match regex::Regex::new(pattern) {
            Ok(regex) => text_is(value, |is| regex.is_match(is)),
            Err(_) => Truth::Unknown,
        },
        // Of the languages' own ways this crate knows nothing: models are to have patterns that mean the same in all.
        Matcher::MatchesIn {
            pattern,
            ignore_case,
            dialect: _,
        } => {
            let built = regex::RegexBuilder::new(pattern)
                .case_insensitive(*ignore_case)
                .build();
            match built {
                Ok(regex) => text_is(value, |is| regex.is_match(is)),
                Err(_) => Truth::Unknown,
            }
        }
        Matcher::SemVer(order, version) => {
            let Ok(version) = semver::Version::parse(version) else {
                return Truth::Unknown;
            };
            let is = value
                .as_str()
                .and_then(|text| semver::Version::parse(text).ok());
            compared(*order, is, |is| Some(is.cmp_precedence(&version)))
        }
        Matcher::Date(order, time) => compared(*order, millis(value), |is| Some(is.cmp(&time.0))),
        // LaunchDarkly's own SDK is the oracle of what only its definitions have.
        Matcher::IncludesNull
        | Matcher::JsDateBefore(_)
        | Matcher::JsDateAfter(_)
        | Matcher::NpmSemVer(..) => Truth::Unknown,
        // So is Split's of what only its definitions have.
        Matcher::StartsWithOneOf(_)
        | Matcher::EndsWithOneOf(_)
        | Matcher::ContainsOneOf(_)
        | Matcher::ListHasOneOf(_)
        | Matcher::ListHasAllOf(_)
        | Matcher::ListWithin(_)
        | Matcher::ListDistinct(_)
        | Matcher::SplitVersion(..)
        | Matcher::SplitVersionIn(_) => Truth::Unknown,
        // So is Unleash's of these.
        Matcher::NpmSemVerStrict(..)
        | Matcher::StartsWithOneOfLower(_)
        | Matcher::EndsWithOneOfLower(_)
        | Matcher::ContainsOneOfLower(_)
        | Matcher::InNpmNetwork { .. } => Truth::Unknown,
        Matcher::InNetwork(networks) => {
            let Some(address) = value.as_str().and_then(|text| text.parse::<IpAddr>().ok()) else {
                return Truth::Unknown;
            };
            let address = address.to_canonical();
            networks
                .iter()
                .filter_map(|text| network(text))
                .any(|network| network.contains(&address))
                .into()
        }
        // GrowthBook's SDK is the oracle of what only its definitions have.
        Matcher::Js(_) => Truth::Unknown,
        Matcher::NumberInText(order, number) => {
            let is = match value {
                Value::String(text) => text.parse().ok(),
                other => other.as_f64(),
            };
            compared(*order, is, |is| is.partial_cmp(number))
        }
    }
}

/// Same type and equal.
fn same(value: &Value, scalar: &Scalar) -> bool {
    match (value, scalar) {
        (Value::Bool(a), Scalar::Boolean(b)) => a == b,
        (Value::Number(a), Scalar::Number(b)) => a.as_f64() == Some(*b),
        (Value::String(a), Scalar::Text(b)) => a == b,
        _ => false,
    }
}

/// Unknown without a value, and where values cannot be compared.
fn compared<T>(order: Order, value: Option<T>, compare: impl Fn(T) -> Option<Ordering>) -> Truth {
    match value.and_then(compare) {
        Some(outcome) => stands(order, outcome).into(),
        None => Truth::Unknown,
    }
}

fn text_is(value: &Value, test: impl Fn(&str) -> bool) -> Truth {
    value
        .as_str()
        .map_or(Truth::Unknown, |text| test(text).into())
}

fn lower_is(value: &Value, test: impl Fn(&str) -> bool) -> Truth {
    text_is(value, |text| test(&text.to_ascii_lowercase()))
}

/// RFC 3339 text or a number, as whole milliseconds since 1970; what is smaller than a millisecond is dropped.
fn millis(value: &Value) -> Option<i64> {
    match value {
        Value::String(text) => {
            let date = chrono::DateTime::parse_from_rfc3339(text).ok()?;
            // A leap second is the second before it again.
            let part = date.timestamp_subsec_millis() % 1000;
            Some(date.timestamp() * 1000 + i64::from(part))
        }
        Value::Number(number) => {
            let number = number.as_f64()?;
            (number.abs() < 9.0e15).then(|| number.floor() as i64)
        }
        _ => None,
    }
}

/// A network, or an address as a network of its own. IPv4 in IPv6 is IPv4.
fn network(text: &str) -> Option<IpNet> {
    let network: IpNet = match text.parse::<IpAddr>() {
        Ok(address) => address.into(),
        Err(_) => text.parse().ok()?,
    };
    if let IpNet::V6(v6) = network
        && let Some(prefix) = v6.prefix_len().checked_sub(96)
        && let Some(v4) = v6.addr().to_ipv4_mapped()
    {
        return Ipv4Net::new(v4, prefix).ok().map(IpNet::V4);
    }
    Some(network)
}
