//! Many targets at once, from a CSV file: all of them or none.

mod file;

use std::collections::HashMap;

use api::limits::LARGE_BODY_BYTES_MAX;
use async_trait::async_trait;
use axum::body::{Body, Bytes};
use axum::extract::multipart::MultipartError;
use axum::extract::{FromRequest, Multipart, Request};
use http::{HeaderMap, StatusCode};
use model::{EnvironmentUuid, Error, EventKind, TargetId};
use store::{Decision, Kind, ObjectStep, Plan, ProjectState, Scope};

use super::change::check_room;
use super::list::WALK;
use crate::answer::Answer;
use crate::call::Call;

pub(crate) async fn upload(call: Call, body: Body) -> Result<Answer, Error> {
    call.access.check_edit()?;
    let place = call.place().await?;
    let body = api::read_body(body, LARGE_BODY_BYTES_MAX).await?;
    let targets = file::parse(&first_part(&call.head.headers, body).await?)?;
    let decision = UploadTargets { environment: place.environment.id, targets };
    call.write(&place.project.id, &decision).await?;
    Ok(Answer::empty(StatusCode::CREATED))
}

/// The first part of a multipart body, whatever its name.
async fn first_part(headers: &HeaderMap, body: Bytes) -> Result<Bytes, Error> {
    let mut request = Request::new(Body::from(body));
    headers.clone_into(request.headers_mut());
    let mut parts = Multipart::from_request(request, &()).await.map_err(|_| {
        let message = "is not multipart/form-data with a boundary; send the CSV as a file of a form";
        Error::invalid("Content-Type", message)
    })?;
    let damaged = |error: MultipartError| Error::invalid("body", error.body_text());
    let part = parts.next_field().await.map_err(damaged)?;
    let part =
        part.ok_or_else(|| Error::invalid("body", "holds no part; send the CSV as a file of a form"))?;
    part.bytes().await.map_err(damaged)
}

/// Lists targets that are new and names those that are listed already; their attributes stay.
struct UploadTargets {
    environment: EnvironmentUuid,
    targets: Vec<(TargetId, String)>,
}

#[async_trait]
impl Decision for UploadTargets {
    type Answer = ();

    async fn decide(&self, state: &ProjectState<'_>) -> Result<Plan<()>, Error> {
        let uploaded = self.targets.iter().map(|(identifier, name)| (identifier.as_str(), name.as_str()));
        let mut waiting: HashMap<&str, &str> = uploaded.collect();
        let mut renamed = Vec::new();
        let mut listed = 0;
        let mut last = String::new();
        loop {
            let rows = store::targets_after(state.db, &self.environment, &last, WALK).await?;
            let Some(row) = rows.last() else { break };
            last = row.target.identifier.to_string();
            listed += rows.len();
            for row in &rows {
                if let Some((identifier, name)) = waiting.remove_entry(&*row.target.identifier)
                    && name != &*row.target.name
                {
                    renamed.push((identifier, name));
                }
            }
        }
        check_room(listed, waiting.len())?;
        let mut plan = Plan::new(());
        if renamed.is_empty() && waiting.is_empty() {
            return Ok(plan);
        }
        plan.step(self.step(waiting.len(), renamed.len())?);
        for (identifier, name) in renamed.into_iter().chain(waiting) {
            plan.row(store::name_target(&self.environment, identifier, name, state.now_ms));
        }
        Ok(plan)
    }
}

impl UploadTargets {
    /// One row of audit for the whole file, with its numbers: names of a hundred thousand people have no
    /// place in a history that is kept for ever.
    fn step(&self, created: usize, renamed: usize) -> Result<ObjectStep, Error> {
        let body = serde_json::json!({ "created": created, "renamed": renamed });
        Ok(ObjectStep {
            scope: Scope::Beside(self.environment.clone()),
            kind: Kind::Target,
            identifier: String::new(),
            action: "TargetsUploaded",
            event: EventKind::Patch,
            before: None,
            after: Some(serde_json::to_string(&body).map_err(Error::internal)?),
            references: Vec::new(),
            dependants: Vec::new(),
        })
    }
}
