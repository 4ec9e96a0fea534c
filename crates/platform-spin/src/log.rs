//! Where log lines go: to stderr, which Spin keeps per component.

use std::io;
use std::str::FromStr;

use platform::config::{ConfigError, Fallback, Kind, Var};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{fmt, registry};

/// The setting that every component of ours has.
pub(crate) const LOG_VAR: Var = Var {
    name: "BURGEE_LOG",
    kind: Kind::Text,
    default: Fallback::Value("info"),
    secret: false,
    help: "What to log: error, warn, info, debug, trace, or per module: store=debug,info.",
};

/// Starts logging as JSON lines. The first request of an instance decides.
pub(crate) fn start(filter: &str) -> Result<(), ConfigError> {
    let filter = Targets::from_str(filter).map_err(|error| {
        ConfigError::from(format!("BURGEE_LOG is {filter:?}, expected a level such as info ({error})"))
    })?;
    let lines = fmt::layer().json().flatten_event(true).with_current_span(false).with_writer(io::stderr);
    let _ = registry().with(filter).with(lines).try_init(); // Another request of this instance was first.
    Ok(())
}
