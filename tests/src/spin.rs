//! The application for Spin, run by the host that stands in for it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::binary;
use crate::exchange::{Asked, Told};
use crate::process::Process;
use crate::repository::root;

/// A running application; ended when dropped.
pub struct Spin {
    _process: Process,
    /// Where it listens.
    pub url: String,
}

impl Spin {
    /// Runs `infra/spin/spin.toml` with its SQLite databases in a folder (`default.db` is the one it uses),
    /// values for its variables, and more arguments of the host. The host is told to let requests end their
    /// instance and set its clock.
    ///
    /// # Panics
    /// If host or components are not built, or it does not start.
    pub fn start(databases: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> Self {
        let host = binary::of_hosts("spin-host");
        let built = host.ancestors().nth(2).unwrap_or(Path::new("")).join("compiled");
        let mut command = Command::new(&host);
        command.current_dir(root()).args(["--listen", "127.0.0.1:0", "--faults"]);
        command.arg("--databases").arg(databases).arg("--compiled").arg(built).args(arguments);
        for (name, value) in variables {
            command.arg("--variable").arg(format!("{}={value}", name.to_lowercase()));
        }
        let mut process = Process::start(command.stdin(Stdio::null()).stdout(Stdio::piped()));
        let (_, output, _) = process.take_pipes();
        let mut url = String::new();
        let read = output.map(|output| BufReader::new(output).read_line(&mut url));
        assert!(matches!(read, Some(Ok(1..))), "the host for Spin did not start; it says why above");
        Self { _process: process, url: url.trim().to_owned() }
    }

    /// Sends a request.
    ///
    /// # Panics
    /// If no answer comes.
    pub fn ask(&self, asked: &Asked) -> Told {
        asked.at(&self.url)
    }
}

/// The variables for a Postgres, and nothing beside it.
///
/// # Panics
/// If `url` names no host.
pub fn postgres_variables(url: &str) -> Vec<(&'static str, String)> {
    // So long that it cannot be this limit that ends what a dead instance left open.
    let limits = "-c%20idle_in_transaction_session_timeout%3D60000%20-c%20statement_timeout%3D5000";
    let host = url.split_once('@').and_then(|(_, rest)| rest.split_once('/'));
    let (host, _) = host.unwrap_or_else(|| panic!("{url} names no host"));
    vec![
        ("BURGEE_DATABASE_URL", format!("{url}?options={limits}")),
        ("BURGEE_DATABASE_ADDRESS", format!("postgres://{host}")),
    ]
}

/// The variables for a Postgres, a Redis for changes and one for metrics.
///
/// # Panics
/// As [`postgres_variables`].
pub fn distributed_variables(database: &str, changes: &str, metrics: &str) -> Vec<(&'static str, String)> {
    let mut variables = postgres_variables(database);
    variables.extend([
        ("BURGEE_REDIS_URL", changes.to_owned()),
        ("BURGEE_REDIS_ADDRESS", changes.to_owned()),
        ("BURGEE_METRICS_REDIS_URL", metrics.to_owned()),
        ("BURGEE_METRICS_REDIS_ADDRESS", metrics.to_owned()),
    ]);
    variables
}
