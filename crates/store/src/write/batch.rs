//! The statements of one write, in the order that makes them safe.

use model::{Error, EventKind, ObjectKind};
use platform::Statement;

use super::{Author, ObjectStep, Plan, ProjectState, Scope};
use crate::chain::{self, Content, Link};
use crate::environments::insert_environment;
use crate::organisations::insert_organisation;
use crate::projects::{ProjectRow, insert_project};

/// Deleting a project is a revision too, so this fails for a decision that saw it alive.
const STEP_PROJECT: &str = "UPDATE project SET revision = revision + 1, head = $1, modified_ms = $2
    WHERE id = $3 AND revision = $4";

const STEP_ENVIRONMENT: &str = "UPDATE environment SET version = $1, modified_ms = $2
    WHERE id = $3 AND version = $4 AND NOT deleted";

const ADD_VERSION: &str = "INSERT INTO object_version (scope, kind, identifier, version, body)
    VALUES ($1, $2, $3, $4, $5)";

const SET_CURRENT: &str = "INSERT INTO current_object (scope, kind, identifier, version, changed_ms, body)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (scope, kind, identifier) DO UPDATE SET version = excluded.version,
    changed_ms = excluded.changed_ms, body = excluded.body";

const CLEAR_REFERENCES: &str =
    "DELETE FROM current_reference WHERE scope = $1 AND kind = $2 AND identifier = $3";

const ADD_REFERENCE: &str =
    "INSERT INTO current_reference (scope, kind, identifier, target_kind, target_identifier)
    VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (scope, kind, identifier, target_kind, target_identifier) DO NOTHING";

const ADD_CHANGE: &str =
    "INSERT INTO change (project_id, revision, position, change_id, environment_id, version, kind, identifier,
    event, dependants, action, actor, comment, at_ms, before_body, after_body, erased, body_hash, hash, sent)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, FALSE, $17, $18, $19)";

/// All statements, and how many of the first ones fail when somebody else wrote in between. `request` is
/// the row of a named request.
pub(super) fn statements<T>(
    state: &ProjectState<'_>,
    plan: &Plan<T>,
    author: &Author,
    change_id: &str,
    request: Option<Statement>,
) -> Result<(Vec<Statement>, usize), Error> {
    check_environments(state, plan)?;
    let (changes, head) = change_rows(state, plan, author, change_id)?;
    let mut statements = vec![step_project(state, head)];
    let existing = plan.environments(state).into_iter().filter_map(|(id, version)| {
        Some((version, state.environments.iter().find(|environment| environment.id == id)?))
    });
    statements.extend(existing.map(|(version, environment)| {
        Statement::new(STEP_ENVIRONMENT)
            .bind(version.0)
            .bind(state.now_ms)
            .bind(environment.id.as_str())
            .bind(environment.version.0)
            .expect_rows(1)
    }));
    statements.extend(request);
    let conflicts = statements.len();
    fill(state, plan, changes, &mut statements)?;
    Ok((statements, conflicts))
}

/// All statements of a project that is new with everything in the plan.
pub(super) fn new_project<T>(
    state: &ProjectState<'_>,
    plan: &Plan<T>,
    author: &Author,
    change_id: &str,
) -> Result<Vec<Statement>, Error> {
    check_environments(state, plan)?;
    let (changes, head) = change_rows(state, plan, author, change_id)?;
    let project = ProjectRow { revision: 1, head, ..state.project.clone() };
    let mut statements = vec![
        insert_organisation(&project.account, &project.organisation, state.now_ms),
        insert_project(&project)?,
    ];
    fill(state, plan, changes, &mut statements)?;
    Ok(statements)
}

/// What follows the statements that prove the write: environments, objects, changes, other rows.
fn fill<T>(
    state: &ProjectState<'_>,
    plan: &Plan<T>,
    changes: Vec<Statement>,
    statements: &mut Vec<Statement>,
) -> Result<(), Error> {
    for environment in &plan.new_environments {
        statements.push(insert_environment(environment)?);
    }
    for step in plan.steps.iter().filter(|step| step.kind.is_object()) {
        object_rows(state, plan, step, statements);
    }
    statements.extend(changes);
    statements.extend(plan.rows.iter().cloned());
    Ok(())
}

/// The change rows of the plan and the chain's new head.
pub(super) fn change_rows<T>(
    state: &ProjectState<'_>,
    plan: &Plan<T>,
    author: &Author,
    change_id: &str,
) -> Result<(Vec<Statement>, Vec<u8>), Error> {
    let mut head = state.project.head.clone();
    let mut statements = Vec::with_capacity(plan.steps.len());
    for (position, step) in (0_i64..).zip(&plan.steps) {
        let dependants = serde_json::to_string(&step.dependants).map_err(Error::internal)?;
        let content = content(step, author);
        let digest = chain::content_digest(&content);
        let link = Link {
            revision: state.project.revision + 1,
            position,
            change_id,
            at_ms: state.now_ms,
            actor: &author.actor,
            action: step.action,
            environment: environment(step),
            version: version(state, plan, step),
            kind: step.kind.as_str(),
            event: event(step.event),
            dependants: &dependants,
            content: &digest,
        };
        head = chain::next_hash(&head, &link).to_vec();
        statements.push(
            Statement::new(ADD_CHANGE)
                .bind(state.project.id.as_str())
                .bind(link.revision)
                .bind(position)
                .bind(change_id)
                .bind(link.environment)
                .bind(link.version)
                .bind(link.kind)
                .bind(content.identifier)
                .bind(link.event)
                .bind(link.dependants)
                .bind(link.action)
                .bind(link.actor)
                .bind(content.comment)
                .bind(link.at_ms)
                .bind(content.before)
                .bind(content.after)
                .bind(digest.to_vec())
                .bind(head.clone())
                // What changes nothing that is served is announced to nobody.
                .bind(!matches!(step.scope, Scope::Environment(_)))
                .expect_rows(1),
        );
    }
    Ok((statements, head))
}

/// Refuses a change in an environment that was deleted after the request had looked it up: its version can
/// no longer be stepped, so nothing would prove the write.
fn check_environments<T>(state: &ProjectState<'_>, plan: &Plan<T>) -> Result<(), Error> {
    for step in &plan.steps {
        let (Scope::Environment(id) | Scope::Beside(id)) = &step.scope else { continue };
        let mut live = state.environments.iter().chain(&plan.new_environments);
        if !live.any(|environment| environment.id == *id) {
            return Err(Error::not_found(ObjectKind::Environment, id));
        }
    }
    Ok(())
}

fn step_project(state: &ProjectState<'_>, head: Vec<u8>) -> Statement {
    Statement::new(STEP_PROJECT)
        .bind(head)
        .bind(state.now_ms)
        .bind(state.project.id.as_str())
        .bind(state.project.revision)
        .expect_rows(1)
}

fn object_rows<T>(
    state: &ProjectState<'_>,
    plan: &Plan<T>,
    step: &ObjectStep,
    statements: &mut Vec<Statement>,
) {
    let scope = scope_id(state, step);
    let kind = step.kind.as_str();
    let version = version(state, plan, step);
    let identifier = step.identifier.as_str();
    let named = |sql| Statement::new(sql).bind(scope).bind(kind).bind(identifier);
    statements.push(named(ADD_VERSION).bind(version).bind(step.after.clone()));
    statements.push(named(SET_CURRENT).bind(version).bind(state.now_ms).bind(step.after.clone()));
    statements.push(named(CLEAR_REFERENCES));
    for (target_kind, target) in &step.references {
        statements.push(named(ADD_REFERENCE).bind(target_kind.as_str()).bind(target.as_str()));
    }
}

fn content<'a>(step: &'a ObjectStep, author: &'a Author) -> Content<'a> {
    Content {
        identifier: &step.identifier,
        comment: &author.comment,
        before: step.before.as_deref(),
        after: step.after.as_deref(),
    }
}

fn environment(step: &ObjectStep) -> Option<&str> {
    match &step.scope {
        Scope::Project => None,
        Scope::Environment(id) | Scope::Beside(id) => Some(id.as_str()),
    }
}

fn scope_id<'a>(state: &'a ProjectState<'_>, step: &'a ObjectStep) -> &'a str {
    environment(step).unwrap_or(state.project.id.as_str())
}

fn version<T>(state: &ProjectState<'_>, plan: &Plan<T>, step: &ObjectStep) -> i64 {
    match &step.scope {
        Scope::Project => state.project.revision + 1,
        Scope::Environment(id) => plan.version(state, id).0,
        Scope::Beside(id) => state.version(id).0,
    }
}

const fn event(event: EventKind) -> &'static str {
    match event {
        EventKind::Create => "create",
        EventKind::Patch => "patch",
        EventKind::Delete => "delete",
    }
}
