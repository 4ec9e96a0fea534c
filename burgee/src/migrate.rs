//! `burgee migrate`: the schema of a data folder, or of the database that the functions share.
#![expect(clippy::print_stdout, reason = "this is what a command line program answers with")]

use std::process::ExitCode;

use anyhow::Context;
use platform::config::{Fallback, Kind, Var};
use platform_native::{STORE_VARS, config, connect};

use crate::data::{self, DataFolder};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    data: DataFolder,
}

const URL: &str = "BURGEE_DATABASE_URL";

/// Whether the environment names a database. In [`STORE_VARS`] it must, because functions have no folder.
const NAMED: &[Var] = &[Var {
    name: URL,
    kind: Kind::Text,
    default: Fallback::Optional,
    secret: true,
    help: "The database that functions share, instead of a data folder.",
}];

/// Applies what the database lacks, all or nothing.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    data::run(async {
        let applied = if !arguments.data.is_named() && config::read(&[NAMED])?.opt_text(URL)?.is_some() {
            migrate_shared().await?
        } else {
            arguments.data.migrate().await?
        };
        applied.iter().for_each(|version| println!("applied: schema {version}"));
        match applied.last() {
            Some(last) => println!("migrated: the database has schema {last} now"),
            None => println!("nothing to migrate: the database has schema {}", store::SCHEMA_VERSION),
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// The same for the database that the environment names.
async fn migrate_shared() -> anyhow::Result<Vec<i64>> {
    let platform = connect(&config::read(&[STORE_VARS])?)?;
    store::migrate(&*platform.db).await.context("the database that BURGEE_DATABASE_URL names")
}
