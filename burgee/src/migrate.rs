//! `burgee migrate`: the schema of a data folder, or of the database that functions share.
#![expect(clippy::print_stdout, reason = "this is what a command line program answers with")]

use std::process::ExitCode;

use crate::data::{self, DataFolder};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    data: DataFolder,
}

/// Applies what the database lacks, all or nothing.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    data::run(async {
        let applied = arguments.data.migrate().await?;
        applied.iter().for_each(|version| println!("applied: schema {version}"));
        match applied.last() {
            Some(last) => println!("migrated: the database has schema {last} now"),
            None => println!("nothing to migrate: the database has schema {}", store::SCHEMA_VERSION),
        }
        Ok(ExitCode::SUCCESS)
    })
}
