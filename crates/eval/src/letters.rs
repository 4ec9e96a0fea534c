//! Letters without regard to case.

/// Letters `first`, `first + step`, … whose lower case is `distance` further on.
struct Run {
    first: u32,
    count: u16,
    step: u8,
    distance: i32,
}

/// All that have a lower case which is one other letter, in order.
static RUNS: &[Run] = &include!(concat!(env!("OUT_DIR"), "/letters.rs"));

/// The only letter whose lower case is two characters, `i` and a dot above it.
const CAPITAL_I_WITH_DOT: char = 'İ';
const DOT_ABOVE: char = '\u{307}';

/// Compares character by character without regard to case: `Straße` is `STRAßE` but not `STRASSE`.
#[inline]
pub(crate) fn equal_ignoring_case(a: &str, b: &str) -> bool {
    if a.eq_ignore_ascii_case(b) {
        return true;
    }
    if a.is_ascii() && b.is_ascii() {
        return false;
    }
    folded(a).eq(folded(b))
}

/// Lower case, with `ς` as `σ`: both are the small letter of `Σ`, which one depends on the word around it.
/// So `ΟΔΟΣ` is `οδος`, as it is in the SDKs that put texts in lower case as a whole.
fn folded(text: &str) -> impl Iterator<Item = char> {
    text.chars().flat_map(|letter| match letter {
        CAPITAL_I_WITH_DOT => ['i', DOT_ABOVE].into_iter().take(2),
        'ς' => ['σ', DOT_ABOVE].into_iter().take(1),
        letter => [lower(letter), DOT_ABOVE].into_iter().take(1),
    })
}

fn lower(letter: char) -> char {
    let code = u32::from(letter);
    let after = RUNS.partition_point(|run| run.first <= code);
    let Some(run) = after.checked_sub(1).and_then(|place| RUNS.get(place)) else { return letter };
    let (place, step) = (code - run.first, u32::from(run.step));
    if place.is_multiple_of(step) && place / step < u32::from(run.count) {
        return char::from_u32(code.wrapping_add_signed(run.distance)).unwrap_or(letter);
    }
    letter
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_has_the_lower_case_that_the_standard_library_gives_it() {
        for letter in ('\0'..=char::MAX).filter(|letter| *letter != 'ς') {
            let ours: String = folded(letter.encode_utf8(&mut [0; 4])).collect();
            assert_eq!(ours, letter.to_lowercase().collect::<String>(), "{letter:?}");
        }
    }
}
