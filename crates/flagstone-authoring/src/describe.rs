//! What flags are for, in their authors' words.

use std::collections::BTreeMap;

use crate::document::{Table, entries, overlay, parse, text};
use crate::finding::Report;

/// The descriptions of flags by key, with an environment's changes laid over them or as the text stands.
///
/// They are for people and programs that write documentation; no decision depends on them, so the model has none. A text that
/// [`read`](crate::read()) finds errors in may give none.
///
/// ```
/// let text = "[flags.banner]\ndescription = 'Above the menu'";
/// assert_eq!(flagstone_authoring::descriptions(text, None)["banner"], "Above the menu");
/// ```
pub fn descriptions(source: &str, environment: Option<&str>) -> BTreeMap<String, String> {
    let Some(mut document) = parse(source, &mut Report::default()) else {
        return BTreeMap::new();
    };
    let environments = document.remove("environments");
    let above = environments
        .as_ref()
        .and_then(|node| node.get_ref().as_table())
        .zip(environment)
        .and_then(|(environments, name)| environments.get(name)?.get_ref().as_table());
    if let Some(above) = above {
        overlay(&mut document, above);
    }
    entries(&document, "flags")
        .filter_map(|(key, flag)| {
            let flag: &Table<'_> = flag.get_ref().as_table()?;
            let (description, _) = text(flag, "description")?;
            Some((key.get_ref().to_string(), description.to_owned()))
        })
        .collect()
}
