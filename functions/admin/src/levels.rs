//! Objects that name objects of their kind: flags their prerequisites, segments the segments of their clauses.

use model::Error;
use platform::Db;
use store::Kind;

/// How many objects the longest chain has of those that name the object; beyond `max`, where nothing is
/// allowed any more, it is not followed.
///
/// # Errors
/// `Unavailable`.
pub(crate) async fn above(
    db: &dyn Db,
    scope: &str,
    kind: Kind,
    identifier: &str,
    max: usize,
) -> Result<usize, Error> {
    let mut level = vec![identifier.to_owned()];
    for levels in 0..=max {
        let mut next = Vec::new();
        for id in &level {
            let referring = store::referring(db, scope, kind, id).await?;
            next.extend(referring.into_iter().filter(|(by, _)| *by == kind).map(|(_, id)| id));
        }
        if next.is_empty() {
            return Ok(levels);
        }
        once(&mut next);
        level = next;
    }
    Ok(max + 1)
}

/// Leaves each identifier there once.
pub(crate) fn once<T: Ord>(level: &mut Vec<T>) {
    level.sort_unstable();
    level.dedup();
}
