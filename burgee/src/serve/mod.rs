//! `burgee serve`: everything in one process, on one port.

mod app;
mod console_policy;
mod demo;
mod first_start;
mod loops;
mod operations;
mod requests;
mod settings;
mod slow_bodies;
mod welcome;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use platform::Platform;
use platform_native::{embedded_on, shutdown, telemetry};
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use crate::data;
use app::App;
use settings::Settings;

/// What the command line says; environment variables (`burgee settings`) say the rest.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Where to listen [default: BURGEE_LISTEN, else 127.0.0.1:7700]
    #[arg(long, value_name = "HOST:PORT")]
    listen: Option<String>,
    /// The folder that holds everything; made if it is not there [default: BURGEE_DATA, else burgee-data]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Start empty: no demo project, flags and keys
    #[arg(long)]
    no_demo: bool,
}

/// Serves until it is asked to end.
///
/// # Errors
/// Whatever keeps it from starting, as one sentence for the operator.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let settings = Settings::read(arguments)?;
    telemetry::start(&settings.log)?;
    settings.warn_of_unknown();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(settings))?;
    Ok(ExitCode::SUCCESS)
}

/// Where a server listens, for those who ask it something.
///
/// # Errors
/// If the environment says something that is no address.
pub(crate) fn listen_address(named: Option<&str>) -> anyhow::Result<String> {
    settings::listen_address(named)
}

/// Prints the environment variables, for people or as a page of the documentation.
///
/// # Errors
/// If standard output is closed.
pub(crate) fn print_settings(markdown: bool) -> anyhow::Result<ExitCode> {
    let text = if markdown { settings::page() } else { settings::help() };
    io::stdout().write_all(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

async fn serve(settings: Settings) -> anyhow::Result<()> {
    let asked = shutdown::listen().context("cannot listen for signals")?;
    // The port first: what is to be reported as taken should not have been set up before.
    let listener = platform_native::bind(&settings.listen).await?;
    let address = listener.local_addr()?;
    let sqlite = Arc::new(data::open(&settings.data)?);
    let platform = embedded_on(sqlite.clone());
    let applied = store::migrate(&*platform.db)
        .await
        .with_context(|| data::file(&settings.data).display().to_string())?;
    for version in applied {
        info!(version, "the database now has schema {version}");
    }
    pick_up(&platform).await?;
    let app = App::new(platform.clone(), sqlite, &settings).await?;
    first_start::prepare(&app, &settings, address).await?;

    let end = CancellationToken::new();
    let loops = loops::start(&platform, &end);
    welcome::ready(address)?;
    let stop = end.clone();
    let signalled = async move {
        let signal = asked.await;
        info!(?signal, "asked to end: running requests finish, streams are sent home");
        stop.cancel();
    };
    app.serve(listener, signalled).await;
    end.cancel();
    loops.wait().await;
    // Nothing that was accepted stays behind: reports in the queue are counted, changes announced.
    loops::run_once(&platform).await;
    info!("ended");
    Ok(())
}

/// Looks at how the last server, or a tool since, left the database.
async fn pick_up(platform: &Platform) -> anyhow::Result<()> {
    let db = &*platform.db;
    if store::needs_repair(db).await? {
        error!(
            "the database was restored from a backup and not repaired: SDKs that heard of newer versions ignore every \
             change; stop this server and run `burgee repair after-restore`"
        );
    }
    store::release_leases(db).await?;
    let late = store::date_unsent(db, platform.clock.now_ms()).await?;
    if late > 0 {
        info!(
            objects = late,
            "{late} objects changed and were not announced yet; streams are told of them now"
        );
    }
    Ok(())
}
