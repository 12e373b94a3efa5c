//! When a strategy is on, besides its constraints.

use super::javascript::{is_truthy, items, number, text, truthy};
use super::names::{ADDRESS, RANDOM, SESSION, USER};
use super::notes::Notes;
use super::{constraint, names};
use crate::report::Fidelity;
use crate::service::Sdk;
use flagstone_compile::model::{
    Absent, Algorithm, Bucketing, Condition, Matcher, Reading, Scalar, Test,
};
use flagstone_json::Json;

/// Number of positions of a rollout.
const PARTS: u32 = 100;
/// Seed of the hash of a rollout.
const SEED: u32 = 0;
/// How what strategies take from the context itself is hashed.
const OWN: Algorithm = Algorithm::UnleashTruthy;
/// Bytes that a group may have, so that it fits a snapshot.
pub(super) const LONGEST_GROUP: usize = 60_000;

/// A strategy of a feature.
pub(super) struct Strategy<'s, 'j> {
    pub sdk: Sdk,
    /// The context field `featureToggle`, which is the group where there is none.
    pub toggle: &'s str,
    /// Name of the feature.
    pub feature: &'s str,
    /// Place among the feature's strategies.
    pub index: usize,
    pub name: &'s str,
    pub parameters: Option<&'s Json<'j>>,
}

/// What a parameter is, where the SDK does not throw because there are no parameters at all.
type Parameter<'s, 'j> = Result<Option<&'s Json<'j>>, Throws>;

/// The SDK throws.
struct Throws;

impl<'s, 'j> Strategy<'s, 'j> {
    /// When it is on; `None` for one that the SDK does not know, which is off.
    pub fn condition(&self, notes: &mut Notes) -> Option<Condition> {
        let condition = match self.name {
            "default" => Ok(Condition::always()),
            "userWithId" => self.user_with_id(),
            "gradualRolloutUserId" => self.gradual(USER, notes),
            "gradualRolloutSessionId" => self.gradual(SESSION, notes),
            "gradualRolloutRandom" => self.gradual_random(),
            "flexibleRollout" => self.flexible(notes),
            "remoteAddress" => self.remote_address(),
            "applicationHostname" => self.application_hostname(notes),
            _ => return None,
        };
        Some(condition.unwrap_or_else(|Throws| {
            notes.fail("a strategy lacks its parameters, or one of them is no text")
        }))
    }

    fn parameter(&self, name: &str) -> Parameter<'s, 'j> {
        match self.parameters {
            None | Some(Json::Null) => Err(Throws),
            Some(parameters) => Ok(parameters.get(name)),
        }
    }

    /// A parameter whose text is split; `None` if it counts as false.
    fn list(&self, name: &str) -> Result<Option<&'s str>, Throws> {
        match truthy(self.parameter(name)?) {
            None => Ok(None),
            Some(value) => value.text().map(Some).ok_or(Throws),
        }
    }

    /// The positions from 1 on that a percentage covers.
    fn share(&self, name: &str) -> Result<u64, Throws> {
        let percentage = self.parameter(name)?;
        // COMPAT(unleash): others than the SDK for Node know no fractions, and are off.
        let is_whole = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if self.sdk == Sdk::Other && !percentage.and_then(Json::text).is_none_or(is_whole) {
            return Ok(0);
        }
        let percentage = number(percentage);
        // NaN covers none.
        Ok(if percentage > 0.0 {
            percentage.min(f64::from(PARTS)) as u64
        } else {
            0
        })
    }

    fn user_with_id(&self) -> Result<Condition, Throws> {
        let Some(ids) = self.list("userIds")? else {
            return Ok(Condition::never());
        };
        let ids = items(ids).map(|id| Scalar::Text(id.to_owned())).collect();
        Ok(own(USER, Matcher::OneOf(ids)))
    }

    fn gradual(&self, by: &str, notes: &mut Notes) -> Result<Condition, Throws> {
        let by = vec![by.to_owned()];
        // Without the id it is off before it looks at its parameters.
        let (Ok(share), Ok(group)) = (self.share("percentage"), self.parameter("groupId")) else {
            let everybody = self.bucket(OWN, by, String::new(), PARTS.into(), notes);
            let fails = notes.fail("a strategy lacks its parameters");
            return Ok(Condition::All(vec![everybody, fails]));
        };
        if self.sdk == Sdk::Other && group.is_none() {
            return Ok(Condition::never());
        }
        let group = truthy(group).map_or(String::new(), |group| text(Some(group)));
        Ok(self.bucket(OWN, by, group, share, notes))
    }

    fn gradual_random(&self) -> Result<Condition, Throws> {
        let share = self.share("percentage")?;
        if share >= PARTS.into() {
            return Ok(Condition::always());
        }
        // A group of its own for each strategy, so that one draw serves them all.
        let group = [self.feature, "/", &self.index.to_string()].concat();
        let mut unused = Notes::default();
        let by = vec![RANDOM.to_owned()];
        Ok(self.bucket(OWN, by, group, share, &mut unused))
    }

    fn flexible(&self, notes: &mut Notes) -> Result<Condition, Throws> {
        let group = match truthy(self.parameter("groupId")?) {
            Some(group) => text(Some(group)),
            None if self.sdk == Sdk::Other => self.feature.to_owned(),
            None => self.toggle.to_owned(),
        };
        let share = self.share("rollout")?;
        let stickiness = truthy(self.parameter("stickiness")?);
        let stickiness = stickiness.map_or("default".into(), |value| text(Some(value)));
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let (algorithm, by) = match &*stickiness {
            // Whoever has no id gets one by chance: all of the positions are everybody.
            "default" | "random" if share >= PARTS.into() => return Ok(Condition::always()),
            "default" => (OWN, names(&[USER, SESSION, RANDOM])),
            "random" => (OWN, names(&[RANDOM])),
            field => match names::attributes(field) {
                Some(by) => (Algorithm::Unleash, by),
                None => {
                    return Ok(notes.fail("stickiness has a name that cannot be looked up here"));
                }
            },
        };
        Ok(self.bucket(algorithm, by, group, share, notes))
    }

    /// Whether the position of a unit is among the first.
    fn bucket(
        &self,
        algorithm: Algorithm,
        by: Vec<String>,
        group: String,
        share: u64,
        notes: &mut Notes,
    ) -> Condition {
        if share == 0 {
            return Condition::never();
        }
        if group.len() > LONGEST_GROUP {
            return notes.fail("the group of a rollout is too long");
        }
        let algorithm = match self.sdk {
            Sdk::Node => algorithm,
            Sdk::Other => Algorithm::UnleashUtf8,
        };
        Condition::Test(Test::Bucket {
            bucketing: Bucketing {
                algorithm,
                by,
                salt: group,
                seed: SEED,
                modulus: PARTS,
            },
            ranges: vec![(1, share + 1)],
            absent: Absent::Next,
        })
    }

    fn remote_address(&self) -> Result<Condition, Throws> {
        let Some(list) = self.list("IPs")? else {
            return Ok(Condition::never());
        };
        // An item is equal to the address as it is written, or it is an IPv4 network that the address is in. Each IPv4
        // network as it is written is in itself, so that only the others need be looked for.
        let is_v4 = |item: &&str| {
            flagstone_core::Address::parse(item).is_some_and(|address| address.family == 4)
        };
        let written: Vec<Scalar> = items(list)
            .filter(|item| !is_v4(item))
            .map(|item| Scalar::Text(item.to_owned()))
            .collect();
        let networks = constraint::networks(items(list).filter(is_v4), false);
        let written = (!written.is_empty()).then_some(Matcher::OneOf(written));
        let matchers = networks.into_iter().chain(written);
        Ok(Condition::Any(
            matchers.map(|matcher| own(ADDRESS, matcher)).collect(),
        ))
    }

    fn application_hostname(&self, notes: &mut Notes) -> Result<Condition, Throws> {
        if self.list("hostNames")?.is_some() {
            notes.add(
                Fidelity::Noted,
                "the strategy `applicationHostname` is off here, where there is no backend",
            );
        }
        Ok(Condition::never())
    }

    /// Whether the SDK would take a context field for the group.
    pub fn asks_toggle(&self) -> bool {
        self.name == "flexibleRollout"
            && self.sdk == Sdk::Node
            && self
                .parameter("groupId")
                .is_ok_and(|group| !is_truthy(group))
    }
}

/// A test of a context field that must be text as it is.
fn own(attribute: &str, matcher: Matcher) -> Condition {
    Condition::Test(Test::Attribute {
        name: attribute.to_owned(),
        matcher,
        reading: Reading {
            missing_is_no: true,
            mistyped_is_no: true,
            ..Reading::default()
        },
    })
}
