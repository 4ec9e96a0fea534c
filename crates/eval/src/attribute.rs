//! What a clause or a rollout reads of a target, and how values that are not text become text.

use std::fmt::{self, Write};

use arrayvec::ArrayString;
use model::{JsonWriter, Target};
use serde_json::{Map, Number, Value};

/// The most attributes of a target that are looked at one by one.
const FEW: usize = 8;

/// Digits, sign, point and exponent of a number that is not whole: `-2.2250738585072014e-308`.
const NUMBER_BYTES_MAX: usize = 24;

/// The name of something that a target has.
#[derive(Clone, Debug)]
pub(crate) enum Attribute {
    /// The target's identifier.
    Identifier,
    /// The target's name.
    Name,
    /// One of its attributes. One called `identifier` or `name` is out of reach.
    Custom(Box<str>),
}

impl Attribute {
    pub(crate) fn named(name: &str) -> Self {
        match name {
            "identifier" => Self::Identifier,
            "name" => Self::Name,
            custom => Self::Custom(custom.into()),
        }
    }

    #[inline]
    pub(crate) fn is_identifier(&self) -> bool {
        matches!(self, Self::Identifier)
    }

    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Identifier => "identifier",
            Self::Name => "name",
            Self::Custom(name) => name,
        }
    }

    /// What the target has under this name. Empty text is the same as nothing.
    #[inline]
    pub(crate) fn of<'t>(&self, target: &'t Target) -> Option<AttributeValue<'t>> {
        let text = match self {
            Self::Identifier => &target.identifier,
            Self::Name => &target.name,
            Self::Custom(name) => match find(&target.attributes, name)? {
                Value::String(text) => text.as_str(),
                other => return Some(AttributeValue::Other(other)),
            },
        };
        (!text.is_empty()).then_some(AttributeValue::Text(text))
    }
}

/// Few attributes are looked at one by one: that compares lengths first and hardly ever a text, while
/// the map's own search compares texts to find the order.
#[inline]
fn find<'t>(attributes: &'t Map<String, Value>, name: &str) -> Option<&'t Value> {
    if attributes.len() > FEW {
        return attributes.get(name);
    }
    attributes.iter().find(|(other, _)| *other == name).map(|(_, value)| value)
}

/// What a target has under some name.
#[derive(Clone, Copy, Debug)]
pub(crate) enum AttributeValue<'t> {
    /// Text that is not empty.
    Text(&'t str),
    /// Anything but text.
    Other(&'t Value),
}

impl<'t> AttributeValue<'t> {
    /// The value as text, printed into `buffer` if it is not text already.
    #[inline]
    pub(crate) fn text<'b>(self, buffer: &'b mut TextBuffer) -> &'b str
    where
        't: 'b,
    {
        match self {
            Self::Text(text) => text,
            Self::Other(value) => buffer.print(value),
        }
    }

    /// Writes the value as text.
    #[inline]
    pub(crate) fn write(self, out: &mut impl Write) {
        // None of the writers here can fail; if one did, the text would end early.
        let _ = match self {
            Self::Text(text) => out.write_str(text),
            Self::Other(value) => write_value(out, value),
        };
    }
}

/// Room to print a value. It is on the stack: scalars always fit (the longest number has some 345
/// digits), so do lists of ordinary size. Only what is longer goes to the heap.
#[derive(Debug, Default)]
pub(crate) struct TextBuffer {
    stack: ArrayString<512>,
    heap: String,
}

impl TextBuffer {
    #[cold]
    fn print(&mut self, value: &Value) -> &str {
        self.stack.clear();
        self.heap.clear();
        // It cannot fail, see `write_str` below.
        let _ = write_value(self, value);
        if self.heap.is_empty() { &self.stack } else { &self.heap }
    }
}

impl Write for TextBuffer {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.heap.is_empty() {
            if self.stack.try_push_str(text).is_ok() {
                return Ok(());
            }
            self.heap.push_str(&self.stack);
        }
        self.heap.push_str(text);
        Ok(())
    }
}

/// Prints as the Go evaluator does: scalars bare, `null` as `<nil>`, a list as `[a b]`, an object as
/// JSON. What lies deeper inside lists is JSON, too: no two SDKs agree there (spec/EVALUATION.md §6).
fn write_value(out: &mut dyn Write, value: &Value) -> fmt::Result {
    let Value::Array(items) = value else { return write_item(out, value) };
    out.write_char('[')?;
    for (position, item) in items.iter().enumerate() {
        if position > 0 {
            out.write_char(' ')?;
        }
        write_item(out, item)?;
    }
    out.write_char(']')
}

fn write_item(out: &mut dyn Write, value: &Value) -> fmt::Result {
    match value {
        Value::Null => out.write_str("<nil>"),
        Value::Bool(true) => out.write_str("true"),
        Value::Bool(false) => out.write_str("false"),
        Value::Number(number) => write_number(out, number),
        Value::String(text) => out.write_str(text),
        composite => {
            JsonWriter::new(out).value(composite);
            Ok(())
        }
    }
}

/// Prints the shortest digits that name the number, never an exponent: `2.0` is `2` and `1e21` is
/// `1000000000000000000000`. Whole numbers keep every digit they were written with.
fn write_number(out: &mut dyn Write, number: &Number) -> fmt::Result {
    if let Some(whole) = number.as_i64() {
        write!(out, "{whole}")
    } else if let Some(whole) = number.as_u64() {
        write!(out, "{whole}")
    } else {
        let mut shortest = ArrayString::<NUMBER_BYTES_MAX>::new();
        write!(shortest, "{number}")?;
        write_digits(out, &shortest)
    }
}

/// Writes a number without its exponent, and without a fraction of 0: `2.0` is `2`, `1.5e17` has 18 digits.
fn write_digits(out: &mut dyn Write, shortest: &str) -> fmt::Result {
    let Some((mantissa, exponent)) = shortest.split_once('e') else {
        return out.write_str(shortest.strip_suffix(".0").unwrap_or(shortest));
    };
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |digits| ("-", digits));
    let exponent = exponent.parse::<i32>().unwrap_or_default();
    out.write_str(sign)?;
    if exponent < 0 {
        out.write_str("0.")?;
        (exponent + 1..0).try_for_each(|_| out.write_char('0'))?;
    }
    let mut digits = mantissa.chars().filter(char::is_ascii_digit);
    // Large numbers have exponents only where all of their digits stand before the point.
    (0..=exponent).try_for_each(|_| out.write_char(digits.next().unwrap_or('0')))?;
    digits.try_for_each(|digit| out.write_char(digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(json: &str) -> Option<String> {
        let target: Target = serde_json::from_str(&format!(r#"{{"attributes":{{"a":{json}}}}}"#)).unwrap();
        let mut buffer = TextBuffer::default();
        let value = Attribute::named("a").of(&target)?;
        let text = value.text(&mut buffer).to_owned();

        let mut written = String::new();
        value.write(&mut written);
        assert_eq!(written, text, "both ways of printing agree");
        Some(text)
    }

    #[test]
    fn values_are_printed_as_the_go_evaluator_prints_them() {
        for (json, text) in [
            (r#""Hello""#, "Hello"),
            ("42", "42"),
            ("-3", "-3"),
            ("0", "0"),
            ("-0.0", "-0"),
            ("1.5", "1.5"),
            ("2.0", "2"),
            ("1e21", "1000000000000000000000"),
            ("1e-7", "0.0000001"),
            ("-1.25e-9", "-0.00000000125"),
            ("0.001", "0.001"),
            ("123456789012345680", "123456789012345680"),
            ("1.2345678901234568e16", "12345678901234568"),
            ("-1.5e17", "-150000000000000000"),
            ("1.7976931348623157e308", &format!("17976931348623157{}", "0".repeat(292))),
            ("9007199254740993", "9007199254740993"),
            ("18446744073709551615", "18446744073709551615"),
            ("true", "true"),
            ("false", "false"),
            ("null", "<nil>"),
            (r#"["a","b"]"#, "[a b]"),
            ("[1,2.0,null,true]", "[1 2 <nil> true]"),
            ("[]", "[]"),
            (r#"{"x":1}"#, r#"{"x":1}"#),
            (r#"[["a"],{"x":1}]"#, r#"[["a"] {"x":1}]"#),
        ] {
            assert_eq!(text_of(json).as_deref(), Some(text), "{json}");
        }
    }

    #[test]
    fn empty_text_and_a_missing_attribute_are_nothing() {
        assert_eq!(text_of(r#""""#), None);
        assert!(Attribute::named("b").of(&Target::bare("ann")).is_none());
        assert!(Attribute::named("identifier").of(&Target::default()).is_none());
    }

    #[test]
    fn the_longest_numbers_fit_the_stack() {
        for number in [f64::MAX, f64::MIN, f64::MIN_POSITIVE, -5e-324] {
            let mut buffer = TextBuffer::default();
            buffer.print(&Value::from(number));
            assert!(buffer.heap.is_empty(), "{number} needs the heap");
        }
    }

    #[test]
    fn long_lists_are_printed_whole() {
        let items: Vec<String> = (0..500).map(|i| i.to_string()).collect();
        let json = format!("[{}]", items.join(","));

        assert_eq!(text_of(&json), Some(format!("[{}]", items.join(" "))));
    }
}
