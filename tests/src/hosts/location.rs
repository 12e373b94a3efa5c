//! Where a visitor is, in each platform's own words.

use serde_json::{Value, json};

/// Fastly's coordinates of an unknown place, in degrees.
const NOWHERE: (f64, f64) = (999.9, 999.9);

/// Where a visitor is. What is `None` or empty is unknown to the platform.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Location {
    /// ISO 3166-1 alpha-2: `DE`.
    pub country: Option<String>,
    /// The part of ISO 3166-2 after the country: `BY`.
    pub region: Option<String>,
    /// English name.
    pub city: Option<String>,
    /// Two letters: `EU`.
    pub continent: Option<String>,
    /// As the country writes it.
    pub postal_code: Option<String>,
    /// Number of the autonomous system.
    pub asn: Option<u32>,
    /// IANA name, `Europe/Berlin`. Fastly does not know it.
    pub timezone: Option<String>,
    /// Degrees, north and east.
    pub coordinates: Option<(f64, f64)>,
}

impl Location {
    /// The `cf` object of a request on Cloudflare.
    pub(super) fn cloudflare(&self) -> Value {
        let mut cf = json!({
            "country": self.country,
            "regionCode": self.region,
            "city": self.city,
            "continent": self.continent,
            "postalCode": self.postal_code,
            "asn": self.asn,
            "timezone": self.timezone,
            // Text there, unlike everywhere else.
            "latitude": self.coordinates.map(|(latitude, _)| latitude.to_string()),
            "longitude": self.coordinates.map(|(_, longitude)| longitude.to_string()),
        });
        if let Some(members) = cf.as_object_mut() {
            members.retain(|_, value| !value.is_null());
        }
        cf
    }

    /// Viceroy's table of addresses: the visitor's is the only one. All members must be there; unknown text is `?`.
    pub(super) fn fastly(&self) -> Value {
        if *self == Self::default() {
            return json!({});
        }
        let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "?".to_owned());
        let (latitude, longitude) = self.coordinates.unwrap_or(NOWHERE);
        json!({ "127.0.0.1": {
            "as_name": "?",
            "as_number": self.asn.unwrap_or_default(),
            "area_code": 0,
            "city": text(&self.city),
            "conn_speed": "?",
            "conn_type": "?",
            "continent": text(&self.continent),
            "country_code": text(&self.country),
            "country_code3": "?",
            "country_name": "?",
            "latitude": latitude,
            "longitude": longitude,
            "metro_code": 0,
            "postal_code": text(&self.postal_code),
            "proxy_description": "?",
            "proxy_type": "?",
            "region": text(&self.region),
            "utc_offset": 0,
        }})
    }
}
