//! Deciding allocates nothing.
#![allow(clippy::unwrap_used, reason = "tests")]

use flagstone_compile::compile;
use flagstone_compile::model::{
    Condition, Flag, Matcher, Model, Order, Prerequisite, RampPoint, Rule, Scalar, Segment, Serve,
    Share, Split, TARGETING_KEY, Test, Value, Variant,
};
use flagstone_core::{
    AttributeIndex, AttributeValue, Attributes, Evaluator, List, Reason, Snapshot, UnixMillis,
    Weight,
};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;

/// The system's allocator, which counts for each thread how often it was asked.
struct Counting;

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    // A thread that ends may free after its counter is gone.
    let _ = COUNT.try_with(|count| count.set(count.get() + 1));
}

#[expect(unsafe_code, reason = "an allocator cannot be written without")]
// SAFETY: every call is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count();
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often the allocator was asked meanwhile.
fn allocations(run: impl FnOnce()) -> u64 {
    let before = COUNT.get();
    run();
    COUNT.get() - before
}

fn test(name: &str, matcher: Matcher) -> Condition {
    Condition::Test(Test::attribute(name, matcher))
}

fn flag(key: &str, when: Condition, serve: Serve) -> Flag {
    let variant = |key: &str| Variant {
        key: key.to_owned(),
        value: Value::String(key.to_owned()),
    };
    Flag {
        key: key.to_owned(),
        variants: vec![variant("control"), variant("treatment")],
        default: Some("control".to_owned()),
        enabled: true,
        expires: None,
        prerequisites: vec![],
        rules: vec![Rule {
            name: String::new(),
            when,
            serve,
        }],
    }
}

fn treatment() -> Serve {
    Serve::Variant("treatment".to_owned())
}

/// Three tests and a rollout; and a flag that asks for everything that there is.
fn model() -> Model {
    let text = |text: &str| text.to_owned();
    let three = Condition::All(vec![
        test(
            "geo.country",
            Matcher::OneOf(vec![Scalar::Text(text("DE")), Scalar::Text(text("AT"))]),
        ),
        test("user.email", Matcher::EndsWith(text("@shop.example"))),
        test(
            "app.version",
            Matcher::SemVer(Order::GreaterOrEqual, text("2.3.0")),
        ),
    ]);
    let ramp = [(0, 0), (1_000_000, 1_000_000)].map(|(at, share)| RampPoint {
        at: UnixMillis(at),
        share: Weight(share),
    });
    let rollout = |by: &str, share: Share| {
        Serve::Split(Split {
            by: text(by),
            shares: vec![(text("treatment"), share)],
            reserve: vec![],
        })
    };
    let everything = Condition::All(vec![
        Condition::Test(Test::Segment(text("staff"))),
        Condition::Test(Test::Flag {
            key: text("three"),
            variants: vec![text("control"), text("treatment")],
            enabled_only: false,
        }),
        Condition::Test(Test::Now {
            order: Order::Greater,
            time: UnixMillis(1),
        }),
        test("user.email", Matcher::Exists),
        test("user.email", Matcher::Contains(text("shop"))),
        test("user.email", Matcher::ContainsIgnoringCase(text("SHOP"))),
        test("user.email", Matcher::StartsWithIgnoringCase(text("ZOE"))),
        test(
            "user.email",
            Matcher::OneOfIgnoringCase(vec![text("ZOE@shop.example")]),
        ),
        test("user.email", Matcher::Text(Order::Less, text("zz"))),
        test(
            "user.email",
            Matcher::Matches(text("^[^@]+@(shop|store)\\.example$")),
        ),
        test(
            "user.key",
            Matcher::OneOf(
                (0..20)
                    .map(|user| Scalar::Text(format!("user-{user}")))
                    .collect(),
            ),
        ),
        test("user.age", Matcher::Number(Order::Less, 100.0)),
        test(
            "user.age",
            Matcher::OneOf(vec![Scalar::Number(30.0), Scalar::Boolean(true)]),
        ),
        test("user.age", Matcher::NumberInText(Order::Greater, 1.0)),
        test("user.score", Matcher::NumberInText(Order::Greater, 1.0)),
        test(
            "user.since",
            Matcher::Date(Order::Less, UnixMillis(i64::MAX)),
        ),
        test("user.tags", Matcher::Includes(Scalar::Text(text("b")))),
        test(
            "client.ip",
            Matcher::InNetwork(vec![text("10.0.0.0/8"), text("2001:db8::/32")]),
        ),
    ]);
    let mut asks = flag(
        "everything",
        everything,
        rollout("user.age", Share::Ramp(ramp.into())),
    );
    asks.prerequisites.push(Prerequisite {
        flag: text("plain"),
        variants: vec![text("treatment")],
    });
    Model {
        flags: vec![
            flag(
                "three",
                three,
                rollout(TARGETING_KEY, Share::Fixed(Weight(500_000))),
            ),
            flag("plain", Condition::always(), treatment()),
            asks,
        ],
        segments: vec![Segment {
            key: text("staff"),
            by: text(TARGETING_KEY),
            included: (0..100).map(|user| format!("user-{user}")).collect(),
            excluded: vec![].into(),
            when: Condition::never(),
        }],
        ..Model::default()
    }
}

struct Zoe<'s>(Snapshot<'s>);

struct Tags;

impl List for Tags {
    fn len(&self) -> usize {
        2
    }

    fn element(&self, index: usize) -> AttributeValue<'_> {
        let tag = ["a", "b"].get(index);
        tag.map_or(AttributeValue::Missing, |tag| AttributeValue::Text(tag))
    }
}

impl Attributes for Zoe<'_> {
    fn attribute(&self, index: AttributeIndex) -> AttributeValue<'_> {
        match self
            .0
            .attribute(index)
            .map_or("", |attribute| attribute.name)
        {
            "user.key" => AttributeValue::Text("user-7"),
            "user.email" => AttributeValue::Text("zoe@shop.example"),
            "user.age" => AttributeValue::Number(30.0),
            "user.score" => AttributeValue::Text("1234.5678e-1"),
            "user.since" => AttributeValue::Text("2026-11-22T19:35:00.123456+01:00"),
            "user.tags" => AttributeValue::List(&Tags),
            "geo.country" => AttributeValue::Text("AT"),
            "app.version" => AttributeValue::Text("2.3.1-rc.1+build"),
            "client.ip" => AttributeValue::Text("2001:db8::7"),
            _ => AttributeValue::Missing,
        }
    }
}

#[test]
fn the_counter_counts() {
    // An allocation of which nothing is seen would be optimized away.
    assert_eq!(allocations(|| drop(black_box(Box::new(7)))), 2);
}

#[test]
fn deciding_allocates_nothing() {
    let bytes = compile(&model()).snapshot.unwrap();
    for (key, reason) in [
        ("three", Reason::Split),
        ("plain", Reason::TargetingMatch),
        ("everything", Reason::Split),
    ] {
        let mut decided = None;
        let asked = allocations(|| {
            let snapshot = Snapshot::open(&bytes).unwrap();
            let zoe = Zoe(snapshot);
            let evaluator = Evaluator::new(snapshot, &zoe, UnixMillis(500_000));
            decided = Some(evaluator.evaluate(snapshot.find(key).unwrap()).reason);
        });
        assert_eq!(decided, Some(reason), "{key}");
        assert_eq!(asked, 0, "{key}");
    }
}
