//! Every route of the admin API.

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};

use crate::endpoint::to;
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
        .route("/projects", get(to(projects::list)).post(to(projects::create)))
        .route(
            "/projects/{identifier}",
            get(to(projects::read)).put(to(projects::put)).delete(to(projects::delete)),
        )
        .route("/projects/{identifier}/flags", get(to(flag_matrix::read)))
        .route("/environments", get(to(environments::list)).post(to(environments::create)))
        .route(
            "/environments/{identifier}",
            get(to(environments::read)).put(to(environments::put)).delete(to(environments::delete)),
        )
        .route("/apikey", get(to(keys::list)).post(to(keys::create)))
        .route("/apikey/{identifier}", get(to(keys::read)).put(to(keys::put)).delete(to(keys::delete)))
        .route("/features", get(to(flags::list)).post(to(flags::create)).patch(to(flags::patch_many)))
        .route(
            "/features/{identifier}",
            get(to(flags::read)).patch(to(flags::patch)).put(to(flags::put)).delete(to(flags::delete)),
        )
        .route("/features/metrics", get(to(flags::metrics)))
        .route("/features/{identifier}/dependants", get(to(flags::dependants)))
        .route("/features/{identifier}/evaluations", get(to(flags::evaluations)))
        .route("/features/{identifier}/restore", post(to(flags::restore)))
        .route("/segments", get(to(segments::list)).post(to(segments::create)))
        .route(
            "/segments/{identifier}",
            get(to(segments::read)).patch(to(segments::patch)).delete(to(segments::delete)),
        )
        .route("/segments/{identifier}/available_flags", get(to(segments::available_flags)))
        .route("/segments/{identifier}/flags", get(to(segments::flags)))
        .route("/tags", get(to(tags::list)).post(to(tags::create)))
        .route("/tags/{identifier}", get(to(tags::read)).delete(to(tags::delete)))
        .route("/audit", get(to(audit::list)))
        .route("/objects/{identifiers}", get(to(objects::read).without_context()))
        .route("/overview", get(to(overview::read)))
        .merge(targets_offered())
        .merge(burgee_v1::routes())
}

fn targets_offered() -> Router<Admin> {
    Router::new()
        .route("/targets", get(to(targets::list)).post(to(targets::create)))
        .route("/targets/attributes", get(to(targets::attributes)))
        .route("/targets/upload", post(to(targets::upload)))
        .route(
            "/targets/{identifier}",
            get(to(targets::read))
                .patch(to(targets::patch))
                .put(to(targets::put))
                .delete(to(targets::delete)),
        )
        .route("/targets/{identifier}/available_segments", get(to(targets::available)))
        .route("/targets/{identifier}/segments", get(to(targets::of_target)))
        .route("/targets-segments", get(to(targets::directory)))
        .route("/targets-segments/", get(to(targets::directory)))
        .route("/targets-segments-info", get(to(targets::info)))
        .route("/targets-segments-info/", get(to(targets::info)))
}
