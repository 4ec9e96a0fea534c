//! `kill -9` in the middle of everything, again and again.
//!
//! Prints its `BURGEE_SEED`; `BURGEE_SOAK=1` makes ten times as many rounds. A power cut is not tested by this:
//! the system keeps what a killed process has written.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fastrand::Rng;
use tempfile::TempDir;
use tests::burgee::{Burgee, Demo, Launch, burgee};
use tests::deadline::{wait_for, wait_until};
use tests::listener::{Listener, Memory};
use tests::process::Process;
use tests::seed::{is_soak, seed};
use tests::wire::Client;

use super::ledger::{Books, Fate, Ledger};
use super::traffic::{Place, Traffic};

const LIMIT: Duration = Duration::from_secs(30);

/// The longest time from a start to a kill.
const LIFE_MS_MAX: u64 = 400;

const SWITCHERS: usize = 4;

fn rounds() -> usize {
    if is_soak() { 200 } else { 20 }
}

#[test]
fn whatever_was_acknowledged_before_a_kill_is_there_exactly_once() {
    let mut random = Rng::with_seed(seed());
    let folder = TempDir::new().unwrap();
    let mut server = Burgee::start(folder.path(), Demo::No);
    let environment = server.admin().create_environment("shop", "dev");
    let key = environment.create_key("server", "Server");
    let ledger = Arc::new(Ledger::default());
    for number in 0..SWITCHERS {
        let flag = format!("switched-{number}");
        environment.create_flag(&flag, "boolean", &[("true", "true"), ("false", "false")]);
        ledger.flag(&flag, Fate::Acknowledged);
    }
    let sdk = Client::new(&server.url(), &key, &Books::open(folder.path()).environment(), None);
    let place = Place { url: server.url(), sdk };
    let listeners =
        [Memory::LastEventId, Memory::None].map(|memory| Listener::start(&place.url, &key, memory));
    let mut traffic = Traffic::new(&ledger, SWITCHERS, 1, 3);

    for round in 0..rounds() {
        let running = traffic.start(&place);
        // At least one answer, so that a round on a slow machine is one too.
        wait_for("an answer", LIMIT, || (running.answered() > 0).then_some(()));
        let life = Duration::from_millis(random.u64(..LIFE_MS_MAX));
        wait_until(life, || None::<()>);
        server.kill();
        traffic = running.join();
        if round % 4 == 0 {
            assert_verified(folder.path());
        }
        server.restart();
        ledger.compare(folder.path());
        Books::open(folder.path()).assert_versions_contiguous();
    }

    // Everybody who was cut off asks once more, and everything is answered.
    traffic.start(&place).end();
    ledger.compare(folder.path());
    let versions = Books::open(folder.path()).flag_versions();
    for listener in &listeners {
        wait_for("every change on the streams", LIMIT, || {
            let heard = listener.heard();
            assert_eq!(heard.backwards, []);
            let newest = |flag: &str| heard.newest.get(flag).map(|event| event.version.0);
            versions.iter().all(|(flag, version)| newest(flag) == Some(*version)).then_some(())
        });
    }
    println!(
        "{} kills; acknowledged changes, flags, reports: {:?}; streams opened: {:?}",
        rounds(),
        ledger.acknowledged(),
        listeners.map(|listener| listener.connections())
    );
    Books::open(folder.path()).assert_sound();
    server.terminate();
    assert_verified(folder.path());
}

#[test]
fn a_first_start_that_is_killed_anywhere_is_completed_by_the_next() {
    let mut random = Rng::with_seed(seed());
    let folder = TempDir::new().unwrap();
    let whole = Burgee::start(&folder.path().join("whole"), Demo::Yes).started_in();

    let mut interrupted = 0;
    for round in 0..rounds() / 4 {
        let data = folder.path().join(round.to_string());
        let launch = Launch::new(&data, Demo::Yes);
        let mut output = launch.command("127.0.0.1:0");
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let mut first = Process::start(output.stdout(log.try_clone().unwrap()).stderr(log));
        let killed_at = Instant::now() + whole.mul_f64(random.f64());
        wait_until(killed_at - Instant::now(), || None::<()>);
        first.kill();
        interrupted += u32::from(!data.join("first-start.txt").exists());

        let server = launch.start();

        let page = fs::read_to_string(data.join("first-start.txt")).unwrap();
        let key = page.lines().find_map(|line| line.trim().strip_prefix("server SDKs")).unwrap().trim();
        let sdk = Client::new(&server.url(), key, &Books::open(&data).environment(), None);
        let (status, flags) = sdk.get("feature-configs");
        assert_eq!((status, flags.as_array().map(Vec::len)), (200, Some(4)), "{flags}");
        drop(server);
        assert_verified(&data);
    }
    println!("of {} first starts, {interrupted} were interrupted within {whole:.0?}", rounds() / 4);
}

/// What `burgee audit verify` says of a folder that nobody serves.
fn assert_verified(data: &Path) {
    let ran = burgee().args(["audit", "verify", "--data"]).arg(data).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stdout));
}
