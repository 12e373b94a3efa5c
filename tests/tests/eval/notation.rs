//! How the cases write models down.

use flagstone_compile::model::{
    Condition, Flag, Matcher, Model, Order, Prerequisite, RampPoint, Rule, Scalar, Segment, Serve,
    Share, Split, TARGETING_KEY, Test, Value as VariantValue, Variant,
};
use flagstone_core::{UnixMillis, Weight, parse_rfc3339};
use flagstone_tests::oracle::Context;
use std::path::Path;
use toml::{Table, Value};

/// The cases of a file, which is an array of tables.
pub fn cases(file: &str, array: &str) -> Vec<Table> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("cases/eval")
        .join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    let table: Table = text
        .parse()
        .unwrap_or_else(|error| panic!("{file}: {error}"));
    let cases = table[array].as_array().unwrap().iter();
    cases.map(|case| case.as_table().unwrap().clone()).collect()
}

pub fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::String(text) => text.as_str().into(),
        Value::Integer(number) => (*number).into(),
        Value::Float(number) => (*number).into(),
        Value::Boolean(value) => (*value).into(),
        Value::Array(values) => values.iter().map(json).collect(),
        Value::Table(table) => table
            .iter()
            .map(|(key, value)| (key.clone(), json(value)))
            .collect(),
        Value::Datetime(_) => panic!("write {value} as text"),
    }
}

pub fn context(value: Option<&Value>) -> Context {
    let table = value.and_then(Value::as_table);
    let members = table.into_iter().flatten();
    members
        .map(|(name, value)| (name.clone(), json(value)))
        .collect()
}

/// RFC 3339 text; 1970 if it is not given.
pub fn moment(value: Option<&Value>) -> UnixMillis {
    value.map_or(UnixMillis(0), |value| {
        parse_rfc3339(value.as_str().unwrap()).unwrap()
    })
}

pub fn model(case: &Table) -> Model {
    Model {
        flags: tables(case, "flags").map(flag).collect(),
        segments: tables(case, "segments").map(segment).collect(),
        ..Model::default()
    }
}

fn tables<'t>(table: &'t Table, field: &str) -> impl Iterator<Item = &'t Table> {
    let array = table.get(field).and_then(Value::as_array);
    array
        .into_iter()
        .flatten()
        .map(|value| value.as_table().unwrap())
}

fn text(table: &Table, field: &str, otherwise: &str) -> String {
    table
        .get(field)
        .map_or(otherwise, |value| value.as_str().unwrap())
        .to_owned()
}

fn texts(value: &Value) -> Vec<String> {
    let texts = value.as_array().unwrap().iter();
    texts
        .map(|text| text.as_str().unwrap().to_owned())
        .collect()
}

fn flag(table: &Table) -> Flag {
    let keys = table
        .get("variants")
        .map_or(vec!["control".into(), "a".into(), "b".into()], texts);
    let values = table.get("values").map(|values| values.as_array().unwrap());
    let variants = keys.iter().enumerate().map(|(index, key)| Variant {
        key: key.clone(),
        value: values.map_or(VariantValue::String(key.to_uppercase()), |values| {
            value(&values[index])
        }),
    });
    Flag {
        key: text(table, "key", "f"),
        variants: variants.collect(),
        default: Some(text(table, "default", "control")),
        enabled: table
            .get("enabled")
            .is_none_or(|value| value.as_bool().unwrap()),
        expires: None,
        prerequisites: tables(table, "prerequisites")
            .map(|table| Prerequisite {
                flag: text(table, "flag", ""),
                variants: texts(&table["variants"]),
            })
            .collect(),
        rules: tables(table, "rules").map(rule).collect(),
    }
}

/// A variant's value; `{ json = "…" }` for JSON.
pub fn value(value: &Value) -> VariantValue {
    match value {
        Value::Boolean(value) => VariantValue::Boolean(*value),
        Value::String(text) => VariantValue::String(text.clone()),
        Value::Table(table) => VariantValue::Json(text(table, "json", "")),
        other => VariantValue::Number(number(other)),
    }
}

fn number(value: &Value) -> f64 {
    value
        .as_float()
        .unwrap_or_else(|| value.as_integer().unwrap() as f64)
}

fn rule(table: &Table) -> Rule {
    let serve = match (table.get("serve"), table.get("rollout")) {
        (Some(variant), None) => Serve::Variant(variant.as_str().unwrap().to_owned()),
        (None, Some(rollout)) => {
            let shares = rollout.as_table().unwrap().iter();
            let reserve = table.get("reserve").and_then(Value::as_table);
            Serve::Split(Split {
                by: text(table, "by", TARGETING_KEY),
                shares: shares
                    .map(|(key, value)| (key.clone(), share(value)))
                    .collect(),
                reserve: reserve
                    .into_iter()
                    .flatten()
                    .map(|(key, value)| (key.clone(), weight(value)))
                    .collect(),
            })
        }
        _ => panic!("{table:?}"),
    };
    Rule {
        name: text(table, "name", ""),
        when: table.get("when").map_or(Condition::always(), condition),
        serve,
    }
}

fn weight(value: &Value) -> Weight {
    Weight(value.as_integer().unwrap().try_into().unwrap())
}

fn share(value: &Value) -> Share {
    let Some(points) = value.as_array() else {
        return Share::Fixed(weight(value));
    };
    let points = points.iter().map(|point| RampPoint {
        at: moment(point.get(0)),
        share: weight(&point[1]),
    });
    Share::Ramp(points.collect())
}

fn segment(table: &Table) -> Segment {
    let list = |field: &str| table.get(field).map(texts).unwrap_or_default();
    Segment {
        key: text(table, "key", "s"),
        by: text(table, "by", TARGETING_KEY),
        included: list("included").into(),
        excluded: list("excluded").into(),
        when: table.get("when").map_or(Condition::always(), condition),
    }
}

/// Text stands for the test that the attribute of this name is true.
pub fn condition(value: &Value) -> Condition {
    let table = match value {
        Value::String(name) => {
            return Condition::Test(Test::attribute(
                name.clone(),
                Matcher::Equals(Scalar::Boolean(true)),
            ));
        }
        other => other.as_table().unwrap(),
    };
    let parts = |value: &Value| value.as_array().unwrap().iter().map(condition).collect();
    if let Some(list) = table.get("all") {
        return Condition::All(parts(list));
    }
    if let Some(list) = table.get("any") {
        return Condition::Any(parts(list));
    }
    if let Some(inner) = table.get("not") {
        return Condition::Not(Box::new(condition(inner)));
    }
    Condition::Test(if let Some(key) = table.get("segment") {
        Test::Segment(key.as_str().unwrap().to_owned())
    } else if let Some(key) = table.get("flag") {
        Test::Flag {
            key: key.as_str().unwrap().to_owned(),
            variants: texts(&table["variants"]),
            enabled_only: false,
        }
    } else if let Some(now) = table.get("now") {
        Test::Now {
            order: order(&now[0]),
            time: moment(now.get(1)),
        }
    } else {
        Test::attribute(text(table, "attribute", ""), matcher(table))
    })
}

pub fn matcher(table: &Table) -> Matcher {
    let (name, value) = table.iter().find(|(name, _)| *name != "attribute").unwrap();
    let text = || value.as_str().unwrap().to_owned();
    let second = || value[1].as_str().unwrap().to_owned();
    match name.as_str() {
        "exists" => Matcher::Exists,
        "equals" => Matcher::Equals(scalar(value)),
        "in_set" => Matcher::InSet(texts(value)),
        "one_of" => Matcher::OneOf(value.as_array().unwrap().iter().map(scalar).collect()),
        "one_of_ignoring_case" => Matcher::OneOfIgnoringCase(texts(value)),
        "includes" => Matcher::Includes(scalar(value)),
        "number" => Matcher::Number(order(&value[0]), number(&value[1])),
        "text" => Matcher::Text(order(&value[0]), second()),
        "starts_with" => Matcher::StartsWith(text()),
        "ends_with" => Matcher::EndsWith(text()),
        "contains" => Matcher::Contains(text()),
        "starts_with_ignoring_case" => Matcher::StartsWithIgnoringCase(text()),
        "ends_with_ignoring_case" => Matcher::EndsWithIgnoringCase(text()),
        "contains_ignoring_case" => Matcher::ContainsIgnoringCase(text()),
        "matches" => Matcher::Matches(text()),
        "semver" => Matcher::SemVer(order(&value[0]), second()),
        "date" => Matcher::Date(order(&value[0]), moment(value.get(1))),
        "in_network" => Matcher::InNetwork(texts(value)),
        "number_in_text" => Matcher::NumberInText(order(&value[0]), number(&value[1])),
        other => panic!("no matcher {other}"),
    }
}

fn scalar(value: &Value) -> Scalar {
    match value {
        Value::Boolean(value) => Scalar::Boolean(*value),
        Value::String(text) => Scalar::Text(text.clone()),
        other => Scalar::Number(number(other)),
    }
}

fn order(value: &Value) -> Order {
    match value.as_str().unwrap() {
        "==" => Order::Equal,
        "<" => Order::Less,
        "<=" => Order::LessOrEqual,
        ">" => Order::Greater,
        ">=" => Order::GreaterOrEqual,
        other => panic!("no order {other}"),
    }
}
