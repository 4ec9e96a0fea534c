//! The request log. Alone in its process: the first subscriber decides for all threads what is logged.
#![cfg(test)]

use std::io;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::middleware::from_fn;
use axum::routing::get;
use http::Request;
use serde_json::Value;
use tower::ServiceExt;

/// A log that a test can read.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_request_is_one_line_and_nothing_personal_is_in_it() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().json().with_writer(move || writer.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let routes = Router::new().route("/env/{environment}/target/{target}", get(async || "served"));
    let router = Router::new().nest("/api/1.0", routes.layer(from_fn(api::request_log)));

    let request = Request::get("/api/1.0/env/dev/target/alice?secret=hunter2")
        .header("authorization", "Bearer token-of-alice")
        .header("harness-target", "target-of-alice");
    router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();

    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    let fields = serde_json::from_str::<Value>(&text).unwrap()["fields"].clone();
    let route = "/api/1.0/env/{environment}/target/{target}";
    assert_eq!(fields["message"], format!("GET {route} answered 200"));
    assert_eq!((&fields["http.method"], &fields["http.route"]), (&"GET".into(), &route.into()));
    assert_eq!((&fields["http.status"], &fields["body_bytes"]), (&200.into(), &6.into()));
    assert!(fields["duration_ms"].as_f64().unwrap() >= 0.0);
    for secret in ["alice", "hunter2", "dev/"] {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
}
