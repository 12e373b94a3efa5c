//! LaunchDarkly's evaluator for Rust.

use super::Engine;
use crate::workload::User;
use launchdarkly_server_sdk_evaluation::{
    Context, ContextBuilder, Flag, FlagValue, Segment, Store, evaluate,
};
use serde::Deserialize;
use std::collections::HashMap;

pub struct LaunchDarkly {
    document: String,
    /// Whether flags are copied out of the store, as the SDK's own store in memory does.
    copies_flags: bool,
    data: Option<Data>,
    users: Vec<Context>,
}

#[derive(Deserialize)]
struct Data {
    flags: HashMap<String, Flag>,
    segments: HashMap<String, Segment>,
}

impl Store for Data {
    fn flag(&self, key: &str) -> Option<Flag> {
        self.flags.get(key).cloned()
    }

    fn segment(&self, key: &str) -> Option<Segment> {
        self.segments.get(key).cloned()
    }
}

impl LaunchDarkly {
    pub fn new(document: String, copies_flags: bool) -> Self {
        Self {
            document,
            copies_flags,
            data: None,
            users: Vec::new(),
        }
    }
}

impl Engine for LaunchDarkly {
    fn load(&mut self) {
        self.data = Some(serde_json::from_str(&self.document).expect("a document"));
    }

    fn unload(&mut self) {
        self.data = None;
    }

    fn prepare(&mut self, users: &[User]) {
        let context = |user: &User| {
            let mut context = ContextBuilder::new(&user.key);
            context.set_string("country", &user.country);
            context.set_string("appVersion", &user.app_version);
            context.set_string("email", &user.email);
            context.build().expect("a context")
        };
        self.users = users.iter().map(context).collect();
    }

    fn evaluate(&self, key: &str, user: usize) -> bool {
        let data = self.data.as_ref().expect("loaded");
        let user = &self.users[user];
        let value = if self.copies_flags {
            let flag = data.flag(key).expect("a flag");
            evaluate(data, &flag, user, None).value.cloned()
        } else {
            evaluate(data, &data.flags[key], user, None).value.cloned()
        };
        matches!(value, Some(FlagValue::Bool(true)))
    }
}
