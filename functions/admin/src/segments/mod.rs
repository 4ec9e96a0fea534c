//! Segments (target groups): create, read, list, change, delete, and who uses them.

mod answer;
mod change;
mod check;
mod create;
mod instruction;
mod mentions;
mod remove;
mod usage;

use api::{Json, Page, PageRequest, Path, Problem, Query, entity_tag};
use axum::extract::State;
use axum::response::IntoResponse;
use http::StatusCode;
use http::header::ETAG;
use model::{EnvironmentId, Error, ObjectKind, Segment, SegmentId};
use platform::Db;
use serde::{Deserialize, Serialize};
use store::{EnvironmentRow, Kind, ProjectRow};

use crate::Admin;
use crate::access::Access;
use crate::context::Context;
use crate::instructions::{PatchRequest, RawInstruction, checked_comment, parse_all};
use crate::pinned::AsOf;
use answer::SegmentAnswer;
use change::ChangeSegment;
use create::CreateSegment;
use instruction::Instruction;
use remove::RemoveSegment;

pub use create::SegmentRequest;
pub(crate) use usage::{available_flags, flags};

/// A page of segments.
#[derive(Serialize)]
pub(crate) struct Segments {
    #[serde(flatten)]
    page: Page,
    segments: Vec<SegmentAnswer>,
}

impl Segments {
    /// The segments of one page, at the environment's version.
    pub(crate) fn page_of(page: PageRequest, segments: Vec<Segment>, place: &Place) -> Self {
        let (segments, page) = page.cut(segments);
        let segments = segments.into_iter().map(|segment| SegmentAnswer::new(segment, place)).collect();
        Self { page: page.at_version(place.environment.version), segments }
    }
}

/// What a list can be asked for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Filters {
    name: Option<String>,
    identifier: Option<String>,
    sort_by_field: Option<SortField>,
    sort_order: Option<SortOrder>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
enum SortField {
    Name,
    #[default]
    Identifier,
    CreatedAt,
    ModifiedAt,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "UPPERCASE")]
enum SortOrder {
    #[default]
    Ascending,
    Descending,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeleteQuery {
    force_delete: Option<bool>,
}

/// Where a request's segments are.
pub(crate) struct Place {
    pub(crate) project: ProjectRow,
    pub(crate) environment: EnvironmentRow,
}

impl Place {
    /// The environment that the query names.
    pub(crate) async fn of(db: &dyn Db, access: &Access, context: &Context) -> Result<Self, Error> {
        let project = context.project(db, access).await?;
        let environment = context.environment(db, &project).await?;
        Ok(Self { project, environment })
    }
}

pub(crate) async fn create(
    State(admin): State<Admin>,
    access: Access,
    context: Context,
    Json(request): Json<SegmentRequest>,
) -> Result<StatusCode, Problem> {
    access.check_edit()?;
    let db = &*admin.platform.db;
    let project = context.project_of_body(db, &access, &request.project).await?;
    let environment = EnvironmentId::parse(&request.environment)
        .map_err(|error| crate::projects::named("environment", error))?;
    let environment = store::environment_by_identifier(db, &project.id, &environment).await?;
    let decision = CreateSegment::parse(request, environment.id, &*admin.platform.random)?;
    admin.writer.write(&project.id, &access.author(None), &decision).await?;
    Ok(StatusCode::CREATED)
}

pub(crate) async fn read(
    State(admin): State<Admin>,
    access: Access,
    context: Context,
    Path(identifier): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    let db = &*admin.platform.db;
    let place = Place::of(db, &access, &context).await?;
    let segment = find(db, &place.environment, &SegmentId::parse(&identifier)?).await?;
    Ok(([(ETAG, entity_tag::of(segment.version))], Json(SegmentAnswer::new(segment, &place))))
}

pub(crate) async fn list(
    State(admin): State<Admin>,
    access: Access,
    context: Context,
    page: PageRequest,
    (Query(filters), Query(as_of)): (Query<Filters>, Query<AsOf>),
) -> Result<Json<Segments>, Problem> {
    let db = &*admin.platform.db;
    let mut place = Place::of(db, &access, &context).await?;
    let mut segments = match as_of.version(Some(&place.environment))? {
        None => all(db, &place.environment).await?,
        Some(version) => {
            place.environment.version = version;
            store::snapshot_at(db, &place.environment.id, version).await?.segments
        }
    };
    segments.retain(|segment| filters.admit(segment));
    segments.sort_by(|one, other| filters.order(one, other));
    Ok(Json(Segments::page_of(page, segments, &place)))
}

pub(crate) async fn patch(
    State(admin): State<Admin>,
    access: Access,
    context: Context,
    Path(identifier): Path<String>,
    Json(request): Json<PatchRequest>,
) -> Result<Json<SegmentAnswer>, Problem> {
    access.check_edit()?;
    let db = &*admin.platform.db;
    let place = Place::of(db, &access, &context).await?;
    let parse = |raw: &RawInstruction, at: &str| Instruction::parse(raw, at, &*admin.platform.random);
    let instructions = parse_all(&request.instructions, request.execution_time, "", parse)?;
    let segment = SegmentId::parse(&identifier)?;
    let environment = place.environment.id.clone();
    let decision = ChangeSegment { environment, segment, instructions };
    let author = access.author(checked_comment(request.comment)?);
    admin.writer.write(&place.project.id, &author, &decision).await?;
    let segment = find(db, &place.environment, &decision.segment).await?;
    Ok(Json(SegmentAnswer::new(segment, &place)))
}

pub(crate) async fn delete(
    State(admin): State<Admin>,
    access: Access,
    context: Context,
    Path(identifier): Path<String>,
    Query(query): Query<DeleteQuery>,
) -> Result<StatusCode, Problem> {
    access.check_edit()?;
    let place = Place::of(&*admin.platform.db, &access, &context).await?;
    let decision = RemoveSegment {
        environment: place.environment.id,
        segment: SegmentId::parse(&identifier)?,
        with_references: query.force_delete.unwrap_or(false),
    };
    admin.writer.write(&place.project.id, &access.author(None), &decision).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The segment.
pub(crate) async fn find(
    db: &dyn Db,
    environment: &EnvironmentRow,
    id: &SegmentId,
) -> Result<Segment, Error> {
    let object = store::current(db, environment.id.as_str(), Kind::Segment, id.as_str()).await?;
    let body = object.and_then(|object| object.body);
    let body = body.ok_or_else(|| Error::not_found(ObjectKind::Segment, id))?;
    store::read_body(&body)
}

/// All segments of the environment, by identifier.
pub(crate) async fn all(db: &dyn Db, environment: &EnvironmentRow) -> Result<Vec<Segment>, Error> {
    let objects = store::current_bodies(db, environment.id.as_str(), Kind::Segment).await?;
    let bodies = objects.iter().filter_map(|object| object.body.as_deref());
    bodies.map(store::read_body).collect()
}

impl Filters {
    fn admit(&self, segment: &Segment) -> bool {
        let holds = |wanted: &Option<String>, text: &str| {
            wanted.as_ref().is_none_or(|wanted| text.to_lowercase().contains(&wanted.to_lowercase()))
        };
        holds(&self.name, &segment.name) && holds(&self.identifier, segment.identifier.as_str())
    }

    /// A total order: what compares equal is ordered by identifier.
    fn order(&self, one: &Segment, other: &Segment) -> std::cmp::Ordering {
        let by_field = match self.sort_by_field.unwrap_or_default() {
            SortField::Name => one.name.cmp(&other.name),
            SortField::Identifier => std::cmp::Ordering::Equal,
            SortField::CreatedAt => one.created_at.cmp(&other.created_at),
            SortField::ModifiedAt => one.modified_at.cmp(&other.modified_at),
        };
        let ascending = by_field.then_with(|| one.identifier.cmp(&other.identifier));
        if self.sort_order == Some(SortOrder::Descending) { ascending.reverse() } else { ascending }
    }
}
