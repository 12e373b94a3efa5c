use super::{Rfc3339, parse};

#[test]
fn what_is_written_is_what_was_read() {
    for text in [
        "1970-01-01T00:00:00Z",
        "1969-12-31T23:59:59.999Z",
        "2000-02-29T12:34:56.007Z",
        "2026-11-22T20:16:19Z",
        "2100-02-28T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
    ] {
        assert_eq!(
            parse(text).map(|at| Rfc3339(at).to_string()).as_deref(),
            Ok(text)
        );
    }
    // Every day of some leap year cycles.
    for day in -200_000..200_000 {
        let at = flagstone_core::UnixMillis(day * 86_400_000);
        assert_eq!(parse(&Rfc3339(at).to_string()), Ok(at));
    }
}
