//! Saved groups.

use super::condition::{Conditions, Root};
use flagstone_compile::model::{Condition, Keys, Segment, TARGETING_KEY, Test};
use flagstone_json::Json;

/// Members that every object has in JavaScript; as names of groups they lead to something that is none.
const INHERITED: [&str; 12] = [
    "__defineGetter__",
    "__defineSetter__",
    "__lookupGetter__",
    "__lookupSetter__",
    "__proto__",
    "constructor",
    "hasOwnProperty",
    "isPrototypeOf",
    "propertyIsEnumerable",
    "toLocaleString",
    "toString",
    "valueOf",
];

impl<'d> Conditions<'d> {
    /// The values of a group, for `$inGroup`; `None` for a group that has none. Source: `getSavedGroupArrayValues`.
    pub fn group_values(&self, id: &str) -> Option<&'d [Json<'d>]> {
        match self.groups.get(id) {
            None if INHERITED.contains(&id) => None,
            None => Some(&[]),
            Some(Json::List(values)) => Some(values),
            Some(group) if is_of_type(group, "list") => match group.get("values") {
                Some(Json::List(values)) => Some(values),
                _ => None,
            },
            Some(_) => None,
        }
    }

    /// `$savedGroup`. Source: `evalSavedGroup`.
    pub fn saved_group(&mut self, reference: &'d Json<'d>, root: Root) -> Condition {
        let Some(id) = reference.get("id").and_then(Json::text) else {
            return Condition::never();
        };
        let key = reference.get("attributeKey");
        if self.way.contains(&id) || key.is_some_and(|key| key.text().is_none()) {
            return Condition::never();
        }
        let Some(group) = self.groups.get(id) else {
            return Condition::never();
        };
        if is_of_type(group, "list") {
            let key = key.or_else(|| group.get("attributeKey"));
            let (Some(key), Some(Json::List(values))) =
                (key.and_then(Json::text), group.get("values"))
            else {
                return Condition::never();
            };
            let name = self.name(key, root);
            return self.is_in(values, &name, false);
        }
        match group.get("condition") {
            Some(condition @ (Json::Object(_) | Json::List(_)))
                if is_of_type(group, "condition") =>
            {
                self.condition_group(id, condition, root)
            }
            // Of a type that came after this SDK.
            _ => Condition::never(),
        }
    }

    /// A group that is a condition: a segment, unless it is asked about an element, or what it says depends on the groups
    /// that it lies in.
    fn condition_group(&mut self, id: &'d str, condition: &'d Json<'d>, root: Root) -> Condition {
        let is_key = (1..=255).contains(&id.len()) && !id.chars().any(char::is_control);
        let is_segment =
            root == Root::Attributes && is_key && !self.leads_into(condition, &self.way);
        if !is_segment {
            self.way.push(id);
            let inside = self.condition(condition, root);
            self.way.pop();
            return inside;
        }
        let mut known = self.group_problems.iter();
        let problems = match known.find(|(known, _)| *known == id) {
            Some((_, problems)) => problems.clone(),
            None => {
                let outside = std::mem::take(&mut self.problems);
                let way = std::mem::replace(&mut self.way, vec![id]);
                let when = self.bounded(condition);
                self.way = way;
                let problems = std::mem::replace(&mut self.problems, outside);
                self.group_problems.push((id, problems.clone()));
                self.segments.push(Segment {
                    key: id.to_owned(),
                    by: TARGETING_KEY.to_owned(),
                    included: Keys::default(),
                    excluded: Keys::default(),
                    when,
                });
                problems
            }
        };
        for problem in problems {
            self.fail(&problem);
        }
        Condition::Test(Test::Segment(id.to_owned()))
    }

    /// Whether a condition refers to one of some groups, through other groups too.
    fn leads_into(&self, condition: &'d Json<'d>, way: &[&'d str]) -> bool {
        let mut open = vec![condition];
        let mut seen: Vec<&str> = Vec::new();
        while let (false, Some(json)) = (way.is_empty(), open.pop()) {
            open.extend(json.elements());
            for (name, value) in json.members() {
                open.push(value);
                let id = value.get("id").and_then(Json::text);
                let Some(id) = id.filter(|_| name == "$savedGroup") else {
                    continue;
                };
                if way.contains(&id) {
                    return true;
                }
                if !seen.contains(&id) {
                    seen.push(id);
                    open.extend(self.groups.get(id));
                }
            }
        }
        false
    }
}

fn is_of_type(group: &Json<'_>, kind: &str) -> bool {
    group.get("type").and_then(Json::text) == Some(kind)
}
