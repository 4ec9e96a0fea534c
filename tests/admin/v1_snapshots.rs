//! What an environment serves and why, now and at earlier versions; and where the installation stands.

use std::time::Duration;

use platform::Statement;
use serde_json::{Value, json};
use store::Role;

use super::service::{Service, each};

#[tokio::test]
async fn a_snapshot_holds_what_was_served_at_its_version() {
    let service = Service::start().await;
    let owner = service.owner();
    owner.make_flag("dark", "shop", &[]).await;
    owner.make_flag("light", "shop", &[]).await;
    let body = json!({"identifier": "beta", "name": "Beta", "project": "shop", "environment": "dev"});
    owner.post("/segments", &body).await.is(201);
    let then = service.environment("dev").await;
    let before = owner.get("/burgee/v1/snapshot").await.is(200);
    owner.switch_on("dark").await;
    owner.delete("/features/light").await.is(204);
    owner.delete("/segments/beta").await.is(204);

    let answer = owner.get("/burgee/v1/snapshot").await;
    let tag = answer.header("etag").map(str::to_owned);
    let now = answer.is(200);
    let earlier = owner.get(&format!("/burgee/v1/snapshot?version={}", then.version)).await.is(200);
    let first = owner.get("/burgee/v1/snapshot?version=1").await.is(200);

    assert_eq!(tag, Some(format!("\"{}\"", then.version.0 + 3)));
    assert_eq!(
        (&now["format"], &now["environment"], &now["environmentIdentifier"], &now["version"]),
        (&json!(1), &json!(then.id), &json!("dev"), &json!(then.version.0 + 3))
    );
    assert_eq!((each(&now["flags"], "feature"), &now["segments"]), (vec!["dark".to_owned()], &json!([])));
    assert_eq!(now["flags"][0]["state"], "on");
    assert_eq!(earlier, before, "an earlier version is what it was");
    assert_eq!(each(&earlier["flags"], "feature"), ["dark", "light"]);
    assert_eq!(earlier["flags"][0]["state"], "off");
    assert_eq!(each(&earlier["segments"], "identifier"), ["beta"]);
    assert_eq!((&first["flags"], &first["version"]), (&json!([]), &json!(1)));
}

#[tokio::test]
async fn a_version_that_never_was_has_no_snapshot() {
    let service = Service::start().await;
    let owner = service.owner();

    for version in ["0", "-1", "2", "9223372036854775807"] {
        let refused = owner.get(&format!("/burgee/v1/snapshot?version={version}")).await.refused(400);
        assert_eq!(
            refused,
            format!("version: {version} is none that environment \"dev\" has had; use 1 to 1")
        );
    }
    owner.get("/burgee/v1/snapshot?version=new").await.refused(400);
    owner.at("moon").get("/burgee/v1/snapshot").await.refused(404);
    let elsewhere = service.with_role(Role::Viewer, Some("shop")).await.in_project("blog");
    elsewhere.get("/burgee/v1/snapshot").await.refused(404);
}

#[tokio::test]
async fn an_explanation_tells_which_check_decided_at_any_version() {
    let service = Service::start().await;
    let owner = service.owner();
    owner.make_flag("dark", "shop", &[]).await;
    let then = service.environment("dev").await.version;
    owner.switch_on("dark").await;
    let named = json!({"variation": "false", "targets": ["ann"]});
    owner.instruct("/features/dark", "addTargetsToVariationTargetMap", named).await.is(200);
    let viewer = service.with_role(Role::Viewer, None).await;
    let explain = async |target: Value, version: Option<i64>| {
        let body = json!({"target": target, "version": version});
        viewer.post("/burgee/v1/flags/dark/explain", &body).await.is(200)
    };

    let ann = explain(json!({"identifier": "ann"}), None).await;
    let bob = explain(json!({"identifier": "bob", "attributes": {"plan": "pro"}}), None).await;
    let earlier = explain(json!({"identifier": "ann"}), Some(then.0)).await;

    assert_eq!((&ann["reason"], &ann["variation"]["identifier"]), (&json!("targetMatch"), &json!("false")));
    assert_eq!((&bob["reason"], &bob["variation"]["identifier"]), (&json!("defaultServe"), &json!("true")));
    assert_eq!((&earlier["reason"], &earlier["version"]), (&json!("off"), &json!(then)));
    let text = ann["text"].as_str().unwrap();
    assert!(text.starts_with("flag \"dark\" serves \"false\" (value \"false\") to target \"ann\""), "{text}");
    assert!(bob["steps"].as_array().unwrap().len() > 1, "{bob}");
}

#[tokio::test]
async fn what_cannot_be_explained_is_refused() {
    let service = Service::start().await;
    let owner = service.owner();
    owner.make_flag("dark", "shop", &[]).await;
    let ann = json!({"target": {"identifier": "ann"}});
    let path = "/burgee/v1/flags/dark/explain";

    let unknown = owner.post("/burgee/v1/flags/moon/explain", &ann).await.refused(404);
    let before = json!({"target": {"identifier": "ann"}, "version": 1});
    owner.post(path, &before).await.refused(404);
    let missing = owner.post(path, &json!({})).await.refused(400);
    owner.post(path, &json!({"target": "ann"})).await.refused(400);
    let ahead = json!({"target": {"identifier": "ann"}, "version": 99});
    owner.post(path, &ahead).await.refused(400);
    let nowhere = owner.with_scope("accountIdentifier=acme&orgIdentifier=default&projectIdentifier=shop");
    let nowhere = nowhere.post(path, &ann).await.refused(400);

    assert_eq!(unknown, "flag \"moon\" does not exist");
    assert_eq!(missing, "target: is missing");
    assert!(nowhere.starts_with("environmentIdentifier: is missing"), "{nowhere}");
}

#[tokio::test]
async fn the_status_tells_versions_and_what_waits() {
    let service = Service::start().await;
    service.make_project("blog", &[]).await;
    let owner = service.owner();
    owner.make_flag("dark", "shop", &[]).await;
    let unsend = Statement::new("UPDATE change SET sent = FALSE WHERE kind = 'flag_config'");
    let enqueue = Statement::new("INSERT INTO work_queue (id, payload, available_ms) VALUES ('a', x'00', 0)");
    service.platform.db.batch(vec![unsend, enqueue]).await.unwrap();
    service.clock.advance(Duration::from_secs(5));
    let of_shop = service.with_role(Role::Viewer, Some("shop")).await;

    let status = owner.get("/burgee/v1/status").await.is(200);
    let own = of_shop.get("/burgee/v1/status").await.is(200);

    assert_eq!(status["schema"], json!({"version": store::SCHEMA_VERSION, "program": store::SCHEMA_VERSION}));
    assert_eq!(status["unsent"], json!({"changes": 2, "oldestAgeMs": 5_000}));
    assert_eq!(status["queue"], json!({"waiting": 1}));
    assert!(status["program"].is_string());
    let (dev, live) = (service.environment("dev").await, service.environment("live").await);
    assert_eq!(
        status["projects"],
        json!([
            {"account": "acme", "org": "default", "identifier": "blog", "revision": 1, "environments": []},
            {
                "account": "acme", "org": "default", "identifier": "shop", "revision": 4,
                "environments": [
                    {"identifier": "dev", "id": dev.id, "version": dev.version},
                    {"identifier": "live", "id": live.id, "version": live.version},
                ],
            },
        ])
    );
    assert_eq!(each(&own["projects"], "identifier"), ["shop"], "no more than the token reaches");
    assert_eq!((&status["itemCount"], &own["itemCount"]), (&json!(2), &json!(1)));
}
