//! Flags as TOML.

use flagstone_compile::model::{
    Absent, Allocation, Bucketing, Condition, Flag, Matcher, RampPoint, Reading, Rest, Rule,
    Scalar, Serve, Share, Split, TARGETING_KEY, Test, Value, Variant,
};
use flagstone_core::Weight;

use super::cel::{self, Unwritable};
use super::moment::{date, rfc3339};
use super::{attribute, comment, toml};
use crate::bucketing::{ABSENT, ALGORITHMS, name};
use crate::expression;
use crate::lower::allocation::rest_word;
use crate::lower::rules::TARGETS;
use crate::lower::share::per_cent;

/// Longer lists of variants and ranges get a line for each.
const LONG: usize = 96;

pub(super) fn written(flag: &Flag, remarks: &[String]) -> Result<String, Unwritable> {
    let key = toml::key(&flag.key);
    let mut text: String = remarks.iter().map(|remark| comment(remark)).collect();
    text += &format!("[flags.{key}]\n");
    if let Some(day) = flag.expires {
        let date = date(day).ok_or_else(|| format!("there is no date for day {}", day.0))?;
        text += &format!("expires = {date}\n");
    }
    if !flag.enabled {
        text += "enabled = false\n";
    }
    let mut variants_table = None;
    if !is_plain_boolean(&flag.variants) {
        let mut variants = variants(&flag.variants);
        if variants.is_none() {
            text += "json_variants = true\n";
            let json = flag.variants.iter();
            variants = Some(
                json.map(|variant| (toml::key(&variant.key), toml::json(&variant.value)))
                    .collect(),
            );
        }
        let variants = variants.unwrap_or_default();
        let inline = toml::table(variants.clone());
        if inline.len() <= LONG {
            text += &format!("variants = {inline}\n");
        } else {
            variants_table = Some(variants);
        }
    }
    match flag.default.as_deref() {
        None => text += "callers_default = true\n",
        Some("off") if is_plain_boolean(&flag.variants) => {}
        Some(default) => text += &format!("default = {}\n", toml::text(default)),
    }
    text += &prerequisites(flag)?;
    let (targets, rules) = flag.rules.split_at(targets(flag));
    if !targets.is_empty() {
        text += &format!(
            "targets = {}\n",
            toml::table(targets.iter().filter_map(target))
        );
    }
    // A rule for everybody at the end needs no table of its own, unless it has a name.
    let (last, rules) = match rules.split_last() {
        Some((last, rules)) if last.name.is_empty() && is_own(last) => (Some(last), rules),
        _ => (None, rules),
    };
    if let Some(last) = last {
        text += &serve(&last.serve)?;
    }
    if let Some(variants) = variants_table {
        text += &format!("\n[flags.{key}.variants]\n");
        for (key, value) in variants {
            text += &format!("{key} = {value}\n");
        }
    }
    for rule in rules {
        text += &format!("\n[[flags.{key}.rules]]\n");
        if !rule.name.is_empty() {
            text += &format!("name = {}\n", toml::text(&rule.name));
        }
        if rule.when != Condition::always() {
            text += &format!("when = {}\n", toml::condition(&cel::condition(&rule.when)?));
        }
        text += &serve(&rule.serve)?;
    }
    Ok(text)
}

/// Whether these are the variants of a flag that names none.
fn is_plain_boolean(variants: &[Variant]) -> bool {
    matches!(variants, [off, on]
        if off.key == "off" && off.value == Value::Boolean(false) && on.key == "on" && on.value == Value::Boolean(true))
}

/// Keys and values; `None` if TOML cannot hold one of them.
fn variants(variants: &[Variant]) -> Option<Vec<(String, String)>> {
    let entries = variants.iter();
    entries
        .map(|variant| Some((toml::key(&variant.key), toml::value(&variant.value)?)))
        .collect()
}

fn prerequisites(flag: &Flag) -> Result<String, Unwritable> {
    let mut entries: Vec<(&str, Vec<&str>)> = Vec::new();
    for needed in &flag.prerequisites {
        if entries.iter().any(|(key, _)| *key == needed.flag) {
            return Err(format!("it needs flag `{}` twice", needed.flag));
        }
        entries.push((
            &needed.flag,
            needed.variants.iter().map(String::as_str).collect(),
        ));
    }
    if entries.is_empty() {
        return Ok(String::new());
    }
    let entries = entries.into_iter().map(|(key, variants)| {
        let variants = match variants.as_slice() {
            [variant] => toml::text(variant),
            variants => toml::list(variants.iter().map(|variant| toml::text(variant))),
        };
        (toml::key(key), variants)
    });
    Ok(format!("prerequisites = {}\n", toml::table(entries)))
}

/// How many rules at the beginning are individual targets: each for another variant, no key twice.
fn targets(flag: &Flag) -> usize {
    let mut variants: Vec<&String> = Vec::new();
    let mut seen: Vec<&String> = Vec::new();
    for rule in &flag.rules {
        let (Some(keys), Serve::Variant(variant)) = (target_keys(rule), &rule.serve) else {
            break;
        };
        if variants.contains(&variant) || keys.iter().any(|key| seen.contains(key)) {
            break;
        }
        for key in keys {
            // Twice in one list is read as once.
            if seen.contains(&key) {
                return variants.len();
            }
            seen.push(key);
        }
        variants.push(variant);
    }
    variants.len()
}

fn target_keys(rule: &Rule) -> Option<Vec<&String>> {
    let Condition::Test(Test::Attribute {
        name,
        matcher: Matcher::OneOf(keys),
        reading,
    }) = &rule.when
    else {
        return None;
    };
    if rule.name != TARGETS || name != TARGETING_KEY || *reading != Reading::default() {
        return None;
    }
    let keys = keys.iter().map(|key| match key {
        Scalar::Text(key) => Some(key),
        Scalar::Boolean(_) | Scalar::Number(_) => None,
    });
    keys.collect()
}

fn target(rule: &Rule) -> Option<(String, String)> {
    let Serve::Variant(variant) = &rule.serve else {
        return None;
    };
    Some((toml::key(variant), toml::texts(target_keys(rule)?)))
}

/// Whether a rule can stand in the flag itself.
fn is_own(rule: &Rule) -> bool {
    rule.when == Condition::always() && matches!(rule.serve, Serve::Variant(_) | Serve::Split(_))
}

fn serve(serve: &Serve) -> Result<String, Unwritable> {
    match serve {
        Serve::Variant(variant) => Ok(format!("serve = {}\n", toml::text(variant))),
        Serve::Split(split) => self::split(split),
        Serve::Allocation(allocation) => self::allocation(allocation),
        Serve::Expression(expression) => {
            let expression =
                expression::write(expression).ok_or("its expression is nested too deep")?;
            Ok(format!(
                "serve_expression = {}\n",
                toml::condition(&expression)
            ))
        }
        Serve::Default => Ok("serve_default = true\n".to_owned()),
    }
}

fn split(split: &Split) -> Result<String, Unwritable> {
    let shares = split
        .shares
        .iter()
        .map(|(variant, share)| Ok((toml::key(variant), self::share(share)?)));
    let shares: Result<Vec<_>, Unwritable> = shares.collect();
    let mut text = format!("rollout = {}\n", toml::table(shares?));
    if split.by != TARGETING_KEY {
        text += &format!("by = {}\n", toml::text(attribute(&split.by)?));
    }
    if !split.reserve.is_empty() {
        let reserve = split.reserve.iter();
        let reserve = reserve.map(|(variant, Weight(size))| (toml::key(variant), per_cent(*size)));
        text += &format!("reserve = {}\n", toml::table(reserve));
    }
    Ok(text)
}

fn share(share: &Share) -> Result<String, Unwritable> {
    let points = match share {
        Share::Fixed(Weight(parts)) => return Ok(per_cent(*parts)),
        Share::Ramp(points) => points,
        Share::Planned => return Err("a plan has no form here".to_owned()),
    };
    let points = points.iter().map(|RampPoint { at, share }| {
        let moment = rfc3339(*at).ok_or_else(|| format!("a ramp has no date for {}", at.0))?;
        Ok(format!(
            "{{ at = {moment}, share = {} }}",
            per_cent(share.0)
        ))
    });
    let points: Result<Vec<_>, Unwritable> = points.collect();
    Ok(toml::list(points?.into_iter()))
}

fn allocation(allocation: &Allocation) -> Result<String, Unwritable> {
    let Allocation {
        bucketing,
        ranges,
        rest,
        absent,
    } = allocation;
    let mut text = format!("bucketing = {}\n", self::bucketing(bucketing)?);
    let mut written = Vec::new();
    for range in ranges {
        let (from, to) = (position(range.from)?, position(range.to)?);
        written.push(format!(
            "{{ from = {from}, to = {to}, serve = {} }}",
            toml::text(&range.variant)
        ));
    }
    let inline = written.join(", ");
    text += &match inline.len() <= LONG {
        true => format!("ranges = [{inline}]\n"),
        false => format!("ranges = [\n    {},\n]\n", written.join(",\n    ")),
    };
    match (rest, rest_word(rest)) {
        (Rest::Default, _) => {}
        (Rest::Variant(variant), _) => {
            text += &format!("rest = {{ serve = {} }}\n", toml::text(variant))
        }
        (_, Some(word)) => text += &format!("rest = \"{word}\"\n"),
        (rest, None) => return Err(format!("there is no word for {rest:?}")),
    }
    if *absent != Absent::Default {
        let word =
            name(&ABSENT, absent).ok_or_else(|| format!("there is no word for {absent:?}"))?;
        text += &format!("absent = \"{word}\"\n");
    }
    Ok(text)
}

fn bucketing(bucketing: &Bucketing) -> Result<String, Unwritable> {
    let Bucketing {
        algorithm,
        by,
        salt,
        seed,
        modulus,
    } = bucketing;
    let word = name(&ALGORITHMS, algorithm)
        .ok_or_else(|| format!("there is no word for {algorithm:?}"))?;
    let mut entries = vec![("algorithm", toml::text(word))];
    match by.as_slice() {
        [by] if by == TARGETING_KEY => {}
        [by] => entries.push(("by", toml::text(by))),
        by => entries.push(("by", toml::texts(by))),
    }
    if !salt.is_empty() {
        entries.push(("salt", toml::text(salt)));
    }
    for (key, number) in [("seed", *seed), ("modulus", *modulus)] {
        if number > 0 {
            entries.push((key, number.to_string()));
        }
    }
    Ok(toml::table(
        entries
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value)),
    ))
}

/// A position, which TOML holds in 63 bits.
fn position(position: u64) -> Result<i64, Unwritable> {
    i64::try_from(position).map_err(|_| format!("there is no number for position {position}"))
}
