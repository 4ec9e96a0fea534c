//! `cargo xtask lambda`, as the README has it: started, asked with the documented request, ended.

use std::fs;
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::Value;
use tempfile::TempDir;
use tests::deadline::{wait_for, wait_until};
use tests::process::Process;
use tests::repository::root;
use tests::seed::is_soak;
use tests::server::free_port;

/// Each function is built by itself, and the tools may have to be installed.
const START_LIMIT: Duration = Duration::from_secs(1_200);

const END_LIMIT: Duration = Duration::from_secs(30);

/// A command and all that it started; ended with its value.
struct Watch(Process);

impl Watch {
    fn end(&mut self) {
        let group = i32::try_from(self.0.pid()).ok().and_then(Pid::from_raw).unwrap();
        // As Ctrl-C does. It may have ended by itself.
        let _ = kill_process_group(group, Signal::INT);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.end();
    }
}

/// The command that the README shows under the command that serves the functions.
fn documented_request() -> String {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let (_, rest) = readme.split_once("cargo xtask lambda\n").unwrap();
    let block = rest.split("```").find(|block| block.trim_start().starts_with("curl ")).unwrap();
    assert!(block.contains("http://127.0.0.1:9000/"), "{block}");
    block.to_owned()
}

/// It compiles each function for itself, which takes minutes: only in a soak.
#[test]
fn the_documented_request_is_answered_by_the_documented_command() {
    if !is_soak() {
        return;
    }
    let folder = TempDir::new().unwrap();
    let port = free_port().to_string();
    let database = format!("BURGEE_DATABASE_URL=sqlite://{}/burgee.db", folder.path().display());
    let mut command = Command::new(env!("CARGO"));
    command.args(["xtask", "lambda", "--invoke-port", &port, "--env-var", &database]);
    command.current_dir(root()).process_group(0).stdin(Stdio::null());
    let mut watch = Watch(Process::start(&mut command));
    wait_for("the functions to be served", START_LIMIT, || {
        assert!(watch.0.ended().is_none(), "cargo xtask lambda ended");
        TcpStream::connect(format!("127.0.0.1:{port}")).ok()
    });

    let request = documented_request().replace("127.0.0.1:9000", &format!("127.0.0.1:{port}"));
    let asked = Command::new("sh").args(["-c", &request]).output().unwrap();
    watch.end();
    let ended = wait_until(END_LIMIT, || watch.0.ended());

    let answer: Value = serde_json::from_slice(&asked.stdout).unwrap_or_default();
    assert_eq!(
        (&answer["status"], &answer["data"]["identifier"]),
        (&"SUCCESS".into(), &"shop".into()),
        "{asked:?}"
    );
    assert!(ended.is_some(), "it goes on after Ctrl-C");
    assert!(TcpStream::connect(format!("127.0.0.1:{port}")).is_err(), "nothing is left behind");
}
