//! Random models get parts that only flags of services have.

use flagstone_compile::model::{
    Absent, Algorithm, Allocation, Bucketing, Condition, Conversion, Expression, Js, Matcher,
    Model, Operation, Order, Range, Reading, Rest, Scalar, Scope, Serve, Test, Value,
};
use flagstone_compile::regex::Dialect;
use flagstone_tests::random::Random;

const TEXTS: &[&str] = &[
    "", "a", "B", "a\"b", "a'b", "'''", "\\", "\n", "\u{0}", "\u{7f}", "ü", "日本", "🙂", "a b",
    "// x", "\"\"\"", "{}", "[a]", "null", "in", "\u{2028}",
];

const NAMES: &[&str] = &[
    "user.key",
    "user.plan",
    "plan",
    "user[\"a/b\"]",
    "user[\"key\"]",
    "user[\"\"].x",
    "[\"a.b\"].c",
    "user[\"x\\\"y\\n\"]",
    "user.a-b",
    "user.in",
    "now",
    "true.x",
    "geo.contry",
    "request.headers.X-Big",
    "request.headers",
    "request.random",
    "client.ip",
    "$element",
    "$element.a.0",
    "odd name",
    ".",
];

const VERSIONS: &[&str] = &["1.2.3", "1.2.3-rc.1", "0.0.0"];

/// Where the parts come from.
pub struct Parts<'r>(pub &'r mut Random);

impl Parts<'_> {
    fn number(&mut self, below: usize) -> usize {
        self.0.rng().usize(..below)
    }

    fn is(&mut self) -> bool {
        self.0.rng().bool()
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        let index = self.number(from.len());
        from[index].clone()
    }

    fn text(&mut self) -> String {
        self.pick(TEXTS).to_owned()
    }

    fn texts(&mut self) -> Vec<String> {
        (0..self.number(4)).map(|_| self.text()).collect()
    }

    fn name(&mut self) -> String {
        self.pick(NAMES).to_owned()
    }

    fn order(&mut self) -> Order {
        use Order::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual};
        self.pick(&[Equal, Less, LessOrEqual, Greater, GreaterOrEqual])
    }

    fn float(&mut self) -> f64 {
        let numbers = [
            0.0,
            -0.0,
            5.0,
            -5.0,
            0.1,
            1e300,
            5e-324,
            f64::INFINITY,
            f64::NEG_INFINITY,
        ];
        self.pick(&numbers)
    }

    fn scalar(&mut self) -> Scalar {
        match self.number(3) {
            0 => Scalar::Boolean(self.is()),
            1 => Scalar::Number(self.float()),
            _ => Scalar::Text(self.text()),
        }
    }

    fn matcher(&mut self) -> Matcher {
        let order = self.order();
        let version = self.pick(VERSIONS).to_owned();
        let ignore_case = self.is();
        match self.number(30) {
            0 => Matcher::Exists,
            1 => Matcher::InSet(self.texts()),
            2 => Matcher::IncludesNull,
            3 => Matcher::Includes(self.scalar()),
            4 => Matcher::JsDateBefore(self.float()),
            5 => Matcher::JsDateAfter(self.float()),
            6 => Matcher::NpmSemVer(order, version),
            7 => Matcher::NpmSemVerStrict(order, version),
            8 => Matcher::StartsWithOneOf(self.texts()),
            9 => Matcher::EndsWithOneOf(self.texts()),
            10 => Matcher::ContainsOneOfLower(self.texts()),
            11 => Matcher::ListHasOneOf(self.texts()),
            12 => Matcher::ListHasAllOf(self.texts()),
            13 => Matcher::ListWithin(self.texts()),
            14 => Matcher::ListDistinct(self.pick(&[0, 2, u32::MAX])),
            15 => Matcher::SplitVersion(order, version),
            16 => Matcher::SplitVersionIn(vec![version]),
            17 => Matcher::InNpmNetwork {
                networks: vec!["10.0.0.0/8".to_owned()],
                or_equal: ignore_case,
            },
            18 => Matcher::MatchesIn {
                dialect: self.pick(&[Dialect::EcmaScript, Dialect::Re2]),
                pattern: self.pick(&["^a+$", "\\d'\"", "[ü]"]).to_owned(),
                ignore_case: false,
            },
            19 => Matcher::Js(Js::Text(self.text())),
            20 => Matcher::Js(Js::LowerText("ü'".to_owned())),
            21 => Matcher::Js(Js::Number(self.float())),
            22 => Matcher::Js(Js::Truthy),
            23 => Matcher::Js(Js::Compare(Order::Less, self.scalar())),
            24 => Matcher::Js(Js::Json(self.text())),
            25 => Matcher::Js(Js::Version(order, version)),
            26 => Matcher::Js(Js::OneOfLower(vec!["a".to_owned()])),
            27 => Matcher::Js(Js::Type(self.number(64) as u32)),
            28 => Matcher::Js(Js::Matches {
                pattern: "a|'".to_owned(),
                ignore_case,
            }),
            _ => Matcher::OneOf((0..self.number(4)).map(|_| self.scalar()).collect()),
        }
    }

    fn expression(&mut self, depth: u32) -> Expression {
        match self.number(10) {
            0 => Expression::Undefined,
            1 => Expression::Null,
            2 => Expression::Boolean(self.is()),
            3 => Expression::Number(self.float()),
            4 => Expression::Text(self.text()),
            5 => Expression::Object(3),
            6 => Expression::Constants(vec![Expression::Text(self.text()), Expression::Null]),
            7 if depth > 0 => {
                let operation = [Operation::Not, Operation::Negate, Operation::IsList];
                Expression::apply(self.pick(&operation), [self.expression(depth - 1)])
            }
            8 if depth > 0 => {
                let arguments = [self.expression(depth - 1), self.expression(depth - 1)];
                Expression::detailed(Operation::Compare, self.number(8) as u16, arguments)
            }
            _ => Expression::Attribute(self.name()),
        }
    }

    fn reading(&mut self) -> Reading {
        Reading {
            elements: self.is(),
            missing_is_no: self.is(),
            mistyped_is_no: self.is(),
            conversion: self.pick(Conversion::ALL),
        }
    }

    fn bucketing(&mut self) -> Bucketing {
        let by = (0..=self.number(3)).map(|_| self.name());
        let by = by.collect();
        let algorithm: Algorithm = self.pick(Algorithm::ALL);
        Bucketing {
            by,
            algorithm,
            salt: self.text(),
            seed: self.pick(&[0, 7, u32::MAX]),
            modulus: match algorithm.positions(0).is_empty() {
                true => 100,
                false => self.pick(&[0, 100]),
            },
        }
    }

    /// Ranges among the positions of a bucketing.
    fn ranges(
        &mut self,
        bucketing: &Bucketing,
        below: usize,
    ) -> impl Iterator<Item = (u64, u64)> + use<> {
        let end = bucketing.algorithm.positions(bucketing.modulus).end;
        (0..self.number(below) as u64).map(move |at| (at, end - at))
    }

    fn test(&mut self, model: &Model, depth: u32) -> Test {
        let flag = model.flags.first().map(|flag| flag.key.clone());
        let segment = model.segments.first().map(|segment| segment.key.clone());
        match (self.number(12), flag, segment) {
            (0, ..) => {
                let bucketing = self.bucketing();
                Test::Bucket {
                    ranges: self.ranges(&bucketing, 3).collect(),
                    bucketing,
                    absent: self.pick(Absent::ALL),
                }
            }
            (1, ..) => Test::Fail,
            (2, ..) => Test::Abort,
            (3, Some(flag), _) => Test::Inside(flag),
            (4, _, Some(segment)) => Test::SegmentUnlessFails(segment),
            (6, ..) => Test::Expression {
                expression: self.expression(3),
                source: self.text(),
            },
            (5, ..) if depth > 0 => Test::Within {
                name: self.name(),
                scope: self.pick(Scope::ALL),
                when: Box::new(self.condition(model, depth - 1)),
            },
            _ => Test::Attribute {
                name: self.name(),
                matcher: self.matcher(),
                reading: self.reading(),
            },
        }
    }

    fn condition(&mut self, model: &Model, depth: u32) -> Condition {
        match self.number(8) {
            0 if depth > 0 => Condition::All(self.conditions(model, depth - 1)),
            1 if depth > 0 => Condition::Any(self.conditions(model, depth - 1)),
            2 if depth > 0 => Condition::Not(Box::new(self.condition(model, depth - 1))),
            _ => Condition::Test(self.test(model, depth)),
        }
    }

    fn conditions(&mut self, model: &Model, depth: u32) -> Vec<Condition> {
        (0..self.number(4))
            .map(|_| self.condition(model, depth))
            .collect()
    }

    fn serve(&mut self, variant: &str) -> Serve {
        match self.number(4) {
            0 | 1 => return Serve::Default,
            2 => return Serve::Expression(self.expression(4)),
            _ => {}
        }
        let bucketing = self.bucketing();
        let ranges = self.ranges(&bucketing, 4).map(|(from, to)| Range {
            from,
            to,
            variant: variant.to_owned(),
        });
        let rest = [
            Rest::Default,
            Rest::Next,
            Rest::Fail,
            Rest::Variant(variant.to_owned()),
        ];
        Serve::Allocation(Allocation {
            ranges: ranges.collect(),
            bucketing,
            rest: self.pick(&rest),
            absent: self.pick(Absent::ALL),
        })
    }

    /// Puts them into a model.
    pub fn put(&mut self, model: &mut Model) {
        let whole = model.clone();
        for segment in &mut model.segments {
            if self.is() {
                // One that asks about itself would be a circle.
                segment.when = self.condition(&Model::default(), 3);
                if self.number(4) == 0 {
                    segment.by = self.name();
                }
            }
        }
        for flag in &mut model.flags {
            let variant = flag.variants[0].key.clone();
            if self.is() {
                flag.default = None;
                flag.rules
                    .retain(|rule| !matches!(rule.serve, Serve::Split(_)));
            }
            for of in &mut flag.variants {
                if self.is() {
                    let json = [
                        "null",
                        "{\"a\":1.0,\"b\":[null,\"'\"]}",
                        "[1e21]",
                        "{\"a\":1,\"a\":2}",
                    ];
                    of.value = Value::Json(self.pick(&json).to_owned());
                }
            }
            for rule in &mut flag.rules {
                if self.is() {
                    rule.serve = self.serve(&variant);
                }
                if self.is() {
                    rule.when = self.condition(&whole, 3);
                    rule.name = self.text();
                }
            }
        }
    }
}
