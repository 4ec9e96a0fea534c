//! The function as a process: on Lambda where that starts it, else a plain HTTP server.

use std::process::ExitCode;

fn main() -> ExitCode {
    platform_native::main(
        "fn-metrics-ingest",
        &[fn_metrics_ingest::VARS],
        fn_metrics_ingest::refusing,
        async |platform, vars| Ok(fn_metrics_ingest::build(platform, &vars).await?),
    )
}
