//! Flags that a flag service's document holds.
//!
//! The file then says only what the edge does with them. Which flags and variants there are is not known here, so
//! whatever routes and exposure name is taken to be there.

use flagstone_compile::model::{Flag, FlagSource, SdkKind, ServiceKind, Value, Variant};

use super::Lower;
use crate::code::{BAD_VALUE, SOURCE_AND_FLAGS};
use crate::document::{Table, entries, text};
use crate::finding::Finding;
use crate::path::Path;

/// The names of the services, and what they are called here.
pub(crate) const SERVICES: [(&str, ServiceKind); 5] = [
    ("launchdarkly", ServiceKind::LaunchDarkly),
    ("split", ServiceKind::Split),
    ("unleash", ServiceKind::Unleash),
    ("flagd", ServiceKind::Flagd),
    ("growthbook", ServiceKind::GrowthBook),
];
/// The key of the control document in a store.
const CONTROL: &str = "control";
const SDKS: [(&str, SdkKind); 2] = [("node", SdkKind::Node), ("other", SdkKind::Other)];

impl Lower<'_> {
    /// Where the flags are, if not in the file.
    pub(super) fn source(&mut self, document: &Table<'_>) -> Option<FlagSource> {
        let table = document.get("source")?.get_ref().as_table()?;
        for section in ["flags", "segments"] {
            if let Some((key, _)) = entries(document, section).next() {
                let path = Path::Root.key(section);
                let message = format!("`[{section}]` beside `[source]`");
                self.report.add(
                    Finding::new(
                        SOURCE_AND_FLAGS,
                        path.key(key.get_ref()),
                        key.span(),
                        message,
                    )
                    .help(
                        "flags come from the service's document or from this file, not from both"
                            .to_owned(),
                    ),
                );
            }
        }
        let service = self.one_of(table, "from", &SERVICES);
        let sdk = self.one_of(table, "sdk", &SDKS);
        let (key, node) = text(table, "key")?;
        if key == CONTROL {
            let message = "under this key is the control document";
            let path = Path::Root.key("source");
            let finding = Finding::new(BAD_VALUE, path.key("key"), node.span(), message);
            let help = "the key under which its integration writes the document";
            self.report.add(finding.help(help.to_owned()));
        }
        Some(FlagSource {
            service: service?,
            sdk: sdk.unwrap_or(SdkKind::Node),
            key: key.to_owned(),
        })
    }

    fn one_of<T: Copy>(&mut self, table: &Table<'_>, key: &str, names: &[(&str, T)]) -> Option<T> {
        let (word, node) = text(table, key)?;
        let found = names.iter().find(|(name, _)| *name == word);
        if found.is_none() {
            let known: Vec<&str> = names.iter().map(|(name, _)| *name).collect();
            let path = Path::Root.key("source");
            self.report.add(
                Finding::new(
                    BAD_VALUE,
                    path.key(key),
                    node.span(),
                    format!("not `{word}`"),
                )
                .help(format!("one of `{}`", known.join("`, `"))),
            );
        }
        found.map(|(_, value)| *value)
    }

    /// What stands for the flags that the file names.
    pub(super) fn stubs(&self) -> Vec<Flag> {
        let stub = |(key, variants): (&&str, &Vec<&str>)| Flag {
            key: (*key).to_owned(),
            // A flag has a variant; this one is never served.
            variants: match variants.as_slice() {
                [] => vec![variant("-")],
                variants => variants.iter().map(|key| variant(key)).collect(),
            },
            default: None,
            enabled: true,
            expires: None,
            prerequisites: Vec::new(),
            rules: Vec::new(),
        };
        self.names.flags.iter().map(stub).collect()
    }
}

fn variant(key: &str) -> Variant {
    Variant {
        key: key.to_owned(),
        value: Value::Boolean(false),
    }
}
