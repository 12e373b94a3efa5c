//! The document, and JSON as JavaScript code handles it.

use crate::error::ImportError;
use flagstone_compile::Index;
use flagstone_core::js;
use flagstone_json::Json;
use std::ops::ControlFlow;

/// Members of a document that hold in cipher what decisions follow from.
const ENCRYPTED: [&str; 3] = [
    "encryptedFeatures",
    "encryptedSavedGroups",
    "encryptedContextualBandits",
];

/// The parts of a document that decisions follow from.
pub(super) struct Definitions<'d> {
    /// Key and definition, in the order of the document; of two with the same key the last.
    pub features: Vec<(&'d str, &'d Json<'d>)>,
    pub saved_groups: &'d Json<'d>,
    pub contextual_bandits: &'d Json<'d>,
}

impl<'d> Definitions<'d> {
    pub fn read(document: &'d Json<'d>) -> Result<Self, ImportError> {
        let shape = |path: &str, expected| ImportError::Shape {
            path: path.to_owned(),
            expected,
        };
        let Json::Object(_) = document else {
            return Err(shape("", "an object with `features`"));
        };
        // GrowthBook sends what is encrypted beside a `features` that is empty.
        for name in ENCRYPTED {
            let text = document.get(name).and_then(Json::text);
            if text.is_some_and(|text| !text.is_empty()) {
                return Err(shape(&["/", name].concat(), "decrypted first"));
            }
        }
        let features = match document.some("features") {
            Some(features @ Json::Object(_)) => features,
            Some(_) => return Err(shape("/features", "an object of features by key")),
            None => return Err(shape("/features", "there, an object of features by key")),
        };
        Ok(Self {
            // What JavaScript takes for false is no feature.
            features: entries(features)
                .into_iter()
                .filter(|(_, feature)| is_truthy(feature))
                .collect(),
            saved_groups: document.get("savedGroups").unwrap_or(&Json::Null),
            contextual_bandits: document.get("contextualBandits").unwrap_or(&Json::Null),
        })
    }
}

/// The members of an object; each name once, with its last value.
pub(super) fn entries<'d>(object: &'d Json<'d>) -> Vec<(&'d str, &'d Json<'d>)> {
    let members = object.members();
    let mut found: Vec<(&str, &Json<'_>)> = Vec::with_capacity(members.len());
    // Only few objects are so large that looking through all members before would take long.
    let mut places = (members.len() > 16).then(|| Index::with_capacity(members.len()));
    for (name, value) in members {
        let place = match &mut places {
            Some(places) => {
                let place = places.get(name.as_bytes());
                if place.is_none() {
                    places.insert(name.as_bytes(), found.len() as u32);
                }
                place.map(|place| place as usize)
            }
            None => found.iter().position(|(known, _)| known == name),
        };
        match place.and_then(|place| found.get_mut(place)) {
            Some((_, known)) => *known = value,
            None => found.push((name, value)),
        }
    }
    found
}

/// Whether JavaScript takes a value for true.
pub(super) fn is_truthy(json: &Json<'_>) -> bool {
    js::is_truthy(json.value())
}

/// A member that JavaScript takes for true.
pub(super) fn truthy<'d>(object: &'d Json<'d>, name: &str) -> Option<&'d Json<'d>> {
    object.get(name).filter(|value| is_truthy(value))
}

/// `value[index]`: the element of a list, or the member of an object with that name.
pub(super) fn at<'d>(json: &'d Json<'d>, index: usize) -> Option<&'d Json<'d>> {
    match json {
        Json::List(elements) => elements.get(index),
        Json::Object(_) => json.get(&index.to_string()),
        _ => None,
    }
}

/// `Number(value)`, NaN for what is not there.
pub(super) fn number(json: Option<&Json<'_>>) -> f64 {
    json.map_or(f64::NAN, |json| js::number(json.value()))
}

/// `value + ""`.
pub(super) fn text(json: &Json<'_>) -> String {
    let mut text = String::new();
    let _ = js::text(json.value(), &mut |piece| {
        text.push_str(piece);
        ControlFlow::Continue(())
    });
    text
}

/// `JSON.stringify(value)`.
pub(super) fn json_text(json: &Json<'_>) -> String {
    let mut text = String::new();
    let _ = js::json(json.value(), &mut |piece| {
        text.push_str(piece);
        ControlFlow::Continue(())
    });
    text
}
