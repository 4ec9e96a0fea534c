//! Every route once: a small installation, and requests whose answers must not depend on the runtime.
#![expect(clippy::indexing_slicing, reason = "a JSON value without a member of that name gives null")]

mod admin;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use platform::Platform;
use platform::config::Vars;
use platform_native::{Options, Sqlite, embedded_on};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::burgee::ADMIN_TOKEN;
use crate::exchange::{Asked, Told};

/// The SDK key of the installation's environment, of type server.
pub const SDK_KEY: &str = "11111111-2222-3333-4444-555555555555";

const TOKEN_KEYS: &str = "k:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
const SCOPE: &str =
    "accountIdentifier=acme&orgIdentifier=default&projectIdentifier=shop&environmentIdentifier=dev";
/// The settings of every function of the installation but its stores.
pub const SETTINGS: [(&str, &str); 2] =
    [("BURGEE_ADMIN_TOKEN", ADMIN_TOKEN), ("BURGEE_TOKEN_KEYS", TOKEN_KEYS)];

/// Which of the functions a request is for.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Function {
    /// `fn-admin`.
    Admin,
    /// `fn-client`.
    Client,
    /// `fn-metrics-ingest`.
    MetricsIngest,
}

/// A small installation: the project `shop` with the environment `dev`, a flag, a segment and a key.
pub struct Installation {
    /// `None` where it is not in a file.
    folder: Option<TempDir>,
    environment: String,
    token: String,
}

impl Installation {
    /// A new one.
    ///
    /// # Panics
    /// If it cannot be made.
    pub async fn new() -> Self {
        let folder = TempDir::new().unwrap_or_else(|error| panic!("no temporary folder: {error}"));
        let platform = open(&file_in(folder.path()));
        Self { folder: Some(folder), ..Self::on(&platform).await }
    }

    /// A new one on other stores, whose database has its tables.
    ///
    /// # Panics
    /// If it cannot be made.
    pub async fn on(platform: &Platform) -> Self {
        let (admin, client) = (admin_on(platform).await, client_on(platform).await);
        let scope = SCOPE.split("&project").next().unwrap_or_default();
        for (path, body) in [
            (format!("/projects?{scope}"), json!({"identifier": "shop", "name": "Shop"})),
            (
                format!("/environments?{scope}"),
                json!({"identifier": "dev", "name": "Dev", "project": "shop"}),
            ),
            (format!("/features?{scope}"), flag("dark")),
            (format!("/segments?{scope}"), segment("beta")),
            (
                format!("/apikey?{SCOPE}"),
                json!({"identifier": "sdk", "name": "SDK", "type": "Server", "apiKey": SDK_KEY}),
            ),
        ] {
            let asked = administer("POST", &format!("/admin{path}"), &body);
            let told = asked.of(&admin).await;
            assert_eq!(told.status, 201, "{asked:?}: {told:?}");
        }
        let alone = json!({"apiKey": SDK_KEY});
        let authenticated = Asked::new("POST", "/client/auth", &[], text(&alone)).of(&client).await;
        let token = json(&authenticated)["authToken"].as_str().unwrap_or_default().to_owned();
        let snapshot = administer("GET", &format!("/admin/burgee/v1/snapshot?{SCOPE}"), &Value::Null);
        let environment =
            json(&snapshot.of(&admin).await)["environment"].as_str().unwrap_or_default().to_owned();
        Self { folder: None, environment, token }
    }

    /// A copy in a folder of its own, as it was made.
    ///
    /// # Panics
    /// If it cannot be copied, as where it is not in a file.
    pub fn copy(&self) -> TempDir {
        let copy = TempDir::new().unwrap_or_else(|error| panic!("no temporary folder: {error}"));
        let folder = self.folder.as_ref().unwrap_or_else(|| panic!("this installation is not in a file"));
        let copied = fs::copy(file_in(folder.path()), file_in(copy.path()));
        copied.unwrap_or_else(|error| panic!("cannot copy the database: {error}"));
        copy
    }

    /// The id of the environment `dev`.
    pub fn environment(&self) -> &str {
        &self.environment
    }

    /// A request of an SDK that has authenticated.
    pub fn sdk(&self, method: &str, path: &str, body: &Value) -> Asked {
        let bearer = format!("Bearer {}", self.token);
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        Asked::new(method, &path.replace("{environment}", &self.environment), &headers, text(body))
    }

    /// A POST of whoever may do everything.
    pub fn administer(&self, path: &str, body: &Value) -> Asked {
        administer("POST", &format!("/admin{path}?{SCOPE}"), body)
    }

    /// Requests for every route, in an order in which they make sense.
    pub fn requests(&self) -> Vec<(Function, Asked)> {
        let admin = admin::requests().into_iter().map(|asked| (Function::Admin, asked));
        let client = self.client_requests().into_iter().map(|asked| (Function::Client, asked));
        let metrics = json!({"metricsData": [{
            "timestamp": 1_700_000_000_000_i64, "count": 3, "metricsType": "FFMETRICS",
            "attributes": [
                {"key": "featureIdentifier", "value": "dark"}, {"key": "variationIdentifier", "value": "yes"},
            ],
        }]});
        let report = self.sdk("POST", "/api/1.0/metrics/{environment}?cluster=1", &metrics);
        admin.chain(client).chain([(Function::MetricsIngest, report)]).collect()
    }

    fn client_requests(&self) -> Vec<Asked> {
        let mut requests = vec![authenticate()];
        for path in [
            "/feature-configs",
            "/feature-configs/dark",
            "/target-segments?rules=v2",
            "/target-segments/beta",
            "/target/ann/evaluations",
            "/target/ann/evaluations/dark",
            "/target/ann/evaluations/nothing",
            "/snapshot",
            "/snapshot/1",
            "/nothing",
        ] {
            let path = format!("/api/1.0/client/env/{{environment}}{path}");
            requests.push(self.sdk("GET", &path, &Value::Null));
        }
        let mut compressed = self.sdk("GET", "/client/env/{environment}/feature-configs", &Value::Null);
        compressed.headers.push(("accept-encoding".to_owned(), "gzip".to_owned()));
        let mut unchanged = compressed.clone();
        unchanged.headers.push(("if-none-match".to_owned(), "*".to_owned()));
        let unknown =
            Asked::new("GET", "/client/env/x/feature-configs", &[("authorization", "Bearer x")], "");
        let preflight = [("origin", "https://shop.example"), ("access-control-request-method", "GET")];
        let preflight = Asked::new("OPTIONS", "/client/env/x/feature-configs", &preflight, "");
        requests.extend([compressed, unchanged, unknown, preflight]);
        requests.push(Asked::new("DELETE", "/client/auth", &[], ""));
        requests
    }
}

fn administer(method: &str, target: &str, body: &Value) -> Asked {
    Asked::new(
        method,
        target,
        &[("x-api-key", ADMIN_TOKEN), ("content-type", "application/json")],
        text(body),
    )
}

fn authenticate() -> Asked {
    let body = json!({"apiKey": SDK_KEY, "target": {"identifier": "ann"}});
    Asked::new("POST", "/api/1.0/client/auth", &[("content-type", "application/json")], text(&body))
}

fn flag(identifier: &str) -> Value {
    json!({
        "identifier": identifier, "name": identifier, "project": "shop", "kind": "boolean", "permanent": false,
        "variations": [{"identifier": "yes", "value": "true"}, {"identifier": "no", "value": "false"}],
        "defaultOnVariation": "yes", "defaultOffVariation": "no",
    })
}

fn segment(identifier: &str) -> Value {
    json!({"identifier": identifier, "name": identifier, "project": "shop", "environment": "dev"})
}

fn text(body: &Value) -> String {
    if body.is_null() { String::new() } else { body.to_string() }
}

fn json(told: &Told) -> Value {
    serde_json::from_slice(&told.body).unwrap_or_else(|error| panic!("{error}: {told:?}"))
}

/// The database of an installation's folder.
pub fn file_in(folder: &Path) -> PathBuf {
    folder.join("burgee.db")
}

/// The value of `BURGEE_DATABASE_URL` for an installation's folder.
pub fn database_url(folder: &Path) -> String {
    format!("sqlite://{}", file_in(folder).display())
}

/// A platform on the database in that file.
///
/// # Panics
/// If it cannot be opened.
pub fn open(file: &Path) -> Platform {
    let sqlite = Sqlite::open(file, Options::default());
    embedded_on(Arc::new(sqlite.unwrap_or_else(|error| panic!("{error}"))))
}

/// The routers of the functions on one platform.
pub async fn routers(platform: &Platform) -> impl Fn(Function) -> Router + use<> {
    let (admin, client) = (admin_on(platform).await, client_on(platform).await);
    let vars = vars(fn_metrics_ingest::VARS);
    let ingest = fn_metrics_ingest::build(platform.clone(), &vars).await;
    let ingest = ingest.unwrap_or_else(|error| panic!("{error}"));
    move |function| match function {
        Function::Admin => admin.clone(),
        Function::Client => client.clone(),
        Function::MetricsIngest => ingest.clone(),
    }
}

async fn admin_on(platform: &Platform) -> Router {
    let built = fn_admin::build(platform.clone(), &vars(fn_admin::VARS)).await;
    built.unwrap_or_else(|error| panic!("{error}"))
}

async fn client_on(platform: &Platform) -> Router {
    let built = fn_client::build(platform.clone(), &vars(fn_client::VARS)).await;
    built.unwrap_or_else(|error| panic!("{error}"))
}

fn vars(table: &'static [platform::config::Var]) -> Vars {
    let set = |name: &str| SETTINGS.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).into());
    Vars::read(&[table], set).unwrap_or_else(|error| panic!("{error}"))
}
