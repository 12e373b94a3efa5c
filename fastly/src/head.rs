//! Requests and responses as `flagstone-edge` reads them.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::net::IpAddr;

use fastly::Request;
use fastly::geo::{Geo, geo_lookup};
use fastly::handle::{RequestHandle, ResponseHandle};
use flagstone_edge::{GeoField, RequestHead, ResponseHead};

use crate::headers::joined;

/// A request's head. The platform gives each part when it is asked for.
pub struct Head<'a> {
    request: &'a Request,
    handle: &'a RequestHandle,
    host: String,
    geo: OnceCell<Option<Geo>>,
}

impl<'a> Head<'a> {
    pub fn new(request: &'a Request) -> Self {
        let url = request.get_url();
        let mut host = url.host_str().unwrap_or_default().to_owned();
        if let Some(port) = url.port() {
            host.push(':');
            host.push_str(&port.to_string());
        }
        Self {
            request,
            handle: request.as_handles().0,
            host,
            geo: OnceCell::new(),
        }
    }
}

impl RequestHead for Head<'_> {
    fn method(&self) -> &str {
        self.request.get_method_str()
    }

    fn scheme(&self) -> &str {
        self.request.get_url().scheme()
    }

    fn host(&self) -> &str {
        &self.host
    }

    fn path(&self) -> &str {
        self.request.get_url().path()
    }

    fn query(&self) -> Option<&str> {
        self.request.get_url().query()
    }

    fn header(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        joined(
            self.handle,
            name,
            if name == "cookie" { b"; " } else { b", " },
        )
    }

    fn geo(&self, field: GeoField) -> Option<Cow<'_, str>> {
        let look_up = || geo_lookup(self.client_ip()?);
        let geo = self.geo.get_or_init(look_up).as_ref()?;
        let degrees = |degrees: f64| (degrees.abs() <= 180.0).then(|| degrees.to_string().into());
        match field {
            GeoField::Country => known(geo.country_code()),
            GeoField::Region => known(geo.region()?),
            GeoField::City => known(geo.city()),
            GeoField::Continent => known(geo.continent().as_code()),
            GeoField::PostalCode => known(geo.postal_code()),
            GeoField::Asn => (geo.as_number() != 0).then(|| geo.as_number().to_string().into()),
            // The platform knows the offset of the moment, no name.
            GeoField::Timezone => None,
            GeoField::Latitude => degrees(geo.latitude()),
            GeoField::Longitude => degrees(geo.longitude()),
        }
    }

    fn client_ip(&self) -> Option<IpAddr> {
        self.handle.client_ip_addr()
    }
}

/// A response's head.
pub struct Answered<'a>(pub &'a ResponseHandle);

impl ResponseHead for Answered<'_> {
    fn status(&self) -> u16 {
        self.0.get_status().as_u16()
    }

    fn header(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        joined(self.0, name, b", ")
    }
}

/// Where it knows nothing the platform says `?`, `??` or `**`.
fn known(text: &str) -> Option<Cow<'_, str>> {
    let is_known = text
        .chars()
        .any(|character| !matches!(character, '?' | '*' | ' '));
    is_known.then_some(Cow::Borrowed(text))
}
