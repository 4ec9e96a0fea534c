//! The Worker of `infra/cloudflare` before a real server: the same answers, not older ones, its refusals.

use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use tests::deadline::wait_for;
use tests::driver::Driver;
use tests::repository::root;
use tests::wire::send;

use crate::kv::Kv;
use crate::publisher::Launch;
use crate::world::{Fetches, World, alice, authenticate, claims};

const LIMIT: Duration = Duration::from_secs(30);

#[test]
fn the_edge_answers_as_the_origin_does_and_goes_on_without_it() {
    let mut world = World::new(Fetches::Yes);
    let token = world.known();
    let paths = ["", "/dark-mode", "/theme"];
    let at_origin = paths.map(|path| world.evaluations(&world.server.url(), &token, path));

    let at_edge = paths.map(|path| world.evaluations(world.url(), &token, path));
    world.server.kill();
    let alone = paths.map(|path| world.evaluations(world.url(), &token, path));
    let again = authenticate(world.url(), &world.key);

    assert_eq!(at_edge, at_origin);
    assert_eq!(alone, at_origin, "from what the edge has");
    let (mut of_origin, mut of_edge) = (claims(&token), claims(&again));
    of_origin["iat"].take();
    of_edge["iat"].take();
    assert_eq!(of_edge, of_origin, "a token says the same, whoever signs it");
}

#[test]
fn a_token_of_the_edge_is_good_at_the_origin() {
    let world = World::new(Fetches::Yes);
    world.known();

    let token = authenticate(world.url(), &world.key);

    assert_eq!(world.evaluations(&world.server.url(), &token, "").0, 200);
}

#[test]
fn whoever_heard_of_a_version_is_not_answered_from_before_it() {
    let world = World::new(Fetches::Yes);
    let token = world.known();
    let before = world.evaluations(world.url(), &token, "/dark-mode").1;
    world.environment.switch("dark-mode", "on");
    let version = world.environment.snapshot()["version"].to_string();

    let path = format!("{}/client/env/{}/target/alice/evaluations/dark-mode", world.url(), world.uuid);
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("burgee-min-version", version.as_str())];
    let (status, after) = send("GET", &path, &headers, None);

    assert_eq!((status, &before["value"], &after["value"]), (200, &json!("false"), &json!("true")));
}

#[test]
fn refusals_are_the_origins() {
    let world = World::new(Fetches::Yes);
    let auth = |url: &str, body: &Value| send("POST", &format!("{url}/client/auth"), &[], Some(body));
    for body in [json!({"apiKey": "nobody's"}), json!({"apiKey": ""}), json!([]), json!({"apiKey": 1})] {
        assert_eq!(auth(world.url(), &body), auth(&world.server.url(), &body), "{body}");
    }
    let token = world.known();
    for (token, path) in [("", ""), ("a.b.c", ""), (token.as_str(), "/missing")] {
        let refusal = world.evaluations(&world.server.url(), token, path);
        assert_eq!(world.evaluations(world.url(), token, path), refusal, "{path}");
        assert!(refusal.0 >= 400, "{path}");
    }
}

#[test]
fn a_key_that_was_refused_costs_the_origin_nothing_for_ten_seconds() {
    let mut world = World::new(Fetches::Yes);
    let url = format!("{}/client/auth", world.url());
    let ask = || send("POST", &url, &[], Some(&json!({"apiKey": "nobody's"})));
    let first = ask();
    assert_eq!(first.0, 403, "{}", first.1);

    world.server.kill();
    let again = ask();
    let asked_anew =
        wait_for("the origin to be asked again", LIMIT, || Some(ask()).filter(|said| *said != first));

    assert_eq!(again, first, "word for word");
    assert_eq!(asked_anew.0, 502, "now that there is nobody to ask");
}

#[test]
fn while_kv_is_away_the_origin_answers() {
    let mut world = World::new(Fetches::No);
    let token = world.known();

    world.kv = Kv::start();
    let (status, body) = world.evaluations(world.url(), &token, "/dark-mode");

    assert_eq!((status, &body["value"]), (200, &json!("false")), "{body}");
}

#[test]
fn a_snapshot_that_the_engine_does_not_take_is_evaluated_at_the_origin() {
    let world = World::new(Fetches::No);
    let token = world.known();
    let uuid = &world.uuid;
    let newer =
        format!(r#"{{"format":1000,"environment":"{uuid}","version":1000,"flags":[],"segments":[]}}"#);

    world.kv.put_snapshot(uuid, &newer, json!({ "version": 1000 }));
    let answers = [(); 2].map(|()| world.evaluations(world.url(), &token, "/dark-mode"));

    for (status, body) in answers {
        assert_eq!((status, &body["value"]), (200, &json!("false")), "{body}");
    }
}

/// The browser SDK at a Worker, with a stream.
fn browser_sdk(world: &World) -> Driver {
    let url = format!("{}/api/1.0", world.url());
    let settings = json!({"url": url, "key": world.key, "target": alice(), "streaming": true, "clock": 1});
    let mut command = Command::new("node");
    command.arg(root().join("tests/sdks/web/jsdom.mjs")).arg(settings.to_string());
    let mut sdk = Driver::start(&mut command);
    let end = sdk.event("the end of the initialisation", LIMIT, |event| event["event"] != "changed").body;
    assert_eq!(end["event"], "ready", "{end}");
    sdk
}

/// Waits until the SDK gives that value to dark-mode.
fn until(sdk: &mut Driver, wanted: bool) {
    sdk.call("until", &json!([wanted, "dark-mode", "boolean", alice(), "otherwise"]), LIMIT).unwrap();
}

#[test]
fn the_published_browser_sdk_follows_changes_through_the_edge() {
    let world = World::new(Fetches::Yes);
    let mut sdk = browser_sdk(&world);

    until(&mut sdk, false);
    world.environment.switch("dark-mode", "on");
    until(&mut sdk, true);
    world.environment.switch("dark-mode", "off");
    until(&mut sdk, false);
}

#[test]
fn what_is_published_is_answered_at_the_edge_to_the_published_sdk_and_goes_on_without_the_origin() {
    let mut world = World::new(Fetches::No);
    let keys = json!({ &world.uuid: world.server_key });
    let _publisher = Launch::new(&world.server.url(), &keys, &world.kv).start();
    let token = world.known();
    let mut sdk = browser_sdk(&world);
    until(&mut sdk, false);

    world.environment.switch("dark-mode", "on");
    until(&mut sdk, true);
    let version = world.environment.snapshot()["version"].clone();
    wait_for("the new version in KV", LIMIT, || {
        (world.kv.snapshot(&world.uuid)?.metadata == json!({ "version": version })).then_some(())
    });
    world.server.kill();

    // Only from what KV holds: the Worker has no key to fetch snapshots with.
    let answered = wait_for("an answer of the edge", LIMIT, || {
        let (status, body) = world.evaluations(world.url(), &token, "/dark-mode");
        (status == 200 && body["value"] == "true").then_some(body)
    });
    let mut newcomer = browser_sdk(&world);
    until(&mut newcomer, true);
    assert_eq!(answered["identifier"], "on");
}
