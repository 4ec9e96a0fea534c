//! Segments (target groups): create, read, list, change, delete, and who uses them.

mod answer;
mod change;
mod check;
mod create;
mod instruction;
mod mentions;
mod remove;
mod usage;

use api::{Page, PageRequest, Query};
use http::StatusCode;
use model::{Error, ObjectKind, Segment, SegmentId};
use platform::Db;
use serde::{Deserialize, Serialize};
use store::{EnvironmentRow, Kind};

use crate::answer::Answer;
use crate::call::Call;
use crate::context::Place;
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
struct Filters<'a> {
    name: Option<&'a str>,
    identifier: Option<&'a str>,
    sort_by_field: SortField,
    sort_order: SortOrder,
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

pub(crate) async fn create(call: Call, request: SegmentRequest) -> Result<Answer, Error> {
    call.access.check_edit()?;
    let place = call.place_of_body(&request.project, &request.environment).await?;
    let decision = CreateSegment::parse(request, place.environment.id, call.random())?;
    call.write(&place.project.id, &decision).await?;
    Ok(Answer::empty(StatusCode::CREATED))
}

pub(crate) async fn read(call: Call) -> Result<Answer, Error> {
    let place = call.place().await?;
    let segment = find(call.db(), &place.environment, &SegmentId::parse(&call.identifier)?).await?;
    let version = segment.version;
    Ok(Answer::ok(&SegmentAnswer::new(segment, &place))?.tagged(version))
}

pub(crate) async fn list(call: Call) -> Result<Answer, Error> {
    let page = call.page()?;
    let filters = Filters::read(&call.query)?;
    let as_of = AsOf::read(&call.query)?;
    let db = call.db();
    let mut place = call.place().await?;
    let mut segments = match as_of.version(Some(&place.environment))? {
        None => all(db, &place.environment).await?,
        Some(version) => {
            place.environment.version = version;
            store::snapshot_at(db, &place.environment.id, version).await?.segments
        }
    };
    segments.retain(|segment| filters.admit(segment));
    segments.sort_by(|one, other| filters.order(one, other));
    Answer::ok(&Segments::page_of(page, segments, &place))
}

pub(crate) async fn patch(call: Call, request: PatchRequest) -> Result<Answer, Error> {
    call.access.check_edit()?;
    let place = call.place().await?;
    let parse = |raw: &RawInstruction, at: &str| Instruction::parse(raw, at, call.random());
    let instructions = parse_all(&request.instructions, request.execution_time, "", parse)?;
    let segment = SegmentId::parse(&call.identifier)?;
    let environment = place.environment.id.clone();
    let decision = ChangeSegment { environment, segment, instructions };
    call.write_because(checked_comment(request.comment)?, &place.project.id, &decision).await?;
    let segment = find(call.db(), &place.environment, &decision.segment).await?;
    Answer::ok(&SegmentAnswer::new(segment, &place))
}

pub(crate) async fn delete(call: Call) -> Result<Answer, Error> {
    let with_references = call.forces_delete()?;
    call.access.check_edit()?;
    let place = call.place().await?;
    let decision = RemoveSegment {
        environment: place.environment.id,
        segment: SegmentId::parse(&call.identifier)?,
        with_references,
    };
    call.write(&place.project.id, &decision).await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
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

impl<'a> Filters<'a> {
    fn read(query: &'a Query) -> Result<Self, Error> {
        Ok(Self {
            name: query.given("name")?,
            identifier: query.given("identifier")?,
            sort_by_field: query.word("sortByField")?.unwrap_or_default(),
            sort_order: query.word("sortOrder")?.unwrap_or_default(),
        })
    }

    fn admit(&self, segment: &Segment) -> bool {
        let holds = |wanted: Option<&str>, text: &str| {
            wanted.is_none_or(|wanted| text.to_lowercase().contains(&wanted.to_lowercase()))
        };
        holds(self.name, &segment.name) && holds(self.identifier, segment.identifier.as_str())
    }

    /// A total order: what compares equal is ordered by identifier.
    fn order(&self, one: &Segment, other: &Segment) -> std::cmp::Ordering {
        let by_field = match self.sort_by_field {
            SortField::Name => one.name.cmp(&other.name),
            SortField::Identifier => std::cmp::Ordering::Equal,
            SortField::CreatedAt => one.created_at.cmp(&other.created_at),
            SortField::ModifiedAt => one.modified_at.cmp(&other.modified_at),
        };
        let ascending = by_field.then_with(|| one.identifier.cmp(&other.identifier));
        if self.sort_order == SortOrder::Descending { ascending.reverse() } else { ascending }
    }
}
