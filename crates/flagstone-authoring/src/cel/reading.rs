//! How the value of an attribute is read: `read(user.plan, "elements", "mistyped is no")`.

use cel::IdedExpr;
use flagstone_compile::model::{Conversion, Reading};

use super::form::Form;
use super::operand::Subject;
use crate::bucketing::{find, name};
use crate::code::CONDITION_FORM;

/// What each conversion is called.
const CONVERSIONS: &[(&str, Conversion)] = &[
    ("as js text", Conversion::JsText),
    ("as js number", Conversion::JsNumber),
    ("as split text", Conversion::SplitText),
];

/// How services read as a rule, by one word for all of it.
const USUAL: [(&str, Reading); 4] = [
    ("launchdarkly", reading(true, false, true, Conversion::None)),
    ("split", reading(false, true, true, Conversion::None)),
    (
        "split text",
        reading(false, true, true, Conversion::SplitText),
    ),
    (
        "split number",
        reading(false, true, true, Conversion::JsNumber),
    ),
];

const fn reading(elements: bool, missing: bool, mistyped: bool, conversion: Conversion) -> Reading {
    Reading {
        elements,
        missing_is_no: missing,
        mistyped_is_no: mistyped,
        conversion,
    }
}

/// The words for the parts of a reading that are not a conversion.
const ELEMENTS: &str = "elements";
const MISSING_IS_NO: &str = "missing is no";
const MISTYPED_IS_NO: &str = "mistyped is no";

impl Form<'_, '_> {
    /// `read(x, "word", …)`
    pub(super) fn read(&mut self, whole: &IdedExpr, arguments: &[IdedExpr]) -> Subject {
        let nothing = Subject {
            name: String::new(),
            reading: Reading::default(),
            is_verbatim: true,
        };
        let Some((first, words)) = arguments.split_first() else {
            let message = format!("`{}` reads nothing", self.quote(whole));
            let help =
                "it takes an attribute and words: `read(user.plan, \"elements\")`".to_owned();
            self.fail(CONDITION_FORM, whole, message, help);
            return nothing;
        };
        let Some(mut subject) = self.attribute_in(first) else {
            return nothing;
        };
        let known: Vec<&str> = [ELEMENTS, MISSING_IS_NO, MISTYPED_IS_NO]
            .into_iter()
            .chain(CONVERSIONS.iter().map(|(word, _)| *word))
            .chain(USUAL.iter().map(|(word, _)| *word))
            .collect();
        for expression in words {
            match self.one_of(expression, "a way to read a value", &known) {
                Some(ELEMENTS) => subject.reading.elements = true,
                Some(MISSING_IS_NO) => subject.reading.missing_is_no = true,
                Some(MISTYPED_IS_NO) => subject.reading.mistyped_is_no = true,
                Some(word) => {
                    if let Some(conversion) = find(CONVERSIONS, word) {
                        subject.reading.conversion = conversion;
                    }
                    if let Some(usual) = find(&USUAL, word) {
                        subject.reading = usual;
                    }
                }
                None => {}
            }
        }
        subject
    }
}

/// The words for a reading; `None` if one of its parts has no word.
pub(crate) fn words(reading: Reading) -> Option<Vec<&'static str>> {
    if let Some(word) = name(&USUAL, &reading) {
        return Some(vec![word]);
    }
    let mut words = Vec::new();
    for (is, word) in [
        (reading.elements, ELEMENTS),
        (reading.missing_is_no, MISSING_IS_NO),
        (reading.mistyped_is_no, MISTYPED_IS_NO),
    ] {
        words.extend(is.then_some(word));
    }
    if reading.conversion != Conversion::default() {
        words.push(name(CONVERSIONS, &reading.conversion)?);
    }
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::{CONVERSIONS, USUAL, words};
    use flagstone_compile::model::{Conversion, Reading};

    #[test]
    fn every_conversion_has_a_word() {
        for conversion in Conversion::ALL {
            let reading = Reading {
                conversion: *conversion,
                ..Reading::default()
            };
            assert!(words(reading).is_some(), "{conversion:?}");
        }
    }

    #[test]
    fn the_reference_names_every_word() {
        let reference = include_str!("../../../../docs/authoring.md");
        let usual = USUAL.iter().map(|(word, _)| *word);
        for word in CONVERSIONS.iter().map(|(word, _)| *word).chain(usual) {
            assert!(
                reference.contains(&format!("`{word}`")),
                "docs/authoring.md lacks `{word}`"
            );
        }
    }
}
