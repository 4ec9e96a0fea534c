//! A disk without space, a file that is taken away, a file that may not be written: said clearly, nothing lost,
//! and no restart needed where that is possible.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tests::admin::{Answer, Environment};
use tests::burgee::{Burgee, Demo, Launch, burgee};
use tests::deadline::wait_for;
use tests::wire::{Client, counted};

use super::ledger::Books;

const LIMIT: Duration = Duration::from_secs(20);

/// A server with a flag, and an SDK's view of it.
struct Served {
    server: Burgee,
    environment: Environment,
    sdk: Client,
}

impl Served {
    fn new(launch: Launch) -> Self {
        let server = launch.start();
        let environment = server.admin().create_environment("shop", "dev");
        environment.create_flag("kept", "boolean", &[("true", "true"), ("false", "false")]);
        let key = environment.create_key("server", "Server");
        let path =
            "/admin/environments/dev?accountIdentifier=acme&orgIdentifier=default&projectIdentifier=shop";
        let told = server.admin().expect(200, "GET", path, None);
        let sdk = Client::new(&server.url(), &key, told["data"]["id"].as_str().unwrap(), None);
        assert_eq!(sdk.try_report(&report(1)), Some(200));
        Self { server, environment, sdk }
    }

    /// Switches the flag to what it is not.
    fn switch(&self) -> Answer {
        let state = if self.served() == json!("on") { "off" } else { "on" };
        let instruction = json!({ "kind": "setFeatureFlagState", "parameters": { "state": state } });
        let path = "/admin/features/kept?accountIdentifier=acme&orgIdentifier=default&projectIdentifier=shop\
                    &environmentIdentifier=dev";
        self.server.admin().send("PATCH", path, Some(&json!({ "instructions": [instruction] })))
    }

    /// The flag's state as an SDK is told it.
    fn served(&self) -> Value {
        let (status, flag) = self.sdk.get("feature-configs/kept");
        assert_eq!(status, 200, "{flag}");
        flag["state"].clone()
    }

    /// A refused write: what the administrator is told, what the log says, and that readers notice nothing.
    fn assert_refused(&self, refused: &Answer, log_line: &str) {
        assert_eq!(refused.status, 503, "{}", refused.body);
        let message = refused.body["message"].as_str().unwrap_or_default();
        assert!(message.contains("nothing was changed"), "{message}");
        let state = self.environment.flag("kept")["envProperties"]["state"].clone();
        assert_eq!(self.served(), state);
        let log = self.server.stderr();
        let line = log.lines().find(|line| line.contains(log_line));
        let line = line.unwrap_or_else(|| panic!("no {log_line:?} in the log\n{log}"));
        assert!(line.contains(r#""level":"ERROR""#), "{line}");
        println!("the administrator reads: {message}\nthe log says: {line}");
    }

    /// Looks at a copy, which is made where the server's mounts are.
    fn assert_sound(&self) {
        let copy = TempDir::new().unwrap();
        let mounts = format!("--mount=/proc/{}/ns/mnt", self.server.pid());
        let burgee = burgee();
        let mut backup = Command::new("nsenter");
        backup.arg(mounts).arg(burgee.get_program()).arg("backup").arg(copy.path().join("burgee.db"));
        let output = backup.arg("--data").arg(self.server.data()).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        Books::open(copy.path()).assert_sound();
        Books::open(copy.path()).assert_versions_contiguous();
    }
}

#[test]
fn a_full_disk_refuses_writes_serves_readers_and_needs_no_restart() {
    let folder = TempDir::new().unwrap();
    let Some(launch) = with_mount(folder.path(), "mount -t tmpfs -o size=8m none .") else { return };
    let served = Served::new(launch);
    let ballast = seen_by(&served.server, folder.path()).join("something-large");
    fill(&ballast);

    let refused = wait_for("the disk to be full", LIMIT, || {
        let answer = served.switch();
        (answer.status != 200).then_some(answer)
    });
    served.assert_refused(&refused, "burgee.db has no more space");
    let report = wait_for("reports to be refused", LIMIT, || {
        served.sdk.try_report(&report(1)).filter(|status| *status != 200)
    });
    assert_eq!(report, 503);
    fs::remove_file(&ballast).unwrap();

    assert_eq!(served.switch().status, 200);
    assert_eq!(served.sdk.try_report(&self::report(1)), Some(200));
    served.assert_sound();
}

#[test]
fn a_file_that_is_taken_away_takes_no_writes_until_it_is_put_back() {
    let folder = TempDir::new().unwrap();
    let mut served = Served::new(Launch::new(folder.path(), Demo::No));
    let (file, aside) = (folder.path().join("burgee.db"), folder.path().join("aside"));
    let before = served.served();

    fs::rename(&file, &aside).unwrap();
    served.assert_refused(&served.switch(), "was removed while it was open");
    fs::write(&file, "").unwrap();
    served.assert_refused(&served.switch(), "was replaced by another file while it was open");
    assert_eq!(served.sdk.try_report(&report(1)), Some(503));
    assert_eq!(served.served(), before);
    fs::rename(&aside, &file).unwrap();

    assert_eq!(served.switch().status, 200);
    assert_eq!(served.sdk.try_report(&report(1)), Some(200));
    served.server.terminate();
    let books = Books::open(folder.path());
    books.assert_sound();
    books.assert_versions_contiguous();
}

#[test]
fn a_file_that_may_not_be_written_is_one_sentence_at_the_start() {
    let folder = TempDir::new().unwrap();
    Burgee::start(folder.path(), Demo::No).terminate();
    let read_only = "mount --bind burgee.db burgee.db && mount -o remount,bind,ro burgee.db";
    let Some(launch) = with_mount(folder.path(), read_only) else { return };

    let output = launch.command("127.0.0.1:0").output().unwrap();

    let file = folder.path().join("burgee.db");
    let expected = format!(
        "burgee: {} is read-only; make the file and its disk writable for this user\n",
        file.display()
    );
    assert_eq!(String::from_utf8(output.stderr).unwrap(), expected);
    assert_eq!(output.status.code(), Some(1));
}

fn report(count: i64) -> Value {
    json!({ "metricsData": [counted("kept", "true", count)] })
}

/// A server in a mount namespace of its own, after `mount` was run in the data folder. What it mounts ends with
/// it. `None` where this user may not mount.
fn with_mount(data: &Path, mount: &str) -> Option<Launch> {
    let may_mount = Command::new("unshare").args(["--mount", "true"]).output();
    if !may_mount.is_ok_and(|output| output.status.success()) {
        eprintln!("not run: this user may not mount");
        return None;
    }
    let script = format!("cd \"$0\" && {mount} && cd / && exec \"$@\"");
    let data_name = data.display().to_string();
    Some(Launch::new(data, Demo::No).through(&["unshare", "--mount", "sh", "-c", &script, &data_name]))
}

/// The folder as a process sees it that has mounts of its own.
fn seen_by(server: &Burgee, folder: &Path) -> PathBuf {
    PathBuf::from(format!("/proc/{}/root{}", server.pid(), folder.display()))
}

/// Writes until there is no space.
fn fill(path: &Path) {
    let mut file = File::create(path).unwrap();
    for size in [1 << 16, 1 << 10, 1] {
        while file.write_all(&vec![0; size]).is_ok() {}
    }
}
