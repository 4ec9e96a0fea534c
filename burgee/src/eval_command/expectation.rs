//! Whether what a flag serves is what a case expects.
//!
//! Case files spell the same expectation in many ways: natively typed, as the variation's text, JSON as
//! an object or as the text of one; the oldest name the variation. All of these are accepted, but
//! nothing by which a wrong answer could pass.

use eval::typed_value;
use model::{FlagKind, Variation};
use serde_json::Value;

/// A flag as far as expectations are concerned.
pub(super) struct Served<'r> {
    pub(super) kind: FlagKind,
    /// Everything that the flag could serve.
    pub(super) variations: &'r [Variation],
    /// What it serves.
    pub(super) variation: Option<&'r Variation>,
}

impl Served<'_> {
    /// Whether this is what is expected. No value is expected as `null`.
    pub(super) fn is(&self, expected: &Value) -> bool {
        let Some(variation) = self.variation else { return expected.is_null() };
        let value = typed_value(self.kind, &variation.value);
        if value.as_ref().is_some_and(|value| same(value, expected)) {
            return true;
        }
        match expected {
            Value::String(text) => self.is_text(variation, value.as_ref(), text),
            // A text flag that serves "5", expected as the number 5.
            Value::Bool(_) | Value::Number(_) if self.kind == FlagKind::String => {
                let text = expected.to_string();
                *variation.value == *text
            }
            _ => false,
        }
    }

    fn is_text(&self, variation: &Variation, value: Option<&Value>, text: &str) -> bool {
        if *variation.value == *text {
            return true;
        }
        let of_kind =
            || if self.kind == FlagKind::Boolean { boolean(text) } else { typed_value(self.kind, text) };
        if value.is_some() && of_kind().as_ref().zip(value).is_some_and(|(text, value)| same(text, value)) {
            return true;
        }
        // The variation by name, unless the text could also be the value of some variation.
        let is_value = self.variations.iter().any(|other| *other.value == *text);
        variation.identifier.as_str() == text && !is_value
    }
}

/// Only the two words; any other text is no expectation of `false`.
fn boolean(text: &str) -> Option<Value> {
    text.to_ascii_lowercase().parse().ok().map(Value::Bool)
}

/// Equality of JSON in which `2` and `2.0` are the same number.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

#[cfg(test)]
mod tests {
    use model::VariationId;
    use serde_json::json;

    use super::*;

    /// A flag with the variations `on`, `off` … of these values, that serves the first.
    fn is(kind: FlagKind, values: &[&str], expected: &Value) -> bool {
        let ids = ["on", "off", "third"].iter();
        let variations: Vec<Variation> = ids
            .zip(values)
            .map(|(id, value)| Variation {
                identifier: VariationId::from_wire(*id),
                value: (*value).into(),
                ..Variation::default()
            })
            .collect();
        Served { kind, variations: &variations, variation: variations.first() }.is(expected)
    }

    #[test]
    fn expectations_are_met_however_they_are_spelt() {
        for (kind, values, expected) in [
            (FlagKind::Boolean, ["true", "false"], json!(true)),
            (FlagKind::Boolean, ["true", "false"], json!("true")),
            (FlagKind::Boolean, ["true", "false"], json!("True")),
            (FlagKind::Boolean, ["true", "false"], json!("on")),
            (FlagKind::Int, ["2", "3"], json!(2.0)),
            (FlagKind::Int, ["0.11", "3"], json!("0.11")),
            (FlagKind::Int, ["2.50", "3"], json!("2.5")),
            (FlagKind::String, ["5", "6"], json!(5)),
            (FlagKind::String, ["blue", "red"], json!("blue")),
            (FlagKind::Json, [r#"{"a": 1}"#, "{}"], json!({"a": 1.0})),
            (FlagKind::Json, [r#"{"a": 1}"#, "{}"], json!(r#"{"a":1}"#)),
            (FlagKind::Json, ["null", "{}"], json!(null)),
            (FlagKind::Json, ["not JSON", "{}"], json!("not JSON")),
        ] {
            assert!(is(kind, &values, &expected), "{kind} {values:?} is {expected}");
        }
    }

    #[test]
    fn wrong_answers_do_not_pass() {
        for (kind, values, expected) in [
            (FlagKind::Boolean, ["true", "false"], json!(false)),
            (FlagKind::Boolean, ["false", "true"], json!("no")),
            (FlagKind::Boolean, ["false", "true"], json!(null)),
            (FlagKind::Boolean, ["false", "on"], json!("on")),
            (FlagKind::Int, ["2", "3"], json!(3)),
            (FlagKind::Int, ["2", "3"], json!(true)),
            (FlagKind::String, ["blue", "red"], json!("Blue")),
            (FlagKind::String, ["off", "on"], json!("on")),
            (FlagKind::Json, [r#"{"a": 1}"#, "{}"], json!({})),
            (FlagKind::Json, [r#"{"a": 1}"#, "{}"], json!({"a": 1, "b": 2})),
            (FlagKind::Json, ["{}", r#"{"a": 1}"#], json!({"a": 1})),
        ] {
            assert!(!is(kind, &values, &expected), "{kind} {values:?} is not {expected}");
        }
    }

    #[test]
    fn no_value_is_expected_as_null_only() {
        let nothing = Served { kind: FlagKind::Boolean, variations: &[], variation: None };

        assert!(nothing.is(&json!(null)));
        assert!(!nothing.is(&json!(false)) && !nothing.is(&json!("")));
    }
}
