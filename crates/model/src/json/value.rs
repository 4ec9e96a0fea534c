//! Values of any shape: what attributes hold, and what other tools write where text belongs.

use serde_json::{Map, Value};

use super::number::Number;
use super::reader::Reader;
use super::{Expected, JsonWriter, Read};

impl Read for Map<String, Value> {
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), Expected> {
        if reader.null() { Ok(()) } else { fields(self, reader) }
    }
}

fn fields(map: &mut Map<String, Value>, reader: &mut Reader<'_>) -> Result<(), Expected> {
    let mut more = reader.open_object()?;
    while more {
        let name = reader.name()?;
        map.insert(name.into_owned(), value(reader)?);
        more = reader.more_fields()?;
    }
    Ok(())
}

/// Reads a value of any kind. Calls itself for what is inside lists and objects, as deep as they may be.
pub(super) fn value(reader: &mut Reader<'_>) -> Result<Value, Expected> {
    match reader.peek() {
        b'"' => Ok(Value::String(reader.text()?.into_owned())),
        b'[' => {
            let mut items = Vec::new();
            let mut more = reader.open_list()?;
            while more {
                items.push(value(reader)?);
                more = reader.more_items()?;
            }
            Ok(Value::Array(items))
        }
        b'{' => {
            let mut map = Map::new();
            fields(&mut map, reader)?;
            Ok(Value::Object(map))
        }
        b'-' | b'0'..=b'9' => reader.number().map(|number| match number {
            Number::Unsigned(number) => number.into(),
            Number::Signed(number) => number.into(),
            Number::Float(number) => number.into(),
        }),
        _ if reader.word("true") => Ok(Value::Bool(true)),
        _ if reader.word("false") => Ok(Value::Bool(false)),
        // Whatever else it is, it is null or refused.
        _ => reader.skip().map(|()| Value::Null),
    }
}

/// Reads text; `true`, `5` and `{"a":1}` are the text that spells them, `null` is empty.
pub(super) fn lenient_text(reader: &mut Reader<'_>) -> Result<Box<str>, Expected> {
    if reader.peek() == b'"' {
        return Ok(reader.text()?.into());
    }
    Ok(match value(reader)? {
        Value::Null => Box::default(),
        other => {
            let mut text = String::new();
            JsonWriter::new(&mut text).value(&other);
            text.into()
        }
    })
}
