//! A function as a process: on Lambda where that starts it, else a plain HTTP server with an orderly end.

use std::env;
use std::future::IntoFuture;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::serve::ListenerExt;
use platform::Platform;
use platform::config::{Fallback, Kind, Var, Vars};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::connect::{STORE_VARS, connect};
use crate::handler::Handler;
use crate::{bind, config, lambda, shutdown, telemetry};

/// The settings of every server, beside those of its stores and of the function.
pub const SERVE_VARS: &[Var] = &[
    Var {
        name: "BURGEE_LISTEN",
        kind: Kind::Address,
        default: Fallback::Value("127.0.0.1:7700"),
        secret: false,
        help: "Where to listen for HTTP.",
    },
    Var {
        name: "BURGEE_DRAIN_S",
        kind: Kind::Number { min: 0, max: 300 },
        default: Fallback::Value("10"),
        secret: false,
        help: "Seconds that running requests get to finish after SIGTERM or SIGINT.",
    },
    telemetry::LOG_VAR,
];

/// Runs a function for `fn main`: what keeps it from starting is one sentence on standard error. See [`serve`].
#[expect(clippy::print_stderr, reason = "nothing else is there yet when a process does not start")]
pub fn main<H: Into<Handler>>(
    name: &'static str,
    tables: &[&'static [Var]],
    refusing: fn(&str) -> Router,
    build: impl AsyncFn(Platform, Vars) -> anyhow::Result<H>,
) -> ExitCode {
    match serve(name, tables, refusing, build) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{name}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs a function until it is asked to end: reads its settings, opens the database, lets `build` make what
/// answers, and hands it events where Lambda started the process, else requests over HTTP.
///
/// A database that is away keeps a plain HTTP server from starting, as whoever restarts it expects. On Lambda, where
/// every request would pay for a start, the function starts: `refusing` makes what answers until the database is
/// back, and is told why for its log.
///
/// # Errors
/// Whatever keeps it from starting, in sentences for the operator; failures while serving are answered
/// and logged, not returned.
pub fn serve<H: Into<Handler>>(
    name: &'static str,
    tables: &[&'static [Var]],
    refusing: fn(&str) -> Router,
    build: impl AsyncFn(Platform, Vars) -> anyhow::Result<H>,
) -> anyhow::Result<()> {
    let tables = [&[SERVE_VARS, STORE_VARS, lambda::VARS], tables].concat();
    if env::args_os().skip(1).any(|argument| argument == "--help" || argument == "-h") {
        return Ok(write!(
            io::stdout(),
            "{name} is set up by environment variables:\n\n{}",
            config::help(&tables)
        )?);
    }
    let vars = config::read(&tables)?;
    telemetry::start(vars.text("BURGEE_LOG")?)?;
    for sentence in config::unknown(&tables) {
        tracing::warn!("{sentence}");
    }
    if lambda::is_there() {
        // One event after the other on at most one core: a second thread would only have to be woken.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let platform = connect(&vars)?;
        let make = async || Ok(build(platform.clone(), vars.clone()).await?.into());
        return runtime.block_on(lambda::run(make, refusing, &vars));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(start(name, vars, build))
}

async fn start<H: Into<Handler>>(
    name: &'static str,
    vars: Vars,
    build: impl AsyncFnOnce(Platform, Vars) -> anyhow::Result<H>,
) -> anyhow::Result<()> {
    let stop = shutdown::listen().context("cannot listen for signals")?;
    let drain = Duration::from_secs(vars.number("BURGEE_DRAIN_S")?);
    let listener = bind(vars.text("BURGEE_LISTEN")?).await?;
    let address = listener.local_addr()?;
    let platform = connect(&vars)?;
    let Handler { router, .. } = build(platform, vars).await?.into();
    tracing::info!(%address, "{name} listens on http://{address}");
    let stop = async move {
        let signal = stop.await;
        tracing::info!(?signal, "{name} was asked to end and lets running requests finish");
    };
    run(listener, router, stop, drain).await?;
    tracing::info!("{name} ends");
    Ok(())
}

/// Serves `router` until `stop` ends, then accepts nothing new and gives running requests `drain`.
///
/// # Errors
/// If the listener fails for good.
pub async fn run(
    listener: TcpListener,
    router: Router,
    stop: impl Future<Output = ()> + Send + 'static,
    drain: Duration,
) -> io::Result<()> {
    let (stopping, stopped) = oneshot::channel();
    // An answer leaves at once and does not wait for the client's acknowledgement of the one before.
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true); // The client left; serving it will tell.
    });
    let server = axum::serve(listener, router).with_graceful_shutdown(async move {
        stop.await;
        let _ = stopping.send(()); // The server ended by itself.
    });
    let overdue = async {
        if stopped.await.is_ok() {
            tokio::time::sleep(drain).await;
        } else {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        served = server.into_future() => served,
        () = overdue => {
            tracing::warn!("some requests did not finish within {} s and were cut off", drain.as_secs());
            Ok(())
        }
    }
}
