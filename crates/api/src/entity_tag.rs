//! Versions as entity tags: `"12"` is version 12.

use http::header::IF_MATCH;
use http::{HeaderMap, HeaderValue};
use model::{Error, Version};

/// The value of `ETag` for an object at `version`.
pub fn of(version: Version) -> HeaderValue {
    // Digits in quotes always are a header value.
    HeaderValue::try_from(format!("\"{version}\"")).unwrap_or_else(|_| HeaderValue::from_static("\"0\""))
}

/// The version that the caller last saw, from `If-Match`; `None` if the change is to apply to whatever
/// is current (no header, or `*`).
///
/// # Errors
/// `Invalid` when the header holds something else. A weak tag counts as the strong one, because
/// proxies weaken tags when they compress.
pub fn if_match(headers: &HeaderMap) -> Result<Option<Version>, Error> {
    let Some(value) = headers.get(IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let strong = text.strip_prefix("W/").unwrap_or(text);
    let digits = strong.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(strong);
    match digits.parse() {
        Ok(version) => Ok(Some(Version(version))),
        Err(_) => Err(Error::invalid(
            "If-Match",
            format!("{text:?} is not an entity tag of this server; send the value of ETag, such as \"12\""),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> Result<Option<Version>, Error> {
        if_match(&HeaderMap::from_iter([(IF_MATCH, HeaderValue::from_str(value).unwrap())]))
    }

    #[test]
    fn what_was_sent_as_etag_comes_back_as_the_version() {
        let tag = of(Version(12));

        assert_eq!(tag, "\"12\"");
        assert_eq!(read(tag.to_str().unwrap()).unwrap(), Some(Version(12)));
        assert_eq!(read("W/\"12\"").unwrap(), Some(Version(12)));
    }

    #[test]
    fn any_version_will_do_without_the_header() {
        assert_eq!(if_match(&HeaderMap::new()).unwrap(), None);
        assert_eq!(read("*").unwrap(), None);
    }

    #[test]
    fn a_foreign_tag_is_refused() {
        for value in ["\"abc\"", "\"1\", \"2\"", ""] {
            assert!(read(value).unwrap_err().to_string().starts_with("If-Match: "), "{value:?}");
        }
    }
}
