//! `burgee publish`: keeps the KV namespace of Cloudflare Workers at what the servers serve.
//!
//! It is a client like any other: it reads snapshots with a server key and hears of changes by the stream, so it
//! works with every store and every way to run the functions, from wherever both sides can be reached.

mod failure;
mod limits;
mod namespace;
mod news;
mod origin;
mod publisher;
mod settings;
mod web;

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use platform_native::{shutdown, telemetry};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use namespace::Namespace;
use origin::Origin;
use publisher::Publisher;
use settings::Settings;
use web::Web;

/// What the command line says; environment variables say the rest.
#[derive(clap::Args)]
#[command(after_help = settings::help())]
pub(crate) struct Arguments {
    /// Publish only these of the environments in BURGEE_SERVER_KEYS
    #[arg(value_name = "UUID")]
    environments: Vec<String>,
}

/// The settings as a table, for the documentation.
pub(crate) fn settings_table() -> String {
    settings::table()
}

/// Publishes until it is asked to end.
///
/// # Errors
/// If a setting is wrong, or everything is refused, as one sentence for the operator.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let settings = Settings::read(&arguments.environments)?;
    telemetry::start(&settings.log)?;
    Settings::warn_of_unknown();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(publish(settings))?;
    Ok(ExitCode::SUCCESS)
}

async fn publish(settings: Settings) -> anyhow::Result<()> {
    let asked = shutdown::listen().context("cannot listen for signals")?;
    let web = Arc::new(Web::new()?);
    let namespace = Arc::new(Namespace::new(web.clone(), settings.cloudflare));
    let end = CancellationToken::new();
    let mut publishers = JoinSet::new();
    for (environment, key) in settings.keys {
        let origin = Arc::new(Origin::new(web.clone(), settings.origin.clone(), environment, key));
        let publisher = Publisher::new(origin.clone(), namespace.clone(), settings.check_every);
        let (sender, receiver) = watch::channel(news::News::default());
        let end = end.clone();
        publishers.spawn(async move {
            tokio::select! {
                ended = publisher.run(receiver, end) => ended,
                () = news::listen(origin, sender) => Ok(()),
            }
        });
    }
    info!("publishing {} environments of {}", publishers.len(), settings.origin);
    let stop = end.clone();
    tokio::select! {
        outcome = all(&mut publishers) => return outcome,
        signal = asked => info!(?signal, "asked to end: writes that have begun are finished"),
    }
    stop.cancel();
    all(&mut publishers).await?;
    info!("ended");
    Ok(())
}

/// Waits for all. One that is refused does not keep the others from going on.
async fn all(publishers: &mut JoinSet<Result<(), String>>) -> anyhow::Result<()> {
    while let Some(ended) = publishers.join_next().await {
        match ended? {
            Ok(()) => {}
            Err(refused) if publishers.is_empty() => bail!(refused),
            Err(refused) => error!("{refused}"),
        }
    }
    Ok(())
}
