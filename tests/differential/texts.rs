//! Texts that have broken one string comparison or another.

use fastrand::Rng;

/// Texts that are alike: two of one family meet as attribute and operand far more often than chance has it.
const FAMILIES: &[&[&str]] = &[
    &["Hello", "hello", "HELLO", "Hello ", " Hello", "hell", "Hello, sea"],
    // Letters whose upper or lower case is longer, shared by two letters, or depends on what follows.
    &["Straße", "STRASSE", "STRAßE", "STRA\u{1e9e}E", "strasse"],
    &["İstanbul", "i\u{307}stanbul", "istanbul", "ISTANBUL", "ıstanbul"],
    &["ſecret", "secret", "SECRET"],
    &["\u{212a}elvin", "kelvin", "KELVIN"],
    &["\u{212b}", "\u{c5}", "\u{e5}", "A\u{30a}", "a\u{30a}"],
    &["ΟΔΟΣ", "οδος", "οδοσ", "ΟΔΟς", "ΟΔΟΣ ΟΔΟΣ", "οδος οδος"],
    &["Σ", "σ", "ς", "AΣ.", "aς.", "aσ."],
    &["Ǆ", "ǅ", "ǆ", "\u{fb01}n", "fin", "FIN"],
    &["ᾳ", "ᾼ", "ΑΙ", "ŉ", "ʼN"],
    &["\u{10400}", "\u{10428}", "\u{13a0}", "\u{ab70}"],
    // The same to a reader, not to a computer.
    &["Café", "Cafe\u{301}", "CAFÉ", "CAFE\u{301}", "café"],
    &["😀", "😀😁", "👩‍👩‍👧", "👩", "\u{1f3f4}\u{e0067}\u{e007f}"],
    &["abc", "\u{202e}abc", "abc\u{200b}", "\u{feff}abc", "a\u{ad}bc"],
    // What has a meaning to somebody on the way.
    &["\"quoted\"", "it's", "back\\slash", "</script>", "%41", "%s %d", "${x}", "{{x}}", "<b>&amp;"],
    &["a:b", "b", "a", "ab", "x:y:a"],
    &["tab\tnew\nline\r\n", "tab", "new\nline", "\u{1}\u{1f}\u{7f}", "\u{1}"],
    &["\u{85}", "\u{a0}", "\u{2028}\u{2029}", "\u{2028}", "\u{3000}"],
    &["  ", " ", " lead", "trail ", "lead", "trail"],
    &["\u{fffd}", "\u{fffe}\u{ffff}", "\u{e000}", "\u{10ffff}"],
    // Other types as text.
    &["true", "True", "TRUE", "false", "0", "1"],
    &["42", "042", "42.0", " 42 ", "+42", "4_2", "4.2e1", "0x2A", "-3"],
    &["1e21", "1e+21", "1000000000000000000000", "9007199254740993", "9007199254740992"],
    &["null", "undefined", "None", "<nil>", "NaN", "[object Object]", "{\"x\":1}"],
    &["[a b]", "a,b", "a, b", "[\"a\",\"b\"]", "__proto__", "constructor"],
];

/// Ranges of characters to make words of. All their letters had their case in Unicode 14 already, which
/// is what Python 3.11 knows; the 55 capital letters that came later are small ones to it.
const ALPHABETS: &[(u32, u32)] = &[
    (0x20, 0x7e),
    (0x41, 0x5a),
    (0xa1, 0xff),
    (0x100, 0x24f),
    (0x300, 0x36f),
    (0x391, 0x3c9),
    (0x410, 0x44f),
    (0x4e00, 0x4e2f),
    (0x1, 0x1f),
    (0x10400, 0x1044f),
    (0x1f600, 0x1f64f),
];

const WORDS_PER_POOL: usize = 2;

/// Longer than any buffer on the way that is small.
const LONG_CHARACTERS: usize = 2_000;

/// The texts of one environment, few enough to meet again.
pub(crate) struct Texts {
    family: &'static [&'static str],
    /// Another family, words and a long text.
    others: Vec<String>,
}

impl Texts {
    pub(crate) fn new(rng: &mut Rng) -> Self {
        let mut families = || *rng.choice(FAMILIES).unwrap();
        let (family, other) = (families(), families());
        let mut others: Vec<String> = other.iter().map(|text| (*text).to_owned()).collect();
        others.extend((0..WORDS_PER_POOL).map(|_| word(rng)));
        others.push(word(rng).chars().cycle().take(LONG_CHARACTERS).collect());
        Self { family, others }
    }

    /// One of the texts. Never empty.
    pub(crate) fn any(&self, rng: &mut Rng) -> String {
        if rng.bool() {
            return (*rng.choice(self.family).unwrap()).to_owned();
        }
        rng.choice(&self.others).cloned().unwrap()
    }

    /// What a clause may compare with: one of the texts, a piece of one, or a little more than one. May be
    /// empty.
    pub(crate) fn operand(&self, rng: &mut Rng) -> String {
        let text = self.any(rng);
        match rng.u8(..12) {
            0 => text.to_uppercase(),
            1 => text.to_lowercase(),
            2 | 3 => piece(&text, rng),
            4 => text.chars().take(rng.usize(..4)).collect(),
            5 => text.chars().skip(rng.usize(..4)).collect(),
            6 => text + " ",
            _ => text,
        }
    }
}

/// Whole characters from somewhere in the text, maybe none.
fn piece(text: &str, rng: &mut Rng) -> String {
    let count = text.chars().count();
    let start = rng.usize(..=count);
    text.chars().skip(start).take(rng.usize(..=count - start)).collect()
}

fn word(rng: &mut Rng) -> String {
    let length = rng.usize(1..=6);
    let character = |_| {
        let (first, last) = *rng.choice(ALPHABETS)?;
        char::from_u32(rng.u32(first..=last))
    };
    (0..length).filter_map(character).collect()
}
