//! When a rollout may grow. Zones are resolved here, so that nobody else needs a database of them.

use flagstone_compile::model::{Calendar, Freeze, Offset, Window};
use flagstone_core::{UnixMillis, parse_rfc3339};
use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use toml::value::Date;

use super::Lower;
use crate::code::BAD_PLAN;
use crate::document::{Table, elements, text};
use crate::finding::Finding;
use crate::path::Path;
use crate::suggest;

/// The days of the week, in the order of [`Window::days`].
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
/// Offsets are written down from here on, 2026-01-01, in Unix seconds.
const FROM: i64 = 1_767_225_600;
/// Up to here, 2040-01-01. Both are fixed, so that equal files give equal snapshots at any time.
const UNTIL: i64 = 2_208_988_800;

impl Lower<'_> {
    pub(super) fn calendar(
        &mut self,
        table: &Table<'_>,
        straight: bool,
        path: Path<'_>,
    ) -> Option<Calendar> {
        let zone = self.zone(table, path)?;
        let name = text(table, "zone").map_or("UTC", |(name, _)| name);
        let mut calendar = Calendar::default();
        let mut good = true;
        for (index, node) in elements(table, "windows").enumerate() {
            let path = path.key("windows");
            let window = node.get_ref().as_table();
            match window.and_then(|window| self.week(window, path.index(index))) {
                Some(window) => calendar.windows.push(window),
                None => good = false,
            }
        }
        if let Some(node) = table.get("windows").filter(|_| straight) {
            let message = "a rollout that grows by itself cannot keep to windows";
            let help = "leave out `straight`, or the windows".to_owned();
            let finding = Finding::new(BAD_PLAN, path.key("windows"), node.span(), message);
            self.report.add(finding.help(help));
            good = false;
        }
        for (index, node) in elements(table, "freezes").enumerate() {
            let path = path.key("freezes");
            let freeze = node.get_ref().as_table();
            match freeze.and_then(|freeze| self.freeze(freeze, &zone, path.index(index))) {
                Some(freeze) => calendar.freezes.push(freeze),
                None => good = false,
            }
        }
        if !calendar.windows.is_empty() {
            calendar.zone = name.to_owned();
            calendar.offsets = offsets(&zone);
            calendar.known_until = UnixMillis(UNTIL * 1000);
        }
        good.then_some(calendar)
    }

    fn zone(&mut self, table: &Table<'_>, path: Path<'_>) -> Option<TimeZone> {
        let Some((name, node)) = text(table, "zone") else {
            return Some(TimeZone::UTC);
        };
        let zones = TimeZoneDatabase::bundled();
        if let Ok(zone) = zones.get(name) {
            return Some(zone);
        }
        let known: Vec<_> = zones.available().map(|zone| zone.to_string()).collect();
        let similar = suggest::closest_name(name, known.iter().map(String::as_str));
        let help = match similar {
            Some(similar) => format!("did you mean `{similar}`?"),
            None => "a zone of the IANA database, such as `Europe/Berlin`".to_owned(),
        };
        let message = format!("there is no time zone `{name}`");
        let finding = Finding::new(BAD_PLAN, path.key("zone"), node.span(), message);
        self.report.add(finding.help(help));
        None
    }

    fn week(&mut self, table: &Table<'_>, path: Path<'_>) -> Option<Window> {
        let mut days = if table.contains_key("days") {
            0
        } else {
            0b111_1111
        };
        let mut good = true;
        for node in elements(table, "days") {
            let name = node.get_ref().as_str()?;
            match DAYS.iter().position(|day| *day == name) {
                Some(day) => days |= 1 << day,
                None => {
                    let message = format!("`{name}` is no day of the week");
                    let help = format!("the days are {}", DAYS.join(", "));
                    let finding = Finding::new(BAD_PLAN, path.key("days"), node.span(), message);
                    self.report.add(finding.help(help));
                    good = false;
                }
            }
        }
        if let Some(node) = table.get("days").filter(|_| good && days == 0) {
            let message = "a window without days never opens";
            let finding = Finding::new(BAD_PLAN, path.key("days"), node.span(), message);
            self.report.add(finding);
            good = false;
        }
        let (from, to) = (
            self.minute(table, "from", path),
            self.minute(table, "to", path),
        );
        let (from, to) = (from?, to?);
        if let Some(node) = table.get("to").filter(|_| to <= from) {
            let message = "`to` is not after `from`";
            let help = "a window over midnight is two: up to \"24:00\", and from \"00:00\"";
            let finding = Finding::new(BAD_PLAN, path.key("to"), node.span(), message);
            self.report.add(finding.help(help.to_owned()));
            good = false;
        }
        good.then_some(Window { days, from, to })
    }

    /// A time of the day such as `09:30`, in minutes.
    fn minute(&mut self, table: &Table<'_>, key: &str, path: Path<'_>) -> Option<u16> {
        let (time, node) = text(table, key)?;
        let minute = || {
            let (hour, minute) = time.split_once(':')?;
            let number = |digits: &str, most: u16| -> Option<u16> {
                let is_number =
                    digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
                digits
                    .parse()
                    .ok()
                    .filter(|number| is_number && *number <= most)
            };
            let minute = number(hour, 24)? * 60 + number(minute, 59)?;
            Some(minute).filter(|minute| *minute <= 24 * 60)
        };
        let found = minute();
        if found.is_none() {
            let message = format!("`{time}` is no time of the day");
            let help = "for example \"09:00\"; \"24:00\" is the end of a day".to_owned();
            let finding = Finding::new(BAD_PLAN, path.key(key), node.span(), message);
            self.report.add(finding.help(help));
        }
        found
    }

    fn freeze(&mut self, table: &Table<'_>, zone: &TimeZone, path: Path<'_>) -> Option<Freeze> {
        let end = match table.contains_key("to") {
            true => "to",
            false => "from",
        };
        let from = self.midnight(table, "from", 0, zone, path)?;
        let to = self.midnight(table, end, 1, zone, path)?;
        if let Some(node) = table.get("to").filter(|_| to <= from) {
            let message = "`to` is before `from`";
            let help = "`to` is the last day of the freeze".to_owned();
            let finding = Finding::new(BAD_PLAN, path.key("to"), node.span(), message);
            self.report.add(finding.help(help));
            return None;
        }
        Some(Freeze {
            from,
            to,
            why: text(table, "why").map_or_else(String::new, |(why, _)| why.to_owned()),
        })
    }

    /// When the day under a key, or a later one, begins in a zone.
    fn midnight(
        &mut self,
        table: &Table<'_>,
        key: &str,
        later: i64,
        zone: &TimeZone,
        path: Path<'_>,
    ) -> Option<UnixMillis> {
        let node = table.get(key)?;
        let date = node.get_ref().as_datetime()?.date?;
        let begins = midnight(date, later, zone);
        if begins.is_none() {
            let message = format!("`{date}` is too far away");
            let help = "for what has no end, a day such as 2999-12-31".to_owned();
            let finding = Finding::new(BAD_PLAN, path.key(key), node.span(), message);
            self.report.add(finding.help(help));
        }
        begins
    }
}

/// When a day, or a later one, begins in a zone.
fn midnight(date: Date, later: i64, zone: &TimeZone) -> Option<UnixMillis> {
    // TOML's dates exist.
    let noon = parse_rfc3339(&format!("{date}T12:00:00Z"))?.0 / 1000 + later * 86_400;
    let day = TimeZone::UTC
        .to_datetime(Timestamp::from_second(noon).ok()?)
        .date();
    // Where clocks skip midnight, the day begins when they go on.
    let begins = zone.to_ambiguous_timestamp(day.at(0, 0, 0, 0)).compatible();
    Some(UnixMillis(begins.ok()?.as_millisecond()))
}

/// What a zone adds to UTC.
fn offsets(zone: &TimeZone) -> Vec<Offset> {
    let Ok(from) = Timestamp::from_second(FROM) else {
        return Vec::new();
    };
    let first = Offset {
        at: UnixMillis(FROM * 1000),
        seconds: zone.to_offset(from).seconds(),
    };
    let later = zone
        .following(from)
        .map(|change| (change.timestamp().as_second(), change.offset().seconds()))
        .take_while(|(at, _)| *at < UNTIL)
        .map(|(at, seconds)| Offset {
            at: UnixMillis(at * 1000),
            seconds,
        });
    let mut offsets = vec![first];
    offsets.extend(later);
    offsets
}
