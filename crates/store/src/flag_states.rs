//! Whether flags are on, over many environments at once.

use model::{AccountId, Error, FlagId, ProjectUuid};
use platform::{Db, Row, Statement};

use crate::fault::unavailable;

/// How many flags there are.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct FlagTotals {
    /// Flags that are not archived.
    pub flags: i64,
    /// Those that are on in an environment at least.
    pub enabled: i64,
}

/// A flag in one environment.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FlagStanding {
    /// The environment's id.
    pub environment: String,
    /// The flag.
    pub flag: FlagId,
    /// Whether it is on.
    pub is_on: bool,
}

/// Bodies are read in the database, as text: a flag's state is the one field of that name, quotes inside
/// of values are escaped, and `replace` is the same function on both databases.
const TOTALS: &str = "SELECT
    (SELECT count(*) FROM project p JOIN current_object o ON o.scope = p.id AND o.kind = 'flag'
        WHERE p.account = $1 AND (CAST($2 AS TEXT) IS NULL OR p.id = $2) AND NOT p.deleted
        AND replace(o.body, '\"archived\":true', '') = o.body),
    (SELECT count(*) FROM (SELECT DISTINCT e.project_id, o.identifier
        FROM project p JOIN environment e ON e.project_id = p.id AND NOT e.deleted
        JOIN current_object o ON o.scope = e.id AND o.kind = 'flag_config'
        WHERE p.account = $1 AND (CAST($2 AS TEXT) IS NULL OR p.id = $2) AND NOT p.deleted
        AND replace(o.body, '\"state\":\"on\"', '') <> o.body) AS lit)";

const BETWEEN: &str = "SELECT o.scope, o.identifier, replace(o.body, '\"state\":\"on\"', '') <> o.body
    FROM environment e JOIN current_object o ON o.scope = e.id AND o.kind = 'flag_config'
    AND o.identifier >= $1 AND o.identifier <= $2 AND o.body IS NOT NULL
    WHERE e.project_id = $3 AND NOT e.deleted";

/// Counts the flags of an account, or of one of its projects.
///
/// # Errors
/// `Unavailable`.
pub async fn flag_totals(
    db: &dyn Db,
    account: &AccountId,
    project: Option<&ProjectUuid>,
) -> Result<FlagTotals, Error> {
    let statement = Statement::new(TOTALS).bind(account.as_str()).bind(project.map(ProjectUuid::as_str));
    let rows = db.query(statement).await.map_err(unavailable)?;
    let read = |row: &Row| Ok(FlagTotals { flags: row.int(0)?, enabled: row.int(1)? });
    rows.first().map_or(Ok(FlagTotals::default()), read).map_err(unavailable)
}

/// Whether each flag from `first` to `last` is on, in every environment of the project.
///
/// # Errors
/// `Unavailable`.
pub async fn flag_standings(
    db: &dyn Db,
    project: &ProjectUuid,
    first: &FlagId,
    last: &FlagId,
) -> Result<Vec<FlagStanding>, Error> {
    let statement = Statement::new(BETWEEN).bind(first.as_str()).bind(last.as_str()).bind(project.as_str());
    let rows = db.query(statement).await.map_err(unavailable)?;
    let read = |row: &Row| {
        Ok(FlagStanding {
            environment: row.text(0)?.to_owned(),
            flag: FlagId::from_wire(row.text(1)?),
            is_on: row.bool(2)?,
        })
    };
    rows.iter().map(|row| read(row).map_err(unavailable)).collect()
}
