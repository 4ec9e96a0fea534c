//! SQL and migrations: one file per resource, and the protocol by which a project is written.
//!
//! Every statement is a constant in the dialect that `PostgreSQL` and `SQLite` share, beside the function
//! that runs it; `tests/tidy.rs` prepares each on both. Everything is read from the primary.

mod chain;
mod dialect;
mod environments;
mod fault;
mod keys;
mod metrics;
mod objects;
mod organisations;
mod outbox;
mod projects;
mod queue;
mod schema;
mod settings;
mod targets;
mod tokens;
mod write;

pub use chain::{BodyDigest, Link, body_digest, next_hash};
pub use environments::{
    EnvironmentRow, all_environments, environment_by_identifier, environments_of, insert_environment,
};
pub use fault::unavailable;
pub use keys::{KeyRow, delete_key, insert_key, key_by_identifier, key_record, keys_of, touch_key};
pub use metrics::{EvaluationCount, VariationCount, counts_by_variation, record_counts};
pub use objects::{
    Changed, ChangedObject, CurrentObject, Kind, change_events, changed_after, configs_of_flag, count,
    current, current_bodies, last_body, referring,
};
pub use organisations::{OrganisationRow, insert_organisation, organisation, organisations_of};
pub use outbox::{announced_key, flush, unsent_environments};
pub use projects::{ProjectRow, project_by_identifier, projects_of};
pub use queue::{TableQueue, work_queue};
pub use schema::{SCHEMA_VERSION, check_schema, migrate};
pub use settings::{put_setting_once, setting};
pub use targets::{put_token_target, register_target, registered_targets, target, token_target};
pub use tokens::{Role, TokenRow, count_tokens, delete_token, insert_token, token_by_hash};
pub use write::{Author, Decision, ObjectStep, Plan, ProjectState, Scope, Writer, Written};
