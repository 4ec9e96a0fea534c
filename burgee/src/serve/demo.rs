//! A project to play with, made through the admin API like any other.

use anyhow::{Context, bail};
use axum::Router;
use axum::body::Body;
use http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

pub(super) const ACCOUNT: &str = "demo";
pub(super) const ORGANISATION: &str = "default";
pub(super) const PROJECT: &str = "demo";
pub(super) const ENVIRONMENT: &str = "development";

/// What the reader of the first page needs: the keys of the environment `development`.
pub(super) struct Demo {
    pub(super) server_key: String,
    pub(super) client_key: String,
}

/// Makes the project, two environments, flags of all four kinds, and keys. What an interrupted start
/// left behind is used; keys, which nobody has seen, are made anew.
pub(super) async fn create(router: Router, token: &str) -> anyhow::Result<Demo> {
    let api = Api { router, token };
    let organisation = format!("accountIdentifier={ACCOUNT}&orgIdentifier={ORGANISATION}");
    api.make(&format!("/admin/projects?{organisation}"), &json!({"identifier": PROJECT, "name": "Demo"}))
        .await?;
    for (identifier, name) in [(ENVIRONMENT, "Development"), ("production", "Production")] {
        let body = json!({"identifier": identifier, "name": name, "project": PROJECT});
        api.make(&format!("/admin/environments?{organisation}"), &body).await?;
    }
    for flag in flags() {
        api.make(&format!("/admin/features?{organisation}"), &flag).await?;
    }
    for (flag, instructions) in first_instructions() {
        let path = format!("/admin/features/{flag}?{}", Demo::query(ENVIRONMENT));
        api.send(Method::PATCH, &path, &json!({"comment": "demo", "instructions": instructions})).await?;
    }
    Ok(Demo {
        server_key: api.key("server", "Server").await?,
        client_key: api.key("browser", "Client").await?,
    })
}

fn flags() -> Vec<Value> {
    let flag = |identifier: &str, name: &str, kind: &str, values: &[(&str, &str)], on: &str, off: &str| {
        let variations: Vec<_> =
            values.iter().map(|(id, value)| json!({"identifier": id, "name": id, "value": value})).collect();
        json!({
            "identifier": identifier, "name": name, "kind": kind, "project": PROJECT, "permanent": false,
            "variations": variations, "defaultOnVariation": on, "defaultOffVariation": off,
        })
    };
    vec![
        flag("dark_mode", "Dark mode", "boolean", &[("true", "true"), ("false", "false")], "true", "false"),
        flag(
            "banner_text",
            "Banner text",
            "string",
            &[("none", "-"), ("welcome", "Welcome aboard"), ("sale", "Everything half price")],
            "welcome",
            "none",
        ),
        flag("page_size", "Page size", "int", &[("small", "10"), ("large", "50")], "large", "small"),
        flag(
            "checkout",
            "Checkout",
            "json",
            &[("classic", r#"{"steps":3,"express":false}"#), ("express", r#"{"steps":1,"express":true}"#)],
            "express",
            "classic",
        ),
    ]
}

/// So that different targets see different things from the beginning.
fn first_instructions() -> Vec<(&'static str, Value)> {
    let on = json!({"kind": "setFeatureFlagState", "parameters": {"state": "on"}});
    vec![
        (
            "banner_text",
            json!([on, {
                "kind": "addTargetsToVariationTargetMap",
                "parameters": {"variation": "sale", "targets": ["ann"]},
            }]),
        ),
        (
            "page_size",
            json!([on, {
                "kind": "updateDefaultServe",
                "parameters": {"bucketBy": "identifier", "variations": [
                    {"variation": "small", "weight": 50}, {"variation": "large", "weight": 50},
                ]},
            }]),
        ),
    ]
}

struct Api<'a> {
    router: Router,
    token: &'a str,
}

impl Api<'_> {
    /// Makes something unless it is there.
    async fn make(&self, path: &str, body: &Value) -> anyhow::Result<()> {
        match self.request(Method::POST, path, body).await? {
            (status, _) if status.is_success() || status == StatusCode::CONFLICT => Ok(()),
            (status, answer) => bail!("POST {path}: {status} {answer}"),
        }
    }

    async fn send(&self, method: Method, path: &str, body: &Value) -> anyhow::Result<Value> {
        let name = method.to_string();
        match self.request(method, path, body).await? {
            (status, answer) if status.is_success() => Ok(answer),
            (status, answer) => bail!("{name} {path}: {status} {answer}"),
        }
    }

    /// A new key, in the place of one that an interrupted start left behind.
    async fn key(&self, identifier: &str, kind: &str) -> anyhow::Result<String> {
        let query = Demo::query(ENVIRONMENT);
        self.request(Method::DELETE, &format!("/admin/apikey/{identifier}?{query}"), &Value::Null).await?;
        let body = json!({"identifier": identifier, "name": identifier, "type": kind});
        let answer = self.send(Method::POST, &format!("/admin/apikey?{query}"), &body).await?;
        answer.get("apiKey").and_then(Value::as_str).map(str::to_owned).context("the answer has no apiKey")
    }

    async fn request(&self, method: Method, path: &str, body: &Value) -> anyhow::Result<(StatusCode, Value)> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("x-api-key", self.token)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_string()))?;
        let response = self.router.clone().oneshot(request).await?;
        let status = response.status();
        let bytes = response.into_body().collect().await?.to_bytes();
        Ok((status, serde_json::from_slice(&bytes).unwrap_or(Value::Null)))
    }
}
