//! A Worker in Cloudflare's runtime, without the rest of Cloudflare.

use std::fs;
use std::process::Command;
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;
use tests::driver::Driver;
use tests::repository::root;

const LIMIT: Duration = Duration::from_secs(30);

const CONFIGURATION: &str = r#"using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "edge", worker = .edge), KV
    (name = "internet", network = (allow = ["public", "private", "local"])),
  ],
  sockets = [ (name = "edge", address = "127.0.0.1:0", http = (), service = "edge") ],
);
const edge :Workerd.Worker = (
  compatibilityDate = "2026-04-01",
  modules = [ MODULES ],
  bindings = [ BINDINGS ],
);
"#;

/// The npm package, as a Worker that is bundled has it.
const PACKAGE: &[(&str, &str)] = &[
    ("burgee-eval", "eval-wasm/js/worker.js"),
    ("client.js", "eval-wasm/js/client.js"),
    ("engine.js", "eval-wasm/js/engine.js"),
    ("sync.js", "eval-wasm/js/sync.js"),
    ("eval.wasm", "eval-wasm/js/eval.wasm"),
];

/// What a Worker is made of.
pub(crate) struct Worker<'a> {
    /// Its modules and where they are in the repository; the first one is it. They may import `burgee-eval`.
    pub(crate) modules: &'a [(&'a str, &'a str)],
    pub(crate) variables: &'a [(&'a str, String)],
    /// Where the KV is that it has as `FLAGS`: `host:port`.
    pub(crate) kv: Option<String>,
}

/// A running Worker; ended when dropped.
pub(crate) struct Running {
    _process: Driver,
    _files: TempDir,
    pub(crate) url: String,
}

impl Worker<'_> {
    /// Starts it on a port of its own.
    pub(crate) fn start(&self) -> Running {
        let files = TempDir::new().unwrap();
        let modules = self.modules.iter().chain(PACKAGE).map(|(name, from)| {
            let file = name.replace('-', "_");
            fs::copy(root().join(from), files.path().join(&file)).unwrap();
            let kind = if name.ends_with(".wasm") { "wasm" } else { "esModule" };
            format!("(name = \"{name}\", {kind} = embed \"{file}\")")
        });
        let texts =
            self.variables.iter().map(|(name, text)| format!("(name = \"{name}\", text = {})", json!(text)));
        let binding = self.kv.iter().map(|_| "(name = \"FLAGS\", kvNamespace = \"kv\")".to_owned());
        let service = self
            .kv
            .iter()
            .map(|address| format!("(name = \"kv\", external = (address = \"{address}\", http = ())),"));
        // What is made up at random comes last: there may be a "KV" in a secret.
        let text = CONFIGURATION
            .replace("KV", &service.collect::<String>())
            .replace("MODULES", &modules.collect::<Vec<_>>().join(", "))
            .replace("BINDINGS", &texts.chain(binding).collect::<Vec<_>>().join(", "));
        fs::write(files.path().join("config.capnp"), text).unwrap();
        let workerd = root().join("tests/edge/workerd/node_modules/.bin/workerd");
        let mut command = Command::new(workerd);
        command.args(["serve", "config.capnp", "--control-fd=1"]).current_dir(files.path());
        let mut process = Driver::start(&mut command);
        let listens = process.event("the Worker's port", LIMIT, |event| event["socket"] == "edge").body;
        let url = format!("http://127.0.0.1:{}", listens["port"]);
        Running { _process: process, _files: files, url }
    }
}
