//! The function as a component of Spin.

use axum::body::Body;
use http::Response;
use spin_sdk::http::Request;

use crate::{VARS, build_draining};

#[spin_sdk::http_service]
async fn handle(request: Request) -> Response<Body> {
    platform_spin::call(&[VARS], request, async |platform, vars| build_draining(platform, &vars).await).await
}
