//! How the value of an attribute is read: `read(user.plan, "elements", "mistyped is no")`.

use cel::IdedExpr;
use flagstone_compile::model::{Conversion, Reading};

use super::form::Form;
use super::operand::Subject;
use crate::code::CONDITION_FORM;

/// What each conversion is called.
const CONVERSIONS: &[(&str, Conversion)] = &[
    ("as js text", Conversion::JsText),
    ("as js number", Conversion::JsNumber),
    ("as split text", Conversion::SplitText),
];

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
            .collect();
        for expression in words {
            match self.one_of(expression, "a way to read a value", &known) {
                Some(ELEMENTS) => subject.reading.elements = true,
                Some(MISSING_IS_NO) => subject.reading.missing_is_no = true,
                Some(MISTYPED_IS_NO) => subject.reading.mistyped_is_no = true,
                Some(word) => {
                    let found = CONVERSIONS.iter().find(|(name, _)| *name == word);
                    subject.reading.conversion = found.map_or_else(Conversion::default, |it| it.1);
                }
                None => {}
            }
        }
        subject
    }
}

/// The words for a reading; `None` if one of its parts has no word.
pub(crate) fn words(reading: Reading) -> Option<Vec<&'static str>> {
    let mut words = Vec::new();
    for (is, word) in [
        (reading.elements, ELEMENTS),
        (reading.missing_is_no, MISSING_IS_NO),
        (reading.mistyped_is_no, MISTYPED_IS_NO),
    ] {
        words.extend(is.then_some(word));
    }
    if reading.conversion != Conversion::default() {
        let conversions = &mut CONVERSIONS.iter();
        let (word, _) = conversions.find(|(_, of)| *of == reading.conversion)?;
        words.push(word);
    }
    Some(words)
}
