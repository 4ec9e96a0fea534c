//! The functions of one installation, each in an instance of its own.

use std::collections::BTreeMap;

use tempfile::TempDir;
use tests::exchange::{Asked, Told};
use tests::lambda::{Front, Lambda};
use tests::smoke::{Function, Installation, SETTINGS, database_url};

/// A copy of an installation, and what runs on it.
pub(crate) struct World {
    pub(crate) folder: TempDir,
    settings: Vec<(&'static str, &'static str)>,
    instances: BTreeMap<Function, Lambda>,
}

impl World {
    pub(crate) fn on(installation: &Installation) -> Self {
        Self { folder: installation.copy(), settings: SETTINGS.to_vec(), instances: BTreeMap::new() }
    }

    /// Another setting of every function that starts from now on.
    pub(crate) fn set(mut self, name: &'static str, value: &'static str) -> Self {
        self.settings.push((name, value));
        self
    }

    /// The function's instance, which is started when it is first needed.
    pub(crate) fn instance(&mut self, function: Function) -> &mut Lambda {
        let Self { folder, settings, instances } = self;
        instances.entry(function).or_insert_with(|| start(program(function), folder, settings))
    }

    /// An instance of a program on the same installation.
    pub(crate) fn start(&self, program: &str) -> Lambda {
        start(program, &self.folder, &self.settings)
    }

    pub(crate) fn ask(&mut self, front: Front, function: Function, asked: &Asked) -> Told {
        self.instance(function).ask(front, asked)
    }
}

fn start(program: &str, folder: &TempDir, settings: &[(&'static str, &'static str)]) -> Lambda {
    let url = database_url(folder.path());
    let settings = [settings, &[("BURGEE_DATABASE_URL", url.as_str())]].concat();
    Lambda::start(program, &settings)
}

fn program(function: Function) -> &'static str {
    match function {
        Function::Admin => "fn-admin",
        Function::Client => "fn-client",
        Function::MetricsIngest => "fn-metrics-ingest",
    }
}
