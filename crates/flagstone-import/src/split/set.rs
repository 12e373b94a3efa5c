//! Matchers of sets.

use super::matcher::{Subject, Type};
use flagstone_compile::model::{Condition, Conversion, Matcher};
use flagstone_json::Json;

/// Sets of text.
pub(super) fn set(kind: Type, list: Option<&Json<'_>>, subject: &Subject) -> Condition {
    // An element is compared as text, so that what is no text in the list is equal to none.
    let (texts, only_texts): (Vec<String>, bool) = match (list, kind) {
        (None | Some(Json::Null), _) => return Condition::never(),
        (Some(Json::List(list)), _) => {
            let texts = list
                .iter()
                .filter_map(|value| value.text().map(str::to_owned));
            (
                texts.collect(),
                list.iter().all(|value| value.text().is_some()),
            )
        }
        // Text has a length and, as elements, UTF-16 code units. What has no length has as many as are needed.
        (Some(Json::Text(text)), Type::ContainsAny | Type::ContainsAll) => {
            let units = text.chars().filter(|c| c.len_utf16() == 1);
            let only_units = text.chars().all(|c| c.len_utf16() == 1);
            (units.map(String::from).collect(), only_units)
        }
        (Some(_), Type::ContainsAll) => (Vec::new(), true),
        (Some(_), _) => return Condition::never(),
    };
    let mut different = texts.clone();
    different.sort_unstable();
    different.dedup();
    let test = |matcher| subject.other(matcher, Conversion::None);
    match kind {
        Type::ContainsAny => test(Matcher::ListHasOneOf(texts)),
        Type::PartOf => test(Matcher::ListWithin(texts)),
        _ if !only_texts => Condition::never(),
        Type::ContainsAll if different.len() == texts.len() => test(Matcher::ListHasAllOf(texts)),
        Type::ContainsAll => {
            // COMPAT(split): the lengths are compared first, and values that are listed twice count twice.
            let count = u32::try_from(texts.len()).unwrap_or(u32::MAX);
            Condition::All(vec![
                test(Matcher::ListHasAllOf(texts)),
                test(Matcher::ListDistinct(count)),
            ])
        }
        _ if different.len() == texts.len() => Condition::All(vec![
            test(Matcher::ListHasAllOf(texts.clone())),
            test(Matcher::ListWithin(texts)),
        ]),
        // The lengths cannot be equal.
        _ => Condition::never(),
    }
}
