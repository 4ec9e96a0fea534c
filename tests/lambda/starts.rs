//! Why a function does not start, and events that it cannot answer.

use std::fs;

use platform::Statement;
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::lambda::{Front, Lambda, Outcome};
use tests::smoke::{Function, Installation, database_url, file_in, open};

use super::world::World;

/// What a function says when it does not start.
fn refusal(program: &str, settings: &[(&str, &str)]) -> String {
    let mut instance = Lambda::start(program, settings);
    assert_eq!(instance.wait_until_ended().code(), Some(1));
    instance.log()
}

#[test]
fn everything_that_is_wrong_with_the_settings_is_said_at_once() {
    let settings = [("BURGEE_ADMIN_TOKEN", "short"), ("BURGEE_BASE_PATH", "flags/")];

    let said = refusal("fn-admin", &settings);

    assert!(said.starts_with("fn-admin: 3 settings are wrong:\n"), "{said}");
    for sentence in [
        "BURGEE_DATABASE_URL is not set: Where the database is",
        "BURGEE_ADMIN_TOKEN is shorter than 32 characters; choose a longer one",
        "BURGEE_BASE_PATH is \"flags/\", expected a path such as /flags",
    ] {
        assert!(said.contains(sentence), "{said}");
    }
    assert!(!said.contains("short\""), "{said}");
}

#[test]
fn a_token_key_that_cannot_be_used_is_named_and_not_shown() {
    for function in ["fn-client", "fn-metrics-ingest"] {
        let said = refusal(
            function,
            &[("BURGEE_TOKEN_KEYS", "k:c2VjcmV0"), ("BURGEE_DATABASE_URL", "sqlite:///nowhere/burgee.db")],
        );

        assert!(said.contains("BURGEE_TOKEN_KEYS cannot be used: "), "{said}");
        assert!(!said.contains("c2VjcmV0"), "{said}");
    }
}

#[test]
fn a_database_that_cannot_be_opened_is_one_sentence() {
    for function in ["fn-admin", "fn-client", "fn-metrics-ingest", "fn-metrics-process"] {
        let said = refusal(function, &[("BURGEE_DATABASE_URL", "sqlite:///nowhere/burgee.db")]);

        assert_eq!(
            said,
            format!("{function}: data folder /nowhere does not exist; create it with: mkdir -p /nowhere\n")
        );
    }
}

#[tokio::test]
async fn a_schema_that_a_function_does_not_know_is_one_sentence_that_says_what_to_run() {
    let empty = TempDir::new().unwrap();
    fs::write(file_in(empty.path()), b"").unwrap();
    let said = refusal("fn-client", &[("BURGEE_DATABASE_URL", &database_url(empty.path()))]);
    assert!(said.contains("burgee migrate"), "{said}");

    let future = Installation::new().await.copy();
    {
        let db = open(&file_in(future.path())).db;
        let record = "INSERT INTO schema_version (version, min_reader) VALUES ($1, $2)";
        db.batch(vec![Statement::new(record).bind(99).bind(99)]).await.unwrap();
    }
    for function in ["fn-admin", "fn-client", "fn-metrics-ingest", "fn-metrics-process"] {
        let said = refusal(function, &[("BURGEE_DATABASE_URL", &database_url(future.path()))]);

        assert!(said.contains("schema 99") && said.contains("newer burgee"), "{said}");
        assert_eq!(said.trim_end().lines().count(), 1, "{said}");
    }
}

#[tokio::test]
async fn a_bad_event_is_an_error_and_the_next_one_is_answered() {
    let installation = Installation::new().await;
    let mut world = World::on(&installation);
    let good = installation.sdk("GET", "/client/env/{environment}/feature-configs", &Value::Null);
    let mut bad = Front::LoadBalancer.event(&good);
    bad["headers"]["host"] = "no host : \\ at [all".into();
    bad["headers"]["bad name"] = "x".into();
    let odd = world.instance(Function::Client).invoke(&bad);
    assert_eq!(Front::LoadBalancer.told(odd).status, 200, "whatever the headers hold");
    for event in [
        json!([]),
        json!("event"),
        json!(7),
        json!({"requestContext": 7}),
        json!({"requestContext": {"http": {}}}),
        json!({"requestContext": {"http": {"method": "GET"}}, "rawPath": "no path"}),
        json!({"requestContext": {}, "httpMethod": "G E T", "path": "/"}),
        json!({"requestContext": {}, "httpMethod": "GET", "path": "x".repeat(100_000)}),
        json!({"requestContext": {}, "httpMethod": "POST", "path": "/", "body": "%", "isBase64Encoded": true}),
    ] {
        let outcome = world.instance(Function::Client).invoke(&event);

        let Outcome::Error(error) = outcome else { panic!("{event}: {outcome:?}") };
        assert!(!error["errorMessage"].as_str().unwrap().contains("panic"), "{event}: {error}");
        assert_eq!(world.ask(Front::FunctionUrl, Function::Client, &good).status, 200);
    }
}
