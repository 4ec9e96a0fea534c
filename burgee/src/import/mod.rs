//! `burgee import`: bringing along what another system serves, so that applications notice nothing.
//!
//! Everything is read and checked first, with all mistakes at once. Then each project is one batch: it is
//! there as a whole or not at all, and an import that was interrupted is completed by the next.

mod decision;
mod flags;
mod keys;
mod last_import;
mod naming;
mod notes;
mod portability;
mod report;
mod segments;
mod targets;
mod verdict;
mod wanted;

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use model::{Error, ProjectUuid};
use platform::Platform;
use store::{Author, ProjectRow, ProjectState, Writer, Written};

use crate::data::{self, DataFolder, Installation};
use crate::relay_directory;
use decision::ImportProject;
use naming::Naming;
use notes::Notes;
use report::Outcome;
use wanted::WantedProject;

/// Who writes, as audit tells it. What this author wrote last is what an import may change again.
const ACTOR: &str = "burgee import";

/// From where.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// The offline directory of the Harness relay proxy: flags, target groups, targets and hashes of SDK keys
    FfProxy(Arguments),
}

/// What to import, and how.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The directory that holds the folders env-<uuid>
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    #[command(flatten)]
    data: DataFolder,
    #[command(flatten)]
    naming: Naming,
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
    /// Replace what was changed here since the last import, or made here, by what the files say
    #[arg(long)]
    overwrite: bool,
}

/// Imports, and says what was done.
///
/// # Errors
/// All mistakes of the files at once; or the installation cannot be opened or written.
pub(crate) fn run(command: &Command) -> anyhow::Result<ExitCode> {
    let Command::FfProxy(arguments) = command;
    let text = data::run(import(arguments))?;
    io::stdout().write_all(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

async fn import(arguments: &Arguments) -> anyhow::Result<String> {
    let folders = relay_directory::read(&arguments.directory)?;
    let mut notes = Notes::default();
    let projects = wanted::projects(folders, &arguments.naming, &mut notes)?;
    for project in &projects {
        portability::examine(project, &mut notes);
    }
    let installation = match arguments.dry_run {
        true => match arguments.data.find().await? {
            Some(installation) => installation,
            None => Installation::in_memory().await?,
        },
        false => arguments.data.open_or_make().await?,
    };
    let planned = plan_all(&installation.platform, &projects, arguments.overwrite).await?;
    if arguments.dry_run {
        return Ok(report::page(&planned, &notes, report::Tense::Would));
    }
    let writer = Writer::new(installation.platform.clone());
    let mut done = Vec::with_capacity(projects.len());
    for project in &projects {
        let decision = ImportProject { wanted: project, overwrite: arguments.overwrite };
        done.push(write(&writer, &installation.platform, &decision).await?);
    }
    Ok(report::page(&done, &notes, report::Tense::Did))
}

/// Decides for every project without writing, so that nothing is refused after the first write.
async fn plan_all(
    platform: &Platform,
    projects: &[WantedProject],
    overwrite: bool,
) -> anyhow::Result<Vec<Outcome>> {
    let mut outcomes = Vec::with_capacity(projects.len());
    let mut mistakes = Vec::new();
    for wanted in projects {
        let state = match existing(platform, wanted).await? {
            Some(project) => {
                let environments = store::environments_of(&*platform.db, &project.id).await?;
                state(platform, project, environments)
            }
            None => state(platform, new_row(platform, wanted), Vec::new()),
        };
        match (ImportProject { wanted, overwrite }).plan(&state).await {
            Ok(plan) => outcomes.push(plan.answer),
            Err(Error::Invalid(errors)) => mistakes.extend(errors.iter().map(ToString::to_string)),
            Err(error) => return Err(error.into()),
        }
    }
    refuse(&mistakes)?;
    Ok(outcomes)
}

async fn write(
    writer: &Writer,
    platform: &Platform,
    decision: &ImportProject<'_>,
) -> anyhow::Result<Outcome> {
    let author = Author { actor: ACTOR.to_owned(), ..Author::default() };
    let Written { answer, .. } = match existing(platform, decision.wanted).await? {
        Some(project) => writer.write(&project.id, &author, decision).await?,
        None => {
            let row = new_row(platform, decision.wanted);
            writer.create_whole_project(row, &author, decision).await?
        }
    };
    Ok(answer)
}

async fn existing(platform: &Platform, wanted: &WantedProject) -> anyhow::Result<Option<ProjectRow>> {
    let (account, organisation, identifier) = (&wanted.account, &wanted.organisation, &wanted.identifier);
    match store::project_by_identifier(&*platform.db, account, organisation, identifier).await {
        Ok(project) => Ok(Some(project)),
        Err(Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn state(
    platform: &Platform,
    project: ProjectRow,
    environments: Vec<store::EnvironmentRow>,
) -> ProjectState<'_> {
    ProjectState { db: &*platform.db, project, environments, now_ms: platform.clock.now_ms() }
}

fn new_row(platform: &Platform, wanted: &WantedProject) -> ProjectRow {
    let now_ms = platform.clock.now_ms();
    ProjectRow {
        id: ProjectUuid::from_wire(platform.random.uuid()),
        account: wanted.account.clone(),
        organisation: wanted.organisation.clone(),
        identifier: wanted.identifier.clone(),
        name: wanted.name.clone(),
        description: wanted.description.clone(),
        tags: wanted.tags.clone(),
        revision: 0,
        head: Vec::new(),
        created_ms: now_ms,
        modified_ms: now_ms,
    }
}

/// Fails with all mistakes, if there are any.
///
/// # Errors
/// One line for each.
pub(crate) fn refuse(mistakes: &[String]) -> anyhow::Result<()> {
    match mistakes {
        [] => Ok(()),
        [one] => bail!("{one}"),
        several => {
            let mut text = format!("{} mistakes; nothing was imported:", several.len());
            for mistake in several {
                let _ = write!(text, "\n  {mistake}"); // Writing to a string cannot fail.
            }
            bail!(text)
        }
    }
}
