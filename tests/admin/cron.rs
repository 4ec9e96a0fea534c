//! What a cron asks of the functions, as `openapi/cron.yaml` says it.

use axum::Router;
use platform::Platform;
use platform::config::Vars;
use serde_json::Value;
use testkit::TestClock;
use tests::exchange::{Asked, Told};

use super::world::NOW_MS;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn contract() -> Value {
    yaml_serde::from_str(include_str!("../../openapi/cron.yaml")).unwrap()
}

async fn platform() -> Platform {
    let platform = testkit::platform_at(&TestClock::at(NOW_MS));
    store::migrate(&*platform.db).await.unwrap();
    platform
}

/// Both functions on one platform.
async fn functions(platform: &Platform, secret: Option<&str>) -> [(&'static str, Router); 2] {
    let value = |name: &str| secret.filter(|_| name == "BURGEE_CRON_SECRET").map(Into::into);
    let vars = Vars::read(&[fn_admin::VARS, &[api::CRON_SECRET]], value).unwrap();
    [
        ("/tick", fn_admin::build_with_cron(platform.clone(), &vars).await.unwrap()),
        ("/drain", fn_metrics_process::build_with_cron(platform.clone(), &vars).await.unwrap()),
    ]
}

/// Asks, and fails if the contract does not know the answer.
async fn ask(router: &Router, method: &str, path: &str, secret: &str) -> Told {
    let bearer = format!("Bearer {secret}");
    let told = Asked::new(method, path, &[("authorization", &bearer)], "").of(router).await;
    let contract = contract();
    let mut answer = &contract["paths"][path]["post"]["responses"][told.status.to_string()];
    assert!(answer.is_object(), "{method} {path}: {} is not documented", told.status);
    if let Some(reference) = answer["$ref"].as_str() {
        answer = contract.pointer(reference.trim_start_matches('#')).unwrap();
        for name in answer["headers"].as_object().into_iter().flat_map(serde_json::Map::keys) {
            assert!(told.headers.contains_key(&name.to_lowercase()), "{method} {path}: {name} is missing");
        }
    }
    told
}

fn body(told: &Told) -> Value {
    serde_json::from_slice(&told.body).unwrap()
}

#[tokio::test]
async fn whoever_knows_the_secret_is_told_what_was_done_as_documented() {
    let platform = platform().await;
    for (path, router) in functions(&platform, Some(SECRET)).await {
        let told = ask(&router, "POST", path, SECRET).await;

        assert_eq!(told.status, 200, "{told:?}");
        let contract = contract();
        let mut schema =
            contract["paths"][path]["post"]["responses"]["200"]["content"]["application/json"]["schema"]
                .clone();
        schema["components"] = contract["components"].clone();
        let mistake = jsonschema::validate(&schema, &body(&told)).err().map(|error| error.to_string());
        assert_eq!(mistake, None, "{path}");
        assert_eq!(body(&told)["isComplete"], true);
    }
}

#[tokio::test]
async fn everybody_else_is_refused_as_documented() {
    let platform = platform().await;
    for (set, method, secret, expected) in [
        (Some(SECRET), "POST", "another secret of thirty-two letters", 401),
        (None, "POST", SECRET, 403),
        (Some(SECRET), "GET", SECRET, 405),
    ] {
        for (path, router) in functions(&platform, set).await {
            let told = ask(&router, method, path, secret).await;

            assert_eq!(told.status, expected, "{method} {path} {told:?}");
            assert_eq!(body(&told)["code"], expected.to_string(), "{path}");
        }
    }
}
