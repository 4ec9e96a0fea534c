//! Decimal to binary.
//!
//! The standard library's own parser is as exact and faster, and brings a table of ten kilobytes, a sixth of
//! what a browser is asked to download for the whole engine. Here numbers of ordinary length take one
//! multiplication, which is exact (W. D. Clinger, "How to Read Floating Point Numbers Accurately", 1990);
//! all others are divided in binary, digit by digit, as on paper.

use std::cmp::Ordering;

/// Digits that are looked at. Between two floats lie at most 767 that matter; of those after that it only
/// counts whether there are any (`sticky`).
const DIGITS_MAX: usize = 800;
/// No float has its first digit at or above 10^this, or a nearest one that is not 0 below its negative.
const MAGNITUDE_MAX: i64 = 330;

/// The powers of ten that are exact.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
];

/// The float closest to `whole.fraction × 10^exponent`, of two the even one; infinite if it is too large.
pub(super) fn parse(whole: &str, fraction: &str, exponent: i64) -> f64 {
    let exponent = exponent.saturating_sub(length(fraction));
    let digits = [whole, fraction].concat();
    let digits = digits.trim_start_matches('0');
    let magnitude = exponent.saturating_add(length(digits));
    if digits.is_empty() || magnitude < -MAGNITUDE_MAX {
        return 0.0;
    }
    if magnitude > MAGNITUDE_MAX {
        return f64::INFINITY;
    }
    if let Some(exact) = short(digits, exponent) {
        return exact;
    }
    let (first, rest) = digits.split_at_checked(DIGITS_MAX).unwrap_or((digits, ""));
    let mut number = Natural::default();
    let mut taken = length(first);
    for digit in first.bytes() {
        number.multiply(10, u32::from(digit.wrapping_sub(b'0')));
    }
    if rest.bytes().any(|digit| digit > b'0') {
        number.multiply(10, 1);
        taken += 1;
    }
    divided(number, magnitude - taken)
}

fn length(digits: &str) -> i64 {
    i64::try_from(digits.len()).unwrap_or(i64::MAX)
}

/// The product or quotient of two floats that are exact themselves, if they are.
fn short(digits: &str, exponent: i64) -> Option<f64> {
    const EXACT_MAX: u64 = 1 << 53;
    let mut number: u64 = 0;
    for digit in digits.bytes() {
        number = number * 10 + u64::from(digit.wrapping_sub(b'0'));
        if number > EXACT_MAX {
            return None;
        }
    }
    let power = *POWERS.get(usize::try_from(exponent.unsigned_abs()).ok()?)?;
    #[expect(clippy::cast_precision_loss, reason = "it is at most 2^53")]
    let number = number as f64;
    Some(if exponent < 0 { number / power } else { number * power })
}

/// The float closest to `number × 10^exponent`; `number` is not 0.
fn divided(mut number: Natural, exponent: i64) -> f64 {
    let mut divisor = Natural::one();
    for _ in 0..exponent.unsigned_abs() {
        if exponent < 0 { divisor.multiply(10, 0) } else { number.multiply(10, 0) }
    }
    // Brought to 1 <= number / divisor < 2, times 2^binary.
    let mut binary = number.bits() - divisor.bits();
    if binary < 0 {
        number.double(-binary);
    } else {
        divisor.double(binary);
    }
    if number.compare(&divisor) == Ordering::Less {
        number.double(1);
        binary -= 1;
    }
    // Below 2^-1022 floats have fewer bits.
    let bits = (binary + 1075).min(53);
    if bits < 0 {
        return 0.0;
    }
    let mut mantissa: u64 = 0;
    for _ in 0..bits {
        mantissa <<= 1;
        if number.compare(&divisor) != Ordering::Less {
            number.subtract(&divisor);
            mantissa |= 1;
        }
        number.double(1);
    }
    let up = match number.compare(&divisor) {
        Ordering::Greater => 1,
        Ordering::Equal => mantissa & 1,
        Ordering::Less => 0,
    };
    // The first bit is implied where the exponent is not the least; rounding up may carry into the exponent.
    let above_least = u64::try_from(binary + 1022).unwrap_or_default();
    if above_least > 2045 {
        return f64::INFINITY;
    }
    f64::from_bits((above_least << 52) + mantissa + up)
}

/// A natural number of any size; the least significant part comes first, the last is not 0.
#[derive(Debug, Default)]
struct Natural(Vec<u32>);

impl Natural {
    fn one() -> Self {
        Self(vec![1])
    }

    #[expect(clippy::cast_possible_truncation, reason = "the upper half is carried")]
    fn multiply(&mut self, factor: u32, carry: u32) {
        let mut carry = u64::from(carry);
        for part in &mut self.0 {
            carry += u64::from(*part) * u64::from(factor);
            *part = carry as u32;
            carry >>= 32;
        }
        if carry > 0 {
            self.0.push(carry as u32);
        }
    }

    /// How many bits it has.
    fn bits(&self) -> i64 {
        let last = self.0.last().map_or(0, |last| 32 - i64::from(last.leading_zeros()));
        let others = self.0.len().saturating_sub(1);
        i64::try_from(others).unwrap_or(i64::MAX).saturating_mul(32) + last
    }

    /// Doubles it so many times.
    fn double(&mut self, mut times: i64) {
        while times > 0 {
            let step = times.min(16);
            self.multiply(1 << step, 0);
            times -= step;
        }
    }

    fn compare(&self, other: &Self) -> Ordering {
        let lengths = self.0.len().cmp(&other.0.len());
        lengths.then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }

    /// Takes away what is not larger.
    fn subtract(&mut self, other: &Self) {
        let mut borrow = false;
        for (place, part) in self.0.iter_mut().enumerate() {
            let (less, first) = part.overflowing_sub(other.0.get(place).copied().unwrap_or_default());
            let (less, second) = less.overflowing_sub(u32::from(borrow));
            (*part, borrow) = (less, first || second);
        }
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the standard library makes of the same text.
    fn standard(whole: &str, fraction: &str, exponent: i64) -> f64 {
        format!("{whole}.{fraction}e{exponent}").parse().unwrap()
    }

    #[track_caller]
    fn agree(whole: &str, fraction: &str, exponent: i64) {
        let (ours, theirs) = (parse(whole, fraction, exponent), standard(whole, fraction, exponent));
        assert_eq!(ours.to_bits(), theirs.to_bits(), "{whole}.{fraction}e{exponent}: {ours} {theirs}");
    }

    #[test]
    fn numbers_next_to_limits_and_halfway_between_floats_are_read_exactly() {
        for (whole, fraction, exponent) in [
            ("0", "0", 0),
            ("9007199254740993", "0", 0),
            ("9007199254740992", "9999999999999999999999", 0),
            ("9007199254740993", "0000000000000000000000000000000001", 0),
            ("1", "7976931348623157", 308),
            ("1", "7976931348623158", 308),
            ("1", "7976931348623159", 308),
            ("1", "8", 308),
            ("2", "2250738585072014", -308),
            ("2", "2250738585072011", -308),
            ("4", "9406564584124654", -324),
            ("2", "4703282292062327", -324),
            ("2", "4703282292062328", -324),
            ("1", "0", -400),
            ("1", "0", 400),
            ("0", "000001", 400),
            ("6", "62607015", -34),
            ("12345678901234567890", "0", 5),
        ] {
            agree(whole, fraction, exponent);
        }
    }

    #[test]
    fn digits_beyond_all_that_matter_still_decide_a_tie() {
        let half = "5".to_owned() + &"0".repeat(1000);
        agree("9007199254740992", &half.replace('5', "0"), 0);
        agree("9007199254740993", &format!("{}1", "0".repeat(1000)), 0);
        agree("9007199254740993", &"0".repeat(1000), 0);
    }
}
