//! The function as a process: on Lambda where that starts it, else a plain HTTP server.

fn main() -> anyhow::Result<()> {
    platform_native::serve("client", &[fn_client::VARS], async |platform, vars| {
        Ok(fn_client::build(platform, &vars).await?)
    })
}
