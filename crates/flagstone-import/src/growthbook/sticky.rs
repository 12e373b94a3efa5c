//! Sticky buckets: variations that a visitor has had before.
//!
//! Source: `getStickyBucketVariation` of GrowthBook's SDK for JavaScript 1.8.0.

use super::overrides::{Overrides, Sticky};
use super::wire::{entries, is_truthy, json_text, number, text, truthy};
use flagstone_json::Json;
use std::collections::HashMap;

impl Overrides<'_> {
    fn documents(&self) -> Option<&Json<'_>> {
        let documents = self.member("stickyBucketAssignmentDocs");
        documents.filter(|documents| is_truthy(documents))
    }

    /// Whether there is a store, and a rule uses it.
    pub fn is_sticky(&self, rule: &Json<'_>) -> bool {
        self.documents().is_some() && truthy(rule, "disableStickyBucketing").is_none()
    }

    /// What the store says about the visitor and an experiment.
    pub fn sticky(&self, rule: &Json<'_>, key: &str) -> Sticky {
        let Some(documents) = self.documents().filter(|_| self.is_sticky(rule)) else {
            return Sticky::No;
        };
        // Without a fallback, the SDK looks up the attribute `id` for it.
        let of = |member: &str| truthy(rule, member).map_or("id".to_owned(), text);
        let mut assignments: HashMap<&str, &Json<'_>> = HashMap::new();
        for (member, is_needed) in [("fallbackAttribute", true), ("hashAttribute", false)] {
            let attribute = of(member);
            let value = self.attribute(&attribute);
            if value.is_none() && is_needed {
                continue;
            }
            let value = match value {
                Some(Json::Text(text)) => text.clone().into_owned(),
                Some(other) => json_text(other),
                None => String::new(),
            };
            let document = documents.get(&format!("{attribute}||{value}"));
            let found = document.and_then(|document| document.get("assignments"));
            assignments.extend(found.map(entries).into_iter().flatten());
        }
        let version = |member| number(truthy(rule, member).or(Some(&Json::Number(0.0))));
        let lowest = version("minBucketVersion");
        let prefix = format!("{key}__");
        let mut versions = assignments.keys().filter_map(|name| {
            let digits = name.strip_prefix(&*prefix)?;
            let number: u32 = digits.parse().ok()?;
            (number.to_string() == digits).then_some(number)
        });
        if versions.any(|version| f64::from(version) < lowest) {
            return Sticky::Blocked;
        }
        let current = truthy(rule, "bucketVersion").map_or("0".to_owned(), text);
        let Some(wanted) = assignments.get(format!("{prefix}{current}").as_str()) else {
            return Sticky::No;
        };
        let meta = truthy(rule, "meta").map_or(&[][..], Json::elements);
        let place = meta.iter().position(|meta| {
            meta.get("key")
                .is_some_and(|key| key == *wanted && key.text().is_some())
        });
        place.map_or(Sticky::No, Sticky::Variation)
    }

    /// The value of an attribute that is hashed, if there is one.
    fn attribute(&self, name: &str) -> Option<&Json<'_>> {
        let attributes = self.member("attributes")?;
        truthy(attributes, name)
    }
}
