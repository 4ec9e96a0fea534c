//! Flags with their rules, for server SDKs. The stored form is the wire's, whole.

use api::Path;
use axum::extract::State;
use http::request::Parts;
use model::{Error, ObjectKind};

use crate::ClientState;
use crate::answer::{Answer, read_rules};
use crate::in_order::InOrder;
use crate::text::Question;

/// `GET /client/env/{environment}/feature-configs`: all flags, as a bare array.
pub(crate) async fn list(
    State(state): State<ClientState>,
    Path(environment): Path<String>,
    head: Parts,
) -> Answer {
    let reading = read_rules(&state, &head, &environment).await?;
    reading.share(Question::Flags, &InOrder(&reading.environment.flags)).await
}

/// `GET /client/env/{environment}/feature-configs/{flag}`.
pub(crate) async fn one(
    State(state): State<ClientState>,
    Path((environment, flag)): Path<(String, String)>,
    head: Parts,
) -> Answer {
    let reading = read_rules(&state, &head, &environment).await?;
    match reading.environment.flags.get(flag.as_str()) {
        Some(flag) => reading.share(Question::Flag(flag.feature.clone()), &**flag).await,
        None => reading.missing(Error::not_found(ObjectKind::Flag, flag)),
    }
}
