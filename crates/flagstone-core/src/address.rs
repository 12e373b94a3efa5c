//! Addresses and networks, as npm's `ip-address` reads them.

use crate::text::{split, split_once};

/// An address, or a network that is written as one of its addresses and a number of leading bits.
///
/// COMPAT(unleash): what is an address, and that one may come with a prefix or a zone, is decided as `Address4` and `Address6`
/// of npm's `ip-address` 10 decide it: no leading zeros, `::` for at least one group, `%zone` behind IPv6, which has no part
/// in anything. IPv4 written as IPv6 (`::ffff:10.0.0.1`) stays IPv6.
///
/// ```
/// use flagstone_core::Address;
///
/// let address = Address::parse("10.0.0.7/8").unwrap();
/// assert_eq!((address.family, address.bits, address.prefix), (4, 0x0a00_0007, 8));
/// assert_eq!(Address::parse("10.0.0.07"), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// The whole address, bits beyond the prefix included.
    pub bits: u128,
    /// Leading bits that make the network; all of them where none are given.
    pub prefix: u16,
    /// 4 or 6.
    pub family: u16,
}

impl Address {
    /// Reads an address; `None` if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        Self::v4(text).or_else(|| Self::v6(text))
    }

    fn v4(text: &str) -> Option<Self> {
        // Not `rsplit_once`, in which the compiler leaves a panic.
        let slash = text.bytes().rposition(|byte| byte == b'/');
        let suffix = slash.and_then(|at| {
            let digits = text.get(at + 1..)?;
            Some((text.get(..at)?, number(digits, 2)?))
        });
        let (address, prefix) = suffix.unwrap_or((text, 32));
        Some(Self {
            bits: octets(address)?.into(),
            prefix: Some(prefix).filter(|prefix| *prefix <= 32)?,
            family: 4,
        })
    }

    fn v6(text: &str) -> Option<Self> {
        let (address, rest, prefix) = without_prefix(text);
        let (address, zone) = match split_once(address, "%") {
            Some((address, zone)) => (address, zone),
            None => (address, ""),
        };
        let is_legal = |zone: &str| !zone.contains(['/', '\n', '\r', '\u{2028}', '\u{2029}']);
        if prefix > 128 || !is_legal(zone) || !is_legal(rest) {
            return None;
        }
        let bits = match split_once(address, "::") {
            Some((front, back)) => {
                let (front, front_count) = groups(front, false)?;
                let (back, back_count) = groups(back, true)?;
                // `::` stands for at least one group, so that no shift is by all bits.
                if front_count + back_count > 7 {
                    return None;
                }
                front.checked_shl(16 * (8 - front_count)).unwrap_or(0) | back
            }
            None => {
                let (bits, count) = groups(address, true)?;
                (count == 8).then_some(bits)?
            }
        };
        Some(Self {
            bits,
            prefix,
            family: 6,
        })
    }
}

/// An IPv6 address, what is behind its prefix (nothing or a zone), and the prefix: the first slash with up to three digits
/// that a zone or the end follows.
fn without_prefix(text: &str) -> (&str, &str, u16) {
    for (at, _) in text.match_indices('/') {
        let (before, behind) = (text.get(..at), text.get(at + 1..).unwrap_or_default());
        // Whoever sends slashes alone must not have all that is behind each looked at.
        let is_digit = |byte: &u8| byte.is_ascii_digit();
        let end = behind.bytes().take(4).take_while(is_digit).count();
        let (digits, rest) = behind.split_at_checked(end).unwrap_or_default();
        if let (Some(before), Some(prefix)) = (before, number(digits, 3))
            && (rest.is_empty() || rest.starts_with('%'))
        {
            return (before, rest, prefix);
        }
    }
    (text, "", 128)
}

/// Groups with colons between them, and their number; the last may be IPv4 if they are at the end of the address.
fn groups(text: &str, at_end: bool) -> Option<(u128, u32)> {
    let (mut bits, mut count) = (0u128, 0u32);
    if text.is_empty() {
        return Some((bits, count));
    }
    let mut parts = split(text, b':').peekable();
    while let Some(part) = parts.next() {
        let (group, size) = if at_end && parts.peek().is_none() && part.contains('.') {
            (octets(part)?, 2)
        } else {
            (hexadecimal(part)?, 1)
        };
        count += size;
        if count > 8 {
            return None;
        }
        bits = bits << (16 * size) | u128::from(group);
    }
    Some((bits, count))
}

fn hexadecimal(text: &str) -> Option<u32> {
    let digits = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    (digits && (1..=4).contains(&text.len())).then_some(())?;
    u32::from_str_radix(text, 16).ok()
}

/// Four numbers without leading zeros.
fn octets(text: &str) -> Option<u32> {
    let (mut bits, mut count) = (0, 0);
    for part in split(text, b'.') {
        let octet = number(part, 3).filter(|octet| *octet <= 255)?;
        if count == 4 || (part.len() > 1 && part.starts_with('0')) {
            return None;
        }
        bits = bits << 8 | u32::from(octet);
        count += 1;
    }
    (count == 4).then_some(bits)
}

/// One to `most` decimal digits.
fn number(text: &str, most: usize) -> Option<u16> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    (digits && (1..=most).contains(&text.len())).then_some(())?;
    text.parse().ok()
}

#[cfg(test)]
mod tests;
