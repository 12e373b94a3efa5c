//! What an environment changes.

use toml::de::DeValue;

use super::Table;

/// Lays a table over another: tables are merged, everything else is replaced.
///
/// In a flag, `serve` above takes the place of `rollout` below and the other way round.
pub(crate) fn overlay<'i>(base: &mut Table<'i>, above: &Table<'i>) {
    if let (Some(base), Some(above)) = (flags_mut(base), flags(above)) {
        for (key, flag) in above {
            let below = base.get_mut(&**key.get_ref()).map(|flag| flag.get_mut());
            if let (Some(DeValue::Table(below)), DeValue::Table(flag)) = (below, flag.get_ref()) {
                drop_replaced(below, flag);
            }
        }
    }
    merge(base, above);
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

fn flags<'a, 'i>(root: &'a Table<'i>) -> Option<&'a Table<'i>> {
    root.get("flags")?.get_ref().as_table()
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
