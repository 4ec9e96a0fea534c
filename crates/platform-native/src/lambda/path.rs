//! Paths and queries as the client sent them, whatever a gateway made of them.

/// What is wrong with a base path, after its variable's name.
pub(super) fn mistake(base_path: &str) -> Option<String> {
    let is_right = base_path.starts_with('/') && !base_path.ends_with('/') && escape(base_path) == base_path;
    (!is_right).then(|| format!("is {base_path:?}, expected a path such as /flags"))
}

/// What is left of `path` without `prefix`, a whole number of segments.
pub(super) fn without<'a>(path: &'a str, prefix: &str) -> &'a str {
    match path.strip_prefix(prefix) {
        Some("") => "/",
        Some(rest) if rest.starts_with('/') => rest,
        _ => path,
    }
}

/// The same path with everything encoded that may not stand in one. What is encoded already stays as it is,
/// so a path that the gateway decoded (HTTP APIs do) and one that it did not come out the same.
pub(super) fn escape(path: &str) -> String {
    escape_but(path, |byte| matches!(byte, b'/' | b':' | b'@'))
}

/// The same for a query.
pub(super) fn escape_query(query: &str) -> String {
    escape_but(query, |byte| matches!(byte, b'/' | b':' | b'@' | b'?'))
}

fn escape_but(text: &str, may_stand: impl Fn(u8) -> bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let is_encoded =
            byte == b'%' && after.get(..2).is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit));
        let is_plain = byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&byte) || may_stand(byte);
        if is_encoded || is_plain {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
        rest = after;
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_encoded_stays_and_what_a_gateway_decoded_is_encoded_again() {
        for (given, expected) in [
            ("/target/a%2Fb%20c/x", "/target/a%2Fb%20c/x"),
            ("/target/../x", "/target/../x"),
            ("/target/%2e%2E", "/target/%2e%2E"),
            ("/target/ann @ home/x", "/target/ann%20@%20home/x"),
            ("/target/größe", "/target/gr%C3%B6%C3%9Fe"),
            ("/target/50%/x#?", "/target/50%25/x%23%3F"),
            ("/target/\"<>\\^`{|}", "/target/%22%3C%3E%5C%5E%60%7B%7C%7D"),
        ] {
            assert_eq!(escape(given), expected);
        }
    }

    #[test]
    fn only_whole_segments_are_taken_off() {
        assert_eq!(without("/flags/client/auth", "/flags"), "/client/auth");
        assert_eq!(without("/flags", "/flags"), "/");
        assert_eq!(without("/flagship/client", "/flags"), "/flagship/client");
        assert_eq!(without("/client/auth", "/flags"), "/client/auth");
    }

    #[test]
    fn a_base_path_begins_with_a_slash_and_does_not_end_with_one() {
        assert_eq!(mistake("/flags/v1"), None);
        for wrong in ["flags", "/flags/", "/", "/my flags", "/flags?"] {
            assert!(mistake(wrong).is_some(), "{wrong}");
        }
    }
}
