//! What the edge does with the decisions.

pub use flagstone_core::GeoField;
pub use flagstone_core::layout::{RepeatKind, SdkKind, ServiceKind, Statuses};

/// Identity, origins, routes and exposure. The default does nothing but forward to the origin `stable`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Edge {
    /// Who the visitor is.
    pub identity: Identity,
    /// Where attributes come from that have no well-known source, by their dotted name.
    pub attributes: Vec<(String, Source)>,
    /// Names that each platform maps to a URL, a service binding or a backend. `stable` is always among them.
    pub origins: Vec<Origin>,
    /// All that match a request apply, the first having precedence.
    pub routes: Vec<Route>,
    /// What visitors are to reach.
    pub goals: Vec<Goal>,
    /// Which flags leave the edge.
    pub expose: Expose,
    /// Whether programs may ask for flags by OFREP, and which.
    pub ofrep: Option<Ofrep>,
    /// Where the flags are, if not in the model.
    pub source: Option<FlagSource>,
    /// Whether what no request can ask for was left out of the model: [`cut`](crate::cut()).
    pub is_cut: bool,
}

/// A flag service's document in the edge's store.
///
/// A model with one has stubs for flags: what routes and exposure name, without rules. Patterns stay as they are, since
/// only the document says which flags they match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlagSource {
    /// Whose document.
    pub service: ServiceKind,
    /// Whom its flags must agree with.
    pub sdk: SdkKind,
    /// Its key in the store.
    pub key: String,
}

/// Where the targeting key comes from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Identity {
    /// Asked in order; only headers and cookies. The first usable value is the key.
    pub sources: Vec<Source>,
    /// An id minted for visitors that no source knows; `None` leaves them without a key.
    pub anonymous: Option<Anonymous>,
    /// Without it the anonymous id is set for everybody who does not send `Sec-GPC: 1`.
    pub consent: Option<Consent>,
    /// Whether what a page loads keeps the default variants that the page got, while rollouts grow.
    pub follow_page: bool,
}

/// The anonymous id: 128 random bits in a cookie.
#[derive(Clone, Debug, PartialEq)]
pub struct Anonymous {
    /// Name of the cookie; begins with `__Host-`.
    pub cookie: String,
    /// How long the browser keeps it, in seconds; at most 400 days, browsers keep none longer.
    pub max_age_seconds: u32,
}

/// The cookie that shows that the visitor consented to being recognised.
#[derive(Clone, Debug, PartialEq)]
pub struct Consent {
    /// Name of the cookie.
    pub cookie: String,
    /// The value that means consent; empty means any value that is not empty.
    pub value: String,
}

/// A part of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A header, by its lower-case name.
    Header(String),
    /// A cookie, by its name.
    Cookie(String),
    /// The first query parameter of this name, decoded.
    Query(String),
    /// The method, upper case.
    Method,
    /// The host, lower case, without port.
    Host,
    /// The path as it was sent.
    Path,
    /// The first language of `Accept-Language`, lower case.
    Language,
    /// The `User-Agent` header.
    UserAgent,
    /// Whether the visitor declares itself a bot.
    Bot,
    /// Whether `Sec-GPC: 1` was sent.
    Gpc,
    /// Whether `Sec-Purpose` says prefetch.
    Prefetch,
    /// The address of the client.
    ClientIp,
    /// A random number from 1 to 10,001 as text, the same for the whole request.
    Random,
    /// What the platform knows of the client's place.
    Geo(GeoField),
}

/// An origin by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Origin {
    /// `[a-z][a-z0-9-]*`.
    pub name: String,
    /// The origin that answers where this one cannot.
    pub fallback: Option<String>,
    /// Milliseconds until its response's head must be there; 0 for as long as the platform waits.
    pub timeout_ms: u32,
    /// Which of its responses are failures, so that the fallback is asked.
    pub failures: Statuses,
}

/// Which requests flags act on.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// Host pattern: a host in lower case, `*.example.com` for each host below it, or empty for every host.
    pub host: String,
    /// Path pattern: begins with `/`; `*` at the end matches any rest, `:name` a single segment.
    pub path: String,
    /// The flag that acts; empty when the route only narrows.
    pub flag: String,
    /// Variant key and what that variant does; variants that are not listed do nothing.
    pub variants: Vec<(String, Action)>,
    /// If given, matching requests see these flags only (besides the acting ones), and responses to them depend on no
    /// other.
    pub flags: Option<Vec<String>>,
    /// Which requests may be sent a second time, to a fallback.
    pub repeat: RepeatKind,
    /// What counts as harm in a comparison of the flag's variants.
    pub harm: Harm,
}

/// What counts as harm on a route, beside what is a failure everywhere: no answer, a status of the origin's failures or
/// from 500 on. The default is nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Harm {
    /// Statuses, most of them from 400 to 499.
    pub statuses: Statuses,
    /// Milliseconds after which the head of a response is too late; 0 for never.
    pub slower_than_ms: u32,
    /// Names of events that origins report of a request: tokens.
    pub events: Vec<String>,
}

impl Default for Harm {
    fn default() -> Self {
        Self {
            statuses: Statuses::NONE,
            slower_than_ms: 0,
            events: Vec::new(),
        }
    }
}

impl Default for Route {
    fn default() -> Self {
        Self {
            host: String::new(),
            path: String::new(),
            flag: String::new(),
            variants: Vec::new(),
            flags: None,
            repeat: RepeatKind::Safe,
            harm: Harm::default(),
        }
    }
}

/// What visitors are to reach: a request, of this host, path and method, that an origin answers well, or with an event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Goal {
    /// Its name: a token.
    pub name: String,
    /// Host pattern, as of a [`Route`].
    pub host: String,
    /// Path pattern, as of a [`Route`].
    pub path: String,
    /// The method, in capitals; empty for every method.
    pub method: String,
    /// The name of an event that the origin reports of the request: a token. Empty: a status from 200 to 399 is enough.
    pub event: String,
}

/// What a variant does to a request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Action {
    /// Name of the origin; empty for `stable`.
    pub origin: String,
    /// New path: `*` stands for the rest that the pattern's `*` took, `:name` for that segment. May carry a query
    /// (`/v2/*?beta=1`), which is put before the request's own. Empty leaves the path as it is.
    pub rewrite: String,
    /// Set on the request to the origin; names in lower case.
    pub request_headers: Vec<(String, String)>,
    /// Set on the response to the browser; names in lower case.
    pub response_headers: Vec<(String, String)>,
    /// Set on the response as session cookies (`Path=/; Secure; SameSite=Lax`).
    pub cookies: Vec<(String, String)>,
}

/// Which flags leave the edge, and in which forms.
#[derive(Clone, Debug, PartialEq)]
pub struct Expose {
    /// Keys of flags sent to browsers.
    pub browser: Vec<String>,
    /// Keys of flags sent to origins.
    pub origin: Vec<String>,
    /// Whether reasons go along with variants.
    pub reasons: bool,
    /// Whether values go along with variants in headers and in the cookie. The script element always has them.
    pub values: bool,
    /// Whether browsers get the flags in `Server-Timing` too.
    pub server_timing: bool,
    /// Whether pages get a script element with the flags.
    pub script: bool,
    /// Whether browsers get the flags in a cookie that scripts can read.
    pub cookie: bool,
    /// Bytes that the value of `Feature-Flags` may have; at least [`Expose::LEAST_BUDGET`].
    pub budget: u16,
    /// Whether browsers may report which variants were seen.
    pub exposures: bool,
    /// Keys of flags, and the names that they have towards frontends instead.
    pub aliases: Vec<(String, String)>,
}

/// Which programs may ask for flags by the OpenFeature Remote Evaluation Protocol. Those that show the platform's key may
/// ask for all that leave the edge.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ofrep {
    /// Whether also those without a key, for flags sent to browsers.
    pub public: bool,
    /// Origins whose pages may ask, `https://app.example`, or `*`; the edge's own always may.
    pub cors: Vec<String>,
}

impl Expose {
    /// The budget where none is given. Node's servers and many proxies take 8 to 16 KB for all headers together.
    pub const BUDGET: u16 = 4_096;
    /// Room for the revision and the mark that something was left out.
    pub const LEAST_BUDGET: u16 = 64;
}

/// Nothing leaves the edge.
impl Default for Expose {
    fn default() -> Self {
        Self {
            browser: Vec::new(),
            origin: Vec::new(),
            reasons: false,
            values: false,
            server_timing: false,
            script: false,
            cookie: false,
            exposures: false,
            budget: Self::BUDGET,
            aliases: Vec::new(),
        }
    }
}

impl Source {
    /// The source of an attribute with a well-known name, such as `request.headers.accept` or `geo.country`.
    ///
    /// ```
    /// use flagstone_compile::model::Source;
    ///
    /// assert_eq!(Source::well_known("request.cookies.seen"), Some(Source::Cookie("seen".into())));
    /// assert_eq!(Source::well_known("user.email"), None);
    /// assert_eq!(Source::well_known("request.headers.no header"), None);
    /// ```
    pub fn well_known(attribute: &str) -> Option<Self> {
        let (root, name) = attribute.split_once('.')?;
        match (root, name) {
            ("client", "ip") => Some(Self::ClientIp),
            ("geo", field) => GeoField::parse(field).map(Self::Geo),
            ("request", "method") => Some(Self::Method),
            ("request", "host") => Some(Self::Host),
            ("request", "path") => Some(Self::Path),
            ("request", "language") => Some(Self::Language),
            ("request", "user_agent") => Some(Self::UserAgent),
            ("request", "bot") => Some(Self::Bot),
            ("request", "gpc") => Some(Self::Gpc),
            ("request", "prefetch") => Some(Self::Prefetch),
            ("request", "random") => Some(Self::Random),
            ("request", _) => match name.split_once('.')? {
                ("headers", header) => {
                    is_token(header).then(|| Self::Header(header.to_ascii_lowercase()))
                }
                ("cookies", cookie) => Some(Self::Cookie(cookie.to_owned())),
                ("query", parameter) => Some(Self::Query(parameter.to_owned())),
                _ => None,
            },
            _ => None,
        }
    }
}

/// Whether text can be the name of a header or a cookie: a token of RFC 9110. Platforms fail when they are asked for a header
/// with another one.
pub fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}
