//! The one place where a domain error becomes a status and a body.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use model::{Error, FieldError};
use serde::Serialize;

/// What a caller should wait before the next try when a store does not answer, in seconds.
const RETRY_AFTER_S: HeaderValue = HeaderValue::from_static("1");

/// An error on its way out: what happened, told as the route's readers need it.
///
/// `From<model::Error>` follows the rules of the admin API; client, metrics and stream routes use the
/// constructor of their name, because stock SDKs draw conclusions from single statuses.
#[derive(Debug)]
pub struct Problem {
    error: Error,
    route: Route,
}

/// Who reads the answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Route {
    Admin,
    Client,
    Metrics,
    Stream,
}

impl Problem {
    /// For `/client/*`: a store that does not answer is 502. Python SDKs take 503 and 429 as final
    /// and serve defaults for the rest of their process's life.
    pub fn client(error: Error) -> Self {
        Self { error, route: Route::Client }
    }

    /// For `/metrics/*`: nothing is lost by waiting, so a queue that does not answer is 503 with
    /// `Retry-After`.
    pub fn metrics(error: Error) -> Self {
        Self { error, route: Route::Metrics }
    }

    /// For `/stream`: never a body. The browser SDK takes any byte as "connected" and stops polling.
    pub fn stream(error: Error) -> Self {
        Self { error, route: Route::Stream }
    }

    /// The status that the answer will have.
    pub fn status(&self) -> StatusCode {
        match &self.error {
            Error::Invalid(_) => StatusCode::BAD_REQUEST,
            Error::Unauthenticated(_) => StatusCode::UNAUTHORIZED,
            Error::Forbidden(_) => StatusCode::FORBIDDEN,
            Error::NotFound { .. } => StatusCode::NOT_FOUND,
            Error::Exists { .. } | Error::Conflict { .. } | Error::InUse(_) => StatusCode::CONFLICT,
            Error::Dependency(_) => StatusCode::FAILED_DEPENDENCY,
            Error::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Error::NotOffered(_) => StatusCode::NOT_IMPLEMENTED,
            Error::Unavailable { .. } if self.route == Route::Client => StatusCode::BAD_GATEWAY,
            Error::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self { error, route: Route::Admin }
    }
}

impl From<FieldError> for Problem {
    fn from(error: FieldError) -> Self {
        Error::from(error).into()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        log(&self.error);
        let status = self.status();
        let mut response = match self.route {
            Route::Stream => status.into_response(),
            Route::Admin | Route::Client | Route::Metrics => {
                harness(status, &self.error.to_string(), details(&self.error))
            }
        };
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if status == StatusCode::SERVICE_UNAVAILABLE && self.route != Route::Stream {
            response.headers_mut().insert(RETRY_AFTER, RETRY_AFTER_S);
        }
        response
    }
}

/// `{"code":"404","message":…,"details":{"fields":[{"field","message"}]}?}`.
#[derive(Serialize)]
struct Body<'a> {
    /// A string: the Go SDK cannot read a number here and would retry for ever instead of giving up.
    code: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<Details<'a>>,
}

#[derive(Serialize)]
struct Details<'a> {
    fields: Vec<Field<'a>>,
}

#[derive(Serialize)]
struct Field<'a> {
    field: &'a str,
    message: &'a str,
}

/// The error body of every Harness route.
pub(crate) fn harness_body(status: StatusCode, message: &str) -> Response {
    harness(status, message, None)
}

fn harness(status: StatusCode, message: &str, details: Option<Details<'_>>) -> Response {
    let body = Body { code: status.as_str(), message, details };
    // Three strings in a struct: serialising them cannot fail.
    let text = serde_json::to_vec(&body).unwrap_or_default();
    (status, [(CONTENT_TYPE, HeaderValue::from_static("application/json"))], text).into_response()
}

fn details(error: &Error) -> Option<Details<'_>> {
    let Error::Invalid(errors) = error else { return None };
    let fields = errors.iter().map(|error| Field { field: &error.field, message: &error.message });
    Some(Details { fields: fields.collect() })
}

/// Tells the operator what the caller is not told.
fn log(error: &Error) {
    match error {
        Error::Unavailable { message, source } => {
            let cause = source.as_deref().map(|source| model::causes(source)).unwrap_or_default();
            tracing::error!(error.cause = cause, "a request was refused: {message}");
        }
        Error::Internal(source) => {
            tracing::error!(
                error.cause = model::causes(source.as_ref()),
                "a request failed by a defect or damaged data"
            );
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use model::{ObjectKind, Version};
    use serde_json::{Value, json};

    use super::*;

    async fn answer(problem: Problem) -> (StatusCode, http::HeaderMap, String) {
        let (head, body) = problem.into_response().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (head.status, head.headers, String::from_utf8(body.to_vec()).unwrap())
    }

    fn every_error() -> Vec<(Error, u16)> {
        vec![
            (Error::invalid("kind", "is missing"), 400),
            (Error::Unauthenticated("send a key"), 401),
            (Error::Forbidden("the key was revoked".to_owned()), 403),
            (Error::not_found(ObjectKind::Flag, "dark_mode"), 404),
            (Error::exists(ObjectKind::Flag, "dark_mode"), 409),
            (Error::Conflict { expected: Version(1), found: Version(2) }, 409),
            (Error::InUse("in use".to_owned()), 409),
            (Error::Dependency("needed".to_owned()), 424),
            (Error::TooLarge("too large".to_owned()), 413),
            (Error::NotOffered("not offered".to_owned()), 501),
            (Error::unavailable("the database does not answer", "secret host"), 503),
            (Error::internal("secret detail"), 500),
        ]
    }

    #[tokio::test]
    async fn the_admin_api_has_one_status_for_each_error() {
        for (error, status) in every_error() {
            let message = error.to_string();
            let (found, headers, body) = answer(error.into()).await;
            let body: Value = serde_json::from_str(&body).unwrap();

            assert_eq!(found.as_u16(), status, "{message}");
            assert_eq!(headers[CONTENT_TYPE], "application/json");
            assert_eq!(body["code"], json!(status.to_string()), "the code is a string");
            assert_eq!(body["message"], json!(message));
        }
    }

    #[tokio::test]
    async fn client_routes_never_answer_503_or_429() {
        for (error, status) in every_error() {
            let (found, headers, _) = answer(Problem::client(error)).await;

            assert_eq!(found.as_u16(), if status == 503 { 502 } else { status });
            assert!(!headers.contains_key(RETRY_AFTER));
        }
    }

    #[tokio::test]
    async fn streams_are_refused_without_a_single_byte() {
        for (error, status) in every_error() {
            let (found, headers, body) = answer(Problem::stream(error)).await;

            assert_eq!((found.as_u16(), body.as_str()), (status, ""));
            assert!(!headers.contains_key(CONTENT_TYPE));
        }
    }

    #[tokio::test]
    async fn metrics_and_admin_say_when_to_come_back() {
        for problem in [Problem::metrics, Problem::from] {
            let (status, headers, _) = answer(problem(Error::unavailable("away", "secret host"))).await;

            assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
            assert_eq!(headers[RETRY_AFTER], "1");
        }
    }

    #[tokio::test]
    async fn causes_stay_inside() {
        for error in [Error::unavailable("away", "secret host"), Error::internal("secret detail")] {
            let (_, _, body) = answer(error.into()).await;

            assert!(!body.contains("secret"), "{body}");
        }
    }

    #[tokio::test]
    async fn every_field_with_a_mistake_is_listed() {
        let error = Error::Invalid(vec![FieldError::new("a", "is missing"), FieldError::new("b.c", "is 7")]);

        let (_, _, body) = answer(error.into()).await;

        assert_eq!(
            serde_json::from_str::<Value>(&body).unwrap(),
            json!({
                "code": "400",
                "message": "a: is missing; b.c: is 7",
                "details": { "fields": [
                    { "field": "a", "message": "is missing" },
                    { "field": "b.c", "message": "is 7" },
                ]},
            })
        );
    }
}
