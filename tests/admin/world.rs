//! An admin API on a database in memory, and what requests leave in it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use fn_admin::Admin;
use http_body_util::BodyExt;
use model::{AccountId, EnvironmentUuid, FeedEntry, ProjectUuid};
use platform::{ChangeFeed, Cursor, Platform, Row, Statement};
use serde_json::{Value, json};
use store::{Kind, Role, TokenRow};
use testkit::TestClock;
use tests::runtime::Components;
use tower::ServiceExt;

use super::ask::{Answer, Ask, ROOT, get, patch, post};
use super::document;

/// When every world begins.
pub(crate) const NOW_MS: i64 = 1_700_000_000_000;

/// The query of requests about the organisation of most tests.
pub(crate) const ORGANISATION: &str = "accountIdentifier=acme&orgIdentifier=default";

/// The query of requests about the project of most tests.
pub(crate) const SHOP: &str = "accountIdentifier=acme&orgIdentifier=default&projectIdentifier=shop";

/// An installation of one's own; its clock stands still.
pub(crate) struct World {
    pub(crate) platform: Platform,
    pub(crate) clock: TestClock,
    pub(crate) router: Router,
    feed: Arc<dyn ChangeFeed>,
    heard: Mutex<Cursor>,
    /// What answers for the router, if that is not this process.
    _components: Option<Components>,
}

/// Everything that a write would change, by table.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Rows(BTreeMap<&'static str, Vec<String>>);

/// What is in each table; of access tokens all but their last use, which a refused request notes, too.
const TABLES: [(&str, &str); 13] = [
    ("organisation", "SELECT * FROM organisation ORDER BY 1, 2"),
    ("project", "SELECT * FROM project ORDER BY 1"),
    ("environment", "SELECT * FROM environment ORDER BY 1"),
    ("object_version", "SELECT * FROM object_version ORDER BY 1, 2, 3, 4"),
    ("current_object", "SELECT * FROM current_object ORDER BY 1, 2, 3"),
    ("current_reference", "SELECT * FROM current_reference ORDER BY 1, 2, 3, 4, 5"),
    ("change", "SELECT * FROM change ORDER BY 1, 2, 3"),
    ("sdk_key", "SELECT * FROM sdk_key ORDER BY 1"),
    (
        "admin_token",
        "SELECT id, hash, name, role, account, project_id, expires_ms FROM admin_token ORDER BY 1",
    ),
    ("setting", "SELECT * FROM setting ORDER BY 1"),
    ("target", "SELECT * FROM target ORDER BY 1, 2"),
    ("work_queue", "SELECT * FROM work_queue ORDER BY 1"),
    ("idempotency_key", "SELECT * FROM idempotency_key ORDER BY 1, 2"),
];

/// One step of an environment as the feed tells of it: its identifier, its version, the events.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Step(pub(crate) String, pub(crate) i64, pub(crate) Vec<String>);

impl World {
    /// Nothing in it.
    pub(crate) async fn new() -> Self {
        let clock = TestClock::at(NOW_MS);
        let settings = [("BURGEE_ADMIN_TOKEN", ROOT)];
        let (components, platform) = match Components::start(&settings, &clock).await {
            Some((components, platform)) => (Some(components), platform),
            None => (None, testkit::platform_at(&clock)),
        };
        store::migrate(&*platform.db).await.unwrap();
        let router = components.as_ref().map_or_else(|| router(platform.clone()), Components::router);
        let feed = store::change_feed(&platform);
        let heard = Mutex::new(feed.position().await.unwrap());
        Self { platform, clock, router, feed, heard, _components: components }
    }

    /// The project "shop" with the environments "dev" and "prod"; that they came is no news any more.
    pub(crate) async fn shop() -> Self {
        let world = Self::new().await;
        world.project(ORGANISATION, "shop").await;
        for environment in ["dev", "prod"] {
            world.environment(environment).await;
        }
        world.news().await;
        world
    }

    /// Whatever is answered, it is as the contract says.
    pub(crate) async fn ask(&self, ask: Ask) -> Answer {
        let answer = send(&self.router, &ask).await;
        document::check(&ask, &answer);
        answer
    }

    /// The message of a refusal that changed nothing.
    pub(crate) async fn refused(&self, ask: Ask, status: u16) -> String {
        let before = self.rows().await;
        let message = self.ask(ask).await.refused(status);
        assert_eq!(self.rows().await, before, "{message}");
        message
    }

    pub(crate) async fn project(&self, organisation: &str, identifier: &str) -> Value {
        let body = json!({ "identifier": identifier });
        self.ask(post(format!("/projects?{organisation}"), &body)).await.data(201)
    }

    pub(crate) async fn environment(&self, identifier: &str) -> Value {
        let body = json!({ "identifier": identifier, "project": "shop" });
        self.ask(post(format!("/environments?{ORGANISATION}"), &body)).await.data(201)
    }

    /// Makes a boolean flag of the project "shop".
    pub(crate) async fn flag(&self, identifier: &str) -> Value {
        self.ask(create_flag(&flag(identifier))).await.is(201)
    }

    pub(crate) async fn read_flag(&self, environment: &str, identifier: &str) -> Value {
        self.ask(get(in_environment(&format!("/features/{identifier}"), environment))).await.is(200)
    }

    /// Gives one instruction.
    pub(crate) async fn instruct(&self, place: (&str, &str), kind: &str, parameters: Value) -> Answer {
        self.ask(instructions(place, &[(kind, parameters)])).await
    }

    /// Adds an access token; its clear text is its name.
    pub(crate) async fn token(&self, name: &str, role: Role, scope: Scope<'_>) {
        let row = TokenRow {
            id: name.to_owned(),
            hash: api::credentials::secret_hash(name),
            name: name.to_owned(),
            prefix: String::new(),
            role,
            account: scope.account.map(AccountId::from_wire),
            project: scope.project,
            created_ms: NOW_MS,
            expires_ms: scope.expires_ms,
            last_used_ms: None,
        };
        self.platform.db.batch(vec![store::insert_token(&row)]).await.unwrap();
    }

    /// Every row of every table that requests write to.
    pub(crate) async fn rows(&self) -> Rows {
        let mut tables = BTreeMap::new();
        for (table, all) in TABLES {
            let rows = self.platform.db.query(Statement::new(all)).await.unwrap();
            tables.insert(table, rows.into_iter().map(|row| format!("{:?}", row.0)).collect());
        }
        Rows(tables)
    }

    /// What was done, newest last: actor, action, comment.
    pub(crate) async fn changes(&self) -> Vec<[String; 3]> {
        const ALL: &str = "SELECT actor, action, comment FROM change ORDER BY project_id, revision, position";
        let rows = self.platform.db.query(Statement::new(ALL)).await.unwrap();
        let text = |row: &Row, column| row.text(column).unwrap().to_owned();
        rows.iter().map(|row| [text(row, 0), text(row, 1), text(row, 2)]).collect()
    }

    /// What a flag of the project "shop" serves, as server SDKs are told; `Null` where it is not served.
    pub(crate) async fn config(&self, environment: &str, flag: &str) -> Value {
        let id = self.environment_id(environment).await;
        let object = store::current(&*self.platform.db, &id, Kind::FlagConfig, flag).await.unwrap();
        let body = object.and_then(|object| object.body);
        body.map_or(Value::Null, |body| serde_json::from_str(&body).unwrap())
    }

    /// The version of an environment of the project "shop".
    pub(crate) async fn version(&self, environment: &str) -> i64 {
        let id = EnvironmentUuid::from_wire(self.environment_id(environment).await);
        let all = store::all_environments(&*self.platform.db).await.unwrap();
        all.into_iter().find(|row| row.id == id).unwrap().version.0
    }

    /// What the feed told since the last call; of each environment in order, one after the other.
    pub(crate) async fn news(&self) -> Vec<Step> {
        let cursor = self.heard.lock().unwrap().clone();
        let page = self.feed.read_after(&cursor, 1_000, Duration::ZERO).await.unwrap();
        *self.heard.lock().unwrap() = page.next;
        let names = store::all_environments(&*self.platform.db).await.unwrap();
        let step = |entry: FeedEntry| {
            let name = names.iter().find(|row| row.id == entry.environment).unwrap().identifier.to_string();
            let event = |event| {
                let event = serde_json::to_value(event).unwrap();
                assert_eq!(event["version"], entry.version.0, "an event has the version of its step");
                let text = |field: &str| event[field].as_str().unwrap().to_owned();
                format!("{} {} {}", text("event"), text("domain"), text("identifier"))
            };
            Step(name, entry.version.0, entry.events.iter().map(event).collect())
        };
        let entries = page.entries.iter().map(|entry| serde_json::from_slice(entry).unwrap());
        let mut steps: Vec<_> = entries.map(step).collect();
        steps.sort_by(|one: &Step, other| one.0.cmp(&other.0));
        steps
    }

    /// Every text that a query finds.
    pub(crate) async fn texts(&self, sql: &'static str) -> Vec<String> {
        let rows = self.platform.db.query(Statement::new(sql)).await.unwrap();
        let columns = |row: &Row| {
            (0..row.0.len()).filter_map(|at| row.opt_text(at).unwrap().map(str::to_owned)).collect()
        };
        rows.iter().flat_map(|row| -> Vec<String> { columns(row) }).collect()
    }

    pub(crate) async fn project_id(&self, identifier: &str) -> ProjectUuid {
        const BY_NAME: &str = "SELECT id FROM project WHERE identifier = $1";
        let rows = self.platform.db.query(Statement::new(BY_NAME).bind(identifier)).await.unwrap();
        ProjectUuid::from_wire(rows[0].text(0).unwrap())
    }

    async fn environment_id(&self, identifier: &str) -> String {
        let ask = get(format!("/environments/{identifier}?{SHOP}"));
        self.ask(ask).await.data(200)["id"].as_str().unwrap().to_owned()
    }
}

/// What an access token is restricted to, and until when it is good (Unix milliseconds).
#[derive(Default)]
pub(crate) struct Scope<'a> {
    pub(crate) account: Option<&'a str>,
    pub(crate) project: Option<ProjectUuid>,
    pub(crate) expires_ms: Option<i64>,
}

/// The routes with what a process that serves them answers elsewhere.
pub(crate) fn router(platform: Platform) -> Router {
    fn_admin::router(Admin::new(platform, Some(Arc::from(ROOT))))
        .fallback(api::fallback::not_found)
        .method_not_allowed_fallback(api::fallback::method_not_allowed)
}

pub(crate) async fn send(router: &Router, ask: &Ask) -> Answer {
    let (head, body) = router.clone().oneshot(ask.request()).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let body = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap() };
    Answer { status: head.status.as_u16(), headers: head.headers, body }
}

/// The path with the query for an environment of the project "shop".
pub(crate) fn in_environment(path: &str, environment: &str) -> String {
    format!("{path}?{SHOP}&environmentIdentifier={environment}")
}

/// A request for a boolean flag of the project "shop".
pub(crate) fn flag(identifier: &str) -> Value {
    json!({
        "identifier": identifier, "project": "shop", "kind": "boolean",
        "variations": [{ "identifier": "yes", "value": "true" }, { "identifier": "no", "value": "false" }],
        "defaultOnVariation": "yes", "defaultOffVariation": "no",
    })
}

/// `value` with some of its fields replaced or added.
pub(crate) fn with(mut value: Value, fields: Value) -> Value {
    let Value::Object(fields) = fields else { panic!("{fields} is no object") };
    value.as_object_mut().unwrap().extend(fields);
    value
}

pub(crate) fn create_flag(flag: &Value) -> Ask {
    post(format!("/features?{ORGANISATION}"), flag)
}

/// A PATCH of a flag in an environment: `(environment, flag)`.
pub(crate) fn instructions((environment, flag): (&str, &str), instructions: &[(&str, Value)]) -> Ask {
    let each =
        instructions.iter().map(|(kind, parameters)| json!({ "kind": kind, "parameters": parameters }));
    let body = json!({ "instructions": each.collect::<Vec<_>>() });
    patch(in_environment(&format!("/features/{flag}"), environment), &body)
}
