//! The request for a stream, from bytes.

use api::credentials;
use client_api::target;
use http::header::{AUTHORIZATION, HeaderName};
use http::{HeaderMap, HeaderValue};
use httparse::{EMPTY_HEADER, Status};
use model::{Target, Version};

use crate::frame::Framing;
use crate::refusal::Refusal;

/// Where streams are served: relay proxy style and SaaS style.
pub(crate) const PATHS: [&str; 2] = ["/stream", "/api/1.0/stream"];

/// Headers of a head beyond which it is refused.
const HEADERS_MAX: usize = 100;

const API_KEY: HeaderName = HeaderName::from_static("api-key");
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// What matters of a request for a stream.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StreamRequest {
    /// How the body is to be delimited.
    pub(crate) framing: Framing,
    /// The SDK key in clear.
    pub(crate) api_key: Option<String>,
    /// The token.
    pub(crate) bearer: Option<String>,
    /// The target that browsers send with every request.
    pub(crate) target: Option<Target>,
    /// The version up to which the client has everything. None if it did not say or it is no version.
    pub(crate) last_event_id: Option<Version>,
}

/// What the first bytes of a connection ask for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Asks {
    /// A stream.
    Stream,
    /// Something else.
    SomethingElse,
    /// It cannot be told yet.
    NotClearYet,
}

impl Asks {
    /// Looks at the beginning of a request.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let asks = PATHS.map(|path| {
            let line = ["GET ", path].concat();
            match bytes.strip_prefix(line.as_bytes()) {
                Some([b' ' | b'?', ..]) => Self::Stream,
                None | Some([_, ..]) if !line.as_bytes().starts_with(bytes) => Self::SomethingElse,
                _ => Self::NotClearYet,
            }
        });
        let clear = asks.into_iter().find(|asks| *asks != Self::SomethingElse);
        clear.unwrap_or(Self::SomethingElse)
    }
}

impl StreamRequest {
    /// Reads a head with everything up to its empty line.
    ///
    /// # Errors
    /// How to refuse what is not a request.
    pub(crate) fn parse(head: &[u8]) -> Result<Self, Refusal> {
        let mut headers = [EMPTY_HEADER; HEADERS_MAX];
        let mut request = httparse::Request::new(&mut headers);
        match request.parse(head) {
            Ok(Status::Complete(_)) => {}
            Err(httparse::Error::TooManyHeaders) => return Err(Refusal::TooLong),
            Ok(Status::Partial) | Err(_) => return Err(Refusal::Unreadable),
        }
        let framing = if request.version == Some(0) { Framing::Plain } else { Framing::Chunked };
        let mut wanted = HeaderMap::new();
        for header in request.headers.iter() {
            for name in [AUTHORIZATION, API_KEY, LAST_EVENT_ID, target::HARNESS_TARGET] {
                if let (true, Ok(value)) =
                    (header.name.eq_ignore_ascii_case(name.as_str()), HeaderValue::from_bytes(header.value))
                {
                    wanted.entry(name).or_insert(value);
                }
            }
        }
        Ok(Self::new(framing, &wanted))
    }

    /// A request with these headers.
    pub(crate) fn new(framing: Framing, headers: &HeaderMap) -> Self {
        let last_event_id = headers.get(LAST_EVENT_ID).and_then(|value| value.to_str().ok());
        Self {
            framing,
            api_key: credentials::sdk_key(headers).map(str::to_owned),
            bearer: credentials::bearer(headers).map(str::to_owned),
            target: target::from_header(headers),
            last_event_id: last_event_id.and_then(version),
        }
    }
}

/// The version that we sent as an event's id.
fn version(text: &str) -> Option<Version> {
    text.trim().parse().ok().filter(|version| *version >= 0).map(Version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_recognised_by_the_beginning_of_its_request() {
        for stream in
            ["GET /stream HTTP/1.1", "GET /stream?cluster=1", "GET /api/1.0/stream?", "GET /stream "]
        {
            assert_eq!(Asks::of(stream.as_bytes()), Asks::Stream, "{stream}");
        }
        for part in ["", "G", "GET /", "GET /s", "GET /stream", "GET /api/1.0/strea", "GET /api/1.0/stream"] {
            assert_eq!(Asks::of(part.as_bytes()), Asks::NotClearYet, "{part}");
        }
        for other in [
            "POST /stream ",
            "HEAD /stream ",
            "OPTIONS /stream ",
            "GET /streams ",
            "GET /stream/ ",
            "GET /api/1.0/client/auth",
            "GET /stream/x",
            "get /stream ",
            "\r\nGET /stream ",
            "PRI * HTTP/2.0",
            "\u{16}\u{3}\u{1}",
        ] {
            assert_eq!(Asks::of(other.as_bytes()), Asks::SomethingElse, "{other:?}");
        }
    }

    #[test]
    fn credentials_and_last_event_id_are_read_in_any_case() {
        let head =
            b"GET /stream?cluster=1 HTTP/1.1\r\nHost: x\r\napi-KEY: abc\r\nAUTHORIZATION: bearer t\r\n\
            harness-target: eyJpZGVudGlmaWVyIjoiYW5uIn0=\r\nLast-Event-Id: 41\r\n\r\n";

        let request = StreamRequest::parse(head).unwrap();

        assert_eq!(
            request,
            StreamRequest {
                framing: Framing::Chunked,
                api_key: Some("abc".to_owned()),
                bearer: Some("t".to_owned()),
                target: Some(Target::bare("ann")),
                last_event_id: Some(Version(41)),
            }
        );
    }

    #[test]
    fn http_1_0_gets_a_body_without_chunks() {
        assert_eq!(StreamRequest::parse(b"GET /stream HTTP/1.0\r\n\r\n").unwrap().framing, Framing::Plain);
    }

    #[test]
    fn an_id_that_we_did_not_send_is_as_good_as_none() {
        for id in ["", "abc", "-1", "1.5", "99999999999999999999", "0x10"] {
            assert_eq!(version(id), None, "{id:?}");
        }
        assert_eq!(version(" 7 "), Some(Version(7)));
    }

    #[test]
    fn what_is_not_a_request_is_refused() {
        let many = format!("GET /stream HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(HEADERS_MAX + 1));

        assert_eq!(StreamRequest::parse(b"GET /stream\r\n\r\n"), Err(Refusal::Unreadable));
        assert_eq!(StreamRequest::parse(b"GET /stream HTTP/9\r\n\r\n"), Err(Refusal::Unreadable));
        assert_eq!(StreamRequest::parse(b"GET /stream HTTP/1.1\r\na b: c\r\n\r\n"), Err(Refusal::Unreadable));
        assert_eq!(StreamRequest::parse(many.as_bytes()), Err(Refusal::TooLong));
    }
}
