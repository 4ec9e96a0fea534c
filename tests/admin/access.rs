//! Who may do what, and what is answered where nothing is served.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use model::ProjectUuid;
use platform::{Db, DbError, Dialect, Platform, Row, Statement};
use serde_json::json;
use store::Role;

use super::ask::{Ask, ROOT, ask, delete, get, post};
use super::document::{ADMIN, operations, path_of};
use super::world::{
    NOW_MS, ORGANISATION, SHOP, Scope, World, create_flag, flag, in_environment, instructions, router, send,
};

#[tokio::test]
async fn the_api_is_served_under_three_prefixes() {
    let world = World::shop().await;

    for prefix in ["/admin", "/cf/admin", "/gateway/cf/admin"] {
        let identifier = prefix.replace('/', "_");
        world.ask(create_flag(&flag(&identifier)).under(prefix)).await.is(201);
        let read = world.ask(get(format!("/features/{identifier}?{SHOP}")).under(prefix)).await.is(200);
        assert_eq!(read["identifier"], identifier);
        world.ask(get("/audit").under(prefix)).await;
    }
    for prefix in ["", "/cf", "/gateway/admin", "/admin/admin", "/api/1.0/admin"] {
        let ask = get(format!("/features?{SHOP}")).under(prefix);
        let answer = send(&router(world.platform.clone()), &ask).await;
        assert_eq!(answer.refused(404), format!("path \"{prefix}/features\" does not exist"));
    }
}

#[tokio::test]
async fn a_request_that_is_sent_again_under_another_prefix_is_the_same() {
    let world = World::shop().await;
    let create = |prefix| create_flag(&flag("dark")).header("idempotency-key", "once").under(prefix);

    let first = world.ask(create("/admin")).await.is(201);
    let again = world.ask(create("/gateway/cf/admin")).await.is(201);

    assert_eq!(first, again);
}

#[tokio::test]
async fn the_token_travels_in_x_api_key_or_as_bearer() {
    let world = World::shop().await;
    let list = || get(format!("/features?{SHOP}"));

    for good in [
        list(),
        list().bearer(ROOT),
        list().without_token().header("authorization", &format!("bearer  {ROOT} ")),
        list().without_token().header("authorization", &format!("Bearer {ROOT}")).header("x-api-key", ""),
        list().header("authorization", "Bearer nonsense"),
    ] {
        world.ask(good).await.is(200);
    }
    for bad in
        [list().token("nonsense"), list().bearer(ROOT).token("nonsense"), list().token(&format!("{ROOT}x"))]
    {
        let message = world.refused(bad, 401).await;
        assert_eq!(message, "the access token is unknown, revoked or expired");
    }
    for none in [
        list().without_token(),
        list().token(""),
        list().bearer(""),
        list().without_token().header("authorization", ROOT),
        list().without_token().header("authorization", &format!("Basic {ROOT}")),
    ] {
        let message = world.refused(none, 401).await;
        assert_eq!(message, "send an access token in the header x-api-key, or as Authorization: Bearer");
    }
}

#[tokio::test]
async fn nothing_is_told_or_done_without_a_token() {
    let world = World::shop().await;

    for operation in operations(ADMIN) {
        let path = format!("{}?{SHOP}&environmentIdentifier=dev", path_of(operation.template));
        let bare = || ask(operation.method.as_str(), path.clone()).text("{");
        world.refused(bare().without_token(), 401).await;
        world.refused(bare().token("nonsense"), 401).await;
    }
}

/// What each role may do, least first.
fn deeds() -> [(Role, Ask, u16); 8] {
    let key = json!({ "identifier": "new", "type": "Server" });
    [
        (Role::Viewer, get(format!("/features?{SHOP}")), 200),
        (Role::Viewer, get(in_environment("/apikey", "dev")), 200),
        (Role::Editor, create_flag(&flag("new")), 201),
        (
            Role::Editor,
            instructions(("dev", "new"), &[("setFeatureFlagState", json!({ "state": "on" }))]),
            200,
        ),
        (Role::Editor, delete(format!("/features/new?{SHOP}&forceDelete=true")), 204),
        (Role::Owner, post(in_environment("/apikey", "dev"), &key), 201),
        (Role::Owner, delete(in_environment("/apikey/new", "dev")), 204),
        (
            Role::Owner,
            post(format!("/environments?{ORGANISATION}"), &json!({ "identifier": "new", "project": "shop" })),
            201,
        ),
    ]
}

#[tokio::test]
async fn a_role_may_do_what_lesser_roles_may_and_no_more() {
    for role in [Role::Viewer, Role::Editor, Role::Owner] {
        let world = World::shop().await;
        world.token("ann", role, Scope::default()).await;

        for (needed, deed, status) in deeds() {
            if role >= needed {
                world.ask(deed.token("ann")).await.is(status);
            } else {
                let message = world.refused(deed.token("ann"), 403).await;
                let (has, needs) = (role.as_str(), needed.as_str());
                let expected =
                    format!("the access token \"ann\" has the role {has}; this needs the role {needs}");
                assert_eq!(message, expected);
            }
        }
        let project = post(format!("/projects?{ORGANISATION}"), &json!({ "identifier": "new" }));
        if role == Role::Owner {
            world.ask(project.token("ann")).await.is(201);
        } else {
            world.refused(project.token("ann"), 403).await;
        }
    }
}

#[tokio::test]
async fn a_change_is_recorded_under_the_name_of_its_token() {
    let world = World::shop().await;
    world.token("ann", Role::Editor, Scope::default()).await;

    world.ask(create_flag(&flag("a")).token("ann")).await.is(201);

    let last = world.changes().await.pop().unwrap();
    assert_eq!(last, ["ann", "FeatureActivationCreated", ""]);
}

#[tokio::test]
async fn a_token_of_one_account_is_refused_in_others() {
    let world = World::shop().await;
    world.token("ann", Role::Owner, Scope { account: Some("acme"), ..Scope::default() }).await;
    let other = "accountIdentifier=other&orgIdentifier=default";

    world.ask(get(format!("/projects?{ORGANISATION}")).token("ann")).await.is(200);
    world.ask(create_flag(&flag("a")).token("ann")).await.is(201);

    for refused in [
        get(format!("/projects?{other}")),
        post(format!("/projects?{other}"), &json!({ "identifier": "x" })),
        get(format!("/projects/shop?{other}")),
        post(format!("/features?{other}"), &flag("b")),
    ] {
        let message = world.refused(refused.token("ann"), 403).await;
        assert_eq!(message, "the access token is for account \"acme\", not \"other\"");
    }
}

#[tokio::test]
async fn a_token_of_one_project_finds_no_other() {
    let world = World::shop().await;
    world.project(ORGANISATION, "other").await;
    let project = Some(world.project_id("shop").await);
    world.token("ann", Role::Owner, Scope { project, ..Scope::default() }).await;
    let other = format!("{ORGANISATION}&projectIdentifier=other");

    world.ask(create_flag(&flag("a")).token("ann")).await.is(201);
    let list = world.ask(get(format!("/projects?{ORGANISATION}")).token("ann")).await.data(200);

    assert_eq!((&list["itemCount"], &list["projects"][0]["identifier"]), (&json!(1), &json!("shop")));
    for hidden in [
        get(format!("/projects/other?{ORGANISATION}")),
        get(format!("/features?{other}")),
        delete(format!("/features/a?{other}")),
        create_flag(&super::world::with(flag("b"), json!({ "project": "other" }))),
        post(format!("/environments?{ORGANISATION}"), &json!({ "identifier": "x", "project": "other" })),
    ] {
        let message = world.refused(hidden.token("ann"), 404).await;
        assert_eq!(message, "project \"other\" does not exist", "as one that really does not");
    }
    let new = post(format!("/projects?{ORGANISATION}"), &json!({ "identifier": "new" }));
    let message = world.refused(new.token("ann"), 403).await;
    assert_eq!(message, "the access token is for one project only");
}

#[tokio::test]
async fn a_token_is_good_until_it_expires_or_is_revoked() {
    let world = World::shop().await;
    let scope = Scope { expires_ms: Some(NOW_MS + 1_000), project: None::<ProjectUuid>, account: None };
    world.token("brief", Role::Viewer, scope).await;
    world.token("revoked", Role::Viewer, Scope::default()).await;
    let list = || get(format!("/features?{SHOP}"));
    world.ask(list().token("brief")).await.is(200);
    world.ask(list().token("revoked")).await.is(200);

    world.clock.advance(Duration::from_secs(1));
    world.platform.db.batch(vec![store::delete_token("revoked")]).await.unwrap();

    for token in ["brief", "revoked"] {
        let message = world.refused(list().token(token), 401).await;
        assert_eq!(message, "the access token is unknown, revoked or expired");
    }
}

#[tokio::test]
async fn an_unknown_path_is_404_and_a_wrong_method_405_in_json() {
    let world = World::shop().await;
    for path in ["", "/", "/nothing", "/projects/shop/nothing", "/features/a/b/c", "/targets-segment"] {
        let message = world.refused(get(path), 404).await;
        assert_eq!(message, format!("path \"/admin{path}\" does not exist"));
    }
    let wrong = [
        ("PATCH", "/projects", "GET,HEAD,POST"),
        ("POST", "/projects/shop", "GET,HEAD"),
        ("PUT", "/apikey", "GET,HEAD,POST"),
        ("DELETE", "/features", "GET,HEAD,POST"),
        ("POST", "/audit", "GET,HEAD"),
        ("OPTIONS", "/features", "GET,HEAD,POST"),
    ];
    for (method, path, allowed) in wrong {
        let answer = world.ask(ask(method, path)).await;
        let found = answer.headers["allow"].to_str().unwrap().to_owned();
        assert!(allowed.split(',').all(|one| found.contains(one)), "{method} {path}: {found}");
        let message = answer.refused(405);
        assert_eq!(message, format!("{method} is not served here; the header Allow lists what is"));
    }
}

#[tokio::test]
async fn scripts_of_other_origins_cannot_read_the_admin_api() {
    let world = World::shop().await;

    let answer = world.ask(get(format!("/features?{SHOP}")).header("origin", "https://evil.example")).await;

    assert!(!answer.headers.contains_key("access-control-allow-origin"));
}

/// A database that is away.
struct Away;

#[async_trait]
impl Db for Away {
    async fn query(&self, _: Statement) -> Result<Vec<Row>, DbError> {
        Err(DbError::Unavailable("connection to 10.0.0.7 refused".to_owned()))
    }

    async fn batch(&self, _: Vec<Statement>) -> Result<Vec<u64>, DbError> {
        Err(DbError::Unavailable("connection to 10.0.0.7 refused".to_owned()))
    }

    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }
}

#[tokio::test]
async fn a_database_that_is_away_is_503_and_worth_another_try() {
    let router = router(Platform { db: Arc::new(Away), ..testkit::platform() });
    let key = json!({ "identifier": "new", "type": "Server" });

    for ask in [
        get(format!("/features?{SHOP}")),
        get(format!("/features?{SHOP}")).token("of the database"),
        create_flag(&flag("a")),
        post(format!("/projects?{ORGANISATION}"), &json!({ "identifier": "new" })),
        post(in_environment("/apikey", "dev"), &key),
    ] {
        let answer = send(&router, &ask).await;
        super::document::check(&ask, &answer);
        let message = answer.refused(503);
        assert!(!message.contains("10.0.0.7"), "{message}");
    }
}
