//! The shapes of documents.

use super::javascript::same_id;
use crate::error::ImportError;
use flagstone_json::Json;
use std::collections::HashMap;

/// Features and segments as they stand after everything that the document says.
pub(super) struct Document<'d, 'j> {
    /// In the order in which they came; nothing for one that is removed.
    features: Vec<Option<&'d Json<'j>>>,
    pub segments: Vec<&'d Json<'j>>,
    /// Places of features by their names.
    names: HashMap<&'d str, usize>,
}

impl<'d, 'j> Document<'d, 'j> {
    /// Reads `{features, segments}` or `{events}`.
    pub fn read(json: &'d Json<'j>) -> Result<Self, ImportError> {
        let mut document = Self {
            features: Vec::new(),
            segments: Vec::new(),
            names: HashMap::new(),
        };
        if let Some(Json::List(_)) = json.get("features") {
            document.all(json);
        } else if let Some(Json::List(events)) = json.get("events") {
            events.iter().for_each(|event| document.event(event));
        } else {
            return Err(ImportError::Shape {
                path: String::new(),
                expected: "an object with a list `features`, or with a list `events`",
            });
        }
        Ok(document)
    }

    /// All features, each with a name.
    pub fn features(&self) -> impl Iterator<Item = (&'d str, &'d Json<'j>)> {
        let features = self.features.iter().flatten();
        features.map(|feature| {
            let name = feature.get("name").and_then(Json::text);
            (name.unwrap_or_default(), *feature)
        })
    }

    /// The feature of a name.
    pub fn find(&self, name: &str) -> Option<&'d Json<'j>> {
        *self.features.get(*self.names.get(name)?)?
    }

    fn all(&mut self, json: &'d Json<'j>) {
        let list = |name| json.get(name).map(Json::elements).unwrap_or_default();
        self.features.clear();
        self.segments.clear();
        self.names.clear();
        for feature in list("features") {
            self.set_feature(feature);
        }
        for segment in list("segments") {
            self.set_segment(segment);
        }
    }

    fn event(&mut self, event: &'d Json<'j>) {
        match event.get("type").and_then(Json::text) {
            Some("hydration") => self.all(event),
            Some("feature-updated") => {
                if let Some(feature) = event.get("feature") {
                    self.set_feature(feature);
                }
            }
            Some("feature-removed") => {
                let removed = event.get("featureName").and_then(Json::text);
                if let Some(place) = removed.and_then(|removed| self.names.remove(removed))
                    && let Some(feature) = self.features.get_mut(place)
                {
                    *feature = None;
                }
            }
            Some("segment-updated") => {
                if let Some(segment) = event.get("segment") {
                    self.set_segment(segment);
                }
            }
            Some("segment-removed") => {
                let removed = event.get("segmentId");
                self.segments.retain(|of| !same_id(of.get("id"), removed));
            }
            _ => {}
        }
    }

    /// Of two with the same name the last counts.
    fn set_feature(&mut self, feature: &'d Json<'j>) {
        let Some(name) = feature.get("name").and_then(Json::text) else {
            return;
        };
        let place = *self.names.entry(name).or_insert(self.features.len());
        match self.features.get_mut(place) {
            Some(before) => *before = Some(feature),
            None => self.features.push(Some(feature)),
        }
    }

    fn set_segment(&mut self, segment: &'d Json<'j>) {
        let mut segments = self.segments.iter_mut();
        match segments.find(|of| same_id(of.get("id"), segment.get("id"))) {
            Some(before) => *before = segment,
            None => self.segments.push(segment),
        }
    }
}
