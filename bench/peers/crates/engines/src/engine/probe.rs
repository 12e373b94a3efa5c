//! The probe: how fast it could be.

use super::Engine;
use crate::workload::User;
use probe::{Context, Snapshot, aligned};

pub struct Probe {
    source: Vec<u64>,
    bytes: usize,
    held: Vec<u64>,
    contexts: Vec<Context<'static>>,
}

impl Probe {
    pub fn new(bytes: &[u8]) -> Self {
        Self {
            source: aligned(bytes),
            bytes: bytes.len(),
            held: Vec::new(),
            contexts: Vec::new(),
        }
    }
}

impl Engine for Probe {
    fn load(&mut self) {
        self.held = self.source.clone();
        Snapshot::open(&self.held, self.bytes).expect("a snapshot");
    }

    fn unload(&mut self) {
        self.held = Vec::new();
    }

    fn prepare(&mut self, users: &[User]) {
        let snapshot = Snapshot::trust(&self.held, self.bytes);
        let context = |user: &User| {
            let email: &'static str = user.email.clone().leak();
            snapshot.context(
                user.key.as_bytes(),
                user.country.as_bytes(),
                user.app_version.as_bytes(),
                email.as_bytes(),
            )
        };
        self.contexts = users.iter().map(context).collect();
    }

    fn evaluate(&self, key: &str, user: usize) -> bool {
        let snapshot = Snapshot::trust(&self.held, self.bytes);
        let flag = snapshot.find(key.as_bytes());
        flag.is_some_and(|flag| snapshot.evaluate(flag, &self.contexts[user]))
    }

    fn evaluate_all(&self, keys: &[&str], user: usize) -> u32 {
        let mut answers = [0; 256];
        let answers = &mut answers[..keys.len().div_ceil(64)];
        Snapshot::trust(&self.held, self.bytes).evaluate_all(&self.contexts[user], answers)
    }
}
