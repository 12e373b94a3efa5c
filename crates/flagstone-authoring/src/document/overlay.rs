//! What an environment changes.

use toml::de::DeValue;

use super::{Table, elements, entries};

/// Lays a table over another: tables are merged, everything else is replaced.
///
/// In a flag, `serve` above takes the place of `rollout` below and the other way round, and a plan below that nothing goes
/// by any more is left out.
pub(crate) fn overlay<'i>(base: &mut Table<'i>, above: &Table<'i>) {
    let mut planned = Vec::new();
    in_both(base, above, |key, below, flag| {
        if !flag.contains_key("plan") && goes_by_plan(below) {
            planned.push(key.to_owned());
        }
        drop_replaced(below, flag);
    });
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
