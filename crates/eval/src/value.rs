//! Typed values: what the text of a variation means for the kind of its flag.

use model::FlagKind;
use serde_json::{Number, Value};

/// The value of a variation as JSON of the flag's kind; `None` if the text is not of that kind, where
/// SDKs return the application's own default.
///
/// A boolean is whether the text is `true` in any case. A number keeps its form: `1` is an integer and
/// `1.0` is not. A JSON value may be anything; the SDKs agree on objects only.
pub fn typed_value(kind: FlagKind, text: &str) -> Option<Value> {
    match kind {
        FlagKind::Boolean => Some(Value::Bool(text.eq_ignore_ascii_case("true"))),
        FlagKind::Int => number(text.trim()).map(Value::Number),
        FlagKind::String => Some(Value::String(text.to_owned())),
        FlagKind::Json => serde_json::from_str(text).ok(),
    }
}

/// Also reads what JSON does not allow but every SDK does: `+1`, `.5`, `007`.
fn number(text: &str) -> Option<Number> {
    if let Ok(whole) = text.parse::<i64>() {
        return Some(whole.into());
    }
    let fits_number = text.chars().any(|c| c.is_ascii_digit());
    Number::from_f64(text.parse().ok().filter(|_| fits_number)?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_have_the_type_of_their_flag() {
        for (kind, text, expected) in [
            (FlagKind::Boolean, "true", Some(json!(true))),
            (FlagKind::Boolean, "True", Some(json!(true))),
            (FlagKind::Boolean, "yes", Some(json!(false))),
            (FlagKind::Int, "42", Some(json!(42))),
            (FlagKind::Int, "2.5", Some(json!(2.5))),
            (FlagKind::Int, "1.0", Some(json!(1.0))),
            (FlagKind::Int, "1e3", Some(json!(1000.0))),
            (FlagKind::Int, "many", None),
            (FlagKind::Int, "NaN", None),
            (FlagKind::Int, "inf", None),
            (FlagKind::Int, "", None),
            (FlagKind::String, "", Some(json!(""))),
            (FlagKind::Json, r#"{"a":1}"#, Some(json!({"a": 1}))),
            (FlagKind::Json, "{", None),
        ] {
            assert_eq!(typed_value(kind, text), expected, "{kind} {text:?}");
        }
    }
}
