//! Numbers as text, for what a request takes along: `write!` and `parse` can do more, and take the space and time of that.

use crate::append::Append;

/// Adds a number in decimal digits.
pub(crate) fn push_number(text: &mut String, number: u64) {
    push(text, number, 10, 1);
}

/// Adds a number in hexadecimal digits, with zeros before it up to so many, at most 20.
pub(crate) fn push_hex(text: &mut String, number: u64, least: usize) {
    push(text, number, 16, least);
}

#[inline(always)]
fn push(text: &mut String, number: u64, radix: u64, least: usize) {
    let mut digits = [0; 20];
    let (mut rest, mut count) = (number, 0);
    for place in digits.iter_mut().rev() {
        let digit = (rest % radix) as u8;
        *place = digit + if digit < 10 { b'0' } else { b'a' - 10 };
        (rest, count) = (rest / radix, count + 1);
        if rest == 0 && count >= least {
            break;
        }
    }
    let written = digits.get(digits.len() - count..).unwrap_or_default();
    text.append(str::from_utf8(written).unwrap_or_default());
}

/// Reads what [`push_number`] wrote; `None` for what it would never write, and for what does not fit.
pub(crate) fn number<T: TryFrom<u64>>(text: &str) -> Option<T> {
    T::try_from(read(text, 10)?).ok()
}

/// Reads what [`push_hex`] wrote, as [`number`] does.
pub(crate) fn hex<T: TryFrom<u64>>(text: &str) -> Option<T> {
    T::try_from(read(text, 16)?).ok()
}

#[inline(never)]
fn read(text: &str, radix: u64) -> Option<u64> {
    let most = u64::MAX / radix;
    let number = text.bytes().try_fold(0u64, |number, byte| {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' if radix == 16 => byte - b'a' + 10,
            _ => return None,
        };
        let shifted = (number <= most).then_some(number.wrapping_mul(radix))?;
        shifted.checked_add(digit.into())
    })?;
    (!text.is_empty()).then_some(number)
}

#[cfg(test)]
mod tests;
