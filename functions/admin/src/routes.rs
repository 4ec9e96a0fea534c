//! Every route of the admin API.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};

use crate::{
    Admin, audit, burgee_v1, environments, flag_matrix, flags, idempotency, keys, not_offered, objects,
    overview, projects, segments, tags, targets,
};

/// The prefixes under which Harness's clients, Terraform and the console look for the admin API.
const PREFIXES: [&str; 3] = ["/admin", "/cf/admin", "/gateway/cf/admin"];

/// The admin API under all its prefixes.
pub fn router(admin: Admin) -> Router {
    let once = from_fn_with_state(admin.clone(), idempotency::once);
    let routes = offered().route_layer(once).merge(not_offered::routes()).with_state(admin);
    PREFIXES.into_iter().fold(Router::new(), |router, prefix| router.nest(prefix, routes.clone()))
}

fn offered() -> Router<Admin> {
    Router::new()
        .route("/projects", get(projects::list).post(projects::create))
        .route("/projects/{identifier}", get(projects::read).put(projects::put).delete(projects::delete))
        .route("/projects/{identifier}/flags", get(flag_matrix::read))
        .route("/environments", get(environments::list).post(environments::create))
        .route(
            "/environments/{identifier}",
            get(environments::read).put(environments::put).delete(environments::delete),
        )
        .route("/apikey", get(keys::list).post(keys::create))
        .route("/apikey/{identifier}", get(keys::read).put(keys::put).delete(keys::delete))
        .route("/features", get(flags::list).post(flags::create).patch(flags::patch_many))
        .route(
            "/features/{identifier}",
            get(flags::read).patch(flags::patch).put(flags::put).delete(flags::delete),
        )
        .route("/features/metrics", get(flags::metrics))
        .route("/features/{identifier}/dependants", get(flags::dependants))
        .route("/features/{identifier}/evaluations", get(flags::evaluations))
        .route("/features/{identifier}/restore", post(flags::restore))
        .route("/segments", get(segments::list).post(segments::create))
        .route("/segments/{identifier}", get(segments::read).patch(segments::patch).delete(segments::delete))
        .route("/segments/{identifier}/available_flags", get(segments::available_flags))
        .route("/segments/{identifier}/flags", get(segments::flags))
        .route("/tags", get(tags::list).post(tags::create))
        .route("/tags/{identifier}", get(tags::read).delete(tags::delete))
        .route("/audit", get(audit::list))
        .route("/objects/{identifiers}", get(objects::read))
        .route("/overview", get(overview::read))
        .merge(targets_offered())
        .merge(burgee_v1::routes())
}

fn targets_offered() -> Router<Admin> {
    Router::new()
        .route("/targets", get(targets::list).post(targets::create))
        .route("/targets/attributes", get(targets::attributes))
        // The upload has a limit of its own, above axum's.
        .route("/targets/upload", post(targets::upload).layer(DefaultBodyLimit::disable()))
        .route(
            "/targets/{identifier}",
            get(targets::read).patch(targets::patch).put(targets::put).delete(targets::delete),
        )
        .route("/targets/{identifier}/available_segments", get(targets::available))
        .route("/targets/{identifier}/segments", get(targets::of_target))
        .route("/targets-segments", get(targets::directory))
        .route("/targets-segments/", get(targets::directory))
        .route("/targets-segments-info", get(targets::info))
        .route("/targets-segments-info/", get(targets::info))
}
