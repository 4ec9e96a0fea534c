//! `Idempotency-Key`: a request that is sent again has no second effect and gets its first answer.

use std::time::Duration;

use model::KeyHash;
use platform::Statement;
use serde_json::{Value, json};
use store::{Role, TokenRow};

use super::service::{Answer, Caller, Service};

fn named(caller: &Caller, key: &str) -> Caller {
    caller.with_header("idempotency-key", key)
}

fn flag(identifier: &str) -> Value {
    json!({
        "identifier": identifier, "name": identifier, "project": "shop", "kind": "boolean", "permanent": false,
        "variations": [{"identifier": "true", "value": "true"}, {"identifier": "false", "value": "false"}],
        "defaultOnVariation": "true", "defaultOffVariation": "false",
    })
}

fn state(state: &str) -> Value {
    json!({"instructions": [{"kind": "setFeatureFlagState", "parameters": {"state": state}}]})
}

fn segment(identifier: &str) -> Value {
    json!({"identifier": identifier, "name": identifier, "project": "shop", "environment": "dev"})
}

#[track_caller]
fn same(first: Answer, again: &Answer) -> Value {
    assert_eq!((first.status, &first.body), (again.status, &again.body));
    assert!((200..300).contains(&first.status), "{}", first.body);
    first.body
}

/// What is left when the process dies after its commit and before it has kept the answer.
async fn crash(service: &Service) {
    let forget = "DELETE FROM idempotency_key WHERE status <> 0";
    service.platform.db.batch(vec![Statement::new(forget)]).await.unwrap();
}

/// A number that each write changes.
const WRITTEN: &str = "SELECT (SELECT count(*) FROM change) + 1000 * (SELECT count(*) FROM admin_token)";

/// A token whose id is `known`.
async fn make_token(service: &Service) {
    let row = TokenRow {
        id: "known".to_owned(),
        hash: KeyHash::from_wire("known"),
        name: "known".to_owned(),
        prefix: String::new(),
        role: Role::Viewer,
        account: None,
        project: None,
        created_ms: 0,
        expires_ms: None,
        last_used_ms: None,
    };
    service.platform.db.batch(vec![store::insert_token(&row)]).await.unwrap();
}

/// One request of each kind that writes, in an order in which they can be carried out.
fn writes() -> Vec<(&'static str, &'static str, Value)> {
    let rename = json!({"instructions": [{"kind": "updateName", "parameters": {"name": "x"}}]});
    let include = json!({"instructions": [{"kind": "addToIncludeList", "parameters": {"targets": ["ann"]}}]});
    let many = json!({"flags": [{"identifier": "dark", "instructions": state("off")["instructions"]}]});
    let target = json!({
        "identifier": "ann", "name": "Ann", "project": "shop", "environment": "dev", "account": "acme",
        "org": "default", "attributes": {},
    });
    vec![
        ("POST", "/projects", json!({"identifier": "blog"})),
        ("PUT", "/projects/blog", json!({"identifier": "blog", "name": "Blog"})),
        ("DELETE", "/projects/blog", Value::Null),
        ("POST", "/environments", json!({"identifier": "test", "project": "shop"})),
        ("PUT", "/environments/test", json!({"identifier": "test", "name": "Test", "project": "shop"})),
        ("DELETE", "/environments/test", Value::Null),
        ("POST", "/tags", json!({"identifier": "old", "name": "Old"})),
        ("DELETE", "/tags/old", Value::Null),
        ("POST", "/targets", target.clone()),
        ("PATCH", "/targets/ann", rename),
        ("PUT", "/targets/ann", target),
        ("DELETE", "/targets/ann", Value::Null),
        ("POST", "/apikey", json!({"identifier": "web", "type": "Client"})),
        ("PUT", "/apikey/web", json!({"name": "Web"})),
        ("DELETE", "/apikey/web", Value::Null),
        ("POST", "/segments", segment("beta")),
        ("PATCH", "/segments/beta", include),
        ("DELETE", "/segments/beta", Value::Null),
        ("POST", "/features", flag("dark")),
        ("PATCH", "/features/dark", state("on")),
        ("PATCH", "/features", many),
        ("PUT", "/features/dark", json!({"name": "Dark"})),
        ("POST", "/burgee/v1/flags/dark/revert", json!({"version": 9})),
        ("DELETE", "/features/dark", Value::Null),
        ("POST", "/features/dark/restore", json!({})),
        ("DELETE", "/features/dark?forceDelete=true", Value::Null),
        ("POST", "/burgee/v1/tokens", json!({"name": "a", "role": "viewer"})),
        ("DELETE", "/burgee/v1/tokens/known", Value::Null),
    ]
}

#[tokio::test]
async fn every_write_that_is_sent_again_gets_its_first_answer_and_writes_nothing() {
    let service = Service::start().await;
    let owner = service.owner();
    make_token(&service).await;
    for (place, (method, path, body)) in writes().into_iter().enumerate() {
        let caller = named(&owner, &format!("write {place}"));
        let body = Some(&body).filter(|body| !body.is_null());
        let first = caller.send(method, path, body).await;
        let before = service.number(WRITTEN).await;

        let again = caller.send(method, path, body).await;

        assert_eq!((again.status, &again.body), (first.status, &first.body), "{method} {path}");
        assert!(first.status < 300, "{method} {path}: {}", first.body);
        assert_eq!(service.number(WRITTEN).await, before, "{method} {path}");
    }
}

#[tokio::test]
async fn every_write_is_answered_alike_after_a_crash_before_its_first_answer_was_kept() {
    let service = Service::start().await;
    let owner = service.owner();
    make_token(&service).await;
    for (place, (method, path, body)) in writes().into_iter().enumerate() {
        let caller = named(&owner, &format!("write {place}"));
        let body = Some(&body).filter(|body| !body.is_null());
        let mut first = caller.send(method, path, body).await;
        let before = service.number(WRITTEN).await;
        crash(&service).await;

        let mut again = caller.send(method, path, body).await;

        // Made anew for each answer; it names the answer, not what was done.
        for answer in [&mut first, &mut again] {
            answer.body.as_object_mut().map(|body| body.remove("correlationId"));
        }
        assert_eq!((again.status, &again.body), (first.status, &first.body), "{method} {path}");
        assert_eq!(service.number(WRITTEN).await, before, "{method} {path}");
    }
}

#[tokio::test]
async fn an_answer_that_was_given_before_says_so() {
    let service = Service::start().await;
    let caller = named(&service.owner(), "one");

    let first = caller.post("/features", &flag("dark")).await;
    let again = caller.post("/features", &flag("dark")).await;

    assert_eq!(
        (first.header("idempotency-replayed"), again.header("idempotency-replayed")),
        (None, Some("true"))
    );
    assert_eq!(again.header("content-type"), Some("application/json"));
    same(first, &again);
}

#[tokio::test]
async fn the_first_answer_stays_the_answer_whatever_happened_since() {
    let service = Service::start().await;
    let owner = service.owner();
    owner.make_flag("dark", "shop", &[]).await;
    let caller = named(&owner, "switch on");
    let first = caller.send("PATCH", "/features/dark", Some(&state("on"))).await;
    owner.send("PATCH", "/features/dark", Some(&state("off"))).await.is(200);

    let again = caller.send("PATCH", "/features/dark", Some(&state("on"))).await;

    assert_eq!(same(first, &again)["envProperties"]["state"], "on");
    assert_eq!(
        owner.get("/features/dark").await.is(200)["envProperties"]["state"],
        "off",
        "no second effect"
    );
}

#[tokio::test]
async fn a_write_that_changed_nothing_is_not_made_later_either() {
    let service = Service::start().await;
    let owner = service.owner();
    owner.make_flag("dark", "shop", &[]).await;
    let caller = named(&owner, "off");
    caller.send("PATCH", "/features/dark", Some(&state("off"))).await.is(200);
    owner.switch_on("dark").await;

    caller.send("PATCH", "/features/dark", Some(&state("off"))).await.is(200);

    assert_eq!(owner.get("/features/dark").await.is(200)["envProperties"]["state"], "on");
}

#[tokio::test]
async fn another_request_under_the_same_key_is_refused() {
    let service = Service::start().await;
    let caller = named(&service.owner(), "one");
    caller.post("/features", &flag("dark")).await.is(201);
    let expected = "Idempotency-Key \"one\" was sent with another request in the last 24 hours; use a new one for each request";

    for after_a_crash in [false, true] {
        if after_a_crash {
            crash(&service).await;
        }
        let body = caller.post("/features", &flag("light")).await.refused(409);
        let query = caller.at("live").post("/features", &flag("dark")).await.refused(409);
        let path = caller.post("/segments", &segment("dark")).await.refused(409);
        let method = caller.delete("/features/dark").await.refused(409);

        assert_eq!([&body, &query, &path, &method], [expected; 4], "after a crash: {after_a_crash}");
    }
    assert_eq!(service.number("SELECT count(*) FROM current_object WHERE kind = 'flag'").await, 1);
}

#[tokio::test]
async fn the_same_key_of_another_caller_is_another_key() {
    let service = Service::start().await;
    let one = named(&service.with_role(Role::Editor, None).await, "one");
    let other = named(&service.with_role(Role::Editor, None).await, "one");

    one.post("/features", &flag("dark")).await.is(201);
    other.post("/features", &flag("light")).await.is(201);
}

#[tokio::test]
async fn what_was_refused_may_be_sent_again_under_its_key() {
    let service = Service::start().await;
    let owner = service.owner();
    let caller = named(&owner, "one");
    caller.send("PATCH", "/features/dark", Some(&state("on"))).await.refused(404);
    owner.make_flag("dark", "shop", &[]).await;

    caller.send("PATCH", "/features/dark", Some(&state("on"))).await.is(200);
}

#[tokio::test]
async fn a_key_is_forgotten_after_a_day() {
    let service = Service::start().await;
    let owner = service.owner();
    owner.make_flag("dark", "shop", &[]).await;
    let caller = named(&owner, "one");
    caller.send("PATCH", "/features/dark", Some(&state("on"))).await.is(200);
    owner.send("PATCH", "/features/dark", Some(&state("off"))).await.is(200);
    let rows = "SELECT count(*) FROM idempotency_key";
    let tick = async || fn_admin::tick(&service.platform, Duration::from_secs(1)).await.unwrap();

    service.clock.advance(Duration::from_secs(24 * 3600 - 1));
    tick().await;
    assert_eq!(service.number(rows).await, 2, "the write and its answer");
    caller.send("PATCH", "/features/dark", Some(&state("on"))).await.is(200);
    assert_eq!(owner.get("/features/dark").await.is(200)["envProperties"]["state"], "off");

    service.clock.advance(Duration::from_secs(1));
    let again = caller.send("PATCH", "/features/dark", Some(&state("on"))).await.is(200);
    assert_eq!(again["envProperties"]["state"], "on", "after a day it is a new request, pruned or not");
    service.clock.advance(Duration::from_secs(24 * 3600));
    tick().await;
    assert_eq!(service.number(rows).await, 0);
}

#[tokio::test]
async fn a_secret_is_told_again_to_the_same_caller_and_stored_nowhere() {
    let service = Service::start().await;
    let owner = service.owner();
    for (path, body, field) in [
        ("/apikey", json!({"identifier": "web", "type": "Client"}), "apiKey"),
        (
            "/apikey",
            json!({"identifier": "own", "type": "Server", "apiKey": "a-key-brought-along-42"}),
            "apiKey",
        ),
        ("/burgee/v1/tokens", json!({"name": "a", "role": "viewer"}), "token"),
    ] {
        let caller = named(&owner, &format!("make {body}"));

        let first = caller.post(path, &body).await;
        let again = caller.post(path, &body).await;

        let secret = same(first, &again)[field].as_str().unwrap().to_owned();
        let rows =
            service.platform.db.query(Statement::new("SELECT answer FROM idempotency_key")).await.unwrap();
        let stored = rows.iter().map(|row| row.text(0).unwrap()).collect::<Vec<_>>().join("\n");
        assert!(secret.len() >= 16 && !stored.contains(&secret), "{path}");
    }
    let unnamed = async |name: &str| {
        let body = json!({"identifier": name, "type": "Client"});
        owner.post("/apikey", &body).await.is(201)["apiKey"].clone()
    };
    assert_ne!(unnamed("one").await, unnamed("two").await);
}

#[tokio::test]
async fn a_key_that_is_none_is_refused_and_reads_need_none() {
    let service = Service::start().await;
    let owner = service.owner();
    let long = "x".repeat(256);
    for key in ["", " ", &long, "a\tb", "é"] {
        let refused = named(&owner, key).post("/features", &flag("dark")).await.refused(400);
        assert_eq!(
            refused, "Idempotency-Key: use 1 to 255 printable ASCII characters, such as a UUID",
            "{key:?}"
        );
    }
    named(&owner, &"x".repeat(255)).post("/features", &flag("dark")).await.is(201);
    named(&owner, "").get("/features").await.is(200);
    let nobody = named(&service.caller("nobody"), "one");
    nobody.post("/features", &flag("light")).await.refused(401);
    let viewer = named(&service.with_role(Role::Viewer, None).await, "one");
    viewer.post("/features", &flag("light")).await.refused(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_from_many_at_once_is_carried_out_once() {
    let service = Service::start_in_real_time().await;
    let processes = [service.owner(), service.other_process().owner()];
    for round in 0..20 {
        let before = service.project("shop").await.revision;
        let mut senders = tokio::task::JoinSet::new();
        for index in 0..6 {
            let caller = named(&processes[index % 2], &format!("round {round}"));
            let body = flag(&format!("flag-{round}"));
            senders.spawn(async move { caller.post("/features", &body).await });
        }

        let answers = senders.join_all().await;

        assert_eq!(service.project("shop").await.revision, before + 1, "round {round}");
        for answer in &answers {
            assert_eq!((answer.status, &answer.body), (201, &answers[0].body), "round {round}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_secret_is_told_to_many_who_ask_at_once() {
    let service = Service::start_in_real_time().await;
    let processes = [service.owner(), service.other_process().owner()];
    for round in 0..10 {
        for (path, body) in [
            ("/burgee/v1/tokens", json!({"name": format!("token {round}"), "role": "viewer"})),
            ("/apikey", json!({"identifier": format!("key-{round}"), "type": "Server"})),
            ("/projects", json!({"identifier": format!("project-{round}")})),
        ] {
            let mut senders = tokio::task::JoinSet::new();
            for index in 0..4 {
                let caller = named(&processes[index % 2], &format!("{path} {round}"));
                let body = body.clone();
                senders.spawn(async move { caller.post(path, &body).await });
            }

            let answers = senders.join_all().await;

            for answer in &answers {
                assert_eq!((answer.status, &answer.body), (201, &answers[0].body), "{path} {round}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_different_requests_under_one_key_at_once_exactly_one_is_carried_out() {
    let service = Service::start_in_real_time().await;
    let processes = [service.owner(), service.other_process().owner()];
    for round in 0..20 {
        let mut senders = tokio::task::JoinSet::new();
        for index in 0..4 {
            let caller = named(&processes[index % 2], &format!("round {round}"));
            let body = flag(&format!("flag-{round}-{index}"));
            senders.spawn(async move { caller.post("/features", &body).await.status });
        }

        let mut statuses = senders.join_all().await;

        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409, 409, 409], "round {round}");
    }
}
