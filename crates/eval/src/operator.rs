//! The operators of clauses: one text against the operands.

use regex_lite::{Regex, RegexBuilder};

use crate::letters::equal_ignoring_case;
use crate::text_hasher::TextHasher;
use crate::text_set::TextSet;
use crate::warning::{Note, Notes};

/// Bytes that the compiled form of one `match` pattern may take. Patterns come from imports only;
/// without a limit a pattern such as `(\w{99}){99}` would fill the memory of every reader.
const PATTERN_BYTES_MAX: usize = 256 * 1024;

/// An operator with its operands.
#[derive(Clone, Debug)]
pub(crate) enum Operator {
    /// Equal when upper and lower case are the same.
    Equal(Box<str>),
    EqualSensitive(Box<str>),
    Contains(Box<str>),
    StartsWith(Box<str>),
    EndsWith(Box<str>),
    /// Byte by byte, so `"10"` is less than `"9"`.
    GreaterThan(Box<str>),
    In(Box<TextSet>),
    /// Found anywhere in the text.
    Match(Box<Regex>),
    /// A word that is no operator, an operator without operand, or a pattern that cannot be read.
    Never(Box<str>),
}

impl Operator {
    /// Reads an operator. Its name is case-sensitive; all but `in` look at the first operand only.
    pub(crate) fn parse(name: &str, operands: &[Box<str>], hasher: &TextHasher, notes: &mut Notes) -> Self {
        let Some(operand) = operands.first() else { return Self::Never(name.into()) };
        match name {
            "equal" => Self::Equal(operand.clone()),
            "equal_sensitive" => Self::EqualSensitive(operand.clone()),
            "contains" => Self::Contains(operand.clone()),
            "starts_with" => Self::StartsWith(operand.clone()),
            "ends_with" => Self::EndsWith(operand.clone()),
            "gt" => Self::GreaterThan(operand.clone()),
            "in" => Self::In(Box::new(TextSet::new(operands.iter().map(|operand| &**operand), hasher))),
            "match" => Self::pattern(operand, notes),
            unknown => {
                notes.add(Note::UnknownOperator(unknown.into()));
                Self::Never(unknown.into())
            }
        }
    }

    fn pattern(pattern: &str, notes: &mut Notes) -> Self {
        match RegexBuilder::new(pattern).size_limit(PATTERN_BYTES_MAX).build() {
            Ok(regex) => Self::Match(Box::new(regex)),
            Err(error) => {
                notes.add(Note::RefusedPattern { pattern: pattern.into(), why: error.to_string() });
                Self::Never("match".into())
            }
        }
    }

    /// The operator's name, as clauses spell it.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Equal(_) => "equal",
            Self::EqualSensitive(_) => "equal_sensitive",
            Self::Contains(_) => "contains",
            Self::StartsWith(_) => "starts_with",
            Self::EndsWith(_) => "ends_with",
            Self::GreaterThan(_) => "gt",
            Self::In(_) => "in",
            Self::Match(_) => "match",
            Self::Never(name) => name,
        }
    }

    /// What the attribute is compared with; none if the clause cannot match.
    pub(crate) fn operands(&self) -> Vec<&str> {
        match self {
            Self::Equal(operand)
            | Self::EqualSensitive(operand)
            | Self::Contains(operand)
            | Self::StartsWith(operand)
            | Self::EndsWith(operand)
            | Self::GreaterThan(operand) => vec![operand],
            Self::In(operands) => operands.to_vec(),
            Self::Match(regex) => vec![regex.as_str()],
            Self::Never(_) => Vec::new(),
        }
    }

    /// Whether the operator holds for `text`, which is not empty.
    #[inline]
    pub(crate) fn holds(&self, text: &str, hasher: &TextHasher) -> bool {
        match self {
            Self::Equal(operand) => equal_ignoring_case(text, operand),
            Self::EqualSensitive(operand) => *text == **operand,
            Self::Contains(operand) => text.contains(&**operand),
            Self::StartsWith(operand) => text.starts_with(&**operand),
            Self::EndsWith(operand) => text.ends_with(&**operand),
            Self::GreaterThan(operand) => *text > **operand,
            Self::In(operands) => operands.contains(text, hasher.hash(text)),
            Self::Match(regex) => regex.is_match(text),
            Self::Never(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(name: &str, text: &str, operands: &[&str]) -> bool {
        let operands: Vec<Box<str>> = operands.iter().map(|operand| (*operand).into()).collect();
        let hasher = TextHasher::default();
        Operator::parse(name, &operands, &hasher, &mut Notes::default()).holds(text, &hasher)
    }

    #[test]
    fn equal_folds_character_by_character() {
        assert!(holds("equal", "Hello", &["hELLO"]));
        assert!(holds("equal", "Straße", &["STRAßE"]));
        assert!(!holds("equal", "Straße", &["STRASSE"]));
        assert!(holds("equal", "\u{212a}", &["k"]), "the Kelvin sign is a k");
        assert!(!holds("equal", "Hello", &["Hello "]));
    }

    #[test]
    fn equal_takes_the_three_sigmas_for_one_letter() {
        for text in ["ΟΔΟΣ", "οδος", "οδοσ", "ΟΔΟς"] {
            for operand in ["ΟΔΟΣ", "οδος", "οδοσ", "ΟΔΟς"] {
                assert!(holds("equal", text, &[operand]), "{text} {operand}");
                assert_eq!(holds("equal_sensitive", text, &[operand]), text == operand);
            }
        }
        assert!(!holds("equal", "ΟΔΟΣ", &["οδο"]));
    }

    #[test]
    fn only_in_looks_beyond_the_first_operand() {
        assert!(holds("in", "b", &["a", "b"]));
        assert!(!holds("equal", "b", &["a", "b"]));
    }

    #[test]
    fn greater_than_compares_bytes() {
        assert!(holds("gt", "9", &["10"]));
        assert!(!holds("gt", "10", &["9"]));
        assert!(!holds("gt", "9", &["9"]));
    }

    #[test]
    fn match_searches_anywhere_and_refuses_what_is_too_large() {
        assert!(holds("match", "Hello", &["l+o$"]));
        assert!(!holds("match", "Hello", &["("]));
        assert!(!holds("match", &"a".repeat(100), &[r"((a{50}){50}){50}"]));
    }

    #[test]
    fn operator_names_are_case_sensitive_and_need_an_operand() {
        assert!(!holds("EQUAL", "a", &["a"]));
        assert!(!holds("neq", "a", &["b"]));
        assert!(!holds("starts_with", "a", &[]));
        assert!(holds("starts_with", "a", &[""]));
    }
}
