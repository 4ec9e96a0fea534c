//! Everything that an environment serves, or served at an earlier version.

use api::{Json, Problem, Query, entity_tag};
use axum::extract::State;
use axum::response::IntoResponse;
use http::header::ETAG;
use model::{EnvironmentId, EnvironmentUuid, Error, FlagConfig, SNAPSHOT_FORMAT, Segment, Snapshot, Version};
use serde::{Deserialize, Serialize};
use store::EnvironmentRow;

use crate::Admin;
use crate::access::Access;
use crate::context::Context;
use crate::segments::Place;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    format: u32,
    environment: EnvironmentUuid,
    environment_identifier: EnvironmentId,
    version: Version,
    flags: Vec<FlagConfig>,
    segments: Vec<Segment>,
}

#[derive(Deserialize)]
pub(crate) struct At {
    version: Option<i64>,
}

pub(crate) async fn read(
    State(admin): State<Admin>,
    access: Access,
    context: Context,
    Query(at): Query<At>,
) -> Result<impl IntoResponse, Problem> {
    let place = Place::of(&*admin.platform.db, &access, &context).await?;
    let Snapshot { version, flags, segments } = at_version(&admin, &place.environment, at.version).await?;
    let answer = Answer {
        format: SNAPSHOT_FORMAT,
        environment: place.environment.id,
        environment_identifier: place.environment.identifier,
        version,
        flags,
        segments,
    };
    Ok(([(ETAG, entity_tag::of(version))], Json(answer)))
}

/// What the environment served at that version; now, if none is given.
pub(super) async fn at_version(
    admin: &Admin,
    environment: &EnvironmentRow,
    version: Option<i64>,
) -> Result<Snapshot, Error> {
    let version = version.map_or(environment.version, Version);
    if version < Version(1) || version > environment.version {
        let message = format!(
            "{version} is none that environment {:?} has had; use 1 to {}",
            environment.identifier.as_str(),
            environment.version
        );
        return Err(Error::invalid("version", message));
    }
    store::snapshot_at(&*admin.platform.db, &environment.id, version).await
}
