//! How long writes and lists take, on a file with `synchronous = FULL`: percentiles, because a team
//! notices the slowest toggle, not the mean.
//!
//! `cargo bench -p fn-admin` prints one line per case. `BURGEE_BENCH_FLAGS` and `BURGEE_BENCH_ENVIRONMENTS`
//! set the size of the project (10,000 and 10).
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench stops at what it did not expect, and prints"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use fn_admin::Admin;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use platform_native::{Options, Sqlite, embedded_on};
use serde_json::{Value, json};
use tower::ServiceExt;

const TOKEN: &str = "a-token-for-the-bench-of-32-characters";
const QUERY: &str =
    "accountIdentifier=a&orgIdentifier=o&projectIdentifier=p&environmentIdentifier=environment-0";

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(run());
}

async fn run() {
    let folder = tempfile::tempdir().expect("a folder");
    let sqlite = Sqlite::open(&folder.path().join("burgee.db"), Options::default()).expect("a database");
    let platform = embedded_on(Arc::new(sqlite));
    store::migrate(&*platform.db).await.expect("a schema");
    let api = Api(fn_admin::router(Admin::new(platform, Some(Arc::from(TOKEN)))));

    api.set_up(1, 2).await;
    measure("toggle, 1 flag, 2 environments", 300, |round| api.toggle(round)).await;
    let (flags, environments) = (size("BURGEE_BENCH_FLAGS", 10_000), size("BURGEE_BENCH_ENVIRONMENTS", 10));
    let started = Instant::now();
    api.grow(flags, environments).await;
    println!("made {flags} flags in {environments} environments in {:.1?}", started.elapsed());
    measure("toggle in the large project", 300, |round| api.toggle(round)).await;
    measure("rename in the large project (every environment)", 100, |round| api.rename(round)).await;
    measure("new variation in the large project (every environment)", 50, |round| api.vary(round)).await;
    measure("first page of the list", 50, |_| api.list("")).await;
    measure("first page of the list, one environment", 50, |_| {
        api.list("&environmentIdentifier=environment-0")
    })
    .await;
    measure("first page, sorted by name, on only", 50, |_| {
        api.list("&environmentIdentifier=environment-0&sortByField=name&enabled=false")
    })
    .await;
}

fn size(variable: &str, default: usize) -> usize {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

async fn measure<F: Future<Output = ()>>(name: &str, rounds: usize, mut work: impl FnMut(usize) -> F) {
    let mut times = Vec::with_capacity(rounds);
    for round in 0..rounds {
        let started = Instant::now();
        work(round).await;
        times.push(started.elapsed());
    }
    times.sort_unstable();
    let at =
        |share: usize| times.get((rounds * share / 100).min(rounds - 1)).copied().unwrap_or(Duration::ZERO);
    println!("{name:<56} p50 {:>8.2?}  p99 {:>8.2?}  max {:>8.2?}", at(50), at(99), at(100));
}

struct Api(Router);

impl Api {
    async fn set_up(&self, flags: usize, environments: usize) {
        self.send("POST", "/admin/projects?accountIdentifier=a&orgIdentifier=o", json!({"identifier": "p"}))
            .await;
        self.grow(flags, environments).await;
    }

    /// Environments first: a flag that is made later is made in all of them.
    async fn grow(&self, flags: usize, environments: usize) {
        for number in 0..environments {
            let body = json!({"identifier": format!("environment-{number}"), "project": "p"});
            self.send("POST", "/admin/environments?accountIdentifier=a&orgIdentifier=o", body).await;
        }
        for number in 0..flags {
            let body = json!({
                "identifier": format!("flag-{number}"), "name": format!("Flag number {number}"),
                "description": "Made for the bench, with a description of ordinary length.",
                "project": "p", "kind": "boolean", "permanent": false,
                "variations": [
                    {"identifier": "true", "name": "On", "value": "true"},
                    {"identifier": "false", "name": "Off", "value": "false"},
                ],
                "defaultOnVariation": "true", "defaultOffVariation": "false",
            });
            self.send("POST", "/admin/features?accountIdentifier=a&orgIdentifier=o", body).await;
        }
    }

    async fn toggle(&self, round: usize) {
        let state = if round.is_multiple_of(2) { "on" } else { "off" };
        self.patch(json!({"kind": "setFeatureFlagState", "parameters": {"state": state}})).await;
    }

    async fn rename(&self, round: usize) {
        self.patch(json!({"kind": "updateName", "parameters": {"name": format!("Name {round}")}})).await;
    }

    async fn vary(&self, round: usize) {
        let parameters = json!({"identifier": "true", "name": format!("On {round}"), "value": "true"});
        self.patch(json!({"kind": "updateVariation", "parameters": parameters})).await;
    }

    async fn patch(&self, instruction: Value) {
        let path = format!("/admin/features/flag-0?{QUERY}");
        self.send("PATCH", &path, json!({"instructions": [instruction]})).await;
    }

    async fn list(&self, more: &str) {
        let path = format!("/admin/features?accountIdentifier=a&orgIdentifier=o&projectIdentifier=p{more}");
        self.send("GET", &path, Value::Null).await;
    }

    async fn send(&self, method: &str, path: &str, body: Value) {
        let request = Request::builder().method(method).uri(path).header("x-api-key", TOKEN);
        let request = request.body(Body::from(body.to_string())).expect("a request");
        let response = self.0.clone().oneshot(request).await.expect("an answer");
        let status = response.status();
        let text = response.into_body().collect().await.expect("a body").to_bytes();
        let fine = status.is_success() || status == StatusCode::CONFLICT;
        assert!(fine, "{method} {path}: {status} {}", String::from_utf8_lossy(&text));
    }
}
