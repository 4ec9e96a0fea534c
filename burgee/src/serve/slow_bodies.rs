//! Requests whose bodies do not come to an end.

use std::error::Error;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::time::{Sleep, sleep};

/// How long a body may take from its request's head on. Ten megabytes take that long at 3 Mbit/s.
const BODY_TIME: Duration = Duration::from_secs(30);

/// Ends requests whose bodies take too long with 408, for [`axum::middleware::from_fn`]. What a handler
/// does takes its time; only waiting for the client is limited.
pub(super) async fn refuse(request: Request, next: Next) -> Response {
    refuse_after(BODY_TIME, request, next).await
}

async fn refuse_after(time: Duration, request: Request, next: Next) -> Response {
    if http_body::Body::is_end_stream(request.body()) {
        return next.run(request).await;
    }
    let is_late = Arc::new(AtomicBool::new(false));
    let note = Arc::clone(&is_late);
    let request =
        request.map(|body| Body::new(Timed { body, deadline: Box::pin(sleep(time)), is_late: note }));
    let response = next.run(request).await;
    if is_late.load(Ordering::Relaxed) { api::fallback::too_late() } else { response }
}

/// A body that fails at its deadline.
struct Timed {
    body: Body,
    deadline: Pin<Box<Sleep>>,
    is_late: Arc<AtomicBool>,
}

impl http_body::Body for Timed {
    type Data = Bytes;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Poll::Ready(frame) = pin!(&mut self.body).poll_frame(context) {
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        if self.deadline.as_mut().poll(context).is_pending() {
            return Poll::Pending;
        }
        self.is_late.store(true, Ordering::Relaxed);
        Poll::Ready(Some(Err(io::Error::from(io::ErrorKind::TimedOut).into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    /// A `Content-Length` beyond the limit is refused by it before anything is read.
    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::middleware::from_fn;
    use axum::routing::post;
    use http::StatusCode;
    use tower::ServiceExt;

    use super::*;

    /// Never gives anything.
    struct Silent;

    impl http_body::Body for Silent {
        type Data = Bytes;
        type Error = io::Error;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
            Poll::Pending
        }
    }

    async fn ask(time: Duration, body: Body) -> Response {
        let read = async |body: Body| api::read_body(body, 4).await.map_err(api::Problem::from);
        let limit = move |request, next| refuse_after(time, request, next);
        let router = Router::new().route("/", post(read)).layer(from_fn(limit));
        router.oneshot(Request::post("/").body(body).unwrap()).await.unwrap()
    }

    #[tokio::test]
    async fn a_body_that_does_not_come_is_408() {
        let response = ask(Duration::ZERO, Body::new(Silent)).await;

        assert_eq!(response.status(), StatusCode::REQUEST_TIMEOUT);
        assert_eq!(response.headers()["connection"], "close");
    }

    #[tokio::test]
    async fn a_body_that_comes_is_read_and_its_length_known_before() {
        assert_eq!(ask(BODY_TIME, Body::from("1234")).await.status(), StatusCode::OK);
        assert_eq!(ask(BODY_TIME, Body::empty()).await.status(), StatusCode::OK);
        assert_eq!(ask(BODY_TIME, Body::from("12345")).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
    }
}
