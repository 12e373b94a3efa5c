//! Small integers with a meaning.

use crate::units::Weight;
use core::ops::Range;

/// Bit of [`TestRecord::flags`](super::TestRecord::flags): the test holds when its question is answered with no. A
/// question without an answer (the attribute is missing) holds neither way.
pub const TEST_NEGATED: u8 = 1;
/// Bit of [`TestRecord::flags`](super::TestRecord::flags): the letters A to Z of the attribute count as small.
pub const TEST_IGNORES_CASE: u8 = 2;
/// Bit of [`TestRecord::flags`](super::TestRecord::flags): a question about an attribute that is missing or null is
/// answered with no.
pub const TEST_MISSING_IS_NO: u8 = 4;
/// Bit of [`TestRecord::flags`](super::TestRecord::flags): a question about a value of the wrong type is answered with no.
pub const TEST_MISTYPED_IS_NO: u8 = 8;
/// Bit of [`TestRecord::flags`](super::TestRecord::flags): of a list each element is asked; one yes is a yes, and
/// otherwise the answer is no.
pub const TEST_ELEMENTS: u8 = 16;
/// The bits of [`TestRecord::flags`](super::TestRecord::flags) that are a [`Conversion`] begin with this one.
pub const TEST_CONVERSION_SHIFT: u8 = 5;
/// Bit of [`RangeRecord::flags`](super::RangeRecord::flags): the range fills from its end.
pub const RANGE_BACKWARD: u16 = 1;
/// Bit of [`RangeRecord::flags`](super::RangeRecord::flags): it is filled as far as a plan's rollout has come.
pub const RANGE_PLANNED: u16 = 2;

/// Bit of [`PlanRecord::flags`](super::PlanRecord::flags): a stage's share grows to the next one's.
pub const PLAN_STRAIGHT: u16 = 1;

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
pub(super) use codes;

codes! {
    /// Which requests may be sent a second time, to another origin. GET, HEAD and OPTIONS always may.
    RepeatKind: u16 {
        /// No others.
        Safe = 0,
        /// Those with an `Idempotency-Key`.
        Keyed = 1,
        /// All.
        All = 2,
    }
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
        /// The unit belongs to segment `a`. If that is nothing but a set of keys, `b` is the set and the attribute the one that is
        /// looked up; otherwise `b` is [`NONE`](super::NONE), and there is no attribute.
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
        /// Text that is a member of set `a`.
        SetHas = 29,
        /// The unit falls into one of the ranges of split `a`. No attribute but the split's.
        Bucket = 30,
        /// As `Flag`, and the flag is not disabled. No attribute.
        FlagOn = 31,
        /// Always no. No attribute.
        Never = 32,
        /// Gives up the evaluation: the definition makes no sense where it gets here. No attribute.
        Fail = 33,
        /// A number above `ab`.
        NumberGreater = 34,
        /// A number at least `ab`.
        NumberAtLeast = 35,
        /// Text above the `b` bytes of data at `a`.
        TextGreater = 36,
        /// Text at least those bytes.
        TextAtLeast = 37,
        /// A date after `ab`.
        DateAfter = 38,
        /// A date at least `ab`.
        DateAtLeast = 39,
        /// A number, or text that is one, above `ab`.
        ParsedGreater = 40,
        /// A number, or text that is one, at least `ab`.
        ParsedAtLeast = 41,
        /// A list with an element that is null.
        IncludesNull = 42,
        /// A date, as V8 reads it, before `ab` as a 64-bit float.
        JsDateBefore = 43,
        /// A date, as V8 reads it, after `ab` as a 64-bit float.
        JsDateAfter = 44,
        /// Text that is a version to npm, as far as LaunchDarkly completes it; otherwise as `SemVer`.
        NpmSemVer = 45,
        /// Text that begins with one of the `b` texts from text `a` on.
        StartsWithOne = 46,
        /// Text that ends with one of them.
        EndsWithOne = 47,
        /// Text that contains one of them.
        ContainsOne = 48,
        /// A list with an element whose text is one of them.
        ListHasOne = 49,
        /// A list that has each of them among the texts of its elements.
        ListHasAll = 50,
        /// A list with nothing but them as the texts of its elements.
        ListWithin = 51,
        /// A list of elements with at least `a` different texts.
        ListDistinct = 52,
        /// Text that is a version to Split; `b` is the order in which it must stand to the version that is text `a`.
        SplitVersion = 53,
        /// Text that is the same version to Split as one of the `b` texts from text `a` on.
        SplitVersionIn = 54,
        /// A value whose text, as JavaScript's `value + ""` makes it, is the `b` bytes of data at `a`.
        JsTextEqual = 55,
        /// A value that is the number `ab`, as JavaScript's `value * 1` makes it.
        JsNumberEqual = 56,
        /// A value that JavaScript takes for true.
        JsTruthy = 57,
        /// A value that stands in order `b` ([`order`]) to text `a`, as JavaScript's `<` and its like compare them.
        JsTextOrder = 58,
        /// A value that stands in order `b` ([`order`]) to number `a`, as JavaScript's `<` and its like compare them.
        JsNumberOrder = 59,
        /// A value whose JSON text, as `JSON.stringify` makes it, is the `b` bytes of data at `a`.
        JsonEqual = 60,
        /// A version that stands in order `b` ([`order`]) to version `a`, both in GrowthBook's padded form.
        PaddedVersion = 61,
        /// Text that in small letters, as `toLowerCase` makes them, is among the `b` texts from text `a` on.
        LowerIn = 62,
        /// A value whose type is among the bits of `a` ([`kind`]).
        TypeIn = 63,
        /// A list for whose elements or length a condition holds: the tests from `a` on, as many as the lower 16 bits of `b`
        /// say; the upper 16 are a [`Scope`].
        Within = 64,
        /// Text in which program `a` matches.
        Program = 65,
        /// As `Segment`; but where that fails the test holds, negated or not. No attribute.
        SegmentUnlessFails = 66,
        /// The evaluation is inside flag `a`, which another requires. No attribute.
        Inside = 67,
        /// As `Fail`, also where failure is tolerated. No attribute.
        Abort = 68,
        /// A value in whose text, as JavaScript's `value + ""` makes it, program `a` matches.
        JsProgram = 69,
        /// Text that in small letters, as `toLowerCase` makes them, begins with one of the `b` texts from text `a` on.
        LowerStartsWithOne = 70,
        /// Text that in such small letters ends with one of them.
        LowerEndsWithOne = 71,
        /// Text that in such small letters contains one of them.
        LowerContainsOne = 72,
        /// Text that is a version to npm, as it is, and does not begin with `v`; otherwise as `SemVer`.
        NpmSemVerStrict = 73,
        /// Text that npm's `ip-address` takes for an address or a network, in one of the `b` networks from network `a` on.
        NpmNetwork = 74,
        /// Expression `a` is true to JsonLogic; text `b` is how it was written, unless [`NONE`](super::NONE). No attribute of
        /// its own.
        Expression = 75,
        /// Text among those words of the attribute whose bits are set in `ab`.
        WordIn = 76,
        /// Text that is a semantic version; the lowest 3 bits of `ab` are the order ([`order`]) in which it must stand to the release
        /// whose rank is in the other bits.
        Release = 77,
    }
}

codes! {
    /// What is done to a value before a test asks about it, as the services' SDKs do it.
    #[derive(Default)]
    Conversion: u8 {
        /// Nothing.
        #[default]
        None = 0,
        /// To text, as JavaScript's `String(value)` does it.
        JsText = 1,
        /// To a number, as JavaScript's `Number(value)` does it; to nothing where that is NaN.
        JsNumber = 2,
        /// To text that is not empty, as Split's JavaScript SDK does it; to nothing where there is none.
        SplitText = 3,
    }
}

codes! {
    /// How a unit's position in a rollout is found. `seed` and `modulus` are those of the split's record, the salt is its
    /// text.
    Algorithm: u8 {
        /// Of a million: Murmur3 of the salt and the unit, scaled; flagd's.
        Native = 0,
        /// Of 2 to the power of 60: SHA-1 of the salt, a point and the unit; LaunchDarkly's.
        LaunchDarkly = 1,
        /// 1 to 100: Murmur3 with `seed` of the unit; Split's.
        Split = 2,
        /// 1 to 100: Java's string hash, with `seed`; Split's algorithm 1.
        SplitLegacy = 3,
        /// 1 to `modulus`: Murmur3 with `seed` of the salt, a colon and the unit, a byte for each UTF-16 code unit;
        /// Unleash's Node SDK.
        Unleash = 4,
        /// The same over UTF-8; Unleash's other SDKs.
        UnleashUtf8 = 5,
        /// Of 1,000: FNV-1a of the unit and the salt; GrowthBook's hash version 1.
        GrowthBookV1 = 6,
        /// Of 10,000: FNV-1a of the decimal FNV-1a of the salt and the unit; GrowthBook's hash version 2.
        GrowthBookV2 = 7,
        /// As `Unleash`, and only text is a unit; how Unleash's Node SDK chooses variants.
        UnleashText = 8,
        /// As `Unleash`, and a unit is what JavaScript takes for true, were its text empty; how its strategies that do not
        /// name what they hash by find somebody.
        UnleashTruthy = 9,
        /// Of `modulus`: Murmur3 of the salt and the unit, scaled; flagd's version 2 for targeting keys.
        Flagd = 10,
        /// The same; flagd's version 2 for text of any other origin.
        FlagdText = 11,
    }
}

impl Algorithm {
    /// The positions that it gives; none if `modulus`, which says how many there are, is 0.
    ///
    /// ```
    /// use flagstone_core::layout::Algorithm;
    ///
    /// assert_eq!(Algorithm::Unleash.positions(100), 1..101);
    /// assert_eq!(Algorithm::GrowthBookV1.positions(0), 0..1_000);
    /// ```
    pub const fn positions(self, modulus: u32) -> Range<u64> {
        match self {
            Self::Native => 0..Weight::TOTAL.0 as u64,
            Self::LaunchDarkly => 0..1 << 60,
            Self::Split | Self::SplitLegacy => 1..101,
            Self::Unleash | Self::UnleashUtf8 | Self::UnleashText | Self::UnleashTruthy => {
                1..modulus as u64 + 1
            }
            Self::GrowthBookV1 => 0..1_000,
            Self::GrowthBookV2 => 0..10_000,
            Self::Flagd | Self::FlagdText => 0..modulus as u64,
        }
    }
}

codes! {
    /// What a split gives to a unit that has nothing to be bucketed by.
    Absent: u8 {
        /// The flag's default, with reason `DEFAULT`.
        Default = 0,
        /// The place of position 0, but the default for who has no targeting key either; null is one.
        First = 1,
        /// The next rule decides.
        Next = 2,
        /// `ERROR`.
        Fail = 3,
    }
}

/// Variants of a split's rest that are none.
pub mod rest {
    /// The next rule decides.
    pub const NEXT: u16 = u16::MAX - 1;
    /// `ERROR`.
    pub const FAIL: u16 = u16::MAX - 2;
}

impl Op {
    /// Whether it is among the operations that a program has which was built without the feature `services`: all that flags
    /// of `flagstone.toml` are made of.
    #[inline]
    pub(crate) const fn is_native(self) -> bool {
        // Later codes are those of services.
        (self as u8) < (Self::IncludesNull as u8) || matches!(self, Self::WordIn | Self::Release)
    }

    /// Whether the question is about an attribute's value and nothing else.
    #[inline]
    pub(crate) const fn asks_value(self) -> bool {
        self.asks_attribute() && !matches!(self, Self::Within)
    }

    /// Whether there is an answer for values of all types, missing ones too.
    #[inline]
    pub(crate) const fn takes_all(self) -> bool {
        matches!(
            self,
            Self::JsTextEqual
                | Self::JsNumberEqual
                | Self::JsTruthy
                | Self::JsTextOrder
                | Self::JsNumberOrder
                | Self::JsonEqual
                | Self::PaddedVersion
                | Self::LowerIn
                | Self::TypeIn
                | Self::JsProgram
        )
    }

    /// Whether the question is about an attribute.
    #[inline]
    pub const fn asks_attribute(self) -> bool {
        !matches!(
            self,
            Self::NowBefore
                | Self::NowEqual
                | Self::Segment
                | Self::SegmentUnlessFails
                | Self::Inside
                | Self::Abort
                | Self::Flag
                | Self::FlagOn
                | Self::Bucket
                | Self::Never
                | Self::Fail
                | Self::Expression
        )
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
    /// How many bits there are.
    pub const BITS: u32 = 3;
}

/// Types of values for [`Op::TypeIn`], as a set of bits.
pub mod kind {
    /// Null, or missing.
    pub const NULL: u32 = 1;
    /// `true` or `false`.
    pub const BOOLEAN: u32 = 2;
    /// A number.
    pub const NUMBER: u32 = 4;
    /// Text.
    pub const TEXT: u32 = 8;
    /// A list.
    pub const LIST: u32 = 16;
    /// An object.
    pub const OBJECT: u32 = 32;
}

codes! {
    /// What of a list [`Op::Within`] asks its condition about.
    Scope: u16 {
        /// Each element; one for which the condition holds is a yes.
        Elements = 0,
        /// The same, without those that are null.
        Present = 1,
        /// The number of elements.
        Length = 2,
    }
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
    /// The flag service whose document in the store holds the flags.
    ServiceKind: u16 {
        /// None: the flags are in the snapshot.
        None = 0,
        /// LaunchDarkly.
        LaunchDarkly = 1,
        /// Split (Harness FME).
        Split = 2,
        /// Unleash.
        Unleash = 3,
        /// OpenFeature flagd.
        Flagd = 4,
        /// GrowthBook.
        GrowthBook = 5,
    }
}

codes! {
    /// Which of a service's SDKs decisions agree with, where they differ.
    SdkKind: u16 {
        /// The one for Node.
        Node = 0,
        /// Those for other languages.
        Other = 1,
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
        /// The element of a list that a condition is asked about, or what lies in it: the source's name is empty, or a dot
        /// and steps separated by dots. Each step is the name of a member, or of a list the place of an element from 0
        /// on or `length`.
        Element = 14,
        /// A random number from 1 to 10,001 as text, the same for the whole request.
        Random = 15,
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
