//! Matchers.

use super::flag::BUCKETING_KEY;
use super::javascript::{text, truthy, unsigned};
use super::set::set;
use super::{Reader, not};
use crate::service::Sdk;
use flagstone_compile::model::{
    Condition, Conversion, Matcher, Order, Reading, Scalar, TARGETING_KEY, Test,
};
use flagstone_compile::regex::{self, Dialect, PatternError};
use flagstone_core::SplitVersion;
use flagstone_json::Json;

/// The types of matchers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    AllKeys,
    InSegment,
    InLargeSegment,
    InRuleBasedSegment,
    Whitelist,
    EqualTo,
    AtLeast,
    AtMost,
    Between,
    EqualToSet,
    ContainsAny,
    ContainsAll,
    PartOf,
    EndsWith,
    StartsWith,
    Contains,
    InSplitTreatment,
    Boolean,
    Matches,
    EqualToVersion,
    AtLeastVersion,
    AtMostVersion,
    BetweenVersions,
    InVersions,
}

impl Type {
    /// The type of a matcher; `None` if it is none that the SDK knows.
    pub fn of(matcher: &Json<'_>) -> Option<Self> {
        Some(match matcher.get("matcherType")?.text()? {
            "ALL_KEYS" => Self::AllKeys,
            "IN_SEGMENT" => Self::InSegment,
            "IN_LARGE_SEGMENT" => Self::InLargeSegment,
            "IN_RULE_BASED_SEGMENT" => Self::InRuleBasedSegment,
            "WHITELIST" => Self::Whitelist,
            "EQUAL_TO" => Self::EqualTo,
            "GREATER_THAN_OR_EQUAL_TO" => Self::AtLeast,
            "LESS_THAN_OR_EQUAL_TO" => Self::AtMost,
            "BETWEEN" => Self::Between,
            "EQUAL_TO_SET" => Self::EqualToSet,
            "CONTAINS_ANY_OF_SET" => Self::ContainsAny,
            "CONTAINS_ALL_OF_SET" => Self::ContainsAll,
            "PART_OF_SET" => Self::PartOf,
            "ENDS_WITH" => Self::EndsWith,
            "STARTS_WITH" => Self::StartsWith,
            "CONTAINS_STRING" => Self::Contains,
            "IN_SPLIT_TREATMENT" => Self::InSplitTreatment,
            "EQUAL_TO_BOOLEAN" => Self::Boolean,
            "MATCHES_STRING" => Self::Matches,
            "EQUAL_TO_SEMVER" => Self::EqualToVersion,
            "GREATER_THAN_OR_EQUAL_TO_SEMVER" => Self::AtLeastVersion,
            "LESS_THAN_OR_EQUAL_TO_SEMVER" => Self::AtMostVersion,
            "BETWEEN_SEMVER" => Self::BetweenVersions,
            "IN_LIST_SEMVER" => Self::InVersions,
            _ => return None,
        })
    }
}

/// What a matcher is about: the key, or an attribute by its name in the model.
pub(super) struct Subject(Option<String>);

impl Subject {
    /// A test of text. A key is always text that is not empty.
    fn text(&self, matcher: Matcher) -> Condition {
        let conversion = match self.0 {
            Some(_) => Conversion::SplitText,
            None => Conversion::None,
        };
        self.test(matcher, conversion)
    }

    /// A test of something else, which no key is.
    pub fn other(&self, matcher: Matcher, conversion: Conversion) -> Condition {
        match self.0 {
            Some(_) => self.test(matcher, conversion),
            None => Condition::never(),
        }
    }

    fn test(&self, matcher: Matcher, conversion: Conversion) -> Condition {
        Condition::Test(Test::Attribute {
            name: self.0.as_deref().unwrap_or(TARGETING_KEY).to_owned(),
            matcher,
            reading: Reading {
                elements: false,
                missing_is_no: true,
                mistyped_is_no: true,
                conversion,
            },
        })
    }
}

impl Reader<'_> {
    /// When a matcher holds.
    pub(super) fn matcher(&mut self, matcher: &Json<'_>) -> Condition {
        /// Bytes that the name of an attribute may have; written with escapes it may be six times as long.
        const LONGEST: usize = 10_000;
        let selected = matcher
            .get("keySelector")
            .and_then(|selector| selector.get("attribute"));
        let selected = selected.filter(|_| truthy(selected)).map(text);
        if selected.as_ref().is_some_and(|name| name.len() > LONGEST) {
            return self.fail("the name of an attribute is too long");
        }
        let subject = Subject(selected.map(|name| attribute(&name)));
        let holds = self.holds(matcher, &subject);
        // JavaScript: `Boolean(result ^ negate)`.
        let holds = match unsigned(matcher.get("negate")) {
            0 => holds,
            1 => not(holds),
            _ => Condition::always(),
        };
        match (self.sdk, &subject.0) {
            // COMPAT(split): in Java an attribute that is missing or null matches nothing, not even the opposite.
            (Sdk::Other, Some(_)) => {
                let exists = subject.test(Matcher::Exists, Conversion::None);
                Condition::All(vec![exists, holds])
            }
            _ => holds,
        }
    }

    /// When a matcher holds, were it not negated.
    fn holds(&mut self, matcher: &Json<'_>, subject: &Subject) -> Condition {
        let Some(kind) = Type::of(matcher) else {
            return Condition::never();
        };
        // JavaScript: `data && data.whitelist`.
        let list = || match matcher.get("whitelistMatcherData") {
            data if truthy(data) => data?.get("whitelist"),
            data => data,
        };
        match kind {
            Type::AllKeys => match subject.0 {
                Some(_) => subject.text(Matcher::Exists),
                None => Condition::always(),
            },
            Type::InSegment | Type::InLargeSegment | Type::InRuleBasedSegment => {
                let data = match kind {
                    Type::InLargeSegment => matcher.get("userDefinedLargeSegmentMatcherData"),
                    _ => matcher.get("userDefinedSegmentMatcherData"),
                };
                let name = |member| data?.get(member).filter(|name| truthy(Some(name)));
                let name = name("segmentName").or_else(|| name("largeSegmentName"));
                let Some(name) = name.and_then(Json::text) else {
                    return Condition::never();
                };
                match (kind, &subject.0) {
                    (Type::InRuleBasedSegment, Some(_)) => {
                        self.fail("it looks up an attribute in a rule-based segment")
                    }
                    (Type::InRuleBasedSegment, None) => self.in_rule_based(name),
                    (_, None) => self.in_segment(name, kind == Type::InLargeSegment),
                    (_, Some(_)) => match self.members(name, kind == Type::InLargeSegment) {
                        Some(members) => subject.text(Matcher::InSet(members)),
                        None => Condition::never(),
                    },
                }
            }
            Type::Whitelist => match list() {
                Some(Json::List(list)) => {
                    let texts = list.iter().filter_map(Json::text);
                    let texts = texts.map(|text| Scalar::Text(text.to_owned()));
                    subject.text(Matcher::OneOf(texts.collect()))
                }
                // JavaScript makes a set of its characters.
                Some(Json::Text(text)) => {
                    let texts = text.chars().map(|c| Scalar::Text(c.to_string()));
                    subject.text(Matcher::OneOf(texts.collect()))
                }
                _ => Condition::never(),
            },
            Type::EqualTo | Type::AtLeast | Type::AtMost | Type::Between => {
                self.numeric(kind, matcher, subject)
            }
            Type::EqualToSet | Type::ContainsAny | Type::ContainsAll | Type::PartOf => {
                set(kind, list(), subject)
            }
            Type::StartsWith | Type::EndsWith => {
                // What is no text in the list is no part of any.
                let parts = list().map_or(&[][..], Json::elements);
                let parts: Vec<String> = parts
                    .iter()
                    .filter_map(|part| part.text().map(str::to_owned))
                    .collect();
                part(kind, parts, subject)
            }
            Type::Contains => {
                let parts = list().map_or(&[][..], Json::elements);
                part(kind, parts.iter().map(text).collect(), subject)
            }
            Type::InSplitTreatment => match &subject.0 {
                Some(_) => self.fail("it evaluates another flag with an attribute as the key"),
                None => self.in_treatment(matcher.get("dependencyMatcherData")),
            },
            Type::Boolean => match (matcher.get("booleanMatcherData"), &subject.0) {
                (Some(Json::Boolean(value)), Some(_)) => {
                    let text = if *value { "true" } else { "false" };
                    let either = [
                        Matcher::Equals(Scalar::Boolean(*value)),
                        Matcher::OneOfIgnoringCase(vec![text.to_owned()]),
                    ];
                    let tests = either.map(|matcher| subject.test(matcher, Conversion::None));
                    Condition::Any(tests.into())
                }
                _ => Condition::never(),
            },
            Type::Matches => {
                // JavaScript: `new RegExp(data)`, for which nothing is the empty pattern.
                let pattern = matcher
                    .get("stringMatcherData")
                    .map_or_else(String::new, text);
                match regex::check(Dialect::EcmaScript, &pattern, false) {
                    Ok(()) => subject.text(Matcher::MatchesIn {
                        dialect: Dialect::EcmaScript,
                        pattern,
                        ignore_case: false,
                    }),
                    Err(PatternError::Syntax { .. }) => Condition::never(),
                    Err(problem) => {
                        self.fail(format!("its regular expression `{pattern}`: {problem}"))
                    }
                }
            }
            Type::EqualToVersion | Type::AtLeastVersion | Type::AtMostVersion => {
                let Some(version) = version(matcher.get("stringMatcherData")) else {
                    return Condition::never();
                };
                subject.text(match kind {
                    Type::EqualToVersion => Matcher::SplitVersionIn(vec![version]),
                    Type::AtLeastVersion => Matcher::SplitVersion(Order::GreaterOrEqual, version),
                    _ => Matcher::SplitVersion(Order::LessOrEqual, version),
                })
            }
            Type::BetweenVersions => {
                let end = |name| version(matcher.get("betweenStringMatcherData")?.get(name));
                match (end("start"), end("end")) {
                    (Some(start), Some(end)) => Condition::All(vec![
                        subject.text(Matcher::SplitVersion(Order::GreaterOrEqual, start)),
                        subject.text(Matcher::SplitVersion(Order::LessOrEqual, end)),
                    ]),
                    _ => Condition::never(),
                }
            }
            Type::InVersions => {
                let versions = list().map_or(&[][..], Json::elements).iter();
                let versions: Option<Vec<String>> = versions.map(|of| version(Some(of))).collect();
                match versions {
                    Some(versions) if !versions.is_empty() => {
                        subject.text(Matcher::SplitVersionIn(versions))
                    }
                    _ => Condition::never(),
                }
            }
        }
    }
}

/// An attribute's name in the model. `key` and `bucketingKey` by themselves are what the SDK is given as the key.
pub(super) fn attribute(name: &str) -> String {
    let plain = format!("user.{name}");
    let is_identifier = !name.starts_with(|c: char| c.is_ascii_digit())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_identifier && plain != TARGETING_KEY && plain != BUCKETING_KEY {
        return plain;
    }
    format!("user[{}]", Json::Text(name.into()))
}

/// Text that begins with, ends with or contains one of several.
fn part(kind: Type, mut parts: Vec<String>, subject: &Subject) -> Condition {
    let matcher = match (parts.len(), kind) {
        (0, _) => return Condition::never(),
        (1, Type::StartsWith) => Matcher::StartsWith(parts.swap_remove(0)),
        (1, Type::EndsWith) => Matcher::EndsWith(parts.swap_remove(0)),
        (1, _) => Matcher::Contains(parts.swap_remove(0)),
        (_, Type::StartsWith) => Matcher::StartsWithOneOf(parts),
        (_, Type::EndsWith) => Matcher::EndsWithOneOf(parts),
        _ => Matcher::ContainsOneOf(parts),
    };
    subject.text(matcher)
}

/// A version of a definition, if it is one.
fn version(json: Option<&Json<'_>>) -> Option<String> {
    let text = json?.text()?;
    SplitVersion::parse(text).map(|_| text.to_owned())
}
