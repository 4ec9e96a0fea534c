//! What the operator decided.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use platform::config::{Fallback, Kind, Var, Vars};
use platform_native::config;
use platform_native::telemetry::LOG_VAR;

use super::Arguments;
use super::stores::SHARED_VARS;
use crate::{data, publish};

/// The environment variables of `burgee serve`.
const VARS: &[Var] = &[
    Var {
        name: "BURGEE_LISTEN",
        kind: Kind::Address,
        default: Fallback::Value("127.0.0.1:7700"),
        secret: false,
        help: "Where to listen for HTTP; --listen goes before it.",
    },
    data::VAR,
    data::DATABASE_URL,
    Var {
        help: "An access token that may do everything, at least 32 characters. Without it one is made at the first start.",
        ..fn_admin::ADMIN_TOKEN
    },
    delivery::TOKEN_KEYS,
    Var {
        name: "BURGEE_DRAIN_S",
        kind: Kind::Number { min: 0, max: 300 },
        default: Fallback::Value("10"),
        secret: false,
        help: "Seconds that running requests and streams get after SIGTERM or SIGINT.",
    },
    Var {
        name: "BURGEE_BEHIND_PROXY",
        kind: Kind::Boolean,
        default: Fallback::Value("false"),
        secret: false,
        help: "Set to true where a proxy of yours stands in front: all streams then come from one address, so streams per address are not limited.",
    },
    fn_client::STALE,
    LOG_VAR,
];

/// What the operator decided, checked.
pub(super) struct Settings {
    pub(super) listen: String,
    pub(super) data: PathBuf,
    pub(super) demo: bool,
    pub(super) admin_token: Option<Arc<str>>,
    pub(super) token_keys: Option<String>,
    pub(super) drain: Duration,
    pub(super) behind_proxy: bool,
    pub(super) stale: Duration,
    pub(super) log: String,
    /// All of it, for the stores.
    pub(super) vars: Vars,
}

impl Settings {
    /// Reads the command line and the environment; all mistakes are reported at once.
    pub(super) fn read(arguments: &Arguments) -> anyhow::Result<Self> {
        let vars = config::read(&[VARS, SHARED_VARS])?;
        let listen = arguments.listen.as_deref().map_or_else(|| vars.text("BURGEE_LISTEN"), Ok)?;
        let data = match &arguments.data {
            Some(data) => data.clone(),
            None => PathBuf::from(vars.text("BURGEE_DATA")?),
        };
        Ok(Self {
            listen: listen.to_owned(),
            data,
            demo: !arguments.no_demo,
            admin_token: vars.opt_text(fn_admin::ADMIN_TOKEN.name)?.map(Arc::from),
            token_keys: vars.opt_text(delivery::TOKEN_KEYS.name)?.map(str::to_owned),
            drain: Duration::from_secs(vars.number("BURGEE_DRAIN_S")?),
            behind_proxy: vars.boolean("BURGEE_BEHIND_PROXY")?,
            stale: Duration::from_secs(vars.number(fn_client::STALE.name)?),
            log: vars.text("BURGEE_LOG")?.to_owned(),
            vars,
        })
    }

    /// Names variables that look like ours and are not.
    pub(super) fn warn_of_unknown(&self) {
        for sentence in config::unknown(&[VARS, SHARED_VARS]) {
            tracing::warn!("{sentence}");
        }
    }
}

/// Where to listen: what the command line says, else the environment, else the default.
pub(super) fn listen_address(named: Option<&str>) -> anyhow::Result<String> {
    match named {
        Some(address) => Ok(address.to_owned()),
        None => Ok(config::read(&[VARS])?.text("BURGEE_LISTEN")?.to_owned()),
    }
}

/// The variables, for a terminal.
pub(super) fn help() -> String {
    config::help(&[VARS, SHARED_VARS])
}

/// The variables, as docs/config.md.
pub(super) fn page() -> String {
    format!(
        "# Settings\n\nEnvironment variables. This page is written by `burgee settings --markdown`.\n\n## `burgee serve`\n\n\
         `--listen` and `--data` go before theirs.\n\n{}\n## `burgee publish`\n\n{}",
        config::markdown(&[VARS, SHARED_VARS]),
        publish::settings_table()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_of_settings_is_up_to_date() {
        let kept = include_str!("../../../docs/config.md");

        assert_eq!(page(), kept, "run `burgee settings --markdown > docs/config.md`");
    }
}
