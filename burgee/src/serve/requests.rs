//! How many requests there were, and how long they took.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode_registry;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

/// In seconds: the first, each next one's multiple of it, how many. They end at 8 s.
const BUCKETS: (f64, f64, u16) = (0.000_5, 2.0, 15);

/// The time to the head of the answer, of every request but streams, which the relay counts.
#[derive(Clone)]
pub(super) struct Requests(Family<Labels, Histogram, fn() -> Histogram>);

/// The route is its template: there are as many series as routes, methods and statuses.
#[derive(Clone, Debug, Eq, Hash, PartialEq, EncodeLabelSet)]
struct Labels {
    method: &'static str,
    route: String,
    status: u16,
}

impl Requests {
    pub(super) fn new() -> Self {
        Self(Family::new_with_constructor(|| {
            let (start, factor, length) = BUCKETS;
            Histogram::new(exponential_buckets(start, factor, length))
        }))
    }

    /// Everything in Prometheus' text format.
    pub(super) fn text(&self) -> String {
        let mut registry = Registry::default();
        let help = "Time from a request's head to the head of its answer";
        registry.register("burgee_http_request_seconds", help, self.0.clone());
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = encode_registry(&mut text, &registry);
        text
    }
}

/// Counts the request, for [`axum::middleware::from_fn_with_state`].
pub(super) async fn count(State(requests): State<Requests>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = known(request.method().as_str());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    let route = route.as_ref().map_or("(none)", MatchedPath::as_str).to_owned();
    let labels = Labels { method, route, status: response.status().as_u16() };
    requests.0.get_or_create(&labels).observe(started.elapsed().as_secs_f64());
    response
}

/// Clients may send any word as the method.
fn known(method: &str) -> &'static str {
    const METHODS: [&str; 7] = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];
    METHODS.into_iter().find(|known| *known == method).unwrap_or("(other)")
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::middleware::from_fn_with_state;
    use axum::routing::get;
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn requests_are_counted_by_template_method_and_status() {
        let requests = Requests::new();
        let router = Router::new()
            .route("/flags/{flag}", get("served"))
            .layer(from_fn_with_state(requests.clone(), count));
        for (method, path) in [("GET", "/flags/a"), ("GET", "/flags/b"), ("BREW", "/flags/a"), ("GET", "/x")]
        {
            let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
            router.clone().oneshot(request).await.unwrap();
        }

        let text = requests.text();

        for (labels, count) in [
            ("method=\"GET\",route=\"/flags/{flag}\",status=\"200\"", 2),
            ("method=\"(other)\",route=\"/flags/{flag}\",status=\"405\"", 1),
            ("method=\"GET\",route=\"(none)\",status=\"404\"", 1),
        ] {
            let line = format!("burgee_http_request_seconds_count{{{labels}}} {count}\n");
            assert!(text.contains(&line), "{line} is not in\n{text}");
        }
        assert!(text.contains("# TYPE burgee_http_request_seconds histogram\n"), "{text}");
    }
}
