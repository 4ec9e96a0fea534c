//! Every route of the admin API.

use std::sync::Arc;

use axum::Router;
use axum::routing::{MethodFilter, on};

use crate::endpoint::{Endpoint, to};
use crate::{
    Admin, audit, burgee_v1, environments, flag_matrix, flags, keys, not_offered, objects, overview,
    projects, segments, tags, targets,
};

/// The prefixes under which Harness's clients, Terraform and the console look for the admin API.
const PREFIXES: [&str; 3] = ["/admin", "/cf/admin", "/gateway/cf/admin"];

pub(crate) const DELETE: MethodFilter = MethodFilter::DELETE;
pub(crate) const GET: MethodFilter = MethodFilter::GET;
pub(crate) const PATCH: MethodFilter = MethodFilter::PATCH;
pub(crate) const POST: MethodFilter = MethodFilter::POST;
pub(crate) const PUT: MethodFilter = MethodFilter::PUT;

/// Method, path below the prefix, and where it leads.
pub(crate) type Route = (MethodFilter, &'static str, Endpoint);

/// The admin API under all its prefixes.
pub fn router(admin: Admin) -> Router {
    let offered = [of_projects().as_slice(), &of_flags(), &of_targets(), &burgee_v1::routes()].concat();
    let admin = Arc::new(admin);
    let mut router = Router::new();
    for prefix in PREFIXES {
        for &(method, path, endpoint) in &offered {
            router = router.route(&format!("{prefix}{path}"), on(method, endpoint.with(&admin)));
        }
        for &(method, path, plan) in not_offered::TABLE {
            router = router.route(&format!("{prefix}{path}"), not_offered::answer(method, plan, &admin));
        }
    }
    router
}

/// A path and query without the prefix: whichever it has, the request is the same.
pub(crate) fn without_prefix(target: &str) -> &str {
    PREFIXES.into_iter().find_map(|prefix| target.strip_prefix(prefix)).unwrap_or(target)
}

fn of_projects() -> [Route; 19] {
    [
        (GET, "/projects", to(projects::list)),
        (POST, "/projects", to(projects::create)),
        (GET, "/projects/{identifier}", to(projects::read)),
        (PUT, "/projects/{identifier}", to(projects::put)),
        (DELETE, "/projects/{identifier}", to(projects::delete)),
        (GET, "/projects/{identifier}/flags", to(flag_matrix::read)),
        (GET, "/environments", to(environments::list)),
        (POST, "/environments", to(environments::create)),
        (GET, "/environments/{identifier}", to(environments::read)),
        (PUT, "/environments/{identifier}", to(environments::put)),
        (DELETE, "/environments/{identifier}", to(environments::delete)),
        (GET, "/apikey", to(keys::list)),
        (POST, "/apikey", to(keys::create)),
        (GET, "/apikey/{identifier}", to(keys::read)),
        (PUT, "/apikey/{identifier}", to(keys::put)),
        (DELETE, "/apikey/{identifier}", to(keys::delete)),
        (GET, "/audit", to(audit::list)),
        (GET, "/objects/{identifiers}", to(objects::read).without_context()),
        (GET, "/overview", to(overview::read)),
    ]
}

fn of_flags() -> [Route; 15] {
    [
        (GET, "/features", to(flags::list)),
        (POST, "/features", to(flags::create)),
        (PATCH, "/features", to(flags::patch_many)),
        (GET, "/features/metrics", to(flags::metrics)),
        (GET, "/features/{identifier}", to(flags::read)),
        (PATCH, "/features/{identifier}", to(flags::patch)),
        (PUT, "/features/{identifier}", to(flags::put)),
        (DELETE, "/features/{identifier}", to(flags::delete)),
        (GET, "/features/{identifier}/dependants", to(flags::dependants)),
        (GET, "/features/{identifier}/evaluations", to(flags::evaluations)),
        (POST, "/features/{identifier}/restore", to(flags::restore)),
        (GET, "/tags", to(tags::list)),
        (POST, "/tags", to(tags::create)),
        (GET, "/tags/{identifier}", to(tags::read)),
        (DELETE, "/tags/{identifier}", to(tags::delete)),
    ]
}

fn of_targets() -> [Route; 21] {
    [
        (GET, "/segments", to(segments::list)),
        (POST, "/segments", to(segments::create)),
        (GET, "/segments/{identifier}", to(segments::read)),
        (PATCH, "/segments/{identifier}", to(segments::patch)),
        (DELETE, "/segments/{identifier}", to(segments::delete)),
        (GET, "/segments/{identifier}/available_flags", to(segments::available_flags)),
        (GET, "/segments/{identifier}/flags", to(segments::flags)),
        (GET, "/targets", to(targets::list)),
        (POST, "/targets", to(targets::create)),
        (GET, "/targets/attributes", to(targets::attributes)),
        (POST, "/targets/upload", to(targets::upload)),
        (GET, "/targets/{identifier}", to(targets::read)),
        (PATCH, "/targets/{identifier}", to(targets::patch)),
        (PUT, "/targets/{identifier}", to(targets::put)),
        (DELETE, "/targets/{identifier}", to(targets::delete)),
        (GET, "/targets/{identifier}/available_segments", to(targets::available)),
        (GET, "/targets/{identifier}/segments", to(targets::of_target)),
        (GET, "/targets-segments", to(targets::directory)),
        (GET, "/targets-segments/", to(targets::directory)),
        (GET, "/targets-segments-info", to(targets::info)),
        (GET, "/targets-segments-info/", to(targets::info)),
    ]
}
