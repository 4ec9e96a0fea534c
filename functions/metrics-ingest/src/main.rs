//! The function as a process: on Lambda where that starts it, else a plain HTTP server.

fn main() -> anyhow::Result<()> {
    platform_native::serve("metrics-ingest", &[fn_metrics_ingest::VARS], async |platform, vars| {
        Ok(fn_metrics_ingest::build(platform, &vars).await?)
    })
}
