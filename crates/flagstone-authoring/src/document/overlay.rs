//! What an environment changes.

use std::collections::BTreeSet;

use toml::de::DeValue;

use super::{Table, elements, entries};
use crate::lower::identity::attribute;

/// Lays a table over another: tables are merged, everything else is replaced.
///
/// In a flag, `serve` above takes the place of `rollout` below and the other way round, and a plan below that nothing goes
/// by any more is left out. The source of an attribute takes the place of the one below, however both spell its name.
pub(crate) fn overlay<'i>(base: &mut Table<'i>, above: &Table<'i>) {
    let mut planned = Vec::new();
    in_both(base, above, |key, below, flag| {
        if !flag.contains_key("plan") && goes_by_plan(below) {
            planned.push(key.to_owned());
        }
        drop_replaced(below, flag);
    });
    drop_sources(base, above);
    merge(base, above);
    in_both(base, above, |key, below, _| {
        if !goes_by_plan(below) && planned.iter().any(|planned| planned == key) {
            below.remove("plan");
        }
    });
}

/// Calls `each` for all flags that are in both documents.
fn in_both<'i>(
    base: &mut Table<'i>,
    above: &Table<'i>,
    mut each: impl FnMut(&str, &mut Table<'i>, &Table<'i>),
) {
    let Some(base) = flags_mut(base) else {
        return;
    };
    for (key, flag) in entries(above, "flags") {
        let below = base.get_mut(&**key.get_ref()).map(|flag| flag.get_mut());
        if let (Some(DeValue::Table(below)), DeValue::Table(flag)) = (below, flag.get_ref()) {
            each(key.get_ref(), below, flag);
        }
    }
}

/// Whether a share of a flag, or of one of its rules, goes by a plan.
fn goes_by_plan(flag: &Table<'_>) -> bool {
    let rules = elements(flag, "rules").filter_map(|rule| rule.get_ref().as_table());
    [flag]
        .into_iter()
        .chain(rules)
        .flat_map(|table| entries(table, "rollout"))
        .any(|(_, share)| share.get_ref().as_str() == Some("plan"))
}

fn merge<'i>(base: &mut Table<'i>, above: &Table<'i>) {
    for (key, value) in above {
        match (base.get_mut(&**key.get_ref()), value.get_ref()) {
            (Some(below), DeValue::Table(table)) if below.get_ref().is_table() => {
                if let DeValue::Table(below) = below.get_mut() {
                    merge(below, table);
                }
            }
            (Some(below), _) => *below = value.clone(),
            (None, _) => {
                base.insert(key.clone(), value.clone());
            }
        }
    }
}

/// Leaves out the sources below of attributes that have one above by another spelling.
fn drop_sources(base: &mut Table<'_>, above: &Table<'_>) {
    let is_short = base.contains_key("source") || above.contains_key("source");
    let above = above.get("context").map(|context| context.get_ref());
    let base = base.get_mut("context").map(|context| context.get_mut());
    if let (Some(DeValue::Table(base)), Some(DeValue::Table(above))) = (base, above) {
        let mut named = BTreeSet::new();
        name_sources("", above, is_short, &mut named);
        drop_named("", base, Some(above), is_short, &named);
    }
}

fn name_sources(prefix: &str, table: &Table<'_>, is_short: bool, named: &mut BTreeSet<String>) {
    for (key, node) in table {
        let key = key.get_ref();
        match node.get_ref() {
            DeValue::Table(table) => {
                name_sources(&format!("{prefix}{key}."), table, is_short, named)
            }
            _ => {
                named.insert(attribute(prefix, key, is_short));
            }
        }
    }
}

/// What is spelled alike above stays, so that it keeps its place among the others.
fn drop_named(
    prefix: &str,
    base: &mut Table<'_>,
    above: Option<&Table<'_>>,
    is_short: bool,
    named: &BTreeSet<String>,
) {
    let mut dropped = Vec::new();
    for (key, node) in base.iter_mut() {
        let key = &**key.get_ref();
        let over = above.and_then(|above| above.get(key));
        let over = over.map(|node| node.get_ref());
        match node.get_mut() {
            DeValue::Table(base) => {
                let over = over.and_then(|over| over.as_table());
                drop_named(&format!("{prefix}{key}."), base, over, is_short, named);
            }
            _ if over.is_none() && named.contains(&attribute(prefix, key, is_short)) => {
                dropped.push(key.to_owned());
            }
            _ => {}
        }
    }
    for key in dropped {
        base.remove(key.as_str());
    }
}

fn flags_mut<'a, 'i>(root: &'a mut Table<'i>) -> Option<&'a mut Table<'i>> {
    match root.get_mut("flags")?.get_mut() {
        DeValue::Table(flags) => Some(flags),
        _ => None,
    }
}

fn drop_replaced(base: &mut Table<'_>, above: &Table<'_>) {
    if above.contains_key("serve") {
        for key in ["rollout", "reserve", "by"] {
            base.remove(key);
        }
    } else if above.contains_key("rollout") {
        base.remove("serve");
    }
}
