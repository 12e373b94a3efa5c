//! Dates, as `new Date(value)` of V8 reads them.

use super::javascript;
use flagstone_core::is_js_blank;
use flagstone_json::Json;
use std::iter::Peekable;
use std::str::Chars;

/// The earliest date that JavaScript has, in milliseconds since 1970.
pub(super) const FIRST: i64 = -8_640_000_000_000_000;

/// The date that a value means, in milliseconds since 1970; `None` if it means none.
pub(super) fn of(value: Option<&Json<'_>>) -> Option<i64> {
    match value {
        Some(Json::Text(text)) => parse(text)?.millis,
        Some(list @ Json::List(_)) => parse(&javascript::text(Some(list)))?.millis,
        other => {
            let number = javascript::number(other);
            (number.abs() <= -(FIRST as f64)).then_some(number as i64)
        }
    }
}

/// Whether a text is a date that depends on where one is.
pub(super) fn is_local(text: &str) -> bool {
    parse(text).is_some_and(|date| date.is_local && date.millis.is_some())
}

struct Date {
    /// `None` if it is out of bounds.
    millis: Option<i64>,
    is_local: bool,
}

/// Reads a date as V8's `DateParser` does: the standard's form, else any order of numbers and words that makes sense.
///
/// COMPAT(unleash): the SDK leaves dates to its runtime. Source: `dateparser-inl.h` and `dateparser.cc` of V8.
fn parse(text: &str) -> Option<Date> {
    let mut scanner = Scanner::new(text);
    let mut parts = Parts::default();
    let mut token = match standard(&mut scanner, &mut parts)? {
        Token::End => scanner.next(),
        other => other,
    };
    let mut has_number = parts.day.count > 0;
    while token != Token::End {
        match token {
            Token::Number { value, .. } => {
                has_number = true;
                parts.number(value, &mut scanner)?;
            }
            Token::Word { kind, .. } => match kind {
                Word::Noon(hours) if parts.time.count > 0 => parts.time.noon = Some(hours),
                Word::Month(month) => {
                    parts.day.month = Some(month);
                    scanner.skip('-');
                }
                Word::Zone(hours) if has_number => parts.zone.set(hours),
                _ if has_number || matches!(scanner.peek, Token::Number { .. }) => return None,
                _ => {}
            },
            Token::Symbol(sign @ ('+' | '-')) if parts.zone.is_utc() || parts.time.count > 0 => {
                parts.zone.sign = Some(if sign == '-' { -1 } else { 1 });
                has_number = true;
                parts.offset(&mut scanner)?;
            }
            Token::Symbol('+' | '-' | ')') if has_number => return None,
            _ => {}
        }
        token = scanner.next();
    }
    parts.date()
}

/// Reads the standard's form as far as it goes. Gives the end if that was all, or the token at which something else begins;
/// `None` if it cannot be a date any more.
fn standard(scanner: &mut Scanner<'_>, parts: &mut Parts) -> Option<Token> {
    match scanner.peek {
        Token::Symbol(sign @ ('+' | '-')) => {
            let before = scanner.next();
            let Some(year) = scanner.peek.fixed(6, 0, i64::MAX) else {
                return Some(before);
            };
            scanner.next();
            if sign == '-' && year == 0 {
                return Some(before);
            }
            parts.day.add(if sign == '-' { -year } else { year })?;
        }
        Token::Number { value, len: 4 } => {
            scanner.next();
            parts.day.add(value)?;
        }
        _ => return Some(scanner.next()),
    }
    for most in [12, 31] {
        if !scanner.skip('-') {
            break;
        }
        let Some(value) = scanner.peek.fixed(2, 1, most) else {
            return Some(scanner.next());
        };
        scanner.next();
        parts.day.add(value)?;
    }
    if !matches!(scanner.peek, Token::Word { kind: Word::T, .. }) {
        if scanner.peek != Token::End {
            return Some(scanner.next());
        }
    } else {
        scanner.next();
        time(scanner, parts)?;
    }
    if parts.zone.hour.is_none() && parts.time.count == 0 {
        parts.zone.set(0);
    }
    parts.day.is_standard = true;
    Some(Token::End)
}

/// Reads `HH:mm[:ss[.sss]][Z|(+|-)hh:mm]` up to the end.
fn time(scanner: &mut Scanner<'_>, parts: &mut Parts) -> Option<()> {
    let hour = scanner.peek.fixed(2, 0, 24)?;
    // Midnight at the end of a day.
    let most = |most| if hour == 24 { 0 } else { most };
    scanner.next();
    parts.time.add(hour)?;
    scanner.skip(':').then_some(())?;
    let minute = scanner.peek.fixed(2, 0, most(59))?;
    scanner.next();
    parts.time.add(minute)?;
    if scanner.skip(':') {
        let second = scanner.peek.fixed(2, 0, most(59))?;
        scanner.next();
        parts.time.add(second)?;
        if scanner.skip('.') {
            match scanner.next() {
                Token::Number { value, len } if value <= most(i64::MAX) => {
                    parts.time.add(milliseconds(value, len))?;
                }
                _ => return None,
            }
        }
    }
    match scanner.peek {
        Token::Word {
            kind: Word::Zone(_),
            len: 1,
        } => {
            scanner.next();
            parts.zone.set(0);
        }
        Token::Symbol(sign @ ('+' | '-')) => {
            scanner.next();
            parts.zone.sign = Some(if sign == '-' { -1 } else { 1 });
            let (hour, minute) = match scanner.peek.fixed(4, 0, i64::MAX) {
                Some(both) => (both / 100, both % 100),
                None => {
                    let hour = scanner.peek.fixed(2, 0, 23)?;
                    scanner.next();
                    scanner.skip(':').then_some(())?;
                    (hour, scanner.peek.fixed(2, 0, 59)?)
                }
            };
            scanner.next();
            (hour <= 23 && minute <= 59).then_some(())?;
            parts.zone.hour = Some(hour);
            parts.zone.minute = Some(minute);
        }
        _ => {}
    }
    (scanner.peek == Token::End).then_some(())
}

/// Digits behind a point.
fn milliseconds(value: i64, len: usize) -> i64 {
    match len {
        1 => value * 100,
        2 => value * 10,
        // Only nine digits have been read.
        _ => value / 10i64.pow((len.min(9) - 3) as u32),
    }
}

#[derive(Default)]
struct Parts {
    day: Day,
    time: Time,
    zone: Zone,
}

impl Parts {
    /// A number outside of the standard's form.
    fn number(&mut self, value: i64, scanner: &mut Scanner<'_>) -> Option<()> {
        if scanner.skip(':') {
            if scanner.skip(':') {
                (self.time.count == 0).then_some(())?;
                self.time.add(value)?;
                self.time.add(0)?;
            } else {
                self.time.add(value)?;
                scanner.skip('.');
            }
        } else if scanner.skip('.') && self.time.expects(value) {
            self.time.add(value)?;
            let Token::Number { value, len } = scanner.next() else {
                return None;
            };
            self.time.add_last(milliseconds(value, len));
        } else if self.zone.hour.is_some()
            && self.zone.minute.is_none()
            && (0..=59).contains(&value)
        {
            self.zone.minute = Some(value);
        } else if self.time.expects(value) {
            self.time.add_last(value);
            let is_done = match scanner.peek {
                Token::End | Token::Blank | Token::Symbol('+' | '-') => true,
                Token::Word { kind, len } => matches!(kind, Word::Zone(_)) && len == 1,
                _ => false,
            };
            is_done.then_some(())?;
        } else {
            self.day.add(value)?;
            scanner.skip('-');
        }
        Some(())
    }

    /// What is behind the sign of an offset.
    fn offset(&mut self, scanner: &mut Scanner<'_>) -> Option<()> {
        let (value, len) = match scanner.peek {
            Token::Number { value, len } => {
                scanner.next();
                (value, len)
            }
            _ => (0, 0),
        };
        let (hour, minute) = match len {
            _ if scanner.peek == Token::Symbol(':') => (value, None),
            1 | 2 => (value, Some(0)),
            3 | 4 => (value / 100, Some(value % 100)),
            _ => return None,
        };
        self.zone.hour = Some(hour);
        self.zone.minute = minute;
        Some(())
    }

    fn date(&self) -> Option<Date> {
        let day = self.day.days()?;
        let time = self.time.millis()?;
        let offset = self.zone.millis();
        let millis = day * 86_400_000 + time - offset.unwrap_or(0);
        Some(Date {
            millis: (millis.abs() <= -FIRST).then_some(millis),
            is_local: offset.is_none(),
        })
    }
}

/// Up to three numbers, and a month by its name.
#[derive(Default)]
struct Day {
    numbers: [i64; 3],
    count: usize,
    month: Option<i64>,
    is_standard: bool,
}

impl Day {
    fn add(&mut self, number: i64) -> Option<()> {
        *self.numbers.get_mut(self.count)? = number;
        self.count += 1;
        Some(())
    }

    /// Days since 1970.
    fn days(&self) -> Option<i64> {
        let is_day = |number: i64| (1..=31).contains(&number);
        let mut numbers = [1; 3];
        for (place, number) in numbers.iter_mut().zip(self.numbers).take(self.count) {
            *place = number;
        }
        let [a, b, c] = numbers;
        let (year, month, day) = match self.month {
            _ if self.count == 0 => return None,
            None if self.is_standard || !is_day(a) => (a, b, c),
            None => (c, a, b),
            Some(month) if !is_day(a) => (a, month, b),
            Some(month) => (b, month, a),
        };
        let year = match year {
            0..=49 if !self.is_standard => year + 2000,
            50..=99 if !self.is_standard => year + 1900,
            _ => year,
        };
        // No year beyond has a date.
        const LAST_YEAR: i64 = 300_000;
        ((1..=12).contains(&month) && is_day(day) && year.abs() <= LAST_YEAR).then_some(())?;
        // The year begins in March here, so that the leap day is its last: (153 × m + 2) / 5 days lie before month m.
        let (year, month) = if month > 2 {
            (year, month - 3)
        } else {
            (year - 1, month + 9)
        };
        let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
        Some(year * 365 + leap_days + (153 * month + 2) / 5 + day - 1 - 719_468)
    }
}

/// Hours, minutes, seconds and milliseconds.
#[derive(Default)]
struct Time {
    numbers: [i64; 4],
    count: usize,
    /// Hours before noon (0) or after it (12).
    noon: Option<i64>,
}

impl Time {
    fn expects(&self, number: i64) -> bool {
        match self.count {
            1 | 2 => (0..=59).contains(&number),
            3 => (0..=999).contains(&number),
            _ => false,
        }
    }

    fn add(&mut self, number: i64) -> Option<()> {
        *self.numbers.get_mut(self.count)? = number;
        self.count += 1;
        Some(())
    }

    fn add_last(&mut self, number: i64) {
        self.add(number);
        self.count = self.numbers.len();
    }

    fn millis(&self) -> Option<i64> {
        let [mut hour, minute, second, milli] = self.numbers;
        if let Some(noon) = self.noon {
            (0..=12).contains(&hour).then_some(())?;
            hour = hour % 12 + noon;
        }
        let is_time = (0..=23).contains(&hour)
            && (0..=59).contains(&minute)
            && (0..=59).contains(&second)
            && (0..=999).contains(&milli);
        (is_time || (hour, minute, second, milli) == (24, 0, 0, 0)).then_some(())?;
        Some(((hour * 60 + minute) * 60 + second) * 1000 + milli)
    }
}

/// An offset from UTC.
#[derive(Default)]
struct Zone {
    sign: Option<i64>,
    hour: Option<i64>,
    minute: Option<i64>,
}

impl Zone {
    fn set(&mut self, hours: i64) {
        self.sign = Some(if hours < 0 { -1 } else { 1 });
        self.hour = Some(hours.abs());
        self.minute = Some(0);
    }

    fn is_utc(&self) -> bool {
        self.hour == Some(0) && self.minute == Some(0)
    }

    /// `None` if there is none, so that it is local time.
    fn millis(&self) -> Option<i64> {
        let minutes = self.hour.unwrap_or(0) * 60 + self.minute.unwrap_or(0);
        Some(self.sign? * minutes * 60_000)
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Token {
    /// A number of up to nine digits behind its leading zeros; more are not read. All digits count as its length.
    Number {
        value: i64,
        len: usize,
    },
    Symbol(char),
    Word {
        kind: Word,
        len: usize,
    },
    Blank,
    Other,
    End,
}

#[derive(Clone, Copy, PartialEq)]
enum Word {
    Month(i64),
    /// Hours that are added.
    Noon(i64),
    /// Hours from UTC.
    Zone(i64),
    /// Between day and time.
    T,
    Unknown,
}

impl Token {
    /// The value of a number with just so many digits, within bounds.
    fn fixed(self, digits: usize, least: i64, most: i64) -> Option<i64> {
        match self {
            Self::Number { value, len } if len == digits => {
                Some(value).filter(|value| (least..=most).contains(value))
            }
            _ => None,
        }
    }
}

struct Scanner<'t> {
    text: Peekable<Chars<'t>>,
    peek: Token,
}

impl<'t> Scanner<'t> {
    fn new(text: &'t str) -> Self {
        let mut scanner = Self {
            text: text.chars().peekable(),
            peek: Token::End,
        };
        scanner.next();
        scanner
    }

    fn next(&mut self) -> Token {
        let next = self.scan();
        std::mem::replace(&mut self.peek, next)
    }

    fn skip(&mut self, symbol: char) -> bool {
        let is_there = self.peek == Token::Symbol(symbol);
        if is_there {
            self.next();
        }
        is_there
    }

    fn scan(&mut self) -> Token {
        // To the SDK's runtime, NUL is the end.
        let Some(first) = self.text.next_if(|letter| *letter != '\0') else {
            return Token::End;
        };
        match first {
            '0'..='9' => {
                let (mut value, mut significant, mut len) = (0, 0, 0);
                let mut next = Some(first);
                while let Some(digit) = next.and_then(|letter| letter.to_digit(10)) {
                    if (significant > 0 || digit > 0) && significant < 9 {
                        value = value * 10 + i64::from(digit);
                        significant += 1;
                    }
                    len += 1;
                    next = self.text.next_if(char::is_ascii_digit);
                }
                Token::Number { value, len }
            }
            ':' | '-' | '+' | '.' | ')' => Token::Symbol(first),
            '(' => {
                let mut depth = 1;
                while depth > 0
                    && let Some(letter) = self.text.next_if(|letter| *letter != '\0')
                {
                    match letter {
                        '(' => depth += 1,
                        ')' => depth -= 1,
                        _ => {}
                    }
                }
                Token::Other
            }
            _ if is_letter(first) => self.word(first),
            _ if is_js_blank(first) => Token::Blank,
            _ => Token::Other,
        }
    }

    fn word(&mut self, first: char) -> Token {
        let mut start = ['\0'; 3];
        let mut len = 0;
        let mut next = Some(first);
        while let Some(letter) = next {
            if let Some(place) = start.get_mut(len) {
                *place = letter.to_ascii_lowercase();
            }
            len += 1;
            next = self.text.next_if(|letter| is_letter(*letter));
        }
        let start: String = start.iter().filter(|letter| **letter != '\0').collect();
        let kind = match &*start {
            "jan" => Word::Month(1),
            "feb" => Word::Month(2),
            "mar" => Word::Month(3),
            "apr" => Word::Month(4),
            "may" => Word::Month(5),
            "jun" => Word::Month(6),
            "jul" => Word::Month(7),
            "aug" => Word::Month(8),
            "sep" => Word::Month(9),
            "oct" => Word::Month(10),
            "nov" => Word::Month(11),
            "dec" => Word::Month(12),
            // Only months may be longer.
            _ if len > 3 => Word::Unknown,
            "am" => Word::Noon(0),
            "pm" => Word::Noon(12),
            "ut" | "utc" | "z" | "gmt" => Word::Zone(0),
            "edt" => Word::Zone(-4),
            "cdt" | "est" => Word::Zone(-5),
            "cst" | "mdt" => Word::Zone(-6),
            "mst" | "pdt" => Word::Zone(-7),
            "pst" => Word::Zone(-8),
            "t" => Word::T,
            _ => Word::Unknown,
        };
        Token::Word { kind, len }
    }
}

/// Whether V8 takes a character for a part of a word: all from `A` on but white space.
fn is_letter(letter: char) -> bool {
    letter >= 'A' && (!is_js_blank(letter) || matches!(letter, '\u{2028}' | '\u{2029}'))
}
