//! One document of the contract, tried on a server.

use std::process::Command;
use std::{env, fs};

use tempfile::TempDir;
use tests::burgee::Burgee;
use tests::repository::root;
use tests::sdk::python;
use tests::seed::is_soak;

/// What makes the requests of every run the same.
const SEED: u64 = 20_261_122;

/// Requests made up for each operation, in a test and in a soak.
const SLICE: u32 = 12;
const SOAK: u32 = 500;

const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_headers_conformance,response_schema_conformance";

/// 501 says that something is not offered; where it is not documented, it is found all the same.
const EXPECTED: &str =
    "[checks]\nnot_a_server_error.expected-statuses = [\"2xx\", \"3xx\", \"4xx\", 501]\n\n";

/// A document and how its operations are reached.
pub(crate) struct Document {
    pub(crate) file: &'static str,
    /// Where its paths begin.
    pub(crate) below: &'static str,
    /// The header that lets requests in.
    pub(crate) header: String,
}

impl Document {
    /// Sends requests to every operation that is offered.
    ///
    /// # Panics
    /// If an answer is not as documented; the message holds the requests that show it.
    pub(crate) fn try_on(&self, burgee: &Burgee, names: &str) {
        let folder = TempDir::new().unwrap();
        let config = folder.path().join("schemathesis.toml");
        fs::write(&config, format!("{EXPECTED}{names}")).unwrap();
        let seed = env::var("BURGEE_SEED").map_or(SEED, |seed| seed.parse().unwrap());
        let (phases, count) = if is_soak() {
            ("examples,coverage,fuzzing,stateful", SOAK)
        } else {
            ("examples,fuzzing", SLICE)
        };

        let mut command = Command::new(python());
        // The settings of whoever runs this, and what earlier runs have found, change nothing.
        command.current_dir(folder.path()).env("NO_PROXY", "*").env("NO_COLOR", "1").env("COLUMNS", "120");
        command.args(["-m", "schemathesis.cli", "--config-file"]).arg(&config).arg("run");
        command
            .arg(root().join("openapi").join(self.file))
            .args(["--url", &format!("{}{}", burgee.url(), self.below)]);
        command.args(["--header", &self.header, "--checks", CHECKS, "--phases", phases]);
        command.args(["--seed", &seed.to_string(), "--max-examples", &count.to_string()]);
        command.args(["--include-by", "/x-burgee-status == offered", "--generation-database", "none"]);
        command.args(["--warnings", "off", "--no-color"]);
        let ran = command.output().unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));

        let written = String::from_utf8_lossy(&ran.stdout);
        let summary = written.lines().filter(|line| line.contains(" generated, ")).collect::<String>();
        println!("{}, BURGEE_SEED={seed}: {}", self.file, summary.trim());
        let complaints = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success() && !summary.is_empty(), "{}\n{written}{complaints}", ran.status);
    }
}
