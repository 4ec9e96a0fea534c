//! Evaluated values, for client SDKs.

use api::{Path, credentials, entity_tag};
use axum::extract::State;
use eval::{FlagEvaluation, Ruleset};
use http::HeaderValue;
use http::request::Parts;
use model::{Error, ObjectKind, Target};
use serde::{Serialize, Serializer};

use crate::answer::{Answer, Reading, read};
use crate::{ClientState, target};

/// Hexadecimal digits of a target's hash in an entity tag: 64 bits.
const TAG_HASH_DIGITS: usize = 16;

/// `GET /client/env/{environment}/target/{target}/evaluations`: all values, as a bare array.
pub(crate) async fn list(
    State(state): State<ClientState>,
    Path((environment, target)): Path<(String, String)>,
    head: Parts,
) -> Answer {
    let reading = read(&state, &head, &environment).await?;
    let target = asked_for(&state, &reading, &target, &head).await?;
    let ruleset = &reading.environment.ruleset;
    reading.make(&tag(ruleset, &target)?, &Evaluations { ruleset, target: &target })
}

/// `GET /client/env/{environment}/target/{target}/evaluations/{flag}`.
pub(crate) async fn one(
    State(state): State<ClientState>,
    Path((environment, target, flag)): Path<(String, String, String)>,
    head: Parts,
) -> Answer {
    let reading = read(&state, &head, &environment).await?;
    let target = asked_for(&state, &reading, &target, &head).await?;
    let ruleset = &reading.environment.ruleset;
    match FlagEvaluation::named(ruleset, &flag, &target) {
        Some(evaluation) => reading.make(&tag(ruleset, &target)?, &evaluation),
        None => reading.missing(no_value(flag)),
    }
}

async fn asked_for(
    state: &ClientState,
    reading: &Reading<'_>,
    identifier: &str,
    head: &Parts,
) -> Result<Target, Error> {
    target::asked_for(identifier, &head.headers, reading.caller.claims.as_ref(), &*state.targets).await
}

/// The path names a target, but its attributes come from elsewhere, so they are part of the tag.
fn tag(ruleset: &Ruleset, target: &Target) -> Result<HeaderValue, Error> {
    let target = serde_json::to_string(target).map_err(Error::internal)?;
    let hash = credentials::secret_hash(&target);
    let hash = hash.as_str().get(..TAG_HASH_DIGITS).unwrap_or_default();
    Ok(entity_tag::weak(format_args!("{}-{hash}", ruleset.version())))
}

fn no_value(flag: String) -> Error {
    Error::NotFound { kind: ObjectKind::Flag, id: flag, hint: ", or has no value for this target" }
}

/// Evaluated while they are written: no list of answers is ever held.
struct Evaluations<'a> {
    ruleset: &'a Ruleset,
    target: &'a Target,
}

impl Serialize for Evaluations<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(FlagEvaluation::all(self.ruleset, self.target))
    }
}
