//! Why a function does not start, and events that it cannot answer.

use std::fs;

use platform::Statement;
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::binary;
use tests::lambda::{Front, Lambda, Outcome};
use tests::postgres::Postgres;
use tests::smoke::{Function, Installation, database_url, file_in, open};
use tests::stores::{migrate, operate};

use super::world::World;

const FUNCTIONS: [&str; 4] = ["fn-admin", "fn-client", "fn-metrics-ingest", "fn-metrics-process"];

/// What a function says when it does not start on Lambda.
fn refusal(program: &str, settings: &[(&str, &str)]) -> String {
    let mut instance = Lambda::start(program, settings);
    assert_eq!(instance.wait_until_ended().code(), Some(1));
    instance.log()
}

/// The same of the function as a plain HTTP server.
fn refusal_of_server(program: &str, settings: &[(&str, &str)]) -> String {
    let mut command = binary::command(&binary::built(program));
    let ended = command.envs(settings.iter().copied()).env("BURGEE_LISTEN", "127.0.0.1:0").output().unwrap();
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    String::from_utf8(ended.stderr).unwrap()
}

#[test]
fn stores_that_cannot_be_used_are_told_in_one_sentence_that_names_the_setting() {
    const DATABASE: &str = "BURGEE_DATABASE_URL";
    const REDIS: (&str, &str) = ("BURGEE_REDIS_URL", "redis://:hunter2@one.example.org");
    const METRICS: (&str, &str) = ("BURGEE_METRICS_REDIS_URL", "redis://:hunter2@one.example.org/1");
    const POSTGRES: (&str, &str) = (DATABASE, "postgres://me:hunter2@db.example.org/flags");
    let cases: &[(&[(&str, &str)], &str)] = &[
        (&[], "BURGEE_DATABASE_URL is not set: Where the database is"),
        (&[(DATABASE, "mysql://me:hunter2@host/flags")], "BURGEE_DATABASE_URL must look like sqlite:///"),
        (&[(DATABASE, "postgres://me:hunter2@host")], "BURGEE_DATABASE_URL must look like postgres://"),
        (
            &[(DATABASE, "postgres://me:hunter2@host/flags?sslmode=verify-ca")],
            "BURGEE_DATABASE_URL: sslmode must be disable, prefer, require or verify-full",
        ),
        (
            &[(DATABASE, "postgres://me:hunter2@host/flags?sslrootcert=/nowhere/ca.pem")],
            "BURGEE_DATABASE_URL: sslrootcert /nowhere/ca.pem holds no PEM certificates",
        ),
        (
            &[POSTGRES, REDIS],
            "BURGEE_REDIS_URL is set and BURGEE_METRICS_REDIS_URL is not: name another Redis",
        ),
        (
            &[POSTGRES, METRICS],
            "BURGEE_METRICS_REDIS_URL is set and BURGEE_REDIS_URL is not: name another Redis",
        ),
        (&[POSTGRES, REDIS, METRICS], "BURGEE_REDIS_URL and BURGEE_METRICS_REDIS_URL name the same server"),
        (
            &[POSTGRES, REDIS, ("BURGEE_METRICS_REDIS_URL", "hunter2")],
            "BURGEE_METRICS_REDIS_URL must look like redis://",
        ),
        (
            &[(DATABASE, "sqlite:///nowhere/burgee.db"), REDIS],
            "for Postgres, but BURGEE_DATABASE_URL names SQLite",
        ),
        (&[POSTGRES, ("BURGEE_DATABASE_CONNECTIONS", "0")], "BURGEE_DATABASE_CONNECTIONS is \"0\", expected"),
    ];
    for (settings, sentence) in cases {
        for said in [refusal("fn-client", settings), refusal_of_server("fn-client", settings)] {
            assert!(said.contains(sentence), "{sentence}: {said}");
            assert!(!said.contains("hunter2"), "{said}");
            assert!(said.trim_end().lines().count() <= 2, "{said}");
        }
    }
}

#[test]
fn a_plain_server_whose_database_is_away_ends_with_one_sentence() {
    let settings = [("BURGEE_DATABASE_URL", "postgres://me:hunter2@%2Fnowhere/flags")];
    for function in FUNCTIONS {
        let said = refusal_of_server(function, &settings);

        assert!(said.starts_with(&format!("{function}: ")) && said.contains("BURGEE_DATABASE_URL"), "{said}");
        assert!(!said.contains("hunter2"), "{said}");
        assert_eq!(said.trim_end().lines().count(), 1, "{said}");
    }
}

#[tokio::test]
async fn a_schema_of_postgres_that_a_function_does_not_know_is_one_sentence_that_says_what_to_run() {
    let server = Postgres::start();
    let empty = server.default_url();
    let future = database_of_the_future(&server).await;
    for (url, sentence) in [(&empty, "run `burgee migrate`"), (&future, "needs a newer burgee")] {
        for function in FUNCTIONS {
            let settings = [("BURGEE_DATABASE_URL", url.as_str())];
            for said in [refusal(function, &settings), refusal_of_server(function, &settings)] {
                assert!(said.contains(sentence), "{function}: {said}");
                assert_eq!(said.trim_end().lines().count(), 1, "{said}");
            }
        }
    }
}

async fn database_of_the_future(server: &Postgres) -> String {
    operate(&server.default_url(), "CREATE DATABASE future").await;
    let url = server.url("future");
    migrate(&url).await;
    operate(&url, "INSERT INTO schema_version (version, min_reader) VALUES (99, 99)").await;
    url
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
    for function in FUNCTIONS {
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
    for function in FUNCTIONS {
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
