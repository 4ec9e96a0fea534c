//! Everything that an environment serves, in one answer. Burgee's own, for relays and edges.

use api::{Path, entity_tag};
use axum::extract::State;
use http::header::{CACHE_CONTROL, HeaderValue};
use http::request::Parts;
use model::{EnvironmentUuid, Error, SNAPSHOT_FORMAT, Snapshot, Version};
use serde::Serialize;

use crate::ClientState;
use crate::answer::{Answer, Reading, admit_to_rules, load, read_rules};
use crate::in_order::InOrder;
use crate::text::Question;

/// What a version holds never changes. Only whoever may read rules may keep it.
const FOR_EVER: HeaderValue = HeaderValue::from_static("private, max-age=31536000, immutable");

#[derive(Serialize)]
struct Body<'a, Flags, Segments> {
    format: u32,
    environment: &'a EnvironmentUuid,
    version: Version,
    flags: Flags,
    segments: Segments,
}

/// `GET /client/env/{environment}/snapshot`: now.
pub(crate) async fn newest(
    State(state): State<ClientState>,
    Path(environment): Path<String>,
    head: Parts,
) -> Answer {
    let reading = read_rules(&state, &head, &environment).await?;
    share(&reading).await
}

/// `GET /client/env/{environment}/snapshot/{version}`: at a version, for ever the same.
pub(crate) async fn at_version(
    State(state): State<ClientState>,
    Path((environment, version)): Path<(String, String)>,
    head: Parts,
) -> Answer {
    let caller = admit_to_rules(&state, &head.headers, &environment).await?;
    let version = parse(&version)?;
    let reading = load(&state, &head, caller, version).await?;
    let mut response = match reading.environment.version == version {
        true => share(&reading).await?,
        false => {
            let id = &reading.caller.key.environment_uuid;
            let Snapshot { flags, segments, .. } = state.source.snapshot_at(id, version).await?;
            reading.make(
                &entity_tag::weak(version),
                &Body { format: SNAPSHOT_FORMAT, environment: id, version, flags, segments },
            )?
        }
    };
    response.headers_mut().insert(CACHE_CONTROL, FOR_EVER);
    Ok(response)
}

fn parse(version: &str) -> Result<Version, Error> {
    let number = version.parse().ok().filter(|number| *number > 0);
    number.map(Version).ok_or_else(|| {
        Error::invalid(
            "version",
            format!("{version:?} is not a version; send the digits of one, 1 is the first"),
        )
    })
}

async fn share(reading: &Reading<'_>) -> Answer {
    let environment = &reading.environment;
    let body = Body {
        format: SNAPSHOT_FORMAT,
        environment: &reading.caller.key.environment_uuid,
        version: environment.version,
        flags: InOrder(&environment.flags),
        segments: InOrder(&environment.segments),
    };
    reading.share(Question::Snapshot, &body).await
}
