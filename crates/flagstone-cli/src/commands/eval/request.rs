//! One line of requests.

use crate::context::Context;
use flagstone_core::{UnixMillis, Value, parse_rfc3339};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// What a line asks; its context has been read into the [`Context`] given to [`Request::read`].
#[derive(Debug)]
pub struct Request<'l> {
    /// Key of the flag.
    pub flag: Cow<'l, str>,
    /// What is answered without a variant, as it was written.
    pub default: Option<&'l RawValue>,
    /// The type that the value must have.
    pub wanted: Option<Type>,
    /// The time of the evaluation.
    pub now: Option<UnixMillis>,
}

/// A type of values, in OpenFeature's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Type {
    /// `true` or `false`.
    Boolean,
    /// Text.
    String,
    /// A number.
    Number,
    /// Any other JSON.
    Object,
}

impl Type {
    /// Whether a value is of this type.
    pub fn has(self, value: &Value<'_>) -> bool {
        matches!(
            (self, value),
            (Self::Boolean, Value::Boolean(_))
                | (Self::String, Value::String(_))
                | (Self::Number, Value::Number { .. })
                | (Self::Object, Value::Json(_))
        )
    }
}

impl<'l> Request<'l> {
    /// Reads a line, and its context into `context`. Members of other names are passed over.
    ///
    /// # Errors
    /// If the line is not a JSON object, has no `flag` or no `context`, or a member is not what it must be.
    #[inline]
    pub fn read(line: &'l str, context: &mut Context<'_, 'l>) -> Result<Self, RequestError> {
        let mut json = serde_json::Deserializer::from_str(line);
        let request = RequestReader(context).deserialize(&mut json);
        let request = request.and_then(|request| json.end().map(|()| request));
        request.map_err(RequestError)
    }
}

/// Why a line cannot be used.
#[derive(Debug)]
pub struct RequestError(serde_json::Error);

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_eof() && self.0.column() == 0 {
            return f.write_str("the line is empty");
        }
        let text = self.0.to_string();
        // Each line is a text of its own; that the problem lies in its line 1 says nothing.
        match text.rsplit_once(" at line 1 column ") {
            Some((what, column)) => write!(f, "{what} at column {column}"),
            None => f.write_str(&text),
        }
    }
}

struct RequestReader<'r, 'n, 'l>(&'r mut Context<'n, 'l>);

impl<'l> DeserializeSeed<'l> for RequestReader<'_, '_, 'l> {
    type Value = Request<'l>;

    fn deserialize<D: Deserializer<'l>>(self, json: D) -> Result<Request<'l>, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'l> Visitor<'l> for RequestReader<'_, '_, 'l> {
    type Value = Request<'l>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `flag` and `context`")
    }

    fn visit_map<M: MapAccess<'l>>(self, mut members: M) -> Result<Request<'l>, M::Error> {
        let mut flag = None;
        let mut has_context = false;
        let (mut default, mut wanted, mut now) = (None, None, None);
        while let Some(member) = members.next_key()? {
            match member {
                Member::Flag => flag = Some(members.next_value::<Text<'l>>()?.0),
                Member::Context => {
                    members.next_value_seed(&mut *self.0)?;
                    has_context = true;
                }
                Member::Default => default = Some(members.next_value()?),
                Member::Type => wanted = members.next_value()?,
                Member::Now => now = members.next_value::<Option<Moment>>()?,
                Member::Other => {
                    members.next_value::<IgnoredAny>()?;
                }
            }
        }
        if !has_context {
            return Err(M::Error::missing_field("context"));
        }
        Ok(Request {
            flag: flag.ok_or_else(|| M::Error::missing_field("flag"))?,
            default,
            wanted,
            now: now.map(|Moment(now)| now),
        })
    }
}

/// The name of a member of a line.
#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Member {
    Flag,
    Context,
    Default,
    Type,
    Now,
    #[serde(other)]
    Other,
}

/// Text that is borrowed where it has no escapes.
#[derive(Deserialize)]
struct Text<'l>(#[serde(borrow)] Cow<'l, str>);

/// An RFC 3339 date-time.
struct Moment(UnixMillis);

impl<'l> Deserialize<'l> for Moment {
    fn deserialize<D: Deserializer<'l>>(json: D) -> Result<Self, D::Error> {
        let Text(text) = Text::deserialize(json)?;
        let now = parse_rfc3339(&text).map(Self);
        now.ok_or_else(|| {
            D::Error::custom(format_args!(
                "`{text}` is no date-time such as 2026-12-01T08:00:00Z"
            ))
        })
    }
}
