//! The flags of a page, whole.

use std::collections::HashMap;

use model::{Error, Flag, FlagConfig};
use platform::Db;
use store::{CurrentObject, EnvironmentRow, Kind, ProjectRow};

use super::Entry;
use crate::flags::answer::{self, Feature};

/// Flags, and what they serve in one environment, by identifier.
pub(super) struct Bodies {
    flags: HashMap<String, CurrentObject>,
    configs: HashMap<String, CurrentObject>,
}

impl Bodies {
    /// Those that were read.
    pub(super) fn of(flags: Vec<CurrentObject>, configs: Vec<CurrentObject>) -> Self {
        Self { flags: by_identifier(flags), configs: by_identifier(configs) }
    }

    /// Reads those of `entries`.
    pub(super) async fn of_page(
        db: &dyn Db,
        project: &ProjectRow,
        environment: Option<&EnvironmentRow>,
        entries: &[Entry],
    ) -> Result<Self, Error> {
        let ids: Vec<&str> = entries.iter().map(Entry::identifier).collect();
        let flags = store::some_current(db, project.id.as_str(), Kind::Flag, &ids).await?;
        let configs = match environment {
            Some(row) => store::some_current(db, row.id.as_str(), Kind::FlagConfig, &ids).await?,
            None => Vec::new(),
        };
        Ok(Self::of(flags, configs))
    }
}

/// The flags, with what they serve in the environment, in the order of `entries`. A flag that was deleted
/// since is left out.
pub(super) async fn features<'a>(
    db: &dyn Db,
    (project, environment): (&ProjectRow, Option<&EnvironmentRow>),
    entries: &'a [Entry],
    bodies: Bodies,
) -> Result<Vec<(&'a Entry, Feature)>, Error> {
    let Bodies { mut flags, mut configs } = bodies;
    let mut features = Vec::with_capacity(entries.len());
    for entry in entries {
        let id = entry.identifier();
        let Some(body) = flags.remove(id).and_then(|object| object.body) else { continue };
        let flag: Flag = store::read_body(&body)?;
        let feature = match configs.remove(id) {
            Some(CurrentObject { body: Some(body), changed_ms, .. }) => {
                let config: FlagConfig = store::read_body(&body)?;
                Feature::new(flag, project, Some(config)).changed_at(changed_ms)
            }
            // It is archived: what it served last is in its history.
            _ => answer::feature(db, flag, project, environment).await?,
        };
        features.push((entry, feature));
    }
    Ok(features)
}

fn by_identifier(objects: Vec<CurrentObject>) -> HashMap<String, CurrentObject> {
    objects.into_iter().map(|object| (object.identifier.clone(), object)).collect()
}
