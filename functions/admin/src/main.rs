//! The function as a process: on Lambda where that starts it, else a plain HTTP server.

use std::process::ExitCode;

use platform_native::Handler;

fn main() -> ExitCode {
    platform_native::main("fn-admin", &[fn_admin::VARS], fn_admin::refusing, async |platform, vars| {
        let router = fn_admin::build(platform.clone(), &vars).await?;
        Ok(Handler::from(router).with_work(move |budget| {
            let platform = platform.clone();
            async move { Ok(fn_admin::tick(&platform, budget).await?) }
        }))
    })
}
