//! Applications on their own databases.

use std::fs;

use tempfile::TempDir;
use tests::admin::{Admin, Environment};
use tests::burgee::ADMIN_TOKEN;
use tests::exchange::{Asked, Told};
use tests::smoke::{Installation, SETTINGS, file_in};
use tests::spin::Spin;

/// What a cron of the tests sends.
pub(crate) const CRON_SECRET: &str = "cron-secret-cron-secret-cron-secret";

/// An application, and the folder of its databases.
pub(crate) struct World {
    pub(crate) spin: Spin,
    pub(crate) folder: TempDir,
}

impl World {
    /// On an empty SQLite database.
    pub(crate) fn empty(variables: &[(&str, &str)], arguments: &[&str]) -> Self {
        Self::on(TempDir::new().unwrap(), variables, arguments)
    }

    /// On a copy of the installation.
    pub(crate) fn copy(installation: &Installation, arguments: &[&str]) -> Self {
        let folder = installation.copy();
        fs::rename(file_in(folder.path()), folder.path().join("default.db")).unwrap();
        Self::on(folder, &[], arguments)
    }

    fn on(folder: TempDir, variables: &[(&str, &str)], arguments: &[&str]) -> Self {
        let variables = [&SETTINGS[..], &[("BURGEE_CRON_SECRET", CRON_SECRET)], variables].concat();
        Self { spin: Spin::start(folder.path(), &variables, arguments), folder }
    }

    pub(crate) fn ask(&self, asked: &Asked) -> Told {
        self.spin.ask(asked)
    }

    /// The project `shop` with the environment `dev`, made through the application.
    pub(crate) fn environment(&self) -> Environment {
        Admin::new(&self.spin.url, ADMIN_TOKEN).create_environment("shop", "dev")
    }
}

/// The body as text.
pub(crate) fn text(told: &Told) -> String {
    String::from_utf8_lossy(&told.body).into_owned()
}
