//! The health page's files, and what is to be sent with them.

/// Where the page is; its files are below it.
pub const PATH: &str = "/_flagstone/";
/// The JSON of a [`Health`](crate::Health).
pub const HEALTH: &str = "/_flagstone/health.json";
/// Where an [`Action`](crate::Action) is posted to.
pub const ACTIONS: &str = "/_flagstone/actions";
/// What is asked of a browser that shows no token: its password field takes it.
pub const CHALLENGE: &str =
    r#"Basic realm="Flagstone: any name, the token as password", charset="UTF-8""#;

/// The largest action, in bytes, and what is said of a larger one.
pub const LARGEST: usize = 16 << 10;
/// See [`LARGEST`].
pub const TOO_LARGE: &str = "at most 16 KiB\n";
/// What is said of an action that the page has not [sent itself](is_own).
pub const FOREIGN: &str = "send JSON, and from the page itself\n";
/// What is said of a path below [`PATH`] where nothing is.
pub const NOTHING: &str = "no such page\n";
/// What is said of a method that is not for a path.
pub const ONLY_GET: &str = "only GET\n";

/// What is sent with everything below [`PATH`]. The page runs nothing but its own script, asks nobody but its own host, and
/// is shown in no frame.
pub const HEADERS: [(&str, &str); 6] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'",
    ),
    ("cache-control", "no-store"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
];

/// A file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct File {
    /// Its `Content-Type`.
    pub kind: &'static str,
    /// Its content.
    pub text: &'static str,
}

/// The file at a path, if there is one.
pub fn file(path: &str) -> Option<File> {
    const SCRIPT: &str = "text/javascript; charset=utf-8";
    let (kind, text) = match path.strip_prefix(PATH)? {
        "" => (
            "text/html; charset=utf-8",
            include_str!("../page/index.html"),
        ),
        "page.css" => ("text/css; charset=utf-8", include_str!("../page/page.css")),
        "page.mjs" => (SCRIPT, include_str!("../page/page.mjs")),
        "actions.mjs" => (SCRIPT, include_str!("../page/actions.mjs")),
        "charts.mjs" => (SCRIPT, include_str!("../page/charts.mjs")),
        "elements.mjs" => (SCRIPT, include_str!("../page/elements.mjs")),
        "words.mjs" => (SCRIPT, include_str!("../page/words.mjs")),
        "icon.svg" => ("image/svg+xml", include_str!("../page/icon.svg")),
        _ => return None,
    };
    Some(File { kind, text })
}

/// Whether a request that changes something was made by the page itself: browsers send the name and password they know to
/// whoever makes them ask, so a token alone does not say so. `site` is the header `Sec-Fetch-Site`, `kind` the
/// `Content-Type`.
pub fn is_own(site: Option<&str>, kind: Option<&str>) -> bool {
    // Whoever is no browser sends no `Sec-Fetch-Site`; JSON from another site would need our consent first.
    site.is_none_or(|site| site == "same-origin")
        && kind.is_some_and(|kind| kind.trim_ascii().starts_with("application/json"))
}
