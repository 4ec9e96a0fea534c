//! Numbers, in the three forms that the values of attributes keep apart.

use super::reader::Reader;
use super::{Expected, float};

/// A number as it is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    /// Whole and not negative.
    Unsigned(u64),
    /// Whole and negative.
    Signed(i64),
    /// With a fraction or exponent, too large for the others, or `-0`.
    Float(f64),
}

/// When a number is whole.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Wholeness {
    /// If it has neither fraction nor exponent.
    Written,
    /// Also as `33.0`.
    Meant,
}

impl Reader<'_> {
    /// Reads a number.
    pub(super) fn number(&mut self) -> Result<Number, Expected> {
        let token = self.number_token();
        let finite = |number: &Number| !matches!(number, Number::Float(float) if !float.is_finite());
        parse(token).filter(finite).ok_or_else(|| self.refused(token, "a number"))
    }

    /// Reads a whole number; `null` is 0.
    pub(super) fn integer(&mut self, wholeness: Wholeness) -> Result<i64, Expected> {
        if self.null() {
            return Ok(0);
        }
        let token = self.number_token();
        let whole = parse(token).and_then(|number| match number {
            Number::Unsigned(number) => i64::try_from(number).ok(),
            Number::Signed(number) => Some(number),
            Number::Float(number) => whole_of(number).filter(|_| wholeness == Wholeness::Meant),
        });
        whole.ok_or_else(|| self.refused(token, "a whole number"))
    }
}

/// The whole number that a float is. Above 2^53 floats are whole, but which number was meant is unknown:
/// those below 2^63 are taken as they are.
pub(crate) fn whole_of(float: f64) -> Option<i64> {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    #[expect(clippy::cast_possible_truncation, reason = "it is whole and within the range")]
    (float.fract() == 0.0 && (-LIMIT..LIMIT).contains(&float)).then_some(float as i64)
}

/// What a token means, if it is a number as JSON writes them.
fn parse(token: &str) -> Option<Number> {
    let unsigned = token.strip_prefix('-').unwrap_or(token);
    let negative = unsigned.len() < token.len();
    if !is_whole(unsigned) {
        return float(unsigned, negative);
    }
    match natural(unsigned).map(|number| (number, 0_i64.checked_sub_unsigned(number))) {
        Some((number, _)) if !negative => Some(Number::Unsigned(number)),
        Some((_, Some(number @ ..0))) => Some(Number::Signed(number)),
        _ => float(unsigned, negative),
    }
}

fn float(unsigned: &str, negative: bool) -> Option<Number> {
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    if !is_whole(whole) || !digits(fraction) {
        return None;
    }
    let float = float::parse(whole, fraction, parse_exponent(exponent)?);
    Some(Number::Float(if negative { -float } else { float }))
}

/// Whether it is digits, of which the first is 0 only if it is the only one.
fn is_whole(text: &str) -> bool {
    digits(text) && (text.len() == 1 || !text.starts_with('0'))
}

/// The number that digits write, unless it takes more than 64 bits.
fn natural(digits: &str) -> Option<u64> {
    digits.bytes().try_fold(0_u64, |number, digit| {
        number.checked_mul(10)?.checked_add(u64::from(digit.wrapping_sub(b'0')))
    })
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The exponent; one that fits no number is as good as any other that is far from 0.
fn parse_exponent(text: &str) -> Option<i64> {
    const FAR: i64 = i64::MAX / 2;
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !digits(unsigned) {
        return None;
    }
    let exponent = natural(unsigned).and_then(|exponent| exponent.try_into().ok()).unwrap_or(FAR).min(FAR);
    Some(if text.starts_with('-') { -exponent } else { exponent })
}
