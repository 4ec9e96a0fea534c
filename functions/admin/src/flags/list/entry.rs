//! A flag as far as filters and sorting look at it.
//!
//! A list of ten thousand flags shows a hundred: only those are read whole.

use std::borrow::Cow;
use std::collections::HashMap;

use model::{Error, FlagKind, FlagState, VariationMap};
use platform::Db;
use serde::Deserialize;
use store::{CurrentObject, EnvironmentRow, Kind, ProjectRow};

/// A flag that may be on the list.
pub(in crate::flags) struct Entry {
    pub(in crate::flags) identifier: String,
    pub(in crate::flags) name: String,
    pub(in crate::flags) kind: FlagKind,
    pub(in crate::flags) archived: bool,
    pub(in crate::flags) permanent: bool,
    pub(in crate::flags) tags: Vec<String>,
    pub(in crate::flags) created_ms: i64,
    /// Of the last change, here or everywhere.
    pub(in crate::flags) changed_ms: i64,
    pub(in crate::flags) is_on: bool,
    /// Targets that are served a variation by name.
    pub(in crate::flags) targets: Vec<String>,
    /// The flag, whole, as JSON.
    pub(super) body: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FlagHead<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    kind: FlagKind,
    #[serde(default)]
    archived: bool,
    #[serde(default)]
    permanent: bool,
    #[serde(borrow, default)]
    tags: Vec<TagHead<'a>>,
    created_at: i64,
    modified_at: i64,
}

#[derive(Deserialize)]
struct TagHead<'a> {
    #[serde(borrow, default)]
    identifier: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ConfigHead {
    state: FlagState,
    #[serde(default)]
    variation_to_target_map: Vec<VariationMap>,
}

/// All flags of the project, archived ones included.
pub(super) async fn all(db: &dyn Db, project: &ProjectRow) -> Result<Vec<Entry>, Error> {
    let objects = store::current_bodies(db, project.id.as_str(), Kind::Flag).await?;
    objects.into_iter().filter_map(Entry::read).collect()
}

/// Adds what the flags serve in the environment.
pub(super) async fn add_configs(
    db: &dyn Db,
    environment: &EnvironmentRow,
    entries: &mut [Entry],
) -> Result<(), Error> {
    let mut configs: HashMap<String, (String, i64)> = HashMap::new();
    for object in store::current_bodies(db, environment.id.as_str(), Kind::FlagConfig).await? {
        if let Some(body) = object.body {
            configs.insert(object.identifier, (body, object.changed_ms));
        }
    }
    for entry in entries {
        let Some((body, changed_ms)) = configs.get(&entry.identifier) else { continue };
        let head: ConfigHead = serde_json::from_str(body).map_err(Error::internal)?;
        let targets = head.variation_to_target_map.iter().flat_map(|map| &map.targets);
        entry.is_on = head.state == FlagState::On;
        entry.changed_ms = entry.changed_ms.max(*changed_ms);
        entry.targets = targets.map(|target| target.identifier.to_string()).collect();
    }
    Ok(())
}

impl Entry {
    fn read(object: CurrentObject) -> Option<Result<Self, Error>> {
        let body = object.body?;
        let head = match serde_json::from_str::<FlagHead<'_>>(&body) {
            Ok(head) => head,
            Err(error) => return Some(Err(Error::internal(error))),
        };
        Some(Ok(Self {
            identifier: object.identifier,
            name: head.name.into_owned(),
            kind: head.kind,
            archived: head.archived,
            permanent: head.permanent,
            tags: head.tags.into_iter().map(|tag| tag.identifier.into_owned()).collect(),
            created_ms: head.created_at,
            changed_ms: head.modified_at,
            is_on: false,
            targets: Vec::new(),
            body,
        }))
    }
}
