#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use super::*;

#[test]
fn a_url_says_whether_the_way_is_to_be_secret() {
    for (url, expected) in [
        ("postgres://guard@db.shop.example/flags", "require"),
        (
            "postgresql://db.shop.example/flags?sslmode=require",
            "require",
        ),
        (
            "postgres://db.shop.example/flags?sslmode=verify-full",
            "require",
        ),
        (
            "postgres://db.shop.example/flags?sslmode=disable",
            "disable",
        ),
        ("postgres://localhost/flags", "disable"),
        ("postgres://[::1]:5433/flags", "disable"),
        ("postgres://127.0.0.1/flags?sslmode=require", "require"),
        ("postgres://localhost,db.shop.example/flags", "require"),
        ("postgres://localhost/flags?hostaddr=192.0.2.7", "require"),
        ("postgres:///flags?host=/run/postgresql", "disable"),
    ] {
        let place = Place::read(url).unwrap_or_else(|error| panic!("{url}: {error}"));
        let mode = match place.config.get_ssl_mode() {
            SslMode::Disable => "disable",
            SslMode::Require => "require",
            _ => "another",
        };
        assert_eq!(mode, expected, "{url}");
    }
}

#[test]
fn what_is_wrong_is_said_without_what_is_secret() {
    for (url, expected) in [
        (
            "postgres:",
            "not postgres://USER@HOST:PORT/DATABASE: unexpected EOF",
        ),
        (
            "postgres:///flags?password=hush",
            "not postgres://USER@HOST:PORT/DATABASE: there is no host",
        ),
        (
            "postgres://guard:hush@host:port/flags",
            "not postgres://USER@HOST:PORT/DATABASE: invalid value for option `port`",
        ),
        (
            "postgres://guard:hush@host/flags?colour=blue",
            "not postgres://USER@HOST:PORT/DATABASE: unknown option `colour`",
        ),
        (
            "postgres://guard:hush@host/flags?sslmode=prefer",
            "`sslmode` is `disable`, or `require` or `verify-full`, which both check the certificate and its name",
        ),
    ] {
        let error = Place::read(url).map(|place| place.to_string()).unwrap_err();
        assert_eq!(error.to_string(), expected, "{url}");
    }
    let place = Place::read("postgres://guard:hush@one,two:7/flags?sslrootcert=/nowhere").unwrap();
    assert_eq!(place.to_string(), "postgres://one,two/flags");
    let error = place.tls().map(drop).unwrap_err().to_string();
    assert!(error.starts_with("`sslrootcert`, `/nowhere`: "), "{error}");
}
