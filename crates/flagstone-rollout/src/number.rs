//! Logarithm, exponential and log-gamma from additions, multiplications and divisions alone.
//!
//! The standard library's `ln` and `exp` are the platform's, and the last bit differs between platforms. These are made
//! of operations that IEEE 754 rounds in one way only, so that a number, and with it a decision, is the same bits on
//! every platform, WebAssembly included. `f64::sqrt` is such an operation too and is used as it is.

/// ln 2 in two parts; the first has 32 trailing zero bits, so that products with an exponent are exact.
const LN_2_HIGH: f64 = 6.931_471_803_691_238e-1;
const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;
const LN_SQRT_2_PI: f64 = 0.918_938_533_204_672_7;
/// 1 - γ, of Euler and Mascheroni.
const ONE_MINUS_GAMMA: f64 = 0.422_784_335_098_467_13;
/// ln π.
pub(crate) const LN_PI: f64 = 1.144_729_885_849_400_2;

/// The natural logarithm, to 2 units of the last place. Of 0 minus infinity, of what is below 0 or not a number NaN.
pub(crate) const fn ln(x: f64) -> f64 {
    if x.is_nan() || x < 0.0 {
        return f64::NAN;
    }
    if x == 0.0 {
        return f64::NEG_INFINITY;
    }
    if x == f64::INFINITY {
        return x;
    }
    let (exponent, fraction) = split(x);
    assemble(exponent, fraction, 0.0)
}

/// ln(1 + x), to 2 units of the last place however small `x` is.
pub(crate) const fn ln_1p(x: f64) -> f64 {
    if x.is_nan() || x < -1.0 {
        return f64::NAN;
    }
    if x == -1.0 {
        return f64::NEG_INFINITY;
    }
    if x == f64::INFINITY || x.abs() < 1e-17 {
        return x;
    }
    if -0.29 < x && x < 0.41 {
        return assemble(0.0, x, 0.0);
    }
    let sum = 1.0 + x;
    // What the sum lost by rounding, as a share of it.
    let lost = if x > 1.0 {
        1.0 - (sum - x)
    } else {
        x - (sum - 1.0)
    } / sum;
    let (exponent, fraction) = split(sum);
    assemble(exponent, fraction, lost)
}

/// The exponent, and how much the significand is above 1: from √½ - 1 to √2 - 1. `x` is positive and finite.
const fn split(x: f64) -> (f64, f64) {
    const TWO_54: f64 = 18_014_398_509_481_984.0;
    let (x, offset) = if x < f64::MIN_POSITIVE {
        (x * TWO_54, 54.0)
    } else {
        (x, 0.0)
    };
    let bits = x.to_bits();
    let exponent = (bits >> 52) as f64 - 1023.0 - offset;
    let significand = f64::from_bits(bits & ((1 << 52) - 1) | 1023 << 52);
    if significand > std::f64::consts::SQRT_2 {
        (exponent + 1.0, significand * 0.5 - 1.0)
    } else {
        (exponent, significand - 1.0)
    }
}

/// exponent × ln 2 + ln(1 + f) + rest.
///
/// With s = f / (2 + f), ln(1 + f) is 2s + ⅔s³ + ⅖s⁵ + …, and 2s is f - f²/2 + s × f²/2, where f is exact.
const fn assemble(exponent: f64, f: f64, rest: f64) -> f64 {
    let s = f / (2.0 + f);
    let z = s * s;
    let mut series = 2.0 / 25.0;
    let mut odd = 23.0;
    while odd > 2.0 {
        series = 2.0 / odd + z * series;
        odd -= 2.0;
    }
    let half_square = 0.5 * f * f;
    let small = s * (half_square + z * series) + (exponent * LN_2_LOW + rest);
    exponent * LN_2_HIGH - ((half_square - small) - f)
}

/// The exponential, to 2 units of the last place; 0 and infinity beyond what fits.
pub(crate) const fn exp(x: f64) -> f64 {
    if x.is_nan() {
        return x;
    }
    if x > 709.8 {
        return f64::INFINITY;
    }
    if x < -745.2 {
        return 0.0;
    }
    let half = if x < 0.0 { -0.5 } else { 0.5 };
    let exponent = (x * std::f64::consts::LOG2_E + half) as i32;
    let high = x - exponent as f64 * LN_2_HIGH;
    let low = exponent as f64 * LN_2_LOW;
    let r = high - low;
    // r + r²/2 + … + r¹⁴/14!, with |r| ≤ ln 2 / 2.
    let mut series = 1.0;
    let mut n = 14.0;
    while n > 1.5 {
        series = 1.0 + r * series / n;
        n -= 1.0;
    }
    // `r` is `high - low` rounded; what was lost counts in the last place.
    let lost = (high - r) - low;
    let value = 1.0 + (r * series + lost);
    let first = exponent / 2;
    value * power_of_two(first) * power_of_two(exponent - first)
}

/// 2 to a power from -1022 to 1023.
const fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << 52)
}

/// ln(exp a + exp b), without leaving the logarithms; minus infinity is the logarithm of nothing.
pub(crate) const fn log_add_exp(a: f64, b: f64) -> f64 {
    let (high, low) = if a < b { (b, a) } else { (a, b) };
    if low == f64::NEG_INFINITY {
        high
    } else {
        high + ln_1p(exp(low - high))
    }
}

/// `base` to a power, for a base that is not negative.
pub(crate) const fn power(base: f64, exponent: f64) -> f64 {
    if exponent == 0.0 {
        1.0
    } else {
        exp(exponent * ln(base))
    }
}

/// The logarithm of the gamma function for `x` > 0, to a relative 1e-13, near its zeros at 1 and 2 too. Infinite at 0,
/// NaN below.
///
/// Below 2.5 the power series around 1 and 2, whose coefficients are (ζ(k) - 1) / k (Abramowitz and Stegun, 6.1.33);
/// above 8 Stirling's series (6.1.41); between them the recurrence Γ(x + 1) = x Γ(x).
pub(crate) fn ln_gamma(x: f64) -> f64 {
    if x.is_nan() || x < 0.0 {
        return f64::NAN;
    }
    if x < 0.5 {
        // Also infinite at 0.
        return around_two(x) - ln_1p(x) - ln(x);
    }
    if x < 1.5 {
        let z = x - 1.0;
        return around_two(z) - ln_1p(z);
    }
    if x < 2.5 {
        return around_two(x - 2.0);
    }
    let mut shifted = x;
    let mut product = 1.0;
    while shifted < 8.0 {
        product *= shifted;
        shifted += 1.0;
    }
    stirling(shifted) - if product > 1.0 { ln(product) } else { 0.0 }
}

/// ln Γ(2 + z) for |z| ≤ ½.
fn around_two(z: f64) -> f64 {
    /// (ζ(k) - 1) / k, from k = 2.
    const COEFFICIENTS: [f64; 25] = [
        0.322_467_033_424_113_2,
        0.067_352_301_053_198_1,
        0.020_580_808_427_784_546,
        0.007_385_551_028_673_986,
        0.002_890_510_330_741_523_4,
        0.001_192_753_911_703_261,
        5.096_695_247_430_425e-4,
        2.231_547_584_535_793_9e-4,
        9.945_751_278_180_853e-5,
        4.492_623_673_813_314e-5,
        2.050_721_277_567_069e-5,
        9.439_488_275_268_397e-6,
        4.374_866_789_907_488e-6,
        2.039_215_753_801_366e-6,
        9.551_412_130_407_42e-7,
        4.492_469_198_764_566e-7,
        2.120_718_480_555_466_5e-7,
        1.004_322_482_396_81e-7,
        4.769_810_169_363_98e-8,
        2.271_109_460_894_316_4e-8,
        1.083_865_921_489_695_5e-8,
        5.183_475_041_970_047e-9,
        2.483_674_543_802_478_5e-9,
        1.192_140_140_586_091_2e-9,
        5.731_367_241_678_862e-10,
    ];
    let series = COEFFICIENTS
        .iter()
        .rev()
        .fold(0.0, |sum, coefficient| coefficient - z * sum);
    z * (ONE_MINUS_GAMMA + z * series)
}

/// ln Γ(x) for x ≥ 8.
fn stirling(x: f64) -> f64 {
    /// Bernoulli numbers over 2k (2k - 1), from k = 1.
    const COEFFICIENTS: [f64; 8] = [
        1.0 / 12.0,
        -1.0 / 360.0,
        1.0 / 1260.0,
        -1.0 / 1680.0,
        1.0 / 1188.0,
        -691.0 / 360_360.0,
        1.0 / 156.0,
        -3617.0 / 122_400.0,
    ];
    let inverse = 1.0 / x;
    let square = inverse * inverse;
    let series = COEFFICIENTS
        .iter()
        .rev()
        .fold(0.0, |sum, coefficient| coefficient + square * sum);
    (x - 0.5) * ln(x) - x + LN_SQRT_2_PI + inverse * series
}

#[cfg(test)]
mod tests;
