//! `$evaluators`: rules that others refer to by name.
//!
//! flagd replaces each `{"$ref": "name"}` in the text of the document, one evaluator after the other, by the evaluator as
//! it was written. So a reference inside an evaluator is only found if it leads to one further behind.

use flagstone_json::Json;
use std::borrow::Cow;

/// The evaluators of a document, in the order of JavaScript's members.
pub(super) struct Evaluators<'j> {
    ordered: Vec<(&'j str, &'j Json<'j>)>,
}

impl<'j> Evaluators<'j> {
    pub(super) fn of(document: &'j Json<'j>) -> Self {
        let evaluators = document.get("$evaluators");
        let members = evaluators.map_or(&[][..], Json::members);
        let mut ordered: Vec<(&str, &Json<'_>)> = Vec::new();
        for (name, value) in members {
            match ordered.iter_mut().find(|(known, _)| known == name) {
                Some((_, place)) => *place = value,
                None => ordered.push((name, value)),
            }
        }
        // Whole numbers come first, in their order.
        ordered.sort_by_key(|(name, _)| index(name).map_or(u64::MAX, u64::from));
        Self { ordered }
    }

    /// A value with its references replaced.
    pub(super) fn resolve<'v>(&self, json: &'v Json<'v>) -> Cow<'v, Json<'v>>
    where
        'j: 'v,
    {
        match self.replaced(json, 0) {
            Some(replaced) => Cow::Owned(replaced),
            None => Cow::Borrowed(json),
        }
    }

    /// The value with references to evaluators from `first` on replaced; `None` if there are none.
    fn replaced<'v>(&self, json: &Json<'v>, first: usize) -> Option<Json<'v>>
    where
        'j: 'v,
    {
        if self.ordered.is_empty() {
            return None;
        }
        if let Some((at, evaluator)) = self.referred(json, first) {
            let inside = self.replaced(evaluator, at + 1);
            return Some(inside.unwrap_or_else(|| evaluator.clone()));
        }
        match json {
            Json::List(items) => {
                let mut changed: Option<Vec<Json<'v>>> = None;
                for (at, item) in items.iter().enumerate() {
                    if let Some(replaced) = self.replaced(item, first) {
                        let items = changed.get_or_insert_with(|| items.clone());
                        if let Some(place) = items.get_mut(at) {
                            *place = replaced;
                        }
                    }
                }
                changed.map(Json::List)
            }
            Json::Object(members) => {
                let mut changed: Option<Vec<(Cow<'v, str>, Json<'v>)>> = None;
                for (at, (_, member)) in members.iter().enumerate() {
                    if let Some(replaced) = self.replaced(member, first) {
                        let members = changed.get_or_insert_with(|| members.clone());
                        if let Some((_, place)) = members.get_mut(at) {
                            *place = replaced;
                        }
                    }
                }
                changed.map(Json::Object)
            }
            _ => None,
        }
    }

    /// The evaluator that a reference leads to, and its place.
    fn referred(&self, json: &Json<'_>, first: usize) -> Option<(usize, &'j Json<'j>)> {
        let [(operator, _), ..] = json.members() else {
            return None;
        };
        if json.members().iter().any(|(name, _)| name != operator) {
            return None;
        }
        let name = json.get("$ref")?.text()?;
        // What JSON writes with a backslash is not found in the text.
        if name.contains(|c: char| matches!(c, '"' | '\\') || c < ' ') {
            return None;
        }
        let mut evaluators = self.ordered.iter().enumerate().skip(first);
        evaluators
            .find(|(_, (known, _))| *known == name)
            .map(|(at, (_, evaluator))| (at, *evaluator))
    }
}

/// The number, if JavaScript takes a name for an index.
pub(super) fn index(name: &str) -> Option<u32> {
    let number: u32 = name.parse().ok()?;
    (number < u32::MAX && number.to_string() == name).then_some(number)
}
