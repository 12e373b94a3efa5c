//! Numbers written as text, to the nearest 64-bit float.
//!
//! `str::parse` gives the same, by a table of ten kilobytes that hardly compresses: half of what the core would weigh.

/// Reads a decimal number as JSON writes it, to the nearest float; one that is too large is infinite. `None` for what is no
/// number. Some of what JSON does not allow is read too: a point at either end, a plus sign.
///
/// ```
/// assert_eq!(flagstone_core::parse_number("1e-7"), Some(0.0000001));
/// assert_eq!(flagstone_core::parse_number("infinity"), None);
/// ```
pub fn parse_number(text: &str) -> Option<f64> {
    if !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    parse(text)
}

/// Reads a number: digits with or without a point and an exponent (`5`, `-.5`, `1e3`), or `inf` or `infinity`; no blanks.
/// Gives the nearest float, of two equally near the even one; what is too large is infinite. `None` for anything else, for
/// `nan` too.
pub(crate) fn parse(text: &str) -> Option<f64> {
    let bytes = text.as_bytes();
    let (is_negative, bytes) = match bytes {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let words: [&[u8]; 2] = [b"inf", b"infinity"];
    let magnitude = if words.iter().any(|word| bytes.eq_ignore_ascii_case(word)) {
        f64::INFINITY
    } else {
        Decimal::read(bytes)?.nearest()
    };
    Some(if is_negative { -magnitude } else { magnitude })
}

/// Reads a number as JavaScript's `Number(text)` does: blanks around it do not count, no text is 0, `0x`, `0o` and `0b`
/// begin whole numbers, `Infinity` is spelt just so. NaN for anything else.
///
/// Source: `StringToNumber` of ECMA-262.
pub fn javascript(text: &str) -> f64 {
    let text = text.trim_matches(crate::text::is_blank);
    let (is_negative, magnitude) = match text.as_bytes() {
        [b'-', ..] => (true, text.get(1..)),
        [b'+', ..] => (false, text.get(1..)),
        _ => (false, Some(text)),
    };
    let Some(magnitude) = magnitude else {
        return f64::NAN;
    };
    let radix = match text.as_bytes() {
        [] => return 0.0,
        [b'0', b'x' | b'X', ..] => Some(16),
        [b'0', b'o' | b'O', ..] => Some(8),
        [b'0', b'b' | b'B', ..] => Some(2),
        _ => None,
    };
    let value = match radix {
        Some(radix) => text.get(2..).and_then(|digits| whole(digits, radix)),
        None if magnitude == "Infinity" => Some(f64::INFINITY),
        None => Decimal::read(magnitude.as_bytes()).map(|decimal| decimal.nearest()),
    };
    match value {
        Some(value) if is_negative => -value,
        Some(value) => value,
        None => f64::NAN,
    }
}

/// Digits of a radix that is a power of two, to the nearest float.
fn whole(digits: &str, radix: u32) -> Option<f64> {
    let mut number = Big::default();
    let mut is_infinite = false;
    for digit in digits.chars() {
        let digit = digit.to_digit(radix)?;
        is_infinite |= number.len() > 1024;
        if !is_infinite {
            number.multiply_and_add(radix, digit);
        }
    }
    let value = match number.len() {
        _ if is_infinite => f64::INFINITY,
        0 => 0.0,
        _ => number.round(0, false),
    };
    (!digits.is_empty()).then_some(value)
}

/// The fewest decimal digits that mean a float, of several the nearest; without zeros at the end.
///
/// The standard library finds the same, in quicker ways that weigh ten times as much.
pub(crate) struct Shortest {
    digits: [u8; 17],
    len: usize,
    /// The point stands behind this many digits.
    pub point: i32,
}

impl Shortest {
    /// The digits of a finite number above 0.
    pub fn of(number: f64) -> Self {
        let exact = exact_digits(number);
        let mut shortest = Self {
            digits: [b'0'; 17],
            len: 0,
            point: exact.point,
        };
        for len in 1..=17 {
            let (below, above) = exact.rounded(len);
            let means = |candidate: &Self| candidate.value() == Some(number);
            // The nearer first; where floats lie unevenly, at powers of two, only the farther may mean the number.
            let mut candidates = [below, above];
            if exact.is_nearer_above(len) {
                candidates.swap(0, 1);
            }
            if let Some(found) = candidates.into_iter().find(means) {
                shortest = found;
                break;
            }
        }
        while shortest.digits().len() > 1 && shortest.digits().ends_with("0") {
            shortest.len -= 1;
        }
        shortest
    }

    /// The digits.
    pub fn digits(&self) -> &str {
        let digits = self.digits.get(..self.len).unwrap_or_default();
        core::str::from_utf8(digits).unwrap_or_default()
    }

    fn value(&self) -> Option<f64> {
        let decimal = Decimal {
            digits: self.digits.get(..self.len)?,
            exponent: self.point - self.len as i32,
        };
        Some(decimal.nearest())
    }
}

/// The first digits of a number, and whether there are more behind them.
struct Exact {
    digits: [u8; 20],
    is_more: bool,
    point: i32,
}

/// The first 20 digits of a finite number above 0.
fn exact_digits(number: f64) -> Exact {
    let bits = number.to_bits();
    let exponent = ((bits >> 52) & 0x7ff) as i32;
    let fraction = bits & ((1 << 52) - 1);
    let (mantissa, power) = match exponent {
        0 => (fraction, -1074),
        _ => (fraction | 1 << 52, exponent - 1075),
    };
    let mut big = Big::default();
    big.multiply_and_add(1, (mantissa >> 32) as u32);
    big.shift_left(32);
    big.multiply_and_add(1, mantissa as u32);
    // As a whole number times a power of ten: 2 to the power of -p is 5 to the power of p, with the point p places on.
    let mut scale = 0;
    if power >= 0 {
        big.shift_left(power as u32);
    } else {
        for _ in 0..power.unsigned_abs() {
            big.multiply_and_add(5, 0);
        }
        scale = power;
    }
    // The number has at most 767 digits; those behind the first 20 only count as more than nothing.
    let mut count = 0;
    let mut reversed = [0u8; 800];
    while big.len() > 0 {
        let digit = big.divide_by_ten() as u8;
        if let Some(place) = reversed.get_mut(count) {
            *place = digit;
            count += 1;
        } else {
            break;
        }
    }
    let mut exact = Exact {
        digits: [0; 20],
        is_more: false,
        point: count as i32 + scale,
    };
    let used = reversed.get(..count).unwrap_or_default();
    let mut rest = used.iter().rev();
    for (place, digit) in exact.digits.iter_mut().zip(rest.by_ref()) {
        *place = *digit;
    }
    exact.is_more = rest.any(|digit| *digit != 0);
    exact
}

impl Exact {
    /// The number cut off behind so many digits, and the next greater one of as many.
    fn rounded(&self, len: usize) -> (Shortest, Shortest) {
        let mut below = Shortest {
            digits: [b'0'; 17],
            len,
            point: self.point,
        };
        for (place, digit) in below.digits.iter_mut().zip(self.digits).take(len) {
            *place = b'0' + digit;
        }
        let mut above = Shortest { ..below };
        let mut carry = true;
        for place in above.digits.iter_mut().take(len).rev() {
            if !carry {
                break;
            }
            carry = *place == b'9';
            *place = if carry { b'0' } else { *place + 1 };
        }
        if carry {
            // 99 became 100, of which two digits are enough.
            if let Some(first) = above.digits.first_mut() {
                *first = b'1';
            }
            above.point += 1;
        }
        (below, above)
    }

    /// Whether the number is more than halfway to the greater of the two; halfway counts for the even one.
    fn is_nearer_above(&self, len: usize) -> bool {
        let last = len.checked_sub(1).and_then(|last| self.digits.get(last));
        let is_odd = last.is_some_and(|digit| digit % 2 == 1);
        let mut rest = self.digits.iter().skip(len);
        match rest.next() {
            Some(5) => is_odd || self.is_more || rest.any(|digit| *digit != 0),
            Some(next) => *next > 5,
            None => false,
        }
    }
}

/// Digits as a whole number, times a power of ten.
struct Decimal<'t> {
    /// Digits, and a point that does not count.
    digits: &'t [u8],
    /// Power of ten of the last digit.
    exponent: i32,
}

impl<'t> Decimal<'t> {
    fn read(bytes: &'t [u8]) -> Option<Self> {
        let end = bytes.iter().position(|byte| matches!(byte, b'e' | b'E'));
        let (digits, exponent) = match end.and_then(|end| bytes.split_at_checked(end)) {
            Some((digits, [_, exponent @ ..])) => (digits, self::exponent(exponent)?),
            _ => (bytes, 0),
        };
        let mut places = None;
        let mut count = 0u32;
        for byte in digits {
            match byte {
                b'0'..=b'9' => count = count.saturating_add(1),
                b'.' if places.is_none() => places = Some(count),
                _ => return None,
            }
        }
        let behind_point = count - places.unwrap_or(count);
        (count > 0).then_some(Self {
            digits,
            exponent: exponent.saturating_sub_unsigned(behind_point),
        })
    }

    /// The value of each digit behind the leading zeros.
    fn values(&self) -> impl Iterator<Item = u32> {
        let digits = self.digits.iter().filter(|byte| **byte != b'.');
        digits
            .map(|byte| u32::from(byte - b'0'))
            .skip_while(|digit| *digit == 0)
    }

    fn nearest(&self) -> f64 {
        const EXACT: u64 = 1 << 53;
        let whole = self.values().try_fold(0u64, |whole, digit| {
            Some(whole * 10 + u64::from(digit)).filter(|whole| *whole <= EXACT)
        });
        match whole {
            Some(0) => 0.0,
            // Both are exact then, so that one operation rounds once.
            Some(whole) if self.exponent.unsigned_abs() <= 22 => {
                let power = (0..self.exponent.unsigned_abs()).fold(1.0, |power, _| power * 10.0);
                if self.exponent < 0 {
                    whole as f64 / power
                } else {
                    whole as f64 * power
                }
            }
            _ => self.nearest_of_many_digits(),
        }
    }

    /// The same for any number that is not 0, by whole numbers of as many bits as it takes.
    fn nearest_of_many_digits(&self) -> f64 {
        // No number halfway between two floats has more than 767 digits, so of those behind it matters only whether one
        // of them is not 0.
        const KEPT: usize = 800;
        let mut number = Big::default();
        let mut count = 0;
        let mut is_more = false;
        for (index, digit) in self.values().enumerate() {
            if index < KEPT {
                number.multiply_and_add(10, digit);
            } else {
                is_more |= digit != 0;
            }
            count = index + 1;
        }
        let dropped = count.saturating_sub(KEPT).min(i32::MAX as usize) as i32;
        let exponent = self.exponent.saturating_add(dropped);
        // The number is below 10 to the power of this, and at least a tenth of that.
        let size = exponent.saturating_add((count.min(KEPT)) as i32);
        if size > 310 {
            return f64::INFINITY;
        }
        if size < -330 {
            return 0.0;
        }
        // INVARIANT: from here on the exponent is from -1130 to 309, which is what `Big` has room for.
        let mut shift = 0;
        if exponent >= 0 {
            for _ in 0..exponent {
                number.multiply_and_add(10, 0);
            }
        } else {
            // So far to the left that 64 bits are left after the division; 10 is less than 2 to the power of 10 / 3.
            let places = exponent.unsigned_abs();
            shift = (places * 10).div_ceil(3) + 64;
            number.shift_left(shift);
            for _ in 0..places {
                is_more |= number.divide_by_ten() != 0;
            }
        }
        number.round(shift, is_more)
    }
}

fn exponent(bytes: &[u8]) -> Option<i32> {
    let (is_negative, digits) = match bytes {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let value = digits.iter().try_fold(0i32, |value, digit| {
        let digit = digit.is_ascii_digit().then(|| digit - b'0')?;
        Some(value.saturating_mul(10).saturating_add(digit.into()))
    })?;
    (!digits.is_empty()).then_some(if is_negative { -value } else { value })
}

/// A whole number below 2 to the power of 6,656: 800 digits (2,658 bits), shifted by up to 3,831 bits.
struct Big {
    /// The lowest first.
    words: [u32; 208],
    /// How many of them may be other than 0.
    used: usize,
}

impl Default for Big {
    fn default() -> Self {
        Self {
            words: [0; 208],
            used: 0,
        }
    }
}

impl Big {
    fn multiply_and_add(&mut self, factor: u32, summand: u32) {
        let mut carry = u64::from(summand);
        for word in self.words.iter_mut().take(self.used) {
            let product = u64::from(*word) * u64::from(factor) + carry;
            *word = product as u32;
            carry = product >> 32;
        }
        if carry != 0
            && let Some(word) = self.words.get_mut(self.used)
        {
            *word = carry as u32;
            self.used += 1;
        }
    }

    /// Divides by 10, rounding down; gives the remainder.
    fn divide_by_ten(&mut self) -> u32 {
        let mut remainder = 0;
        for word in self.words.iter_mut().take(self.used).rev() {
            let part = remainder << 32 | u64::from(*word);
            *word = (part / 10) as u32;
            remainder = part % 10;
        }
        remainder as u32
    }

    fn shift_left(&mut self, bits: u32) {
        for _ in 0..bits / 16 {
            self.multiply_and_add(1 << 16, 0);
        }
        self.multiply_and_add(1 << (bits % 16), 0);
    }

    fn bit(&self, index: u32) -> bool {
        let word = self.words.get((index / 32) as usize);
        word.is_some_and(|word| word >> (index % 32) & 1 == 1)
    }

    /// Bits up to the highest that is set.
    fn len(&self) -> u32 {
        let counted = (1u32..).zip(&self.words);
        let top = counted.filter(|(_, word)| **word != 0).last();
        top.map_or(0, |(count, word)| count * 32 - word.leading_zeros())
    }

    /// The float nearest to this number divided by 2 to the power of `shift`; to a little more than that if `is_more`.
    fn round(&self, shift: u32, is_more: bool) -> f64 {
        let len = self.len();
        // The power of two of the highest bit, and the bits that a float of this size has room for.
        let power = len as i32 - 1 - shift as i32;
        if power > 1023 {
            return f64::INFINITY;
        }
        let room = (power + 1075).min(53);
        let Ok(room) = u32::try_from(room) else {
            return 0.0;
        };
        let mut bits = (0..room).fold(0u64, |bits, index| {
            let bit = (len - 1).checked_sub(index).is_some_and(|at| self.bit(at));
            bits << 1 | u64::from(bit)
        });
        if let Some(half) = len.checked_sub(room + 1)
            && self.bit(half)
            && (bits & 1 == 1 || is_more || (0..half).any(|index| self.bit(index)))
        {
            bits += 1;
        }
        // The highest bit of 53 is not stored and adds one to the exponent instead; so does a carry.
        if room == 53 {
            bits += ((power + 1022) as u64) << 52;
        }
        f64::from_bits(bits)
    }
}

#[cfg(test)]
mod tests;
