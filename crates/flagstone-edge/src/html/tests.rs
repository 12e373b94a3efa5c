#![allow(clippy::indexing_slicing, reason = "tests")]
use super::{HeadFinder, LIMIT};
use proptest::prelude::*;

/// The page with `!` at the place, whole and cut everywhere.
fn check(page: &str, expected: &str) {
    let put = |chunks: &[&[u8]]| {
        let mut finder = HeadFinder::new();
        let mut out = Vec::new();
        for chunk in chunks {
            match finder.place(chunk) {
                Some(at) => {
                    let (before, behind) = chunk.split_at(at);
                    out.extend_from_slice(before);
                    out.push(b'!');
                    out.extend_from_slice(behind);
                }
                None => out.extend_from_slice(chunk),
            }
        }
        String::from_utf8_lossy(&out).into_owned()
    };
    assert_eq!(put(&[page.as_bytes()]), expected);
    for cut in 0..=page.len() {
        let (a, b) = page.as_bytes().split_at(cut);
        assert_eq!(put(&[a, b]), expected, "cut at {cut}");
    }
}

#[test]
fn the_place_is_behind_the_start_tag_of_head() {
    for (page, expected) in [
        ("<head>", "<head>!"),
        (
            "<!doctype html><html lang=en><head><title>",
            "<!doctype html><html lang=en><head>!<title>",
        ),
        (
            "\u{feff}<!DOCTYPE HTML>\n<HTML>\n<HEAD class='a>b' data-x=\"1>2\" y = '>' >x",
            "\u{feff}<!DOCTYPE HTML>\n<HTML>\n<HEAD class='a>b' data-x=\"1>2\" y = '>' >!x",
        ),
        ("<!-- <head> --><head/>x", "<!-- <head> --><head/>!x"),
        ("<!--><head>x", "<!--><head>!x"),
        ("<!---><head>x", "<!---><head>!x"),
        (
            "<!-- a--b -- > <head> --!><head>x",
            "<!-- a--b -- > <head> --!><head>!x",
        ),
        ("<!----><html><head\n>", "<!----><html><head\n>!"),
        ("<head data-a=b'c>x", "<head data-a=b'c>!x"),
    ] {
        check(page, expected);
    }
}

#[test]
fn when_in_doubt_nothing_is_put_in() {
    for page in [
        "",
        "hello <head>",
        "<title>no head</title><head>",
        "<header>x</header>",
        "<html><body><head>",
        "<heading><head>",
        "</html><head>",
        "<?xml version='1.0'?><html><head>",
        "<html><!-- never closed <head>",
        "<html x='never closed ><head>",
        "\u{fe}\u{ff}<head>",
        "{\"a\": \"<head>\"}",
    ] {
        check(page, page);
    }
    let mut late = " ".repeat(LIMIT);
    late.push_str("<head>");
    assert_eq!(HeadFinder::new().place(late.as_bytes()), None);
}

proptest! {
    #[test]
    fn chunks_do_not_matter(page in "[<>!a-eh\\-'\" =/\n]{0,60}(<head>)?.{0,9}", cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..4)) {
        let bytes = page.as_bytes();
        let whole = HeadFinder::new().place(bytes);
        let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        ends.push(bytes.len());
        ends.sort_unstable();
        let mut finder = HeadFinder::new();
        let (mut start, mut found) = (0, None);
        for end in ends {
            if let Some(at) = finder.place(&bytes[start..end]) {
                prop_assert_eq!(found, None);
                found = Some(start + at);
            }
            start = end;
        }
        prop_assert_eq!(found, whole);
    }
}
