//! Context fields as attributes.

use flagstone_compile::model::TARGETING_KEY;
use flagstone_json::Json;

/// The attribute that is chance: a number from 1 to 10,001 as text.
pub(super) const RANDOM: &str = "request.random";

/// The fields that strategies take from the context itself, with their attributes: the field, and the property of the same
/// name, which constraints see where there is no such field.
pub(super) const FIELDS: [(&str, &str, &str); 3] = [
    ("userId", TARGETING_KEY, "user.properties.userId"),
    ("sessionId", "user.sessionId", "user.properties.sessionId"),
    (
        "remoteAddress",
        "client.ip",
        "user.properties.remoteAddress",
    ),
];

/// The attribute of the field `userId`.
pub(super) const USER: &str = TARGETING_KEY;
/// The attribute of the field `sessionId`.
pub(super) const SESSION: &str = "user.sessionId";
/// The attribute of the field `remoteAddress`.
pub(super) const ADDRESS: &str = "client.ip";

/// Bytes that a name may have, so that it fits a snapshot with what stands around it.
const LONGEST: usize = 10_000;

/// The attributes in which a context field is looked up, of which one at most is there. `None` for names that cannot be
/// looked up here: what every object of JavaScript inherits, and names that are too long.
pub(super) fn attributes(field: &str) -> Option<Vec<String>> {
    if let Some((_, own, property)) = FIELDS.iter().find(|(name, ..)| *name == field) {
        return Some(vec![(*own).to_owned(), (*property).to_owned()]);
    }
    let is_inherited = matches!(
        field,
        "constructor"
            | "hasOwnProperty"
            | "isPrototypeOf"
            | "propertyIsEnumerable"
            | "toLocaleString"
            | "toString"
            | "valueOf"
            | "__proto__"
            | "__defineGetter__"
            | "__defineSetter__"
            | "__lookupGetter__"
            | "__lookupSetter__"
    );
    if is_inherited || field.len() > LONGEST {
        return None;
    }
    // `user.key` is the user's id.
    if is_identifier(field) && field != "key" {
        return Some(vec![["user.", field].concat()]);
    }
    let quoted = Json::Text(field.into()).to_string();
    Some(vec![["user[", &quoted, "]"].concat()])
}

/// The context field behind an attribute that is not one of [`FIELDS`].
#[cfg(feature = "answers")]
pub(super) fn field(attribute: &str) -> Option<std::borrow::Cow<'_, str>> {
    let rest = attribute.strip_prefix("user")?;
    match rest.strip_prefix('.') {
        Some(field) => Some(field.into()),
        None => match Json::read(rest.strip_prefix('[')?.strip_suffix(']')?).ok()? {
            Json::Text(field) => Some(field),
            _ => None,
        },
    }
}

fn is_identifier(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
