//! Values as text in JavaScript, and texts as numbers in Python.

use serde_json::{Number, Value};

/// What JavaScript's `String()` makes of a value, and of a value in a list.
pub(crate) fn in_javascript(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number_in_javascript(number),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(in_javascript).collect::<Vec<_>>().join(","),
        Value::Object(_) => "[object Object]".to_owned(),
    }
}

pub(crate) fn number_in_javascript(number: &Number) -> String {
    let number = number.as_f64().unwrap();
    if number == 0.0 {
        return "0".to_owned();
    }
    if (1e-6..1e21).contains(&number.abs()) {
        return number.to_string();
    }
    let (digits, exponent) =
        format!("{number:e}").split_once('e').map(|(d, e)| (d.to_owned(), e.to_owned())).unwrap();
    if exponent.starts_with('-') { format!("{digits}e{exponent}") } else { format!("{digits}e+{exponent}") }
}

/// What Python's `int()` makes of a text: blanks around it, a sign and `_` between digits are fine.
pub(crate) fn python_int(text: &str) -> Option<i128> {
    without_underscores(text)?.parse().ok()
}

/// As [`python_int`], for `float()`.
pub(crate) fn python_float(text: &str) -> Option<f64> {
    without_underscores(text)?.parse().ok()
}

fn without_underscores(text: &str) -> Option<String> {
    // The last four control characters are blanks in Python.
    let text = text.trim_matches(|c: char| c.is_whitespace() || ('\x1c'..='\x1f').contains(&c));
    let mut groups = text.split('_');
    let mut plain = groups.next()?.to_owned();
    for group in groups {
        if !plain.ends_with(|c: char| c.is_ascii_digit()) || !group.starts_with(|c: char| c.is_ascii_digit())
        {
            return None;
        }
        plain.push_str(group);
    }
    Some(plain)
}
