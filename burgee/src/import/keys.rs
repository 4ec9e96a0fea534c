//! SDK keys: their hashes, so that applications keep them.

use model::{Error, EventKind, KeyHash, KeyKind};
use store::{KeyRow, Kind, ObjectStep, Plan, ProjectState, Scope};

use super::last_import::LastImport;
use super::naming::Naming;
use super::report::{Outcome, Tally};
use super::wanted::WantedEnvironment;
use crate::relay_directory::{Companion, NamedKey};

/// Digits of the hash in the identifier of a key that has no other name.
const IDENTIFIER_DIGITS: usize = 12;

/// A key as it is to be.
pub(crate) struct WantedKey {
    pub(crate) hash: KeyHash,
    named: NamedKey,
    /// Whether somebody said of which kind it is; otherwise the kind that it has here stays.
    kind_said: bool,
}

/// The keys of a folder, with what is known of them.
pub(super) fn wanted(hashes: &[KeyHash], companion: Option<&Companion>, naming: &Naming) -> Vec<WantedKey> {
    let known = |hash: &KeyHash| companion?.keys.iter().find(|key| key.hash == *hash);
    let keys = hashes.iter().map(|hash| {
        let (said, known) = (naming.kind(hash), known(hash));
        let mut named = known.cloned().unwrap_or_else(|| unnamed(hash));
        named.kind = said.unwrap_or(named.kind);
        WantedKey { hash: hash.clone(), named, kind_said: said.is_some() || known.is_some() }
    });
    keys.collect()
}

fn unnamed(hash: &KeyHash) -> NamedKey {
    let digits: String = hash.as_str().chars().take(IDENTIFIER_DIGITS).collect();
    NamedKey {
        hash: hash.clone(),
        identifier: format!("imported-{digits}"),
        name: format!("Imported {digits}"),
        description: String::new(),
        kind: KeyKind::Server,
        prefix: String::new(),
        expires_at: None,
    }
}

/// Plans the keys of an environment.
pub(super) async fn plan(
    environment: &WantedEnvironment,
    state: &ProjectState<'_>,
    last: &LastImport,
    overwrite: bool,
    plan: &mut Plan<Outcome>,
) -> Result<Tally, Error> {
    let mut tally = Tally::default();
    for key in &environment.keys {
        let row = key.row(environment, state);
        match store::key_by_hash(state.db, &key.hash).await? {
            Some(current) if current.environment != environment.id => {
                tally.kept += 1;
                plan.answer.keep(format!(
                    "key {} belongs to another environment here ({})",
                    key.hash, current.environment
                ));
            }
            Some(current) if current.kind == row.kind || !key.kind_said => tally.same += 1,
            Some(current) => {
                tally.changed += 1;
                let row = KeyRow { kind: row.kind, ..current.clone() };
                plan.step(step(Some(&current), &row, "ApiKeyPatched")?);
                plan.row(store::delete_key(&current.hash));
                plan.row(store::insert_key(&row));
            }
            None if !overwrite && last.wrote(Some(&environment.id), Kind::Key, key.hash.as_str()) => {
                tally.kept += 1;
                plan.answer.keep(format!("key {} was revoked here since the import", key.hash));
            }
            None => {
                tally.created += 1;
                if !key.kind_said {
                    plan.answer.assume(&key.hash);
                }
                plan.step(step(None, &row, "ApiKeyCreated")?);
                plan.row(store::insert_key(&row));
            }
        }
    }
    Ok(tally)
}

impl WantedKey {
    fn row(&self, environment: &WantedEnvironment, state: &ProjectState<'_>) -> KeyRow {
        KeyRow {
            hash: self.hash.clone(),
            project: state.project.id.clone(),
            environment: environment.id.clone(),
            identifier: self.named.identifier.clone(),
            name: self.named.name.clone(),
            description: self.named.description.clone(),
            kind: self.named.kind,
            prefix: self.named.prefix.clone(),
            created_ms: state.now_ms,
            expires_ms: self.named.expires_at,
            last_used_ms: None,
        }
    }
}

/// The change row of a key, as the admin API writes it.
fn step(before: Option<&KeyRow>, after: &KeyRow, action: &'static str) -> Result<ObjectStep, Error> {
    let body = |row: &KeyRow| {
        let body = serde_json::json!({
            "identifier": row.identifier, "name": row.name, "description": row.description,
            "type": row.kind, "expiredAt": row.expires_ms,
        });
        serde_json::to_string(&body).map_err(Error::internal)
    };
    Ok(ObjectStep {
        scope: Scope::Environment(after.environment.clone()),
        kind: Kind::Key,
        identifier: after.hash.to_string(),
        action,
        event: if before.is_some() { EventKind::Patch } else { EventKind::Create },
        before: before.map(body).transpose()?,
        after: Some(body(after)?),
        references: Vec::new(),
        dependants: Vec::new(),
    })
}
