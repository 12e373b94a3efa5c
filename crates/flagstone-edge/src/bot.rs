//! Which visitors declare themselves bots.

use crate::character::{self, WORD};
use flagstone_core::{Decision, Flag, Kill, Reason};

/// Last part of a word of `User-Agent` that makes its sender a bot: `Googlebot`, `AhrefsBot`, `Baiduspider`.
const ENDINGS: [&str; 3] = ["bot", "crawler", "spider"];

/// Words of `User-Agent` that make their sender a bot, though they do not end like one.
const NAMES: [&str; 14] = [
    "bots", // in the addresses that crawlers give, http://yandex.com/bots
    "chrome-lighthouse",
    "facebookcatalog",
    "facebookexternalhit",
    "google-extended",
    "google-inspectiontool",
    "google-read-aloud",
    "google-safety",
    "googleother",
    "ia_archiver",
    "mediapartners-google",
    "meta-externalagent",
    "meta-externalfetcher",
    "slurp", // Yahoo! Slurp
];

/// Bytes of the shortest word that makes a bot.
const SHORTEST: usize = 3;

/// Words that end like a bot's and are none: the maker of telephones.
const PHONES: [&str; 1] = ["cubot"];

/// Whether a `User-Agent` names a crawler or a preview of links. Programs such as `curl` and browsers under remote
/// control are not meant: they see what visitors see. Time in proportion to the length.
pub(crate) fn is_bot(user_agent: &[u8]) -> bool {
    let is_outside = |byte: &u8| !character::is(*byte, WORD);
    user_agent.split(is_outside).any(|word| {
        let equals = |name: &&str| word.eq_ignore_ascii_case(name.as_bytes());
        // Most words are numbers, and too short.
        word.len() >= SHORTEST
            && (NAMES.iter().any(equals) || word.split(|byte| *byte == b'-').any(ends_like_a_bot))
    })
}

/// What those get who declare themselves bots: a flag's default, or what it is held at.
pub(crate) fn decision<'s>(flag: Flag<'s>, kills: &[Kill]) -> Decision<'s> {
    let kill = kills.iter().find(|kill| kill.flag == flag.index());
    let index = kill.map(|kill| kill.variant).or(flag.default());
    let variant = index.and_then(|index| flag.variant(index));
    let reason = match kill {
        _ if index.is_some() && variant.is_none() => Reason::Error,
        Some(_) => Reason::Disabled,
        None => Reason::Default,
    };
    Decision {
        flag: flag.index(),
        variant,
        reason,
        rule: None,
    }
}

fn ends_like_a_bot(word: &[u8]) -> bool {
    // The last letters of the endings.
    if !matches!(word.last(), Some(b't' | b'T' | b'r' | b'R')) {
        return false;
    }
    let is_ending = |ending: &&str| {
        let start = word.len().checked_sub(ending.len());
        let tail = start.and_then(|start| word.get(start..));
        tail.is_some_and(|tail| tail.eq_ignore_ascii_case(ending.as_bytes()))
    };
    let equals = |name: &&str| word.eq_ignore_ascii_case(name.as_bytes());
    ENDINGS.iter().any(is_ending) && !PHONES.iter().any(equals)
}

#[cfg(test)]
mod tests;
