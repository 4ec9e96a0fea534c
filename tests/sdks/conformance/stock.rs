//! The published SDKs that can run here.

use std::process::Command;
use std::time::Duration;

use model::KeyKind;
use tests::sdk::{node_script, python_script};

/// A published SDK, unmodified, behind the driver that a test talks to.
pub(crate) struct Stock {
    /// As the table's column says it.
    pub(crate) name: &'static str,
    /// Package and version.
    pub(crate) package: &'static str,
    /// What kind of key it is made for. Server SDKs evaluate for any target, client SDKs for their own.
    pub(crate) kind: KeyKind,
    /// How long it keeps a change to itself.
    pub(crate) delay: Duration,
    /// Starts the driver of one client.
    pub(crate) driver: fn() -> Command,
}

pub(crate) const STOCK: &[Stock] = &[
    Stock {
        name: "Node",
        package: "`@harnessio/ff-nodejs-server-sdk` 1.8.12",
        kind: KeyKind::Server,
        // Its own store is a file, which is written this long after each change.
        delay: Duration::from_millis(100),
        driver: || node_script("node/driver.mjs"),
    },
    Stock {
        name: "Python",
        package: "`harness-featureflags` 1.7.5",
        kind: KeyKind::Server,
        delay: Duration::ZERO,
        driver: || python_script("python/driver.py"),
    },
    Stock {
        name: "JavaScript, jsdom",
        package: "`@harnessio/ff-javascript-client-sdk` 1.32.0",
        kind: KeyKind::Client,
        delay: Duration::ZERO,
        driver: || node_script("web/jsdom.mjs"),
    },
    Stock {
        name: "JavaScript, Chromium",
        package: "`@harnessio/ff-javascript-client-sdk` 1.32.0",
        kind: KeyKind::Client,
        delay: Duration::ZERO,
        driver: || node_script("web/chromium.mjs"),
    },
    Stock {
        name: "React",
        package: "`@harnessio/ff-react-client-sdk` 2.4.0 with React 18, jsdom",
        kind: KeyKind::Client,
        delay: Duration::ZERO,
        driver: || node_script("web/react.mjs"),
    },
];

impl Stock {
    /// The name as part of an identifier.
    pub(crate) fn slug(&self) -> String {
        self.name.to_lowercase().replace(", ", "-")
    }
}
