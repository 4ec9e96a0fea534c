//! Making, changing and revoking SDK keys.

use async_trait::async_trait;
use model::limits::KEYS_PER_ENVIRONMENT_MAX;
use model::{EnvironmentUuid, Error, EventKind, ObjectKind};
use store::{Decision, KeyRow, Kind, ObjectStep, Plan, ProjectState, Scope};

use super::checked_expiry;
use crate::secrets::Made;

pub(super) struct CreateKey {
    pub(super) row: KeyRow,
    /// What the clear text is made from, unless it is brought along.
    pub(super) made: Made,
}

#[async_trait]
impl Decision for CreateKey {
    type Answer = Made;

    async fn decide(&self, state: &ProjectState<'_>) -> Result<Plan<Made>, Error> {
        let row = &self.row;
        let keys = store::keys_of(state.db, &row.environment).await?;
        if keys.iter().any(|key| key.identifier == row.identifier) {
            return Err(Error::exists(ObjectKind::Key, &row.identifier));
        }
        if keys.len() >= KEYS_PER_ENVIRONMENT_MAX {
            let message = format!(
                "the environment has {KEYS_PER_ENVIRONMENT_MAX} keys, the most allowed; delete one first"
            );
            return Err(Error::TooLarge(message));
        }
        if store::key_record(state.db, &row.hash).await?.is_some() {
            let message =
                "this SDK key is in use already; a key belongs to one environment of the installation";
            return Err(Error::InUse(message.to_owned()));
        }
        let mut plan = Plan::new(self.made.clone());
        plan.on_duplicate(ObjectKind::Key, row.identifier.as_str());
        plan.step(step(None, Some(row), "ApiKeyCreated")?);
        plan.row(store::insert_key(row));
        Ok(plan)
    }
}

/// Changes what may change about a key; what is `None` stays as it is.
pub(super) struct UpdateKey {
    pub(super) environment: EnvironmentUuid,
    pub(super) identifier: String,
    pub(super) name: Option<String>,
    pub(super) description: Option<String>,
    pub(super) expired_at: Option<Option<i64>>,
}

#[async_trait]
impl Decision for UpdateKey {
    type Answer = ();

    async fn decide(&self, state: &ProjectState<'_>) -> Result<Plan<()>, Error> {
        let before = store::key_by_identifier(state.db, &self.environment, &self.identifier).await?;
        let mut after = before.clone();
        if let Some(name) = &self.name {
            after.name.clone_from(name);
        }
        if let Some(description) = &self.description {
            after.description.clone_from(description);
        }
        if let Some(wanted) = self.expired_at {
            after.expires_ms = checked_expiry(wanted, before.expires_ms, state.now_ms)?;
        }
        let mut plan = Plan::new(());
        if after != before {
            plan.step(step(Some(&before), Some(&after), "ApiKeyPatched")?);
            plan.row(store::update_key(&after));
        }
        Ok(plan)
    }
}

pub(super) struct DeleteKey {
    pub(super) environment: EnvironmentUuid,
    pub(super) identifier: String,
}

#[async_trait]
impl Decision for DeleteKey {
    type Answer = ();

    async fn decide(&self, state: &ProjectState<'_>) -> Result<Plan<()>, Error> {
        let row = store::key_by_identifier(state.db, &self.environment, &self.identifier).await?;
        let mut plan = Plan::new(());
        plan.step(step(Some(&row), None, "ApiKeyDeleted")?);
        plan.row(store::delete_key(&row.hash));
        Ok(plan)
    }
}

/// The change row of a key; its identifier is the hash, by which streams know their key.
fn step(before: Option<&KeyRow>, after: Option<&KeyRow>, action: &'static str) -> Result<ObjectStep, Error> {
    let body = |row: &KeyRow| {
        let body = serde_json::json!({
            "identifier": row.identifier, "name": row.name, "description": row.description,
            "type": row.kind, "expiredAt": row.expires_ms,
        });
        serde_json::to_string(&body).map_err(Error::internal)
    };
    let (event, row) = match (before, after) {
        (None, Some(row)) => (EventKind::Create, row),
        (_, Some(row)) => (EventKind::Patch, row),
        (Some(row), None) => (EventKind::Delete, row),
        (None, None) => return Err(Error::internal("a key that neither was nor is")),
    };
    Ok(ObjectStep {
        scope: Scope::Environment(row.environment.clone()),
        kind: Kind::Key,
        identifier: row.hash.to_string(),
        action,
        event,
        before: before.map(body).transpose()?,
        after: after.map(body).transpose()?,
        references: Vec::new(),
        dependants: Vec::new(),
    })
}
