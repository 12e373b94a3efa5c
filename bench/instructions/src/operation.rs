//! What is counted.

use crate::model::{Kind, User, key, kind};
use anyhow::{Context, Result};
use flagstone_core::{
    AttributeIndex, AttributeValue, Attributes, Evaluator, FlagIndex, Snapshot, UnixMillis, Value,
};
use std::hint::black_box;

use crate::pipeline::Pipeline;
use crate::rollout;

pub const NOW: UnixMillis = UnixMillis(1_795_376_100_000);

/// Something that is repeated.
#[derive(Clone, Copy)]
pub enum Operation {
    /// Opens the snapshot.
    Open,
    /// Finds a flag by its key, each time another one.
    Find,
    /// Finds a flag of a kind and decides it, each time another one; for 8 flags the same visitor.
    Decide(Kind),
    /// Decides 1,000 flags, one after the other, for one visitor, each time another one.
    All,
    /// Plans a request, whose visitor is sent to a new release with a fallback, and which is told five flags, as the
    /// browser is; each time another visitor.
    Plan,
    /// Is told of the response to such a request, and changes it.
    Response,
    /// A node is told of a fetch that succeeded.
    Success,
    /// A node is told of a fetch that failed, each time of another unit.
    Event,
    /// A guard takes a stratum in, with six metrics.
    Stratum,
}

impl Operation {
    pub const ALL: &'static [Self] = &[
        Self::Open,
        Self::Find,
        Self::Decide(Kind::OnOff),
        Self::Decide(Kind::Rollout),
        Self::Decide(Kind::Clauses),
        Self::Decide(Kind::Segment),
        Self::All,
        Self::Plan,
        Self::Response,
        Self::Success,
        Self::Event,
        Self::Stratum,
    ];

    /// As the budgets call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Find => "find",
            Self::Decide(Kind::OnOff) => "on-off",
            Self::Decide(Kind::Rollout) => "rollout",
            Self::Decide(Kind::Clauses) => "clauses",
            Self::Decide(Kind::Segment) => "segment",
            Self::All => "all",
            Self::Plan => "plan",
            Self::Response => "response",
            Self::Success => "node-success",
            Self::Event => "node-event",
            Self::Stratum => "guard-stratum",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|of| of.name() == name)
    }

    /// Whether it must take the same for any number of flags. The others meet other flags and other keys.
    pub fn is_constant(self) -> bool {
        matches!(
            self,
            Self::Open | Self::Success | Self::Event | Self::Stratum
        )
    }

    pub fn repeat(self, bytes: &[u8], repetitions: u64) -> Result<()> {
        let snapshot = Snapshot::open(bytes)?;
        let count = snapshot.flag_count();
        let users: Vec<User> = (0..256).map(User::new).collect();
        let visitors: Vec<Visitor> = users
            .iter()
            .map(|user| Visitor::new(&snapshot, user))
            .collect();
        let evaluators = visitors
            .iter()
            .map(|visitor| Evaluator::new(snapshot, visitor, NOW));
        let evaluators: Vec<_> = evaluators.collect();
        let of_kind = |index: &u32| match self {
            Self::Decide(wanted) => kind(*index) == wanted,
            _ => true,
        };
        let keys: Vec<String> = (0..count).filter(of_kind).take(1_000).map(key).collect();
        let visitor_of = |place: usize| evaluators.get(place / 8 % evaluators.len());
        let decisions = keys.iter().cycle().take(8 * evaluators.len()).enumerate();
        let decisions: Vec<_> = decisions
            .filter_map(|(place, key)| Some((key.as_str(), visitor_of(place)?)))
            .collect();
        let times = usize::try_from(repetitions)?;
        match self {
            Self::Plan => Pipeline::new(bytes, &users)?.plans(times)?,
            Self::Response => Pipeline::new(bytes, &users)?.responses(times)?,
            Self::Success => rollout::successes(repetitions),
            Self::Event => rollout::events(repetitions),
            Self::Stratum => rollout::strata(repetitions),
            Self::Open => {
                for _ in 0..repetitions {
                    let _ = black_box(Snapshot::open(black_box(bytes)));
                }
            }
            Self::Find => {
                for (key, evaluator) in decisions.iter().cycle().take(times) {
                    black_box(evaluator.find(key).context("no flag")?);
                }
            }
            Self::Decide(_) => {
                for (key, evaluator) in decisions.iter().cycle().take(times) {
                    let flag = evaluator.find(key).context("no flag")?;
                    black_box(is_on(evaluator, flag));
                }
            }
            Self::All => {
                let flags: Vec<_> = (0..count).cycle().take(1_000).map(FlagIndex).collect();
                for visitor in visitors.iter().cycle().take(times / flags.len()) {
                    let evaluator = Evaluator::new(snapshot, black_box(visitor), NOW);
                    let on = flags.iter().filter(|flag| is_on(&evaluator, **flag));
                    black_box(on.count());
                }
            }
        }
        Ok(())
    }
}

#[inline(always)]
fn is_on<A: Attributes>(evaluator: &Evaluator<'_, '_, A>, flag: FlagIndex) -> bool {
    let variant = evaluator.evaluate(flag).variant;
    variant.is_some_and(|variant| variant.value() == Value::Boolean(true))
}

/// A visitor whose attributes lie at hand.
struct Visitor<'u>(Vec<AttributeValue<'u>>);

impl<'u> Visitor<'u> {
    fn new(snapshot: &Snapshot<'_>, user: &'u User) -> Self {
        let values = (0..snapshot.attribute_count()).map(|index| {
            let attribute = snapshot.attribute(AttributeIndex(index));
            match attribute.map_or("", |attribute| attribute.name) {
                "user.key" => AttributeValue::Text(&user.key),
                "user.email" => AttributeValue::Text(&user.email),
                "geo.country" => AttributeValue::Text(user.country),
                "app.version" => AttributeValue::Text(&user.version),
                _ => AttributeValue::Missing,
            }
        });
        Self(values.collect())
    }
}

impl Attributes for Visitor<'_> {
    #[inline]
    fn attribute(&self, index: AttributeIndex) -> AttributeValue<'_> {
        let value = self.0.get(usize::from(index.0)).copied();
        value.unwrap_or(AttributeValue::Missing)
    }
}
