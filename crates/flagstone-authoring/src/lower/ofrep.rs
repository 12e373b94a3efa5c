//! Which programs may ask for flags.

use flagstone_compile::model::Ofrep;

use super::Lower;
use crate::code::BAD_CORS;
use crate::document::{Table, boolean, elements};
use crate::finding::Finding;
use crate::path::Path;

impl Lower<'_> {
    /// Whether programs may ask for flags by OFREP, and which.
    pub(super) fn ofrep(&mut self, document: &Table<'_>) -> Option<Ofrep> {
        let table = document.get("ofrep")?.get_ref().as_table()?;
        let path = Path::Root.key("ofrep");
        let path = path.key("cors");
        let mut cors = Vec::new();
        for (index, node) in elements(table, "cors").enumerate() {
            let Some(origin) = node.get_ref().as_str() else {
                continue;
            };
            if origin != "*" && !is_origin(origin) {
                let message = format!("`{origin}` is not an origin of pages");
                let finding = Finding::new(BAD_CORS, path.index(index), node.span(), message);
                self.report.add(finding.help(
                    "as browsers send it, `https://app.example` or `http://localhost:3000`: scheme and host in small letters, neither path nor the port that goes without saying; or `*` for all"
                        .to_owned(),
                ));
            }
            cors.push(origin.to_owned());
        }
        Some(Ofrep {
            public: boolean(table, "public").unwrap_or(false),
            cors,
        })
    }
}

/// Whether it is an origin as browsers write it in `Origin`.
fn is_origin(text: &str) -> bool {
    let is_scheme =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte);
    let is_host = |byte: u8| {
        byte.is_ascii_graphic() && !byte.is_ascii_uppercase() && !b"/?#@\\*".contains(&byte)
    };
    let Some((scheme, host)) = text.split_once("://") else {
        return false;
    };
    // Browsers leave it out.
    let has_own_port = match scheme {
        "http" => host.ends_with(":80"),
        "https" => host.ends_with(":443"),
        _ => false,
    };
    !has_own_port
        && !scheme.is_empty()
        && scheme.bytes().all(is_scheme)
        && !host.is_empty()
        && host.bytes().all(is_host)
}
