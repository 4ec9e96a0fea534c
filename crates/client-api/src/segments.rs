//! Segments (the wire says target groups), for server SDKs.

use api::Path;
use axum::extract::{RawQuery, State};
use http::HeaderMap;
use model::{Error, KeyRecord, ObjectKind};
use serde::{Serialize, Serializer};

use crate::answer::{Answer, Reading, json, missing, read_rules};
use crate::{ClientState, Environment, RulesView, SegmentView};

/// `GET /client/env/{environment}/target-segments`: all segments, as a bare array.
pub(crate) async fn list(
    State(state): State<ClientState>,
    Path(environment): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Answer {
    let Reading { caller, environment } = read_rules(&state, &headers, &environment).await?;
    let segments =
        Segments { environment: &environment, key: &caller.key, rules: RulesView::of(query.as_deref()) };
    json(environment.version, &segments)
}

/// `GET /client/env/{environment}/target-segments/{segment}`.
pub(crate) async fn one(
    State(state): State<ClientState>,
    Path((environment, segment)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Answer {
    let Reading { caller, environment } = read_rules(&state, &headers, &environment).await?;
    match environment.segments.get(segment.as_str()) {
        Some(segment) => json(
            environment.version,
            &SegmentView::new(segment, &caller.key, RulesView::of(query.as_deref())),
        ),
        None => missing(environment.version, Error::not_found(ObjectKind::Segment, segment)),
    }
}

struct Segments<'a> {
    environment: &'a Environment,
    key: &'a KeyRecord,
    rules: RulesView,
}

impl Serialize for Segments<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let segments = self.environment.segments.values();
        serializer.collect_seq(segments.map(|segment| SegmentView::new(segment, self.key, self.rules)))
    }
}
