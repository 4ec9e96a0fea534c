//! `burgee publish` where servers and functions share Postgres and Redis.

use std::fs::{self, File};
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tests::admin::Environment;
use tests::binary;
use tests::burgee::Burgee;
use tests::deadline::wait_for;
use tests::distributed::Distributed;
use tests::process::Process;

use crate::kv::Kv;
use crate::publisher::Launch;

const LIMIT: Duration = Duration::from_secs(30);

/// Shared stores, a server on them, an environment with one flag, and a KV.
struct World {
    stores: Distributed,
    _server: Burgee,
    environment: Environment,
    uuid: String,
    keys: Value,
    kv: Kv,
    folder: TempDir,
}

impl World {
    fn new() -> Self {
        let (stores, folder) = (Distributed::start(), TempDir::new().unwrap());
        stores.migrate();
        let server = stores.serve(folder.path());
        let environment = server.admin().create_environment("shop", "dev");
        environment.create_flag("dark-mode", "boolean", &[("on", "true"), ("off", "false")]);
        let uuid = environment.snapshot()["environment"].as_str().unwrap().to_owned();
        let keys = json!({ &uuid: environment.create_key("edge", "Server") });
        Self { stores, _server: server, environment, uuid, keys, kv: Kv::start(), folder }
    }

    fn wait_for_newest(&self) {
        let version = self.environment.snapshot()["version"].clone();
        wait_for("the newest version in KV", LIMIT, || {
            (self.kv.snapshot(&self.uuid)?.metadata == json!({ "version": version })).then_some(())
        });
    }

    /// The client function as a server of its own, and where it listens.
    fn client_function(&self) -> (Process, String) {
        let log = self.folder.path().join("fn-client");
        let mut command = binary::command(&binary::built("fn-client"));
        command.envs(self.stores.settings().iter().cloned()).env("BURGEE_LISTEN", "127.0.0.1:0");
        let function = Process::start(command.stdout(Stdio::null()).stderr(File::create(&log).unwrap()));
        let url = wait_for("the function to listen", LIMIT, || {
            let log = fs::read_to_string(&log).unwrap();
            let (_, rest) = log.split_once("listens on ")?;
            Some(rest.split_once('"')?.0.to_owned())
        });
        (function, url)
    }
}

#[test]
fn changes_made_at_one_server_are_published_from_another() {
    let world = World::new();
    let folder = TempDir::new().unwrap();
    let other = world.stores.serve(folder.path());

    let _publisher = Launch::new(&other.url(), &world.keys, &world.kv).start();
    world.wait_for_newest();
    world.environment.switch("dark-mode", "on");

    world.wait_for_newest();
}

#[test]
fn where_there_is_no_stream_changes_are_found_by_asking() {
    let world = World::new();
    let (_function, url) = world.client_function();

    let _publisher = Launch::new(&url, &world.keys, &world.kv).start();
    world.wait_for_newest();
    world.environment.switch("dark-mode", "on");

    world.wait_for_newest();
}
