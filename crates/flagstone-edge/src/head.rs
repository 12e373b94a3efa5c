//! What a shell shows of a request and of a response.

pub use flagstone_core::GeoField;
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
