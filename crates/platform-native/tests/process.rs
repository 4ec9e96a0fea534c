//! A server as a process of its own: how it starts, why it does not, and how it ends.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test fails by panicking, in its helpers too"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use platform::Statement;
use tempfile::TempDir;

const DEADLINE: Duration = Duration::from_secs(30);

/// Names the folder in which a child process shall serve; absent in an ordinary run of the tests.
const CHILD_FOLDER: &str = "BURGEE_TEST_CHILD_FOLDER";

/// Waits until `condition` holds.
fn until(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < DEADLINE, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// The server under test: `/slow` answers once the file `go` is there.
#[test]
fn child_serves() {
    let Some(folder) = std::env::var_os(CHILD_FOLDER).map(PathBuf::from) else { return };
    let refusing = |_: &str| Router::new();
    let served = platform_native::serve("trial", &[], refusing, async |platform, _| {
        platform.db.query(Statement::new("SELECT 1")).await?;
        let folder = folder.clone();
        Ok(Router::new().route("/slow", get(move || slow(folder))))
    });
    if let Err(error) = served {
        eprintln!("{error:#}");
        std::process::exit(1);
    }
}

async fn slow(folder: PathBuf) -> &'static str {
    std::fs::write(folder.join("started"), "").unwrap();
    while !folder.join("go").exists() {
        tokio::task::yield_now().await;
    }
    "done"
}

fn child(folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let url = format!("sqlite://{}", folder.join("burgee.db").display());
    command
        .args(["--exact", "child_serves", "--nocapture"])
        .env(CHILD_FOLDER, folder)
        .env("BURGEE_LISTEN", "127.0.0.1:0")
        .env("BURGEE_DATABASE_URL", url)
        .stderr(Stdio::piped())
        .stdout(Stdio::null());
    command
}

/// A server that runs and answers a request slowly.
struct Busy {
    folder: TempDir,
    child: Child,
    log: BufReader<ChildStderr>,
    address: SocketAddr,
    request: TcpStream,
}

impl Busy {
    fn start(drain_s: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut child = child(folder.path()).env("BURGEE_DRAIN_S", drain_s).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let address =
            logged(&mut log, "trial listens on http://")["address"].as_str().unwrap().parse().unwrap();
        let mut request = TcpStream::connect(address).unwrap();
        request.write_all(b"GET /slow HTTP/1.1\r\nHost: trial\r\n\r\n").unwrap();
        until("the request is being answered", || folder.path().join("started").exists());
        Self { folder, child, log, address, request }
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &pid]).status().unwrap().success());
    }

    fn let_it_finish(&self) {
        std::fs::write(self.folder.path().join("go"), "").unwrap();
    }

    fn exit_code(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

/// The next line of a JSON log whose message begins like this.
fn logged(log: &mut impl BufRead, message: &str) -> serde_json::Value {
    for line in log.lines() {
        let Ok(entry) = serde_json::from_str::<serde_json::Value>(&line.unwrap()) else { continue };
        if entry["message"].as_str().is_some_and(|text| text.starts_with(message)) {
            return entry;
        }
    }
    unreachable!("the log ended without: {message}")
}

#[test]
fn the_first_signal_lets_a_request_finish_and_takes_no_new_ones() {
    let mut busy = Busy::start("30");

    busy.signal("TERM");
    until("nothing listens any more", || TcpStream::connect(busy.address).is_err());
    busy.let_it_finish();

    let mut answer = String::new();
    busy.request.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\ndone"), "{answer}");
    assert_eq!(busy.exit_code(), Some(0));
}

#[test]
fn a_request_that_takes_longer_than_the_drain_time_is_cut_off() {
    let mut busy = Busy::start("0");

    busy.signal("INT");

    logged(&mut busy.log, "some requests did not finish within 0 s");
    assert_eq!(busy.exit_code(), Some(0));
}

#[test]
fn a_second_signal_ends_the_process_at_once() {
    for (first, second, code) in [("TERM", "TERM", 143), ("TERM", "INT", 130), ("INT", "INT", 130)] {
        let mut busy = Busy::start("300");
        busy.signal(first);
        logged(&mut busy.log, "trial was asked to end");

        busy.signal(second);

        assert_eq!(busy.exit_code(), Some(code), "{first}, {second}");
    }
}

#[test]
fn a_server_that_cannot_start_says_everything_that_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = child(folder.path());
    child.env_remove("BURGEE_DATABASE_URL").env("BURGEE_LISTEN", "7700").env("BURGEE_DRAIN_S", "soon");

    let output = child.output().unwrap();

    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        text,
        "3 settings are wrong:\n  \
         BURGEE_LISTEN is \"7700\", expected host:port\n  \
         BURGEE_DRAIN_S is \"soon\", expected a whole number from 0 to 300\n  \
         BURGEE_DATABASE_URL is not set: Where the database is: sqlite:///absolute/path/burgee.db or \
         postgres://user:password@host/database?sslmode=verify-full.\n"
    );
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_taken_port_is_one_sentence_and_the_database_is_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = holder.local_addr().unwrap();

    let output = child(folder.path()).env("BURGEE_LISTEN", taken.to_string()).output().unwrap();

    let text = String::from_utf8(output.stderr).unwrap();
    let last = text.lines().last().unwrap();
    assert!(last.starts_with(&format!("{taken} is used by another program; ")), "{text}");
    assert!(!folder.path().join("burgee.db").exists());
}

#[test]
fn a_misspelt_setting_is_warned_of() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = child(folder.path()).env("BURGEE_LISTNE", "127.0.0.1:1").spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap());

    let entry = logged(&mut log, "BURGEE_LISTNE");

    let expected = "BURGEE_LISTNE is not a setting of this program; did you mean BURGEE_LISTEN?";
    assert_eq!((entry["level"].as_str(), entry["message"].as_str()), (Some("WARN"), Some(expected)));
    child.kill().unwrap();
    child.wait().unwrap();
}
