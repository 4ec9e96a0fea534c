//! What was acknowledged and what was heard, and what must be true of both in the end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::{ProjectUuid, Version};
use platform::{Db, Statement};

/// What the parts of a run tell each other outside of the world that is simulated.
#[derive(Clone, Default)]
pub(crate) struct Truth(Arc<Mutex<Known>>);

#[derive(Default)]
pub(crate) struct Known {
    /// Versions that writers were told of.
    pub(crate) acknowledged: BTreeSet<Version>,
    /// Writes that were refused because of what another had decided.
    pub(crate) refused: u64,
    /// Reports by the target that each names: how many evaluations, and whether it was acknowledged.
    pub(crate) reports: BTreeMap<String, (i64, bool)>,
    /// Events that streams brought.
    pub(crate) events: u64,
    /// What was seen and must never be.
    pub(crate) violations: Vec<String>,
}

impl Truth {
    pub(crate) fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a violation unless `holds`.
    pub(crate) fn check(&self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.known().violations.push(what());
        }
    }
}

/// Flags that are there, with the version of each.
pub(crate) type Flags = BTreeMap<String, Version>;

const FLAGS: &str =
    "SELECT identifier, version FROM current_object WHERE kind = 'flag_config' AND body IS NOT NULL";

const VERSIONS: &str =
    "SELECT DISTINCT version FROM change WHERE environment_id IS NOT NULL ORDER BY version";

const HISTORY: &str = "SELECT identifier, body IS NOT NULL FROM object_version
    WHERE kind = 'flag_config' AND identifier IN ($1, $2) ORDER BY version";

const COUNTED: &str = "SELECT coalesce(CAST(sum(evaluations) AS BIGINT), 0) FROM evaluation_hour";

const TARGETS: &str = "SELECT identifier FROM target";

/// The flags as the database has them.
pub(crate) async fn flags(db: &dyn Db) -> Flags {
    let rows = db.query(Statement::new(FLAGS)).await.unwrap();
    rows.iter().map(|row| (row.text(0).unwrap().to_owned(), Version(row.int(1).unwrap()))).collect()
}

/// Every acknowledged write is there, versions have no gap, and the chain verifies.
pub(crate) async fn assert_written(db: &dyn Db, project: &ProjectUuid, known: &Known) {
    let rows = db.query(Statement::new(VERSIONS)).await.unwrap();
    let versions: Vec<_> = rows.iter().map(|row| Version(row.int(0).unwrap())).collect();
    let contiguous: Vec<_> = (1..).map(Version).take(versions.len()).collect();
    assert_eq!(versions, contiguous);
    let lost: Vec<_> = known.acknowledged.iter().filter(|version| !versions.contains(version)).collect();
    assert!(lost.is_empty(), "acknowledged and not there: {lost:?}");
    let project = store::project_by_id(db, project).await.unwrap();
    let report = store::verify_project(db, &project, &[]).await.unwrap();
    assert!(report.is_sound() && report.waiting.is_none(), "{report:?}");
}

/// At no version did each of the two need the other.
pub(crate) async fn assert_never_both(db: &dyn Db, [one, other]: [&str; 2]) {
    let rows = db.query(Statement::new(HISTORY).bind(one).bind(other)).await.unwrap();
    let mut needy = BTreeSet::new();
    for row in &rows {
        let identifier = row.text(0).unwrap();
        if row.bool(1).unwrap() {
            needy.insert(identifier);
        } else {
            needy.remove(identifier);
        }
        assert!(needy.len() < 2, "{one} and {other} need each other");
    }
}

/// Every acknowledged report is counted once, any other at most once.
pub(crate) async fn assert_counted(db: &dyn Db, known: &Known) {
    let evaluations = db.query(Statement::new(COUNTED)).await.unwrap()[0].int(0).unwrap();
    let rows = db.query(Statement::new(TARGETS)).await.unwrap();
    let targets: BTreeSet<_> = rows.iter().map(|row| row.text(0).unwrap()).collect();
    for (target, (_, acknowledged)) in &known.reports {
        assert!(targets.contains(target.as_str()) || !acknowledged, "the report of {target} is lost");
    }
    // A report's target and counts are written together, so the targets say what must have been counted.
    let reported = targets.iter().map(|target| known.reports[*target].0).sum::<i64>();
    assert_eq!(evaluations, reported, "something was counted twice, or not at all");
}
