//! Questions about all elements of a list, and about text and several others, as Split's matchers ask them.
//!
//! An element counts as the text that JavaScript's `element + ""` makes of it.

use super::condition::text_in;
use super::conversion::converted;
use crate::context::{AttributeValue, List};
use crate::js;
use crate::layout::{Conversion, Op, Section, TestRecord, TextRecord, order};
use crate::semver::SplitVersion;
use crate::snapshot::Snapshot;
use crate::text::find;
use core::cmp::Ordering;

/// The answer to a question about a list; an empty one is answered with no. `None` if the bytes make no sense, or if an
/// element is too large to become text.
#[inline(never)]
pub(super) fn about_list(
    snapshot: &Snapshot<'_>,
    op: Op,
    test: TestRecord,
    list: &dyn List,
) -> Option<bool> {
    if list.is_empty() {
        return Some(false);
    }
    match op {
        Op::ListHasOne => some(list, |text| text_in(snapshot, test, text)),
        Op::ListWithin => {
            let other = some(list, |text| text_in(snapshot, test, text).map(|is| !is))?;
            Some(!other)
        }
        Op::ListHasAll => {
            for wanted in texts(snapshot, test) {
                let wanted = wanted?;
                if !some(list, |text| Some(text == wanted))? {
                    return Some(false);
                }
            }
            Some(true)
        }
        Op::ListDistinct => {
            let mut count = 0;
            for index in 0..list.len() {
                if count >= test.a {
                    break;
                }
                let known = with_text(list.element(index), |text| {
                    some_of(list, index, |before| Some(before == text))
                })?;
                count += u32::from(!known);
            }
            Some(count >= test.a)
        }
        _ => None,
    }
}

/// Whether the text of some element is what is looked for.
fn some(list: &dyn List, is: impl Fn(&str) -> Option<bool>) -> Option<bool> {
    some_of(list, list.len(), is)
}

/// The same of the first few elements.
fn some_of(list: &dyn List, count: usize, is: impl Fn(&str) -> Option<bool>) -> Option<bool> {
    for index in 0..count {
        if with_text(list.element(index), &is)? {
            return Some(true);
        }
    }
    Some(false)
}

fn with_text<T>(element: AttributeValue<'_>, ask: impl FnOnce(&str) -> Option<T>) -> Option<T> {
    converted(element, Conversion::JsText, |value| match value {
        AttributeValue::Text(text) => ask(text),
        _ => None,
    })
}

/// The texts of a test's list; `None` for one that cannot be read.
fn texts<'s>(snapshot: &Snapshot<'s>, test: TestRecord) -> impl Iterator<Item = Option<&'s str>> {
    let snapshot = *snapshot;
    let records = snapshot.records::<TextRecord>(Section::Texts, test.a, test.b);
    records.map(move |text| snapshot.text(text.offset, text.len))
}

/// Whether text begins with, ends with or contains one of several.
#[inline(never)]
pub(super) fn some_part(
    snapshot: &Snapshot<'_>,
    op: Op,
    test: TestRecord,
    is: &str,
) -> Option<bool> {
    for part in texts(snapshot, test) {
        let part = part?;
        let found = match op {
            Op::StartsWithOne => is.starts_with(part),
            Op::EndsWithOne => is.ends_with(part),
            Op::LowerStartsWithOne => js::lower_starts_with(is, part),
            Op::LowerEndsWithOne => js::lower_ends_with(is, part),
            Op::LowerContainsOne => js::lower_contains(is, part),
            _ => find(is, part).is_some(),
        };
        if found {
            return Some(true);
        }
    }
    Some(false)
}

/// Whether text is a version to Split that is one of several, or stands in an order to one. Text that is none gives no.
#[inline(never)]
pub(super) fn split_version(
    snapshot: &Snapshot<'_>,
    op: Op,
    test: TestRecord,
    is: &str,
) -> Option<bool> {
    let Some(is) = SplitVersion::parse(is) else {
        return Some(false);
    };
    if op == Op::SplitVersionIn {
        for text in texts(snapshot, test) {
            if is.is_same(&SplitVersion::parse(text?)?) {
                return Some(true);
            }
        }
        return Some(false);
    }
    let other = SplitVersion::parse(snapshot.long_text(test.a)?)?;
    let outcome = match is.compare(&other) {
        Ordering::Less => order::LESS,
        Ordering::Equal => order::EQUAL,
        Ordering::Greater => order::GREATER,
    };
    Some(test.b & outcome != 0)
}
