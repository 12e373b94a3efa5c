//! What a shell shows of a request and of a response.

use flagstone_core::layout::SourceKind;
use std::borrow::Cow;
use std::net::IpAddr;

/// A request without its body, as it came in.
///
/// Every method is cheap but [`header`](Self::header), which may cross a boundary of the platform; this crate asks
/// for each header at most once a request.
pub trait RequestHead {
    /// The method as sent; methods are case-sensitive.
    fn method(&self) -> &str;

    /// `https` or `http`.
    fn scheme(&self) -> &str;

    /// The host as sent, with its port if one was sent; visible ASCII.
    fn host(&self) -> &str;

    /// The path as sent, without query, not decoded; begins with `/`.
    fn path(&self) -> &str;

    /// The query as sent, without `?`, not decoded; `None` if there is none.
    fn query(&self) -> Option<&str>;

    /// The value of a header, by its lower-case name, as bytes; `None` if it was not sent.
    ///
    /// Several lines of one name are joined by `, `, those of `cookie` by `; `.
    fn header(&self, name: &str) -> Option<Cow<'_, [u8]>>;

    /// What the platform knows of the client's place; `None` if it does not know.
    fn geo(&self, field: GeoField) -> Option<Cow<'_, str>>;

    /// The address of the client.
    fn client_ip(&self) -> Option<IpAddr>;
}

/// A response without its body, as an origin gave it.
pub trait ResponseHead {
    /// The status code.
    fn status(&self) -> u16;

    /// The value of a header, by its lower-case name, as bytes; `None` if it was not sent. Several lines of one name
    /// are joined by `, `.
    fn header(&self, name: &str) -> Option<Cow<'_, [u8]>>;
}

/// A field of the client's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GeoField {
    /// ISO 3166-1 alpha-2 code in capitals, `DE`.
    Country,
    /// ISO 3166-2 code without the country, `BE`.
    Region,
    /// Name of the city.
    City,
    /// Two-letter code of the continent in capitals, `EU`.
    Continent,
    /// Postal code.
    PostalCode,
    /// Number of the autonomous system, in decimal digits.
    Asn,
    /// IANA name of the time zone, `Europe/Berlin`.
    Timezone,
    /// Degrees north, in decimal notation.
    Latitude,
    /// Degrees east, in decimal notation.
    Longitude,
}

impl GeoField {
    /// The name that rules read it by, without `geo.`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Country => "country",
            Self::Region => "region",
            Self::City => "city",
            Self::Continent => "continent",
            Self::PostalCode => "postal_code",
            Self::Asn => "asn",
            Self::Timezone => "timezone",
            Self::Latitude => "latitude",
            Self::Longitude => "longitude",
        }
    }

    /// The field that an attribute of this kind comes from.
    pub(crate) fn of(kind: SourceKind) -> Option<Self> {
        Some(match kind {
            SourceKind::GeoCountry => Self::Country,
            SourceKind::GeoRegion => Self::Region,
            SourceKind::GeoCity => Self::City,
            SourceKind::GeoContinent => Self::Continent,
            SourceKind::GeoPostalCode => Self::PostalCode,
            SourceKind::GeoAsn => Self::Asn,
            SourceKind::GeoTimezone => Self::Timezone,
            SourceKind::GeoLatitude => Self::Latitude,
            SourceKind::GeoLongitude => Self::Longitude,
            _ => return None,
        })
    }
}
