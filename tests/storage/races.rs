//! Two requests of which only one can be right, many times each: never a broken project.

use std::sync::Arc;

use super::{ROUNDS, platform};
use axum::Router;
use axum::body::Body;
use fn_admin::Admin;
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

const TOKEN: &str = "a-token-of-at-least-32-characters-for-races";
const ORGANISATION: &str = "accountIdentifier=a&orgIdentifier=o";
const QUERY: &str = "accountIdentifier=a&orgIdentifier=o&projectIdentifier=p&environmentIdentifier=dev";

/// The admin API twice, as two processes on one database would be: they take no turns.
struct Api([Router; 2]);

impl Api {
    async fn new() -> Self {
        let platform = platform().await;
        store::migrate(&*platform.db).await.unwrap();
        let router = || fn_admin::router(Admin::new(platform.clone(), Some(Arc::from(TOKEN))));
        let api = Self([router(), router()]);
        api.make(&format!("/admin/projects?{ORGANISATION}"), json!({"identifier": "p"})).await;
        api.make(
            &format!("/admin/environments?{ORGANISATION}"),
            json!({"identifier": "dev", "project": "p"}),
        )
        .await;
        for flag in ["a", "b"] {
            api.make_flag(flag).await;
        }
        api
    }

    async fn make_flag(&self, identifier: &str) {
        let variation = |id: &str| json!({"identifier": id, "value": id});
        let flag = json!({
            "identifier": identifier, "project": "p", "kind": "string", "permanent": false,
            "variations": [variation("red"), variation("green"), variation("blue")],
            "defaultOnVariation": "red", "defaultOffVariation": "green",
        });
        self.make(&format!("/admin/features?{ORGANISATION}"), flag).await;
    }

    async fn make(&self, path: &str, body: Value) {
        let (status, answer) = self.send(0, Method::POST, path, body).await;
        assert!(status.is_success(), "POST {path}: {status} {answer}");
    }

    /// Instructions for a flag, by one of the two.
    async fn patch(&self, who: usize, flag: &str, kind: &str, parameters: Value) -> (StatusCode, Value) {
        let body = json!({"instructions": [{"kind": kind, "parameters": parameters}]});
        self.send(who, Method::PATCH, &format!("/admin/features/{flag}?{QUERY}"), body).await
    }

    async fn send(&self, who: usize, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
        let request = Request::builder().method(method).uri(path).header("x-api-key", TOKEN);
        let request = request.body(Body::from(body.to_string())).unwrap();
        let response = self.0[who].clone().oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    /// What the flag is, with what it serves.
    async fn flag(&self, flag: &str) -> Value {
        let (status, answer) =
            self.send(0, Method::GET, &format!("/admin/features/{flag}?{QUERY}"), Value::Null).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer
    }
}

fn one_of(left: &(StatusCode, Value), right: &(StatusCode, Value), round: usize) {
    let accepted = [left, right].into_iter().filter(|(status, _)| status.is_success()).count();
    assert_eq!(accepted, 1, "round {round}: {left:?} {right:?}");
    let refused = if left.0.is_success() { right } else { left };
    assert!(refused.0.is_client_error(), "round {round}: {refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_flags_never_become_prerequisites_of_each_other() {
    let api = Api::new().await;
    for round in 0..ROUNDS {
        let need = |who, flag: &'static str, other: &'static str| {
            api.patch(who, flag, "addPrerequisite", json!({"feature": other, "variations": ["red"]}))
        };

        let (left, right) = tokio::join!(need(0, "a", "b"), need(1, "b", "a"));

        one_of(&left, &right, round);
        let (flag, other) = if left.0.is_success() { ("a", "b") } else { ("b", "a") };
        let undone = api.patch(0, flag, "removePrerequisite", json!({"feature": other})).await;
        assert_eq!(undone.0, StatusCode::OK, "{undone:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_is_never_deleted_under_a_rule_that_is_being_added() {
    let api = Api::new().await;
    for round in 0..ROUNDS {
        let group = json!({"identifier": "beta", "name": "Beta", "project": "p", "environment": "dev"});
        api.make(&format!("/admin/segments?{ORGANISATION}"), group).await;
        let rule = json!({
            "uuid": "r", "priority": 100, "serve": {"variation": "blue"},
            "clauses": [{"op": "segmentMatch", "attribute": "", "values": ["beta"]}],
        });
        let path = format!("/admin/segments/beta?{QUERY}");

        let (deleted, added) =
            tokio::join!(api.send(1, Method::DELETE, &path, Value::Null), api.patch(0, "a", "addRule", rule));

        one_of(&deleted, &added, round);
        let rules = api.flag("a").await["envProperties"]["rules"].as_array().unwrap().len();
        assert_eq!(rules, usize::from(added.0.is_success()), "round {round}");
        if added.0.is_success() {
            let undone = api.send(0, Method::DELETE, &format!("{path}&forceDelete=true"), Value::Null).await;
            assert!(undone.0.is_success(), "{undone:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_variation_is_never_deleted_under_an_environment_that_starts_to_serve_it() {
    let api = Api::new().await;
    for round in 0..ROUNDS {
        let (deleted, served) = tokio::join!(
            api.patch(1, "a", "deleteVariation", json!({"identifier": "blue"})),
            api.patch(0, "a", "updateDefaultServe", json!({"variation": "blue"})),
        );

        one_of(&deleted, &served, round);
        let flag = api.flag("a").await;
        let has_blue = flag["variations"].as_array().unwrap().iter().any(|one| one["identifier"] == "blue");
        let serves_blue = flag["envProperties"]["defaultServe"]["variation"] == "blue";
        assert_eq!(has_blue, serves_blue, "round {round}: {flag}");
        let undone = if served.0.is_success() {
            api.patch(0, "a", "updateDefaultServe", json!({"variation": "red"})).await
        } else {
            api.patch(0, "a", "addVariation", json!({"identifier": "blue", "value": "blue"})).await
        };
        assert_eq!(undone.0, StatusCode::OK, "{undone:?}");
    }
}
