//! Unleash's engine for its server SDKs.

use super::Engine;
use crate::workload::User;
use unleash_types::client_features::Context;
use unleash_yggdrasil::{EngineState, UpdateMessage};

pub struct Yggdrasil {
    document: String,
    engine: Option<EngineState>,
    users: Vec<Context>,
}

impl Yggdrasil {
    pub fn new(document: String) -> Self {
        Self {
            document,
            engine: None,
            users: Vec::new(),
        }
    }
}

impl Engine for Yggdrasil {
    fn load(&mut self) {
        let engine = EngineState::default();
        let features = serde_json::from_str(&self.document).expect("a document");
        engine.take_state(UpdateMessage::FullResponse(features));
        self.engine = Some(engine);
    }

    fn unload(&mut self) {
        self.engine = None;
    }

    fn prepare(&mut self, users: &[User]) {
        let context = |user: &User| {
            let properties = [
                ("country", &user.country),
                ("appVersion", &user.app_version),
                ("email", &user.email),
            ];
            let properties = properties.map(|(name, value)| (name.to_owned(), value.clone()));
            Context {
                user_id: Some(user.key.clone()),
                properties: Some(properties.into()),
                ..Context::default()
            }
        };
        self.users = users.iter().map(context).collect();
    }

    fn evaluate(&self, key: &str, user: usize) -> bool {
        let engine = self.engine.as_ref().expect("loaded");
        engine.is_enabled(key, &self.users[user], &None)
    }
}
