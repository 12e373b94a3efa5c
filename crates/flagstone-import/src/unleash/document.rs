//! The shapes of documents.

use super::javascript::same_id;
use crate::error::ImportError;
use crate::json::Json;
use std::collections::HashMap;

/// Features and segments as they stand after everything that the document says.
pub(super) struct Document<'d, 'j> {
    pub features: Vec<&'d Json<'j>>,
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
        let places = document.features.iter().enumerate();
        document.names = places
            .filter_map(|(place, feature)| Some((name(feature)?, place)))
            .collect();
        Ok(document)
    }

    /// The feature of a name.
    pub fn find(&self, name: &str) -> Option<&'d Json<'j>> {
        self.features.get(*self.names.get(name)?).copied()
    }

    fn all(&mut self, json: &'d Json<'j>) {
        let list = |name| json.get(name).map(Json::elements).unwrap_or_default();
        self.features.clear();
        self.segments.clear();
        // Of two with the same name the last counts.
        let mut places = HashMap::new();
        for feature in list("features").iter().filter(|one| !one.is_null()) {
            let place = places.entry(name(feature)).or_insert(self.features.len());
            match self.features.get_mut(*place) {
                Some(before) => *before = feature,
                None => self.features.push(feature),
            }
        }
        for segment in list("segments").iter().filter(|one| !one.is_null()) {
            self.set_segment(segment);
        }
    }

    fn event(&mut self, event: &'d Json<'j>) {
        match event.get("type").and_then(Json::text) {
            Some("hydration") => self.all(event),
            Some("feature-updated") => {
                if let Some(feature) = event.some("feature") {
                    let mut features = self.features.iter_mut();
                    match features.find(|of| name(of) == name(feature)) {
                        Some(before) => *before = feature,
                        None => self.features.push(feature),
                    }
                }
            }
            Some("feature-removed") => {
                let removed = event.get("featureName").and_then(Json::text);
                self.features
                    .retain(|of| removed.is_none() || name(of) != removed);
            }
            Some("segment-updated") => {
                if let Some(segment) = event.some("segment") {
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

    fn set_segment(&mut self, segment: &'d Json<'j>) {
        let mut segments = self.segments.iter_mut();
        match segments.find(|of| same_id(of.get("id"), segment.get("id"))) {
            Some(before) => *before = segment,
            None => self.segments.push(segment),
        }
    }
}

fn name<'n>(feature: &'n Json<'_>) -> Option<&'n str> {
    feature.get("name").and_then(Json::text)
}
