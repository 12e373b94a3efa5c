//! Requests and responses as `flagstone-edge` reads them.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::net::IpAddr;

use flagstone_edge::{GeoField, RequestHead, ResponseHead};
use worker::js_sys::{Number, Reflect};
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::web_sys::{Headers, Request, Response};

/// A request's head. What is cheap only in JavaScript is fetched when it is asked for.
pub struct Head<'a> {
    request: &'a Request,
    headers: Headers,
    method: &'a str,
    url: Url<'a>,
    cf: OnceCell<JsValue>,
}

impl<'a> Head<'a> {
    /// `method` and `url` are those of `request`, which gives them only as copies.
    pub fn new(request: &'a Request, method: &'a str, url: &'a str) -> Self {
        Self {
            request,
            headers: request.headers(),
            method,
            url: Url::split(url),
            cf: OnceCell::new(),
        }
    }
}

impl RequestHead for Head<'_> {
    fn method(&self) -> &str {
        self.method
    }

    fn scheme(&self) -> &str {
        self.url.scheme
    }

    fn host(&self) -> &str {
        self.url.host
    }

    fn path(&self) -> &str {
        self.url.path
    }

    fn query(&self) -> Option<&str> {
        self.url.query
    }

    fn header(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        bytes(&self.headers, name)
    }

    fn geo(&self, field: GeoField) -> Option<Cow<'_, str>> {
        let cf = self.cf.get_or_init(|| property(self.request, "cf"));
        let value = property(
            cf,
            match field {
                GeoField::Country => "country",
                GeoField::Region => "regionCode",
                GeoField::City => "city",
                GeoField::Continent => "continent",
                GeoField::PostalCode => "postalCode",
                GeoField::Asn => "asn",
                GeoField::Timezone => "timezone",
                GeoField::Latitude => "latitude",
                GeoField::Longitude => "longitude",
            },
        );
        let text = match value.dyn_ref::<Number>() {
            Some(number) => number.to_string_with_radix(10).ok().map(String::from),
            None => value.as_string(),
        };
        text.filter(|text| !text.is_empty()).map(Cow::Owned)
    }

    fn client_ip(&self) -> Option<IpAddr> {
        let address = self.headers.get("cf-connecting-ip").ok()??;
        address.parse().ok()
    }
}

/// A response's head.
pub struct Answered<'a> {
    status: u16,
    headers: &'a Headers,
}

impl<'a> Answered<'a> {
    /// `headers` are those of `response`, or a copy.
    pub fn new(response: &Response, headers: &'a Headers) -> Self {
        Self {
            status: response.status(),
            headers,
        }
    }
}

impl ResponseHead for Answered<'_> {
    fn status(&self) -> u16 {
        self.status
    }

    fn header(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        bytes(self.headers, name)
    }
}

/// The parts of a URL that the runtime has written: absolute, with a path, without user and fragment.
pub struct Url<'a> {
    pub scheme: &'a str,
    /// With the port, if it is not the scheme's own.
    pub host: &'a str,
    pub path: &'a str,
    /// Without `?`.
    pub query: Option<&'a str>,
}

impl<'a> Url<'a> {
    pub fn split(url: &'a str) -> Self {
        let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (host, rest) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let (path, query) = match rest.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (rest, None),
        };
        Self {
            scheme,
            host,
            path,
            query,
        }
    }
}

/// A header's value as it was sent.
///
/// The runtime reads headers as UTF-8 and puts U+FFFD where they are not. It becomes a byte again that is not UTF-8,
/// so that such a value is taken for what it is.
fn bytes(headers: &Headers, name: &str) -> Option<Cow<'static, [u8]>> {
    let value = headers.get(name).ok()??;
    if !value.contains(char::REPLACEMENT_CHARACTER) {
        return Some(value.into_bytes().into());
    }
    let parts = value.split(char::REPLACEMENT_CHARACTER).map(str::as_bytes);
    let parts: Vec<_> = parts.collect();
    Some(parts.join(&0xff).into())
}

/// A property's value; `undefined` where there is none.
fn property(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &JsValue::from(name)).unwrap_or_default()
}
