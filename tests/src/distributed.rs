//! An installation on shared stores: a Postgres, two servers of Redis, and as many servers as a test wants.

use std::path::Path;

use crate::burgee::{Burgee, Demo, Launch, burgee};
use crate::postgres::Postgres;
use crate::redis::Redis;

/// Stores of a test's own, and the settings that name them.
pub struct Distributed {
    /// Where flags are.
    pub postgres: Postgres,
    _redis: [Redis; 2],
    settings: Vec<(&'static str, String)>,
}

impl Distributed {
    /// Starts empty stores.
    ///
    /// # Panics
    /// If Postgres or Redis is not installed, or does not start.
    pub fn start() -> Self {
        let (postgres, redis) = (Postgres::start(), [Redis::start(), Redis::start()]);
        let [changes, metrics] = redis.each_ref().map(Redis::url);
        let settings = vec![
            ("BURGEE_DATABASE_URL", postgres.default_url()),
            ("BURGEE_REDIS_URL", changes),
            ("BURGEE_METRICS_REDIS_URL", metrics),
        ];
        Self { postgres, _redis: redis, settings }
    }

    /// What every server and function is to be given.
    pub fn settings(&self) -> &[(&'static str, String)] {
        &self.settings
    }

    /// Makes the tables.
    ///
    /// # Panics
    /// If that fails.
    pub fn migrate(&self) {
        let migrated = burgee().arg("migrate").envs(self.settings.iter().cloned()).output();
        let migrated = migrated.unwrap_or_else(|error| panic!("cannot run burgee migrate: {error}"));
        assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));
    }

    /// Starts a server, with a folder for what its first start makes.
    ///
    /// # Panics
    /// If it does not start.
    pub fn serve(&self, folder: &Path) -> Burgee {
        let launch = Launch::new(folder, Demo::No);
        self.settings.iter().fold(launch, |launch, (name, value)| launch.set(name, value)).start()
    }
}
