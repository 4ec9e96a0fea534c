//! The admin API as a value: callers with tokens, a clock that stands still, and a look behind the scenes.

use std::time::Duration;

use axum::Router;
use model::{AccountId, FeedEntry, KeyHash, OrganisationId, ProjectId};
use platform::{Cursor, Platform, Statement};
use serde_json::{Value, json};
use store::{Role, TokenRow};
use testkit::TestClock;

pub(crate) use super::ask::Answer;
use super::ask::{ROOT, ask};
use super::document;
use super::world::{router, send};

/// Unix milliseconds at which the clock stands at first.
pub(crate) const START_MS: i64 = 1_700_000_000_000;

/// The admin API on an empty database, with the project `shop` and its environments `dev` and `live`.
pub(crate) struct Service {
    pub(crate) platform: Platform,
    pub(crate) clock: TestClock,
    router: Router,
}

/// Somebody with an access token, working in the environment `dev` of `shop`.
#[derive(Clone)]
pub(crate) struct Caller {
    router: Router,
    token: String,
    scope: String,
    headers: Vec<(&'static str, String)>,
}

impl Service {
    pub(crate) async fn start() -> Self {
        let clock = TestClock::at(START_MS);
        Self::on(testkit::platform_at(&clock), clock).await
    }

    /// On an empty database, where time passes: for writers that get in each other's way, which wait.
    pub(crate) async fn start_in_real_time() -> Self {
        Self::on(testkit::platform(), TestClock::at(START_MS)).await
    }

    /// On that platform, whose clock need not be `clock`.
    pub(crate) async fn on(platform: Platform, clock: TestClock) -> Self {
        store::migrate(&*platform.db).await.unwrap();
        let service = Self { router: router(platform.clone()), platform, clock };
        service.make_project("shop", &["dev", "live"]).await;
        service
    }

    /// The same database behind another process: its writers take no turns with those of the first.
    pub(crate) fn other_process(&self) -> Self {
        Self {
            router: router(self.platform.clone()),
            platform: self.platform.clone(),
            clock: self.clock.clone(),
        }
    }

    /// The same database, seen by a process whose clock says `now_ms`.
    pub(crate) fn with_clock_at(&self, now_ms: i64) -> Self {
        let clock = TestClock::at(now_ms);
        let platform = Platform { clock: std::sync::Arc::new(clock.clone()), ..self.platform.clone() };
        Self { router: router(platform.clone()), platform, clock }
    }

    pub(crate) async fn make_project(&self, project: &str, environments: &[&str]) {
        let owner = self.owner();
        owner.post("/projects", &json!({ "identifier": project })).await.is(201);
        for environment in environments {
            let body = json!({ "identifier": environment, "project": project });
            owner.post("/environments", &body).await.is(201);
        }
    }

    /// Who may do everything.
    pub(crate) fn owner(&self) -> Caller {
        self.caller(ROOT)
    }

    /// A caller with a new token of that role, for all projects or for one.
    pub(crate) async fn with_role(&self, role: Role, project: Option<&str>) -> Caller {
        let id = self.platform.random.uuid();
        let token = format!("adm_{id}");
        let project = match project {
            Some(project) => Some(self.project(project).await.id),
            None => None,
        };
        let row = TokenRow {
            hash: KeyHash::from_wire(api::credentials::secret_hash(&token).as_str()),
            name: format!("{} {id}", role.as_str()),
            id,
            prefix: "adm_".to_owned(),
            role,
            account: Some(AccountId::from_wire("acme")),
            project,
            created_ms: START_MS,
            expires_ms: None,
            last_used_ms: None,
        };
        self.platform.db.batch(vec![store::insert_token(&row)]).await.unwrap();
        self.caller(&token)
    }

    /// The same database behind a server that was started without `BURGEE_ADMIN_TOKEN`.
    pub(crate) fn without_root_token(&self) -> Self {
        let router = fn_admin::router(fn_admin::Admin::new(self.platform.clone(), None));
        Self { router, platform: self.platform.clone(), clock: self.clock.clone() }
    }

    /// Whoever has that token.
    pub(crate) fn caller(&self, token: &str) -> Caller {
        let (router, scope) = (self.router.clone(), scope("shop", "dev"));
        Caller { router, token: token.to_owned(), scope, headers: Vec::new() }
    }

    pub(crate) async fn project(&self, identifier: &str) -> store::ProjectRow {
        let (account, organisation) = (AccountId::from_wire("acme"), OrganisationId::from_wire("default"));
        let identifier = ProjectId::from_wire(identifier);
        store::project_by_identifier(&*self.platform.db, &account, &organisation, &identifier).await.unwrap()
    }

    pub(crate) async fn environment(&self, identifier: &str) -> store::EnvironmentRow {
        let project = self.project("shop").await;
        let identifier = model::EnvironmentId::from_wire(identifier);
        store::environment_by_identifier(&*self.platform.db, &project.id, &identifier).await.unwrap()
    }

    /// Everything that was announced.
    pub(crate) async fn announced(&self) -> Vec<FeedEntry> {
        let start = Cursor("0".to_owned());
        let page = self.platform.feed.read_after(&start, 1_000, Duration::ZERO).await.unwrap();
        page.entries.iter().map(|entry| serde_json::from_slice(entry).unwrap()).collect()
    }

    /// The one number that a statement answers.
    pub(crate) async fn number(&self, sql: &'static str) -> i64 {
        self.platform.db.query(Statement::new(sql)).await.unwrap()[0].int(0).unwrap()
    }

    /// What no write of `work` may change: the versions of the environments and what was announced.
    pub(crate) async fn versions(&self) -> (i64, usize) {
        (self.number("SELECT sum(version) FROM environment").await, self.announced().await.len())
    }
}

impl Caller {
    /// The same caller in another environment of `shop`.
    pub(crate) fn at(&self, environment: &str) -> Self {
        Self { scope: scope("shop", environment), ..self.clone() }
    }

    /// The same caller in another project's environment `dev`.
    pub(crate) fn in_project(&self, project: &str) -> Self {
        Self { scope: scope(project, "dev"), ..self.clone() }
    }

    /// The same caller with another query.
    pub(crate) fn with_scope(&self, scope: &str) -> Self {
        Self { scope: scope.to_owned(), ..self.clone() }
    }

    /// The same caller, who sends one more header.
    pub(crate) fn with_header(&self, name: &'static str, value: impl Into<String>) -> Self {
        let mut headers = self.headers.clone();
        headers.push((name, value.into()));
        Self { headers, ..self.clone() }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send("PUT", path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, None).await
    }

    /// Sends one instruction.
    pub(crate) async fn instruct(&self, path: &str, kind: &str, parameters: Value) -> Answer {
        let body = json!({ "instructions": [{ "kind": kind, "parameters": parameters }] });
        self.send("PATCH", path, Some(&body)).await
    }

    pub(crate) async fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let body = body.map(Value::to_string).unwrap_or_default();
        self.send_as(method, path, "application/json", body.into()).await
    }

    /// Sends a body of whatever type. Whatever is answered, it is as the contract says.
    pub(crate) async fn send_as(
        &self,
        method: &str,
        path: &str,
        content_type: &str,
        body: Vec<u8>,
    ) -> Answer {
        let separator = if path.contains('?') { '&' } else { '?' };
        let mut ask = ask(method, format!("{path}{separator}{}", self.scope)).token(&self.token);
        ask = ask.header("content-type", content_type).text(body);
        for (name, value) in &self.headers {
            ask = ask.header(name, value);
        }
        let answer = send(&self.router, &ask).await;
        document::check(&ask, &answer);
        answer
    }

    /// Makes a flag with the variations `true` and `false` and these tags.
    pub(crate) async fn make_flag(&self, identifier: &str, project: &str, tags: &[&str]) {
        let tags = tags.iter().map(|tag| json!({ "identifier": tag, "name": tag }));
        let body = json!({
            "identifier": identifier, "name": identifier, "project": project, "kind": "boolean", "permanent": false,
            "variations": [{"identifier": "true", "value": "true"}, {"identifier": "false", "value": "false"}],
            "defaultOnVariation": "true", "defaultOffVariation": "false", "tags": tags.collect::<Vec<_>>(),
        });
        self.post("/features", &body).await.is(201);
    }

    /// Switches a flag on.
    pub(crate) async fn switch_on(&self, flag: &str) {
        let path = format!("/features/{flag}");
        self.instruct(&path, "setFeatureFlagState", json!({ "state": "on" })).await.is(200);
    }
}

/// One field of every item of a list.
pub(crate) fn each(list: &Value, field: &str) -> Vec<String> {
    let items = list.as_array().unwrap_or_else(|| panic!("no list: {list}"));
    items.iter().map(|item| item[field].as_str().unwrap_or_else(|| panic!("{item}")).to_owned()).collect()
}

fn scope(project: &str, environment: &str) -> String {
    format!(
        "accountIdentifier=acme&orgIdentifier=default&projectIdentifier={project}&environmentIdentifier={environment}"
    )
}
