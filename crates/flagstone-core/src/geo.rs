//! What a platform knows of a client's place.

use crate::layout::SourceKind;

macro_rules! fields {
    ($($(#[$meta:meta])* $field:ident = $name:literal, $kind:ident;)*) => {
        /// A field of a client's place, as both platforms give it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum GeoField {
            $($(#[$meta])* $field,)*
        }

        impl GeoField {
            /// The name that rules read it by, without `geo.`.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$field => $name,)*
                }
            }

            /// The field with this name behind `geo.`.
            ///
            /// ```
            /// use flagstone_core::GeoField;
            ///
            /// assert_eq!(GeoField::parse("postal_code"), Some(GeoField::PostalCode));
            /// assert_eq!(GeoField::parse("planet"), None);
            /// ```
            pub fn parse(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$field),)*
                    _ => None,
                }
            }

            /// The kind of attribute that reads it.
            pub fn source(self) -> SourceKind {
                match self {
                    $(Self::$field => SourceKind::$kind,)*
                }
            }

            /// The field that attributes of this kind read, if they read one.
            pub fn of(kind: SourceKind) -> Option<Self> {
                match kind {
                    $(SourceKind::$kind => Some(Self::$field),)*
                    _ => None,
                }
            }
        }
    };
}

fields! {
    /// ISO 3166-1 alpha-2 code in capitals, `DE`.
    Country = "country", GeoCountry;
    /// ISO 3166-2 code without the country, `BE`.
    Region = "region", GeoRegion;
    /// Name of the city in English.
    City = "city", GeoCity;
    /// Two-letter code of the continent in capitals, `EU`.
    Continent = "continent", GeoContinent;
    /// Postal code.
    PostalCode = "postal_code", GeoPostalCode;
    /// Number of the autonomous system, in decimal digits.
    Asn = "asn", GeoAsn;
    /// IANA name of the time zone, `Europe/Berlin`.
    Timezone = "timezone", GeoTimezone;
    /// Degrees north, in decimal notation.
    Latitude = "latitude", GeoLatitude;
    /// Degrees east, in decimal notation.
    Longitude = "longitude", GeoLongitude;
}
