//! Documents of flag services, and the cache for what they were compiled to.

use super::{NOW, Reader};
use crate::fixture::{as_it_is, control, framed, long};
use crate::refresh::Options;
use crate::wire::{Engine, Outcome};

/// A long document's snapshot is asked for in the cache, and put there where it was not.
#[test]
fn what_was_compiled_comes_from_the_cache() {
    let frame = framed();
    let document = long();
    for is_kept in [false, true] {
        let compile = if is_kept {
            |_: &[u8], _: &[u8]| None
        } else {
            as_it_is
        };
        let mut engine = Engine::new(Options {
            compile: Some(compile),
            ..Options::DEFAULT
        });
        let mut reader = Reader::new(engine.fetch());
        let mut kinds = Vec::new();
        for value in [&control(&frame, 7, ""), &frame, &document] {
            kinds.push(reader.number());
            let need = reader.number();
            engine.room(value.len())[..value.len()].copy_from_slice(value);
            reader = Reader::new(engine.take(need, Outcome::Bytes(value.len()), NOW));
        }
        kinds.push(reader.number());
        assert_eq!(kinds, [1, 1, 1, 2]);
        let (need, is_immutable, key) = (reader.number(), reader.number(), reader.text());
        assert_eq!(is_immutable, 0);
        reader.end();
        let mut told = if is_kept {
            engine.room(document.len())[..document.len()].copy_from_slice(&document);
            Reader::new(engine.take(need, Outcome::Bytes(document.len()), NOW))
        } else {
            let mut told = Reader::new(engine.take(need, Outcome::Absent, NOW));
            assert_eq!(told.number(), 3);
            let _address = told.number();
            assert_eq!(told.number() as usize, document.len());
            assert_eq!(told.text(), key);
            told.numbers.push(0);
            told
        };
        assert_eq!(told.number(), 0);
        told.end();
        // What requests are asked for is that of the new configuration at once.
        let mut asks = Reader::new(engine.asks());
        assert!(asks.texts().contains(&"x-user".to_owned()));
    }
}

/// A request that is given up after it has asked the cache leaves its document here only until a later one is taken.
#[test]
fn documents_that_nobody_takes_are_forgotten() {
    let (frame, document) = (framed(), long());
    let mut engine = Engine::new(Options {
        compile: Some(as_it_is),
        ..Options::DEFAULT
    });
    let mut asking = |revision| {
        let mut reader = Reader::new(engine.fetch());
        for value in [&control(&frame, revision, ""), &frame, &document] {
            let (_, need) = (reader.number(), reader.number());
            engine.room(value.len())[..value.len()].copy_from_slice(value);
            reader = Reader::new(engine.take(need, Outcome::Bytes(value.len()), NOW));
        }
        assert_eq!(reader.number(), 2);
        reader.number()
    };
    // A later control document is not lost with what it needs.
    let [later, before, taken, behind] = [8, 7, 7, 7].map(&mut asking);
    engine.take(taken, Outcome::Absent, NOW);
    assert_eq!(engine.needs.remove(before), None);
    assert!(engine.needs.remove(behind).is_some());
    assert!(engine.needs.remove(later).is_some());
}
