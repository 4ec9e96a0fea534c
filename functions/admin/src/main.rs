//! The function as a process: on Lambda where that starts it, else a plain HTTP server.

fn main() -> anyhow::Result<()> {
    platform_native::serve("admin", &[fn_admin::VARS], async |platform, vars| {
        Ok(fn_admin::build(platform, &vars).await?)
    })
}
