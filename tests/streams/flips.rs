//! What one change costs when thousands of browsers listen, and how soon they have it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use tests::admin::Environment;
use tests::burgee::{Burgee, Demo, Launch};
use tests::seed::is_soak;

use crate::browsers::{Browsers, Site};

/// Streams that one key may hold in the soak; fewer in the test, so that it stays short.
const SOAK: usize = 5_000;
const TEST: usize = 2_000;

/// Targets that a change concerns where it does not concern all.
const FEW: usize = 40;

/// Changes that are timed on a stream of its own.
const TIMED: usize = 50;

struct World {
    burgee: Burgee,
    environment: Environment,
    site: Site,
    _data: TempDir,
}

impl World {
    /// A server that takes any number of streams from one address, as behind a proxy.
    fn start() -> Self {
        let data = TempDir::new().unwrap();
        let burgee = Launch::new(data.path(), Demo::No).set("BURGEE_BEHIND_PROXY", "true").start();
        let environment = burgee.admin().create_environment("shop", "dev");
        let key = environment.create_key("browsers", "Client");
        let site = Site { address: burgee.url().trim_start_matches("http://").to_owned(), key };
        Self { burgee, environment, site, _data: data }
    }

    /// Opens browsers and waits until they have heard what they may have missed, so that from then on only
    /// news are heard.
    async fn browsers(&self, count: usize) -> Browsers {
        self.environment.create_flag("settled", "boolean", &[("true", "true"), ("false", "false")]);
        let browsers = Browsers::open(&self.site, count).await;
        self.environment.switch("settled", "on");
        browsers.serve("settled", "true", count).await;
        browsers
    }

    /// Requests that reached the client routes so far, as the server's log has them.
    fn client_requests(&self) -> usize {
        let log = self.burgee.stderr();
        log.lines().filter(|line| line.contains("/client/env/")).count()
    }

    /// Makes, changes or deletes a segment.
    fn segment(&self, method: &str, path: &str, body: Option<&Value>) {
        let scope =
            "accountIdentifier=acme&orgIdentifier=default&projectIdentifier=shop&environmentIdentifier=dev";
        let path = format!("/admin/segments{path}?{scope}&forceDelete=true");
        let answer = self.burgee.admin().send(method, &path, body);
        assert!(answer.status < 300, "{method} {path}: {} {}", answer.status, answer.body);
    }
}

/// A change: when it was sent, and when its answer had been read.
struct Change {
    sent: Instant,
    answered: Instant,
}

impl Change {
    fn make(change: impl FnOnce() -> Instant) -> Self {
        let sent = Instant::now();
        Self { sent, answered: change() }
    }

    /// How long browsers took that had it at these times.
    fn took(&self, times: &[Instant]) -> String {
        let since = |from: Instant| {
            let at = |percent: usize| {
                let at = times[(times.len() - 1) * percent / 100];
                at.saturating_duration_since(from).as_secs_f64() * 1_000.0
            };
            format!("p50 {:.0} ms, p99 {:.0} ms, last {:.0} ms", at(50), at(99), at(100))
        };
        format!("{} after PATCH was sent; {} after it was answered", since(self.sent), since(self.answered))
    }
}

fn few() -> Vec<String> {
    (0..FEW).map(|index| format!("browser-{index}")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_flip_for_thousands_of_browsers_costs_no_request() {
    let count = if is_soak() { SOAK } else { TEST };
    let world = World::start();
    let environment = &world.environment;
    environment.create_flag("dark-mode", "boolean", &[("true", "true"), ("false", "false")]);
    environment.create_flag("banner", "string", &[("hello", "Hello, sea"), ("none", "")]);
    environment.switch("banner", "on");
    let opening = Instant::now();
    let browsers = world.browsers(count).await;
    let opened_in = opening.elapsed();
    let (before, heard) = (world.client_requests(), browsers.events());
    assert_eq!(before, count, "each has fetched its answers once");

    let flip = Change::make(|| environment.switch("dark-mode", "on"));
    let flipped = browsers.serve("dark-mode", "true", count).await;
    assert_eq!((browsers.events() - heard, world.client_requests() - before), (count as u64, 0));

    let listed = json!({ "variation": "false", "targets": few() });
    let listing =
        Change::make(|| environment.instruct("dark-mode", "addTargetsToVariationTargetMap", &listed));
    let listed = browsers.serve("dark-mode", "false", FEW).await;

    let emptied = json!({ "variation": "none", "targets": few() });
    let emptying =
        Change::make(|| environment.instruct("banner", "addTargetsToVariationTargetMap", &emptied));
    let fetched = browsers.serve("banner", "", FEW).await;

    println!("{count} browsers, connected in {opened_in:.1?}");
    println!("one flag switched for all, 0 requests: {}", flip.took(&flipped));
    println!("for {FEW} of them, 0 requests: {}", listing.took(&listed));
    println!("an empty value for {FEW}, {FEW} requests: {}", emptying.took(&fetched));
    assert_eq!(
        browsers.events() - heard,
        (count + 2 * FEW) as u64,
        "whose answers did not change heard nothing"
    );
    assert_eq!(browsers.requests(), FEW as u64);
    assert_eq!(world.client_requests() - before, FEW);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn segments_and_prerequisites_reach_the_browsers_whose_flags_they_change() {
    let world = World::start();
    let environment = &world.environment;
    for flag in ["base", "top", "by-segment"] {
        environment.create_flag(flag, "boolean", &[("true", "true"), ("false", "false")]);
    }
    environment.switch("top", "on");
    let needed = json!({ "feature": "base", "variations": ["true"] });
    environment.instruct("top", "addPrerequisite", &needed);
    let segment = json!({ "identifier": "beta", "name": "beta", "project": "shop", "environment": "dev" });
    world.segment("POST", "", Some(&segment));
    environment.instruct("by-segment", "updateDefaultServe", &json!({ "variation": "false" }));
    let clauses = json!([{ "op": "segmentMatch", "attribute": "", "values": ["beta"] }]);
    let rule = json!({ "clauses": clauses, "serve": { "variation": "true" }, "priority": 1 });
    environment.instruct("by-segment", "addRule", &rule);
    environment.switch("by-segment", "on");
    let browsers = world.browsers(2 * FEW).await;
    let before = world.client_requests();
    let heard = browsers.events();

    environment.switch("base", "on");
    browsers.serve("top", "true", 2 * FEW).await;
    let members =
        json!({ "instructions": [{ "kind": "addToIncludeList", "parameters": { "targets": few() } }] });
    world.segment("PATCH", "/beta", Some(&members));
    browsers.serve("by-segment", "true", FEW).await;
    world.segment("DELETE", "/beta", None);
    browsers.serve("by-segment", "false", 2 * FEW).await;

    assert_eq!((world.client_requests(), before), (2 * FEW, 2 * FEW), "each has fetched its answers once");
    assert_eq!(browsers.events() - heard, (2 * 2 * FEW + FEW + FEW) as u64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_has_a_change_within_50_ms_of_its_answer() {
    let world = World::start();
    world.environment.create_flag("dark-mode", "boolean", &[("true", "true"), ("false", "false")]);
    let browser = world.browsers(1).await;

    let mut late = Vec::new();
    let mut took = Vec::new();
    for round in 0..TIMED {
        let (state, value) = if round % 2 == 0 { ("on", "true") } else { ("off", "false") };
        let flip = Change::make(|| world.environment.switch("dark-mode", state));
        let heard = browser.serve("dark-mode", value, 1).await[0];
        late.push(heard.saturating_duration_since(flip.answered));
        took.push(heard.duration_since(flip.sent));
    }

    late.sort_unstable();
    took.sort_unstable();
    println!(
        "{TIMED} times: median {:.1?} after PATCH was answered, {:.1?} after it was sent",
        late[TIMED / 2],
        took[TIMED / 2]
    );
    assert!(late[TIMED / 2] <= Duration::from_millis(50), "{late:?}");
}
