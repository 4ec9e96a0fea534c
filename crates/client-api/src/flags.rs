//! Flags with their rules, for server SDKs. The stored form is the wire's, whole.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::Path;
use axum::extract::State;
use http::HeaderMap;
use model::{Error, FlagConfig, FlagId, ObjectKind};
use serde::{Serialize, Serializer};

use crate::ClientState;
use crate::answer::{Answer, json, missing, read_rules};

/// `GET /client/env/{environment}/feature-configs`: all flags, as a bare array.
pub(crate) async fn list(
    State(state): State<ClientState>,
    Path(environment): Path<String>,
    headers: HeaderMap,
) -> Answer {
    let environment = read_rules(&state, &headers, &environment).await?.environment;
    json(environment.version, &Flags(&environment.flags))
}

/// `GET /client/env/{environment}/feature-configs/{flag}`.
pub(crate) async fn one(
    State(state): State<ClientState>,
    Path((environment, flag)): Path<(String, String)>,
    headers: HeaderMap,
) -> Answer {
    let environment = read_rules(&state, &headers, &environment).await?.environment;
    match environment.flags.get(flag.as_str()) {
        Some(flag) => json(environment.version, &**flag),
        None => missing(environment.version, Error::not_found(ObjectKind::Flag, flag)),
    }
}

/// Serialised by reference: an environment may hold 10,000 flags.
struct Flags<'a>(&'a BTreeMap<FlagId, Arc<FlagConfig>>);

impl Serialize for Flags<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.values())
    }
}
