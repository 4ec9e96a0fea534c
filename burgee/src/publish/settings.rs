//! What the operator decided.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{anyhow, bail};
use http::Uri;
use model::EnvironmentUuid;
use platform::config::{Fallback, Kind, Var};
use platform_native::config;
use platform_native::telemetry::LOG_VAR;

/// The environment variables of `burgee publish`.
const VARS: &[Var] = &[
    Var {
        name: "BURGEE_ORIGIN",
        kind: Kind::Form { form: "http(s)://host[:port]", mistake: not_a_host },
        default: Fallback::Required,
        secret: false,
        help: "Where Burgee is, as in ORIGIN of the Worker.",
    },
    Var {
        name: "BURGEE_SERVER_KEYS",
        kind: Kind::Form { form: "{\"environment's UUID\":\"server key\"[,…]}", mistake: not_keys },
        default: Fallback::Required,
        secret: true,
        help: "A server key of each environment to publish, as the Worker may have them.",
    },
    Var {
        name: "BURGEE_CLOUDFLARE_ACCOUNT",
        kind: Kind::Form { form: "letters and digits", mistake: not_an_id },
        default: Fallback::Required,
        secret: false,
        help: "The id of the account that the KV namespace is in.",
    },
    Var {
        name: "BURGEE_CLOUDFLARE_NAMESPACE",
        kind: Kind::Form { form: "letters and digits", mistake: not_an_id },
        default: Fallback::Required,
        secret: false,
        help: "The id of the KV namespace that the Worker reads, as in wrangler.toml.",
    },
    Var {
        name: "BURGEE_CLOUDFLARE_TOKEN",
        kind: Kind::Text,
        default: Fallback::Required,
        secret: true,
        help: "An API token of Cloudflare's that may edit Workers KV Storage of that account.",
    },
    Var {
        name: "BURGEE_CLOUDFLARE_URL",
        kind: Kind::Form { form: "http(s)://host[:port]", mistake: not_a_host },
        default: Fallback::Value("https://api.cloudflare.com"),
        secret: false,
        help: "Where Cloudflare's API is.",
    },
    Var {
        name: "BURGEE_CHECK_S",
        kind: Kind::Number { min: 1, max: 3_600 },
        default: Fallback::Value("60"),
        secret: false,
        help: "Seconds after which KV is asked what it holds, and Burgee what it serves, though nothing was heard of.",
    },
    LOG_VAR,
];

/// What the operator decided, checked.
pub(super) struct Settings {
    pub(super) origin: String,
    /// A server key of each environment that is to be published; never empty.
    pub(super) keys: BTreeMap<EnvironmentUuid, String>,
    pub(super) cloudflare: Cloudflare,
    pub(super) check_every: Duration,
    pub(super) log: String,
}

/// Where the Worker's KV namespace is, and what opens it.
pub(super) struct Cloudflare {
    pub(super) url: String,
    pub(super) account: String,
    pub(super) namespace: String,
    pub(super) token: String,
}

impl Settings {
    /// Reads the environment; all mistakes are reported at once. Publishes only `wanted`, unless that is empty.
    pub(super) fn read(wanted: &[String]) -> anyhow::Result<Self> {
        let vars = config::read(&[VARS])?;
        let text = |name| vars.text(name).map(str::to_owned);
        let host = |name| vars.text(name).map(|url| url.trim_end_matches('/').to_owned());
        let mut keys = parse_keys(vars.text("BURGEE_SERVER_KEYS")?)?;
        if let Some(unknown) = wanted.iter().find(|id| !keys.contains_key(id.as_str())) {
            bail!("BURGEE_SERVER_KEYS has no key for environment {unknown:?}: name it by its UUID");
        }
        keys.retain(|id, _| wanted.is_empty() || wanted.iter().any(|one| one == id.as_str()));
        Ok(Self {
            origin: host("BURGEE_ORIGIN")?,
            keys,
            cloudflare: Cloudflare {
                url: host("BURGEE_CLOUDFLARE_URL")?,
                account: text("BURGEE_CLOUDFLARE_ACCOUNT")?,
                namespace: text("BURGEE_CLOUDFLARE_NAMESPACE")?,
                token: text("BURGEE_CLOUDFLARE_TOKEN")?,
            },
            check_every: Duration::from_secs(vars.number("BURGEE_CHECK_S")?),
            log: text("BURGEE_LOG")?,
        })
    }

    /// Names variables that look like ours and are not.
    pub(super) fn warn_of_unknown() {
        for sentence in config::unknown(&[VARS]) {
            tracing::warn!("{sentence}");
        }
    }
}

/// The variables, for a terminal.
pub(super) fn help() -> String {
    format!("Environment variables:\n{}", config::help(&[VARS]))
}

/// The variables, for docs/config.md.
pub(super) fn table() -> String {
    config::markdown(&[VARS])
}

fn parse_keys(json: &str) -> anyhow::Result<BTreeMap<EnvironmentUuid, String>> {
    let keys: BTreeMap<EnvironmentUuid, String> = serde_json::from_str(json)?;
    if keys.is_empty() {
        bail!("it names no environment");
    }
    for (environment, key) in &keys {
        EnvironmentUuid::parse(environment.as_str()).map_err(|error| anyhow!(error.message))?;
        if key.is_empty() {
            bail!("the key of environment {environment} is empty");
        }
    }
    Ok(keys)
}

/// Says where in the text the mistake is and never what is there.
fn not_keys(json: &str) -> Option<String> {
    parse_keys(json).err().map(|error| match error.downcast_ref::<serde_json::Error>() {
        Some(error) => {
            format!("is no JSON object of texts: line {}, column {}", error.line(), error.column())
        }
        None => format!("cannot be used: {error}"),
    })
}

fn not_a_host(text: &str) -> Option<String> {
    let mistake = || Some(format!("is {text:?}, expected http(s)://host[:port] without a path"));
    let Ok(uri) = text.parse::<Uri>() else { return mistake() };
    let is_host = matches!(uri.scheme_str(), Some("http" | "https"))
        && uri.authority().is_some_and(|authority| !authority.as_str().contains('@'))
        && matches!(uri.path_and_query().map(|path| path.as_str()), None | Some("/"));
    if is_host { None } else { mistake() }
}

/// It becomes a part of a path.
fn not_an_id(text: &str) -> Option<String> {
    let fits = text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (!fits).then(|| format!("is {text:?}, expected letters and digits only"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_scheme_and_a_name_and_nothing_else() {
        for host in ["https://flags.example.com", "http://127.0.0.1:7700", "https://flags.example.com/"] {
            assert_eq!(not_a_host(host), None, "{host}");
        }
        for other in
            ["flags.example.com", "https://flags.example.com/api", "ftp://a", "https://a?b", "https://me:x@a"]
        {
            assert!(not_a_host(other).is_some(), "{other}");
        }
    }

    #[test]
    fn a_mistake_in_the_keys_is_told_without_the_keys() {
        let mistakes =
            [r#"{"env":"the-secret"#, "{}", r#"{"env":""}"#, r#"{"a/b":"the-secret"}"#, "the-secret"];

        for text in mistakes {
            let said = not_keys(text).unwrap();
            assert!(!said.contains("the-secret"), "{said}");
        }
        assert_eq!(not_keys(r#"{"env":"the-secret"}"#), None);
    }
}
