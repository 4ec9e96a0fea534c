//! The function as a process: on Lambda where that starts it, else a plain HTTP server.

use std::process::ExitCode;

fn main() -> ExitCode {
    platform_native::main("fn-client", &[fn_client::VARS], fn_client::refusing, async |platform, vars| {
        Ok(fn_client::build(platform, &vars).await?)
    })
}
