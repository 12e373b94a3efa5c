#![allow(clippy::unwrap_used, reason = "tests")]
extern crate std;

use super::*;
use std::format;
use std::string::{String, ToString};

/// What the standard library reads, NaN left out.
fn expected(text: &str) -> Option<u64> {
    let number = text.parse::<f64>().ok().filter(|number| !number.is_nan());
    number.map(f64::to_bits)
}

fn check(text: &str) {
    assert_eq!(parse(text).map(f64::to_bits), expected(text), "{text}");
}

#[test]
fn forms() {
    for text in [
        "0",
        "-0",
        "+0",
        "00",
        "0.0",
        ".0",
        "0.",
        "0e9",
        "0e-999999999999",
        "0e999999999999",
        "1",
        "+1",
        "-1",
        "01",
        "1.",
        ".5",
        "-.5",
        "+.5",
        "1e3",
        "1E3",
        "1e+3",
        "1e-3",
        "1.e3",
        ".5e1",
        "12345678901234567890",
        "inf",
        "-inf",
        "+Inf",
        "INFINITY",
        "-infinity",
        "nan",
        "NaN",
        "-nan",
        "",
        "+",
        "-",
        ".",
        "e",
        "e5",
        ".e5",
        "1e",
        "1e+",
        "1e-",
        "1e5.",
        "1e5e5",
        "1.2.3",
        "1..2",
        " 1",
        "1 ",
        "1_0",
        "0x10",
        "1,5",
        "--1",
        "+-1",
        "infin",
        "infinityx",
        "٥",
        "1٥",
        "1e٥",
        "1\0",
        "1f",
        "1e1e",
    ] {
        check(text);
    }
}

#[test]
fn edges() {
    for text in [
        "9007199254740991",
        "9007199254740992",
        "9007199254740993",
        "9007199254740993.0000000000000000000000000000001",
        "9007199254740995",
        "1e22",
        "1e23",
        "9007199254740992e22",
        "9007199254740993e-22",
        "0.1",
        "0.30000000000000004",
        "52.520006999999997",
        "1.7976931348623157e308",
        "1.7976931348623158e308",
        "1.7976931348623159e308",
        "179769313486231580793728971405301e276",
        "1e308",
        "1e309",
        "1e310",
        "1e311",
        "1e99999999999",
        "2.2250738585072014e-308",
        "2.2250738585072011e-308",
        "2.225073858507201136057409796709131975934819546351645648023426109724822222021076945516529523908135087914149158913039621106870086438694594645527657207407820621743379988141063267329253552286881372149012981122451451889849057222307285255133155755015914397476397983411801999323962548289017107081850690630666655994938275772572015763062690663332647565300009245888316433037779791869612049497390377829704905051080609940730262937128958950003583799967207254304360284078895771796150945516748243471030702609144621572289880258182545180325707018860872113128079512233426288368622321503775666622503982534335974568884423900265498198385487948292206894721689831099698365846814022854243330660339850886445804001034933970427567186443383770486037861622771738545623065874679014086723327636718751234567890123456789012345678901e-308",
        "5e-324",
        "4.9e-324",
        "2.5e-324",
        "2.4703282292062327e-324",
        "2.4703282292062328e-324",
        "2.470328229206232720e-324",
        "1e-324",
        "1e-330",
        "1e-331",
        "1e-332",
        "1e-400",
    ] {
        check(text);
        check(&format!("-{text}"));
    }
    for zeros in [300, 799, 800, 801, 5_000] {
        let zeros = "0".repeat(zeros);
        for text in [
            format!("1{zeros}"),
            format!("0.{zeros}1"),
            format!("1{zeros}e-{}", zeros.len()),
            format!("9007199254740993{zeros}e-{}", zeros.len()),
            format!("9007199254740993.{zeros}1"),
            format!("0.{zeros}5e{}", zeros.len()),
            format!("{zeros}7"),
            format!("2.4703282292062327{zeros}1e-324"),
        ] {
            check(&text);
        }
    }
}

/// A generator that is good enough to choose digits by.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

#[test]
fn random_texts() {
    let mut random = Random(1);
    for _ in 0..5_000 {
        let mut text = String::new();
        for _ in 0..random.below(40) {
            text.push(char::from(b'0' + random.below(10) as u8));
        }
        if random.below(2) == 0 {
            text.push('.');
            for _ in 0..random.below(30) {
                text.push(char::from(b'0' + random.below(10) as u8));
            }
        }
        if random.below(2) == 0 {
            text.push_str(&format!("e{}", random.below(700) as i64 - 360));
        }
        check(&text);
    }
}

#[test]
fn random_floats_and_the_points_between_them() {
    let mut random = Random(2);
    for _ in 0..2_000 {
        let bits = random.below(1 << 31) << 33 | random.below(1 << 31) << 2 | random.below(4);
        let number = f64::from_bits(bits & !(1 << 63));
        if !number.is_finite() {
            continue;
        }
        check(&number.to_string());
        check(&format!("{number:e}"));
        check(&format!("{number:.17e}"));
        check(&format!("{number:.15e}"));
        // Halfway to the next float, exactly, and a little more or less.
        if (1e-20..1e20).contains(&number) {
            let middle = Halfway(number).to_string();
            check(&middle);
            check(&format!("{middle}1"));
        }
    }
}

/// The number in the middle between a float and the next, written out: half the sum of both, digit by digit.
struct Halfway(f64);

impl std::fmt::Display for Halfway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Half a step is exact in a float of half the size; both are written with all their digits and added as text.
        let step = (f64::from_bits(self.0.to_bits() + 1) - self.0) / 2.0;
        let (a, b) = (format!("{:.200}", self.0), format!("{step:.200}"));
        let width = a.len().max(b.len());
        let (a, b) = (format!("{a:0>width$}"), format!("{b:0>width$}"));
        let mut sum = std::vec::Vec::new();
        let mut carry = 0;
        for (a, b) in a.bytes().rev().zip(b.bytes().rev()) {
            if a == b'.' {
                sum.push(a);
                continue;
            }
            let digit = a - b'0' + b - b'0' + carry;
            carry = digit / 10;
            sum.push(b'0' + digit % 10);
        }
        sum.push(b'0' + carry);
        sum.reverse();
        f.write_str(&String::from_utf8(sum).unwrap())
    }
}

#[test]
fn javascript_numbers() {
    for (text, expected) in [
        ("", 0.0),
        ("  ", 0.0),
        ("\u{feff}5\u{a0}", 5.0),
        (" 5 ", 5.0),
        ("1e2", 100.0),
        ("-1.5", -1.5),
        ("+.5", 0.5),
        ("5.", 5.0),
        ("0x10", 16.0),
        ("0X1f", 31.0),
        ("0o17", 15.0),
        ("0b101", 5.0),
        ("0x20000000000001", 9_007_199_254_740_992.0),
        ("0x20000000000003", 9_007_199_254_740_996.0),
        ("Infinity", f64::INFINITY),
        ("-Infinity", f64::NEG_INFINITY),
        ("1e999", f64::INFINITY),
    ] {
        assert_eq!(javascript(text), expected, "{text:?}");
    }
    assert_eq!(
        javascript(&format!("0x1{}", "0".repeat(300))),
        f64::INFINITY
    );
    for text in [
        "abc", "5px", "0x", "-0x10", "infinity", "inf", "nan", ".", "1e", "--1", "1_0", "0b2", "+",
        "1 2",
    ] {
        assert!(javascript(text).is_nan(), "{text:?}");
    }
}
