//! The published SDKs that can run here.

use std::process::Command;
use std::time::Duration;

use model::KeyKind;
use tests::sdk::{node_script, python_script};

/// A published SDK, unmodified, behind the driver that a test talks to.
pub(crate) struct Stock {
    /// As the table's column says it.
    pub(crate) name: &'static str,
    /// The package and its version, as the manifest has them.
    pub(crate) package: [&'static str; 2],
    /// Where it is named for installation, below `tests/sdks`.
    pub(crate) manifest: &'static str,
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
        package: ["@harnessio/ff-nodejs-server-sdk", "1.8.12"],
        manifest: "node/package.json",
        kind: KeyKind::Server,
        // Its own store is a file, which is written this long after each change.
        delay: Duration::from_millis(100),
        driver: || node_script("node/driver.mjs"),
    },
    Stock {
        name: "Python",
        package: ["harness-featureflags", "1.7.5"],
        manifest: "python/requirements.txt",
        kind: KeyKind::Server,
        delay: Duration::ZERO,
        driver: || python_script("python/driver.py"),
    },
    Stock {
        name: "JavaScript, jsdom",
        package: ["@harnessio/ff-javascript-client-sdk", "1.32.0"],
        manifest: "web/package.json",
        kind: KeyKind::Client,
        delay: Duration::ZERO,
        driver: || node_script("web/jsdom.mjs"),
    },
    Stock {
        name: "JavaScript, Chromium",
        package: ["@harnessio/ff-javascript-client-sdk", "1.32.0"],
        manifest: "web/package.json",
        kind: KeyKind::Client,
        delay: Duration::ZERO,
        driver: || node_script("web/chromium.mjs"),
    },
    Stock {
        name: "React, jsdom",
        package: ["@harnessio/ff-react-client-sdk", "2.4.0"],
        manifest: "web/package.json",
        kind: KeyKind::Client,
        delay: Duration::ZERO,
        driver: || node_script("web/react.mjs"),
    },
];

impl Stock {
    /// Whether the manifest names the package in this version.
    pub(crate) fn is_installed_by(&self, manifest: &str) -> bool {
        let [package, version] = self.package;
        [format!("\"{package}\": \"{version}\""), format!("{package}=={version}")]
            .iter()
            .any(|line| manifest.contains(line))
    }

    /// The name as part of an identifier.
    pub(crate) fn slug(&self) -> String {
        self.name.to_lowercase().replace(", ", "-")
    }
}
