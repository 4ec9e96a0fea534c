//! What is answered where nothing is served, or nothing can be.

use axum::Router;
use axum::response::Response;
use http::header::{CONNECTION, HeaderValue};
use http::{Method, StatusCode, Uri};
use model::{Error, ObjectKind};

use crate::Problem;
use crate::problem::harness_body;

/// Answers in JSON where `router` has no route. What is layered around it afterwards sees these answers too.
pub fn in_json(router: Router) -> Router {
    router.fallback(not_found).method_not_allowed_fallback(method_not_allowed)
}

/// 404 in JSON, for [`axum::Router::fallback`].
pub async fn not_found(uri: Uri) -> Problem {
    Error::not_found(ObjectKind::Path, uri.path()).into()
}

/// 405 in JSON, for [`axum::Router::method_not_allowed_fallback`], which adds `Allow`.
pub async fn method_not_allowed(method: Method) -> Response {
    let message = format!("{method} is not served here; the header Allow lists what is");
    harness_body(StatusCode::METHOD_NOT_ALLOWED, &message)
}

/// 408 in JSON, for a body that takes too long. The connection ends with it: what is still to come of the
/// body could be taken for a request.
pub fn too_late() -> Response {
    let mut response =
        harness_body(StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time; send it again");
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::routing::get;
    use http::Request;
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::*;

    async fn ask(method: &str, path: &str) -> (Response, String) {
        let router = in_json(Router::new().route("/flags", get(async || "flags").post(async || "made")));
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        let mut response = router.oneshot(request).await.unwrap();
        let body = response.body_mut().collect().await.unwrap().to_bytes();
        (response, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn an_unknown_path_is_404_in_json() {
        let (response, body) = ask("GET", "/nothing?secret=1").await;

        assert_eq!(response.status(), StatusCode::NOT_FOUND);
        assert_eq!(body, r#"{"code":"404","message":"path \"/nothing\" does not exist"}"#);
    }

    #[tokio::test]
    async fn a_wrong_method_is_405_in_json_and_says_which_are_right() {
        let (response, body) = ask("DELETE", "/flags").await;

        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(response.headers()["allow"], "GET,HEAD,POST");
        assert!(body.starts_with(r#"{"code":"405","message":"DELETE is not served here"#), "{body}");
    }
}
