//! Access tokens: made, listed, restricted, revoked.

use std::time::Duration;

use serde_json::{Value, json};
use store::Role;

use super::service::{Caller, START_MS, Service, each};

const HOUR_MS: i64 = 3_600_000;

async fn make(caller: &Caller, body: Value) -> Value {
    caller.post("/burgee/v1/tokens", &body).await.is(201)
}

/// The bearer of a token that was just made.
fn bearer(service: &Service, made: &Value) -> Caller {
    service.caller(made["token"].as_str().unwrap())
}

fn path(token: &Value) -> String {
    format!("/burgee/v1/tokens/{}", token["id"].as_str().unwrap())
}

#[tokio::test]
async fn a_token_is_shown_once_and_listed_by_its_first_characters() {
    let service = Service::start().await;
    let owner = service.owner();
    let wanted = json!({
        "name": " CI ", "role": "editor", "account": "acme", "org": "default", "project": "shop",
        "expiresAt": START_MS + HOUR_MS,
    });

    let answer = owner.post("/burgee/v1/tokens", &wanted).await;
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let made = answer.is(201);
    let list = owner.get("/burgee/v1/tokens").await.is(200);

    let clear = made["token"].as_str().unwrap();
    assert!(clear.starts_with("adm_") && clear.len() == 47, "{clear}");
    let expected = json!({
        "id": made["id"], "name": "CI", "prefix": clear.chars().take(8).collect::<String>(), "role": "editor", "account": "acme",
        "org": "default", "project": "shop", "createdAt": START_MS, "expiresAt": START_MS + HOUR_MS,
    });
    assert_eq!(list["tokens"], json!([expected]));
    assert_eq!(list["itemCount"], 1);
    assert!(!list.to_string().contains(clear));
    let stored =
        service.number("SELECT count(*) FROM admin_token WHERE hash LIKE 'adm_%' OR length(hash) <> 64");
    assert_eq!(stored.await, 0, "only the SHA-256 is stored");
}

#[tokio::test]
async fn a_bearer_may_do_what_its_role_says() {
    let service = Service::start().await;
    let owner = service.owner();
    owner.make_flag("dark", "shop", &[]).await;
    let role = async |role: &str| bearer(&service, &make(&owner, json!({"name": role, "role": role})).await);
    let (viewer, editor, other_owner) = (role("viewer").await, role("editor").await, role("owner").await);
    let key = |identifier: &str| json!({"identifier": identifier, "type": "Server"});

    for caller in [&viewer, &editor, &other_owner] {
        caller.get("/features/dark").await.is(200);
    }
    let off = json!({"state": "on"});
    let refused = viewer.instruct("/features/dark", "setFeatureFlagState", off).await.refused(403);
    editor.switch_on("dark").await;
    editor.post("/apikey", &key("a")).await.refused(403);
    other_owner.post("/apikey", &key("b")).await.is(201);

    assert_eq!(refused, "the access token \"viewer\" has the role viewer; this needs the role editor");
}

#[tokio::test]
async fn only_owners_see_make_and_revoke_tokens() {
    let service = Service::start().await;
    let made = make(&service.owner(), json!({"name": "a", "role": "viewer"})).await;
    for role in [Role::Viewer, Role::Editor] {
        let caller = service.with_role(role, None).await;

        caller.get("/burgee/v1/tokens").await.refused(403);
        caller.post("/burgee/v1/tokens", &json!({"name": "b", "role": "viewer"})).await.refused(403);
        caller.delete(&path(&made)).await.refused(403);
    }
    service.caller("nobody").get("/burgee/v1/tokens").await.refused(401);
}

#[tokio::test]
async fn nobody_makes_a_token_that_reaches_further_than_their_own() {
    let service = Service::start().await;
    service.make_project("blog", &["dev"]).await;
    let of_account = service.with_role(Role::Owner, None).await;
    let of_project = service.with_role(Role::Owner, Some("shop")).await;
    let project = |account: &str, project: &str| json!({"name": "a", "role": "owner", "account": account, "org": "default", "project": project});

    let other_account = json!({"name": "a", "role": "viewer", "account": "other"});
    let refused = of_account.post("/burgee/v1/tokens", &other_account).await.refused(403);
    assert_eq!(refused, "the access token is for account \"acme\", not \"other\"");
    of_account.post("/burgee/v1/tokens", &project("acme", "moon")).await.refused(404);
    of_project.post("/burgee/v1/tokens", &project("acme", "blog")).await.refused(404);

    let inherited = make(&of_account, json!({"name": "a", "role": "owner"})).await;
    assert_eq!((&inherited["account"], inherited.get("project")), (&json!("acme"), None));
    let inherited = make(&of_project, json!({"name": "a", "role": "owner"})).await;
    assert_eq!((&inherited["account"], &inherited["project"]), (&json!("acme"), &json!("shop")));
    let bearer = bearer(&service, &inherited);
    bearer.in_project("blog").get("/features").await.refused(404);
    bearer.get("/features").await.is(200);
}

#[tokio::test]
async fn an_owner_sees_and_revokes_tokens_within_its_own_reach_only() {
    let service = Service::start().await;
    service.make_project("blog", &["dev"]).await;
    let root = service.owner();
    let everywhere = make(&root, json!({"name": "everywhere", "role": "viewer"})).await;
    let blog =
        json!({"name": "blog", "role": "viewer", "account": "acme", "org": "default", "project": "blog"});
    let blog = make(&root, blog).await;
    let of_shop = service.with_role(Role::Owner, Some("shop")).await;
    let shop = make(&of_shop, json!({"name": "shop", "role": "viewer"})).await;

    let seen = of_shop.get("/burgee/v1/tokens").await.is(200);
    for out_of_reach in [&everywhere, &blog] {
        of_shop.delete(&path(out_of_reach)).await.refused(404);
    }
    of_shop.delete(&path(&shop)).await.is(204);

    assert_eq!(each(&seen["tokens"], "project"), ["shop", "shop"], "its own and the one it made");
    bearer(&service, &everywhere).get("/features").await.is(200);
}

#[tokio::test]
async fn a_revoked_token_is_refused_with_the_next_request() {
    let service = Service::start().await;
    let owner = service.owner();
    let made = make(&owner, json!({"name": "a", "role": "viewer"})).await;
    let caller = bearer(&service, &made);
    caller.get("/features").await.is(200);

    owner.delete(&path(&made)).await.is(204);

    assert_eq!(caller.get("/features").await.refused(401), "the access token is unknown, revoked or expired");
    let again = owner.delete(&path(&made)).await.refused(404);
    assert_eq!(again, format!("access token {} does not exist", made["id"]));
}

#[tokio::test]
async fn a_token_is_refused_from_the_moment_it_expires() {
    let service = Service::start().await;
    let body = json!({"name": "a", "role": "viewer", "expiresAt": START_MS + 1_000});
    let caller = bearer(&service, &make(&service.owner(), body).await);

    caller.get("/features").await.is(200);
    service.clock.advance(Duration::from_secs(1));

    caller.get("/features").await.refused(401);
}

#[tokio::test]
async fn the_last_owner_of_everything_cannot_be_revoked_while_there_is_no_other_way_in() {
    let service = Service::start().await;
    let root = service.owner();
    let owner = |name: &str| json!({"name": name, "role": "owner"});
    let one = make(&root, owner("one")).await;
    let of_account = json!({"name": "account", "role": "owner", "account": "acme"});
    let of_account = make(&root, of_account).await;
    let expired = json!({"name": "old", "role": "owner", "expiresAt": START_MS + 1});
    let expired = make(&root, expired).await;
    service.clock.advance(Duration::from_secs(1));
    let locked = service.without_root_token();
    let caller = bearer(&locked, &one);

    let refused = caller.delete(&path(&one)).await.refused(409);
    caller.delete(&path(&of_account)).await.is(204);
    caller.delete(&path(&expired)).await.is(204);
    let two = make(&caller, owner("two")).await;
    caller.delete(&path(&one)).await.is(204);
    let last = bearer(&locked, &two).delete(&path(&two)).await.refused(409);
    root.delete(&path(&two)).await.is(204);

    assert!(
        refused.starts_with("this is the last access token that may do everything; make another"),
        "{refused}"
    );
    assert_eq!(last, refused);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_owners_that_revoke_each_other_one_stays() {
    let service = Service::start().await;
    let root = service.owner();
    for _ in 0..50 {
        let one = make(&root, json!({"name": "one", "role": "owner"})).await;
        let other = make(&root, json!({"name": "other", "role": "owner"})).await;
        let locked = service.without_root_token();
        let (first, second) = (bearer(&locked, &one), bearer(&locked, &other));
        let (of_one, of_other) = (path(&one), path(&other));

        tokio::join!(first.delete(&of_other), second.delete(&of_one));

        let left = service.number("SELECT count(*) FROM admin_token WHERE role = 'owner'").await;
        assert_eq!(left, 1);
        root.delete(&of_one).await;
        root.delete(&of_other).await;
    }
}

#[tokio::test]
async fn the_last_use_of_a_token_is_known_to_the_hour() {
    let service = Service::start().await;
    let owner = service.owner();
    let made = make(&owner, json!({"name": "a", "role": "viewer"})).await;
    let caller = bearer(&service, &made);
    let last_used = async || owner.get("/burgee/v1/tokens").await.is(200)["tokens"][0]["lastUsedAt"].clone();
    let hour_ms = START_MS - START_MS.rem_euclid(HOUR_MS);

    assert_eq!(last_used().await, Value::Null);
    caller.get("/features").await.is(200);
    assert_eq!(last_used().await, hour_ms);
    service.clock.advance(Duration::from_secs(60));
    caller.get("/features").await.is(200);
    assert_eq!(last_used().await, hour_ms, "not written again in the same hour");
    service.clock.advance(Duration::from_secs(3_600));
    caller.get("/features").await.is(200);
    assert_eq!(last_used().await, hour_ms + HOUR_MS);
}

#[tokio::test]
async fn a_bad_request_for_a_token_is_refused_with_the_field_and_what_to_do() {
    let service = Service::start().await;
    let owner = service.owner();
    let cases = [
        (json!({"role": "viewer"}), "name: is missing"),
        (json!({"name": "", "role": "viewer"}), "name: needs 1 to 256 bytes; say who or what"),
        (json!({"name": "x".repeat(257), "role": "viewer"}), "name: needs 1 to 256 bytes"),
        (json!({"name": "admin", "role": "owner"}), "name: \"admin\" is what audit calls BURGEE_ADMIN_TOKEN"),
        (json!({"name": "a"}), "role: is missing"),
        (
            json!({"name": "a", "role": "root"}),
            "role: unknown variant `root`, expected one of `viewer`, `editor`",
        ),
        (
            json!({"name": "a", "role": "viewer", "expiresAt": START_MS}),
            "expiresAt: 1700000000000 has passed",
        ),
        (json!({"name": "a", "role": "viewer", "expiresAt": "soon"}), "expiresAt: invalid type: string"),
        (json!({"name": "a", "role": "viewer", "account": "a b"}), "account: \"a b\" is not an identifier"),
        (json!({"name": "a", "role": "viewer", "project": "shop"}), "org: is missing; project is only found"),
        (json!({"name": "a", "role": "viewer", "org": "default"}), "project: is missing; org is only found"),
        (
            json!({"name": "a", "role": "viewer", "org": "default", "project": "shop"}),
            "account: is missing; project is only found together with it",
        ),
    ];
    for (body, message) in cases {
        let refused = owner.post("/burgee/v1/tokens", &body).await.refused(400);
        assert!(refused.starts_with(message), "{refused}\nexpected {message}");
    }
    assert_eq!(service.number("SELECT count(*) FROM admin_token").await, 0);
}

#[tokio::test]
async fn organisations_are_listed_as_far_as_a_token_reaches() {
    let service = Service::start().await;
    let elsewhere = "accountIdentifier=acme&orgIdentifier=lab";
    let owner = service.owner();
    owner.with_scope(elsewhere).post("/projects", &json!({"identifier": "rocket"})).await.is(201);
    let of_shop = service.with_role(Role::Viewer, Some("shop")).await;
    let of_account = service.with_role(Role::Viewer, None).await;

    let all = of_account.get("/burgee/v1/organisations").await.is(200);
    let own = of_shop.get("/burgee/v1/organisations").await.is(200);
    let second = owner.get("/burgee/v1/organisations?pageSize=1&pageNumber=1").await.is(200);

    assert_eq!(each(&all["organisations"], "identifier"), ["default", "lab"]);
    assert_eq!(
        own["organisations"],
        json!([{"identifier": "default", "name": "default", "createdAt": START_MS}])
    );
    assert_eq!(each(&second["organisations"], "identifier"), ["lab"]);
    assert_eq!(second["itemCount"], 2);
    owner.with_scope("").get("/burgee/v1/organisations").await.refused(400);
    of_account.with_scope("accountIdentifier=other").get("/burgee/v1/organisations").await.refused(403);
}

#[tokio::test]
async fn who_made_and_revoked_a_token_is_recorded_where_the_token_reaches() {
    let service = Service::start().await;
    let root = service.owner();
    let everywhere = make(&root, json!({"name": "everywhere", "role": "owner"})).await;
    let of_account = make(&root, json!({"name": "account", "role": "owner", "account": "acme"})).await;
    let of_project = json!({
        "name": "project", "role": "owner", "account": "acme", "org": "default", "project": "shop",
    });
    let of_project = make(&root, of_project).await;
    bearer(&service, &everywhere).delete(&path(&of_project)).await.is(204);
    let all = "accountIdentifier=acme&orgIdentifier=default";
    let trail = async |caller: &Caller, scope: &str| {
        let page = caller.with_scope(scope).get("/audit?objectType=AccessToken").await.is(200);
        let rows = page["data"]["auditTrails"].as_array().unwrap().clone();
        let row = |row: &Value| {
            let text = |field: &str| row[field].as_str().unwrap();
            format!("{} {} {}", text("actor"), text("action"), text("project"))
        };
        rows.iter().map(row).collect::<Vec<_>>()
    };

    let of_shop = trail(&root, &format!("{all}&projectIdentifier=shop")).await;
    let by_root = trail(&root, all).await;
    let by_account = trail(&bearer(&service, &of_account), all).await;
    let elsewhere = trail(&root, "accountIdentifier=other&orgIdentifier=default").await;

    assert_eq!(of_shop, ["everywhere AccessTokenRevoked shop", "admin AccessTokenCreated shop"]);
    assert_eq!(by_account, [of_shop.clone(), vec!["admin AccessTokenCreated ".to_owned()]].concat());
    assert_eq!(by_root, [by_account.clone(), vec!["admin AccessTokenCreated ".to_owned()]].concat());
    assert_eq!(elsewhere, ["admin AccessTokenCreated "], "of the installation");
    let projects = root.with_scope(all).get("/projects").await.is(200);
    assert_eq!(projects["data"]["itemCount"], 1, "chains are in no list of projects");
    for chain in store::known_projects(&*service.platform.db).await.unwrap() {
        let report = store::verify_project(&*service.platform.db, &chain.row, &[]).await.unwrap();
        assert!(report.is_sound(), "{:?}", chain.row);
    }
}
