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

/// How LaunchDarkly reads, as one word for all of it.
const LAUNCHDARKLY: (&str, Reading) = (
    "launchdarkly",
    Reading {
        elements: true,
        missing_is_no: false,
        mistyped_is_no: true,
        conversion: Conversion::None,
    },
);

/// The words for the parts of a reading that are not a conversion.
const ELEMENTS: &str = "elements";
const MISSING_IS_NO: &str = "missing is no";
const MISTYPED_IS_NO: &str = "mistyped is no";
/// Both.
const OR_NO: &str = "or no";

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
        let known: Vec<&str> = known().collect();
        for expression in words {
            match self.one_of(expression, "a way to read a value", &known) {
                Some(ELEMENTS) => subject.reading.elements = true,
                Some(MISSING_IS_NO) => subject.reading.missing_is_no = true,
                Some(MISTYPED_IS_NO) => subject.reading.mistyped_is_no = true,
                Some(OR_NO) => {
                    subject.reading.missing_is_no = true;
                    subject.reading.mistyped_is_no = true;
                }
                Some(word) => match find(CONVERSIONS, word) {
                    Some(conversion) => subject.reading.conversion = conversion,
                    None => subject.reading = LAUNCHDARKLY.1,
                },
                None => {}
            }
        }
        subject
    }
}

/// Every word.
fn known() -> impl Iterator<Item = &'static str> {
    let conversions = CONVERSIONS.iter().map(|(word, _)| *word);
    [
        ELEMENTS,
        MISSING_IS_NO,
        MISTYPED_IS_NO,
        OR_NO,
        LAUNCHDARKLY.0,
    ]
    .into_iter()
    .chain(conversions)
}

/// The words for a reading; `None` if one of its parts has no word.
pub(crate) fn words(reading: Reading) -> Option<Vec<&'static str>> {
    if reading == LAUNCHDARKLY.1 {
        return Some(vec![LAUNCHDARKLY.0]);
    }
    let mut words = Vec::new();
    words.extend(reading.elements.then_some(ELEMENTS));
    match (reading.missing_is_no, reading.mistyped_is_no) {
        (true, true) => words.push(OR_NO),
        (true, false) => words.push(MISSING_IS_NO),
        (false, true) => words.push(MISTYPED_IS_NO),
        (false, false) => {}
    }
    if reading.conversion != Conversion::default() {
        words.push(name(CONVERSIONS, &reading.conversion)?);
    }
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::{known, words};
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
        for word in known() {
            assert!(
                reference.contains(&format!("`{word}`")),
                "docs/authoring.md lacks `{word}`"
            );
        }
    }
}
