//! What opening refuses.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use flagstone_core::layout::{FORMAT_VERSION, HEADER_LEN, MAGIC, SECTION_ROW_LEN, Section};
use flagstone_core::{OpenError, Snapshot};

const TABLE_END: usize = HEADER_LEN + Section::COUNT * SECTION_ROW_LEN;

/// A header that says `len` bytes, and a table of empty sections.
fn bytes(len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len.max(HEADER_LEN)];
    bytes[..8].copy_from_slice(&MAGIC);
    bytes[8..10].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
    bytes[10..12].copy_from_slice(&(Section::COUNT as u16).to_le_bytes());
    bytes[12..16].copy_from_slice(&(len as u32).to_le_bytes());
    bytes.truncate(len);
    bytes
}

/// `bytes` with some of them replaced.
fn with(mut bytes: Vec<u8>, at: usize, by: &[u8]) -> Vec<u8> {
    bytes[at..at + by.len()].copy_from_slice(by);
    bytes
}

fn check(name: &str, bytes: &[u8], expected: Option<OpenError>) {
    assert_eq!(Snapshot::open(bytes).err(), expected, "{name}");
}

#[test]
fn only_snapshots_are_opened() {
    let length = |declared, actual| OpenError::Length { declared, actual };
    let bounds = |section| OpenError::Bounds { section };
    let whole = bytes(TABLE_END);
    let row = |section: Section| HEADER_LEN + section as usize * SECTION_ROW_LEN;
    let sections = Section::COUNT as u16;
    for (name, bytes, expected) in [
        ("whole", whole.clone(), None),
        ("empty", vec![], Some(length(32, 0))),
        ("seven bytes", bytes(7), Some(length(32, 7))),
        ("magic only", bytes(8), Some(length(32, 8))),
        ("no length", bytes(15), Some(length(32, 15))),
        ("no table", bytes(32), Some(bounds(Section::Flags))),
        (
            "table cut",
            bytes(TABLE_END - 1),
            Some(bounds(Section::Data)),
        ),
        (
            "other text",
            b"not a snapshot".to_vec(),
            Some(OpenError::Magic),
        ),
        (
            "next version",
            with(whole.clone(), 8, &[2, 0]),
            Some(OpenError::Version { found: 2 }),
        ),
        (
            "more sections",
            with(whole.clone(), 10, &(sections + 1).to_le_bytes()),
            Some(OpenError::Sections {
                found: sections + 1,
            }),
        ),
        (
            "one byte more",
            [&whole[..], &[0]].concat(),
            Some(length(TABLE_END, TABLE_END + 1)),
        ),
        (
            "one byte less",
            whole[..TABLE_END - 1].to_vec(),
            Some(length(TABLE_END, TABLE_END - 1)),
        ),
        (
            "record behind the end",
            with(
                whole.clone(),
                row(Section::Tests) + 4,
                &(TABLE_END as u32).to_le_bytes(),
            ),
            Some(bounds(Section::Tests)),
        ),
        (
            "no record behind the end",
            with(whole.clone(), row(Section::Data), &[0xff; 4]),
            Some(bounds(Section::Data)),
        ),
        (
            "most records",
            with(whole.clone(), row(Section::Segments) + 4, &[0xff; 4]),
            Some(bounds(Section::Segments)),
        ),
    ] {
        check(name, &bytes, expected);
    }
}
