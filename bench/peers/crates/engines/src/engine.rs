//! The engines, each brought to the same questions.

mod eppo;
mod flagstone;
mod launchdarkly;
mod probe;
mod yggdrasil;

use crate::Result;
use crate::workload::User;
use std::fs;
use std::path::Path;

pub use flagstone::Flagstone;

pub trait Engine {
    fn name(&self) -> &'static str;
    /// From bytes in hand to ready.
    fn load(&mut self);
    /// Gives the memory back.
    fn unload(&mut self);
    /// Bytes of the caller's that it goes on reading.
    fn borrowed(&self) -> usize {
        0
    }
    /// Makes the engine's own form of each user; not measured.
    fn prepare(&mut self, users: &[User]);
    /// Decides a flag for a user, by its place.
    fn evaluate(&self, key: &str, user: usize) -> bool;
    /// Decides all flags for a user; gives how many are on.
    fn evaluate_all(&self, keys: &[&str], user: usize) -> u32 {
        let on = keys.iter().filter(|key| self.evaluate(key, user));
        on.count() as u32
    }
}

pub fn engines(folder: &Path) -> Result<Vec<Box<dyn Engine>>> {
    let text = |name: &str| fs::read_to_string(folder.join(name));
    let snapshot = || fs::read(folder.join("flagstone.snapshot"));
    Ok(vec![
        Box::new(Flagstone::new(snapshot()?, false)),
        Box::new(Flagstone::new(snapshot()?, true)),
        Box::new(launchdarkly::LaunchDarkly::new(
            text("launchdarkly.json")?,
            false,
        )),
        Box::new(launchdarkly::LaunchDarkly::new(
            text("launchdarkly.json")?,
            true,
        )),
        Box::new(yggdrasil::Yggdrasil::new(text("unleash.json")?)),
        Box::new(eppo::Eppo::new(text("eppo.json")?)),
        Box::new(probe::Probe::new(&fs::read(folder.join("probe.bin"))?)),
    ])
}
