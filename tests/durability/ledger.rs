//! What was asked of a server and what it acknowledged, and holding a database to it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

/// What became of a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fate {
    /// It was answered: it must be there once.
    Acknowledged,
    /// No answer came: it may be there once, or not at all.
    Unknown,
}

/// Everything that was asked, under names that occur once each.
#[derive(Debug, Default)]
pub(crate) struct Ledger(Mutex<Entries>);

#[derive(Debug, Default)]
struct Entries {
    /// Comments of changes of flags.
    changes: BTreeMap<String, Fate>,
    /// Identifiers of flags that were made.
    flags: BTreeMap<String, Fate>,
    /// Targets that were reported, each once, with how many evaluations.
    reports: BTreeMap<String, (i64, Fate)>,
}

impl Ledger {
    pub(crate) fn change(&self, comment: &str, fate: Fate) {
        self.entries().changes.insert(comment.to_owned(), fate);
    }

    pub(crate) fn flag(&self, identifier: &str, fate: Fate) {
        self.entries().flags.insert(identifier.to_owned(), fate);
    }

    pub(crate) fn report(&self, target: &str, count: i64, fate: Fate) {
        self.entries().reports.insert(target.to_owned(), (count, fate));
    }

    /// How many changes, flags and reports were acknowledged.
    pub(crate) fn acknowledged(&self) -> (usize, usize, usize) {
        let entries = self.entries();
        let count = |fates: &mut dyn Iterator<Item = Fate>| fates.filter(|fate| is(*fate)).count();
        (
            count(&mut entries.changes.values().copied()),
            count(&mut entries.flags.values().copied()),
            count(&mut entries.reports.values().map(|(_, fate)| *fate)),
        )
    }

    /// Compares with the database of a data folder, which a server may be using.
    pub(crate) fn compare(&self, data: &Path) {
        let database = Books::open(data);
        let entries = self.entries();
        let changes = database.numbers(CHANGES);
        assert_once("change", &entries.changes, &changes);
        assert_once("flag", &entries.flags, &database.numbers(FLAGS));
        let Counted { targets, evaluations } = database.counted();
        for (target, (_, fate)) in &entries.reports {
            assert!(targets.contains(target) || !is(*fate), "the report of {target} is lost");
        }
        // A report's targets and counts are written together, so those that are there say what was counted.
        let reported = targets.iter().map(|target| entries.reports[target].0).sum::<i64>();
        assert_eq!(evaluations, reported, "something was counted twice, or not at all");
    }

    /// What is in the database though its client got no answer.
    pub(crate) fn made_without_answer(&self, data: &Path) -> Vec<String> {
        let (books, entries) = (Books::open(data), self.entries());
        let (changes, flags) = (books.numbers(CHANGES), books.numbers(FLAGS));
        let counted = books.counted().targets.into_iter().map(|target| (target, 1)).collect();
        let unanswered = |fates: &BTreeMap<String, Fate>, found: &BTreeMap<String, i64>| -> Vec<String> {
            let unknown = fates.iter().filter(|(name, fate)| !is(**fate) && found.contains_key(*name));
            unknown.map(|(name, _)| name.clone()).collect()
        };
        let reports = entries.reports.iter().map(|(target, (_, fate))| (target.clone(), *fate)).collect();
        let made = [
            unanswered(&entries.changes, &changes),
            unanswered(&entries.flags, &flags),
            unanswered(&reports, &counted),
        ];
        made.concat()
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const fn is(fate: Fate) -> bool {
    matches!(fate, Fate::Acknowledged)
}

fn assert_once(what: &str, asked: &BTreeMap<String, Fate>, found: &BTreeMap<String, i64>) {
    for (name, fate) in asked {
        let times = found.get(name).copied().unwrap_or(0);
        let right = times == 1 || (times == 0 && !is(*fate));
        assert!(right, "{what} {name} ({fate:?}) is there {times} times");
    }
    let unasked: Vec<_> = found.keys().filter(|name| !asked.contains_key(*name)).collect();
    assert!(unasked.is_empty(), "{what}s that nobody asked for: {unasked:?}");
}

const CHANGES: &str = "SELECT comment, count(*) FROM change WHERE comment <> '' GROUP BY comment";

const FLAGS: &str =
    "SELECT identifier, count(*) FROM change WHERE action = 'FeatureCreated' GROUP BY identifier";

const COUNTED: &str = "SELECT 'all', coalesce(CAST(sum(evaluations) AS BIGINT), 0) FROM evaluation_hour";

const TARGETS: &str = "SELECT identifier, 1 FROM target";

/// Reports that wait. One that was counted and could not be taken off the queue any more is counted already.
const WAITING: &str = "SELECT payload FROM work_queue WHERE id NOT IN (SELECT id FROM metrics_job)";

const VERSIONS: &str = "SELECT e.version, count(DISTINCT c.version), min(c.version), max(c.version)
    FROM environment e JOIN change c ON c.environment_id = e.id GROUP BY e.id";

const CURRENT: &str = "SELECT identifier, version FROM current_object WHERE kind = 'flag_config'";

/// What reports left behind.
struct Counted {
    targets: BTreeSet<String>,
    evaluations: i64,
}

/// A database that is only looked at.
pub(crate) struct Books(Connection);

impl Books {
    pub(crate) fn open(data: &Path) -> Self {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        Self(Connection::open_with_flags(data.join("burgee.db"), flags).unwrap())
    }

    /// Every environment has had every version up to its own.
    pub(crate) fn assert_versions_contiguous(&self) {
        let mut rows = self.0.prepare(VERSIONS).unwrap();
        let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)));
        for (version, versions, first, last) in rows.unwrap().map(Result::<(i64, i64, i64, i64), _>::unwrap) {
            assert_eq!((versions, first, last), (version, 1, version));
        }
    }

    /// Every page, row and index is sound.
    pub(crate) fn assert_sound(&self) {
        let found: String = self.0.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(found, "ok");
    }

    /// How many reports wait to be counted.
    pub(crate) fn reports_waiting(&self) -> i64 {
        self.0.query_row("SELECT count(*) FROM work_queue", [], |row| row.get(0)).unwrap()
    }

    /// The id of the first environment by name.
    pub(crate) fn environment(&self) -> String {
        let first = "SELECT id FROM environment ORDER BY identifier LIMIT 1";
        self.0.query_row(first, [], |row| row.get(0)).unwrap()
    }

    /// The version of each flag in the one environment.
    pub(crate) fn flag_versions(&self) -> BTreeMap<String, i64> {
        self.numbers(CURRENT)
    }

    fn numbers(&self, sql: &str) -> BTreeMap<String, i64> {
        let mut rows = self.0.prepare(sql).unwrap();
        let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(Result::unwrap).collect()
    }

    /// What was reported, the reports in the queue included.
    fn counted(&self) -> Counted {
        // Of one moment: a report must not be seen in the queue and in the counts.
        let moment = self.0.unchecked_transaction().unwrap();
        let mut targets: BTreeSet<String> = self.numbers(TARGETS).into_keys().collect();
        let mut evaluations = self.numbers(COUNTED)["all"];
        let mut rows = self.0.prepare(WAITING).unwrap();
        let payloads = rows.query_map([], |row| row.get::<_, Vec<u8>>(0)).unwrap();
        for payload in payloads.map(Result::unwrap) {
            let job: Value = serde_json::from_slice(&payload).unwrap();
            for target in job["targets"].as_array().unwrap() {
                targets.insert(target["identifier"].as_str().unwrap().to_owned());
            }
            for evaluation in job["evaluations"].as_array().unwrap() {
                evaluations += evaluation["count"].as_i64().unwrap();
            }
        }
        drop(moment);
        Counted { targets, evaluations }
    }
}
