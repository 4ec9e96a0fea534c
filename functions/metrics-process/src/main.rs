//! The function as a process: on Lambda where that starts it, else a plain HTTP server.

use std::process::ExitCode;

use platform_native::Handler;

fn main() -> ExitCode {
    platform_native::main(
        "fn-metrics-process",
        &[fn_metrics_process::VARS],
        fn_metrics_process::refusing,
        async |platform, vars| {
            let router = fn_metrics_process::build(platform.clone(), &vars).await?;
            Ok(Handler::from(router).with_work(move |budget| {
                let platform = platform.clone();
                async move { Ok(fn_metrics_process::drain(&platform, budget).await?) }
            }))
        },
    )
}
