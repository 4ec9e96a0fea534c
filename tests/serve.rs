//! `burgee serve` as somebody meets it who starts it: the first lines, the mistakes, the sudden ends.
#![cfg(test)]

#[path = "serve/pace.rs"]
mod pace;
#[path = "serve/shared.rs"]
mod shared;

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use std::{fs, io};

use rusqlite::Connection;
use tempfile::TempDir;
use tests::admin::get;
use tests::burgee::{ADMIN_TOKEN, Burgee, Demo, burgee};
use tests::deadline::{wait_for, wait_until};
use tests::process::Process;
use tests::repository::root;

const LIMIT: Duration = Duration::from_secs(20);

#[test]
fn an_existing_file_is_served_within_a_second() {
    let folder = TempDir::new().unwrap();
    let mut burgee = Burgee::start(folder.path(), Demo::Yes);
    let first = burgee.started_in();

    burgee.restart();

    println!("ready after {first:.0?} with a new file, {:.0?} with an existing one", burgee.started_in());
    assert!(burgee.started_in() < Duration::from_secs(1), "{:?}", burgee.started_in());
}

#[test]
fn health_is_open_and_metrics_are_not() {
    let folder = TempDir::new().unwrap();
    let burgee = Burgee::start(folder.path(), Demo::No);

    assert_eq!(get(&format!("{}/health/live", burgee.url())).status, 200);
    assert_eq!(get(&format!("{}/health/ready", burgee.url())).status, 200);
    assert_eq!(get(&format!("{}/metrics", burgee.url())).status, 401);
    let metrics = burgee.admin().expect(200, "GET", "/metrics", None);
    assert!(metrics.as_str().unwrap().contains("# TYPE "), "{metrics}");
}

#[test]
fn sigterm_ends_it_with_success() {
    let folder = TempDir::new().unwrap();
    let mut burgee = Burgee::start(folder.path(), Demo::No);

    let status = burgee.terminate();

    assert!(status.success(), "{status}");
}

#[test]
fn what_was_answered_survives_a_kill() {
    let folder = TempDir::new().unwrap();
    let mut burgee = Burgee::start(folder.path(), Demo::No);
    let environment = burgee.admin().create_environment("shop", "dev");
    environment.create_flag("kept", "boolean", &[("true", "true"), ("false", "false")]);
    environment.switch("kept", "on");
    let before = environment.flag("kept");

    burgee.restart();

    assert_eq!(before["envProperties"]["state"], "on", "{before}");
    assert_eq!(environment.flag("kept"), before);
}

#[test]
fn a_taken_port_is_one_sentence() {
    let folder = TempDir::new().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();

    let said = refusal(serve(folder.path()).args(["--listen", &address]));

    assert!(said.contains(&address), "{said}");
}

#[test]
fn an_unusable_data_folder_is_one_sentence() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("a-file");
    fs::write(&file, "not a folder").unwrap();

    let said = refusal(&mut serve(&file));

    assert!(said.contains("a-file"), "{said}");
}

#[test]
fn every_metric_is_explained_and_every_explained_metric_exists() {
    let folder = TempDir::new().unwrap();
    let burgee = Burgee::start(folder.path(), Demo::No);
    burgee.admin().create_environment("shop", "dev");
    let text = burgee.admin().expect(200, "GET", "/metrics", None);
    let page = fs::read_to_string(root().join("docs/operations.md")).unwrap();

    let named =
        text.as_str().unwrap().lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `burgee_")?.split('`').next());
    let (named, rows): (BTreeSet<_>, BTreeSet<_>) =
        (named.map(str::to_owned).collect(), rows.map(|row| format!("burgee_{row}")).collect());

    assert_eq!(named, rows);
    let created =
        "burgee_http_request_seconds_count{method=\"POST\",route=\"/admin/projects\",status=\"201\"} 1";
    assert!(text.as_str().unwrap().contains(created), "{text}");
}

#[test]
fn no_browser_may_take_an_answer_for_a_page() {
    let folder = TempDir::new().unwrap();
    let burgee = Burgee::start(folder.path(), Demo::No);
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).proxy(None).build().into();
    let paths = ["/health/live", "/nowhere", "/admin/features", "/client/env/x/feature-configs"];
    for path in paths {
        let answer = agent.get(format!("{}{path}", burgee.url())).call().unwrap();
        let header = answer.headers().get("x-content-type-options");
        assert_eq!(header.map(|value| value.to_str().unwrap()), Some("nosniff"), "{path}");
    }
}

#[test]
fn nothing_below_console_may_load_from_elsewhere_or_be_framed() {
    let folder = TempDir::new().unwrap();
    let burgee = Burgee::start(folder.path(), Demo::No);
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).proxy(None).build().into();
    let policy = |path: &str| {
        let answer = agent.get(format!("{}{path}", burgee.url())).call().unwrap();
        let header = answer.headers().get("content-security-policy");
        header.map(|value| value.to_str().unwrap().to_owned())
    };

    for path in ["/console", "/console/", "/console/flags/dark-mode"] {
        let policy = policy(path).unwrap_or_else(|| panic!("{path} has no policy"));
        assert!(
            policy.contains("default-src 'self'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        assert!(!policy.contains("inline") && !policy.contains("eval"), "{policy}");
    }
    assert_eq!(policy("/admin/features"), None);
    assert_eq!(policy("/consoles"), None);
}

#[test]
fn a_file_that_is_no_database_is_one_sentence() {
    let folder = TempDir::new().unwrap();
    Burgee::start(folder.path(), Demo::No).terminate();
    let file = database(folder.path());
    fs::write(&file, "these are not the pages of a database, however long one looks").unwrap();

    let said = refusal(&mut serve(folder.path()));

    assert!(said.contains(&file), "{said}");
}

#[test]
fn a_newer_schema_is_one_sentence() {
    let folder = TempDir::new().unwrap();
    Burgee::start(folder.path(), Demo::No).terminate();
    let file = Connection::open(database(folder.path())).unwrap();
    file.execute("INSERT INTO schema_version (version, min_reader) VALUES (999, 999)", []).unwrap();
    drop(file);

    let said = refusal(&mut serve(folder.path()));

    assert!(said.contains("999") && said.contains("newer"), "{said}");
}

#[test]
fn a_short_admin_token_is_one_sentence_that_does_not_repeat_it() {
    let folder = TempDir::new().unwrap();

    let said = refusal(serve(folder.path()).env("BURGEE_ADMIN_TOKEN", "short-secret"));

    assert!(said.contains("BURGEE_ADMIN_TOKEN") && said.contains("32"), "{said}");
    assert!(!said.contains("short-secret"), "{said}");
}

#[test]
fn a_second_process_on_the_same_folder_is_one_sentence() {
    let folder = TempDir::new().unwrap();
    let first = Burgee::start(folder.path(), Demo::No);

    let said = refusal(&mut serve(folder.path()));

    assert!(said.contains(&folder.path().display().to_string()), "{said}");
    assert_eq!(get(&format!("{}/health/ready", first.url())).status, 200);
}

#[test]
fn without_a_terminal_secrets_go_to_a_file_that_only_the_owner_reads() {
    let folder = TempDir::new().unwrap();
    let burgee = Burgee::start(folder.path(), Demo::Yes);
    let file = folder.path().join("first-start.txt");

    let printed = burgee.stdout();
    let kept = fs::read_to_string(&file).unwrap();

    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert!(printed.contains(&file.display().to_string()), "{printed}");
    let keys = kept.lines().filter_map(|line| Some(line.split_once("SDKs   ")?.1.trim())).collect::<Vec<_>>();
    assert_eq!(keys.len(), 2, "{kept}");
    assert!(keys.iter().chain(&[ADMIN_TOKEN]).all(|secret| !printed.contains(secret)), "{printed}");
}

#[test]
fn a_terminal_shows_all_that_is_needed_and_ctrl_c_ends_it_with_success() {
    let folder = TempDir::new().unwrap();
    let screen = folder.path().join("screen");
    let data = folder.path().join("data");
    let binary = burgee();
    // Without exec, a shell that waits for its child (dash does) ends as if Ctrl-C had killed it.
    let program = binary.get_program().display();
    let line = format!("exec {program} serve --listen 127.0.0.1:0 --data {}", data.display());
    // util-linux's script runs a program on a terminal of its own; -e hands on its exit code.
    let mut script = Command::new("script");
    script.args(["-q", "-e", "-f", "-c", &line]).arg(&screen).env_remove("BURGEE_ADMIN_TOKEN");
    script.stdin(Stdio::piped()).stdout(Stdio::null());
    let mut script = Process::start(&mut script);
    let (Some(mut keyboard), ..) = script.take_pipes() else { panic!("no pipe to script") };

    let shown = wait_for("the snippet on the terminal", LIMIT, || {
        let text = fs::read_to_string(&screen).unwrap_or_default();
        (text.contains("burgee is ready: ") && text.contains("@harnessio/ff-nodejs-server-sdk"))
            .then_some(text)
    });
    io::Write::write_all(&mut keyboard, b"\x03").unwrap();
    let status = wait_for("Ctrl-C to end burgee", LIMIT, || script.ended());

    let url = shown.split("burgee is ready: ").nth(1).unwrap().lines().next().unwrap().trim();
    assert!(url.starts_with("http://127.0.0.1:"), "{shown}");
    assert!(status.success(), "{status}\n{shown}");
    assert!(!data.join("first-start.txt").exists(), "the secrets are on the terminal and in a file");
}

/// `burgee serve` on a folder and a free port.
fn serve(data: &Path) -> Command {
    let mut command = burgee();
    command.args(["serve", "--data"]).arg(data).env("BURGEE_ADMIN_TOKEN", ADMIN_TOKEN);
    command
}

/// Starts what must not start: it says why in one line on stderr, nothing else, and ends with 1.
fn refusal(command: &mut Command) -> String {
    if !command.get_args().any(|argument| argument == "--listen") {
        command.args(["--listen", "127.0.0.1:0"]);
    }
    let logs = TempDir::new().unwrap();
    let log = |name: &str| fs::File::create(logs.path().join(name)).unwrap();
    let mut process = Process::start(command.stdout(log("stdout")).stderr(log("stderr")));
    let status = wait_until(LIMIT, || process.ended());
    let read = |name: &str| fs::read_to_string(logs.path().join(name)).unwrap();
    let (stdout, stderr) = (read("stdout"), read("stderr"));

    let status = status.unwrap_or_else(|| panic!("burgee went on\n{stdout}{stderr}"));
    assert_eq!(status.code(), Some(1), "{stdout}{stderr}");
    assert_eq!(stdout, "", "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    stderr.trim_end().to_owned()
}

/// The path of the one database file in a data folder.
fn database(folder: &Path) -> String {
    let mut files = folder.read_dir().unwrap().map(|entry| entry.unwrap().path());
    let file = files.find(|file| file.extension().is_some_and(|extension| extension == "db"));
    file.expect("a file *.db").display().to_string()
}
