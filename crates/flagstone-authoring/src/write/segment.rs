//! Segments as TOML.

use flagstone_compile::model::{Condition, Segment, TARGETING_KEY};

use super::cel::{self, Unwritable};
use super::{attribute, toml};

pub(super) fn written(
    segment: &Segment,
    most_keys: usize,
    files: &mut Vec<(String, String)>,
) -> Result<String, Unwritable> {
    let Segment {
        key,
        by,
        included,
        excluded,
        when,
    } = segment;
    let mut text = format!("[segments.{}]\n", toml::key(key));
    if by != TARGETING_KEY {
        text += &format!("by = {}\n", toml::text(attribute(by)?));
    }
    for (name, keys) in [
        ("included", included.texts()),
        ("excluded", excluded.texts()),
    ] {
        if keys.len() > most_keys && keys.iter().all(|key| is_line(key)) {
            let file = file_name(key, name, files);
            text += &format!("{name}_file = {}\n", toml::text(&file));
            files.push((file, keys.iter().map(|key| format!("{key}\n")).collect()));
        } else if !keys.is_empty() {
            text += &format!("{name} = {}\n", toml::texts(keys));
        }
    }
    // A segment that nobody belongs to says so.
    if *when != Condition::never() || included.is_empty() {
        text += &format!("when = {}\n", toml::condition(&cel::condition(when)?));
    }
    Ok(text)
}

/// Whether a key can be a line of a file: blanks around it would not count.
fn is_line(key: &str) -> bool {
    !key.is_empty() && key.trim() == key && !key.contains(['\n', '\r'])
}

/// The name of a file for a segment's keys that no other has.
fn file_name(key: &str, list: &str, files: &[(String, String)]) -> String {
    let plain = |letter: char| match letter.is_ascii_alphanumeric() || letter == '-' {
        true => letter,
        false => '_',
    };
    let key: String = key.chars().take(60).map(plain).collect();
    let names = (1..).map(|number| match number {
        1 => format!("segments/{key}-{list}.txt"),
        _ => format!("segments/{key}-{list}-{number}.txt"),
    });
    let mut free = names.filter(|name| {
        !files
            .iter()
            .any(|(other, _)| other.eq_ignore_ascii_case(name))
    });
    free.next().unwrap_or_default()
}
