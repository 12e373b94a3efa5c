use super::{close, each};
use crate::regex::Dialect;
use crate::regex::set::Set;
use std::collections::HashMap;

/// The table says what ECMA-262's Canonicalize does, by the standard library's `to_uppercase`. The library may know
/// letters of a newer Unicode, but not otherwise disagree.
#[test]
fn javascript_is_as_the_standard_library() {
    let mut ours = HashMap::new();
    each(Dialect::EcmaScript, &mut |letter, form| {
        assert_eq!(ours.insert(letter, form), None, "{letter:x} twice");
    });
    for letter in ('\0'..='\u{ffff}')
        .filter(|letter| letter.is_alphabetic() || ours.contains_key(&u32::from(*letter)))
    {
        let mut upper = letter.to_uppercase();
        let canonical = match (upper.next(), upper.next()) {
            (Some(one), None) if letter.is_ascii() || !one.is_ascii() => one,
            _ => letter,
        };
        let form = ours.get(&letter.into()).copied();
        let form = form.unwrap_or(letter.into());
        assert_eq!(
            form,
            u32::from(canonical),
            "{letter} {:x}",
            u32::from(letter)
        );
    }
}

#[test]
fn equals() {
    fn check(dialect: Dialect, letter: char, expected: &str) {
        let closed = close(Set::one(letter.into()), dialect);
        let mut letters: Vec<(u32, u32)> = expected.chars().map(|c| (c.into(), c.into())).collect();
        letters.sort_unstable();
        assert_eq!(closed, Set::of(&letters).normal(), "{dialect:?} {letter}");
    }
    check(Dialect::EcmaScript, 'k', "kK");
    check(Dialect::EcmaScript, '\u{212a}', "\u{212a}");
    check(Dialect::EcmaScript, '5', "5");
    check(Dialect::EcmaScript, 'é', "éÉ");
    check(Dialect::EcmaScript, 'ß', "ß");
    check(Dialect::EcmaScript, 'ς', "ςσΣ");
    check(Dialect::EcmaScript, 'µ', "µμΜ");
    check(Dialect::EcmaScript, 'Ж', "Жж");
    check(Dialect::EcmaScript, 'ǆ', "ǆǅǄ");
    check(Dialect::Re2, 'k', "kK\u{212a}");
    check(Dialect::Re2, '\u{17f}', "\u{17f}sS");
    check(Dialect::Re2, 'ß', "ßẞ");
    check(Dialect::Re2, '𐐀', "𐐀𐐨");
    check(Dialect::Re2, 'ı', "ı");
}
