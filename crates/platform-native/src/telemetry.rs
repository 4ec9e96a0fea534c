//! Where log lines go: to stderr, as JSON for machines, readable for people.

use std::io::{self, IsTerminal};

use platform::config::{Fallback, Kind, Var};
use tracing_subscriber::EnvFilter;

/// The setting that every program of ours has.
pub const LOG_VAR: Var = Var {
    name: "BURGEE_LOG",
    kind: Kind::Text,
    default: Fallback::Value("info"),
    secret: false,
    help: "What to log: error, warn, info, debug, trace, or per module: store=debug,info.",
};

/// `BURGEE_LOG` cannot be understood.
#[derive(Debug, thiserror::Error)]
#[error("BURGEE_LOG is {filter:?}, expected a level such as info, or store=debug,info ({cause})")]
pub struct FilterError {
    /// Its value.
    pub filter: String,
    /// What is wrong with it.
    pub cause: String,
}

/// Starts logging for the whole process. The first call decides; later ones, as tests in one process make
/// them, change nothing.
///
/// # Errors
/// If `filter` (the value of `BURGEE_LOG`) is not a list of `tracing` directives.
pub fn start(filter: &str) -> Result<(), FilterError> {
    let parsed = EnvFilter::try_new(filter)
        .map_err(|error| FilterError { filter: filter.to_owned(), cause: error.to_string() })?;
    let builder = tracing_subscriber::fmt().with_env_filter(parsed).with_writer(io::stderr);
    let started = if io::stderr().is_terminal() {
        builder.try_init()
    } else {
        builder.json().flatten_event(true).with_current_span(false).try_init()
    };
    let _ = started; // Somebody else in this process started it before us.
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starting_twice_is_no_error_and_a_wrong_filter_is() {
        start("info").unwrap();
        start("store=debug,warn").unwrap();

        let error = start("store=loud").unwrap_err();

        assert!(error.to_string().starts_with("BURGEE_LOG is \"store=loud\", expected a level"), "{error}");
    }
}
