//! SQL and migrations: one file per resource, and the protocol by which a project is written.
//!
//! Every statement is a constant in the dialect that `PostgreSQL` and `SQLite` share, beside the function
//! that runs it; `tests/tidy.rs` prepares each on both. Everything is read from the primary.

mod account_chains;
mod announced;
mod audit;
mod authored;
mod chain;
mod chain_rows;
mod change_feed;
mod dialect;
mod environments;
mod erase;
mod expiring;
mod fault;
mod flag_states;
mod history;
mod idempotency;
mod idle_targets;
mod installation;
mod keys;
mod metrics;
mod objects;
mod order;
mod organisations;
mod outbox;
mod past;
mod projects;
mod queue;
mod references;
mod repair;
mod schema;
mod settings;
mod status;
mod stored;
mod target_list;
mod targets;
mod tokens;
mod verify;
mod write;

pub use account_chains::{account_chain, begin_account_chain};
pub use announced::{announce, announced, announced_key};
pub use audit::{AuditFilter, AuditRow, ChangePlace, change_bodies, changes_of, count_changes};
pub use authored::{Authored, newest_by_author};
pub use chain::{Content, ContentDigest, Link, content_digest, next_hash};
pub use chain_rows::RowPlace;
pub use change_feed::change_feed;
pub use environments::{
    EnvironmentRow, all_environments, environment_by_identifier, environments_of, insert_environment,
    retire_environment, update_environment,
};
pub use erase::{Erasure, Leftover, Traces, find_traces};
pub use expiring::{Expiring, expiring};
pub use fault::unavailable;
pub use flag_states::{FlagStanding, FlagTotals, flag_standings, flag_totals};
pub use history::{BodyAt, HistoryOf, HistoryRow, body_at, count_history, history, snapshot_at};
pub use idempotency::{KeptAnswer, NamedRequest, forget_requests, is_carried_out, keep_answer, kept_answer};
pub use idle_targets::forget_idle_targets;
pub use installation::{
    Known, key_by_hash, known_environment, known_environments, known_project, known_projects,
};
pub use keys::{
    KeyRow, delete_key, delete_keys_of, insert_key, key_by_identifier, key_record, keys_of, touch_key,
    update_key,
};
pub use metrics::{
    DayCount, EvaluationCount, VariationCount, counts_by_day, counts_by_variation, delete_counts_of,
    forget_counts, record_counts,
};
pub use objects::{
    Changed, ChangedObject, CurrentObject, Kind, change_events, changed_after, configs_of_flag, count,
    current, current_bodies, last_body, objects_after, referring, some_current,
};
pub use order::{Direction, Window};
pub use organisations::{OrganisationRow, insert_organisation, organisation, organisations_of};
pub use outbox::{date_unsent, flush, unsent_environments};
pub use past::{objects_at, revision_at};
pub use projects::{
    ProjectRow, project_by_id, project_by_identifier, projects_of, retire_project, update_project,
};
pub use queue::{TableQueue, release_leases, work_queue};
pub use references::{config_references, flag_references, segment_references};
pub use repair::{Repaired, VERSIONS_LEAP, needs_repair, note_restore};
pub use schema::{SCHEMA_VERSION, check_schema, migrate, schema_version};
pub use settings::{put_setting_once, setting};
pub use status::{Backlog, ProjectStanding, backlog, count_projects, newest_change_ms, project_standings};
pub use stored::read_body;
pub use target_list::{
    TargetField, TargetFilter, TargetRow, count_targets, delete_target, delete_targets_of, insert_target,
    listed_target, mention_target, name_target, targets, targets_after, update_target,
};
pub use targets::{
    bring_target, put_token_target, register_target, registered_targets, see_target, target, token_target,
};
pub use tokens::{
    ListedToken, Role, TokenRow, count_tokens, delete_token, insert_token, token_by_hash, tokens_within,
    touch_token,
};
pub use verify::{ChainDamage, ChainReport, ObjectDamage, verify_project};
pub use write::{Author, Conditions, Decision, ObjectStep, Plan, ProjectState, Scope, Writer, Written};
