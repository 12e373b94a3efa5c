#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::context::{List, Object};

extern crate std;
use std::string::String;
use std::vec::Vec;

struct Values<'v>(Vec<AttributeValue<'v>>);

impl List for Values<'_> {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn element(&self, index: usize) -> AttributeValue<'_> {
        self.0
            .get(index)
            .copied()
            .unwrap_or(AttributeValue::Missing)
    }
}

struct Members<'m>(Vec<(&'m str, f64)>);

impl Object for Members<'_> {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn member(&self, index: usize) -> Option<(&str, AttributeValue<'_>)> {
        let (name, value) = self.0.get(index)?;
        Some((name, AttributeValue::Number(*value)))
    }
}

fn collect(write: impl FnOnce(&mut Sink<'_>) -> ControlFlow<()>) -> String {
    let mut all = String::new();
    let done = write(&mut |piece| {
        all.push_str(piece);
        Continue(())
    });
    assert!(done.is_continue());
    all
}

#[test]
fn lists() {
    use AttributeValue::{Boolean, List, Null, Number, Text};
    let inner = Values(std::vec![Text("5")]);
    let nested = Values(std::vec![List(&inner)]);
    let mixed = Values(std::vec![
        Number(1.0),
        Null,
        Text("a"),
        List(&inner),
        Boolean(true)
    ]);
    assert_eq!(collect(|out| text(List(&mixed), out)), "1,,a,5,true");
    assert_eq!(
        collect(|out| json(List(&mixed), out)),
        r#"[1,null,"a",["5"],true]"#
    );
    assert_eq!(number(List(&nested)), 5.0);
    assert!(number(List(&mixed)).is_nan());
    assert_eq!(number(List(&Values(Vec::new()))), 0.0);
    assert!(number(List(&Values(std::vec![Boolean(true)]))).is_nan());
    assert_eq!(number(List(&Values(std::vec![Null]))), 0.0);
}

#[test]
fn members_in_javascripts_order() {
    let object = Members(std::vec![
        ("b", 1.0),
        ("10", 2.0),
        ("02", 3.0),
        ("2", 4.0),
        ("b", -0.0),
        ("\u{1}\"é", 1e21)
    ]);
    let written = collect(|out| json(AttributeValue::Object(&object), out));
    assert_eq!(
        written,
        "{\"2\":4,\"10\":2,\"b\":0,\"02\":3,\"\\u0001\\\"é\":1e+21}"
    );
}

#[test]
fn small_letters() {
    for (text, small) in [
        ("ΑΣ", "ας"),
        ("ΣΑΣ.", "σας."),
        ("ΑΣ'Α", "ασ'α"),
        ("Σ", "σ"),
        ("İ", "i\u{307}"),
        ("ǅΣ", "ǆς"),
    ] {
        assert_eq!(lower(text).collect::<String>(), small);
        assert_eq!(text.to_lowercase(), small, "as the standard library has it");
    }
}

#[test]
fn indices() {
    let indices = ["0", "7", "4294967294"];
    assert!(indices.iter().all(|name| array_index(name).is_some()));
    assert!(
        ["", "00", "-1", "+1", "1.0", "4294967295", "99999999999"]
            .iter()
            .all(|name| array_index(name).is_none())
    );
}
