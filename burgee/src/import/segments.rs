//! Segments (the files say target groups).

use std::collections::HashMap;

use model::{EnvironmentUuid, Error, EventKind, Segment, SegmentId, Version};
use store::{Kind, ObjectStep, Scope, segment_references};

use super::decision::{Planning, body};
use super::report::Tally;
use super::verdict::{Last, Verdict, judge};
use super::wanted::WantedEnvironment;

impl Planning<'_> {
    /// Plans the segments of an environment.
    pub(super) async fn segments(&mut self, environment: &WantedEnvironment) -> Result<Tally, Error> {
        let mut tally = Tally::default();
        let current = self.current_segments(&environment.id).await?;
        for (id, wanted) in &environment.segments {
            let (compared_to, now) = (compared(wanted), current.get(id).map(compared));
            let last: Last<Segment> = match now.as_ref() == Some(&compared_to) {
                true => Last::Never,
                false => {
                    let place = Some(&environment.id);
                    self.last_import.read(self.state, place, Kind::Segment, id.as_str()).await?
                }
            };
            let last = last.map(|segment| compared(&segment));
            let verdict = judge(&compared_to, now.as_ref(), &last, self.overwrite);
            tally.count(&verdict);
            match verdict {
                Verdict::Same => {}
                Verdict::Keep(why) => {
                    let text = format!(
                        "target group {:?} in environment {} {why}",
                        id.as_str(),
                        environment.identifier
                    );
                    self.keep(text);
                }
                Verdict::Create | Verdict::Change => {
                    self.segment_step(&environment.id, current.get(id), wanted)?;
                }
            }
        }
        Ok(tally)
    }

    async fn current_segments(
        &self,
        environment: &EnvironmentUuid,
    ) -> Result<HashMap<SegmentId, Segment>, Error> {
        let objects = store::current_bodies(self.state.db, environment.as_str(), Kind::Segment).await?;
        let read = |object: store::CurrentObject| {
            let segment = serde_json::from_str(object.body.as_deref()?);
            Some(segment.map(|one: Segment| (one.identifier.clone(), one)).map_err(Error::internal))
        };
        objects.into_iter().filter_map(read).collect()
    }

    fn segment_step(
        &mut self,
        environment: &EnvironmentUuid,
        before: Option<&Segment>,
        wanted: &Segment,
    ) -> Result<(), Error> {
        let now_ms = self.state.now_ms;
        let since = |ms: i64| if ms > 0 { ms } else { now_ms };
        let after = Segment {
            created_at: before.map_or_else(|| since(wanted.created_at), |before| before.created_at),
            modified_at: if before.is_some() { now_ms } else { since(wanted.modified_at) },
            version: self.plan.version(self.state, environment),
            ..wanted.clone()
        };
        let name = format!("target group {:?}", after.identifier.as_str());
        self.plan.step(ObjectStep {
            scope: Scope::Environment(environment.clone()),
            kind: Kind::Segment,
            identifier: after.identifier.to_string(),
            action: if before.is_some() { "SegmentPatched" } else { "SegmentCreated" },
            event: if before.is_some() { EventKind::Patch } else { EventKind::Create },
            before: before.map(|before| body(before, &name)).transpose()?,
            after: Some(body(&after, &name)?),
            references: segment_references(&after),
            dependants: Vec::new(),
        });
        Ok(())
    }
}

/// What of a segment is compared: all but when it was written.
fn compared(segment: &Segment) -> Segment {
    Segment { created_at: 0, modified_at: 0, version: Version(0), ..segment.clone() }
}
