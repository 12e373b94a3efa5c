//! The neutral workload, and what its definition says about answers.

use crate::Result;
use probe::build::{Flag, Segment};
use serde::Deserialize;
use std::collections::HashSet;
use std::fs;
use std::path::Path;

pub const KINDS: [&str; 4] = ["onoff", "rollout", "rule3", "segment"];
/// Users of each comparison.
const COMPARED_USERS: usize = 48;
/// Flags of each comparison.
const COMPARED_FLAGS: usize = 2_000;

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    pub key: String,
    pub country: String,
    pub app_version: String,
    pub email: String,
}

pub struct Workload {
    pub flags: Vec<Flag>,
    pub users: Vec<User>,
    segments: Vec<HashSet<String>>,
}

pub struct Compared {
    /// How many decisions had to be exactly so.
    pub decisions: u32,
    /// How many of them were not.
    pub mismatches: u32,
    /// How many had only to be so as often as the rollouts' percentages say.
    pub rollouts: u32,
    /// The share of users in rollouts, less what the rollouts' percentages say.
    pub share_difference: f64,
}

enum Expected {
    Exactly(bool),
    WithProbability(f64),
}

impl Workload {
    pub fn read(data: &Path, folder: &Path) -> Result<Self> {
        let neutral = fs::read(folder.join("neutral.json"))?;
        let neutral: probe::build::Workload = serde_json::from_slice(&neutral)?;
        let set = |segment: Segment| segment.members.into_iter().collect();
        Ok(Self {
            flags: neutral.flags,
            users: serde_json::from_slice(&fs::read(data.join("users.json"))?)?,
            segments: neutral.segments.into_iter().map(set).collect(),
        })
    }

    /// The keys of the flags of a kind.
    pub fn keys(&self, kind: &str) -> Vec<&str> {
        let flags = self.flags.iter().filter(|flag| flag.kind == kind);
        flags.map(|flag| flag.key.as_str()).collect()
    }

    pub fn compare(&self, decide: impl Fn(&str, usize) -> bool) -> Compared {
        let (mut decisions, mut mismatches) = (0, 0);
        let (mut rollouts, mut hits, mut probabilities) = (0_u32, 0_u32, 0.0);
        for flag in self.flags.iter().take(COMPARED_FLAGS) {
            for (index, user) in self.users.iter().take(COMPARED_USERS).enumerate() {
                let decided = decide(&flag.key, index);
                match self.expected(flag, user) {
                    Expected::Exactly(expected) => {
                        decisions += 1;
                        mismatches += u32::from(decided != expected);
                    }
                    Expected::WithProbability(probability) => {
                        rollouts += 1;
                        hits += u32::from(decided);
                        probabilities += probability;
                    }
                }
            }
        }
        let share_difference = (f64::from(hits) - probabilities) / f64::from(rollouts);
        Compared {
            decisions,
            mismatches,
            rollouts,
            share_difference,
        }
    }

    fn expected(&self, flag: &Flag, user: &User) -> Expected {
        let rollout = Expected::WithProbability(flag.percent / 100.0);
        match flag.kind.as_str() {
            "onoff" => Expected::Exactly(flag.enabled),
            "rollout" => rollout,
            "segment" => {
                let members = &self.segments[flag.segment as usize];
                Expected::Exactly(members.contains(&user.key))
            }
            _ => {
                let version = |text: &str| probe::version(text.as_bytes());
                let matches = flag.countries.contains(&user.country)
                    && version(&user.app_version) >= version(&flag.min_version)
                    && user.email.ends_with(&flag.email_suffix);
                if matches {
                    rollout
                } else {
                    Expected::Exactly(false)
                }
            }
        }
    }
}
