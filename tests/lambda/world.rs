//! The functions of one installation, each in an instance of its own.

use std::collections::BTreeMap;

use tempfile::TempDir;
use tests::exchange::{Asked, Told};
use tests::lambda::{Front, Lambda};
use tests::smoke::{Function, Installation, SETTINGS, database_url};

/// An installation, and what runs on it.
pub(crate) struct World {
    /// Where its database is, if it is a copy.
    pub(crate) folder: TempDir,
    settings: Vec<(&'static str, String)>,
    instances: BTreeMap<Function, Lambda>,
}

impl World {
    /// On a copy of the installation.
    pub(crate) fn on(installation: &Installation) -> Self {
        let folder = installation.copy();
        let url = database_url(folder.path());
        Self::with(folder).set("BURGEE_DATABASE_URL", &url)
    }

    /// On stores that settings name.
    pub(crate) fn on_stores(stores: &[(&'static str, &str)]) -> Self {
        let world = Self::with(TempDir::new().unwrap());
        stores.iter().fold(world, |world, (name, value)| world.set(name, value))
    }

    fn with(folder: TempDir) -> Self {
        let settings = SETTINGS.map(|(name, value)| (name, value.to_owned()));
        Self { folder, settings: settings.to_vec(), instances: BTreeMap::new() }
    }

    /// Another setting of every function that starts from now on.
    pub(crate) fn set(mut self, name: &'static str, value: &str) -> Self {
        self.settings.push((name, value.to_owned()));
        self
    }

    /// The function's instance, which is started when it is first needed.
    pub(crate) fn instance(&mut self, function: Function) -> &mut Lambda {
        let Self { settings, instances, .. } = self;
        instances.entry(function).or_insert_with(|| start(program(function), settings))
    }

    /// An instance of a program on the same installation.
    pub(crate) fn start(&self, program: &str) -> Lambda {
        start(program, &self.settings)
    }

    pub(crate) fn ask(&mut self, front: Front, function: Function, asked: &Asked) -> Told {
        self.instance(function).ask(front, asked)
    }
}

fn start(program: &str, settings: &[(&'static str, String)]) -> Lambda {
    let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    Lambda::start(program, &settings)
}

fn program(function: Function) -> &'static str {
    match function {
        Function::Admin => "fn-admin",
        Function::Client => "fn-client",
        Function::MetricsIngest => "fn-metrics-ingest",
    }
}
