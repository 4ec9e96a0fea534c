//! One client of a published SDK, behind a network of its own.

use std::path::Path;
use std::time::{Duration, Instant};

use model::{KeyKind, Target};
use serde_json::{Value, json};
use testkit::Network;
use tests::burgee::Burgee;
use tests::driver::Driver;

use super::stock::Stock;

/// For what needs no waiting, on a machine that is busy.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// How much faster the clock of a client runs that polls: SDKs poll once a minute and no more often.
pub(crate) const HASTE: u32 = 30;

/// How a client learns of changes.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Updates {
    /// Over the stream, with the machine's clock.
    Streamed,
    /// By polling alone, with a hastened clock.
    Polled,
}

/// A flag as an application asks for it.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) flag: String,
    pub(crate) kind: &'static str,
    /// The application's default.
    pub(crate) otherwise: Value,
}

/// A running client.
pub(crate) struct Participant {
    pub(crate) stock: &'static Stock,
    pub(crate) network: Network,
    driver: Driver,
    target: Target,
}

impl Participant {
    /// Starts the client in a process of its own.
    pub(crate) fn start(
        stock: &'static Stock,
        burgee: &Burgee,
        key: &str,
        updates: Updates,
        folder: &Path,
    ) -> Self {
        let network = Network::before(burgee.address()).unwrap();
        let target = alice();
        let (streaming, clock) = match updates {
            Updates::Streamed => (true, 1),
            Updates::Polled => (false, HASTE),
        };
        let url = format!("http://{}/api/1.0", network.address());
        let settings =
            json!({ "url": url, "key": key, "target": target, "streaming": streaming, "clock": clock });
        let mut command = (stock.driver)();
        // What SDKs and browsers keep in files goes where it is removed with the rest.
        let files = folder.join(format!("{}-{}", stock.slug(), network.address().port()));
        std::fs::create_dir_all(&files).unwrap();
        let driver = Driver::start(command.arg(settings.to_string()).env("TMPDIR", files));
        Self { stock, network, driver, target }
    }

    /// Waits until the SDK says that it is initialised, and returns how long that took it.
    pub(crate) fn ready(&mut self) -> Duration {
        self.initialisation("ready")
    }

    /// Waits until the SDK says that it will never be initialised, and returns how long that took it.
    pub(crate) fn refused(&mut self) -> Duration {
        self.initialisation("failed")
    }

    fn initialisation(&mut self, expected: &str) -> Duration {
        let end = self.driver.event("end of the initialisation", SOON, |event| event["event"] != "changed");
        assert_eq!(end.body["event"], expected, "{}", end.body);
        Duration::from_secs_f64(end.body["took_ms"].as_f64().unwrap() / 1e3)
    }

    /// What the SDK answers for its target.
    pub(crate) fn value(&mut self, question: &Question) -> Value {
        let arguments = self.arguments(question);
        self.driver.call("value", &Value::Array(arguments.into()), SOON).unwrap()
    }

    /// Waits until the SDK answers `wanted`, and returns when that was.
    pub(crate) fn until(&mut self, question: &Question, wanted: &Value, limit: Duration) -> Instant {
        let [flag, kind, target, otherwise] = self.arguments(question);
        self.driver.call("until", &json!([wanted, flag, kind, target, otherwise]), limit).unwrap();
        Instant::now()
    }

    /// Asks for another target from now on. A client SDK is initialised anew for it.
    pub(crate) fn become_target(&mut self, target: &Target) {
        self.target = target.clone();
        if self.stock.kind == KeyKind::Client {
            self.driver.call("become", &json!([target]), SOON).unwrap();
        }
    }

    /// Closes the client, which sends its counts.
    pub(crate) fn close(&mut self) {
        self.driver.call("close", &json!([]), SOON).unwrap();
    }

    /// Waits for the process to end by itself.
    pub(crate) fn finish(self) {
        self.driver.finish(SOON);
    }

    fn arguments(&self, Question { flag, kind, otherwise }: &Question) -> [Value; 4] {
        [json!(flag), json!(kind), json!(self.target), otherwise.clone()]
    }
}

/// The target that changes are watched for.
pub(crate) fn alice() -> Target {
    let attributes = json!({ "plan": "pro" }).as_object().cloned().unwrap();
    Target { identifier: "alice".into(), name: "Alice".into(), anonymous: false, attributes }
}
