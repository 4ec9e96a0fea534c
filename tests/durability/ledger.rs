//! What was asked of a server and what it acknowledged, and holding a database to it.

use std::collections::BTreeMap;
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
    /// Flags that evaluations were reported of, with how many.
    reports: BTreeMap<String, (i64, Fate)>,
}

impl Ledger {
    pub(crate) fn change(&self, comment: &str, fate: Fate) {
        self.entries().changes.insert(comment.to_owned(), fate);
    }

    pub(crate) fn flag(&self, identifier: &str, fate: Fate) {
        self.entries().flags.insert(identifier.to_owned(), fate);
    }

    pub(crate) fn report(&self, flag: &str, count: i64, fate: Fate) {
        self.entries().reports.insert(flag.to_owned(), (count, fate));
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
        let counted = database.counted();
        for (flag, (count, fate)) in &entries.reports {
            let found = counted.get(flag).copied().unwrap_or(0);
            let right = found == *count || (found == 0 && !is(*fate));
            assert!(right, "{flag} was evaluated {count} times ({fate:?}), {found} were counted");
        }
        let unknown: Vec<_> = counted.keys().filter(|flag| !entries.reports.contains_key(*flag)).collect();
        assert!(unknown.is_empty(), "counted and never reported: {unknown:?}");
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

const COUNTED: &str = "SELECT flag, CAST(sum(evaluations) AS BIGINT) FROM evaluation_count GROUP BY flag";

/// Reports that wait. One that was counted and could not be taken off the queue any more is counted already.
const WAITING: &str = "SELECT payload FROM work_queue WHERE id NOT IN (SELECT id FROM metrics_job)";

const VERSIONS: &str = "SELECT e.version, count(DISTINCT c.version), min(c.version), max(c.version)
    FROM environment e JOIN change c ON c.environment_id = e.id GROUP BY e.id";

const CURRENT: &str = "SELECT identifier, version FROM current_object WHERE kind = 'flag_config'";

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

    /// Evaluations by flag, those in the queue included.
    fn counted(&self) -> BTreeMap<String, i64> {
        // Of one moment: a report must not be seen in the queue and in the counts.
        let moment = self.0.unchecked_transaction().unwrap();
        let mut counted = self.numbers(COUNTED);
        let mut rows = self.0.prepare(WAITING).unwrap();
        let payloads = rows.query_map([], |row| row.get::<_, Vec<u8>>(0)).unwrap();
        for payload in payloads.map(Result::unwrap) {
            let job: Value = serde_json::from_slice(&payload).unwrap();
            for evaluation in job["evaluations"].as_array().unwrap() {
                let flag = evaluation["flag"].as_str().unwrap().to_owned();
                *counted.entry(flag).or_default() += evaluation["count"].as_i64().unwrap();
            }
        }
        drop(moment);
        counted
    }
}
