//! Targets and segments in one list, for fields in which people look for either.

use api::Page;
use model::limits::NAMED_PER_REQUEST_MAX;
use model::{Error, FieldError, Segment, SegmentId};
use serde::{Deserialize, Serialize};
use store::{Direction, TargetField, TargetFilter, Window};

use super::list::{direction, filter};
use crate::answer::Answer;
use crate::call::Call;
use crate::segments;
use crate::sorting::window;

/// `TargetAndSegment` of openapi/admin.yaml.
#[derive(Serialize)]
struct Entity {
    identifier: Box<str>,
    name: Box<str>,
    r#type: EntityKind,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum EntityKind {
    Target,
    Segment,
}

#[derive(Serialize)]
struct Entities {
    #[serde(flatten)]
    page: Page,
    entities: Vec<Entity>,
}

#[derive(Serialize)]
struct Info {
    entities: Vec<Entity>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
enum SortField {
    Name,
    #[default]
    Identifier,
}

/// Segments first, then targets, each in the order that is asked for.
pub(crate) async fn list(call: Call) -> Result<Answer, Error> {
    let page = call.page()?;
    let filter = filter(&call.query, "tsName", "tsIdentifier")?;
    let field = match call.query.word("sortByField")?.unwrap_or_default() {
        SortField::Name => TargetField::Name,
        SortField::Identifier => TargetField::Identifier,
    };
    let order = (field, direction(&call.query)?);
    let db = call.db();
    let place = call.place().await?;
    let mut segments = segments::all(db, &place.environment).await?;
    segments.retain(|segment| admits(&filter, segment));
    sort(&mut segments, order);
    let before = segments.len();
    let targets = store::count_targets(db, &place.environment.id, &filter).await?;
    let Window { offset, limit } = window(&page);
    let mut entities: Vec<Entity> = segments.into_iter().skip(offset).take(limit).map(Entity::from).collect();
    let rest = Window { offset: offset.saturating_sub(before), limit: limit - entities.len() };
    let rows = store::targets(db, &place.environment.id, &filter, order, rest).await?;
    entities.extend(rows.into_iter().map(|row| Entity::from(row.target)));
    Answer::ok(&Entities { page: page.totals(before + targets), entities })
}

/// The names of targets and segments that are known by their identifiers. What does not exist is left out.
pub(crate) async fn info(call: Call) -> Result<Answer, Error> {
    let targets = call.query.text("targets")?.unwrap_or_default();
    let groups = call.query.text("targetGroups")?.unwrap_or_default();
    let db = call.db();
    let place = call.place().await?;
    let mut entities = Vec::new();
    for identifier in listed("targetGroups", groups)? {
        match segments::find(db, &place.environment, &SegmentId::from_wire(identifier)).await {
            Ok(segment) => entities.push(segment.into()),
            Err(Error::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    for identifier in listed("targets", targets)? {
        let target = store::target(db, &place.environment.id, identifier).await?;
        entities.extend(target.map(Entity::from));
    }
    Answer::ok(&Info { entities })
}

/// The items of a comma list.
fn listed<'a>(field: &str, list: &'a str) -> Result<Vec<&'a str>, FieldError> {
    let items: Vec<_> = list.split(',').map(str::trim).filter(|item| !item.is_empty()).collect();
    if items.len() > NAMED_PER_REQUEST_MAX {
        let message =
            format!("names {}; send several requests of {NAMED_PER_REQUEST_MAX} at most", items.len());
        return Err(FieldError::new(field, message));
    }
    Ok(items)
}

/// As the database decides for targets: a part of the text, whatever the case of ASCII letters.
fn admits(filter: &TargetFilter, segment: &Segment) -> bool {
    let holds = |wanted: &Option<String>, text: &str| {
        let text = text.to_ascii_lowercase();
        wanted.as_ref().is_none_or(|wanted| text.contains(&wanted.to_ascii_lowercase()))
    };
    holds(&filter.name, &segment.name) && holds(&filter.identifier, segment.identifier.as_str())
}

/// As the database orders targets: what compares equal is ordered by identifier, ascending.
fn sort(segments: &mut [Segment], (field, direction): (TargetField, Direction)) {
    segments.sort_by(|one, other| {
        let by_field = match field {
            TargetField::Name => one.name.cmp(&other.name),
            TargetField::Identifier | TargetField::CreatedAt => one.identifier.cmp(&other.identifier),
        };
        let by_field = if direction == Direction::Descending { by_field.reverse() } else { by_field };
        by_field.then_with(|| one.identifier.cmp(&other.identifier))
    });
}

impl From<Segment> for Entity {
    fn from(segment: Segment) -> Self {
        let identifier = segment.identifier.as_str().into();
        Self { identifier, name: segment.name, r#type: EntityKind::Segment }
    }
}

impl From<model::Target> for Entity {
    fn from(target: model::Target) -> Self {
        Self { identifier: target.identifier, name: target.name, r#type: EntityKind::Target }
    }
}
