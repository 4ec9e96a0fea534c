//! SQL and migrations: one file per resource, and the protocol by which a project is written.
//!
//! Every statement is a constant in the dialect that `PostgreSQL` and `SQLite` share, beside the function
//! that runs it; `tests/tidy.rs` prepares each on both. Everything is read from the primary.

mod audit;
mod chain;
mod dialect;
mod environments;
mod fault;
mod flag_states;
mod keys;
mod metrics;
mod objects;
mod order;
mod organisations;
mod outbox;
mod projects;
mod queue;
mod schema;
mod settings;
mod target_list;
mod targets;
mod tokens;
mod write;

pub use audit::{AuditFilter, AuditRow, ChangePlace, change_bodies, changes_of, count_changes};
pub use chain::{BodyDigest, Link, body_digest, next_hash};
pub use environments::{
    EnvironmentRow, all_environments, environment_by_identifier, environments_of, insert_environment,
    retire_environment, update_environment,
};
pub use fault::unavailable;
pub use flag_states::{FlagStanding, FlagTotals, flag_standings, flag_totals};
pub use keys::{
    KeyRow, delete_key, delete_keys_of, insert_key, key_by_identifier, key_record, keys_of, touch_key,
    update_key,
};
pub use metrics::{EvaluationCount, VariationCount, counts_by_variation, record_counts};
pub use objects::{
    Changed, ChangedObject, CurrentObject, Kind, change_events, changed_after, configs_of_flag, count,
    current, current_bodies, last_body, referring,
};
pub use order::{Direction, Window};
pub use organisations::{OrganisationRow, insert_organisation, organisation, organisations_of};
pub use outbox::{announced_key, flush, unsent_environments};
pub use projects::{
    ProjectRow, project_by_id, project_by_identifier, projects_of, retire_project, update_project,
};
pub use queue::{TableQueue, work_queue};
pub use schema::{SCHEMA_VERSION, check_schema, migrate};
pub use settings::{put_setting_once, setting};
pub use target_list::{
    TargetField, TargetFilter, TargetRow, count_targets, delete_target, delete_targets_of, insert_target,
    listed_target, mention_target, name_target, targets, targets_after, update_target,
};
pub use targets::{put_token_target, register_target, registered_targets, target, token_target};
pub use tokens::{Role, TokenRow, count_tokens, delete_token, insert_token, token_by_hash};
pub use write::{Author, Decision, ObjectStep, Plan, ProjectState, Scope, Writer, Written};
