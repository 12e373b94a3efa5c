//! Models and findings as short text, to compare with.

#![allow(dead_code, reason = "each test uses its part")]

use std::fmt::Write as _;

use flagstone_authoring::{Finding, Severity, line_column};
use flagstone_compile::Model;
use flagstone_compile::model::{
    Condition, Harm, Matcher, Order, Reading, RepeatKind, Scalar, Serve, Share, Source, Statuses,
    Test, Value,
};

/// `error[code] 2:1 "text": message (help: …) [3:1: label]`
pub fn finding(finding: &Finding, text: &str) -> String {
    let place = |offset| {
        let (line, column) = line_column(text, offset);
        format!("{line}:{column}")
    };
    let severity = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let mut line = format!(
        "{severity}[{}] {} {:?}: {}",
        finding.code,
        place(finding.span.start),
        text.get(finding.span.clone())
            .expect("a span lies in the text"),
        finding.message,
    );
    if let Some(help) = &finding.help {
        // Of the long lists of forms only what they begin with.
        write!(line, " (help: {})", help.lines().next().unwrap_or_default()).unwrap();
    }
    for label in &finding.labels {
        write!(line, " [{}: {}]", place(label.span.start), label.message).unwrap();
    }
    line
}

/// The lines of a model.
pub fn model(model: &Model) -> Vec<String> {
    let mut lines = Vec::new();
    for flag in &model.flags {
        let variants = list(&flag.variants, |variant| {
            format!("{}={}", variant.key, value(&variant.value))
        });
        let state = if flag.enabled { "" } else { " disabled" };
        lines.push(format!(
            "flag {} {variants} default {}{state}",
            flag.key,
            flag.default.as_deref().unwrap_or_default()
        ));
        for needed in &flag.prerequisites {
            lines.push(format!(
                "  needs {} {}",
                needed.flag,
                list(&needed.variants, String::clone)
            ));
        }
        for rule in &flag.rules {
            let serve = match &rule.serve {
                Serve::Variant(variant) => variant.clone(),
                Serve::Split(split) => {
                    let shares = list(&split.shares, |(variant, shared)| {
                        format!("{variant}={}", share(shared))
                    });
                    let slots = list(&split.reserve, |(variant, slot)| {
                        format!("{variant}={}", slot.0)
                    });
                    let slots = if split.reserve.is_empty() {
                        String::new()
                    } else {
                        format!(" in {slots}")
                    };
                    format!("{shares}{slots} by {}", split.by)
                }
                other => format!("{other:?}"),
            };
            lines.push(format!(
                "  rule {:?} {} -> {serve}",
                rule.name,
                condition(&rule.when)
            ));
        }
    }
    for plan in &model.plans {
        let calendar = &plan.calendar;
        lines.push(format!(
            "plan {} of {} {} {}{}",
            plan.id,
            plan.flag,
            plan.variant,
            list(&plan.stages, |stage| format!(
                "{}@{}",
                stage.share.0, stage.dwell
            )),
            if plan.straight { " straight" } else { "" },
        ));
        if !plan.goals.is_empty() {
            lines.push(format!("  goals {}", list(&plan.goals, String::clone)));
        }
        for window in &calendar.windows {
            lines.push(format!(
                "  window {:07b} {}..{} {} with {} offsets from {}",
                window.days,
                window.from,
                window.to,
                calendar.zone,
                calendar.offsets.len(),
                calendar.offsets.first().map_or(0, |offset| offset.seconds),
            ));
        }
        for freeze in &calendar.freezes {
            let (from, to) = (freeze.from, freeze.to);
            lines.push(format!("  freeze {from} to {to} {:?}", freeze.why));
        }
    }
    for segment in &model.segments {
        lines.push(format!(
            "segment {} by {} {} but {} or {}",
            segment.key,
            segment.by,
            list(segment.included.texts(), String::clone),
            list(segment.excluded.texts(), String::clone),
            condition(&segment.when),
        ));
    }
    let identity = &model.edge.identity;
    lines.push(format!("identity {}", list(&identity.sources, source)));
    if let Some(anonymous) = &identity.anonymous {
        lines.push(format!(
            "anonymous {} {}",
            anonymous.cookie, anonymous.max_age_seconds
        ));
    }
    if let Some(consent) = &identity.consent {
        lines.push(format!("consent {}={}", consent.cookie, consent.value));
    }
    for (name, from) in &model.edge.attributes {
        lines.push(format!("attribute {name} {}", source(from)));
    }
    for origin in &model.edge.origins {
        let mut line = format!(
            "origin {} {}",
            origin.name,
            origin.fallback.as_deref().unwrap_or("-")
        );
        if origin.timeout_ms != 0 {
            line += &format!(" {} ms", origin.timeout_ms);
        }
        if origin.failures != Statuses::SERVER {
            let failures = (400..600).filter(|status| origin.failures.has(*status));
            line += &format!(" {:?}", failures.collect::<Vec<_>>());
        }
        lines.push(line);
    }
    for route in &model.edge.routes {
        let flags = route
            .flags
            .as_ref()
            .map_or("all".to_owned(), |flags| list(flags, String::clone));
        let mut line = format!(
            "route {}{} {:?} sees {flags}",
            route.host, route.path, route.flag
        );
        if route.repeat != RepeatKind::Safe {
            line += &format!(" repeats {:?}", route.repeat);
        }
        let harm = &route.harm;
        if *harm != Harm::default() {
            let statuses: Vec<u16> = (400..600)
                .filter(|status| harm.statuses.has(*status))
                .collect();
            line += &format!(
                " harm {} {} ms {}",
                match statuses.len() {
                    100.. => "4xx".to_owned(),
                    _ => format!("{statuses:?}"),
                },
                harm.slower_than_ms,
                list(&harm.events, String::clone),
            );
        }
        lines.push(line);
        for (variant, action) in &route.variants {
            let pairs = |pairs: &[(String, String)]| {
                list(pairs, |(name, value)| format!("{name}: {value}"))
            };
            lines.push(format!(
                "  {variant}: {:?} {:?} {} {} {}",
                action.origin,
                action.rewrite,
                pairs(&action.request_headers),
                pairs(&action.response_headers),
                pairs(&action.cookies),
            ));
        }
    }
    for goal in &model.edge.goals {
        lines.push(format!(
            "goal {} {:?} {}{} {:?}",
            goal.name, goal.method, goal.host, goal.path, goal.event
        ));
    }
    let expose = &model.edge.expose;
    lines.push(format!("browser {}", list(&expose.browser, String::clone)));
    lines.push(format!("origins {}", list(&expose.origin, String::clone)));
    if let Some(source) = &model.edge.source {
        let (service, sdk, key) = (source.service, source.sdk, &source.key);
        lines.push(format!("source {service:?} {sdk:?} {key}"));
    }
    lines
}

/// A condition as an S-expression.
pub fn condition(condition: &Condition) -> String {
    let parts = |name: &str, parts: &[Condition]| {
        let parts: String = parts
            .iter()
            .map(|part| format!(" {}", self::condition(part)))
            .collect();
        format!("({name}{parts})")
    };
    match condition {
        Condition::All(all) if all.is_empty() => "true".to_owned(),
        Condition::Any(any) if any.is_empty() => "false".to_owned(),
        Condition::All(all) => parts("and", all),
        Condition::Any(any) => parts("or", any),
        Condition::Not(inner) => format!("(not {})", self::condition(inner)),
        Condition::Test(Test::Now { order, time }) => format!("({} now {})", sign(*order), time.0),
        Condition::Test(Test::Segment(key)) => format!("(segment {key})"),
        Condition::Test(Test::Attribute {
            name,
            matcher,
            reading,
        }) if *reading == Reading::default() => matched(name, matcher),
        Condition::Test(Test::Attribute {
            name,
            matcher,
            reading,
        }) => {
            let parts = [
                (reading.elements, "elements"),
                (reading.missing_is_no, "missing"),
                (reading.mistyped_is_no, "mistyped"),
            ];
            let parts: Vec<&str> = parts
                .iter()
                .filter(|(is, _)| *is)
                .map(|(_, part)| *part)
                .collect();
            format!(
                "({} {:?} {})",
                parts.join("+"),
                reading.conversion,
                matched(name, matcher)
            )
        }
        Condition::Test(Test::Flag {
            key,
            variants,
            enabled_only: true,
        }) => format!("(flag-on {key} {})", list(variants, String::clone)),
        Condition::Test(Test::Flag { key, variants, .. }) => {
            format!("(flag {key} {})", list(variants, String::clone))
        }
        Condition::Test(Test::Within { name, scope, when }) => {
            format!("(within {name} {scope:?} {})", self::condition(when))
        }
        Condition::Test(other) => format!("{other:?}"),
    }
}

fn matched(name: &str, matcher: &Matcher) -> String {
    match matcher {
        Matcher::Exists => format!("(has {name})"),
        Matcher::Equals(constant) => format!("(== {name} {})", scalar(constant)),
        Matcher::OneOf(constants) => format!("(in {name} {})", list(constants, scalar)),
        Matcher::Includes(constant) => format!("(includes {name} {})", scalar(constant)),
        Matcher::OneOfIgnoringCase(texts) => format!("(in-lower {name} {})", list(texts, quoted)),
        Matcher::Number(order, number) => format!("({} {name} {number})", sign(*order)),
        Matcher::Text(order, text) => format!("({} {name} {text:?})", sign(*order)),
        Matcher::StartsWith(text) => format!("(starts {name} {text:?})"),
        Matcher::EndsWith(text) => format!("(ends {name} {text:?})"),
        Matcher::Contains(text) => format!("(contains {name} {text:?})"),
        Matcher::StartsWithIgnoringCase(text) => format!("(starts-lower {name} {text:?})"),
        Matcher::EndsWithIgnoringCase(text) => format!("(ends-lower {name} {text:?})"),
        Matcher::ContainsIgnoringCase(text) => format!("(contains-lower {name} {text:?})"),
        Matcher::Matches(pattern) => format!("(matches {name} {pattern:?})"),
        Matcher::MatchesIn {
            dialect,
            pattern,
            ignore_case,
        } => format!("(matches-in {dialect:?} {name} {pattern:?} {ignore_case})"),
        Matcher::SemVer(order, version) => format!("({}version {name} {version})", sign(*order)),
        Matcher::Date(order, time) => format!("({}time {name} {})", sign(*order), time.0),
        Matcher::InNetwork(networks) => {
            format!("(network {name} {})", list(networks, String::clone))
        }
        Matcher::NumberInText(order, number) => format!("({}number {name} {number})", sign(*order)),
        other => format!("{other:?}"),
    }
}

fn sign(order: Order) -> &'static str {
    match order {
        Order::Equal => "==",
        Order::Less => "<",
        Order::LessOrEqual => "<=",
        Order::Greater => ">",
        Order::GreaterOrEqual => ">=",
    }
}

fn scalar(scalar: &Scalar) -> String {
    match scalar {
        Scalar::Boolean(value) => value.to_string(),
        Scalar::Number(value) => value.to_string(),
        Scalar::Text(text) => quoted(text),
    }
}

fn quoted(text: &String) -> String {
    format!("{text:?}")
}

fn value(value: &Value) -> String {
    match value {
        Value::Boolean(value) => value.to_string(),
        Value::String(text) => quoted(text),
        Value::Number(value) => value.to_string(),
        Value::Json(json) => format!("json {json}"),
    }
}

fn share(share: &Share) -> String {
    match share {
        Share::Fixed(weight) => weight.0.to_string(),
        Share::Planned => "plan".to_owned(),
        Share::Ramp(points) => list(points, |point| format!("{}@{}", point.share.0, point.at.0)),
    }
}

fn source(source: &Source) -> String {
    format!("{source:?}")
}

fn list<T>(items: &[T], show: impl Fn(&T) -> String) -> String {
    format!(
        "[{}]",
        items.iter().map(show).collect::<Vec<_>>().join(", ")
    )
}
