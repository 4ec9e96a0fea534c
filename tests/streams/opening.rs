//! What comes before a stream.

use serde_json::Value;
use tempfile::TempDir;
use tests::burgee::{Burgee, Demo};
use tests::wire::send;

/// Without that no page could use the server: its origin is another one, and the SDK's headers need leave.
#[test]
fn a_browser_may_ask_for_a_stream_from_any_page() {
    let data = TempDir::new().unwrap();
    let burgee = Burgee::start(data.path(), Demo::No);
    let headers = [
        ("origin", "https://shop.example"),
        ("access-control-request-method", "GET"),
        ("access-control-request-headers", "api-key,authorization,harness-target"),
    ];

    for path in ["/stream?cluster=1", "/api/1.0/stream?cluster=1"] {
        let answer = send("OPTIONS", &format!("{}{path}", burgee.url()), &headers, None);

        assert_eq!(answer, (200, Value::String(String::new())), "{path}");
    }
}
