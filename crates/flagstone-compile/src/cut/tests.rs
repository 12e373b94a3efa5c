use super::cut;
use crate::model::{
    Condition, Expose, Flag, FlagSource, Keys, Model, Plan, Prerequisite, Route, Rule, Scope,
    SdkKind, Segment, Serve, ServiceKind, TARGETING_KEY, Test, Value, Variant,
};

/// Flags `a` to `f` and segments `s` to `u`, of which nothing depends on anything.
fn model() -> Model {
    let flags = ["a", "b", "c", "d", "e", "f"].map(|key| Flag {
        key: key.to_owned(),
        variants: vec![Variant {
            key: "on".to_owned(),
            value: Value::Boolean(true),
        }],
        default: Some("on".to_owned()),
        enabled: true,
        expires: None,
        prerequisites: Vec::new(),
        rules: Vec::new(),
    });
    let segments = ["s", "t", "u"].map(|key| Segment {
        key: key.to_owned(),
        by: TARGETING_KEY.to_owned(),
        included: Keys::default(),
        excluded: Keys::default(),
        when: Condition::never(),
    });
    Model {
        flags: flags.into(),
        segments: segments.into(),
        ..Model::default()
    }
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| name.to_string()).collect()
}

fn when(model: &mut Model, flag: &str, when: Condition) {
    let flags = model.flags.iter_mut().filter(|of| of.key == flag);
    flags.for_each(|flag| {
        flag.rules.push(Rule {
            name: String::new(),
            when: when.clone(),
            serve: Serve::Variant("on".to_owned()),
        });
    });
}

fn segment(key: &str) -> Condition {
    Condition::Test(Test::Segment(key.to_owned()))
}

fn has(key: &str) -> Condition {
    Condition::Test(Test::Flag {
        key: key.to_owned(),
        variants: names(&["on"]),
        enabled_only: false,
    })
}

/// What is changed in the model, and what of it stays.
type Case = (&'static str, fn(&mut Model), &'static str);

#[test]
fn what_requests_can_ask_for() {
    let cases: [Case; 13] = [
        ("nothing is named", |_| {}, ""),
        (
            "flags for browsers and origins",
            |model| {
                model.edge.expose = Expose {
                    browser: names(&["a"]),
                    origin: names(&["c", "a"]),
                    ..Expose::default()
                }
            },
            "ac",
        ),
        (
            "a flag that acts on a route, and flags that the route narrows to",
            |model| {
                let acting = Route {
                    flag: "b".to_owned(),
                    ..Route::default()
                };
                let narrow = Route {
                    flags: Some(names(&["f", "d"])),
                    ..Route::default()
                };
                model.edge.routes = vec![acting, narrow];
            },
            "bdf",
        ),
        (
            "prerequisites of prerequisites",
            |model| {
                model.edge.expose.browser = names(&["a"]);
                for (place, of) in [(0, "c"), (2, "e")] {
                    let required = Prerequisite {
                        flag: of.to_owned(),
                        variants: names(&["on"]),
                    };
                    let flag = model.flags.get_mut(place);
                    flag.into_iter()
                        .for_each(|flag| flag.prerequisites.push(required.clone()));
                }
            },
            "ace",
        ),
        (
            "what a rule asks about",
            |model| {
                model.edge.expose.browser = names(&["a"]);
                when(model, "a", segment("s"));
                when(model, "a", has("b"));
                when(model, "c", segment("t"));
            },
            "abs",
        ),
        (
            "what a segment asks about",
            |model| {
                model.edge.expose.browser = names(&["a"]);
                when(model, "a", segment("u"));
                for of in &mut model.segments {
                    of.when = match of.key.as_str() {
                        "u" => segment("s"),
                        _ => has("f"),
                    };
                }
            },
            "afsu",
        ),
        (
            "conditions in conditions",
            |model| {
                model.edge.expose.browser = names(&["a"]);
                let within = Condition::Test(Test::Within {
                    name: "user.tags".to_owned(),
                    scope: Scope::Elements,
                    when: Box::new(segment("t")),
                });
                let any = Condition::Any(vec![has("b"), Condition::All(vec![within])]);
                when(model, "a", Condition::Not(Box::new(any)));
            },
            "abt",
        ),
        (
            "a segment whose failure is tolerated",
            |model| {
                model.edge.expose.browser = names(&["a"]);
                let test = Test::SegmentUnlessFails("s".to_owned());
                when(model, "a", Condition::Test(test));
            },
            "as",
        ),
        (
            "a flag that the evaluation may be inside of",
            |model| {
                model.edge.expose.browser = names(&["a"]);
                when(model, "a", Condition::Test(Test::Inside("d".to_owned())));
            },
            "ad",
        ),
        (
            "a circle",
            |model| {
                model.edge.expose.browser = names(&["a"]);
                when(model, "a", has("b"));
                when(model, "b", has("a"));
            },
            "ab",
        ),
        (
            "names that lead nowhere",
            |model| {
                model.edge.expose.browser = names(&["a", "gone"]);
                when(model, "a", segment("gone"));
            },
            "a",
        ),
        (
            "all flags, and not all segments",
            |model| {
                model.edge.expose.origin = names(&["a", "b", "c", "d", "e", "f"]);
                when(model, "c", segment("u"));
            },
            "abcdefu",
        ),
        (
            "a flag of the same key stays an error",
            |model| {
                model.edge.expose.browser = names(&["a"]);
                model.flags.extend(model.flags.first().cloned());
            },
            "aa",
        ),
    ];
    for (name, change, expected) in cases {
        let mut model = model();
        change(&mut model);
        let left = cut(model.clone());
        let flags = left.flags.iter().map(|flag| flag.key.as_str());
        let segments = left.segments.iter().map(|segment| segment.key.as_str());
        let keys: String = flags.chain(segments).collect();
        assert_eq!(keys, expected, "{name}");
        assert!(left.edge.is_cut, "{name}");
        assert_eq!(cut(left.clone()), left, "{name}: twice");
    }
}

/// With their flags, plans and aliases.
#[test]
fn what_belongs_to_a_flag() {
    let mut model = model();
    let plan = |flag: &str| Plan {
        goals: Vec::new(),
        flag: flag.to_owned(),
        variant: "on".to_owned(),
        id: "1".to_owned(),
        stages: Vec::new(),
        straight: false,
        calendar: crate::model::Calendar::default(),
    };
    model.plans = vec![plan("a"), plan("b"), plan("c")];
    let alias = |flag: &str| (flag.to_owned(), format!("{flag}-"));
    model.edge.expose.aliases = vec![alias("c"), alias("b")];
    model.edge.expose.origin = names(&["b"]);
    let left = cut(model);
    assert_eq!(left.plans, [plan("b")]);
    assert_eq!(left.edge.expose.aliases, [alias("b")]);
}

#[test]
fn nothing_to_leave_out() {
    let mut all = model();
    all.edge.expose.browser = names(&["a", "b", "c", "d", "e", "f"]);
    when(
        &mut all,
        "a",
        Condition::Any(["s", "t", "u"].map(segment).into()),
    );
    assert_eq!(cut(all.clone()), all);

    let mut elsewhere = model();
    elsewhere.edge.source = Some(FlagSource {
        service: ServiceKind::Flagd,
        sdk: SdkKind::Node,
        key: "flags".to_owned(),
    });
    assert_eq!(cut(elsewhere.clone()), elsewhere);
}
