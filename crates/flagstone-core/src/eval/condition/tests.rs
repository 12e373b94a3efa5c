#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests"
)]
use super::*;
use crate::layout::{FORMAT_VERSION, HEADER_LEN, MAGIC, SECTION_ROW_LEN};

const LEN: usize = HEADER_LEN + Section::COUNT * SECTION_ROW_LEN;

/// A snapshot without records: enough for tests whose operands lie in the record.
fn empty() -> [u8; LEN] {
    let mut bytes = [0; LEN];
    bytes[..8].copy_from_slice(&MAGIC);
    bytes[8..10].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
    bytes[10..12].copy_from_slice(&(Section::COUNT as u16).to_le_bytes());
    bytes[12..16].copy_from_slice(&(LEN as u32).to_le_bytes());
    bytes
}

#[test]
fn what_is_no_number_stands_in_no_order() {
    use Answer::{No, Unknown, Yes};
    use AttributeValue::{Number, Text};
    let bytes = empty();
    let snapshot = Snapshot::open(&bytes).unwrap();
    for (op, value, expected) in [
        (Op::NumberLess, Number(4.0), Yes),
        (Op::NumberLess, Number(5.0), No),
        (Op::NumberLess, Number(f64::NAN), Unknown),
        (Op::NumberAtMost, Number(5.0), Yes),
        (Op::NumberAtMost, Number(f64::NAN), Unknown),
        (Op::NumberEqual, Number(f64::NAN), No),
        (Op::ParsedLess, Text("4"), Yes),
        (Op::ParsedLess, Text("nan"), Unknown),
        (Op::ParsedLess, Number(f64::NAN), Unknown),
        (Op::ParsedAtMost, Text("-NaN"), Unknown),
        (Op::ParsedAtMost, Text("-inf"), Yes),
        (Op::ParsedEqual, Text("NaN"), Unknown),
        (Op::ParsedEqual, Text("5.0"), Yes),
    ] {
        let bits = 5f64.to_bits();
        assert_eq!(ask(&snapshot, op, bits, value), expected, "{op:?}");
    }
}

#[test]
fn fractions_of_a_millisecond_are_dropped() {
    use Answer::{No, Yes};
    let bytes = empty();
    let snapshot = Snapshot::open(&bytes).unwrap();
    for (number, before, equal) in [
        (-1.0, Yes, No),
        (-0.5, Yes, No),
        (-0.0, No, Yes),
        (0.5, No, Yes),
        (1.0, No, No),
    ] {
        let value = AttributeValue::Number(number);
        assert_eq!(ask(&snapshot, Op::DateBefore, 0, value), before, "{number}");
        assert_eq!(ask(&snapshot, Op::DateEqual, 0, value), equal, "{number}");
    }
}

/// A list of one element.
struct Alone<'v>(AttributeValue<'v>);

impl List for Alone<'_> {
    fn len(&self) -> usize {
        1
    }

    fn element(&self, _: usize) -> AttributeValue<'_> {
        self.0
    }
}

#[test]
fn text_that_is_made_has_a_limit() {
    /// Whether a value can be converted that lies in so many lists.
    fn is_made(value: AttributeValue<'_>, lists: usize, conversion: Conversion) -> bool {
        if lists > 0 {
            return is_made(AttributeValue::List(&Alone(value)), lists - 1, conversion);
        }
        let bytes = empty();
        let test = TestRecord {
            op: Op::Exists as u8,
            flags: (conversion as u8) << TEST_CONVERSION_SHIFT,
            attribute: 0,
            then: ACCEPT,
            otherwise: REJECT,
            a: 0,
            b: 0,
        };
        about_value(&Snapshot::open(&bytes).unwrap(), Op::Exists, test, value).is_some()
    }
    use Conversion::{JsNumber, JsText, SplitText};
    let long = "a".repeat(1_025);
    for (conversion, bytes, lists, expected) in [
        (JsText, 1_025, 0, true),
        (JsText, 1_024, 1, true),
        (JsText, 1_025, 1, false),
        (JsText, 1, 8, true),
        (JsText, 1, 9, false),
        (JsNumber, 1_025, 0, true),
        (JsNumber, 1_025, 1, false),
        (JsNumber, 1, 9, false),
        (SplitText, 1_025, 0, true),
        (SplitText, 1_025, 1, false),
    ] {
        let text = AttributeValue::Text(&long[..bytes]);
        let found = is_made(text, lists, conversion);
        assert_eq!(found, expected, "{conversion:?} {bytes} {lists}");
    }
}

fn ask(snapshot: &Snapshot<'_>, op: Op, operand: u64, value: AttributeValue<'_>) -> Answer {
    let test = TestRecord {
        op: op as u8,
        flags: 0,
        attribute: 0,
        then: ACCEPT,
        otherwise: REJECT,
        a: operand as u32,
        b: (operand >> 32) as u32,
    };
    about_value(snapshot, op, test, value).unwrap()
}
