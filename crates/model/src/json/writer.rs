//! JSON out of what has no use for serde: one small function for each kind of token.

use std::fmt::{self, Write};

use serde_json::{Map, Number, Value};

/// Writes JSON, byte for byte as serde_json does. Commas come by themselves; that what is opened is closed
/// is up to the caller, and that the place written to takes all of it.
pub struct JsonWriter<'o> {
    out: &'o mut dyn Write,
    /// The last byte, which tells whether a comma is due.
    last: u8,
}

impl<'o> JsonWriter<'o> {
    /// A writer of one value.
    pub fn new(out: &'o mut dyn Write) -> Self {
        Self { out, last: 0 }
    }

    /// Begins an object.
    pub fn open_object(&mut self) {
        self.begin("{");
    }

    /// Ends an object.
    pub fn close_object(&mut self) {
        self.push("}");
    }

    /// Begins a list.
    pub fn open_list(&mut self) {
        self.begin("[");
    }

    /// Ends a list.
    pub fn close_list(&mut self) {
        self.push("]");
    }

    /// Names the field whose value is written next.
    pub fn name(&mut self, name: &str) -> &mut Self {
        self.text(name);
        self.push(":");
        self
    }

    /// Writes text.
    pub fn text(&mut self, text: &str) {
        self.begin("\"");
        let mut rest = text;
        while let Some(place) = rest.bytes().position(|byte| matches!(byte, b'"' | b'\\' | ..b' ')) {
            let (plain, tail) = rest.split_at_checked(place).unwrap_or((rest, ""));
            let (special, tail) = tail.split_at_checked(1).unwrap_or((tail, ""));
            self.push(plain);
            self.escape(special.bytes().next().unwrap_or_default());
            rest = tail;
        }
        self.push(rest);
        self.push("\"");
    }

    fn escape(&mut self, byte: u8) {
        const DIGITS: &str = "0123456789abcdef";
        let digit = |number: u8| DIGITS.get(usize::from(number)..=usize::from(number)).unwrap_or_default();
        match byte {
            b'"' => self.push("\\\""),
            b'\\' => self.push("\\\\"),
            8 => self.push("\\b"),
            b'\t' => self.push("\\t"),
            b'\n' => self.push("\\n"),
            12 => self.push("\\f"),
            b'\r' => self.push("\\r"),
            other => {
                self.push("\\u00");
                self.push(digit(other >> 4));
                self.push(digit(other & 15));
            }
        }
    }

    /// Writes text, or `null`.
    pub fn text_or_null(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.text(text),
            None => self.null(),
        }
    }

    /// Writes `null`.
    pub fn null(&mut self) {
        self.begin("null");
    }

    /// Writes texts as a list.
    pub fn texts<T: AsRef<str>>(&mut self, texts: &[T]) {
        self.open_list();
        for text in texts {
            self.text(text.as_ref());
        }
        self.close_list();
    }

    /// Writes `true` or `false`.
    pub fn boolean(&mut self, value: bool) {
        self.begin(if value { "true" } else { "false" });
    }

    /// Writes a whole number.
    pub fn integer(&mut self, number: i64) {
        self.digits(format_args!("{number}"));
    }

    /// Writes a whole number, or `null`.
    pub fn integer_or_null(&mut self, number: Option<i64>) {
        match number {
            Some(number) => self.integer(number),
            None => self.null(),
        }
    }

    /// Writes a number.
    pub fn number(&mut self, number: &Number) {
        self.digits(format_args!("{number}"));
    }

    /// Writes a value of any kind. Calls itself for what is inside lists and objects, as deep as they are.
    pub fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.null(),
            Value::Bool(value) => self.boolean(*value),
            Value::Number(number) => self.number(number),
            Value::String(text) => self.text(text),
            Value::Array(items) => {
                self.open_list();
                items.iter().for_each(|item| self.value(item));
                self.close_list();
            }
            Value::Object(fields) => self.fields(fields),
        }
    }

    fn fields(&mut self, fields: &Map<String, Value>) {
        self.open_object();
        for (name, value) in fields {
            self.name(name).value(value);
        }
        self.close_object();
    }

    /// Begins a value, after a comma unless it is the first.
    fn begin(&mut self, token: &str) {
        if !matches!(self.last, 0 | b'{' | b'[' | b':') {
            self.push(",");
        }
        self.push(token);
    }

    fn digits(&mut self, digits: fmt::Arguments<'_>) {
        self.begin("");
        let _ = self.out.write_fmt(digits);
        self.last = b'0';
    }

    fn push(&mut self, text: &str) {
        let _ = self.out.write_str(text);
        // Within text a comma is never due: what begins is the text as a whole.
        self.last = text.bytes().last().unwrap_or(self.last);
    }
}

impl fmt::Debug for JsonWriter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JsonWriter").finish_non_exhaustive()
    }
}
