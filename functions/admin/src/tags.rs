//! Tags: those that flags have, and those that were made for flags to come.

use api::Page;
use async_trait::async_trait;
use http::StatusCode;
use model::limits::TAGS_PER_PROJECT_MAX;
use model::{Error, EventKind, Flag, ObjectKind, SegmentId, Tag, Version};
use platform::Db;
use serde::{Deserialize, Serialize};
use store::{Decision, Direction, Kind, ObjectStep, Plan, ProjectRow, ProjectState, Scope};

use crate::answer::Answer;
use crate::call::Call;
use crate::flags::flag_patched;
use crate::projects::checked_name;
use crate::sorting::SortOrder;

/// Flags that a refusal names before it only counts them.
const USERS_NAMED: usize = 10;

/// `TagRequest` of openapi/admin.yaml.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct TagRequest {
    /// Unique in the project.
    pub identifier: String,
    /// For people; the identifier if left out.
    #[serde(default)]
    pub name: String,
}

#[derive(Serialize)]
pub(crate) struct Tags {
    #[serde(flatten)]
    page: Page,
    tags: Vec<Tag>,
}

/// The answer to a new tag: the tag, and `details` for clients that look for them.
#[derive(Serialize)]
pub(crate) struct Metadata {
    #[serde(flatten)]
    tag: Tag,
    details: Details,
}

#[derive(Serialize)]
struct Details {}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
enum SortField {
    Name,
    #[default]
    Identifier,
}

pub(crate) async fn create(call: Call, request: TagRequest) -> Result<Answer, Error> {
    call.access.check_edit()?;
    let project = call.project().await?;
    // The rule of object identifiers; a type of its own would carry nothing else.
    let identifier = SegmentId::parse(&request.identifier)?.to_string();
    let tag = Tag { name: checked_name(&request.name, &identifier)?, identifier };
    let decision = CreateTag { tag: tag.clone() };
    call.write(&project.id, &decision).await?;
    Answer::created(&Metadata { tag, details: Details {} })
}

pub(crate) async fn list(call: Call) -> Result<Answer, Error> {
    let page = call.page()?;
    let wanted = call.query.text("tagIdentifierFilter")?.unwrap_or_default().to_lowercase();
    let field: SortField = call.query.word("sortByField")?.unwrap_or_default();
    let order: Option<SortOrder> = call.query.word("sortOrder")?;
    let project = call.project().await?;
    let mut tags = all(call.db(), &project).await?;
    tags.retain(|tag| tag.identifier.to_lowercase().contains(&wanted));
    if field == SortField::Name {
        // Stable: what compares equal stays in the order of identifiers.
        tags.sort_by(|one, other| one.name.cmp(&other.name));
    }
    if order.map(Direction::from) == Some(Direction::Descending) {
        tags.reverse();
    }
    let (tags, page) = page.cut(tags);
    Answer::ok(&Tags { page, tags })
}

pub(crate) async fn read(call: Call) -> Result<Answer, Error> {
    let project = call.project().await?;
    let tags = all(call.db(), &project).await?;
    let tag = tags.into_iter().find(|tag| tag.identifier == call.identifier);
    let tag = tag.ok_or_else(|| Error::not_found(ObjectKind::Tag, &call.identifier))?;
    // Flags make tags too, so a tag is as old as its project.
    Ok(Answer::ok(&tag)?.tagged(Version(project.revision)))
}

pub(crate) async fn delete(call: Call) -> Result<Answer, Error> {
    let from_flags = call.forces_delete()?;
    call.access.check_edit()?;
    let project = call.project().await?;
    call.write(&project.id, &RemoveTag { identifier: call.identifier.clone(), from_flags }).await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

/// All tags of the project, by identifier: what was made by hand is called as it was then, the rest as the
/// first flag calls it that has it.
async fn all(db: &dyn Db, project: &ProjectRow) -> Result<Vec<Tag>, Error> {
    let mut tags = Vec::new();
    for object in store::current_bodies(db, project.id.as_str(), Kind::Tag).await? {
        tags.push(store::read_body::<Tag>(&object.body.unwrap_or_default())?);
    }
    for object in store::current_bodies(db, project.id.as_str(), Kind::Flag).await? {
        let flag: Flag = store::read_body(&object.body.unwrap_or_default())?;
        tags.extend(flag.tags.into_iter().filter(|tag| !tag.identifier.is_empty()));
    }
    // Of equal ones, the first stay first.
    tags.sort_by(|one, other| one.identifier.cmp(&other.identifier));
    tags.dedup_by(|later, first| later.identifier == first.identifier);
    Ok(tags)
}

struct CreateTag {
    tag: Tag,
}

#[async_trait]
impl Decision for CreateTag {
    type Answer = ();

    async fn decide(&self, state: &ProjectState<'_>) -> Result<Plan<()>, Error> {
        if all(state.db, &state.project).await?.iter().any(|tag| tag.identifier == self.tag.identifier) {
            return Err(Error::exists(ObjectKind::Tag, &self.tag.identifier));
        }
        if store::count(state.db, state.project.id.as_str(), Kind::Tag).await? >= TAGS_PER_PROJECT_MAX {
            let message = format!(
                "{TAGS_PER_PROJECT_MAX} tags were made in the project, the most allowed; delete some first, or tag \
                 flags with new ones"
            );
            return Err(Error::TooLarge(message));
        }
        let mut plan = Plan::new(());
        plan.step(step(&self.tag.identifier, None, Some(body(&self.tag)?)));
        Ok(plan)
    }
}

/// Removes a tag that no flag has, or removes it from the flags that have it too. Nobody is served anything
/// else for it.
struct RemoveTag {
    identifier: String,
    from_flags: bool,
}

#[async_trait]
impl Decision for RemoveTag {
    type Answer = ();

    async fn decide(&self, state: &ProjectState<'_>) -> Result<Plan<()>, Error> {
        let scope = state.project.id.as_str();
        let made = store::current(state.db, scope, Kind::Tag, &self.identifier).await?;
        let made = made.and_then(|object| object.body);
        let has_tag = |flag: &Flag| flag.tags.iter().any(|tag| tag.identifier == self.identifier);
        let users: Vec<Flag> = state.flags().await?.into_iter().filter(has_tag).collect();
        if made.is_none() && users.is_empty() {
            return Err(Error::not_found(ObjectKind::Tag, &self.identifier));
        }
        if !users.is_empty() && !self.from_flags {
            return Err(self.in_use(&users));
        }
        let mut plan = Plan::new(());
        for flag in &users {
            let mut without = Flag { modified_at: state.now_ms, ..flag.clone() };
            without.tags.retain(|tag| tag.identifier != self.identifier);
            plan.step(flag_patched(flag, &without)?);
        }
        if made.is_some() {
            plan.step(step(&self.identifier, made, None));
        }
        Ok(plan)
    }

    /// The project's revision.
    async fn version(&self, state: &ProjectState<'_>) -> Result<Option<Version>, Error> {
        Ok(Some(Version(state.project.revision)))
    }
}

impl RemoveTag {
    fn in_use(&self, users: &[Flag]) -> Error {
        let named: Vec<_> = users.iter().take(USERS_NAMED).map(|flag| flag.identifier.as_str()).collect();
        let rest = match users.len().saturating_sub(named.len()) {
            0 => String::new(),
            rest => format!(" and {rest} more"),
        };
        Error::InUse(format!(
            "tag {:?} is used by flag {}{rest}; remove it there first, or send forceDelete=true to have that done",
            self.identifier,
            named.join(", ")
        ))
    }
}

fn body(tag: &Tag) -> Result<String, Error> {
    serde_json::to_string(tag).map_err(Error::internal)
}

fn step(identifier: &str, before: Option<String>, after: Option<String>) -> ObjectStep {
    let is_new = before.is_none();
    ObjectStep {
        scope: Scope::Project,
        kind: Kind::Tag,
        identifier: identifier.to_owned(),
        action: if is_new { "TagCreated" } else { "TagDeleted" },
        event: if is_new { EventKind::Create } else { EventKind::Delete },
        before,
        after,
        references: Vec::new(),
        dependants: Vec::new(),
    }
}
