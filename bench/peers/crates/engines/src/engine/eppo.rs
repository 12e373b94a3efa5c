//! Eppo's engine for its server SDKs.

use super::Engine;
use crate::workload::User;
use eppo_core::eval::get_assignment;
use eppo_core::ufc::{AssignmentValue, UniversalFlagConfig};
use eppo_core::{AttributeValue, Attributes, Configuration, SdkMetadata, Str};
use std::sync::Arc;

pub struct Eppo {
    document: String,
    configuration: Option<Configuration>,
    users: Vec<(Str, Arc<Attributes>)>,
}

impl Eppo {
    pub fn new(document: String) -> Self {
        Self {
            document,
            configuration: None,
            users: Vec::new(),
        }
    }
}

impl Engine for Eppo {
    fn load(&mut self) {
        let sdk = SdkMetadata {
            name: "bench",
            version: "0",
        };
        let flags = UniversalFlagConfig::from_json(sdk, self.document.clone().into_bytes());
        let flags = flags.expect("a document");
        self.configuration = Some(Configuration::from_server_response(flags, None));
    }

    fn unload(&mut self) {
        self.configuration = None;
    }

    fn prepare(&mut self, users: &[User]) {
        let user = |user: &User| {
            let attributes = [
                ("country", &user.country),
                ("appVersion", &user.app_version),
                ("email", &user.email),
            ];
            let attributes = attributes
                .map(|(name, value)| (Str::from(name), AttributeValue::from(value.as_str())));
            let attributes: Attributes = attributes.into_iter().collect();
            (Str::from(user.key.as_str()), Arc::new(attributes))
        };
        self.users = users.iter().map(user).collect();
    }

    fn evaluate(&self, key: &str, user: usize) -> bool {
        let (user, attributes) = &self.users[user];
        let now = chrono::Utc::now();
        let assignment = get_assignment(
            self.configuration.as_ref(),
            key,
            user,
            attributes,
            None,
            now,
        );
        assignment.is_ok_and(|found| {
            found.is_some_and(|found| matches!(found.value, AssignmentValue::Boolean(true)))
        })
    }
}
