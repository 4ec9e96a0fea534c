//! What the files do not say, and the command line does: names and kinds of keys.

use model::{AccountId, EnvironmentId, EnvironmentUuid, KeyHash, KeyKind, OrganisationId, ProjectId};

/// The name of an account or organisation where neither the files nor the command line say one.
pub(super) const DEFAULT: &str = "default";

/// Names and kinds.
#[derive(clap::Args)]
pub(crate) struct Naming {
    /// The account's identifier [default: what the files say, else "default"]
    #[arg(long, value_parser = parse_account)]
    pub(super) account: Option<AccountId>,
    /// The organisation's identifier [default: what the files say, else "default"]
    #[arg(long = "org", value_parser = parse_organisation)]
    pub(super) organisation: Option<OrganisationId>,
    /// The project's identifier; all environments are imported into it [default: what the files say]
    #[arg(long, value_parser = parse_project)]
    pub(super) project: Option<ProjectId>,
    /// The identifier of the environment with this id, where the files do not say it or another is wanted; may be
    /// repeated
    #[arg(long = "environment-map", value_name = "UUID=[PROJECT/]IDENTIFIER", value_parser = parse_environment)]
    pub(super) environments: Vec<NamedEnvironment>,
    /// The kind of keys that are not named below and of which the files do not say it [default: server]
    #[arg(long, value_enum)]
    pub(super) keys: Option<Kind>,
    /// The SHA-256 of a client key; may be repeated
    #[arg(long = "client-key", value_name = "HASH", value_parser = parse_hash)]
    pub(super) client_keys: Vec<KeyHash>,
    /// The SHA-256 of a server key; may be repeated
    #[arg(long = "server-key", value_name = "HASH", value_parser = parse_hash)]
    pub(super) server_keys: Vec<KeyHash>,
}

/// A kind of SDK key.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum Kind {
    /// May read rules
    Server,
    /// May read evaluated values only
    Client,
}

/// What an environment is to be called, and perhaps its project.
#[derive(Clone, Debug)]
pub(crate) struct NamedEnvironment {
    pub(super) id: EnvironmentUuid,
    pub(super) project: Option<ProjectId>,
    pub(super) identifier: EnvironmentId,
}

impl Naming {
    /// What the environment is to be called, if that was said.
    pub(super) fn environment(&self, id: &EnvironmentUuid) -> Option<&NamedEnvironment> {
        self.environments.iter().rfind(|named| named.id == *id)
    }

    /// The kind of a key, if that was said.
    pub(super) fn kind(&self, hash: &KeyHash) -> Option<KeyKind> {
        if self.client_keys.contains(hash) {
            return Some(KeyKind::Client);
        }
        if self.server_keys.contains(hash) {
            return Some(KeyKind::Server);
        }
        self.keys.map(|kind| match kind {
            Kind::Server => KeyKind::Server,
            Kind::Client => KeyKind::Client,
        })
    }
}

fn parse_account(text: &str) -> Result<AccountId, String> {
    AccountId::parse(text).map_err(|error| error.message)
}

fn parse_organisation(text: &str) -> Result<OrganisationId, String> {
    OrganisationId::parse(text).map_err(|error| error.message)
}

fn parse_project(text: &str) -> Result<ProjectId, String> {
    ProjectId::parse(text).map_err(|error| error.message)
}

fn parse_environment(text: &str) -> Result<NamedEnvironment, String> {
    let (id, name) = text.split_once('=').ok_or("write it as UUID=IDENTIFIER")?;
    let (project, identifier) = match name.split_once('/') {
        Some((project, identifier)) => (Some(parse_project(project)?), identifier),
        None => (None, name),
    };
    Ok(NamedEnvironment {
        id: EnvironmentUuid::parse(id).map_err(|error| error.message)?,
        project,
        identifier: EnvironmentId::parse(identifier).map_err(|error| error.message)?,
    })
}

/// What is no hash is not repeated: it may be a key.
fn parse_hash(text: &str) -> Result<KeyHash, String> {
    KeyHash::parse(&text.to_ascii_lowercase())
        .map_err(|_| "expected the SHA-256 of the key: printf %s \"$KEY\" | sha256sum".to_owned())
}
