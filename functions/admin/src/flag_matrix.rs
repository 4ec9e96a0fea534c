//! The flags of a project and where each of them is on.

use api::Page;
use model::{Error, Flag, FlagId};
use platform::Db;
use serde::Serialize;
use serde_json::{Map, Value, json};
use store::{EnvironmentRow, Kind, ProjectRow};

use crate::answer::Answer;
use crate::call::Call;
use crate::heads::FlagHead;

/// `ProjectFlags` of openapi/admin.yaml.
#[derive(Serialize)]
struct ProjectFlags {
    #[serde(flatten)]
    page: Page,
    /// By identifier: `{"name":…}`.
    environments: Map<String, Value>,
    flags: Vec<FlagRow>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FlagRow {
    identifier: FlagId,
    name: String,
    description: String,
    created_at: i64,
    /// By the environment's identifier: `{"enabled":…}`.
    environments: Map<String, Value>,
}

pub(crate) async fn read(call: Call) -> Result<Answer, Error> {
    let page = call.page()?;
    let wanted = call.query.text("name")?.unwrap_or_default().to_lowercase();
    let db = call.db();
    let project = call.project_of_path().await?;
    let environments = store::environments_of(db, &project.id).await?;
    let found = |flag: &FlagHead| {
        !flag.archived
            && [&flag.name, &flag.identifier].iter().any(|text| text.to_lowercase().contains(&wanted))
    };
    let heads = call.admin.heads.flags(db, &project).await?;
    let (heads, page) = page.cut(heads.iter().filter(|head| found(head)).collect());
    let ids: Vec<&str> = heads.iter().map(|head| head.identifier.as_str()).collect();
    let mut rows = rows(db, &project, &ids).await?;
    stand(db, &project, &environments, &mut rows).await?;
    let environments =
        environments.into_iter().map(|row| (row.identifier.to_string(), json!({ "name": row.name })));
    Answer::ok(&ProjectFlags { page, environments: environments.collect(), flags: rows })
}

/// The flags of these identifiers, in their order.
async fn rows(db: &dyn Db, project: &ProjectRow, identifiers: &[&str]) -> Result<Vec<FlagRow>, Error> {
    let objects = store::some_current(db, project.id.as_str(), Kind::Flag, identifiers).await?;
    let bodies = objects.iter().filter_map(|object| object.body.as_deref());
    let rows = bodies.map(|body| store::read_body::<Flag>(body).map(FlagRow::from));
    let mut rows = rows.collect::<Result<Vec<_>, _>>()?;
    rows.sort_by(|one, other| one.identifier.cmp(&other.identifier));
    Ok(rows)
}

/// Says of each row, which are in the order of their identifiers, where its flag is on.
async fn stand(
    db: &dyn Db,
    project: &ProjectRow,
    environments: &[EnvironmentRow],
    rows: &mut [FlagRow],
) -> Result<(), Error> {
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(()) };
    let standings = store::flag_standings(db, &project.id, &first.identifier, &last.identifier).await?;
    for standing in standings {
        let environment = environments.iter().find(|row| row.id.as_str() == standing.environment);
        let Some(environment) = environment else { continue };
        if let Ok(place) = rows.binary_search_by(|row| row.identifier.cmp(&standing.flag))
            && let Some(row) = rows.get_mut(place)
        {
            row.environments.insert(environment.identifier.to_string(), json!({ "enabled": standing.is_on }));
        }
    }
    Ok(())
}

impl From<Flag> for FlagRow {
    fn from(flag: Flag) -> Self {
        Self {
            identifier: flag.identifier,
            name: flag.name,
            description: flag.description,
            created_at: flag.created_at,
            environments: Map::new(),
        }
    }
}
