//! The list of targets. Nothing is served by it: rules and lists name targets whether they are listed or
//! not.

use std::collections::HashMap;

use model::limits::TARGETS_PER_ENVIRONMENT_MAX;
use model::{EnvironmentUuid, Error, EventKind};
use store::{Kind, ObjectStep, Scope, TargetRow};

use super::decision::Planning;
use super::report::Tally;
use super::wanted::WantedEnvironment;

/// Targets read at once.
const PAGE: usize = 1_000;

impl Planning<'_> {
    /// Plans the targets of an environment. What SDKs or people here say about a target goes before the
    /// files, unless it is to be overwritten.
    pub(super) async fn targets(&mut self, environment: &WantedEnvironment) -> Result<Tally, Error> {
        let mut tally = Tally::default();
        let current = self.current_targets(&environment.id).await?;
        let new = environment.targets.keys().filter(|id| !current.contains_key(*id)).count();
        if current.len() + new > TARGETS_PER_ENVIRONMENT_MAX {
            let message = format!(
                "environment {} lists {} targets and {new} more would be beyond {TARGETS_PER_ENVIRONMENT_MAX}, the most \
                 possible; delete some first",
                environment.identifier,
                current.len()
            );
            return Err(Error::invalid("targets", message));
        }
        for (id, wanted) in &environment.targets {
            match current.get(id) {
                None => tally.created += 1,
                Some(now) if now.target == wanted.target => {
                    tally.same += 1;
                    continue;
                }
                Some(_) if self.overwrite => tally.changed += 1,
                Some(_) => {
                    tally.kept += 1;
                    continue;
                }
            }
            self.plan.row(store::bring_target(&environment.id, wanted, self.state.now_ms)?);
        }
        if tally.kept > 0 {
            self.keep(format!(
                "{} targets in environment {} are listed here with another name or other attributes",
                tally.kept, environment.identifier
            ));
        }
        if tally.created + tally.changed > 0 {
            self.plan.step(step(&environment.id, &tally)?);
        }
        Ok(tally)
    }

    async fn current_targets(
        &self,
        environment: &EnvironmentUuid,
    ) -> Result<HashMap<String, TargetRow>, Error> {
        let mut targets = HashMap::new();
        let mut last = String::new();
        loop {
            let rows = store::targets_after(self.state.db, environment, &last, PAGE).await?;
            let Some(row) = rows.last() else { return Ok(targets) };
            last = row.target.identifier.to_string();
            targets.extend(rows.into_iter().map(|row| (row.target.identifier.to_string(), row)));
        }
    }
}

/// One row of audit with numbers: names of people have no place in a history that is kept for ever.
fn step(environment: &EnvironmentUuid, tally: &Tally) -> Result<ObjectStep, Error> {
    let body = serde_json::json!({ "created": tally.created, "changed": tally.changed });
    Ok(ObjectStep {
        scope: Scope::Beside(environment.clone()),
        kind: Kind::Target,
        identifier: String::new(),
        action: "TargetsImported",
        event: EventKind::Patch,
        before: None,
        after: Some(serde_json::to_string(&body).map_err(Error::internal)?),
        references: Vec::new(),
        dependants: Vec::new(),
    })
}
