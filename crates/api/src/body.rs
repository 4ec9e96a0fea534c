//! Request bodies: read within a limit, parsed with errors that name the place.

use axum::body::{Body, HttpBody};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use model::{Error, FieldError};
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;
use serde_json::error::Category;
use serde_path_to_error::Error as PathError;

use crate::{Problem, limits};

/// A JSON body of an answer.
#[derive(Clone, Copy, Debug)]
pub struct Json<T>(pub T);

/// Reads the text of a JSON body of at most [`limits::BODY_BYTES_MAX`], to be parsed with [`parse_object`]. The content
/// type of the request does not matter: several SDKs and many scripts leave it out.
///
/// # Errors
/// As [`read_body`]; `Invalid` also for text that no database takes.
pub async fn read_json_text(body: Body) -> Result<Bytes, Error> {
    let text = read_body(body, limits::BODY_BYTES_MAX).await?;
    refuse_nul(&text)?;
    Ok(text)
}

/// Refuses JSON with the character NUL in it: `PostgreSQL` stores no text that has one, whatever the field.
/// JSON can only spell it as an escape.
fn refuse_nul(text: &[u8]) -> Result<(), Error> {
    let mut rest = text;
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        let (_, escape) = rest.split_at(at + 1);
        if escape.starts_with(b"u0000") {
            return Err(Error::invalid("body", "holds \\u0000, the character NUL; leave it out"));
        }
        // What is escaped may be a backslash itself, which escapes nothing.
        rest = escape.get(1..).unwrap_or_default();
    }
    Ok(())
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        response(serde_json::to_vec(&self.0))
    }
}

/// Not generic, as little here is: what is generic is compiled again for each type of body.
fn response(text: Result<Vec<u8>, serde_json::Error>) -> Response {
    match text {
        Ok(text) => ([(CONTENT_TYPE, HeaderValue::from_static("application/json"))], text).into_response(),
        Err(error) => Problem::from(Error::internal(error)).into_response(),
    }
}

/// Reads a whole body of at most `bytes_max`.
///
/// # Errors
/// `TooLarge` names the limit; `Invalid` when the body ends early.
pub async fn read_body(body: Body, bytes_max: usize) -> Result<Bytes, Error> {
    let too_large =
        || Error::TooLarge(format!("the body is larger than {bytes_max} bytes; send it in several requests"));
    // An honest Content-Length is refused before a byte of it is read.
    if body.size_hint().lower() > bytes_max as u64 {
        return Err(too_large());
    }
    match Limited::new(body, bytes_max).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large()),
        Err(_) => Err(Error::invalid("body", "ended before it was complete")),
    }
}

/// Parses the text of a JSON object.
///
/// # Errors
/// As [`parse_json`]; `Invalid` also for a list, which serde would read as the fields in their order.
pub fn parse_object<T: DeserializeOwned>(text: &[u8]) -> Result<T, Error> {
    if text.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
        return Err(Error::invalid("body", "is a list; send a JSON object"));
    }
    parse_json(text)
}

/// Parses JSON text.
///
/// # Errors
/// `Invalid`, with the path to the field for a value of the wrong type, and with line and column
/// for text that is not JSON.
pub fn parse_json<T: DeserializeOwned>(text: &[u8]) -> Result<T, Error> {
    if text.iter().all(u8::is_ascii_whitespace) {
        return Err(Error::invalid("body", "is empty; send a JSON object"));
    }
    let mut json = serde_json::Deserializer::from_slice(text);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| unread(error, text))?;
    json.end().map_err(|error| not_json(&error))?;
    Ok(value)
}

/// Reads a part of a body that was parsed before.
///
/// # Errors
/// `Invalid`, with the path to the field below `place`.
pub fn read_json<T: DeserializeOwned>(part: &Value, place: &str) -> Result<T, Error> {
    serde_path_to_error::deserialize(part).map_err(|error| unread_part(error, place))
}

/// Why `text` could not be read.
fn unread(error: PathError<serde_json::Error>, text: &[u8]) -> Error {
    let path = error.path().to_string();
    let error = error.into_inner();
    match error.classify() {
        Category::Data => wrong_value(&path, &error.to_string(), "body"),
        // What a type did not expect where it stands is called syntax too, such as null for one of a few words.
        Category::Syntax if is_unexpected(&error, text) => {
            wrong_value(&path, &format!("does not fit: {error}"), "body")
        }
        Category::Io | Category::Syntax | Category::Eof => not_json(&error),
    }
}

fn unread_part(error: PathError<serde_json::Error>, place: &str) -> Error {
    let path = error.path().to_string();
    match wrong_value(&path, &error.into_inner().to_string(), "") {
        Error::Invalid(errors) => {
            Error::Invalid(errors.into_iter().map(|error| below(error, place)).collect())
        }
        error => error,
    }
}

fn below(error: FieldError, place: &str) -> FieldError {
    match error.field.as_str() {
        "" => FieldError { field: place.to_owned(), ..error },
        // An item of a list.
        field if field.starts_with('[') => FieldError { field: format!("{place}{field}"), ..error },
        _ => error.under(place),
    }
}

fn is_unexpected(error: &serde_json::Error, text: &[u8]) -> bool {
    error.to_string().starts_with("expected value") && serde_json::from_slice::<IgnoredAny>(text).is_ok()
}

fn not_json(error: &serde_json::Error) -> Error {
    Error::invalid("body", format!("is not JSON: {error}"))
}

/// A value that is missing or does not fit; `whole` names the place when serde names none.
pub(crate) fn wrong_value(path: &str, message: &str, whole: &str) -> Error {
    let outer = if path == "." { "" } else { path };
    let message = &without_type_names(message);
    // Serde reports a missing field at the object that lacks it; people look for the field's name.
    let missing = message.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
    match (missing, outer) {
        (Some(field), "") => Error::invalid(field, "is missing"),
        (Some(field), outer) => Error::invalid(format!("{outer}.{field}"), "is missing"),
        (None, "") => Error::invalid(whole, message),
        (None, outer) => Error::invalid(outer, message),
    }
}

/// Says "an object" where serde names a type of ours, which means nothing outside.
fn without_type_names(message: &str) -> String {
    let Some((found, expected)) = message.split_once(", expected struct ") else { return message.to_owned() };
    let place = expected.find(" at line ").and_then(|at| expected.get(at..)).unwrap_or_default();
    format!("{found}, expected an object{place}")
}

#[cfg(test)]
mod tests {
    use http::StatusCode;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only the errors are looked at")]
    struct Flag {
        #[serde(default)]
        state: State,
        kind: String,
        variations: Vec<Variation>,
    }

    #[derive(Debug, Default, Deserialize)]
    enum State {
        #[default]
        Off,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only the errors are looked at")]
    struct Variation {
        value: String,
    }

    #[test]
    fn a_mistake_in_json_is_named_by_its_place() {
        let cases = [
            ("", "body: is empty; send a JSON object"),
            ("{\"state\":null,\"kind\":", "body: is not JSON: "),
            ("{\"state\":null}", "state: does not fit: expected value at line 1 column "),
            (" \n", "body: is empty; send a JSON object"),
            ("{\"kind\":", "body: is not JSON: EOF while parsing a value at line 1 column 8"),
            ("{} x", "kind: is missing"),
            ("7", "body: invalid type: integer `7`, expected an object at line 1 column 1"),
            ("{\"kind\":\"int\"}", "variations: is missing"),
            ("{\"kind\":\"int\",\"variations\":[{\"value\":\"a\"},{}]}", "variations[1].value: is missing"),
            (
                "{\"kind\":\"int\",\"variations\":[{\"value\":7}]}",
                "variations[0].value: invalid type: integer `7`, expected a string at line 1 column 38",
            ),
            (
                "{\"kind\":\"int\",\"variations\":[]} x",
                "body: is not JSON: trailing characters at line 1 column 32",
            ),
        ];
        for (text, message) in cases {
            let error = parse_json::<Flag>(text.as_bytes()).unwrap_err();

            assert!(error.to_string().starts_with(message), "{text:?}: {error}");
        }
    }

    #[tokio::test]
    async fn a_body_beyond_the_limit_is_413_and_names_the_limit() {
        let honest = read_body(Body::from("12345"), 4).await.unwrap_err();
        let endless = Body::new(Body::from("12345").map_frame(|frame| frame));
        let streamed = read_body(endless, 4).await.unwrap_err();

        for error in [honest, streamed] {
            assert_eq!(error.to_string(), "the body is larger than 4 bytes; send it in several requests");
            assert_eq!(Problem::from(error).status(), StatusCode::PAYLOAD_TOO_LARGE);
        }
    }

    #[test]
    fn the_character_nul_is_refused_wherever_it_stands() {
        for text in [r#"{"a":"\u0000"}"#, r#"{"a\u0000":1}"#, r#"{"a":"\\\u0000"}"#, r#"["\n","x\u0000"]"#] {
            assert!(refuse_nul(text.as_bytes()).is_err(), "{text}");
        }
        for text in [r#"{"a":"\\u0000"}"#, r#"{"a":"u0000\u0001"}"#, "{}", r#"{"a":"\"#, ""] {
            assert!(refuse_nul(text.as_bytes()).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_list_is_no_object() {
        let error = parse_object::<Variation>(b" [\"a\"]").unwrap_err();

        assert_eq!(error.to_string(), "body: is a list; send a JSON object");
    }

    #[test]
    fn a_mistake_in_a_part_is_named_by_its_whole_place() {
        let part = serde_json::json!({ "kind": "int", "variations": [{ "value": 7 }] });
        let list = serde_json::json!(7);

        let error = read_json::<Flag>(&part, "flags[2]").unwrap_err().to_string();
        let whole = read_json::<Flag>(&list, "flags[2]").unwrap_err().to_string();

        assert_eq!(error, "flags[2].variations[0].value: invalid type: integer `7`, expected a string");
        assert_eq!(whole, "flags[2]: invalid type: integer `7`, expected an object");
    }
}
