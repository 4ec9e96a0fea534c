//! `burgee publish` between a real server and a KV that has every fault.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use tests::admin::Environment;
use tests::burgee::{Burgee, Demo};
use tests::certificates::Certificates;
use tests::deadline::wait_for;
use tests::driver::Driver;
use tests::repository::root;
use tests::wire::Client;

use crate::kv::{Attempt, Fault, Kv};
use crate::publisher::{Launch, Publisher};

const LIMIT: Duration = Duration::from_secs(30);

/// A server with one environment of one flag, and a KV.
struct World {
    server: Burgee,
    shop: Published,
    kv: Kv,
    _data: TempDir,
}

/// An environment, its UUID and a server key.
struct Published {
    environment: Environment,
    uuid: String,
    key: String,
}

impl Published {
    fn new(server: &Burgee, project: &str) -> Self {
        let environment = server.admin().create_environment(project, "dev");
        environment.create_flag("dark-mode", "boolean", &[("on", "true"), ("off", "false")]);
        let uuid = environment.snapshot()["environment"].as_str().unwrap().to_owned();
        let key = environment.create_key("edge", "Server");
        Self { environment, uuid, key }
    }

    fn version(&self) -> i64 {
        self.environment.snapshot()["version"].as_i64().unwrap()
    }

    /// What the origin's snapshot route answers.
    fn served(&self, server: &Burgee) -> Value {
        Client::new(&server.url(), &self.key, &self.uuid, None).get("snapshot").1
    }
}

impl World {
    fn new() -> Self {
        let data = TempDir::new().unwrap();
        let server = Burgee::start(data.path(), Demo::No);
        let shop = Published::new(&server, "shop");
        Self { server, shop, kv: Kv::start(), _data: data }
    }

    fn launch(&self) -> Launch {
        Launch::new(&self.server.url(), &json!({ &self.shop.uuid: self.shop.key }), &self.kv)
    }

    /// A publisher that has written what there is.
    fn publisher(&self) -> Publisher {
        let publisher = self.launch().start();
        self.wait_for_newest();
        publisher
    }

    /// Waits until KV holds the shop as it is now.
    fn wait_for_newest(&self) {
        let version = self.shop.version();
        wait_for("the newest version in KV", LIMIT, || {
            (self.kv.snapshot(&self.shop.uuid)?.metadata == json!({ "version": version })).then_some(())
        });
    }

    /// The versions that were written, in order.
    fn written(&self) -> Vec<i64> {
        let attempts = self.kv.attempts().into_iter();
        versions(&attempts.filter(|attempt| attempt.status == 200).collect::<Vec<_>>())
    }
}

fn versions(attempts: &[Attempt]) -> Vec<i64> {
    attempts.iter().map(|attempt| attempt.metadata["version"].as_i64().unwrap()).collect()
}

#[test]
fn every_environment_is_written_at_the_start_as_the_origin_serves_it() {
    let world = World::new();
    let (shop, blog) = (&world.shop, Published::new(&world.server, "blog"));
    let keys = json!({ &shop.uuid: shop.key, &blog.uuid: blog.key });

    let mut publisher = Launch::new(&world.server.url(), &keys, &world.kv).start();

    for published in [shop, &blog] {
        let entry = wait_for("the snapshot", LIMIT, || world.kv.snapshot(&published.uuid));
        let served = published.served(&world.server);
        assert_eq!(serde_json::from_str::<Value>(&entry.text).unwrap(), served);
        assert_eq!(entry.metadata, json!({ "version": served["version"] }));
        let written = format!("version {} written, {} bytes", served["version"], entry.text.len());
        wait_for("a line for the write", LIMIT, || publisher.log().contains(&written).then_some(()));
    }
    publisher.ask_to_end();
    assert!(publisher.wait().success());
    assert_eq!(world.kv.attempts().len(), 2, "each once");
}

#[test]
fn only_the_environments_that_are_named_are_written() {
    let world = World::new();
    let (shop, blog) = (&world.shop, Published::new(&world.server, "blog"));
    let keys = json!({ &shop.uuid: shop.key, &blog.uuid: blog.key });

    let _publisher = Launch::new(&world.server.url(), &keys, &world.kv).argument(&shop.uuid).start();
    world.wait_for_newest();
    shop.environment.switch("dark-mode", "on");
    blog.environment.switch("dark-mode", "on");
    world.wait_for_newest();

    assert_eq!(world.kv.snapshot(&blog.uuid), None);
}

#[test]
fn a_change_is_written_as_soon_as_the_stream_tells_of_it() {
    let world = World::new();
    let publisher = world.publisher();
    // Until it listens, it asks every five seconds, which would also do.
    let mut took = Vec::new();

    for state in ["on", "off", "on", "off"] {
        wait_for("KV to take a write at once", LIMIT, || {
            (world.kv.attempts().last()?.at.elapsed() > Duration::from_millis(1_200)).then_some(())
        });
        let changed = world.shop.environment.switch("dark-mode", state);
        world.wait_for_newest();
        took.push(changed.elapsed());
    }

    println!("from the change's answer to KV: {took:.0?}");
    assert!(took[1..].iter().all(|took| *took < Duration::from_secs(3)), "{took:.0?}\n{}", publisher.log());
    assert!(world.kv.attempts().iter().all(|attempt| attempt.status == 200), "no write came too soon");
}

#[test]
fn a_burst_of_changes_is_written_as_few_versions_and_the_last_one() {
    let world = World::new();
    let _publisher = world.publisher();
    let before = world.kv.attempts().len();
    let started = Instant::now();

    for _ in 0..50 {
        world.shop.environment.switch("dark-mode", "on");
        world.shop.environment.switch("dark-mode", "off");
    }
    world.wait_for_newest();

    let attempts = &world.kv.attempts()[before..];
    let writes_max = 2 + started.elapsed().as_secs();
    println!("100 changes, {} writes in {:.1?}", attempts.len(), started.elapsed());
    assert!(attempts.iter().all(|attempt| attempt.status == 200), "{attempts:?}");
    assert!(u64::try_from(attempts.len()).unwrap() <= writes_max, "{attempts:?}");
    assert!(versions(attempts).is_sorted_by(|one, next| one < next), "{attempts:?}");
}

#[test]
fn a_write_that_fails_is_tried_again_until_kv_has_the_newest() {
    let world = World::new();
    let publisher = world.publisher();
    let faults = [Fault::Refused(500), Fault::Dropped, Fault::Refused(503), Fault::DroppedAfterwards];

    world.kv.break_next(faults);
    world.shop.environment.switch("dark-mode", "on");
    world.wait_for_newest();
    // The last fault hid that it was written; whoever does not know writes again, never less.
    world.shop.environment.switch("dark-mode", "off");
    world.wait_for_newest();

    let attempts = world.kv.attempts();
    assert!(attempts.len() >= 6, "{attempts:?}");
    assert!(versions(&attempts).is_sorted(), "{attempts:?}");
    let log = publisher.log();
    for sentence in ["KV answers 500", "KV answers 503", "broke off its answer"] {
        assert!(log.contains(sentence), "{sentence:?} is not in the log");
    }
}

#[test]
fn the_pause_that_kv_asks_for_is_kept() {
    let world = World::new();
    let _publisher = world.publisher();
    let before = world.kv.attempts().len();

    world.kv.break_next([Fault::Busy(3)]);
    world.shop.environment.switch("dark-mode", "on");
    world.wait_for_newest();

    let attempts = &world.kv.attempts()[before..];
    let [busy, done] = attempts else { panic!("{attempts:?}") };
    assert_eq!((busy.status, done.status), (429, 200));
    assert!(done.at - busy.at >= Duration::from_secs(3), "{attempts:?}");
}

#[test]
fn a_slow_write_keeps_later_ones_waiting_and_the_end_waits_for_it() {
    let world = World::new();
    let mut publisher = world.publisher();
    world.kv.break_next([Fault::Held]);
    world.shop.environment.switch("dark-mode", "on");
    wait_for("the slow write", LIMIT, || (world.kv.under_way() == 1).then_some(()));
    let slow = world.shop.version();
    world.shop.environment.switch("dark-mode", "off");

    publisher.ask_to_end();
    wait_for("a word about the end", LIMIT, || publisher.log().contains("asked to end").then_some(()));
    let ended_before = publisher.has_ended();
    world.kv.release();
    let status = publisher.wait();

    assert!(!ended_before, "a write was under way");
    assert!(status.success(), "{status}");
    assert_eq!(world.kv.snapshot(&world.shop.uuid).unwrap().metadata, json!({ "version": slow }));
    assert_eq!(world.kv.most_under_way(), 1);
}

#[test]
fn who_is_ended_while_kv_fails_says_what_is_not_written() {
    let world = World::new();
    world.kv.break_next([Fault::Busy(300)]);
    let mut publisher = world.launch().start();
    wait_for("a word about the pause", LIMIT, || {
        publisher.log().contains("trying again in 300").then_some(())
    });

    publisher.ask_to_end();

    assert!(publisher.wait().success());
    let sentence = format!("ended before version {} was written", world.shop.version());
    assert!(publisher.log().contains(&sentence), "{}", publisher.log());
}

#[test]
fn kv_is_reached_by_tls_only_where_its_certificate_is_trusted() {
    let world = World::new();
    let (certificates, folder) = (Certificates::new(), TempDir::new().unwrap());
    certificates.put(folder.path());
    let mut command = Command::new("node");
    command.arg(root().join("tests/edge/tls.mjs")).arg(folder.path()).arg(world.kv.port().to_string());
    let mut encrypted = Driver::start(&mut command);
    let port = encrypted.event("a port", LIMIT, |event| event["port"].is_number()).body["port"].to_string();
    let launch = || world.launch().set("BURGEE_CLOUDFLARE_URL", &format!("https://localhost:{port}"));

    let stranger = launch().start();
    wait_for("a word about it", LIMIT, || stranger.log().contains("invalid peer certificate").then_some(()));
    let before = world.kv.attempts().len();
    let _publisher = launch().set("SSL_CERT_FILE", certificates.authority().to_str().unwrap()).start();
    world.wait_for_newest();

    assert_eq!(before, 0);
}

#[test]
fn who_starts_again_writes_what_changed_meanwhile_and_nothing_else() {
    let world = World::new();
    world.publisher().kill();
    let mut second = world.launch().set("BURGEE_LOG", "debug").start();
    wait_for("the second to have looked", LIMIT, || second.log().contains("is up to date").then_some(()));
    second.kill();
    let (unchanged, first) = (world.written(), world.shop.version());

    world.shop.environment.switch("dark-mode", "on");
    let _third = world.publisher();

    assert_eq!(unchanged, [first]);
    assert_eq!(world.written(), [first, first + 1]);
}

#[test]
fn an_origin_that_ends_and_comes_back_is_followed_again() {
    let mut world = World::new();
    let publisher = world.publisher();
    world.server.kill();
    wait_for("a word about it", LIMIT, || publisher.log().contains("cannot be reached").then_some(()));

    world.server.restart();
    world.shop.environment.switch("dark-mode", "on");

    world.wait_for_newest();
}

#[test]
fn a_key_that_is_revoked_later_is_told_of_and_asked_with_again() {
    let world = World::new();
    let mut publisher = world.publisher();

    world.shop.environment.delete_key("edge");
    world.shop.environment.switch("dark-mode", "on");
    wait_for("a word about it", LIMIT, || {
        let log = publisher.log();
        (log.contains("refuses the key of environment") && log.contains("trying again in 60s")).then_some(())
    });

    assert!(!publisher.has_ended());
}

#[test]
fn a_newer_version_in_kv_stays() {
    let world = World::new();
    let newer = world.shop.version() + 1_000_000;
    world.kv.put_snapshot(&world.shop.uuid, "{}", json!({ "version": newer }));

    let publisher = world.launch().start();
    let warning = format!("KV was given version {newer}");
    wait_for("a word about it", LIMIT, || publisher.log().contains(&warning).then_some(()));

    assert_eq!(world.kv.snapshot(&world.shop.uuid).unwrap().text, "{}");
    assert!(world.kv.attempts().is_empty());
}

#[test]
fn what_somebody_else_spoiled_in_kv_is_written_again() {
    let world = World::new();
    let _publisher = world.launch().set("BURGEE_CHECK_S", "1").start();
    world.wait_for_newest();

    world.kv.put_snapshot(&world.shop.uuid, "{}", json!({ "version": 1 }));

    world.wait_for_newest();
}

#[test]
fn what_is_wrong_from_the_start_ends_it_with_one_sentence() {
    let world = World::new();
    let uuid = &world.shop.uuid;
    let client_key = world.shop.environment.create_key("web", "Client");
    let cases = [
        (
            "BURGEE_CLOUDFLARE_TOKEN",
            "another-token-0123456789".to_owned(),
            "refuses BURGEE_CLOUDFLARE_TOKEN (403",
        ),
        ("BURGEE_CLOUDFLARE_NAMESPACE", "nothing".to_owned(), "has no KV namespace nothing (404"),
        (
            "BURGEE_SERVER_KEYS",
            json!({ uuid: "nobodys-key-0123456789" }).to_string(),
            "refuses the key of environment",
        ),
        ("BURGEE_SERVER_KEYS", json!({ uuid: client_key }).to_string(), "it must be a server key"),
        ("BURGEE_ORIGIN", format!("http://{}", world.kv.address()), "look at BURGEE_ORIGIN"),
        ("BURGEE_ORIGIN", "flags.example.com".to_owned(), "expected http(s)://host[:port]"),
        ("BURGEE_SERVER_KEYS", "{}".to_owned(), "it names no environment"),
        ("BURGEE_CLOUDFLARE_TOKEN", String::new(), "BURGEE_CLOUDFLARE_TOKEN"),
    ];
    for (name, value, sentence) in cases {
        let mut publisher = world.launch().set(name, &value).start();

        assert_eq!(publisher.wait().code(), Some(1), "{name}={value}");

        let log = publisher.log();
        let last = log.lines().last().unwrap();
        assert!(last.starts_with("burgee: ") && last.contains(sentence), "{name}={value}: {log}");
    }
    assert!(world.kv.snapshot(uuid).is_none());
}

#[test]
fn an_environment_that_is_refused_does_not_keep_others_waiting() {
    let world = World::new();
    let blog = Published::new(&world.server, "blog");
    blog.environment.delete_key("edge");
    let keys = json!({ &world.shop.uuid: world.shop.key, &blog.uuid: blog.key });

    let publisher = Launch::new(&world.server.url(), &keys, &world.kv).start();
    world.wait_for_newest();
    wait_for("a word about the other", LIMIT, || {
        publisher.log().contains(&format!("refuses the key of environment {}", blog.uuid)).then_some(())
    });
    world.shop.environment.switch("dark-mode", "on");

    world.wait_for_newest();
}
