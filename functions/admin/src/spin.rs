//! The function as a component of Spin.

use axum::body::Body;
use http::Response;
use spin_sdk::http::Request;

use crate::{VARS, build_with_cron};

#[spin_sdk::http_service]
async fn handle(request: Request) -> Response<Body> {
    let tables = [VARS, &[api::CRON_SECRET]];
    platform_spin::call(&tables, request, async |platform, vars| build_with_cron(platform, &vars).await).await
}
