//! `burgee export`: what an installation serves, as files that the Harness relay proxy and
//! `burgee import` read.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use model::{Flag, FlagConfig, Segment};
use platform::Db;
use serde::de::DeserializeOwned;
use store::{EnvironmentRow, KeyRow, Kind, ProjectRow, TargetRow};

use crate::data::{self, DataFolder};
use crate::relay_directory::{self, Companion, EnvironmentFolder, Named, NamedKey, Scope};

/// Targets read at once.
const PAGE: usize = 1_000;

/// As what.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// The offline directory of the Harness relay proxy: flags, target groups, targets and hashes of SDK keys
    FfProxy(Arguments),
}

/// What to export, and where to.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The directory to make; it must not exist yet, or be empty
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    #[command(flatten)]
    data: DataFolder,
    /// Only projects of this account
    #[arg(long)]
    account: Option<String>,
    /// Only projects of this organisation
    #[arg(long = "org")]
    organisation: Option<String>,
    /// Only projects of this identifier
    #[arg(long)]
    project: Option<String>,
    /// Only environments of this identifier or id
    #[arg(long)]
    environment: Option<String>,
}

/// Exports, and says what was written.
///
/// # Errors
/// If the installation cannot be opened, nothing is to be exported, or the directory cannot be made.
pub(crate) fn run(command: &Command) -> anyhow::Result<ExitCode> {
    let Command::FfProxy(arguments) = command;
    let folders = data::run(async {
        let platform = arguments.data.open_or_shared().await?;
        arguments.folders(&*platform.db).await
    })?;
    if folders.is_empty() {
        bail!("there is no environment to export; look at --account, --org, --project and --environment");
    }
    relay_directory::write(&arguments.directory, &folders)?;
    let mut stdout = io::stdout().lock();
    for folder in &folders {
        let Some(known) = &folder.companion else { continue };
        writeln!(
            stdout,
            "{}/{}/{} {}: {} flags, {} target groups, {} targets, {} SDK keys",
            known.account,
            known.organisation,
            known.project.identifier,
            known.environment.identifier,
            folder.flags.len(),
            folder.segments.len(),
            folder.targets.len(),
            folder.keys.len()
        )?;
    }
    writeln!(
        stdout,
        "written to {}; it names people and keys, so keep it to yourself",
        arguments.directory.display()
    )?;
    Ok(ExitCode::SUCCESS)
}

impl Arguments {
    async fn folders(&self, db: &dyn Db) -> anyhow::Result<Vec<EnvironmentFolder>> {
        let mut folders = Vec::new();
        for project in store::known_projects(db).await? {
            if project.deleted || !self.chooses(&project.row) {
                continue;
            }
            let flags = objects(db, project.row.id.as_str(), Kind::Flag).await?;
            for environment in store::known_environments(db, &project.row.id).await? {
                if !environment.deleted && self.chooses_environment(&environment.row) {
                    folders.push(folder(db, &project.row, &environment.row, &flags).await?);
                }
            }
        }
        Ok(folders)
    }

    fn chooses(&self, row: &ProjectRow) -> bool {
        let is = |wanted: &Option<String>, found: &str| wanted.as_ref().is_none_or(|wanted| wanted == found);
        is(&self.account, row.account.as_str())
            && is(&self.organisation, row.organisation.as_str())
            && is(&self.project, row.identifier.as_str())
    }

    fn chooses_environment(&self, row: &EnvironmentRow) -> bool {
        let wanted = self.environment.as_deref();
        wanted.is_none_or(|wanted| wanted == row.identifier.as_str() || wanted == row.id.as_str())
    }
}

async fn folder(
    db: &dyn Db,
    project: &ProjectRow,
    environment: &EnvironmentRow,
    flags: &[Flag],
) -> anyhow::Result<EnvironmentFolder> {
    let keys = store::keys_of(db, &environment.id).await?;
    let mut hashes: Vec<_> = keys.iter().map(|key| key.hash.clone()).collect();
    hashes.sort_unstable();
    let configs: Vec<FlagConfig> = objects(db, environment.id.as_str(), Kind::FlagConfig).await?;
    let segments: Vec<Segment> = objects(db, environment.id.as_str(), Kind::Segment).await?;
    Ok(EnvironmentFolder {
        id: environment.id.clone(),
        scope: Scope::default(),
        flags: configs,
        segments,
        targets: targets(db, environment).await?,
        anonymous: Vec::new(),
        keys: hashes,
        companion: Some(Companion {
            account: project.account.clone(),
            organisation: project.organisation.clone(),
            project: Named {
                identifier: project.identifier.to_string(),
                name: project.name.clone(),
                description: project.description.clone(),
                tags: project.tags.clone(),
            },
            environment: Named {
                identifier: environment.identifier.to_string(),
                name: environment.name.clone(),
                description: environment.description.clone(),
                tags: environment.tags.clone(),
            },
            flags: flags.to_vec(),
            keys: keys.into_iter().map(named).collect(),
        }),
        unknown: std::collections::BTreeMap::new(),
    })
}

fn named(row: KeyRow) -> NamedKey {
    NamedKey {
        hash: row.hash,
        identifier: row.identifier,
        name: row.name,
        description: row.description,
        kind: row.kind,
        prefix: row.prefix,
        expires_at: row.expires_ms,
    }
}

async fn targets(db: &dyn Db, environment: &EnvironmentRow) -> anyhow::Result<Vec<TargetRow>> {
    let mut targets: Vec<TargetRow> = Vec::new();
    loop {
        let last = targets.last().map_or("", |row| &row.target.identifier).to_owned();
        let page = store::targets_after(db, &environment.id, &last, PAGE).await?;
        if page.is_empty() {
            return Ok(targets);
        }
        targets.extend(page);
    }
}

/// Objects that are not gone, by identifier.
async fn objects<T: DeserializeOwned>(db: &dyn Db, scope: &str, kind: Kind) -> anyhow::Result<Vec<T>> {
    let objects = store::current_bodies(db, scope, kind).await?;
    let read = |object: store::CurrentObject| {
        let body = object.body?;
        let name = object.identifier;
        Some(serde_json::from_str(&body).with_context(|| format!("the stored object {name:?} is damaged")))
    };
    objects.into_iter().filter_map(read).collect()
}
