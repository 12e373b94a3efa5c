//! Small integers with a meaning.

/// Bit of [`TestRecord::flags`](super::TestRecord::flags): the test holds when its question is answered with no. A
/// question without an answer (the attribute is missing) holds neither way.
pub const TEST_NEGATED: u8 = 1;
/// Bit of [`TestRecord::flags`](super::TestRecord::flags): the letters A to Z of the attribute count as small.
pub const TEST_IGNORES_CASE: u8 = 2;
/// Bit of [`RangeRecord::flags`](super::RangeRecord::flags): the range fills from its end.
pub const RANGE_BACKWARD: u16 = 1;

/// Declares an enum with its codes.
macro_rules! codes {
    ($(#[$meta:meta])* $name:ident: $repr:ty { $($(#[$code_meta:meta])* $code:ident = $value:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr($repr)]
        pub enum $name { $($(#[$code_meta])* $code = $value,)* }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$code,)*];

            /// The one with this code.
            #[inline]
            pub const fn from_code(code: $repr) -> Option<Self> {
                match code { $($value => Some(Self::$code),)* _ => None }
            }
        }
    };
}

codes! {
    /// What a test asks. `a` and `b` are the operands of its record, `ab` both as one 64-bit number with `a` low.
    Op: u8 {
        /// The attribute is there and not null.
        Exists = 0,
        /// A boolean equal to `a` (0 or 1).
        Boolean = 1,
        /// A number equal to `ab` as a 64-bit float.
        NumberEqual = 2,
        /// A number below `ab`.
        NumberLess = 3,
        /// A number at most `ab`.
        NumberAtMost = 4,
        /// Text equal to the `b` bytes of data at `a`.
        TextEqual = 5,
        /// Text below those bytes.
        TextLess = 6,
        /// Text at most those bytes.
        TextAtMost = 7,
        /// Text that begins with them.
        StartsWith = 8,
        /// Text that ends with them.
        EndsWith = 9,
        /// Text that contains them.
        Contains = 10,
        /// Text among the `b` texts from text `a` on.
        TextIn = 11,
        /// A number among the `b` numbers from number `a` on.
        NumberIn = 12,
        /// A list with an element that is text equal to the `b` bytes of data at `a`.
        IncludesText = 13,
        /// A list with an element that is a number equal to `ab`.
        IncludesNumber = 14,
        /// A list with an element that is a boolean equal to `a`.
        IncludesBoolean = 15,
        /// Text in which pattern `a` matches.
        Pattern = 16,
        /// Text that is a semantic version; `b` is the order ([`order`]) in which it must stand to version `a`.
        SemVer = 17,
        /// A date before `ab`, in milliseconds since 1970.
        DateBefore = 18,
        /// A date at most `ab`.
        DateAtMost = 19,
        /// A date equal to `ab`.
        DateEqual = 20,
        /// Text that is an address in one of the `b` networks from network `a` on.
        Network = 21,
        /// The time of the evaluation is before `ab`. No attribute.
        NowBefore = 22,
        /// The unit belongs to segment `a`. No attribute.
        Segment = 23,
        /// Flag `a` has one of the variants listed from index `b` on, after their number. No attribute.
        Flag = 24,
        /// A number, or text that is one, below `ab`.
        ParsedLess = 25,
        /// A number, or text that is one, at most `ab`.
        ParsedAtMost = 26,
        /// A number, or text that is one, equal to `ab`.
        ParsedEqual = 27,
        /// The time of the evaluation is `ab`. No attribute.
        NowEqual = 28,
    }
}

/// Orders of [`Op::SemVer`], as a set of bits: which outcomes of a comparison satisfy the test.
pub mod order {
    /// The attribute is less than the constant.
    pub const LESS: u32 = 1;
    /// Both are equal.
    pub const EQUAL: u32 = 2;
    /// The attribute is greater.
    pub const GREATER: u32 = 4;
}

codes! {
    /// The type of a variant's value.
    ValueKind: u16 {
        /// `number` is 0 or 1, the text `true` or `false`.
        Boolean = 0,
        /// The text itself.
        String = 1,
        /// `number` is a 64-bit float, the text its JSON form.
        Number = 2,
        /// The text is JSON.
        Json = 3,
    }
}

codes! {
    /// The part of a request that an attribute comes from.
    SourceKind: u16 {
        /// None: the attribute is always missing at the edge.
        Nothing = 0,
        /// The targeting key that the identity gives.
        TargetingKey = 1,
        /// A header, by name.
        Header = 2,
        /// A cookie, by name.
        Cookie = 3,
        /// A query parameter, by name.
        Query = 4,
        /// The method.
        Method = 5,
        /// The host.
        Host = 6,
        /// The path.
        Path = 7,
        /// The preferred language.
        Language = 8,
        /// The user agent.
        UserAgent = 9,
        /// Whether it is a declared bot.
        Bot = 10,
        /// Whether `Sec-GPC: 1` was sent.
        Gpc = 11,
        /// Whether `Sec-Purpose` says prefetch.
        Prefetch = 12,
        /// The client's address.
        ClientIp = 13,
        /// Country code.
        GeoCountry = 32,
        /// Region code.
        GeoRegion = 33,
        /// City.
        GeoCity = 34,
        /// Continent code.
        GeoContinent = 35,
        /// Postal code.
        GeoPostalCode = 36,
        /// Autonomous system.
        GeoAsn = 37,
        /// Time zone.
        GeoTimezone = 38,
        /// Degrees north.
        GeoLatitude = 39,
        /// Degrees east.
        GeoLongitude = 40,
    }
}
