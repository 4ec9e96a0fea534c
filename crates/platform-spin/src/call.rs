//! One request through a function's router.

use std::error::Error;
use std::fmt::Write;

use axum::Router;
use axum::body::Body;
use http::header::CONTENT_TYPE;
use http::{Response, StatusCode};
use platform::Platform;
use platform::config::{ConfigError, Var, Vars};
use spin_sdk::http::Request;
use tower::ServiceExt;

use crate::platform::{World, connect};
use crate::{STORE_VARS, Stores, config, log};

/// Answers `request`: reads the settings of `tables` and of the stores, connects the platform on first use,
/// lets
/// `build` make the router, and asks it.
///
/// What keeps the router from being made is logged, and told in one sentence with status 502: Python SDKs
/// take 503 as final.
pub async fn call<E: Error>(
    tables: &[&'static [Var]],
    request: Request,
    build: impl AsyncFnOnce(Platform, Vars) -> Result<Router, E>,
) -> Response<Body> {
    let (World { platform, postgres }, vars) = match set_up(tables).await {
        Ok(ready) => ready,
        Err(error) => return refuse(&error),
    };
    let response = match build(platform, vars).await {
        Ok(router) => match router.oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        },
        Err(error) => refuse(&error),
    };
    if let Some(postgres) = postgres {
        postgres.settle().await;
    }
    response
}

async fn set_up(tables: &[&'static [Var]]) -> Result<(World, Vars), ConfigError> {
    const ALWAYS: &[Var] = &[log::LOG_VAR];
    let tables = [&[ALWAYS, STORE_VARS], tables].concat();
    let vars = config::read(&tables).await?;
    log::start(vars.text(log::LOG_VAR.name)?)?;
    Ok((connect(Stores::read(&vars)?), vars))
}

fn refuse(error: &dyn Error) -> Response<Body> {
    let mut causes = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let _ = write!(causes, ": {cause}"); // Writing to a string does not fail.
        source = cause.source();
    }
    tracing::error!("the request cannot be answered: {causes}");
    let body = serde_json::json!({ "code": "502", "message": error.to_string() });
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = StatusCode::BAD_GATEWAY;
    response.headers_mut().insert(CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    response
}
