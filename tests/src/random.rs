//! Random models and contexts from a seed, drawn from the same small pools so that tests often hold.
#![allow(clippy::indexing_slicing, reason = "tests")]

mod pools;
mod shrink;
mod split;

pub use shrink::shrink;

use crate::oracle::{Context, Kills};
use flagstone_compile::model::{
    Condition, Flag, Matcher, Model, Order, Prerequisite, Rule, Scalar, Segment, Serve,
    TARGETING_KEY, Test, Value, Variant,
};
use flagstone_compile::regex::Dialect;
use flagstone_core::{Day, UnixMillis};
use pools::{
    ADDRESSES, ATTRIBUTES, COMMON_PATTERNS, DATES, EMAILS, FLAG_KEYS, Kind, NETWORKS, NUMBERS,
    NUMBERS_IN_TEXT, PATTERNS, PLANS, SHORT_TEXTS, TIMES, VARIANT_KEYS, VERSIONS,
};

/// A source of models and contexts; equal seeds give equal ones.
pub struct Random(fastrand::Rng);

/// What a condition may refer to: only what was made before it, so that there are no circles.
#[derive(Default)]
struct Known {
    flags: Vec<(String, Vec<String>)>,
    segments: Vec<String>,
}

impl Random {
    /// Begins with a seed.
    pub fn new(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }

    /// The generator itself.
    pub fn rng(&mut self) -> &mut fastrand::Rng {
        &mut self.0
    }

    /// True once in `n` times.
    fn once_in(&mut self, n: u32) -> bool {
        self.0.u32(..n) == 0
    }

    fn pick<'t, T>(&mut self, from: &'t [T]) -> &'t T {
        &from[self.0.usize(..from.len())]
    }

    fn text(&mut self, from: &[&str]) -> String {
        (*self.pick(from)).to_owned()
    }

    /// A few of a pool, maybe none, maybe one twice.
    fn texts(&mut self, from: &[&str]) -> Vec<String> {
        let count = if self.once_in(20) {
            12
        } else {
            self.0.usize(..4)
        };
        (0..count).map(|_| self.text(from)).collect()
    }

    /// A valid model of up to five flags and three segments.
    pub fn model(&mut self) -> Model {
        let mut model = Model::default();
        let mut known = Known::default();
        let mut keys = FLAG_KEYS.to_vec();
        self.0.shuffle(&mut keys);
        for _ in 0..self.0.usize(1..=8) {
            if model.segments.len() < 3 && self.once_in(3) {
                let segment = self.segment(format!("s{}", known.segments.len()), &known);
                known.segments.push(segment.key.clone());
                model.segments.push(segment);
            } else if model.flags.len() < 5
                && let Some(key) = keys.pop()
            {
                let flag = self.flag(key, &known);
                let variants = flag.variants.iter().map(|variant| variant.key.clone());
                known.flags.push((key.to_owned(), variants.collect()));
                model.flags.push(flag);
            }
        }
        self.0.shuffle(&mut model.flags);
        self.0.shuffle(&mut model.segments);
        model
    }

    fn segment(&mut self, key: String, known: &Known) -> Segment {
        let included = self.keys().into();
        let mut segment = Segment {
            key,
            by: self.by(),
            included,
            excluded: self.keys().into(),
            when: self.condition(2, known),
        };
        // Nothing but a set of keys, as most are.
        if self.0.bool() {
            segment.excluded = Vec::new().into();
            segment.when = Condition::never();
        }
        segment
    }

    /// Mostly the targeting key.
    fn by(&mut self) -> String {
        if self.once_in(3) {
            self.pick(&ATTRIBUTES).0.to_owned()
        } else {
            TARGETING_KEY.to_owned()
        }
    }

    fn keys(&mut self) -> Vec<String> {
        // Now and then more than an attribute has words.
        let count = if self.once_in(20) {
            100
        } else {
            self.0.usize(..20)
        };
        (0..count).map(|_| self.key()).collect()
    }

    fn key(&mut self) -> String {
        match self.0.u32(..5) {
            0 => self.text(SHORT_TEXTS),
            1 => format!("user-{}", self.0.u32(..10)),
            // Shorter and longer than what is prepared for hashing.
            2 => self.pick(&["k", "ü"]).repeat(self.0.usize(..45)),
            _ => format!("user-{}", self.0.u32(..100_000)),
        }
    }

    fn flag(&mut self, key: &str, known: &Known) -> Flag {
        let mut names = VARIANT_KEYS.to_vec();
        self.0.shuffle(&mut names);
        names.truncate(self.0.usize(1..=names.len()));
        let variants: Vec<Variant> = names
            .iter()
            .map(|key| Variant {
                key: (*key).to_owned(),
                value: self.value(),
            })
            .collect();
        let mut flag = Flag {
            key: key.to_owned(),
            default: (!self.once_in(12)).then(|| self.text(&names)),
            variants,
            enabled: !self.once_in(12),
            expires: self.once_in(3).then(|| Day(self.0.i32(-30_000..90_000))),
            prerequisites: vec![],
            rules: vec![],
        };
        if !known.flags.is_empty() && self.once_in(4) {
            for _ in 0..self.0.usize(1..=2) {
                let (flag_key, variants) = self.variants_of(known);
                flag.prerequisites.push(Prerequisite {
                    flag: flag_key,
                    variants,
                });
            }
        }
        // Most flags are plain, and so decided otherwise than others.
        if self.once_in(3) {
            let count = self.0.usize(..6);
            let parts = (0..count).map(|_| self.frequent(known)).collect();
            let serve = match self.0.bool() {
                true => Serve::Variant(self.text(&names)),
                false => Serve::Split(self.split(&flag)),
            };
            flag.rules.push(Rule {
                name: String::new(),
                when: Condition::All(parts),
                serve,
            });
            return flag;
        }
        for index in 0..self.0.usize(..5) {
            let serve = match self.0.u32(..12) {
                0 => Serve::Default,
                1..6 => Serve::Variant(self.text(&names)),
                _ => Serve::Split(self.split(&flag)),
            };
            flag.rules.push(Rule {
                // A flag is plain only if its rule has none.
                name: match self.0.bool() {
                    true => format!("rule {index}"),
                    false => String::new(),
                },
                when: self.condition(3, known),
                serve,
            });
        }
        flag
    }

    fn value(&mut self) -> Value {
        match self.0.u32(..4) {
            0 => Value::Boolean(self.0.bool()),
            1 => Value::String(self.text(SHORT_TEXTS)),
            2 => Value::Number(*self.pick(&NUMBERS)),
            _ => Value::Json(self.text(&["null", "[]", r#"{"a":[1,"ü"]}"#])),
        }
    }

    /// A flag that was made before, and some of its variants.
    fn variants_of(&mut self, known: &Known) -> (String, Vec<String>) {
        let (key, variants) = self.pick(&known.flags);
        let some = variants.iter().filter(|_| self.0.bool()).cloned();
        (key.clone(), some.collect())
    }

    /// A condition nested at most this deep.
    fn condition(&mut self, depth: u32, known: &Known) -> Condition {
        match self.0.u32(..9) {
            0..3 if depth > 0 => {
                let count = self.0.usize(..4);
                let parts = (0..count)
                    .map(|_| self.condition(depth - 1, known))
                    .collect();
                if self.0.bool() {
                    Condition::All(parts)
                } else {
                    Condition::Any(parts)
                }
            }
            3 if depth > 0 => Condition::Not(Box::new(self.condition(depth - 1, known))),
            4 if self.0.bool() => Condition::always(),
            _ => Condition::Test(self.test(known)),
        }
    }

    /// A test as plain rules have, or its opposite.
    fn frequent(&mut self, known: &Known) -> Condition {
        let test = if !known.segments.is_empty() && self.once_in(4) {
            Test::Segment(self.pick(&known.segments).clone())
        } else {
            let (name, kind) = *self.pick(&ATTRIBUTES);
            let matcher = match (kind, self.0.u32(..4)) {
                (Kind::Key, 0) => Matcher::StartsWith("user".to_owned()),
                (Kind::Key, _) => {
                    let keys = self.keys().into_iter().map(Scalar::Text);
                    Matcher::OneOf(keys.collect())
                }
                (Kind::Version, 1..) => Matcher::SemVer(self.order(), self.text(VERSIONS)),
                (_, 0) => Matcher::Equals(Scalar::Text(self.text(PLANS))),
                (_, 1) => Matcher::StartsWithIgnoringCase(self.text(SHORT_TEXTS)),
                (_, 2) => Matcher::EndsWith(self.text(EMAILS)),
                _ => Matcher::OneOf(self.scalars()),
            };
            Test::attribute(name, matcher)
        };
        match self.0.bool() {
            true => Condition::Test(test),
            false => Condition::Not(Box::new(Condition::Test(test))),
        }
    }

    fn test(&mut self, known: &Known) -> Test {
        match self.0.u32(..12) {
            0 => Test::Now {
                order: self.order(),
                time: self.time(),
            },
            1 if !known.segments.is_empty() => Test::Segment(self.pick(&known.segments).clone()),
            2 if !known.flags.is_empty() => {
                let (key, variants) = self.variants_of(known);
                Test::Flag {
                    key,
                    variants,
                    enabled_only: false,
                }
            }
            _ => {
                let (name, kind) = *self.pick(&ATTRIBUTES);
                let kind = if self.once_in(12) {
                    self.pick(&ATTRIBUTES).1
                } else {
                    kind
                };
                Test::attribute(name, self.matcher(kind))
            }
        }
    }

    fn order(&mut self) -> Order {
        use Order::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual};
        *self.pick(&[Equal, Less, LessOrEqual, Greater, GreaterOrEqual])
    }

    /// A moment of conditions, ramps and evaluations.
    pub fn time(&mut self) -> UnixMillis {
        UnixMillis(match self.0.u32(..20) {
            0 => *self.pick(&[i64::MIN, i64::MAX, 0, -1]),
            1..10 => *self.pick(&TIMES),
            _ => TIMES[0] + self.0.i64(-100_000..100_000),
        })
    }

    fn number(&mut self) -> f64 {
        *self.pick(&NUMBERS)
    }

    fn scalar(&mut self) -> Scalar {
        match self.0.u32(..5) {
            0 => Scalar::Boolean(self.0.bool()),
            1 => Scalar::Number(self.number()),
            2 => Scalar::Text(self.text(PLANS)),
            _ => Scalar::Text(self.text(SHORT_TEXTS)),
        }
    }

    fn scalars(&mut self) -> Vec<Scalar> {
        let count = if self.once_in(20) {
            30
        } else {
            self.0.usize(..5)
        };
        (0..count).map(|_| self.scalar()).collect()
    }

    fn matcher(&mut self, kind: Kind) -> Matcher {
        match self.0.u32(..10) {
            0 => return Matcher::Exists,
            1 => return Matcher::Equals(self.scalar()),
            2 => return Matcher::OneOf(self.scalars()),
            _ => {}
        }
        let order = self.order();
        match kind {
            Kind::Key => match self.0.u32(..3) {
                0 => Matcher::Equals(Scalar::Text(self.key())),
                1 => {
                    let keys = self.keys().into_iter().map(Scalar::Text);
                    Matcher::OneOf(keys.collect())
                }
                _ => Matcher::Text(order, self.key()),
            },
            Kind::Email => self.about_text(order, EMAILS),
            Kind::Plan => self.about_text(order, PLANS),
            Kind::Text => self.about_text(order, SHORT_TEXTS),
            Kind::Number => Matcher::Number(order, self.number()),
            Kind::Boolean => Matcher::Equals(Scalar::Boolean(self.0.bool())),
            Kind::List => Matcher::Includes(self.scalar()),
            Kind::Version => Matcher::SemVer(order, self.text(VERSIONS)),
            Kind::Address => Matcher::InNetwork(self.texts(NETWORKS)),
            Kind::Date => Matcher::Date(order, self.time()),
            Kind::NumberInText => Matcher::NumberInText(order, self.number()),
        }
    }

    fn about_text(&mut self, order: Order, pool: &[&str]) -> Matcher {
        let text = self.text(pool);
        match self.0.u32(..11) {
            0 => Matcher::StartsWith(self.part(&text)),
            1 => Matcher::EndsWith(self.part(&text)),
            2 => Matcher::Contains(self.part(&text)),
            3 => Matcher::StartsWithIgnoringCase(self.part(&text)),
            4 => Matcher::EndsWithIgnoringCase(self.part(&text)),
            5 => Matcher::ContainsIgnoringCase(self.part(&text)),
            6 => Matcher::OneOfIgnoringCase(self.texts(pool)),
            7 => Matcher::Matches(self.text(PATTERNS)),
            8 => Matcher::Text(order, text),
            9 => Matcher::MatchesIn {
                dialect: *self.pick(&[Dialect::EcmaScript, Dialect::Re2]),
                pattern: self.text(COMMON_PATTERNS),
                ignore_case: self.0.bool(),
            },
            _ => Matcher::Equals(Scalar::Text(text)),
        }
    }

    /// The beginning, the end or the middle of a text.
    fn part(&mut self, text: &str) -> String {
        let chars: Vec<char> = text.chars().collect();
        let (from, to) = (self.0.usize(..=chars.len()), self.0.usize(..=chars.len()));
        let part = match self.0.u32(..4) {
            0 => &chars[..to],
            1 => &chars[from..],
            2 => &chars[from.min(to)..from.max(to)],
            _ => &chars[..],
        };
        part.iter().collect()
    }

    /// An evaluation context; about one attribute in eight is missing or null.
    pub fn context(&mut self) -> Context {
        let mut context = Context::new();
        for (name, kind) in ATTRIBUTES {
            let kind = if self.once_in(12) {
                self.pick(&ATTRIBUTES).1
            } else {
                kind
            };
            if !self.once_in(10) {
                context.insert(name.to_owned(), self.json(kind));
            }
        }
        context
    }

    fn json(&mut self, kind: Kind) -> serde_json::Value {
        if self.once_in(40) {
            return match self.0.u32(..3) {
                0 => serde_json::Value::Null,
                1 => serde_json::json!({ "a": 1 }),
                _ => serde_json::json!([]),
            };
        }
        match kind {
            Kind::Key => self.key().into(),
            Kind::Email => self.text(EMAILS).into(),
            Kind::Plan => self.text(PLANS).into(),
            Kind::Text => self.text(SHORT_TEXTS).into(),
            Kind::Number => self.number().into(),
            Kind::Boolean => self.0.bool().into(),
            Kind::List => {
                let count = self.0.usize(..4);
                let elements = (0..count).map(|_| match self.scalar() {
                    Scalar::Boolean(value) => value.into(),
                    Scalar::Number(value) => value.into(),
                    Scalar::Text(value) => serde_json::Value::from(value),
                });
                elements.collect()
            }
            Kind::Version => self.text(VERSIONS).into(),
            Kind::Address => self.text(ADDRESSES).into(),
            Kind::Date if self.once_in(4) => {
                let offset = *self.pick(&[0.0, 0.25, 0.75]);
                (self.time().0 as f64 + offset).into()
            }
            Kind::Date => self.text(DATES).into(),
            Kind::NumberInText => self.text(NUMBERS_IN_TEXT).into(),
        }
    }

    /// Mostly none.
    pub fn kills(&mut self, model: &Model) -> Kills {
        let mut kills = Kills::new();
        for flag in &model.flags {
            if self.once_in(25) {
                let variant = self.pick(&flag.variants).key.clone();
                kills.insert(flag.key.clone(), variant);
            }
        }
        kills
    }
}
