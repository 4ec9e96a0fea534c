//! Who changed what, when and why.

mod instructions;

use api::{Page, Query};
use model::{AccountId, Error, FieldError};
use platform::Db;
use serde::Serialize;
use serde_json::Value;
use store::{AuditFilter, AuditRow, Direction, Kind, ProjectRow, Window};

use crate::answer::Answer;
use crate::call::Call;
use crate::objects::{Side, snapshot_id};
use crate::sorting::{SortOrder, window};
use instructions::{AuditInstruction, instruction_set};

/// How audit spells the kinds of objects.
const OBJECT_TYPES: [(Kind, &str); 9] = [
    (Kind::Flag, "Feature"),
    (Kind::FlagConfig, "FeatureActivation"),
    (Kind::Segment, "Segment"),
    (Kind::Target, "Target"),
    (Kind::Tag, "Tag"),
    (Kind::Key, "ApiKey"),
    (Kind::Environment, "Environment"),
    (Kind::Project, "Project"),
    (Kind::Token, "AccessToken"),
];

/// The one order that audit has.
const EXECUTED_ON: &str = "executed_on";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AuditTrails {
    #[serde(flatten)]
    page: Page,
    audit_trails: Vec<AuditTrail>,
}

/// `AuditTrail` of openapi/admin.yaml.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AuditTrail {
    action: String,
    actor: String,
    comment: String,
    /// Empty for what concerns the project only.
    environment: String,
    executed_on: i64,
    instruction_set: Vec<AuditInstruction>,
    /// To be asked for below `objects`; empty if the object was gone.
    object_after: String,
    /// To be asked for below `objects`; empty if there was no such object.
    object_before: String,
    object_identifier: String,
    object_type: &'static str,
    project: String,
    status: &'static str,
}

/// What the query asks for.
struct Filters<'a> {
    object_type: Option<&'a str>,
    identifier: Option<&'a str>,
    actor: Option<&'a str>,
    action: Option<&'a str>,
    start_time: Option<i64>,
    end_time: Option<i64>,
    sort_by_field: Option<&'a str>,
    sort_order: Option<SortOrder>,
}

pub(crate) async fn list(call: Call) -> Result<Answer, Error> {
    let page = call.page()?;
    let filters = Filters::read(&call.query)?;
    let db = call.db();
    let mut filter = filters.filter()?;
    let projects = if call.names_project()? {
        vec![call.project().await?]
    } else {
        let account = call.account()?;
        let mut projects = store::projects_of(db, &account, &call.organisation()?).await?;
        projects.retain(|project| call.access.covers(project));
        projects.extend(of_no_project(&call, &account).await?);
        projects
    };
    if call.environment_id()?.is_some() {
        let [project] = projects.as_slice() else {
            let message = "needs projectIdentifier: environments of several projects may have this name";
            return Err(FieldError::new("environmentIdentifier", message).into());
        };
        filter.environment = Some(call.environment(project).await?.id);
    }
    let direction = filters.sort_order.map_or(Direction::Descending, Direction::from);
    let (count, audit_trails) = trails(db, &projects, &filter, direction, window(&page)).await?;
    let trails = AuditTrails { page: page.totals(count), audit_trails };
    Ok(Answer::ok(&trails)?.wrapped(call.random()))
}

/// The chains of the account and of the installation, as far as the caller's token reaches.
async fn of_no_project(call: &Call, account: &AccountId) -> Result<Vec<ProjectRow>, Error> {
    let db = call.db();
    if call.access.only_project().is_some() {
        return Ok(Vec::new());
    }
    let of_account = store::account_chain(db, Some(account)).await?;
    let of_installation = match call.access.account {
        Some(_) => None,
        None => store::account_chain(db, None).await?,
    };
    Ok(of_account.into_iter().chain(of_installation).collect())
}

/// How many changes there are, and those of the window: project by project, in each in the order of its
/// revisions. Time does not decide: clocks differ, and go back.
async fn trails(
    db: &dyn Db,
    projects: &[ProjectRow],
    filter: &AuditFilter,
    direction: Direction,
    mut window: Window,
) -> Result<(usize, Vec<AuditTrail>), Error> {
    let mut count = 0;
    let mut trails = Vec::new();
    for project in projects {
        let here = store::count_changes(db, &project.id, filter).await?;
        if window.offset < here && window.limit > 0 {
            let rows = store::changes_of(db, &project.id, filter, direction, window).await?;
            window.limit = window.limit.saturating_sub(rows.len());
            trails.extend(rows.into_iter().map(|row| AuditTrail::new(row, project)));
        }
        window.offset = window.offset.saturating_sub(here);
        count += here;
    }
    Ok((count, trails))
}

impl<'a> Filters<'a> {
    fn read(query: &'a Query) -> Result<Self, Error> {
        Ok(Self {
            object_type: query.given("objectType")?,
            identifier: query.given("identifier")?,
            actor: query.given("actor")?,
            action: query.given("action")?,
            start_time: query.number("startTime")?,
            end_time: query.number("endTime")?,
            sort_by_field: query.given("sortByField")?,
            sort_order: query.word("sortOrder")?,
        })
    }

    fn filter(&self) -> Result<AuditFilter, Error> {
        if self.sort_by_field.is_some_and(|field| field != EXECUTED_ON) {
            return Err(Error::NotOffered(format!(
                "sortByField: audit is ordered by {EXECUTED_ON}; filter by actor or action instead"
            )));
        }
        if let (Some(start), Some(end)) = (self.start_time, self.end_time)
            && start > end
        {
            let message = format!("{start} is after endTime {end}; both are in Unix milliseconds");
            return Err(Error::invalid("startTime", message));
        }
        Ok(AuditFilter {
            environment: None,
            kind: self.object_type.map(kind).transpose()?,
            identifier: self.identifier.map(str::to_owned),
            actor: self.actor.map(str::to_owned),
            action: self.action.map(str::to_owned),
            from_ms: self.start_time,
            until_ms: self.end_time,
        })
    }
}

impl AuditTrail {
    fn new(row: AuditRow, project: &ProjectRow) -> Self {
        let snapshot =
            |is_kept: bool, side| if is_kept { snapshot_id(&row.place, side) } else { String::new() };
        Self {
            instruction_set: instruction_set(row.kind, row.before.as_deref(), row.after.as_deref()),
            object_after: snapshot(row.has_after, Side::After),
            object_before: snapshot(row.has_before, Side::Before),
            object_identifier: shown_identifier(&row),
            object_type: object_type(row.kind),
            action: row.action,
            actor: row.actor,
            comment: row.comment,
            environment: row.environment.map(|environment| environment.to_string()).unwrap_or_default(),
            executed_on: row.at_ms,
            project: project.identifier.to_string(),
            status: "SUCCESS",
        }
    }
}

/// People know keys by their identifiers, streams by their hashes.
fn shown_identifier(row: &AuditRow) -> String {
    let named = row.after.as_deref().or(row.before.as_deref()).filter(|_| row.kind == Kind::Key);
    let body: Option<Value> = named.and_then(|body| serde_json::from_str(body).ok());
    let identifier = body.as_ref().and_then(|body| body.get("identifier")?.as_str());
    identifier.unwrap_or(&row.identifier).to_owned()
}

fn object_type(kind: Kind) -> &'static str {
    OBJECT_TYPES.iter().find(|(known, _)| *known == kind).map_or(kind.as_str(), |(_, text)| text)
}

fn kind(text: &str) -> Result<Kind, FieldError> {
    let found = OBJECT_TYPES.iter().find(|(_, known)| *known == text);
    found.map(|(kind, _)| *kind).ok_or_else(|| {
        let known = OBJECT_TYPES.map(|(_, text)| text).join(", ");
        FieldError::new("objectType", format!("{text:?} is not a type of object; use one of {known}"))
    })
}
