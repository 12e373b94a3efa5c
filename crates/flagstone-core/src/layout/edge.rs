//! Records that the request pipeline reads. This crate only knows how they lie; what they mean for a request is
//! `flagstone-edge`'s affair.

use super::define_records;

/// Bits of [`EdgeRecord::switches`]. Others are 0.
pub mod switch {
    /// Reasons go along with variants.
    pub const REASONS: u16 = 1;
    /// Values go along with variants.
    pub const VALUES: u16 = 1 << 1;
    /// Browsers get `Server-Timing`.
    pub const SERVER_TIMING: u16 = 1 << 2;
    /// Pages get a script element.
    pub const SCRIPT: u16 = 1 << 3;
    /// Browsers get a cookie that scripts can read.
    pub const COOKIE: u16 = 1 << 4;
    /// What a page loads keeps the default variants that the page got.
    pub const FOLLOW_PAGE: u16 = 1 << 5;
    /// Programs may ask for flags by OFREP.
    pub const OFREP: u16 = 1 << 6;
    /// Those without a key too, for flags that browsers get.
    pub const OFREP_PUBLIC: u16 = 1 << 7;
    /// Browsers may report which variants were seen.
    pub const EXPOSURES: u16 = 1 << 8;
    /// What no request can ask for was left out.
    pub const CUT: u16 = 1 << 9;
    /// All of them.
    pub const ALL: u16 = (1 << 10) - 1;
}

define_records! {
    /// Identity and exposure. There is one.
    EdgeRecord {
        /// The first of identity's sources.
        sources: u32 = 0,
        /// The name of the cookie of the anonymous id, in data.
        cookie_offset: u32 = 4,
        /// Bytes of that name; 0 if no id is minted.
        cookie_len: u16 = 8,
        /// Number of identity's sources.
        sources_count: u16 = 10,
        /// Seconds for which the browser keeps the anonymous id.
        max_age: u32 = 12,
        /// The name of the cookie that shows consent, in data.
        consent_offset: u32 = 16,
        /// The value that it must have, in data.
        consent_value_offset: u32 = 20,
        /// Bytes of the name; 0 if no consent is needed.
        consent_len: u16 = 24,
        /// Bytes of the value; 0 if any value that is not empty will do.
        consent_value_len: u16 = 26,
        /// The first index of the flags exposed to browsers.
        browser: u32 = 28,
        /// How many.
        browser_count: u32 = 32,
        /// The first index of the flags exposed to origins.
        origin: u32 = 36,
        /// How many.
        origin_count: u32 = 40,
        /// The [`ServiceKind`](super::ServiceKind) of the document that holds the flags.
        service: u16 = 44,
        /// An [`SdkKind`](super::SdkKind): whom the document's flags must agree with.
        sdk: u16 = 46,
        /// The document's key in the store, in data.
        document_offset: u32 = 48,
        /// Bytes of that key; 0 if the flags are here.
        document_len: u16 = 52,
        /// What is sent, as bits: see [`switch`].
        switches: u16 = 54,
        /// The first of the names that flags have towards frontends: key and alias of each.
        aliases: u32 = 56,
        /// How many.
        aliases_count: u16 = 60,
        /// Bytes that the value of `Feature-Flags` may have.
        budget: u16 = 62,
        /// The origins whose pages may ask by OFREP, in data: apart by a blank, or `*`.
        cors_offset: u32 = 64,
        /// Bytes of that text; 0 for none but the edge's own.
        cors_len: u16 = 68,
    } = 70;

    /// A part of the request.
    SourceRecord {
        /// The name of the header, cookie or query parameter, in data.
        name_offset: u32 = 0,
        /// Bytes of the name.
        name_len: u16 = 4,
        /// A [`SourceKind`](super::SourceKind).
        kind: u16 = 6,
    } = 8;

    /// An origin.
    OriginRecord {
        /// The name, in data.
        name_offset: u32 = 0,
        /// Bytes of the name.
        name_len: u16 = 4,
        /// The origin that stands in for it, or [`NONE16`](super::NONE16).
        fallback: u16 = 6,
        /// Milliseconds until its response's head must be there; 0 for as long as the platform waits.
        timeout: u32 = 8,
        /// Which of its statuses from 400 to 499 are failures, as [`Statuses`](super::Statuses) has them.
        client_failures: u32 = 12,
        /// Which of those from 500 on.
        server_failures: u32 = 16,
    } = 20;

    /// A route.
    RouteRecord {
        /// The host pattern, in data.
        host_offset: u32 = 0,
        /// The path pattern, in data.
        path_offset: u32 = 4,
        /// Bytes of the host pattern; 0 for every host.
        host_len: u16 = 8,
        /// Bytes of the path pattern.
        path_len: u16 = 10,
        /// The flag that acts, or [`NONE`](super::NONE).
        flag: u32 = 12,
        /// The action of that flag's first variant, or [`NONE`](super::NONE) without a flag.
        actions: u32 = 16,
        /// The first index of the flags that it narrows requests to.
        flags: u32 = 20,
        /// How many; [`NONE`](super::NONE) if it does not narrow.
        flags_count: u32 = 24,
        /// A [`RepeatKind`](super::RepeatKind): which of its requests may be sent a second time.
        repeat: u16 = 28,
        /// What counts as harm on it, or [`NONE16`](super::NONE16) for what does everywhere.
        harm: u16 = 30,
    } = 32;

    /// What counts as harm on a route, beside what is a failure everywhere.
    HarmRecord {
        /// Milliseconds after which the head of a response is too late; 0 for never.
        slower_than: u32 = 0,
        /// Which statuses from 400 to 499, as [`Statuses`](super::Statuses) has them.
        client_statuses: u32 = 4,
        /// Which of those from 500 on.
        server_statuses: u32 = 8,
        /// Names of events, in data, with a blank between two.
        events_offset: u32 = 12,
        /// Bytes of them; 0 for none.
        events_len: u16 = 16,
        /// 0.
        reserved: u16 = 18,
    } = 20;

    /// What a variant does.
    ActionRecord {
        /// The new path, in data.
        rewrite_offset: u32 = 0,
        /// The first of the headers set on the request.
        request_headers: u32 = 4,
        /// The first of the headers set on the response.
        response_headers: u32 = 8,
        /// The first of the cookies set on the response.
        cookies: u32 = 12,
        /// Bytes of the new path; 0 to leave it.
        rewrite_len: u16 = 16,
        /// Number of headers set on the request.
        request_headers_count: u16 = 18,
        /// Number of headers set on the response.
        response_headers_count: u16 = 20,
        /// Number of cookies set on the response.
        cookies_count: u16 = 22,
        /// The origin, or [`NONE16`](super::NONE16) to leave it.
        origin: u16 = 24,
        /// How many of the headers set on the request, from the first on, no visitor may send.
        own_headers_count: u16 = 26,
    } = 28;

    /// A name and a value.
    PairRecord {
        /// The name, in data.
        name_offset: u32 = 0,
        /// The value, in data.
        value_offset: u32 = 4,
        /// Bytes of the name.
        name_len: u16 = 8,
        /// Bytes of the value.
        value_len: u16 = 10,
    } = 12;

    /// The request headers that the decisions of some flags depend on.
    VaryRecord {
        /// Bit n stands for name n of [`Section::VaryNames`](super::Section::VaryNames).
        names: u64 = 0,
    } = 8;
}
