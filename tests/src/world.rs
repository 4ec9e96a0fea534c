//! A project to write to, and decisions to write.

use async_trait::async_trait;
use model::{
    AccountId, EnvironmentId, EnvironmentUuid, Error, EventKind, FlagId, OrganisationId, ProjectId,
    ProjectUuid, Version,
};
use platform::{Platform, Statement};
use store::{
    Author, Decision, EnvironmentRow, Kind, ObjectStep, Plan, ProjectRow, ProjectState, Scope, Writer,
};

/// One project with one environment on an empty database.
pub struct World {
    /// Where it is.
    pub platform: Platform,
    /// A writer of this process.
    pub writer: Writer,
    /// The project.
    pub project: ProjectUuid,
    /// Its environment.
    pub environment: EnvironmentUuid,
}

impl World {
    /// On a platform of its own.
    pub async fn new() -> Self {
        Self::on(testkit::platform()).await
    }

    /// On that platform, whose database is empty.
    ///
    /// # Panics
    /// If it cannot be made.
    pub async fn on(platform: Platform) -> Self {
        store::migrate(&*platform.db).await.unwrap_or_else(|error| panic!("{error}"));
        let writer = Writer::new(platform.clone());
        let project = ProjectUuid::from_wire(platform.random.uuid());
        let environment = EnvironmentUuid::from_wire(platform.random.uuid());
        let author = Author::default();
        let made = writer.create_project(project_row(&project), &author).await;
        made.unwrap_or_else(|error| panic!("{error}"));
        let made = writer.write(&project, &author, &NewEnvironment(environment.clone())).await;
        made.unwrap_or_else(|error| panic!("{error}"));
        Self { platform, writer, project, environment }
    }

    /// Writes an object of the environment and returns its version.
    ///
    /// # Panics
    /// If it is not written.
    pub async fn put(&self, flag: &str) -> Version {
        let put = Put { environment: self.environment.clone(), flag: FlagId::from_wire(flag) };
        let written = self.writer.write(&self.project, &Author::default(), &put).await;
        written.unwrap_or_else(|error| panic!("{error}")).answer
    }

    /// A writer that takes no turns with the first one: as another process would.
    pub fn other_process(&self) -> Writer {
        Writer::new(self.platform.clone())
    }

    /// The one number that a statement answers with.
    ///
    /// # Panics
    /// If it is refused, or answers with something else.
    pub async fn count(&self, sql: &'static str) -> i64 {
        let rows = self.platform.db.query(Statement::new(sql)).await;
        let rows = rows.unwrap_or_else(|error| panic!("{sql}: {error}"));
        let number = rows.first().map(|row| row.int(0));
        number.unwrap_or_else(|| panic!("{sql}: no row")).unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// The project's revision.
    pub async fn revision(&self) -> i64 {
        self.count("SELECT revision FROM project").await
    }

    /// The environment's version.
    pub async fn version(&self) -> Version {
        Version(self.count("SELECT version FROM environment").await)
    }
}

fn project_row(id: &ProjectUuid) -> ProjectRow {
    ProjectRow {
        id: id.clone(),
        account: AccountId::from_wire("account"),
        organisation: OrganisationId::from_wire("organisation"),
        identifier: ProjectId::from_wire("project"),
        name: "Project".to_owned(),
        description: String::new(),
        tags: Vec::new(),
        revision: 0,
        head: Vec::new(),
        created_ms: 0,
        modified_ms: 0,
    }
}

struct NewEnvironment(EnvironmentUuid);

#[async_trait]
impl Decision for NewEnvironment {
    type Answer = ();

    async fn decide(&self, state: &ProjectState<'_>) -> Result<Plan<()>, Error> {
        let mut plan = Plan::new(());
        plan.new_environment(EnvironmentRow {
            id: self.0.clone(),
            project: state.project.id.clone(),
            identifier: EnvironmentId::from_wire("environment"),
            name: String::new(),
            description: String::new(),
            tags: Vec::new(),
            version: Version(1),
            created_ms: 0,
            modified_ms: 0,
        });
        plan.step(step(&self.0, Kind::Environment, "environment", EventKind::Create, Some("{}".to_owned())));
        Ok(plan)
    }
}

/// What every flag can serve.
const VARIATIONS: &str = "\"variations\":[{\"identifier\":\"true\",\"value\":\"true\"}]";

/// Writes an object of the environment; the body holds the version, as real ones do.
pub struct Put {
    /// Where.
    pub environment: EnvironmentUuid,
    /// Which.
    pub flag: FlagId,
}

#[async_trait]
impl Decision for Put {
    type Answer = Version;

    async fn decide(&self, state: &ProjectState<'_>) -> Result<Plan<Version>, Error> {
        let version = state.next_version(&self.environment);
        let mut plan = Plan::new(version);
        let body = format!("{{\"feature\":\"{}\",\"version\":{version},{VARIATIONS}}}", self.flag);
        plan.step(step(
            &self.environment,
            Kind::FlagConfig,
            self.flag.as_str(),
            EventKind::Patch,
            Some(body),
        ));
        Ok(plan)
    }
}

/// Removes an object of the environment.
pub struct Remove {
    /// Where.
    pub environment: EnvironmentUuid,
    /// Which.
    pub flag: FlagId,
}

#[async_trait]
impl Decision for Remove {
    type Answer = ();

    async fn decide(&self, _: &ProjectState<'_>) -> Result<Plan<()>, Error> {
        let mut plan = Plan::new(());
        plan.step(step(&self.environment, Kind::FlagConfig, self.flag.as_str(), EventKind::Delete, None));
        Ok(plan)
    }
}

/// "`flag` needs `other`", refused if `other` needs `flag` already: as prerequisites are decided.
pub struct Need {
    /// Where.
    pub environment: EnvironmentUuid,
    /// What needs …
    pub flag: &'static str,
    /// … this.
    pub other: &'static str,
}

#[async_trait]
impl Decision for Need {
    type Answer = ();

    async fn decide(&self, state: &ProjectState<'_>) -> Result<Plan<()>, Error> {
        let opposing =
            store::referring(state.db, self.environment.as_str(), Kind::FlagConfig, self.flag).await?;
        if opposing.iter().any(|(_, identifier)| identifier == self.other) {
            return Err(Error::InUse(format!("{} needs {} already", self.other, self.flag)));
        }
        let mut plan = Plan::new(());
        let Self { environment, flag, other } = self;
        let version = state.next_version(environment);
        let needed = format!("[{{\"feature\":\"{other}\",\"variations\":[\"true\"]}}]");
        let body = format!(
            "{{\"feature\":\"{flag}\",\"version\":{version},\"prerequisites\":{needed},{VARIATIONS}}}"
        );
        let mut step = step(environment, Kind::FlagConfig, flag, EventKind::Patch, Some(body));
        step.references = vec![(Kind::FlagConfig, (*other).to_owned())];
        plan.step(step);
        Ok(plan)
    }
}

fn step(
    environment: &EnvironmentUuid,
    kind: Kind,
    identifier: &str,
    event: EventKind,
    after: Option<String>,
) -> ObjectStep {
    ObjectStep {
        scope: Scope::Environment(environment.clone()),
        kind,
        identifier: identifier.to_owned(),
        action: "Tested",
        event,
        before: None,
        after,
        references: Vec::new(),
        dependants: Vec::new(),
    }
}
