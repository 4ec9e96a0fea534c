//! The flags of a project and where each of them is on.

use std::collections::BTreeMap;

use api::{Json, Page, PageRequest, Path, Problem, Query};
use axum::extract::State;
use model::{Error, Flag, FlagId};
use platform::Db;
use serde::{Deserialize, Serialize};
use store::{Kind, ProjectRow};

use crate::Admin;
use crate::access::Access;
use crate::context::Context;

/// `ProjectFlags` of openapi/admin.yaml.
#[derive(Serialize)]
pub(crate) struct ProjectFlags {
    #[serde(flatten)]
    page: Page,
    /// By identifier.
    environments: BTreeMap<String, EnvironmentName>,
    flags: Vec<FlagRow>,
}

#[derive(Serialize)]
struct EnvironmentName {
    name: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FlagRow {
    identifier: FlagId,
    name: String,
    description: String,
    created_at: i64,
    /// By the environment's identifier.
    environments: BTreeMap<String, Standing>,
}

#[derive(Serialize)]
struct Standing {
    enabled: bool,
}

#[derive(Deserialize)]
pub(crate) struct Filters {
    #[serde(default)]
    name: String,
}

pub(crate) async fn read(
    State(admin): State<Admin>,
    access: Access,
    context: Context,
    Path(identifier): Path<String>,
    (page, Query(filters)): (PageRequest, Query<Filters>),
) -> Result<Json<ProjectFlags>, Problem> {
    let db = &*admin.platform.db;
    let project = context.project_of_path(db, &access, &identifier).await?;
    let environments = store::environments_of(db, &project.id).await?;
    let (flags, page) = page.cut(flags(db, &project, &filters.name).await?);
    let names: BTreeMap<_, _> =
        environments.iter().map(|row| (row.id.as_str(), row.identifier.as_str())).collect();
    let mut rows: Vec<FlagRow> = flags.into_iter().map(FlagRow::from).collect();
    stand(db, &project, &names, &mut rows).await?;
    let environments = environments
        .iter()
        .map(|row| (row.identifier.to_string(), EnvironmentName { name: row.name.clone() }));
    Ok(Json(ProjectFlags { page, environments: environments.collect(), flags: rows }))
}

/// The project's flags that are not archived and whose names or identifiers contain `wanted`.
async fn flags(db: &dyn Db, project: &ProjectRow, wanted: &str) -> Result<Vec<Flag>, Error> {
    let wanted = wanted.to_lowercase();
    let mut flags = Vec::new();
    for body in store::current_bodies(db, project.id.as_str(), Kind::Flag).await? {
        let Some(body) = body.body else { continue };
        let flag: Flag = serde_json::from_str(&body).map_err(Error::internal)?;
        let found = [flag.name.as_str(), flag.identifier.as_str()]
            .iter()
            .any(|text| text.to_lowercase().contains(&wanted));
        if found && !flag.archived {
            flags.push(flag);
        }
    }
    Ok(flags)
}

/// Says of each row, which are in the order of their identifiers, where its flag is on.
async fn stand(
    db: &dyn Db,
    project: &ProjectRow,
    names: &BTreeMap<&str, &str>,
    rows: &mut [FlagRow],
) -> Result<(), Error> {
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(()) };
    let standings = store::flag_standings(db, &project.id, &first.identifier, &last.identifier).await?;
    for standing in standings {
        let Some(environment) = names.get(standing.environment.as_str()) else { continue };
        if let Ok(place) = rows.binary_search_by(|row| row.identifier.cmp(&standing.flag))
            && let Some(row) = rows.get_mut(place)
        {
            row.environments.insert((*environment).to_owned(), Standing { enabled: standing.is_on });
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
            environments: BTreeMap::new(),
        }
    }
}
