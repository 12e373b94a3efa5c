//! The values of a feature as variants.

use super::wire::json_text;
use flagstone_compile::model::{Value, Variant};
use flagstone_json::Json;

/// The different values that a feature can have.
#[derive(Default)]
pub(super) struct Variants<'d> {
    pub values: Vec<&'d Json<'d>>,
    /// JSON texts of the values.
    pub texts: Vec<String>,
    keys: Vec<String>,
}

impl<'d> Variants<'d> {
    /// Adds a value. `name` is what it is called where its own text is no good key.
    pub fn add(&mut self, value: &'d Json<'d>, name: Option<&str>) {
        let text = json_text(value);
        if self.texts.contains(&text) {
            return;
        }
        let place = self.values.len();
        let own = match value {
            Json::Text(text) => Some(&**text),
            Json::List(_) | Json::Object(_) => None,
            _ => Some(text.as_str()),
        };
        let is_free = |key: &&str| is_key(key) && !self.keys.iter().any(|taken| taken == key);
        let wanted = own.filter(is_free).or(name.filter(is_free));
        let wanted = wanted.map(str::to_owned);
        let key = match wanted {
            Some(key) => key,
            // A number may be the key of a value already.
            None => (place..)
                .map(|number| number.to_string())
                .find(|key| !self.keys.contains(key))
                .unwrap_or_default(),
        };
        self.keys.push(key);
        self.values.push(value);
        self.texts.push(text);
    }

    /// The key of a value that was added.
    pub fn key(&self, value: &Json<'_>) -> String {
        let text = json_text(value);
        let place = self.texts.iter().position(|known| *known == text);
        place
            .and_then(|place| self.keys.get(place))
            .cloned()
            .unwrap_or_default()
    }

    /// Each value with its key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &'d Json<'d>)> {
        let keys = self.keys.iter().map(String::as_str);
        keys.zip(self.values.iter().copied())
    }

    /// As the model has them.
    pub fn to_model(&self) -> Vec<Variant> {
        let variants = self.iter().zip(&self.texts);
        variants
            .map(|((key, value), text)| Variant {
                key: key.to_owned(),
                value: match value {
                    Json::Boolean(value) => Value::Boolean(*value),
                    Json::Number(value) if value.is_finite() => Value::Number(*value),
                    Json::Text(value) => Value::String(value.clone().into_owned()),
                    _ => Value::Json(text.clone()),
                },
            })
            .collect()
    }
}

/// Whether a text is a readable key of a variant.
fn is_key(text: &str) -> bool {
    (1..=64).contains(&text.len()) && !text.chars().any(char::is_control)
}
