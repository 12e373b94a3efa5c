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

use eppo::Eppo;
pub use flagstone::Flagstone;
use launchdarkly::LaunchDarkly;
use probe::Probe;
use yggdrasil::Yggdrasil;

pub trait Engine {
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

/// The engine of that name.
pub fn engine(name: &str, folder: &Path) -> Result<Box<dyn Engine>> {
    let bytes = |file: &str| fs::read(folder.join(file));
    let text = |file: &str| fs::read_to_string(folder.join(file));
    Ok(match name {
        "flagstone" => Box::new(Flagstone::new(bytes("flagstone.snapshot")?, false)),
        "flagstone-copied" => Box::new(Flagstone::new(bytes("flagstone.snapshot")?, true)),
        "launchdarkly" => Box::new(LaunchDarkly::new(text("launchdarkly.json")?, false)),
        "launchdarkly-store" => Box::new(LaunchDarkly::new(text("launchdarkly.json")?, true)),
        "yggdrasil" => Box::new(Yggdrasil::new(text("unleash.json")?)),
        "eppo" => Box::new(Eppo::new(text("eppo.json")?)),
        "probe" => Box::new(Probe::new(&bytes("probe.bin")?)),
        _ => return Err(format!("there is no engine `{name}`").into()),
    })
}
