//! Versions as entity tags: `"12"` is version 12.

use std::fmt::Display;

use http::header::{IF_MATCH, IF_NONE_MATCH};
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

/// The value of a weak `ETag`, which all codings of an answer share. `text` is without quotes, and of
/// characters that a header may hold.
pub fn weak(text: impl Display) -> HeaderValue {
    HeaderValue::try_from(format!("W/\"{text}\"")).unwrap_or_else(|_| HeaderValue::from_static("W/\"\""))
}

/// Whether the caller has what `tag` stands for already: `If-None-Match` lists it, or is `*`. Weak and
/// strong tags of the same text are the same here, as RFC 9110 has it. What cannot be read matches nothing.
pub fn is_known(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    let Some(wanted) = tag.to_str().ok().map(opaque) else { return false };
    let values = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    values.map(str::trim).any(|value| value == "*" || tags(value).any(|tag| tag == wanted))
}

/// The tags of a list, with their quotes and without marks of weakness, up to the first that is none.
fn tags(list: &str) -> impl Iterator<Item = &str> {
    let mut rest = list;
    std::iter::from_fn(move || {
        // A tag may hold commas.
        let begin = opaque(rest.trim_start_matches([' ', '\t', ',']));
        let length = begin.strip_prefix('"')?.find('"')?;
        let (tag, after) = begin.split_at_checked(length + 2)?;
        rest = after;
        Some(tag)
    })
}

fn opaque(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag)
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

    #[test]
    fn a_tag_is_found_in_every_form_that_a_client_may_send_it_in() {
        let known = |value: &str, tag: &str| {
            let headers = HeaderMap::from_iter([(IF_NONE_MATCH, HeaderValue::from_str(value).unwrap())]);
            is_known(&headers, &HeaderValue::from_str(tag).unwrap())
        };
        for value in
            ["W/\"7\"", "\"7\"", "*", " * ", "\"6\", W/\"7\"", "\"a,b\",\"7\"", ", ,\"7\"", "W/\"6\"W/\"7\""]
        {
            assert!(known(value, "W/\"7\""), "{value}");
            assert!(known(value, "\"7\""), "{value}");
        }
        for value in ["", "7", "\"77\"", "\"7", "w/\"7\"", "\"6\", 7", "\"6\", *", "\",7,\"", "'7'"] {
            assert!(!known(value, "W/\"7\""), "{value}");
        }
        assert!(!is_known(&HeaderMap::new(), &weak("7")));
        assert_eq!(weak(Version(7)), "W/\"7\"");
    }

    #[test]
    fn a_list_of_tags_may_come_in_several_lines() {
        let line = |value| (IF_NONE_MATCH, HeaderValue::from_static(value));
        let headers: HeaderMap = [line("\"6\""), line("\"7\"")].into_iter().collect();

        assert!(is_known(&headers, &weak("7")));
    }
}
