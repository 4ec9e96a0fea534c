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
mod stores;
mod welcome;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use platform_native::{shutdown, telemetry};
use tokio_util::sync::CancellationToken;
use tracing::info;

use app::App;
use settings::Settings;
use stores::Stores;

/// What the command line says; environment variables (`burgee settings`) say the rest.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Where to listen [default: BURGEE_LISTEN, else 127.0.0.1:7700]
    #[arg(long, value_name = "HOST:PORT")]
    listen: Option<String>,
    /// The folder that holds everything, or, beside BURGEE_DATABASE_URL, what the first start makes; made if it is
    /// not there [default: BURGEE_DATA, else burgee-data]
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
    let stores = Stores::open(&settings.data, &settings.vars).await?;
    let platform = stores.platform.clone();
    let app = App::new(stores, &settings).await?;
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
