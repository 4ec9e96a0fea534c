//! The function as a process: on Lambda where that starts it, else a plain HTTP server.

fn main() -> anyhow::Result<()> {
    platform_native::serve("metrics-process", &[fn_metrics_process::VARS], async |platform, vars| {
        Ok(fn_metrics_process::build(platform, &vars).await?)
    })
}
