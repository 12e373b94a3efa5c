//! Documents of flag services.

use super::{Edge, one, two};
use crate::fixture::{as_it_is, framed, framed_by, long};
use crate::refresh::{Compile, Fetched, Need, Node, Options, Step};
use crate::status::Problem;

fn compiling(compile: Compile) -> Node {
    Node::new(Options {
        compile: Some(compile),
        ..Options::DEFAULT
    })
}

impl Edge {
    fn compiling() -> Self {
        let mut edge = Self::new();
        edge.node = compiling(as_it_is);
        edge
    }

    fn has_rules(&self) -> bool {
        let snapshot = self.node.configuration().unwrap().snapshot().unwrap();
        let flag = snapshot.flag(snapshot.find("a").unwrap()).unwrap();
        flag.rule_name(0).is_some()
    }
}

/// The document is read after the snapshot that names it, and then each time; what decides is compiled from it.
#[test]
fn documents() {
    let mut edge = Edge::compiling();
    edge.publish(7, &framed(), "");
    edge.store.insert("flags".to_owned(), one());
    assert_eq!(edge.request().0, Step::Load);
    assert_eq!(edge.reads.len(), 3);
    assert!(edge.has_rules());
    edge.reads.clear();
    edge.store.insert("flags".to_owned(), two());
    assert_eq!(edge.status(), "flagstone; rev=7");
    assert_eq!(edge.reads, ["control", "flags"]);
    assert!(!edge.has_rules());
}

/// The last good document outlives those that are lost or broken; without any, the request goes to stable.
#[test]
fn documents_that_are_lost_or_broken() {
    let mut edge = Edge::compiling();
    edge.publish(7, &framed(), "");
    assert_eq!(edge.status(), r#"flagstone; error="no-document""#);
    edge.store.insert("flags".to_owned(), b"{}".to_vec());
    assert_eq!(edge.status(), r#"flagstone; error="document-invalid""#);
    edge.store.insert("flags".to_owned(), one());
    assert_eq!(edge.status(), "flagstone; rev=7; id=header");
    edge.store.insert("flags".to_owned(), b"{}".to_vec());
    assert_eq!(
        edge.status(),
        r#"flagstone; rev=7; id=header; stale; error="document-invalid""#
    );
    edge.store.remove("flags");
    assert_eq!(
        edge.status(),
        r#"flagstone; rev=7; id=header; stale; error="no-document""#
    );
    assert!(edge.has_rules());

    let mut edge = Edge::new();
    edge.publish(7, &framed(), "");
    assert_eq!(edge.status(), r#"flagstone; error="document-unsupported""#);
}

/// A shell that reads the control document for each request reads a flag service's only where its time has come.
#[test]
fn documents_are_looked_at_once_in_a_while() {
    let mut edge = Edge::compiling();
    let frame = framed();
    edge.publish(7, &frame, "");
    edge.store.insert("flags".to_owned(), one());
    edge.fetch();
    // What the next requests find: milliseconds later, the document, whether that is read, and what is in force then.
    let document_invalid = Some(Problem::DocumentInvalid);
    let bad = b"{}".to_vec();
    for (later, document, reads, has_rules, problem) in [
        (29_999, two(), false, true, None),
        (1, two(), true, false, None),
        (1, one(), false, false, None),
        (29_999, bad.clone(), true, false, document_invalid),
        (1, one(), false, false, document_invalid),
        (29_998, one(), false, false, document_invalid),
        (1, one(), true, true, None),
        (1, two(), false, true, None),
    ] {
        edge.wait(later);
        edge.store.insert("flags".to_owned(), document);
        edge.reads.clear();
        edge.fetch();
        let expected: &[&str] = if reads {
            &["control", "flags"]
        } else {
            &["control"]
        };
        assert_eq!(edge.reads, expected);
        assert_eq!(
            (edge.has_rules(), edge.node.problem()),
            (has_rules, problem)
        );
    }
    // That another snapshot's document is bad says nothing of this one's.
    edge.publish(8, &framed_by("other"), "");
    edge.fetch();
    assert_eq!(edge.node.problem(), Some(Problem::DocumentAbsent));
    // That is known for as long, and neither of the two is read again.
    edge.wait(29_999);
    edge.reads.clear();
    edge.fetch();
    assert_eq!(edge.reads, ["control"]);
    assert_eq!(edge.node.problem(), Some(Problem::DocumentAbsent));
    edge.wait(1);
    edge.fetch();
    assert_eq!(edge.reads.last().map(String::as_str), Some("other"));
    edge.publish(9, &frame, "");
    edge.fetch();
    assert_eq!(edge.node.problem(), None);
    // Kills do not wait for it, be it good or bad.
    for (revision, document, later) in [(10, two(), 1), (11, bad, 30_000)] {
        edge.store.insert("flags".to_owned(), document);
        edge.wait(later);
        edge.fetch();
        edge.wait(1);
        edge.publish(revision, &frame, r#""a":"off""#);
        edge.fetch();
        assert_eq!(edge.node.configuration().unwrap().kills().len(), 1);
        edge.publish(revision, &frame, "");
        edge.fetch();
        assert_eq!(edge.node.configuration().unwrap().kills().len(), 0);
    }
}

/// What the first node of a place compiles, others take; what is damaged or something else they compile anew.
#[test]
fn what_was_compiled_is_kept() {
    let mut edge = Edge::compiling();
    let (frame, document) = (framed(), long());
    edge.publish(7, &frame, "");
    edge.store.insert("flags".to_owned(), document.clone());
    assert_eq!(edge.status(), "flagstone; rev=7; id=header");
    let digest = flagstone_core::Snapshot::open(&frame).unwrap().digest();
    let key = format!(
        "compiled/{digest}/{}",
        flagstone_core::Digest::of(&document)
    );
    assert_eq!(edge.reads.iter().filter(|read| **read == key).count(), 2);
    assert_eq!(edge.store.get(&key), Some(&document));

    // One that cannot compile takes it all the same.
    edge.reads.clear();
    edge.node = compiling(|_, _| None);
    assert_eq!(edge.status(), "flagstone; rev=7; id=header");
    assert!(edge.has_rules());
    assert_eq!(edge.reads.iter().filter(|read| **read == key).count(), 1);

    let mut damaged = document.clone();
    *damaged.last_mut().unwrap() ^= 1;
    for kept in [damaged, Vec::new(), b"{}".to_vec()] {
        edge.store.insert(key.clone(), kept);
        edge.node = compiling(|_, _| None);
        assert_eq!(edge.status(), r#"flagstone; error="document-invalid""#);
        edge.node = compiling(as_it_is);
        assert_eq!(edge.status(), "flagstone; rev=7; id=header");
        assert!(edge.has_rules());
        assert_eq!(edge.store.get(&key), Some(&document));
    }
}

/// Of those that load at the same time the later control document counts, also where both compile to the same.
#[test]
fn a_kill_that_was_read_meanwhile_counts() {
    for document in [one(), long()] {
        for is_kept in [false, true] {
            let mut edge = Edge::compiling();
            let frame = framed();
            edge.store.insert("flags".to_owned(), document.clone());
            let now = edge.now;
            let asking = |edge: &mut Edge, revision, kills: &str| {
                edge.publish(revision, &frame, kills);
                let control = edge.store.get("control").unwrap().clone();
                let need = edge.node.take(Need::Control, Fetched::Bytes(control), now);
                edge.node
                    .take(need.unwrap(), Fetched::Bytes(frame.clone()), now)
                    .unwrap()
            };
            let before = asking(&mut edge, 5, "");
            let killed = asking(&mut edge, 6, r#""a":"off""#);
            for need in [before, killed] {
                let compiled = edge.node.take(need, Fetched::Bytes(document.clone()), now);
                if let Some(compiled @ Need::Compiled(_)) = compiled {
                    let kept = match is_kept {
                        true => Fetched::Bytes(document.clone()),
                        false => Fetched::Absent,
                    };
                    edge.node.take(compiled, kept, now);
                }
            }
            assert_eq!(edge.node.configuration().unwrap().kills().len(), 1);
            // What was read before that is known to be older.
            edge.publish(5, &frame, "");
            edge.fetch();
            assert_eq!(edge.node.problem(), Some(Problem::RevisionOlder));
        }
    }
}

/// Requests that load at the same time hold a document once, and compile it once. One that comes too late changes nothing.
#[test]
fn what_was_compiled_is_asked_for_at_the_same_time() {
    let mut edge = Edge::compiling();
    edge.publish(7, &framed(), "");
    let document = long();
    let now = edge.now;
    let asking = |edge: &mut Edge| {
        let mut need = Need::Control;
        while !matches!(need, Need::Compiled(_)) {
            let value = edge.store.get(&need.key()).unwrap_or(&document).clone();
            need = edge.node.take(need, Fetched::Bytes(value), now).unwrap();
        }
        need
    };
    let [first, second, late] = [(); 3].map(|()| asking(&mut edge));
    let held = |need: &Need| match need {
        Need::Compiled(compiled) => std::sync::Arc::as_ptr(&compiled.document),
        _ => std::ptr::null(),
    };
    assert_eq!(held(&first), held(&second));
    let kept = edge.node.take(first, Fetched::Absent, now);
    assert!(matches!(kept, Some(Need::Keep(_))));
    assert_eq!(edge.node.problem(), None);
    assert_eq!(edge.node.next(now), Step::Serve, "it is held");
    let before = edge.node.configuration().unwrap().snapshot().unwrap();
    let before = std::ptr::from_ref(before.bytes());
    assert_eq!(edge.node.take(second, Fetched::Failed, now), None);
    let after = edge.node.configuration().unwrap().snapshot().unwrap();
    assert_eq!(std::ptr::from_ref(after.bytes()), before);

    edge.publish(8, &two(), "");
    edge.status();
    assert_eq!(edge.status(), "flagstone; rev=8");
    assert_eq!(edge.node.take(late, Fetched::Absent, now), None);
    assert_eq!(edge.status(), "flagstone; rev=8");
}
