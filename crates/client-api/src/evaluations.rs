//! Evaluated values, for client SDKs.

use api::{Path, credentials, entity_tag};
use axum::extract::State;
use eval::{FlagRef, Ruleset};
use http::HeaderValue;
use http::request::Parts;
use model::{Error, FlagKind, ObjectKind, Target};
use serde::{Serialize, Serializer};

use crate::answer::{Answer, Reading, read};
use crate::{ClientState, target};

/// Hexadecimal digits of a target's hash in an entity tag: 64 bits.
const TAG_HASH_DIGITS: usize = 16;

/// What one flag serves one target, as client SDKs receive it: in answers, and embedded in streams.
/// A flag without a value for the target has no such object.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub struct FlagEvaluation<'a> {
    /// The flag's identifier.
    pub flag: &'a str,
    /// The variation's value, as text whatever the kind. May be empty, which streams must not embed:
    /// the browser SDK takes an empty value for none.
    pub value: &'a str,
    /// The type of the value.
    pub kind: FlagKind,
    /// The variation's identifier.
    pub identifier: &'a str,
}

impl<'a> FlagEvaluation<'a> {
    /// Evaluates one flag.
    pub fn of(ruleset: &'a Ruleset, flag: FlagRef<'a>, target: &Target) -> Option<Self> {
        let variation = ruleset.evaluate(flag.index, target).variation?;
        Some(Self {
            flag: flag.id,
            value: &variation.value,
            kind: flag.kind,
            identifier: variation.identifier.as_str(),
        })
    }

    /// Evaluates the flag of that identifier, if there is one.
    pub fn named(ruleset: &'a Ruleset, flag: &str, target: &Target) -> Option<Self> {
        Self::of(ruleset, ruleset.describe(ruleset.flag(flag)?)?, target)
    }

    /// Evaluates all flags, in the order of their identifiers.
    pub fn all(ruleset: &'a Ruleset, target: &Target) -> impl Iterator<Item = Self> {
        ruleset.flags().filter_map(move |flag| Self::of(ruleset, flag, target))
    }
}

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
