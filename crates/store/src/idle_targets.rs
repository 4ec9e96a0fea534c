//! Targets that nobody has seen for long leave the list, unless a flag or segment names them.

use std::collections::{BTreeMap, HashSet};

use model::{EnvironmentUuid, Error, FlagConfig, Segment, Stored, TargetName};
use platform::{Db, Row, Statement};

use crate::fault::unavailable;
use crate::objects::{CurrentObject, Kind, current_bodies};
use crate::stored::read_body;

/// How long a target stays without being seen.
const IDLE_MS: i64 = 60 * 24 * 60 * 60 * 1000;

/// Targets looked at in one go.
const TARGETS: i64 = 1_000;

const IDLE: &str = "SELECT environment_id, identifier FROM target
    WHERE NOT written_by_admin AND seen_ms < $1 ORDER BY seen_ms LIMIT $2";

const FORGET: &str = "DELETE FROM target
    WHERE environment_id = $1 AND identifier = $2 AND NOT written_by_admin AND seen_ms < $3";

/// It is looked at again when it has been idle for as long once more.
const KEEP: &str = "UPDATE target SET seen_ms = $1 WHERE environment_id = $2 AND identifier = $3";

/// Takes targets off the lists that SDKs registered more than 60 days ago and have not seen since; those
/// that a flag or segment names by identifier stay. Returns how many left; 0 when none is due.
///
/// # Errors
/// `Unavailable`.
pub async fn forget_idle_targets(db: &dyn Db, now_ms: i64) -> Result<usize, Error> {
    let until_ms = now_ms.saturating_sub(IDLE_MS);
    let rows = db.query(Statement::new(IDLE).bind(until_ms).bind(TARGETS)).await.map_err(unavailable)?;
    let mut idle: BTreeMap<EnvironmentUuid, Vec<String>> = BTreeMap::new();
    let read = |row: &Row| Ok((EnvironmentUuid::from_wire(row.text(0)?), row.text(1)?.to_owned()));
    for row in &rows {
        let (environment, identifier) = read(row).map_err(unavailable)?;
        idle.entry(environment).or_default().push(identifier);
    }
    let mut statements = Vec::new();
    let mut forgotten = 0;
    for (environment, identifiers) in idle {
        let named = named_in(db, &environment).await?;
        for identifier in identifiers {
            let statement = if named.contains(&identifier) {
                Statement::new(KEEP).bind(now_ms).bind(environment.as_str()).bind(identifier)
            } else {
                forgotten += 1;
                Statement::new(FORGET).bind(environment.as_str()).bind(identifier).bind(until_ms)
            };
            statements.push(statement);
        }
    }
    if !statements.is_empty() {
        db.batch(statements).await.map_err(unavailable)?;
    }
    Ok(forgotten)
}

/// The targets that lists of flags and segments name.
async fn named_in(db: &dyn Db, environment: &EnvironmentUuid) -> Result<HashSet<String>, Error> {
    let mut named = HashSet::new();
    let mut add = |targets: Vec<TargetName>| {
        named.extend(targets.into_iter().map(|target| target.identifier.to_string()));
    };
    for object in current_bodies(db, environment.as_str(), Kind::FlagConfig).await? {
        let Some(config) = read::<FlagConfig>(&object)? else { continue };
        config.variation_to_target_map.into_iter().for_each(|map| add(map.targets));
    }
    for object in current_bodies(db, environment.as_str(), Kind::Segment).await? {
        let Some(segment) = read::<Segment>(&object)? else { continue };
        add(segment.included);
        add(segment.excluded);
    }
    Ok(named)
}

fn read<T: Stored>(object: &CurrentObject) -> Result<Option<T>, Error> {
    object.body.as_deref().map(read_body).transpose()
}
