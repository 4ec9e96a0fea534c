//! What Harness's admin API has and this one has not, or not yet: 501 with one sentence.

use std::sync::Arc;

use api::Problem;
use axum::extract::Request;
use axum::routing::{MethodFilter, MethodRouter, on};
use model::Error;

use crate::Admin;
use crate::access::Access;
use crate::routes::{DELETE, GET, PATCH, POST, PUT};

/// Whether a family is coming.
#[derive(Clone, Copy)]
pub(crate) enum Plan {
    /// It is.
    Planned,
    /// It is not, and why.
    Never(&'static str),
}

const PIPELINES: Plan = Plan::Never("pipelines belong to Harness's delivery platform");
const GIT: Plan = Plan::Never("flags are kept in this database, not in a Git repository");
const COSTS: Plan = Plan::Never("cost perspectives belong to Harness's cost management");
const REGO: Plan = Plan::Never("stale flags are found by fixed rules, not by Rego policies");
const ELSEWHERE: Plan = Plan::Never("it concerns another product of Harness");

/// Method, path below the prefix, plan; in the order of the families.
pub(crate) const TABLE: &[(MethodFilter, &str, Plan)] = &[
    (GET, "/features/available_pipelines", PIPELINES),
    (GET, "/features/yaml", GIT),
    (PUT, "/features/yaml", GIT),
    (DELETE, "/features/{identifier}/pipeline", PIPELINES),
    (GET, "/features/{identifier}/pipeline", PIPELINES),
    (PATCH, "/features/{identifier}/pipeline", PIPELINES),
    (POST, "/features/{identifier}/pipeline", PIPELINES),
    (GET, "/features/{identifier}/stale_state", REGO),
    (DELETE, "/projects/{identifier}/git_repo", GIT),
    (GET, "/projects/{identifier}/git_repo", GIT),
    (PATCH, "/projects/{identifier}/git_repo", GIT),
    (POST, "/projects/{identifier}/git_repo", GIT),
    (POST, "/projects/{identifier}/git_repo/sync", GIT),
    (GET, "/projects/{identifier}/sample_stale_flag_state", REGO),
    (GET, "/projects/{identifier}/stale_config", REGO),
    (POST, "/projects/{identifier}/stale_config", REGO),
    (POST, "/projects/{identifier}/validate_stale_config", REGO),
    (DELETE, "/environments/perspectives", COSTS),
    (PUT, "/environments/perspectives", COSTS),
    (GET, "/proxy/keys", Plan::Planned),
    (POST, "/proxy/keys", Plan::Planned),
    (DELETE, "/proxy/keys/{identifier}", Plan::Planned),
    (GET, "/proxy/keys/{identifier}", Plan::Planned),
    (PATCH, "/proxy/keys/{identifier}", Plan::Planned),
    (POST, "/aida", ELSEWHERE),
    (PUT, "/anomalies/{identifier}/dismiss", COSTS),
    (GET, "/jira/issues", ELSEWHERE),
    (GET, "/onboarding", ELSEWHERE),
    (POST, "/triggers/ccm", COSTS),
];

/// Says so, to callers with a token only.
pub(crate) fn answer(method: MethodFilter, plan: Plan, admin: &Arc<Admin>) -> MethodRouter {
    let admin = admin.clone();
    on(method, async move |request: Request| Problem::from(refusal(plan, request, &admin).await))
}

async fn refusal(plan: Plan, request: Request, admin: &Admin) -> Error {
    let (head, _) = request.into_parts();
    match Access::of_caller(&head, admin).await {
        Err(error) => error,
        Ok(_) => Error::NotOffered(match plan {
            Plan::Planned => "this part of the admin API is planned but not offered yet".to_owned(),
            Plan::Never(why) => format!("this part of the admin API is not offered: {why}"),
        }),
    }
}
