use super::{hex, number, push_hex, push_number};

#[test]
fn are_written_and_read_as_the_standard_library_does() {
    let edges = [
        0,
        1,
        9,
        10,
        15,
        16,
        99,
        255,
        256,
        65_535,
        1 << 32,
        u64::MAX - 1,
        u64::MAX,
    ];
    let powers = (0..20).map(|power| 10u64.pow(power));
    for of in edges.into_iter().chain(powers) {
        let mut text = String::new();
        push_number(&mut text, of);
        assert_eq!(text, of.to_string());
        assert_eq!(number(&text), Some(of));
        assert_eq!(number::<u8>(&text), u8::try_from(of).ok());
        for width in [1, 3, 16] {
            let mut text = String::new();
            push_hex(&mut text, of, width);
            assert_eq!(text, format!("{of:0width$x}"));
            assert_eq!(hex(&text), Some(of));
            assert_eq!(hex::<u16>(&text), u16::try_from(of).ok());
        }
    }
}

#[test]
fn what_is_no_number_is_not_read() {
    for text in [
        "",
        "+1",
        "-1",
        " 1",
        "1 ",
        "a",
        "1.0",
        "18446744073709551616",
        "99999999999999999999",
    ] {
        assert_eq!(number::<u64>(text), None, "{text:?}");
    }
    for text in ["", "+1", "0x1", "g", "A", "10000000000000000"] {
        assert_eq!(hex::<u64>(text), None, "{text:?}");
    }
}
