//! After a restore: every environment goes past all versions that anybody may have heard of.
//!
//! SDKs drop what is not above what they hold. A database that was restored from an older copy counts on
//! from there, and until it has passed the versions that were lost, every change would be ignored. So the
//! versions make a leap, and every object is written again at the new one: SDKs fetch what is true now,
//! whatever they hold.

use async_trait::async_trait;
use model::{EnvironmentUuid, Error, EventKind, FlagConfig, Segment, Version};
use platform::{Db, DbError, Row, Statement};
use serde::{Deserialize, Serialize};

use crate::environments::{EnvironmentRow, environments_of};
use crate::fault::unavailable;
use crate::installation::known_projects;
use crate::objects::Kind;
use crate::references::{config_references, segment_references};
use crate::settings::{put_setting_once, remove_setting, setting};
use crate::stored::read_body;
use crate::write::{Author, Decision, ObjectStep, Plan, ProjectState, Scope, Writer};

/// How far versions leap: further than an installation comes between two backups.
pub const VERSIONS_LEAP: i64 = 1_000_000;

/// How audit spells the leap.
const ACTION: &str = "EnvironmentRepaired";

/// Under which a database remembers that it was restored and not repaired yet.
const RESTORED: &str = "restored_ms";

/// Objects that SDKs read, also those that are gone.
const OBJECTS: &str = "SELECT kind, identifier, body FROM current_object
    WHERE scope = $1 AND kind IN ('flag_config', 'segment') ORDER BY kind, identifier";

/// What a repair did.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
pub struct Repaired {
    /// Environments whose version made the leap.
    pub environments: u64,
    /// Flags and segments written again, counted in each environment, deleted ones included.
    pub objects: u64,
}

/// Notes that the database is a copy from `now_ms` (Unix milliseconds) or before, put in the place of a newer
/// one.
///
/// # Errors
/// `Unavailable`.
pub async fn note_restore(db: &dyn Db, now_ms: i64) -> Result<(), Error> {
    put_setting_once(db, RESTORED, &now_ms.to_string()).await.map(drop)
}

/// Whether the database was restored and not repaired since.
///
/// # Errors
/// `Unavailable`.
pub async fn needs_repair(db: &dyn Db) -> Result<bool, Error> {
    Ok(setting(db, RESTORED).await?.is_some())
}

impl Writer {
    /// Raises the version of every environment by [`VERSIONS_LEAP`] and writes all that it serves again.
    /// Nothing is announced here: the next server does it when it starts. Repeating it leaps once more and
    /// does no harm, so one that was interrupted is completed by the next.
    ///
    /// # Errors
    /// `Unavailable`; `Internal` if a stored object is damaged.
    pub async fn repair_after_restore(&self, author: &Author) -> Result<Repaired, Error> {
        let db = &*self.platform().db;
        let mut repaired = Repaired::default();
        for project in known_projects(db).await?.iter().filter(|project| !project.deleted) {
            // One write for each, so that what is in memory at once is one environment.
            for environment in environments_of(db, &project.row.id).await? {
                let leap = Leap { environment: &environment };
                let written = self.write_unannounced(&project.row.id, author, &leap).await?;
                repaired.environments += 1;
                repaired.objects += written.answer;
            }
        }
        remove_setting(db, RESTORED).await?;
        Ok(repaired)
    }
}

/// Takes one environment to its new version, with everything in it. Answers with the number of objects.
struct Leap<'a> {
    environment: &'a EnvironmentRow,
}

#[async_trait]
impl Decision for Leap<'_> {
    type Answer = u64;

    async fn decide(&self, state: &ProjectState<'_>) -> Result<Plan<u64>, Error> {
        let id = &self.environment.id;
        let version = Version(state.version(id).0.saturating_add(VERSIONS_LEAP));
        let rows = state.db.query(Statement::new(OBJECTS).bind(id.as_str())).await.map_err(unavailable)?;
        let mut plan = Plan::new(rows.len() as u64);
        plan.raise_version(id.clone(), version);
        plan.step(leap(self.environment, version));
        for row in &rows {
            let (kind, identifier, body) = read(row).map_err(unavailable)?;
            plan.step(again(id, kind, identifier, body, version)?);
        }
        Ok(plan)
    }
}

/// The row that tells of the leap, also where an environment serves nothing.
fn leap(environment: &EnvironmentRow, version: Version) -> ObjectStep {
    let body = |version: Version| serde_json::json!({ "version": version }).to_string();
    ObjectStep {
        scope: Scope::Environment(environment.id.clone()),
        kind: Kind::Environment,
        identifier: environment.identifier.to_string(),
        action: ACTION,
        event: EventKind::Patch,
        before: Some(body(environment.version)),
        after: Some(body(version)),
        references: Vec::new(),
        dependants: Vec::new(),
    }
}

/// The same object at the new version. What is gone is told of as gone once more: it may have come back in
/// the time that was lost.
fn again(
    environment: &EnvironmentUuid,
    kind: Kind,
    identifier: String,
    before: Option<String>,
    version: Version,
) -> Result<ObjectStep, Error> {
    let (action, after, references) = match (kind, before.as_deref()) {
        (Kind::Segment, Some(body)) => {
            let segment = Segment { version, ..read_body(body)? };
            ("SegmentPatched", Some(write(&segment)?), segment_references(&segment))
        }
        (_, Some(body)) => {
            let config = FlagConfig { version, ..read_body(body)? };
            ("FeatureActivationPatched", Some(write(&config)?), config_references(&config))
        }
        (Kind::Segment, None) => ("SegmentDeleted", None, Vec::new()),
        (_, None) => ("FeatureActivationDeleted", None, Vec::new()),
    };
    Ok(ObjectStep {
        scope: Scope::Environment(environment.clone()),
        kind,
        identifier,
        action,
        event: if after.is_some() { EventKind::Patch } else { EventKind::Delete },
        before,
        after,
        references,
        // Every flag of the environment has an event of its own.
        dependants: Vec::new(),
    })
}

fn read(row: &Row) -> Result<(Kind, String, Option<String>), DbError> {
    Ok((Kind::read(row.text(0)?)?, row.text(1)?.to_owned(), row.opt_text(2)?.map(str::to_owned)))
}

fn write(object: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(object).map_err(Error::internal)
}
