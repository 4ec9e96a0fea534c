//! Where the installation stands.

use api::Page;
use model::{AccountId, EnvironmentId, EnvironmentUuid, Error, OrganisationId, ProjectId, Version};
use serde::Serialize;
use store::ProjectStanding;

use crate::answer::Answer;
use crate::call::Call;
use crate::sorting::window;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Status {
    /// This program's version.
    program: &'static str,
    schema: Schema,
    unsent: Unsent,
    /// Left out where the queue is not in the database.
    #[serde(skip_serializing_if = "Option::is_none")]
    queue: Option<Queue>,
    #[serde(flatten)]
    page: Page,
    projects: Vec<Project>,
}

#[derive(Serialize)]
struct Schema {
    /// What the database has.
    version: i64,
    /// What this program was made for.
    program: i64,
}

/// Changes that are committed and not announced to streams.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Unsent {
    changes: i64,
    /// Age of the oldest in milliseconds; 0 if there is none.
    oldest_age_ms: i64,
}

#[derive(Serialize)]
struct Queue {
    /// Reports that wait to be counted.
    waiting: i64,
}

#[derive(Serialize)]
struct Project {
    account: AccountId,
    org: OrganisationId,
    identifier: ProjectId,
    revision: i64,
    environments: Vec<Environment>,
}

#[derive(Serialize)]
struct Environment {
    identifier: EnvironmentId,
    id: EnvironmentUuid,
    version: Version,
}

/// The projects are those that the caller's token reaches; what waits is counted over all.
pub(crate) async fn read(call: Call) -> Result<Answer, Error> {
    let page = call.page()?;
    let db = call.db();
    let (account, project) = (call.access.account.as_ref(), call.access.project.as_ref());
    let count = store::count_projects(db, account, project).await?;
    let projects = store::project_standings(db, account, project, window(&page)).await?;
    let backlog = store::backlog(db).await?;
    let age_ms = |oldest_ms: i64| call.now_ms().saturating_sub(oldest_ms).max(0);
    Answer::ok(&Status {
        program: env!("CARGO_PKG_VERSION"),
        schema: Schema { version: store::schema_version(db).await?, program: store::SCHEMA_VERSION },
        unsent: Unsent {
            changes: backlog.changes,
            oldest_age_ms: backlog.oldest_ms.map(age_ms).unwrap_or_default(),
        },
        queue: call.admin.platform.queue.is_none().then_some(Queue { waiting: backlog.jobs }),
        page: page.totals(count),
        projects: projects.into_iter().map(Project::from).collect(),
    })
}

impl From<ProjectStanding> for Project {
    fn from(standing: ProjectStanding) -> Self {
        let environments = standing.environments.into_iter();
        Self {
            account: standing.account,
            org: standing.organisation,
            identifier: standing.identifier,
            revision: standing.revision,
            environments: environments
                .map(|(identifier, id, version)| Environment { identifier, id, version })
                .collect(),
        }
    }
}
