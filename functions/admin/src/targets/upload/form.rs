//! The form that a file comes in: `multipart/form-data` (RFC 7578), all of it in memory.

use http::HeaderMap;
use http::header::CONTENT_TYPE;
use model::Error;

/// Characters of a boundary (RFC 2046).
const BOUNDARY_CHARS_MAX: usize = 70;

const END_OF_LINE: &[u8] = b"\r\n";

/// The first part, whatever its name.
///
/// # Errors
/// `Invalid` for what is no form, has no part, or ends too early.
pub(super) fn first_part<'a>(headers: &HeaderMap, body: &'a [u8]) -> Result<&'a [u8], Error> {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let boundary = boundary(content_type).ok_or_else(|| {
        let message = "is not multipart/form-data with a boundary; send the CSV as a file of a form";
        Error::invalid("Content-Type", message)
    })?;
    let incomplete = || Error::invalid("body", "is not a complete form with this boundary");
    let delimiter = format!("--{boundary}");
    let first = after(body, delimiter.as_bytes()).ok_or_else(incomplete)?;
    if first.starts_with(b"--") {
        return Err(Error::invalid("body", "holds no part; send the CSV as a file of a form"));
    }
    // From the end of the delimiter's line on, so that a part without headers begins with an empty one, too.
    let headers = first.iter().position(|byte| *byte == b'\r').and_then(|end| first.get(end..));
    let content = after(headers.ok_or_else(incomplete)?, b"\r\n\r\n").ok_or_else(incomplete)?;
    let end = find(content, &[END_OF_LINE, delimiter.as_bytes()].concat()).ok_or_else(incomplete)?;
    content.get(..end).ok_or_else(incomplete)
}

/// The boundary that the content type of a form names.
fn boundary(content_type: &str) -> Option<&str> {
    let mut parts = content_type.split(';').map(str::trim);
    if !parts.next()?.eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let named = parts.filter_map(|part| part.split_once('='));
    let mut boundaries = named.filter(|(name, _)| name.trim().eq_ignore_ascii_case("boundary"));
    let boundary = boundaries.next()?.1.trim();
    let boundary = boundary.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(boundary);
    (1..=BOUNDARY_CHARS_MAX).contains(&boundary.len()).then_some(boundary)
}

/// What follows the first occurrence.
fn after<'a>(text: &'a [u8], wanted: &[u8]) -> Option<&'a [u8]> {
    text.get(find(text, wanted)? + wanted.len()..)
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn part(content_type: &'static str, body: &str) -> Result<String, String> {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(content_type))]);
        let part = first_part(&headers, body.as_bytes()).map_err(|error| error.to_string())?;
        Ok(String::from_utf8(part.to_vec()).unwrap())
    }

    #[test]
    fn the_first_part_is_read_byte_by_byte() {
        let types = ["multipart/form-data; boundary=b", "Multipart/Form-Data;charset=utf-8; Boundary=\"b\""];
        let bodies = [
            ("--b\r\nContent-Type: text/csv\r\n\r\nAnn,ann\r\n--b--\r\n", "Ann,ann"),
            (
                "before\r\n--b  \r\nA: 1\r\nB: 2\r\n\r\n\r\n--a\r\n\r\n--b\r\n\r\nsecond\r\n--b--",
                "\r\n--a\r\n",
            ),
            ("--b\r\n\r\nno headers\r\n--b--", "no headers"),
            ("--b\r\nA: 1\r\n\r\n\r\n--b--", ""),
        ];
        for content_type in types {
            for (body, expected) in bodies {
                assert_eq!(part(content_type, body).as_deref(), Ok(expected), "{body:?}");
            }
        }
    }

    #[test]
    fn what_is_no_complete_form_is_refused() {
        let form = "multipart/form-data; boundary=b";
        for body in [
            "",
            "--",
            "--c\r\n\r\nx\r\n--c--",
            "--b",
            "--b\r\nA: 1",
            "--b\r\nA: 1\r\n\r\nx",
            "--b\r\n\r\nx--b--",
        ] {
            assert_eq!(
                part(form, body),
                Err("body: is not a complete form with this boundary".to_owned()),
                "{body:?}"
            );
        }
        assert!(part(form, "--b--\r\n").unwrap_err().starts_with("body: holds no part"));
        let types = [
            "",
            "text/csv; boundary=b",
            "multipart/form-data",
            "multipart/form-data; boundary=",
            "multipart/form-data; boundary=0123456789012345678901234567890123456789012345678901234567890123456789x",
        ];
        for content_type in types {
            let message = "Content-Type: is not multipart/form-data with a boundary";
            assert!(
                part(content_type, "--b\r\n\r\nx\r\n--b--").unwrap_err().starts_with(message),
                "{content_type}"
            );
        }
    }
}
