//! What objects were before and after the changes that audit tells of.
//!
//! Nothing is stored for it: the id of a snapshot says where in which project's chain to look.

use model::limits::NAMED_PER_REQUEST_MAX;
use model::{Error, ObjectKind, ProjectUuid};
use serde::Serialize;
use serde_json::value::RawValue;
use store::ChangePlace;

use crate::answer::Answer;
use crate::call::Call;

/// Which of the two states around a change.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Side {
    /// What the object was.
    Before,
    /// What it became.
    After,
}

/// `ObjectSnapshots` of openapi/admin.yaml.
#[derive(Serialize)]
struct Snapshots {
    objectsnapshots: Vec<Snapshot>,
}

#[derive(Serialize)]
struct Snapshot {
    id: String,
    /// Left out where there was no object, or where it was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Box<RawValue>>,
}

/// The snapshots with these ids, in this order.
pub(crate) async fn read(call: Call) -> Result<Answer, Error> {
    let ids: Vec<_> = call.identifier.split(',').map(str::trim).filter(|id| !id.is_empty()).collect();
    if ids.is_empty() || ids.len() > NAMED_PER_REQUEST_MAX {
        let message = format!("names {} snapshots; name 1 to {NAMED_PER_REQUEST_MAX}", ids.len());
        return Err(Error::invalid("identifiers", message));
    }
    let mut visible: Vec<ProjectUuid> = Vec::new();
    let mut objectsnapshots = Vec::with_capacity(ids.len());
    for id in ids {
        let missing = || Error::not_found(ObjectKind::Snapshot, id);
        let (place, side) = parse(id).ok_or_else(missing)?;
        if !visible.contains(&place.project) {
            if !is_visible(&call, &place.project).await? {
                return Err(missing());
            }
            visible.push(place.project.clone());
        }
        let bodies = store::change_bodies(call.db(), &place).await?;
        let (before, after) = bodies.ok_or_else(missing)?;
        let body = if side == Side::Before { before } else { after };
        let value = body.map(RawValue::from_string).transpose().map_err(Error::internal)?;
        objectsnapshots.push(Snapshot { id: id.to_owned(), value });
    }
    Ok(Answer::ok(&Snapshots { objectsnapshots })?.wrapped(call.random()))
}

/// Whether the caller's token reaches the project. Where it does not, nothing exists.
async fn is_visible(call: &Call, project: &ProjectUuid) -> Result<bool, Error> {
    match store::project_by_id(call.db(), project).await {
        Ok(project) => {
            Ok(call.access.check_account(&project.account).is_ok() && call.access.covers(&project))
        }
        Err(Error::NotFound { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

/// The id of a snapshot: `{project}.{revision}.{position}.before`, or `after`.
pub(crate) fn snapshot_id(place: &ChangePlace, side: Side) -> String {
    let side = match side {
        Side::Before => "before",
        Side::After => "after",
    };
    format!("{}.{}.{}.{side}", place.project, place.revision, place.position)
}

fn parse(id: &str) -> Option<(ChangePlace, Side)> {
    let mut parts = id.rsplitn(4, '.');
    let side = match parts.next()? {
        "before" => Side::Before,
        "after" => Side::After,
        _ => return None,
    };
    let position = parts.next()?.parse().ok()?;
    let revision = parts.next()?.parse().ok()?;
    let project = ProjectUuid::from_wire(parts.next()?);
    Some((ChangePlace { project, revision, position }, side))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_leads_back_to_its_place() {
        let place = ChangePlace { project: ProjectUuid::from_wire("c0ffee-1"), revision: 12, position: 3 };

        for side in [Side::Before, Side::After] {
            assert_eq!(parse(&snapshot_id(&place, side)), Some((place.clone(), side)));
        }
    }

    #[test]
    fn what_is_no_id_leads_nowhere() {
        for text in ["", "x", "p.1.0.later", "p.1.x.before", "1.0.before", "p.99999999999999999999.0.after"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
