//! `burgee erase`: forgetting a target, whose data is somebody's.

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::{Context, bail};
use model::EnvironmentUuid;
use platform::Db;
use store::{Author, Erasure, Traces, Writer};

use crate::data::{self, DataFolder};

/// Who writes, as audit tells it.
const ACTOR: &str = "burgee erase";

/// Whom to forget, and where.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    data: DataFolder,
    /// The target's identifier
    #[arg(long, value_name = "IDENTIFIER")]
    target: String,
    /// Only in this environment: its id, or its identifier in every project; may be repeated [default: everywhere]
    #[arg(long = "environment", value_name = "ENVIRONMENT")]
    environments: Vec<String>,
    /// Do it; without this, only say what would be erased
    #[arg(long)]
    yes: bool,
}

/// Says where a target's data is; with `--yes`, erases it.
///
/// # Errors
/// If the installation cannot be opened or written.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let text = data::run(async {
        let installation = arguments.data.open().await?;
        let db = &*installation.platform.db;
        let environments = chosen(db, &arguments.environments).await?;
        let erasure = Erasure { target: arguments.target.clone(), environments };
        if !arguments.yes {
            let traces = store::find_traces(db, &erasure).await?;
            return Ok(format!("{}{DRY_RUN}", describe(&traces, "would be")));
        }
        let author = Author { actor: ACTOR.to_owned(), ..Author::default() };
        let traces = Writer::new(installation.platform.clone()).erase(&erasure, &author).await?;
        let compacted = installation.sqlite.compact().await;
        compacted
            .context("the data is erased, but free space of the file may still hold it; run this again")?;
        Ok(format!("{}{DONE}", describe(&traces, "was")))
    })?;
    io::stdout().write_all(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

const DRY_RUN: &str = "nothing was changed; add --yes to erase it\n";

const DONE: &str = "erased, and the database is written anew without it. Backups, logs and exported folders keep what \
                    they hold, and an application that sends the target again makes it known again.\n";

/// The environments that the names stand for; `None` if nothing was named.
async fn chosen(db: &dyn Db, names: &[String]) -> anyhow::Result<Option<Vec<EnvironmentUuid>>> {
    if names.is_empty() {
        return Ok(None);
    }
    let mut known = Vec::new();
    for project in store::known_projects(db).await? {
        known.extend(store::known_environments(db, &project.row.id).await?);
    }
    let mut ids = Vec::new();
    for name in names {
        let named = known.iter().map(|environment| &environment.row);
        let before = ids.len();
        ids.extend(
            named
                .filter(|row| row.id.as_str() == name || row.identifier.as_str() == name)
                .map(|row| row.id.clone()),
        );
        if ids.len() == before {
            bail!("--environment: there is no environment {name:?} here");
        }
    }
    Ok(Some(ids))
}

fn describe(traces: &Traces, verb: &str) -> String {
    let lines = [
        ("target lists of environments", traces.listed),
        ("lists and rules of flags and segments", traces.objects),
        ("changes in the history", traces.changes),
        ("copies that SDK tokens refer to", traces.token_targets),
        ("reports that wait to be counted", traces.reports),
        ("answers kept for repeated requests", traces.answers),
    ];
    let mut text = format!("The target {verb} erased from:\n");
    for (place, count) in lines {
        text.push_str(&format!("{count:>8}  {place}\n"));
    }
    if !traces.leftovers.is_empty() {
        text.push_str(
            "The same text stays in rules about other attributes; change them yourself if they mean it:\n",
        );
    }
    for leftover in &traces.leftovers {
        text.push_str(&format!(
            "          {} {:?} in environment {:?} of project {:?}\n",
            leftover.kind.as_str(),
            leftover.identifier,
            leftover.environment,
            leftover.project
        ));
    }
    text
}
