//! Runs the components of `infra/spin` where there is no Spin: the same interfaces, the same pool of
//! connections to Postgres, instances used again by Spin's rules. It is for tests and for trying things, not
//! for the Internet.

mod engine;
mod instances;
mod interfaces;
mod manifest;
mod routes;
mod server;
mod state;

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::Parser;
use tokio::net::TcpListener;
use wasmtime_wasi_http::handler::ProxyHandler;

use instances::Instances;
use interfaces::Pools;
use manifest::{Application, Choices};
use server::Server;

/// Runs a Spin application.
#[derive(Parser)]
struct Arguments {
    /// The manifest.
    #[arg(long, default_value = "infra/spin/spin.toml")]
    manifest: PathBuf,
    /// Where to listen; port 0 takes any free one.
    #[arg(long, default_value = "127.0.0.1:3000")]
    listen: String,
    /// The folder of the SQLite databases.
    #[arg(long, default_value = ".spin")]
    databases: PathBuf,
    /// The folder of compiled components.
    #[arg(long, default_value = ".spin/compiled")]
    compiled: PathBuf,
    /// A variable of the application: name=value. May be repeated.
    #[arg(long = "variable", value_parser = variable)]
    variables: Vec<(String, String)>,
    /// Requests that one instance answers in its life; 1 makes a new one for each.
    #[arg(long, default_value_t = instances::REUSES)]
    reuses: usize,
    /// Connections to one Postgres.
    #[arg(long, default_value_t = 64)]
    pool: usize,
    /// For tests: lets requests end their instance and set its clock.
    #[arg(long)]
    faults: bool,
}

fn variable(text: &str) -> Result<(String, String)> {
    let (name, value) = text.split_once('=').context("expected name=value")?;
    Ok((name.to_owned(), value.to_owned()))
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let server = server(&arguments)?;
    let listener = TcpListener::bind(&arguments.listen).await.context(arguments.listen.clone())?;
    writeln!(std::io::stdout(), "http://{}", listener.local_addr()?)?;
    tokio::select! {
        never = server.run(listener) => match never? {},
        signal = tokio::signal::ctrl_c() => Ok(signal?),
    }
}

fn server(arguments: &Arguments) -> Result<Server> {
    let variables: HashMap<String, String> = arguments.variables.iter().cloned().collect();
    std::fs::create_dir_all(&arguments.databases)?;
    let choices = Choices { variables, databases: arguments.databases.clone() };
    let application = Application::read(&arguments.manifest, &choices)?;
    let engine = engine::engine()?;
    let pools = Arc::new(Pools::new(arguments.pool));
    let mut components = BTreeMap::new();
    for (name, (source, settings)) in application.components {
        let component = engine::load(&engine, &source, &arguments.compiled)?;
        let instances =
            Instances { component, settings, pools: Arc::clone(&pools), reuses: arguments.reuses };
        components.insert(name, ProxyHandler::new(instances));
    }
    Ok(Server { routes: application.routes, components, faults: arguments.faults })
}
