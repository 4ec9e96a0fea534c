//! Segments (the wire says target groups), for server SDKs.

use api::Path;
use axum::extract::State;
use http::request::Parts;
use model::{Error, KeyRecord, ObjectKind};
use serde::{Serialize, Serializer};

use crate::answer::{Answer, read_rules};
use crate::text::Question;
use crate::{ClientState, Environment, RulesView, SegmentView};

/// `GET /client/env/{environment}/target-segments`: all segments, as a bare array.
pub(crate) async fn list(
    State(state): State<ClientState>,
    Path(environment): Path<String>,
    head: Parts,
) -> Answer {
    let reading = read_rules(&state, &head, &environment).await?;
    let rules = RulesView::of(head.uri.query());
    let segments = Segments { environment: &reading.environment, key: &reading.caller.key, rules };
    reading.share(Question::Segments(rules), &segments).await
}

/// `GET /client/env/{environment}/target-segments/{segment}`.
pub(crate) async fn one(
    State(state): State<ClientState>,
    Path((environment, segment)): Path<(String, String)>,
    head: Parts,
) -> Answer {
    let reading = read_rules(&state, &head, &environment).await?;
    let rules = RulesView::of(head.uri.query());
    match reading.environment.segments.get(segment.as_str()) {
        Some(segment) => {
            let view = SegmentView::new(segment, &reading.caller.key, rules);
            reading.share(Question::Segment(segment.identifier.clone(), rules), &view).await
        }
        None => reading.missing(Error::not_found(ObjectKind::Segment, segment)),
    }
}

/// All keys of an environment have the same scope, so what one of them is told is the same for all.
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
